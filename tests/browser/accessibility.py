"""What a page must not do to its readers: what axe-core finds, and scrolling sideways."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

# Streamlit's uploader is a section that is "presentation" and labelled at once; its button inside is named and reached.
_STREAMLITS = ("presentation-role-conflict", "stFileUploaderDropzone")
# What a run is about to replace is faded, and comes back gradually. A run that begins while axe looks spoils the look.
_STILL = """document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning"
  && !document.querySelector("[data-stale=true]")
  && document.getAnimations().every(animation => animation.playState !== "running")"""
_RUN = """async () => {
  let disturbed = false
  const watch = new MutationObserver(() => disturbed = true)
  const attributeFilter = ["data-test-script-state", "data-stale"]
  watch.observe(document.querySelector("[data-testid=stApp]"), {attributes: true, subtree: true, attributeFilter})
  const {violations} = await axe.run({resultTypes: ["violations"]})
  watch.disconnect()
  return disturbed ? null : violations.flatMap(({id, nodes}) => nodes.map(node => [id, node.html, node.failureSummary]))
}"""
_SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("[data-testid=stMain], [role=dialog]")]
  .filter(node => node.scrollWidth > node.clientWidth).map(node => `${node.tagName} is ${node.scrollWidth} px wide`)"""


def violations(page: Page) -> list[str]:
    """Run every rule of axe-core, best practice included, over what stands on the page now."""
    # A tooltip of Streamlit's stands outside all landmarks, and comes whenever the last click left the pointer there.
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stTooltipContent")).to_have_count(0)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[tuple[str, str, str]] | None = None
    for _ in range(5):
        page.wait_for_function(_STILL)
        found = page.evaluate(_RUN)
        if found is not None:
            break
    assert found is not None, "the page never stood still"
    return [
        f"{rule}: {html[:200]}: {summary}"
        for rule, html, summary in found
        if not (rule == _STREAMLITS[0] and _STREAMLITS[1] in html)
    ]


def sideways(page: Page) -> list[str]:
    """List what scrolls sideways: the page itself or an open dialog."""
    wide: list[str] = page.evaluate(_SIDEWAYS)
    return wide


def stop(page: Page) -> str:
    """Name where the focus is: the nearest of our own keys, or what Streamlit calls it, or the element's name."""
    where: str = page.evaluate(
        """() => {
          const key = node => [...node.classList].find(name => name.startsWith("st-key-"))?.slice(7)
          for (let node = document.activeElement; node; node = node.parentElement) if (key(node)) return key(node)
          return document.activeElement.dataset.testid ?? document.activeElement.tagName.toLowerCase()
        }"""
    )
    return where


def unreached(within: Locator) -> list[str]:
    """List what the walk did not come by, though it can be used; `mark` is to be called at each stop."""
    left: list[str] = within.evaluate(
        """root => [...root.querySelectorAll("button, input, select, textarea, a[href], [tabindex='0']")]
          .filter(node => !node.disabled && node.tabIndex >= 0 && node.checkVisibility({visibilityProperty: true})
            && !node.reached && !node.closest("[role=radiogroup]")?.reached)
          .map(node => node.outerHTML.slice(0, 200))"""
    )
    return left


def mark(page: Page) -> None:
    """Note that the focus was here; a group of radio buttons is one stop, its arrows lead on."""
    page.evaluate(
        """() => {
          document.activeElement.reached = true
          const group = document.activeElement.closest("[role=radiogroup]")
          if (group) group.reached = true
        }"""
    )
