"""Starts the app on a machine that has only Python: environment, kernels, a free port, a browser.

Nothing that stands already is done again. Standard library only; Streamlit runs in a process of its own.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from environment import ROOT, SetupError, prepare

ADDRESS_VARIABLE = "QUANTLAB_ADDRESS"
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_LOOPBACK = ("127.", "localhost", "::1")
_PORTS_TRIED = 100
_START_SECONDS, _STOP_SECONDS = 120, 5
# Where nothing listens: whatever the server's libraries may want to ask a foreign host ends here at once.
_NOWHERE = "http://127.0.0.1:9"


def choose_port(host: str, first: int) -> int:
    """Return the first free port from `first` on.

    Raises
    ------
    SetupError
        If `host` is no address of this machine, `first` may not be used, or no port is free.
    """
    if not 0 < first < 2**16:
        raise SetupError(f"PORT must be 1 to 65535, got {first}; 8501 is the usual one.")
    ports = range(first, min(first + _PORTS_TRIED, 2**16))
    for port in ports:
        if is_free(host, port):
            return port
    raise SetupError(f"No port from {first} to {ports[-1]} is free; choose another: make run PORT=9000")


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen on `port`.

    Raises
    ------
    SetupError
        If `host` is no address of this machine, or the port is reserved.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name != "nt":  # there the option would let two servers share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except PermissionError:
        raise SetupError(f"Port {port} is reserved for the system; choose one above 1023: make run PORT=8501") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise SetupError(f"HOST must be an address of this machine, got {host!r}; try 127.0.0.1 or 0.0.0.0.") from None
    # Some systems let a loopback address be bound beside a server that listens everywhere.
    with socket.socket(family, kind) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((_reached_at(host), *place[1:])) != 0


def is_shared(host: str) -> bool:
    """Tell whether other machines can reach a server on `host`."""
    return not host.startswith(_LOOPBACK)


def network_name(host: str) -> str:
    """Return the name under which other machines reach a server on `host`."""
    if host not in _WILDCARDS:
        return host
    family, outside = (socket.AF_INET6, "2001:db8::1") if host == "::" else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as route:
        try:
            # Sends nothing: a datagram socket is only told which of our addresses would be used.
            route.connect((outside, 9))
            return str(route.getsockname()[0])
        except OSError:
            return socket.gethostname()


def link(name: str, port: int) -> str:
    """Return the address of a server.

    >>> link("192.168.1.5", 8501), link("::1", 8501)
    ('http://192.168.1.5:8501', 'http://[::1]:8501')
    """
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def announcement(host: str, port: int, asked: int) -> list[str]:
    """Return what is printed once the app can be opened.

    >>> announcement("127.0.0.1", 8502, asked=8501)
    ['Port 8501 is taken, so it is 8502.', 'QuantLab is open at http://127.0.0.1:8502 (Ctrl-C ends it).']
    """
    lines = [f"Port {asked} is taken, so it is {port}."] if port != asked else []
    lines.append(f"QuantLab is open at {link(_reached_at(host), port)} (Ctrl-C ends it).")
    if is_shared(host):
        lines.append(f"Anyone on this network can open it too: {link(network_name(host), port)}")
    return lines


def has_desktop(platform: str, variables: Mapping[str, str]) -> bool:
    """Tell whether a browser window could be seen here."""
    if platform in {"win32", "darwin"}:
        return "SSH_CONNECTION" not in variables
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def prepare_kernels(python: Path, venv: Path) -> None:
    """Compile the kernels, unless the machine code of these very sources is still where it was put.

    Raises
    ------
    SetupError
        If they cannot be compiled.
    """
    stamp, wanted = venv / "quantlab-kernels.json", _kernels_digest(python)
    if kernels_stand(stamp, wanted):
        return
    # Progress goes to the terminal; the one line of output is the folder.
    made = subprocess.run([python, "-m", "quantlab", "setup"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        raise SetupError("The kernels could not be compiled; the lines above say why.")
    stamp.write_text(json.dumps({"digest": wanted, "folder": made.stdout.strip()}), encoding="utf-8")


def kernels_stand(stamp: Path, wanted: str) -> bool:
    """Tell whether `stamp` speaks of these sources and of a folder that still holds something."""
    try:
        noted = json.loads(stamp.read_text(encoding="utf-8"))
        return bool(noted["digest"] == wanted and any(Path(noted["folder"]).iterdir()))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _kernels_digest(python: Path) -> str:
    places = [os.environ.get(name, "") for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME")]
    found = hashlib.sha256("\n".join([str(python.resolve()), *places]).encode())
    for path in [ROOT / "requirements.txt", *sorted((ROOT / "quantlab" / "kernels").glob("*.py"))]:
        found.update(path.read_bytes())
    return found.hexdigest()


def _serve(python: Path, host: str, asked: int) -> int:
    port = choose_port(host, asked)
    command = [str(python), "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", host, "--server.port", str(port), "--logger.level", "warning"]
    variables = dict(os.environ)
    for scheme in ("http", "https", "all"):
        variables[f"{scheme}_proxy"] = variables[f"{scheme.upper()}_PROXY"] = _NOWHERE
    variables["no_proxy"] = variables["NO_PROXY"] = "127.0.0.1,localhost"
    if is_shared(host):
        name = network_name(host)
        command += ["--browser.serverAddress", name]
        variables.setdefault(ADDRESS_VARIABLE, link(name, port))
    # Streamlit's own greeting goes unseen; its log, and with it our faults, is on the error output.
    server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    beside: list[subprocess.Popen[bytes]] = []
    try:
        _await_health(server, link(_reached_at(host), port))
        print("\n".join(announcement(host, port, asked)), flush=True)
        beside.append(train_ahead(python))
        if has_desktop(sys.platform, os.environ):
            webbrowser.open(link(_reached_at(host), port))
        return server.wait()
    finally:
        for process in (*beside, server):
            _stop(process)


def train_ahead(python: Path) -> subprocess.Popen[bytes]:
    """Train on this machine what the page of PTQ and QAT opens on, beside the app and behind everything else, once."""
    command = [str(python), "-m", "quantlab", "train", "--here"]
    if os.name == "posix":
        command = ["nice", "-n", "19", *command]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _await_health(server: subprocess.Popen[bytes], address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with direct.open(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise SetupError("The server did not start; the lines above say why.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    # Ctrl-C has reached it as well; a kill of this process alone has not.
    try:
        server.wait(0.5)
    except subprocess.TimeoutExpired:
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()


def _reached_at(host: str) -> str:
    return _WILDCARDS.get(host, host)


def main() -> int:
    """Start the app as the command line says."""
    parser = argparse.ArgumentParser(description="Open QuantLab in a browser.")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="the virtual environment, made if need be")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets others on the network in")
    parser.add_argument("--port", type=int, default=8501, help="the first one that is tried")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        python = prepare(options.venv, "run").absolute()
        prepare_kernels(python, options.venv)
        return _serve(python, options.host, options.port)
    except SetupError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 0


if __name__ == "__main__":
    sys.exit(main())
