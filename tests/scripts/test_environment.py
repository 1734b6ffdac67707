"""What stands is left alone, what is half made is taken up again, and nothing of the visitor's is emptied."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import environment
import pytest
from environment import CHORES, ROOT, SetupError, digest, is_of_this_python, prepare, python_of, version_refusal


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 9)])
def test_a_supported_python_is_not_refused(version: tuple[int, ...]) -> None:
    assert version_refusal(version) is None


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0), (2, 7, 18), (4, 0, 0)])
def test_another_python_is_refused_in_one_sentence_with_its_version(version: tuple[int, ...]) -> None:
    sentence = version_refusal(version)
    assert sentence is not None
    assert f"this is {version[0]}.{version[1]};" in sentence
    assert len(re.findall(r"\.(\s|$)", sentence)) == 1


def test_the_shell_finds_the_same_versions_as_the_script_accepts() -> None:
    shell = (ROOT / "scripts" / "python.sh").read_text(encoding="utf-8")
    assert f"{environment.OLDEST} <= sys.version_info[:2] <= {environment.NEWEST}" in shell


def test_without_a_python_the_shell_says_one_sentence(tmp_path: Path) -> None:
    shell = ROOT / "scripts" / "python.sh"
    done = subprocess.run(
        ["/bin/sh", shell, "-V"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("QuantLab needs Python 3.11, 3.12 or 3.13 and found none;")
    assert done.stderr.count("\n") == 1


def test_the_shell_passes_over_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    done = subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "python.sh", "-c", "print('found')"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "found\n"


@pytest.mark.parametrize("chore", CHORES)
def test_every_line_of_the_pins_is_exact(chore: str) -> None:
    for path in environment._with_included(ROOT / CHORES[chore]):
        pins = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
        assert pins
        assert all(re.fullmatch(r"[\w.-]+==[\d.]+(; .+)?", pin) for pin in pins), path


def test_the_digest_sees_a_changed_pin_in_an_included_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    app, test = tmp_path / "app.txt", tmp_path / "inner" / "test.txt"
    app.write_text("one==1\n")
    test.write_text("-r ../app.txt\ntwo==2\n")
    before = digest(test)
    assert digest(test) == before
    app.write_text("one==1.1\n")
    assert digest(test) != before


class Machine:
    """Stands in for venv and pip: remembers what was asked, and makes an environment that looks real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.fails = False
        monkeypatch.setattr(environment, "_make", self.make)
        monkeypatch.setattr(environment, "_install", self.install)
        monkeypatch.setattr(environment, "is_of_this_python", lambda venv: python_of(venv).exists())

    def make(self, venv: Path) -> None:
        self.asked.append("make")
        python_of(venv).parent.mkdir(parents=True)
        python_of(venv).write_text("")

    def install(self, python: Path, requirements: Path, venv: Path) -> None:
        self.asked.append(requirements.name)
        if self.fails:
            raise SetupError("no network")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_a_second_start_installs_nothing(machine: Machine, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    assert prepare(venv, "run") == python_of(venv)
    assert machine.asked == ["make", "requirements.txt"]
    prepare(venv, "run")
    assert machine.asked == ["make", "requirements.txt"]


def test_each_chore_adds_its_own_to_the_same_environment(machine: Machine, tmp_path: Path) -> None:
    for chore in ("run", "test", "run", "test"):
        prepare(tmp_path / "venv", chore)
    assert machine.asked == ["make", "requirements.txt", "test.txt"]


def test_an_installation_that_broke_off_is_taken_up_again(machine: Machine, tmp_path: Path) -> None:
    machine.fails = True
    with pytest.raises(SetupError, match="no network"):
        prepare(tmp_path / "venv", "run")
    machine.fails = False
    prepare(tmp_path / "venv", "run")
    assert machine.asked == ["make", "requirements.txt", "requirements.txt"]


def test_changed_pins_are_installed(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path / "venv", "run")
    monkeypatch.setattr(environment, "digest", lambda requirements: "of other pins")
    prepare(tmp_path / "venv", "run")
    assert machine.asked == ["make", "requirements.txt", "requirements.txt"]


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(SetupError, match="is not a virtual environment"):
        prepare(tmp_path, "run")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_environment_of_a_python_that_went_away_is_known_as_broken(tmp_path: Path) -> None:
    python_of(tmp_path).parent.mkdir()
    (tmp_path / "pyvenv.cfg").write_text("home = /nowhere\n")
    python_of(tmp_path).symlink_to(tmp_path / "gone")
    assert not is_of_this_python(tmp_path)


def test_an_installation_that_fails_shows_why_and_leaves_no_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("./no-such-package\n")
    venv = tmp_path / "venv"
    monkeypatch.setitem(CHORES, "run", str(pins))
    with pytest.raises(SetupError, match="could not be installed"):
        prepare(venv, "run")
    assert "no-such-package" in capfd.readouterr().err
    assert not list(venv.glob("*.stamp"))
    assert is_of_this_python(venv)
