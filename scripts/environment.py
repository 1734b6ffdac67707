"""Makes the virtual environment that a chore runs in; does nothing where it stands already.

Runs before anything is installed, so it knows the standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
CHORES = {
    "run": "requirements.txt",
    "test": "requirements/test.txt",
    "check": "requirements/check.txt",
    "oracles": "requirements/oracles.txt",
}
_COLLECTING = re.compile(r"Collecting ([A-Za-z0-9._-]+)")
_LINES_OF_A_FAILURE = 15


class SetupError(Exception):
    """What keeps a chore from its work, in one sentence."""


def version_refusal(version: tuple[int, ...]) -> str | None:
    """Return the sentence for a Python that QuantLab does not run on, None for one that it does."""
    if OLDEST <= version[:2] <= NEWEST:
        return None
    return (
        f"QuantLab needs Python {_dotted(OLDEST)} to {_dotted(NEWEST)}, this is {_dotted(version[:2])}; "
        "start it with another one, for example: py -3.12 or python3.12."
    )


def prepare(venv: Path, chore: str) -> Path:
    """Make sure that `venv` holds what `chore` needs, and return its Python.

    Raises
    ------
    SetupError
        If this Python is not supported, `venv` is a folder of something else, or the installation fails.
    """
    refusal = version_refusal(sys.version_info[:3])
    if refusal:
        raise SetupError(refusal)
    python, requirements = python_of(venv), ROOT / CHORES[chore]
    stamp, wanted = venv / f"quantlab-{chore}.stamp", digest(requirements)
    if python.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    if not is_of_this_python(venv):
        _make(venv)
    _install(python, requirements, venv)
    # Last, so that an installation that was broken off is taken up again.
    stamp.write_text(wanted, encoding="utf-8")
    return python


def python_of(venv: Path) -> Path:
    """Return where a virtual environment keeps its Python."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def digest(requirements: Path) -> str:
    """Return what an installation depends on: this Python's version and every pin, those of included files too."""
    found = hashlib.sha256(sys.version.encode())
    for path in _with_included(requirements):
        found.update(path.read_bytes())
    return found.hexdigest()


def is_of_this_python(venv: Path) -> bool:
    """Tell whether `venv` is a working virtual environment that was made by this version of Python."""
    try:
        answer = subprocess.run(
            [python_of(venv), "-c", "import sys, pip; print(sys.version)"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return (venv / "pyvenv.cfg").is_file() and answer.stdout.strip() == sys.version.strip()


def _make(venv: Path) -> None:
    # Making it anew empties the folder, so it has to be one of ours.
    if venv.exists() and not (venv / "pyvenv.cfg").is_file() and (not venv.is_dir() or any(venv.iterdir())):
        raise SetupError(f"{venv} is not a virtual environment and is left as it is; choose another folder: VENV=.venv")
    print(f"Making a virtual environment in {_short(venv)} (Python {_dotted(sys.version_info[:3])}).", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", venv], capture_output=True, text=True, check=False)
    if made.returncode:
        print((made.stdout + made.stderr).strip(), file=sys.stderr)
        raise SetupError(
            f"Python {_dotted(sys.version_info[:2])} could not make a virtual environment in {venv}; "
            f"on Debian and Ubuntu install python{_dotted(sys.version_info[:2])}-venv and try again."
        )


def _install(python: Path, requirements: Path, venv: Path) -> None:
    total = sum(line[:1].isalpha() for path in _with_included(requirements) for line in _lines(path))
    print(f"Installing {total} packages from {_short(requirements)}; this happens once.", flush=True)
    command = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r", requirements]
    said = []
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        collected = 0
        for line in pip.stdout or ():
            said.append(line.rstrip())
            package = _COLLECTING.match(line)
            if package:
                collected += 1
                _show_progress(f"  {min(collected, total)} of {total}: {package.group(1)}")
            elif line.startswith("Installing collected"):
                _show_progress("  unpacking")
    _show_progress("")
    if pip.returncode:
        print("\n".join(said[-_LINES_OF_A_FAILURE:]), file=sys.stderr)
        raise SetupError(
            f"The packages of {_short(requirements)} could not be installed into {_short(venv)}; "
            "the lines above say why, and the same command takes up where this one stopped."
        )


def _show_progress(text: str) -> None:
    # One line that overwrites itself, for people only: a log has no use for it.
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def _with_included(requirements: Path) -> list[Path]:
    files = [requirements]
    for line in _lines(requirements):
        if line.startswith("-r "):
            files += _with_included((requirements.parent / line[3:].strip()).resolve())
    return files


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _short(path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(ROOT)) if ROOT in path.parents else str(path)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def main() -> int:
    """Prepare the environment that the command line names."""
    parser = argparse.ArgumentParser(description="Make a virtual environment for one of QuantLab's chores.")
    parser.add_argument("venv", type=Path)
    parser.add_argument("chore", choices=CHORES)
    options = parser.parse_args()
    try:
        prepare(options.venv, options.chore)
    except SetupError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
