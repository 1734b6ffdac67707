"""The least intrusive way to a Chromium comes first, and only root may ask the package manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import chromium
import pytest
from chromium import candidates, find, remedies, runs

Script = Callable[[str, str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def written(name: str, body: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    return written


def test_a_placeholder_that_does_not_start_is_no_browser(script: Script, tmp_path: Path) -> None:
    assert runs(script("browser", "echo Chromium 1.0"))
    assert not runs(script("placeholder", "echo 'install the snap' >&2; exit 1"))
    assert not runs(str(tmp_path / "missing"))


def test_the_package_manager_is_asked_by_root_only() -> None:
    (download,) = remedies(root=False, apt=True)
    assert "playwright" in download[0]
    assert remedies(root=True, apt=False) == [download]
    first, second = remedies(root=True, apt=True)
    assert first == download
    assert {command[0] for command in second} == {"apt-get"}


def test_what_is_there_is_used_without_running_anything(script: Script) -> None:
    browser = script("browser", "exit 0")
    asked: list[Sequence[str]] = []
    assert find(lambda: iter([browser]), remedies(root=True, apt=True), asked.append) == browser
    assert asked == []


def test_the_ways_are_tried_until_one_leads_to_a_browser(script: Script, tmp_path: Path) -> None:
    asked: list[str] = []

    def run(command: Sequence[str]) -> None:
        asked.append(command[0])
        if command[0] == "second":
            script("browser", "exit 0")

    def places() -> Iterator[str]:
        yield str(tmp_path / "browser")

    assert find(places, [[["first"]], [["second"]], [["third"]]], run) == str(tmp_path / "browser")
    assert asked == ["first", "second"]
    assert find(lambda: iter(()), [[["first"]]], run) is None


def test_a_browser_that_was_named_is_the_only_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "/opt/browser")
    assert list(candidates()) == ["/opt/browser"]


def test_without_a_browser_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "candidates", lambda: iter(()))
    monkeypatch.setattr(chromium, "_run", lambda command: None)
    assert chromium.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == chromium.NONE + "\n"
