"""Streamlit hands each chart to Plotly more than once; only the first time may be work."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Server
from playwright.sync_api import Page, expect
from steps import press, settled, visit

APP = Path(__file__).resolve().parents[2] / "app.py"
# How often each line of a chart was given its path.
_WATCH = """() => {
  const drawn = window.drawn = new Map()
  const note = ({target}) => target.matches(".js-line") && drawn.set(target, (drawn.get(target) ?? 0) + 1)
  new MutationObserver(records => records.forEach(note)).observe(
    document.querySelector("[data-testid=stMain]"), {subtree: true, attributes: true, attributeFilter: ["d"]})
}"""


@pytest.mark.parametrize("name", ["error", "transfer"])
def test_a_key_press_draws_each_line_of_a_chart_once(page: Page, server: Server, name: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 1300})
    visit(page, server)
    settled(page, "4 bits act as 3")
    lines = page.locator(f".st-key-{name} .js-line")
    expect(lines).not_to_have_count(0)
    page.evaluate(_WATCH)
    moving = lines.nth(1)  # of the transfer chart the first is the identity
    before = moving.get_attribute("d")
    press(page, "bits", "ArrowRight")
    expect(moving).not_to_have_attribute("d", before or "")
    settled(page)
    page.wait_for_timeout(300)  # a second drawing would come with the end of the run
    drawn = page.evaluate(
        "name => [...drawn].filter(([line]) => line.closest('.st-key-' + name)).map(([, times]) => times)", name
    )
    assert set(drawn) == {1}


def test_a_chart_shows_its_words_under_the_pointer(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1440, "height": 1300})
    visit(page, server)
    settled(page, "4 bits act as 3")
    chart = page.locator(".st-key-error .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    expect(chart.locator(".hovertext")).to_contain_text("error")
