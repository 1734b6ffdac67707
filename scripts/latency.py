"""How fast the pages answer a key press, beside a trivial page: medians of interleaved presses, as a table.

The trivial page (one slider, one chart of 256 bars) runs in a process of its own, once under Streamlit's defaults and
once under this app's settings. Needs the packages of `make test`; run it on a quiet machine: `make latency`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from serve import choose_port

ROOT = Path(__file__).resolve().parent.parent
TRIVIAL = """
import numpy as np, plotly.graph_objects as go, streamlit as st
n = st.slider("n", 1, 16, 4)
st.plotly_chart(go.Figure(go.Bar(y=np.random.default_rng(n).random(256))), key="chart")
"""
# Notes when the key went down, when a place first changed after it, and when it last did.
WATCH = """
([selectors]) => {
  const seen = window.__seen = {};
  const note = name => { const now = performance.now(), at = seen[name] ??= {}; at.first ??= now; at.last = now };
  // Streamlit may replace a place as a whole, so one observer looks at the page and asks what each change touched.
  const inside = (node, selector) => (node.closest ? node : node.parentElement)?.closest(selector);
  const touches = (record, selector) => inside(record.target, selector)
    || [...record.addedNodes].some(node => inside(node, selector) || node.querySelector?.(selector));
  new MutationObserver(records => {
    note("all");
    for (const [name, selector] of Object.entries(selectors))
      if (records.some(record => touches(record, selector))) note(name);
  }).observe(document.querySelector("[data-testid=stMain]"),
    {subtree: true, childList: true, attributes: true, characterData: true});
  window.__reset = () => { for (const k in seen) delete seen[k]; window.__down = performance.now() };
  document.addEventListener("keydown", window.__reset, true);
}
"""
AT_REST = "quiet => __seen.all && performance.now() - __seen.all.last > quiet"
READ = "() => Object.fromEntries(Object.entries(__seen).map(([k, v]) => [k, [v.first - __down, v.last - __down]]))"
SLIDER = "input[type=range]"
BITS = ".st-key-control-bits input[type=range]"
QUIET_MS = 350  # without a change: the page is at rest
VIEW = ".st-key-views button:nth-of-type(2)"


class Row(NamedTuple):
    """One line of the table: a page, what is watched on it, what the key is pressed on, and when it is at rest."""

    path: str
    watched: str
    pressed: str = SLIDER
    quiet_ms: int = QUIET_MS


TRIVIAL_ROW = Row("", ".js-plotly-plot")
FALL, CROSS, BRACKETS = ".st-key-hero .ql-fall", ".st-key-hero .ql-cross", ".st-key-hero .ql-brackets"
ROWS = {
    "ours, 100": Row("/", FALL),
    "ours, 1e6": Row("/?data=normal&size=1000x1000", FALL),
    "ours, 1e7": Row("/?data=normal&size=2500x4000", FALL),
    "product, bits": Row("/matmul?bits=4", CROSS, BITS),
    # Choosing a cell is answered when its sum is written.
    "product, cell": Row("/matmul", ".ql-cross .finish", ".ql-cross > svg"),
    "calibration, bits": Row("/calibration", BRACKETS, BITS),
    # The drawing moves at once, and tells the page 0.4 s after the last step.
    "calibration, batch": Row("/calibration?batches=16", BRACKETS, ".ql-brackets input[type=range]", 900),
    # Its curve stays as it is: numbers and charts look at another point of it.
    "training, bits": Row("/training", ".st-key-numbers", BITS),
}
OPENED = {
    "More": ("ours, 100", ".st-key-more button"),
    "Bits view": ("ours, 100", VIEW),
    "Straight-through view": ("training, bits", VIEW),
}
"""From what is opened to the page where it is, and its button."""


def start(stack: ExitStack, app: Path, folder: Path, environment: dict[str, str] | None = None) -> tuple[str, float]:
    """Start a server and return its address and when it was started."""
    port = choose_port("127.0.0.1", 8600)
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.headless=true", f"--server.port={port}"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}), stdout=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            urlopen(f"{url}/_stcore/health", timeout=1).close()
            return url, begun
        except OSError:
            time.sleep(0.02)


def open_page(browser: Browser, url: str, row: Row) -> Page:
    """Open a page in a browser context of its own and wait until its drawing stands."""
    page = browser.new_context(viewport={"width": 1440, "height": 1300}).new_page()
    page.goto(url + row.path)
    page.locator(row.watched).first.wait_for(timeout=120_000)
    return page


def press(page: Page, key: str, row: Row) -> dict[str, tuple[float, float]]:
    """Press a key on a row's control and return when each place first and last changed, in ms after the key."""
    page.bring_to_front()
    page.locator(row.pressed).first.focus()
    page.keyboard.press(key)
    page.wait_for_function(AT_REST, arg=row.quiet_ms, timeout=30_000)
    return page.evaluate(READ)


def opening(page: Page, button: str, times: int = 9) -> list[float]:
    """Open and close by a button; return when the page last changed after each opening but the first, in ms."""
    lasted = []
    for _ in range(2 * times):
        page.evaluate("() => { __reset(); document.activeElement?.blur() }")
        page.locator(button).first.dispatch_event("click")
        page.wait_for_function(AT_REST, arg=QUIET_MS, timeout=30_000)
        lasted.append(float(page.evaluate(READ)["all"][1]))
    return lasted[2::2]


def summary(values: list[float]) -> str:
    """Return median and 95th percentile."""
    return f"{statistics.median(values):6.0f} ({sorted(values)[int(0.95 * (len(values) - 1))]:.0f})"


def main() -> None:
    """Start the servers, press in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40)
    presses = parser.parse_args().presses
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "trivial.py").write_text(TRIVIAL)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("QUANTLAB_CHROMIUM"),
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        stack.callback(browser.close)
        started: dict[str, float] = {}
        pages: dict[str, Page] = {}
        rows: dict[str, Row] = {}

        def arrive(name: str, url: str, begun: float, row: Row) -> None:
            pages[name], rows[name] = open_page(browser, url, row), row
            started[name] = time.perf_counter() - begun

        cold = {"NUMBA_CACHE_DIR": str(folder / "cache")}
        for name in ("ours, nothing compiled", "ours, second start"):
            url, begun = start(stack, ROOT / "app.py", ROOT, cold)
            arrive(name, url, begun, ROWS["ours, 100"])
            pages.pop(name).context.close()
        url, begun = start(stack, folder / "trivial.py", folder)
        arrive("trivial, defaults", url, begun, TRIVIAL_ROW)
        url, begun = start(stack, folder / "trivial.py", ROOT)
        arrive("trivial, our settings", url, begun, TRIVIAL_ROW)
        url, begun = start(stack, ROOT / "app.py", ROOT, cold)
        for name, row in ROWS.items():
            arrive(name, url, begun, row)
        time.sleep(3)
        for name, page in pages.items():
            page.evaluate(WATCH, [{"hero": rows[name].watched}])
        times: dict[str, dict[str, list[float]]] = {name: {"first": [], "rest": []} for name in pages}
        for i in range(presses + 2):
            for name, page in pages.items():
                got = press(page, "ArrowRight" if i % 4 < 2 else "ArrowLeft", rows[name])
                if i >= 2 and "hero" in got:  # the first two warm up
                    times[name]["first"].append(got["hero"][0])
                    times[name]["rest"].append(got["all"][1])
        views = {what: opening(pages[name], button) for what, (name, button) in OPENED.items()}
    base = {what: statistics.median(times["trivial, defaults"][what]) for what in ("first", "rest")}
    print(f"\nstart to first drawing, s: {json.dumps({name: round(value, 1) for name, value in started.items()})}")
    print(f"\n{'ms, median (95th percentile)':28}  first change   ratio   at rest        ratio")
    for name, got in times.items():
        first, rest = (f"{summary(got[what]):14} {statistics.median(got[what]) / base[what]:6.2f}" for what in got)
        print(f"{name:28}  {first}  {rest}")
    for what, value in views.items():
        print(f"open {what:23}  {'':14} {'':6}  {summary(value):14} {statistics.median(value) / base['rest']:6.2f}")


if __name__ == "__main__":
    main()
