"""Colours are the tokens', in light and in dark, and follow a switch while the page is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Server
from playwright.sync_api import Page, expect
from steps import press, settled, visit

from quantlab.charts.theme import PALETTES

APP = Path(__file__).resolve().parent / "apps" / "two" / "app.py"


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


@pytest.mark.parametrize(("first", "second"), [("light", "dark"), ("dark", "light")])
def test_a_chart_is_painted_in_the_visitors_colours_and_follows_a_switch(
    open_browser: Callable[..., Page], server: Server, first: str, second: str
) -> None:
    page = open_browser(color_scheme=first)
    page.goto(f"{server.url}/two")
    settled(page, "two bits=8")
    bar = page.locator(".st-key-rows .js-plotly-plot .bars path").first
    expect(bar).to_have_css("fill", _rgb(PALETTES[first]["integer"]))
    page.emulate_media(color_scheme=second)
    expect(bar).to_have_css("fill", _rgb(PALETTES[second]["integer"]))
    press(page, "rows", "ArrowRight")
    settled(page, "rows=4")
    expect(page.locator(".st-key-rows .js-plotly-plot .bars path")).to_have_count(4)
    expect(bar).to_have_css("fill", _rgb(PALETTES[second]["integer"]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_every_token_as_a_variable(open_browser: Callable[..., Page], server: Server, scheme: str) -> None:
    page = open_browser(color_scheme=scheme)
    page.goto(server.url)
    settled(page, "one bits=4")
    shown = page.evaluate(
        """names => {
            const probe = document.querySelector(".stApp").appendChild(document.createElement("i"))
            return names.map(name => {
                probe.style.color = `var(--ql-${name.replaceAll("_", "-")})`
                return getComputedStyle(probe).color
            })
        }""",
        list(PALETTES[scheme]),
    )
    assert shown == [_rgb(colour) for colour in PALETTES[scheme].values()]


def test_a_chart_names_what_it_shows(page: Page, server: Server) -> None:
    visit(page, server, "/two")
    settled(page, "two bits=8")
    expect(page.get_by_role("figure", name="One bar a row.")).to_be_visible()


def test_a_phone_scrolls_in_no_direction_but_down(open_browser: Callable[..., Page], server: Server) -> None:
    page = open_browser(width=390, height=800)
    page.goto(server.url)
    settled(page, "one bits=4")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    for name in ("One", "Two"):
        expect(page.get_by_role("link", name=name)).to_be_visible()


def test_numbers_keep_their_place_with_and_without_a_difference(page: Page, server: Server) -> None:
    visit(page, server)
    settled(page, "one bits=4")
    shown = page.locator(".st-key-numbers [data-testid=stMetric]")
    expect(shown).to_have_count(2)
    with_delta, without = shown.all()
    assert with_delta.bounding_box()["height"] == without.bounding_box()["height"]
