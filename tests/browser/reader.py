"""A page that shows what the library computes of its state: opened by link, and seen to show just that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from accessibility import sideways, violations
from conftest import Server
from playwright.sync_api import Page, expect
from steps import appear, button, settled, visit

from quantlab.experiments import codec
from quantlab.experiments.page import Reading
from quantlab.ui.anatomy import spoken

S = TypeVar("S")
R = TypeVar("R")

_RESTS = (
    """drawing => [...document.querySelectorAll(drawing)].every(root => /^[0-9a-f]{12}$/.test(root.dataset.state))"""
)
_LIE_ON = """parts => {
    const seen = []
    for (const part of document.querySelectorAll(parts)) {
        const edge = part.closest("[data-state]").getBoundingClientRect()
        const words = [...part.querySelectorAll("text")].filter(node => node.textContent)
            .map(node => [node.textContent, node.getBoundingClientRect()])
        words.forEach(([a, p], i) => {
            if (p.left < edge.left - 2 || p.right > edge.right + 2) seen.push(`${a} leaves`)
            words.slice(i + 1).forEach(([b, q]) => {
                const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left)
                const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
                if (wide > 1 && high > 4) seen.push(`${a} × ${b}`)
            })
        })
    }
    return seen
}"""


@dataclass(frozen=True)
class Reader(Generic[S, R]):
    """What there is to know of a page to see that it is right.

    Attributes
    ----------
    path : str
        Of the page.
    opening : S
        The state that it opens in.
    run : callable
        From a state to all that the page has to show of it; called once a state.
    sentence : callable
        From that to what is said above the drawing.
    readings : callable
        From that to the numbers below it.
    drawing : str
        A selector of its drawing, which tells by `data-state` that it has come to rest.
    """

    path: str
    opening: S
    run: Callable[[S], R]
    sentence: Callable[[R], str]
    readings: Callable[[R], Sequence[Reading]]
    drawing: str

    def open(self, page: Page, server: Server, state: S | None = None) -> R:
        """Open a state by its link and see that it is shown."""
        state = self.opening if state is None else state
        query = urlencode(codec.encode(state))  # type: ignore[type-var]
        visit(page, server, f"/{self.path}?{query}" if query else f"/{self.path}")
        return self.shows(page, state)

    def shows(self, page: Page, state: S) -> R:
        """See that sentence and numbers are those of a state, and that the drawing rests."""
        wanted: R = _once(self.run, state)
        settled(page, " ".join(spoken(self.sentence(wanted)).split()))
        page.wait_for_function(_RESTS, arg=self.drawing)
        numbers = [" ".join(reading.value.split()) for reading in self.readings(wanted)]
        expect(page.locator(".st-key-numbers").get_by_test_id("stMetricValue")).to_have_text(numbers)
        return wanted

    def opens_its_view(self, page: Page, server: Server, state: S) -> None:
        """See that the view that a state names opens, without a traceback and for everybody."""
        self.open(page, server, state)
        expect(page.locator(".st-key-view")).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert violations(page) == []

    def follows_its_tries(self, page: Page, server: Server, tries: Mapping[str, S]) -> None:
        """See that each of the tries leads to its state, and that Back undoes the last."""
        self.open(page, server)
        elsewhere = {label: state for label, state in tries.items() if state != self.opening}
        for label, state in elsewhere.items():
            button(page, label).click()
            self.shows(page, state)
        page.go_back()
        self.shows(page, list(elsewhere.values())[-2])

    def is_open_to_all(self, page: Page, server: Server, *, width: int, scheme: str) -> None:
        """See that axe finds nothing and that nothing scrolls sideways."""
        appear(page, width=width, color_scheme=scheme)
        self.open(page, server)
        assert violations(page) == []
        assert not sideways(page)

    def keeps_words_apart(self, page: Page, server: Server, state: S, *, width: int, parts: str) -> None:
        """See that in none of the parts of the drawing a word lies on another or leaves it."""
        appear(page, width=width)
        self.open(page, server, state)
        page.evaluate("document.fonts.ready")
        assert page.evaluate(_LIE_ON, f"{self.drawing} {parts}") == []


@lru_cache(maxsize=64)
def _once(run: Callable[[Any], Any], state: Any) -> Any:
    return run(state)
