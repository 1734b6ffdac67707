"""The Integer matmul page in a browser: what it draws is what the library computes; cells, keys and playing."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from accessibility import mark, stop
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from reader import Reader
from steps import appear, fill_more, settled, upload, visit

from quantlab.experiments.matmul import Result, Settings, operands, readings, run, stories
from quantlab.numerals import code

APP = ROOT / "app.py"
pytestmark = pytest.mark.parametrize("server", [APP], indirect=True)


def result(state: Settings) -> Result:
    """Compute what the page has to show of built-in data."""
    return run(state, *operands.build(state.data, state.shape, state.seed))


PAGE = Reader("matmul", Settings(), result, stories.sentence, readings.readings, ".ql-cross")


def open_state(page: Page, server: Server, state: Settings | None = None) -> Result:
    """Open a state by its link and see that it is shown."""
    wanted = PAGE.open(page, server, state)
    stands(page, wanted)
    return wanted


def shows(page: Page, state: Settings) -> Result:
    """See that sentence, numbers and drawing are those of a state."""
    wanted = PAGE.shows(page, state)
    stands(page, wanted)
    return wanted


def stands(page: Page, wanted: Result) -> None:
    """See that the drawing holds the whole sum."""
    expect(page.locator(".ql-cross > svg")).to_have_attribute("data-at", str(len(wanted.sum.products)))
    expect(page.locator(".ql-cross .finish")).to_have_class("finish")


def _last_sum(page: Page) -> str:
    return page.locator(".ql-cross .sum").last.text_content() or ""


@pytest.mark.parametrize(
    "state",
    [
        Settings(),
        Settings(symmetric=False),
        Settings(data="uniform", bits=4, row=9, column=3),
        Settings(data="uniform", accumulator="int8", overflow="saturate"),
        Settings(data="uniform", k=10, weight_per="group", group_size=4),
        Settings(data="normal", m=60, k=300, n=50, row=40, column=11),
    ],
    ids=["opening", "affine", "4 bits", "int8", "groups", "large"],
)
def test_sentence_numbers_and_drawing_are_the_librarys(page: Page, server: Server, state: Settings) -> None:
    wanted = open_state(page, server, state)
    assert _last_sum(page) == code(wanted.sum.sums[-1])
    numbered = page.locator(".ql-cross [data-cell]")
    if max(state.shape) <= 10:
        sums = wanted.now.accumulator.sum(axis=0)
        assert numbered.all_text_contents() == [code(v) for v in sums.ravel()]
    else:
        assert numbered.count() == 0


def test_a_clicked_cell_is_chosen_everywhere_and_back_undoes_it(page: Page, server: Server) -> None:
    open_state(page, server)
    page.locator(".ql-cross [data-cell='7,3']").click()
    chosen = Settings(row=7, column=3)
    shows(page, chosen)
    assert "row=7" in page.url
    expect(page.get_by_role("spinbutton", name="Row")).to_have_value("7")
    expect(page.get_by_role("spinbutton", name="Column")).to_have_value("3")
    page.go_back()
    shows(page, Settings())


def test_arrow_keys_walk_over_the_product_and_tell_the_server_once(page: Page, server: Server) -> None:
    open_state(page, server)
    page.locator(".ql-cross > svg").focus()
    page.keyboard.down("ArrowDown")
    page.keyboard.down("ArrowDown")
    # The sum is there at once; the rest of the page follows when the key is let go.
    assert _last_sum(page) == code(result(Settings(row=4)).sum.sums[-1])
    assert "row" not in page.url
    page.keyboard.up("ArrowDown")
    shows(page, Settings(row=4))
    page.keyboard.press("ArrowLeft")
    shows(page, Settings(row=4, column=0))
    page.keyboard.press("ArrowLeft")  # it ends here
    shows(page, Settings(row=4, column=0))


@pytest.mark.fresh  # what is played outlives a visit in the same tab
def test_the_sum_plays_step_by_step_and_leaves_the_page_alone(page: Page, server: Server) -> None:
    wanted = open_state(page, server)
    drawing, slider = page.locator(".ql-cross > svg"), page.get_by_role("slider", name="Terms added")
    page.get_by_role("button", name="One term back").click()
    expect(drawing).to_have_attribute("data-at", "4")
    expect(page.locator(".ql-cross .finish")).to_have_class("finish waiting")
    expect(page.locator(".ql-cross .caption")).to_contain_text(f"sum {code(wanted.sum.exact[3])}")
    slider.focus()
    page.keyboard.press("Home")
    expect(drawing).to_have_attribute("data-at", "0")
    assert page.locator(".ql-cross .sum.added").count() == 0
    url = page.url
    page.get_by_role("button", name="Play the sum").click()
    expect(drawing).to_have_attribute("data-at", "5", timeout=8_000)
    assert page.url == url
    assert page.locator(".ql-cross .sum.added").count() == 5


@pytest.mark.fresh  # what is played outlives a visit in the same tab
def test_nothing_plays_for_who_asks_for_less_motion(page: Page, server: Server) -> None:
    appear(page, reduced_motion="reduce")
    open_state(page, server)
    expect(page.locator(".ql-cross .step").nth(1)).to_be_disabled()
    page.get_by_role("button", name="One term back").click()
    expect(page.locator(".ql-cross > svg")).to_have_attribute("data-at", "4")


def test_every_try_leads_to_its_state_and_back_undoes_it(page: Page, server: Server) -> None:
    PAGE.follows_its_tries(page, server, stories.TRIES)


@pytest.mark.fresh  # a page opens as it was left
def test_bits_and_grid_come_along_from_the_tensor_page(page: Page, server: Server) -> None:
    visit(page, server, "/?bits=6&grid=affine")
    settled(page, "6")
    page.get_by_role("link", name="Integer matmul").click()
    shows(page, Settings(bits=6, symmetric=False))
    assert re.search(r"/matmul\?bits=6&grid=affine$", page.url)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, server: Server, width: int, scheme: str) -> None:
    PAGE.is_open_to_all(page, server, width=width, scheme=scheme)


def test_the_drawing_is_reached_by_tab_with_its_controls(page: Page, server: Server) -> None:
    open_state(page, server)
    mark(page)
    page.locator(".ql-cross > svg").focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert reached[:2] == ["One term back", "Play the sum term by term"]
    assert "Terms added" in reached
    assert stop(page)


@pytest.mark.fresh
def test_an_array_of_ones_own_becomes_the_weights_and_says_how(page: Page, server: Server) -> None:
    visit(page, server, "/matmul?data=yours")
    settled(page, "Here goes your own W")
    expect(page.get_by_role("spinbutton", name="Row")).to_be_disabled()
    file = io.BytesIO()
    np.save(file, np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4))
    upload(page, "w.npy", file.getvalue())
    expect(page.locator(".st-key-notice")).to_contain_text("(2, 3, 4) is taken as 6 × 4")
    expect(page.locator(".ql-cross [data-cell]")).to_have_count(40)
    assert "data=yours" in page.url


@pytest.mark.fresh
def test_more_changes_the_shapes_and_the_drawing_follows(page: Page, server: Server) -> None:
    open_state(page, server)
    fill_more(page, "K, terms of each sum", "7")
    shows(page, Settings(k=7))
