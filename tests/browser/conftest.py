"""A real server and a real Chromium. What a test opens is held to no console error and no foreign request."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright
from steps import VIEWPORT, tidy

ROOT = Path(__file__).resolve().parents[2]
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # What is foreign does not even resolve. Playwright's own blocking would switch the browser's cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
# Streamlit looks for its root below the page's path first.
_KNOWN_404 = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")
_HERE = {"127.0.0.1", "localhost"}
_FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=15_000)


@dataclass
class Server:
    """A Streamlit server in a process of its own."""

    url: str
    log_file: Path

    @property
    def log(self) -> str:
        """Everything that the server has said."""
        return self.log_file.read_text(encoding="utf-8")


@dataclass
class Watch:
    """What the opened pages said and asked for that they should not."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _KNOWN_404.search(urlsplit(message.location["url"]).path):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def note(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and urlsplit(request.url).hostname not in _HERE:
            self.foreign.append(request.url)

    def catch(self, error: Error) -> None:
        self.errors.append(str(error))

    def follow(self, page: Page) -> Page:
        """Watch `page` from now on."""
        page.on("console", self.hear)
        page.on("request", self.note)
        page.on("pageerror", self.catch)
        return page

    def leave(self, page: Page) -> None:
        """Watch `page` no longer."""
        page.remove_listener("console", self.hear)
        page.remove_listener("request", self.note)
        page.remove_listener("pageerror", self.catch)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _serving(app: Path, log_file: Path, environment: dict[str, str]) -> Iterator[Server]:
    port = _free_port()
    options = {"headless": "true", "port": str(port), "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    command += [f"--server.{name}={value}" for name, value in options.items()]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | environment
    with log_file.open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_health(process, url, log_file)
        yield Server(url, log_file)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _await_health(process: subprocess.Popen[bytes], url: str, log_file: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log_file.read_text()}")


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Server]]:
    """Serve an app file, all the while from its first test on."""
    running = dict[Path, Server]()
    with ExitStack() as stack:

        def served(app: Path) -> Server:
            if app not in running:
                log_file = tmp_path_factory.mktemp("server") / "log.txt"
                running[app] = stack.enter_context(_serving(app, log_file, {}))
            return running[app]

        yield served


@pytest.fixture
def server(request: pytest.FixtureRequest, serve: Callable[[Path], Server]) -> Server:
    """The server of the app file that the module names as APP; it has served other tests before."""
    return serve(request.module.APP)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server of the test's own, cold: ``start_server(app, NAME="value")`` with variables of its environment."""
    running = []

    def start(app: Path, **environment: str) -> Server:
        running.append(_serving(app, tmp_path / f"server{len(running)}.txt", environment))
        return running[-1].__enter__()

    yield start
    for each in running:
        each.__exit__(None, None, None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, else Playwright's."""
    installed = os.environ.get("QUANTLAB_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def watch(start_server: Callable[..., Server]) -> Iterator[Watch]:
    """Hold what this test opens to silence; it ends before the test's own servers, whose end would be an error."""
    watching = Watch()
    yield watching
    assert watching.errors == []
    assert watching.foreign == []


@pytest.fixture
def open_browser(chromium: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Open browsers that know nothing of each other: ``open_browser(width=390, color_scheme="dark")``."""
    contexts = list[BrowserContext]()

    def opened(*, width: int = 1280, height: int = 900, **options: object) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **options))
        return watch.follow(contexts[-1].new_page())

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def warm(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that keeps what it has loaded from the servers."""
    context = chromium.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture(scope="session")
def kept() -> dict[str, Page]:
    """The tab that waits at each server for the next test."""
    return {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note for `page` that a test has failed."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, kept: dict[str, Page], watch: Watch) -> Iterator[Page]:
    """A tab as another test left it, or with the mark `fresh` a session that nobody has used, in the warm browser.

    Loading a page costs seconds, and going on from one in the same tab a fraction of it; `steps.visit` does either.
    """
    if request.node.get_closest_marker("fresh"):
        tab = watch.follow(request.getfixturevalue("warm").new_page())
        yield tab
        tab.close()
        return
    server = request.getfixturevalue("server").url
    # In a window of its own: a tab behind another one may be given no frames and little of the processor.
    tab = watch.follow(kept.pop(server, None) or chromium.new_context(viewport=VIEWPORT).new_page())
    tab.bring_to_front()
    yield tab
    watch.leave(tab)
    if request.node.stash.get(_FAILED, False) or watch.errors or not tidy(tab):
        tab.context.close()
    else:
        kept[server] = tab
