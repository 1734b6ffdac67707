"""The Modes page in a browser: what it says and draws is what the library computes; tries, views and times."""

from __future__ import annotations

import io
import re
from functools import cache
from urllib.parse import urlencode

import numpy as np
import pytest
from accessibility import sideways, violations
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from steps import appear, settled, visit

from quantlab.experiments import codec
from quantlab.experiments.modes import Result, Settings, readings, run, stories
from quantlab.experiments.modes.flows import flows
from quantlab.ui.anatomy import spoken
from quantlab.ui.modes.views import VIEWS

APP = ROOT / "app.py"
_AT_REST = "[...document.querySelectorAll('.ql-dataflow')].every(root => /^[0-9a-f]{12}$/.test(root.dataset.state))"
_OVERLAPS = """() => {
    const seen = []
    for (const block of document.querySelectorAll('.ql-dataflow > svg > g')) {
        const words = [...block.querySelectorAll('text')].filter(node => node.textContent)
            .map(node => [node.textContent, node.getBoundingClientRect()])
        words.forEach(([a, p], i) => words.slice(i + 1).forEach(([b, q]) => {
            const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left)
            const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
            if (wide > 1 && high > 4) seen.push(`${a} × ${b}`)
        }))
    }
    return seen
}"""


@cache
def result(state: Settings) -> Result:
    """Compute what the page has to show."""
    return run(state)


def open_state(page: Page, server: Server, state: Settings | None = None) -> Result:
    """Open a state by its link and see that it is shown."""
    state = state or Settings()
    query = urlencode(codec.encode(state))
    visit(page, server, f"/modes?{query}" if query else "/modes")
    return shows(page, state)


def shows(page: Page, state: Settings) -> Result:
    """See that sentence, numbers and drawing are those of a state."""
    wanted = result(state)
    settled(page, " ".join(spoken(stories.sentence(wanted)).split()))
    page.wait_for_function(_AT_REST)
    numbers = [" ".join(reading.value.split()) for reading in readings.readings(wanted)]
    expect(page.get_by_test_id("stMetricValue")).to_have_text(numbers)
    for block, flow in zip(page.locator(".ql-dataflow > svg > g").all(), flows(wanted), strict=True):
        kinds = [readings.type_label(line) for line in flow.lines]
        assert [node.get_attribute("data-kind") for node in block.locator("line").all()][: len(kinds)] == kinds
    return wanted


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
    open_state(page, server)
    for label, state in stories.TRIES.items():
        page.get_by_role("button", name=label, exact=True).click()
        shows(page, state)
    page.go_back()
    shows(page, list(stories.TRIES.values())[-2])


def test_a_wires_colour_and_width_tell_integer_and_bits(page: Page, server: Server) -> None:
    open_state(page, server)
    wires = page.locator(".ql-dataflow line").all()
    seen = {
        (wire.get_attribute("data-kind"), wire.get_attribute("class"), wire.get_attribute("stroke-width"))
        for wire in wires
    }
    assert seen == {("float32", "float", "9"), ("int8", "integer", "3"), ("int32", "integer", "9")}


@pytest.mark.fresh  # a page opens as it was left
def test_bits_and_grid_come_along_from_the_tensor_page(page: Page, server: Server) -> None:
    visit(page, server, "/?bits=6&grid=symmetric")
    settled(page, "6")
    page.get_by_role("link", name="Modes").click()
    shows(page, Settings(bits=6, symmetric=True))
    assert re.search(r"/modes\?bits=6&grid=symmetric$", page.url)


@pytest.mark.parametrize("label", VIEWS)
def test_every_view_opens(page: Page, server: Server, label: str) -> None:
    open_state(page, server, Settings(view=label.lower().replace(" ", "-").strip("?")))
    expect(page.locator(".st-key-view")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert violations(page) == []


def test_times_fill_in_without_anybody_asking(page: Page, server: Server) -> None:
    open_state(page, server)
    times = page.locator(".ql-dataflow .value").nth(4)
    expect(times).to_have_text(re.compile(r"\d.*[µm]s"), timeout=60_000)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, server: Server, width: int, scheme: str) -> None:
    appear(page, width=width, color_scheme=scheme)
    open_state(page, server)
    assert violations(page) == []
    assert not sideways(page)


@pytest.mark.parametrize("width", [1440, 1280, 390, 360])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_no_words_of_the_drawing_lie_on_each_other(page: Page, server: Server, width: int, layer: int) -> None:
    appear(page, width=width)
    open_state(page, server, Settings(layer=layer, bits=3))
    page.evaluate("document.fonts.ready")
    assert page.evaluate(_OVERLAPS) == []


@pytest.mark.fresh
def test_more_changes_the_live_data_and_the_sentence_follows(page: Page, server: Server) -> None:
    open_state(page, server)
    page.locator(".st-key-more button").first.click()
    loud = page.get_by_role("spinbutton", name="One loud row ×")
    loud.fill("300")
    loud.press("Enter")
    page.keyboard.press("Escape")
    shows(page, Settings(loud=300.0))


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
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        {"name": "w.npy", "mimeType": "application/octet-stream", "buffer": file.getvalue()}
    )
    expect(page.locator(".st-key-notice")).to_contain_text("(6, 3, 4) is taken as 6 × 12")
    expect(page.locator(".ql-dataflow > svg > g")).to_have_count(3)
    expect(page.locator(".st-key-title-times")).to_contain_text("built-in networks only")
