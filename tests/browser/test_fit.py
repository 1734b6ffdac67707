"""What the page says is there to the last letter, and nothing scrolls that should not."""

from __future__ import annotations

import pytest
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from steps import appear, settled, visit

from quantlab.ui.frame import PAGES
from quantlab.ui.tensor.controls import NAMES

APP = ROOT / "app.py"
WIDTHS = (1440, 390)

CUT = """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(node =>
    getComputedStyle(node).textOverflow === 'ellipsis' && node.tagName !== 'INPUT' && node.clientWidth
    && node.scrollWidth > node.clientWidth
).map(node => node.textContent)"""
CUT_NAMES = """names => {
    const input = document.querySelector('.st-key-control-data input'), style = getComputedStyle(input)
    const pen = document.createElement('canvas').getContext('2d')
    pen.font = style.font
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    return names.filter(name => pen.measureText(name).width > room)
}"""
SCROLLING = """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(node => {
    const style = getComputedStyle(node), scrolls = value => value === 'auto' || value === 'scroll'
    return node.clientWidth && (scrolls(style.overflowX) && node.scrollWidth > node.clientWidth
        || scrolls(style.overflowY) && node.scrollHeight > node.clientHeight)
}).map(node => `${node.className} ${node.textContent}`.slice(0, 120))"""


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_and_no_name_is_cut_off(page: Page, server: Server, width: int) -> None:
    appear(page, width=width)
    for query in ("?grid=affine", "?bits=16"):
        visit(page, server, f"/{query}")
        settled(page, "affine" if "affine" in query else "32768")
        page.get_by_test_id("stMetric").nth(5).wait_for()
        assert page.evaluate(CUT) == []
        tops = {box["y"] for box in (each.bounding_box() for each in page.get_by_test_id("stMetric").all()) if box}
        assert len(tops) == (1 if width > 640 else 3)
    page.locator(".st-key-control-data input").wait_for()
    assert page.evaluate(CUT_NAMES, ["a name that is much too long for the box"])
    assert page.evaluate(CUT_NAMES, list(NAMES.values())) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_only_what_is_wider_than_the_page_scrolls(page: Page, server: Server, width: int) -> None:
    appear(page, width=width)
    visit(page, server, "/?view=formulas&data=ties")
    settled(page, "33 values")
    page.locator(".st-key-formulas .katex-display").last.wait_for()
    # On a phone tries are a row that scrolls, by design.
    by_design = "st-key-tries" if width < 640 else "nothing"
    assert [said for said in page.evaluate(SCROLLING) if by_design not in said] == []


@pytest.mark.parametrize("width", [320, 360, 390])
def test_every_page_is_in_sight_in_the_row_of_pages_whichever_is_open(page: Page, server: Server, width: int) -> None:
    appear(page, width=width)
    for each in PAGES:
        visit(page, server, f"/{each.path}")
        links = page.locator(".st-key-navigation a")
        expect(links).to_have_count(len(PAGES))
        boxes = [box for box in (link.bounding_box() for link in links.all()) if box]
        assert min(box["x"] for box in boxes) >= 0
        assert max(box["x"] + box["width"] for box in boxes) <= width
        rows = sorted({box["y"] for box in boxes})
        assert len(rows) == (1 if width >= 360 else 2)
        assert rows[-1] - rows[0] >= (len(rows) - 1) * max(box["height"] for box in boxes)


def test_the_name_of_what_is_drawn_stands_within_the_drawing(page: Page, server: Server) -> None:
    for query, name in (
        ("data=normal&size=1000x1000&per=group:32:-1&channel=31249", "valuesgroup31249"),
        ("per=channel:0", "valuesrow"),
    ):
        visit(page, server, f"/?{query}")
        settled(page, "its own scale")
        label = page.locator(".ql-fall .row.float")
        expect(label).to_contain_text(name)
        inner, outer = label.bounding_box(), page.locator(".ql-fall > svg").bounding_box()
        assert inner is not None
        assert outer is not None
        assert inner["x"] >= outer["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + 62
