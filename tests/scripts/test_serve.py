"""A port that is taken, an address for the network, and kernels that are compiled once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import serve
from environment import CHORES, ROOT, SetupError, digest, python_of
from serve import announcement, choose_port, has_desktop, is_free, is_shared, kernels_stand, link, network_name


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_taken_port_leads_to_a_later_one_that_is_free(taken: int, host: str) -> None:
    assert not is_free(host, taken)
    port = choose_port(host, taken)
    assert taken < port <= taken + 100
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(host, port)


def test_a_free_port_is_taken_as_it_is(taken: int) -> None:
    free = choose_port("127.0.0.1", taken)
    assert choose_port("127.0.0.1", free) == free


def test_it_gives_up_in_one_sentence_where_no_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "is_free", lambda host, port: False)
    with pytest.raises(SetupError, match=r"No port from 65530 to 65535 is free; choose another"):
        choose_port("127.0.0.1", 65530)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(SetupError, match=f"PORT must be 1 to 65535, got {port}"):
        choose_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.77", "300.1.1.1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(SetupError, match=f"HOST must be an address of this machine, got '{host}'"):
        choose_port(host, 8501)


def test_a_reserved_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, place: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SetupError, match="Port 80 is reserved"):
        choose_port("127.0.0.1", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_loopback_nothing_is_said_about_a_network(host: str) -> None:
    assert not is_shared(host)
    lines = announcement(host, 8501, asked=8501)
    assert len(lines) == 1
    assert link(host, 8501) in lines[0]


def test_on_the_network_it_says_that_anyone_can_open_it_and_where() -> None:
    own, anyone = announcement("0.0.0.0", 8501, asked=8501)
    assert "http://127.0.0.1:8501 " in own
    assert anyone == f"Anyone on this network can open it too: http://{network_name('0.0.0.0')}:8501"
    assert "0.0.0.0" not in anyone


def test_an_address_that_was_named_is_the_one_that_others_use() -> None:
    assert network_name("192.0.2.7") == "192.0.2.7"
    assert network_name("lab.example") == "lab.example"


def test_without_a_network_the_machine_goes_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: socket.socket, place: object) -> None:
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    monkeypatch.setattr(socket, "gethostname", lambda: "lab")
    assert network_name("0.0.0.0") == "lab"


@pytest.mark.parametrize(
    ("platform", "variables", "seen"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {}, False),
        ("darwin", {}, True),
        ("win32", {}, True),
        ("darwin", {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, False),
    ],
)
def test_a_browser_is_opened_where_somebody_would_see_it(platform: str, variables: dict[str, str], seen: bool) -> None:
    assert has_desktop(platform, variables) is seen


def test_kernels_stand_while_their_sources_and_their_folder_do(tmp_path: Path) -> None:
    stamp, folder = tmp_path / "stamp.json", tmp_path / "kernels"
    assert not kernels_stand(stamp, "digest")
    stamp.write_text(json.dumps({"digest": "digest", "folder": str(folder)}))
    assert not kernels_stand(stamp, "digest")
    folder.mkdir()
    assert not kernels_stand(stamp, "digest")
    (folder / "kernel.nbi").write_bytes(b"code")
    assert kernels_stand(stamp, "digest")
    assert not kernels_stand(stamp, "digest of edited sources")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"digest": "digest", "folder": null}'])
def test_a_broken_stamp_counts_as_none(tmp_path: Path, text: str) -> None:
    stamp = tmp_path / "stamp.json"
    stamp.write_text(text)
    assert not kernels_stand(stamp, "digest")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A virtual environment in which everything stands: its Python is the one that runs the tests."""
    venv, kernels = tmp_path / "venv", tmp_path / "kernels"
    python = python_of(venv)
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (venv / "quantlab-run.stamp").write_text(digest(ROOT / CHORES["run"]))
    kernels.mkdir()
    (kernels / "kernel.nbi").write_bytes(b"code")
    noted = {"digest": serve._kernels_digest(python.absolute()), "folder": str(kernels)}
    (venv / "quantlab-kernels.json").write_text(json.dumps(noted))
    return venv


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the environment's Python")
def test_a_second_start_serves_at_once_on_the_next_port_and_ends_quietly(taken: int, installed: Path) -> None:
    expected = choose_port("127.0.0.1", taken)
    command = [sys.executable, ROOT / "scripts" / "serve.py", "--venv", installed, "--port", str(taken)]
    # A terminal's Ctrl-C reaches the whole group; without a desktop no browser is opened.
    variables = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    process = subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert [process.stdout.readline().rstrip() for _ in range(2)] == announcement("127.0.0.1", expected, taken)
        with urllib.request.urlopen(f"http://127.0.0.1:{expected}/_stcore/health", timeout=5) as answer:
            assert answer.read() == b"ok"
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    assert (process.returncode, out.strip(), err) == (0, "", "")
    assert is_free("127.0.0.1", expected)
