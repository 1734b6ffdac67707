"""The Tensor page as a reader of it: what it shows, and what the library says it has to show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
from conftest import Server
from playwright.sync_api import Locator, Page, TimeoutError, expect
from steps import LASTING, LONGEST_MS, READ, SETTLED, visit

from quantlab.experiments import codec, tensor
from quantlab.experiments.tensor import Result, Settings, readings, stories
from quantlab.ui.anatomy import spoken

APP = Path(__file__).resolve().parents[2] / "app.py"
PARTS = ("control-bar", "sentence", "tries", "hero", "numbers", "supporting")

_AT_REST = "[...document.querySelectorAll('.ql-fall')].every(root => /^[0-9a-f]{12}$/.test(root.dataset.state))"
_LEVELS = (
    """[...document.querySelectorAll(".ql-fall [data-code]")].map(node => [node.dataset.code, +node.dataset.share])"""
)
_SAME_LEVELS = f"expected => JSON.stringify({_LEVELS}) === JSON.stringify(expected)"
# All that `shows` sees to, in one look.
_SHOWN = f"""({{sentence, values, levels, query}}) => {{ {READ}; {LASTING}
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
  const texts = found => [...document.querySelectorAll(found)].map(read)
  return lasting(() => same(texts(".st-key-sentence [data-testid=stMarkdownContainer]"), [sentence])
    && {SETTLED}
    && same(texts(".st-key-numbers [data-testid=stMetricValue]"), values)
    && {_AT_REST}
    && (levels === null || same({_LEVELS}, levels))
    && same(Object.fromEntries([...new URLSearchParams(location.search)].sort()), query)) }}"""
_BOXES = """names => names.map(name => { const box = document.querySelector(".st-key-" + name)?.getBoundingClientRect()
  return [name, box?.x, box?.y, box?.width, box?.height] })"""
# Notes the boxes in every frame until it is asked for them, each constellation once; and how far the page scrolled.
_WATCH = f"""names => {{ const boxes = {_BOXES}, seen = window.constellations = new Set()
  const look = () => {{ seen.add(JSON.stringify(boxes(names))); window.looking = requestAnimationFrame(look) }}
  look() }}"""
_SEEN = (
    "() => { cancelAnimationFrame(window.looking); return [...window.constellations].map(text => JSON.parse(text)) }"
)


@cache
def result(settings: Settings) -> Result:
    """Compute what the page has to show of built-in data."""
    pinned = None if settings.pin is None else tensor.built_in(settings.pin)
    return tensor.run(settings, tensor.built_in(settings), pinned_array=pinned)


def link(settings: Settings) -> str:
    """Spell the path of a state."""
    query = urlencode(codec.encode(settings))
    return f"/?{query}" if query else "/"


def open_state(page: Page, server: Server, settings: Settings | None = None) -> Locator:
    """Open a state by its link, see that it is shown, and return the hero."""
    settings = settings or Settings()
    visit(page, server, link(settings))
    return shows(page, settings)


def shows(page: Page, settings: Settings) -> Locator:
    """See that sentence, hero, numbers and address are those of a state on built-in data; return the hero at rest."""
    wanted = result(settings)
    said, numbers = spoken(stories.sentence(wanted)), [reading.value for reading in readings.readings(wanted)]
    report, quantizer = wanted.part.report, wanted.part.quantizer
    levels = _levels(quantizer.qmin, report.code_counts / max(report.n, 1)) if quantizer.scheme.bits <= 8 else None
    spelled = codec.encode(settings)
    expected = {
        "sentence": " ".join(said.split()),
        "values": [" ".join(number.split()) for number in numbers],
        "levels": levels,
        "query": dict(sorted(spelled.items())),
    }
    # The very first visit waits for kernels, and a cold browser for its scripts.
    if not page.evaluate(_SHOWN, expected):
        expect(sentence(page)).to_have_text(said)
        expect(values(page)).to_have_text(numbers)
        assert levels is None or page.evaluate(_LEVELS) == levels
        assert query(page.url) == spelled
        raise AssertionError(f"the page at {page.url} did not come to rest")
    return page.locator(".ql-fall").first


def has_levels(page: Page, first: int, shares: np.ndarray) -> None:
    """See that the hero has one level a code, from code `first`, each with its share."""
    wanted = _levels(first, shares)
    # What differs is told by the assertion, not by the wait.
    with suppress(TimeoutError):
        page.wait_for_function(_SAME_LEVELS, arg=wanted, timeout=5_000)
    assert page.evaluate(_LEVELS) == wanted


def _levels(first: int, shares: np.ndarray) -> list[list[object]]:
    return [[str(first + place), float(share)] for place, share in enumerate(shares)]


def at_rest(page: Page) -> Locator:
    """Wait until nothing glides."""
    page.wait_for_function(_AT_REST, timeout=LONGEST_MS)
    return page.locator(".ql-fall").first


def query(url: str) -> dict[str, str]:
    """Read the state out of an address."""
    return {name: given[-1] for name, given in parse_qs(urlsplit(url).query).items()}


def sentence(page: Page) -> Locator:
    """Find the sentence above the hero."""
    return page.locator(".st-key-sentence [data-testid=stMarkdownContainer]")


def values(page: Page) -> Locator:
    """Find the values of the numbers row."""
    return page.locator(".st-key-numbers [data-testid=stMetricValue]")


def differences(page: Page) -> Locator:
    """Find the differences in the numbers row."""
    return page.locator(".st-key-numbers [data-testid=stMetricDelta]")


def notice(page: Page) -> Locator:
    """Find the line for bad input and mended links."""
    return page.locator(".st-key-notice [data-testid=stMarkdownContainer]")


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box by keyboard."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.focus()
    page.keyboard.press("ArrowDown")
    listed = page.get_by_role("option")
    expect(listed.first).to_be_visible()
    names = [name.strip() for name in listed.all_inner_texts()]
    active = page.locator(f"[id='{box.get_attribute('aria-activedescendant')}']").inner_text().strip()
    steps = names.index(option) - names.index(active)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
    page.keyboard.press("Enter")
    expect(listed).to_have_count(0)


def boxes(page: Page, *names: str) -> list[list[object]]:
    """Measure the containers with these names: name, x, y, width, height."""
    measured: list[list[object]] = page.evaluate(_BOXES, list(names))
    return measured


def stays(page: Page, act: Callable[[], object], *names: str) -> None:
    """See that in no frame while `act` runs any of the containers moves or changes its size."""
    before = boxes(page, *names)
    page.evaluate(_WATCH, list(names))
    act()
    assert page.evaluate(_SEEN) == [before]
