"""The Tensor page for every reader: axe-core, light and dark, desktop and phone, and everything by keyboard."""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import numpy as np
import pytest
import tensor_page
from accessibility import mark, sideways, stop, unreached, violations
from conftest import Server
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from steps import appear, button, open_more, settled, visit
from tensor_page import open_state, result, shows

from quantlab.charts import PALETTES
from quantlab.experiments.tensor import Settings
from quantlab.experiments.tensor.curves import level_columns
from quantlab.experiments.tensor.stories import TRIES
from quantlab.ui.frame import PAGES
from quantlab.ui.tensor.views import VIEWS

APP = tensor_page.APP
WIDE, PHONE = 1440, 390
TABLES = ("fall", "error", "transfer")
# What the Tab key comes by, in the page's order. A help button stands with its label, before its control.
ORDER = [
    "stSkipToContent",
    "stMain",
    *["navigation"] * len(PAGES),
    *(name for control in ("data", "bits", "symmetric", "range", "granularity") for name in [f"control-{control}"] * 2),
    "more",
    "share",
    "pin",
    *(f"try-{place}" for place in range(len(TRIES))),
    "fall",
    "table-fall",
    *["numbers"] * 6,
    "table-error",
    "table-transfer",
    "control-view",
]


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def _table(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-table-{key}").get_by_role("button", name="Table")


def _popover(page: Page) -> Locator:
    return page.get_by_test_id("stPopoverBody")


def _closed(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(_popover(page)).to_have_count(0)
    settled(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_axe_finds_nothing_and_nothing_scrolls_sideways_whatever_is_open(
    page: Page, server: Server, width: int, scheme: str
) -> None:
    appear(page, width=width, color_scheme=scheme, reduced_motion="reduce")

    def sound(where: str) -> None:
        assert sideways(page) == [], where
        assert violations(page) == [], where

    open_state(page, server, Settings())
    sound("the opening state")
    open_more(page)
    sound("More")
    _closed(page)
    button(page, "Share").click()
    expect(page.get_by_label("Link", exact=True)).to_be_focused()
    sound("Share")
    _closed(page)
    for key in TABLES:
        _table(page, key).click()
        expect(_popover(page).get_by_role("table")).to_be_visible()
        settled(page)
        sound(f"the table of {key}")
        _closed(page)
    visit(page, server, "/?data=yours&bits=99")
    settled(page, "your own array")
    expect(page.get_by_role("button", name="Use these numbers")).to_be_visible()
    sound("no array yet, and a notice")
    state = Settings(data="outlier", size="100x100")
    open_state(page, server, Settings(data="outlier", size="100x100", bits=5, pin=state, compare="pinned", body=True))
    sound("an outlier, a pin, the body")


@pytest.mark.parametrize(("first", "second"), [("light", "dark"), ("dark", "light")])
def test_hero_charts_and_page_have_the_themes_colours_and_follow_a_switch(
    page: Page, server: Server, first: str, second: str
) -> None:
    appear(page, color_scheme=first)
    hero = open_state(page, server, Settings())
    for scheme in (first, second):
        page.emulate_media(color_scheme=scheme)
        colours = PALETTES[scheme]
        expect(page.locator(".stApp")).to_have_css("background-color", _rgb(colours["paper"]))
        expect(hero.locator(".level").last).to_have_css("fill", _rgb(colours["integer"]))
        expect(page.locator(".st-key-error path.js-fill").first).to_have_css("fill", _rgb(colours["rounding_fill"]))
        lines = page.locator(".st-key-transfer .scatterlayer path.js-line")
        expect(lines.nth(1)).to_have_css("stroke", _rgb(colours["integer"]))
        shows(page, Settings())


def test_what_opens_over_the_page_has_the_themes_colours_too(page: Page, server: Server) -> None:
    page.emulate_media(color_scheme="light")
    open_state(page, server)
    button(page, "Share").click()
    link = page.get_by_test_id("stPopoverBody").get_by_role("textbox", name="Link")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(link).to_have_css("background-color", _rgb(PALETTES[scheme]["panel"]))
        expect(link).to_have_css("color", _rgb(PALETTES[scheme]["ink"]))


@pytest.mark.fresh
def test_all_that_the_page_asks_for_and_its_fonts_come_from_its_server(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    open_state(page, server, Settings(view="formulas"))
    expect(page.locator(".katex-display").first).to_be_visible()
    own = urlsplit(server.url).netloc
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {own}
    assert {urlsplit(url).scheme for url in asked} >= {"http", "ws"}
    fonts = page.evaluate(
        """async () => {
          await document.fonts.ready
          return [...document.fonts].filter(font => font.status === "loaded").map(font => font.family)
        }"""
    )
    assert {"Inter", "JetBrains Mono"} <= {family.strip('"') for family in fonts}


def _pixels(page: Page, box: dict[str, float]) -> np.ndarray:
    picture = Image.open(io.BytesIO(page.screenshot(clip=box, animations="disabled")))
    return np.asarray(picture.convert("RGB")).astype(int)


def _around_focus(page: Page) -> dict[str, float]:
    box: dict[str, float] = page.evaluate(
        """() => {
          const {x, y, width, height} = document.activeElement.getBoundingClientRect(), rim = 8
          const left = Math.max(0, x - rim), top = Math.max(0, y - rim)
          return {x: left, y: top, width: Math.min(innerWidth, x + width + rim) - left,
            height: Math.min(innerHeight, y + height + rim) - top}
        }"""
    )
    return box


@pytest.mark.fresh
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_tab_goes_through_the_page_in_its_order_and_the_focus_is_seen(page: Page, server: Server, width: int) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 3_200})  # so that nothing scrolls between two pictures
    open_state(page, server, Settings())
    visited, unseen = [], []
    page.keyboard.press("Tab")
    while stop(page) != "body":
        visited.append(stop(page))
        mark(page)
        box = _around_focus(page)
        with_focus = _pixels(page, box)
        page.evaluate("window.focused = document.activeElement, focused.blur()")
        if (np.abs(with_focus - _pixels(page, box)).max(axis=-1) > 64).sum() < 40:
            unseen.append(visited[-1])
        page.evaluate("focused.focus()")
        page.keyboard.press("Tab")
    assert visited == ORDER
    assert unseen == []
    assert unreached(page.locator(".stApp")) == []


def test_every_control_behind_more_is_reached_from_its_button(page: Page, server: Server) -> None:
    open_state(page, server, Settings(data="student", size="100x100", rounding="stochastic", symmetric=False))
    button(page, "More").focus()
    page.keyboard.press("Enter")
    popover = _popover(page)
    expect(popover.get_by_text("Comparison")).to_be_visible()
    expect(popover).to_be_focused()
    settled(page)
    visited = []
    page.keyboard.press("Tab")
    while stop(page) != "body":
        visited.append(stop(page))
        mark(page)
        page.keyboard.press("Tab")
    assert unreached(popover) == []
    fields = [re.sub("^control-", "", name) for name in dict.fromkeys(visited) if name.startswith("control-")]
    assert fields == [
        "size", "seed", "parameters-df", "signed", "narrow_range", "symmetric_scale", "affine_range", "scale_dtype",
        "rounding", "rounding_seed", "division", "zero_point_added", "overflow", "compare",
    ]  # fmt: skip
    _closed(page)
    expect(button(page, "More")).to_be_focused()


def test_every_level_is_read_in_the_table_by_keyboard(page: Page, server: Server) -> None:
    open_state(page, server, Settings(bits=5))
    _table(page, "fall").focus()
    page.keyboard.press("Enter")
    rows = _popover(page).locator("tbody tr")
    levels = level_columns(result(Settings(bits=5)).part)
    expect(rows).to_have_count(len(levels["code"]))
    expect(_popover(page)).to_be_focused()
    assert [row.locator("td").first.inner_text() for row in rows.all()] == [str(code) for code in levels["code"]]
    settled(page)
    for name in ("CSV", "Picture (HTML)"):
        page.keyboard.press("Tab")
        expect(_popover(page).get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Tab")
    region = _popover(page).get_by_role("region")
    expect(region).to_be_focused()
    # First the table goes to its end, then what it stands in, which is as high as the window leaves room for.
    page.keyboard.press("End")
    page.wait_for_function(
        "(node => node.scrollTop + node.clientHeight >= node.scrollHeight - 1)(document.activeElement)"
    )
    page.keyboard.press("End")
    expect(rows.last).to_be_in_viewport(ratio=0.9)
    _closed(page)
    expect(_table(page, "fall")).to_be_focused()


def test_every_cell_of_the_data_is_reached_by_keyboard(page: Page, server: Server) -> None:
    open_state(page, server, Settings(view="data"))
    grid = page.locator("[data-testid=stDataFrame] canvas").first
    expect(grid).to_be_visible()
    grid.focus()
    selected = page.locator(".st-key-view td[aria-selected=true]")
    # The first column is the one that rows are marked in.
    for keys, column, row in (
        (("Control+Home",), 1, 0),
        (("ArrowDown", "ArrowRight"), 2, 1),
        (("Control+ArrowRight", "Control+ArrowDown"), 10, 9),
        (["ArrowLeft"] * 9, 1, 9),
    ):
        for key in keys:
            page.keyboard.press(key)
        expect(selected).to_have_id(f"glide-cell-{column}-{row}")


def test_views_are_opened_and_closed_by_keyboard(page: Page, server: Server) -> None:
    open_state(page, server, Settings())
    _table(page, "transfer").focus()
    page.keyboard.press("Tab")
    radios = page.locator(".st-key-views").get_by_role("radio")
    for place, label in enumerate(VIEWS):
        if place:
            page.keyboard.press("ArrowRight")
        expect(radios.nth(place)).to_be_focused()
        page.keyboard.press("Space")
        shows(page, Settings(view=label.lower()))
        expect(radios.nth(place)).to_be_focused()
    page.keyboard.press("Space")
    shows(page, Settings())
    expect(page.locator(".st-key-view")).to_have_count(0)
