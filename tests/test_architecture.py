"""Which way imports point, who owns which library, and what no file of the project may hold."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LIBRARY = {"kernels", "numerals"}
VALUES = LIBRARY | {"scheme", "grid", "ranges", "quantizer", "observers", "records"}
SUBJECTS = VALUES | {"arrays", "report", "linear", "bench"}
# A room is a file or a folder of quantlab, named without it; what is not named here may be imported by nobody.
MAY_IMPORT = {
    "app": {"ui"},
    "pages": {"ui", "charts", "experiments", "numerals"},
    "ui": {"experiments", "charts", *SUBJECTS, "nn"},
    "charts": {"numerals"},
    "experiments": SUBJECTS | {"nn"},
    "bench": VALUES | {"arrays", "report", "linear", "nn"},
    "nn": VALUES | {"linear", "report"},
    "linear": VALUES,
    "arrays": {"kernels", "numerals"},
    "report": VALUES,
    "observers": LIBRARY | {"scheme", "grid", "ranges"},
    "quantizer": LIBRARY | {"scheme", "grid", "ranges"},
    "ranges": LIBRARY | {"scheme", "grid"},
    "grid": LIBRARY | {"scheme"},
    "records": {"numerals"},
    "scheme": {"numerals"},
    "kernels": set(),
    "numerals": set(),
    "__main__": SUBJECTS | {"experiments", "nn", "charts"},  # a front door, as app.py is
    "assets": {"nn"},  # the scripts that made them
    "__init__": {"quantizer", "observers", "records", "report", "scheme"},
}
OWNER = {
    "streamlit": {"ui", "pages", "app"},
    "plotly": {"charts"},
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "pandas": {"ui", "pages", "arrays"},
    "torch": {"bench"},
    "onnxruntime": {"bench"},
    "sklearn": {"assets"},
    "dask": {"nn", "experiments"},
}
LINES = {"quantlab": range(80, 351), "pages": range(40, 151)}
# Shorter than a file should be, each for a reason that more lines would not mend.
SHORT = {
    "__init__.py": "a room's front door: what it offers, or what it is for",
    "quantlab/experiments/page.py": "what the experiments of all pages pass on",
    "quantlab/kernels/threads.py": "the one pool that all kernels share",
    "quantlab/ui/sharing.py": "one control of the bar, a noun of its own",
}
SHORT_FOLDERS = dict.fromkeys(
    (f"quantlab/ui/{page}/views" for page in ("tensor", "matmul", "modes", "calibration", "training")),
    "one view a file, however little it takes",
)
UNNAMED = {"utils", "util", "helpers", "helper", "common", "misc", "core", "base", "stuff", "tools"}
MADE = {".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "build", "dist"}
# Spelled in pieces, so that this file passes its own test.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|tmp|home|root|Users)" + r"/\w"),
    "the host of a package registry": re.compile(
        "py" + r"pi\.org|pythonhosted" + r"\.org|npm" + r"js\.org|py" + "torch.org/whl"
    ),
}


@cache
def _every_file() -> tuple[Path, ...]:
    found = []
    for folder, folders, names in os.walk(ROOT):
        # Pruned while walking: a virtual environment holds more files than everything else together.
        folders[:] = [name for name in folders if name not in MADE and not Path(folder, name, "pyvenv.cfg").exists()]
        found += [Path(folder, name) for name in names]
    return tuple(sorted(found))


def _files(*ends: str) -> list[Path]:
    return [path for path in _every_file() if path.suffix in ends]


def _sources() -> list[Path]:
    inside = [path for path in _files(".py") if path.relative_to(ROOT).parts[0] in {"quantlab", "pages", "assets"}]
    return [ROOT / "app.py", *inside]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "quantlab" else parts[0]


def _imports(path: Path) -> Iterator[str]:
    """Yield the full dotted names that a file imports when it runs, at its top or inside a function."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in _running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, [above, node.module]))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    # A type's name brings no library in.
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _running(child)


def _rooms_imported(path: Path) -> set[str]:
    dotted = [name.split(".") for name in _imports(path)]
    rooms = {name[1] for name in dotted if name[0] == "quantlab" and len(name) > 1}
    # `from quantlab import Scheme` names no room but what the front door hands on.
    return {room if (ROOT / "quantlab" / room).exists() or _is_module(room) else "__init__" for room in rooms}


def _is_module(room: str) -> bool:
    return (ROOT / "quantlab" / f"{room}.py").exists()


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_imports_point_along_the_arrows(path: Path) -> None:
    room = _room(path)
    allowed = {room} | MAY_IMPORT.get(room, set())
    if room in {"pages", "ui", "experiments", "bench", "__main__"}:
        allowed.add("__init__")
    assert _rooms_imported(path) <= allowed, f"{_name(path)} imports rooms that {room} may not know"


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_a_library_is_imported_by_its_owners_only(path: Path) -> None:
    foreign = {name.split(".")[0] for name in _imports(path)} & OWNER.keys()
    strangers = {library for library in foreign if _room(path) not in OWNER[library]}
    assert not strangers, f"{_name(path)} imports what belongs to {[OWNER[library] for library in strangers]}"


def test_every_room_stands_in_the_table() -> None:
    rooms = {_room(path) for path in _sources()}
    assert rooms <= MAY_IMPORT.keys()


def test_the_arrows_have_no_circle() -> None:
    open_rooms = dict(MAY_IMPORT)
    while open_rooms:
        ends = {room for room, known in open_rooms.items() if not known & open_rooms.keys()}
        assert ends, f"a circle among {sorted(open_rooms)}"
        open_rooms = {room: known for room, known in open_rooms.items() if room not in ends}


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_a_file_has_the_length_of_one_noun(path: Path) -> None:
    lengths = LINES.get(path.relative_to(ROOT).parts[0])
    if lengths is None:
        return
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < lengths.stop, f"{_name(path)} has {lines} lines; split it by nouns"
    if not {path.name, _name(path)} & SHORT.keys() and _name(path.parent) not in SHORT_FOLDERS:
        assert lines >= lengths.start, f"{_name(path)} has {lines} lines; it belongs into a neighbour"


def test_every_exemption_is_still_needed() -> None:
    for name in SHORT.keys() - {"__init__.py"}:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) < LINES["quantlab"].start, name


@pytest.mark.parametrize("path", _files(".py"), ids=_name)
def test_a_file_is_named_by_a_noun_of_its_own(path: Path) -> None:
    assert not UNNAMED & {part.strip("_") for part in path.relative_to(ROOT).with_suffix("").parts}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_one_machine_is_in_the_project(what: str) -> None:
    texts = _files(".py", ".toml", ".md", ".txt", ".js", ".css", ".sh")
    texts += [ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / ".gitignore"]
    found = [_name(path) for path in texts if FORBIDDEN[what].search(path.read_text(encoding="utf-8"))]
    assert not found, f"{what} in {found}"
