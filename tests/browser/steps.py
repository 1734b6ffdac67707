"""What tests do with any of the pages: go to a state, wait until it stands, press keys, leave the tab as it was.

What is waited for is looked at every few milliseconds, all of it at once: `expect` looks once a second when it has
waited for a while, at one thing after the other.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, TimeoutError, expect

if TYPE_CHECKING:
    from conftest import Server

LONGEST_MS = 60_000
VIEWPORT = {"width": 1280, "height": 900}

# As `expect` reads a text.
READ = r"""const read = node => node.textContent.replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ")"""
# The state alone would not do: it also says "not running" before a run has begun. In a cold browser the style sheet
# takes effect late, and widgets last: until their scripts are there, something lower stands in their place.
SETTLED = """document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
  && getComputedStyle(document.querySelector(".stApp")).getPropertyValue("--ql-ink")
  && !document.querySelector("[data-testid=stSkeleton]")"""
# The parts of a page follow each other, and a run may follow another: nothing at all may have changed for a while.
LASTING = """const lasting = async holds => {
  const end = performance.now() + 60_000, touch = () => { changed = performance.now() }
  let changed = performance.now()
  const watch = new MutationObserver(touch)
  watch.observe(document, {subtree: true, childList: true, characterData: true, attributes: true})
  try {
    while (performance.now() < end) {
      if (!holds()) touch()
      if (performance.now() > changed + 100) return true
      await new Promise(done => setTimeout(done, 20))
    }
    return false
  } finally { watch.disconnect() }
}"""
_AT_REST = f"""() => {{ {LASTING}; return lasting(() => {SETTLED}) }}"""
_TOLD = f"""texts => {{ {READ}; {LASTING}
  return lasting(() => {{
    const told = [...document.querySelectorAll(".st-key-sentence")].map(read)
    return told.length === 1 && texts.every(text => told[0].includes(text)) && {SETTLED} }}) }}"""
# What Back does, until the run that it asks for has ended. A run whose messages a busy browser takes all at once is
# never seen to be under way, and waited for in vain.
_GO = """path => new Promise(done => {
  const app = document.querySelector("[data-testid=stApp]")
  const running = () => app.dataset.testScriptState !== "notRunning"
  let begun = false
  const end = () => { watch.disconnect(); done() }
  const watch = new MutationObserver(() => { running() ? begun = true : begun && end() })
  const go = () => {
    if (running()) return setTimeout(go, 20)
    watch.observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]})
    history.pushState(null, "", path)
    dispatchEvent(new PopStateEvent("popstate"))
    setTimeout(() => begun || end(), 1_500)
  }
  go()
})"""
# What the page tells its server of the window, and whether a run has been seen since.
_LOOK = (
    """() => [matchMedia("(max-width: 640px)").matches, matchMedia("(prefers-color-scheme: dark)").matches].join()"""
)
_AWAIT_RUN = """() => {
  const app = document.querySelector("[data-testid=stApp]")
  window.ranSince = !app
  if (app) new MutationObserver((_, watch) => { window.ranSince = true; watch.disconnect() })
    .observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]})
}"""
_LEAVE = """() => { document.activeElement?.blur(); document.querySelector("[data-testid=stMain]").scrollTo(0, 0) }"""


def visit(page: Page, server: Server, path: str = "/") -> None:
    """Go to `path`: by loading it, in a tab that is not at this server yet, else as Back and Forward do."""
    if urlsplit(page.url).netloc == urlsplit(server.url).netloc:
        page.evaluate(_AT_REST)
        page.evaluate(_GO, path)
    else:
        page.goto(server.url + path)


def settled(page: Page, *expected: str) -> None:
    """Wait until the sentence holds every `expected` text and no run is under way."""
    if not page.evaluate(_TOLD, list(expected)):
        told = page.locator(".st-key-sentence").all_inner_texts()
        raise AssertionError(f"not settled at {expected}, but told {told} at {page.url}")


def button(page: Page, name: str) -> Locator:
    """Find a button of the page; Streamlit's own header has some, too."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def open_more(page: Page) -> Locator:
    """Open what stands behind More, and wait until it takes what is typed."""
    button(page, "More").click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    settled(page)
    return body


def fill_more(page: Page, label: str, value: str) -> None:
    """Type a number into a field behind More, and close it again."""
    field = open_more(page).get_by_role("spinbutton", name=label)
    field.fill(value)
    field.press("Enter")
    page.keyboard.press("Escape")


def upload(page: Page, name: str, content: bytes) -> None:
    """Give the page a file of one's own."""
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def press(page: Page, name: str, *keys: str, pause_ms: int = 0) -> None:
    """Press keys on the slider of a field."""
    page.locator(f".st-key-control-{name} input[type=range]").focus()
    for key in keys:
        page.keyboard.press(key)
        if pause_ms:
            page.wait_for_timeout(pause_ms)


def appear(page: Page, *, width: int = 1280, height: int = 900, **media: Any) -> None:
    """Give the page this size and these media, and wait for the runs that it asks for to be told so.

    A run for a new width or theme swallows a step through the history that comes at the same moment.
    """
    for act in (
        lambda: page.emulate_media(**media),
        lambda: page.set_viewport_size({"width": width, "height": height}),
    ):
        before = page.evaluate(_LOOK)
        page.evaluate(_AWAIT_RUN)
        act()
        if page.url != "about:blank" and page.evaluate(_LOOK) != before:
            with suppress(TimeoutError):
                page.wait_for_function("window.ranSince", timeout=1_500, polling=20)
            page.evaluate(_AT_REST)


def tidy(page: Page) -> bool:
    """Leave the tab as the next test may want it: nothing open or touched, of the usual size; say if that worked."""
    with suppress(TimeoutError):
        if page.get_by_test_id("stPopoverBody").count():
            page.keyboard.press("Escape")
            page.wait_for_selector("[data-testid=stPopoverBody]", state="detached")
        page.mouse.move(0, 0)
        appear(page, color_scheme="light", reduced_motion="no-preference")
        page.evaluate(_LEAVE)
        return True
    return False
