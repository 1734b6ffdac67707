"""The Modes page in a browser: what it says and draws is what the library computes; tries, views and times."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from reader import Reader
from steps import fill_more, settled, upload, visit

from quantlab.experiments.modes import Result, Settings, readings, run, stories
from quantlab.experiments.modes.flows import flows
from quantlab.ui.modes.views import VIEWS

APP = ROOT / "app.py"
PAGE = Reader("modes", Settings(), run, stories.sentence, readings.readings, ".ql-dataflow")


def open_state(page: Page, server: Server, state: Settings | None = None) -> Result:
    """Open a state by its link and see that it is shown."""
    wanted = PAGE.open(page, server, state)
    wires(page, wanted)
    return wanted


def wires(page: Page, wanted: Result) -> None:
    """See that every wire of the drawing is of the library's kind."""
    for block, flow in zip(page.locator(".ql-dataflow > svg > g").all(), flows(wanted), strict=True):
        kinds = [readings.type_label(line) for line in flow.lines]
        assert [node.get_attribute("data-kind") for node in block.locator("line").all()][: len(kinds)] == kinds


@pytest.mark.parametrize(
    "state",
    [
        Settings(),
        Settings(bits=3, symmetric=True, layer=1, per="row"),
        Settings(weight_bits=4, layer=3),
        Settings(loud=300.0, loud_in="calibration", observer="percentile"),
        Settings(data="layer", batch=1),
    ],
    ids=["opening", "3 bits", "4-bit weights", "percentile", "large"],
)
def test_sentence_numbers_and_wires_are_the_librarys(page: Page, server: Server, state: Settings) -> None:
    wanted = open_state(page, server, state)
    values = page.locator(".ql-dataflow .value").all_text_contents()
    assert len(values) == 15
    for number, mode in enumerate(("weight-only", "dynamic", "static")):
        told = [value for _, value in readings.beside(wanted.outcomes[mode], None)]
        assert values[5 * number : 5 * number + 4] == told[:4]


def test_every_try_leads_to_its_state_and_back_undoes_it(page: Page, server: Server) -> None:
    PAGE.follows_its_tries(page, server, stories.TRIES)


def test_a_wires_colour_and_width_tell_integer_and_bits(page: Page, server: Server) -> None:
    open_state(page, server)
    drawn = page.locator(".ql-dataflow line").all()
    seen = {
        (wire.get_attribute("data-kind"), wire.get_attribute("class"), wire.get_attribute("stroke-width"))
        for wire in drawn
    }
    assert seen == {("float32", "float", "9"), ("int8", "integer", "3"), ("int32", "integer", "9")}


@pytest.mark.fresh  # a page opens as it was left
def test_bits_and_grid_come_along_from_the_tensor_page(page: Page, server: Server) -> None:
    visit(page, server, "/?bits=6&grid=symmetric")
    settled(page, "6")
    page.get_by_role("link", name="Modes").click()
    PAGE.shows(page, Settings(bits=6, symmetric=True))
    assert re.search(r"/modes\?bits=6&grid=symmetric$", page.url)


@pytest.mark.parametrize("label", VIEWS)
def test_every_view_opens(page: Page, server: Server, label: str) -> None:
    PAGE.opens_its_view(page, server, Settings(view=label.lower().replace(" ", "-").strip("?")))


def test_the_tables_of_the_modes_have_their_columns_under_each_other(page: Page, server: Server) -> None:
    open_state(page, server, Settings(view="step-by-step"))
    heads = page.locator(".st-key-view .ql-steps thead th")
    expect(heads).to_have_count(4 * 6)
    lefts = heads.evaluate_all("heads => heads.map(head => Math.round(head.getBoundingClientRect().left))")
    assert lefts[:6] == lefts[6:12] == lefts[12:18] == lefts[18:]


def test_only_what_clips_is_said_to_be_hatched(page: Page, server: Server) -> None:
    for state, count in ((Settings(view="calibration"), 0), (Settings(view="calibration", scale=4.0), 1)):
        open_state(page, server, state)
        expect(page.locator(".st-key-view").get_by_text("hatched: clips")).to_have_count(count)


def test_times_fill_in_without_anybody_asking(page: Page, server: Server) -> None:
    open_state(page, server)
    times = page.locator(".ql-dataflow .value").nth(4)
    expect(times).to_have_text(re.compile(r"\d.*[µm]s"), timeout=60_000)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, server: Server, width: int, scheme: str) -> None:
    PAGE.is_open_to_all(page, server, width=width, scheme=scheme)


@pytest.mark.parametrize("width", [1440, 1280, 390, 360])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_no_words_of_the_drawing_lie_on_each_other(page: Page, server: Server, width: int, layer: int) -> None:
    PAGE.keeps_words_apart(page, server, Settings(layer=layer, bits=3), width=width, parts="> svg > g")


@pytest.mark.fresh
def test_more_changes_the_live_data_and_the_sentence_follows(page: Page, server: Server) -> None:
    open_state(page, server)
    fill_more(page, "One loud row ×", "300")
    PAGE.shows(page, Settings(loud=300.0))


def test_a_hostile_link_is_mended_in_one_sentence(page: Page, server: Server) -> None:
    visit(page, server, "/modes?batch=3&shift=1e999&loud=-4")
    settled(page, "all three match float32")
    expect(page.locator(".st-key-notice")).to_contain_text("values for batch, shift and loud could not be used")
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.fresh
def test_a_weight_of_ones_own_is_run_in_three_modes(page: Page, server: Server) -> None:
    visit(page, server, "/modes?data=yours")
    settled(page, "Here goes your own weight")
    file = io.BytesIO()
    np.save(file, np.random.default_rng(1).standard_normal((6, 3, 4)).astype(np.float32))
    upload(page, "w.npy", file.getvalue())
    expect(page.locator(".st-key-notice")).to_contain_text("(6, 3, 4) is taken as 6 × 12")
    expect(page.locator(".ql-dataflow > svg > g")).to_have_count(3)
    expect(page.locator(".st-key-title-times")).to_contain_text("built-in networks only")
