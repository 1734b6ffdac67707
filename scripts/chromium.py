"""Prints the path of a Chromium for the browser tests, and brings one in where there is none.

Runs inside the tests' environment: Playwright knows where its own would be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from playwright.sync_api import sync_playwright

VARIABLE = "QUANTLAB_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE = (
    "The browser tests need Chromium and found none; install it (on Debian: sudo apt-get install chromium) "
    f"or name it: {VARIABLE}=/path/to/chromium make test"
)
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_DOWNLOAD = (sys.executable, "-m", "playwright", "install", "chromium")
_APT = (("apt-get", "-q", "update"), ("apt-get", "-q", "install", "-y", "--no-install-recommends", "chromium"))


def candidates() -> Iterator[str]:
    """Yield where a Chromium may be: named by the visitor, on the PATH, an application, Playwright's own."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from _APPLICATIONS
    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def runs(path: str) -> bool:
    """Tell whether the file at `path` is a browser that starts; some systems put a placeholder there."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def remedies(*, root: bool, apt: bool) -> list[Sequence[Sequence[str]]]:
    """Return the ways to bring a Chromium in, as commands, the least intrusive first."""
    return [(_DOWNLOAD,), *([_APT] if root and apt else [])]


def find(
    places: Callable[[], Iterator[str]], ways: Sequence[Sequence[Sequence[str]]], run: Callable[[Sequence[str]], object]
) -> str | None:
    """Return a Chromium that runs, after as few of the `ways` as it takes; None if none leads to one."""
    for way in ((), *ways):
        for command in way:
            run(command)
        found = next(filter(runs, places()), None)
        if found:
            return found
    return None


def _run(command: Sequence[str]) -> None:
    print(f"No Chromium yet, so: {' '.join(command).replace(sys.executable, 'python')}", file=sys.stderr, flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # What fails is followed by the next way, so of a failure only its reason is shown.
    done = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        reasons = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error:", "E:"))]
        print("\n".join(reasons[-1:]), file=sys.stderr)


def main() -> int:
    """Print the path, or say what to install."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    found = find(candidates, remedies(root=root, apt=shutil.which("apt-get") is not None), _run)
    print(found or NONE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
