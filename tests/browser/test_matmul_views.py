"""Views of the Integer matmul page in a browser: each opens by its link, says what the library says, can be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import test_matmul
from accessibility import sideways, violations
from conftest import Server
from playwright.sync_api import Locator, Page, expect
from steps import appear
from test_matmul import open_state, shows

from quantlab.experiments.matmul import Result, Settings, scaling
from quantlab.experiments.matmul import accumulators as widths
from quantlab.experiments.matmul import requantization as codes
from quantlab.numerals import count
from quantlab.ui.anatomy import spoken

APP = test_matmul.APP
pytestmark = pytest.mark.parametrize("server", [APP], indirect=True)
STATE = Settings(data="uniform", k=40, accumulator="int16", bias=True)


def _requantize(view: Locator, shown: Result) -> None:
    found = codes.requantized(shown)
    expect(view).to_contain_text(spoken(codes.sentence(found)))
    numbers = [text for line in scaling.lines(found) for text in (line.by_float, line.by_fixed) if text]
    expect(view.locator(".ql-steps .numbers")).to_have_text(numbers)
    expect(view.locator(".st-key-requantize .js-plotly-plot .main-svg").first).to_be_visible()


def _accumulator(view: Locator, shown: Result) -> None:
    found = widths.accumulators(shown)
    expect(view).to_contain_text(spoken(widths.sentence(found, shown)))
    expect(view.locator(".ql-steps tbody tr")).to_have_count(3)
    expect(view.locator(".ql-steps .numbers.integer")).to_have_text([count(width.safe) for width in found.widths])
    expect(view.locator(".st-key-accumulator .js-plotly-plot .main-svg").first).to_be_visible()


def _this_machine(view: Locator, shown: Result) -> None:
    view.get_by_role("button", name="Race on this machine").click()
    expect(view).to_contain_text(re.compile(r"(arithmetic|memory) binds"), timeout=30_000)
    m, k, n = shown.settings.shape
    expect(view).to_contain_text(f"This page's {m}×{k} · {k}×{n} does")
    expect(view).to_contain_text(re.compile(r"Run \d+ \w+, \d\d:\d\d:\d\d by the server's clock"))
    for key in ("speed", "roofline"):
        expect(view.locator(f".st-key-{key} .js-plotly-plot .main-svg").first).to_be_visible()


DRAWN: dict[str, Callable[[Locator, Result], None]] = {
    "requantize": _requantize,
    "accumulator": _accumulator,
    "this-machine": _this_machine,
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_view_opens_by_its_link_fits_and_offends_no_rule(
    page: Page, server: Server, width: int, scheme: str, name: str
) -> None:
    appear(page, width=width, color_scheme=scheme, reduced_motion="reduce")
    shown = open_state(page, server, replace(STATE, view=name))
    view = page.locator(".st-key-view")
    DRAWN[name](view, shown)
    assert sideways(page) == []
    assert violations(page) == []


def test_the_controls_of_requantization_are_in_the_address(page: Page, server: Server) -> None:
    state = Settings(view="requantize")
    open_state(page, server, state)
    view = page.locator(".st-key-view")
    for press, change in (
        (lambda: view.get_by_role("radio", name="Affine").click(), {"output_symmetric": False}),
        (lambda: view.get_by_role("radio", name="Once").click(), {"rounding": "once"}),
        (lambda: view.get_by_text("Bias", exact=True).click(), {"bias": True}),
        (lambda: view.get_by_text("ReLU", exact=True).click(), {"relu": True}),
    ):
        press()
        state = replace(state, **change)
        _requantize(view, shows(page, state))
    for part in ("out=affine", "rounding=once", "bias=yes", "relu=yes"):
        assert part in page.url


def test_scales_by_group_leave_nothing_to_requantize(page: Page, server: Server) -> None:
    open_state(page, server, Settings(view="requantize", weight_per="group", group_size=2))
    view = page.locator(".st-key-view")
    expect(view).to_contain_text("there is no common accumulator to requantize: the 3 sums count in different steps")
    expect(view.locator(".ql-steps")).to_have_count(0)


def test_a_race_is_announced_runs_beside_the_page_and_shows_itself_when_it_has_ended(
    open_browser: Callable[..., Page], start_server: Callable[..., Server], server: Server
) -> None:
    page = open_browser()
    open_state(page, start_server(APP), Settings(view="this-machine"))
    view = page.locator(".st-key-view")
    expect(view).to_contain_text("It takes about 2 seconds of one core.")
    expect(view.locator(".js-plotly-plot")).to_have_count(0)
    view.get_by_role("button", name="Race on this machine").click()
    expect(view).to_contain_text("Racing, about")
    expect(view.locator(".js-plotly-plot")).to_have_count(2, timeout=30_000)
    expect(view).not_to_contain_text("Racing, about")
    expect(view.get_by_role("button", name="Race on this machine")).to_be_enabled()
