"""The Calibration page in a browser: what it says and draws is what the library computes; it plays, rests and tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from reader import Reader
from steps import appear, settled, visit

from quantlab.experiments.calibration import Result, Settings, readings, run, stories
from quantlab.numerals import decibels
from quantlab.ui.calibration.views import VIEWS

APP = ROOT / "app.py"
PAGE = Reader("calibration", Settings(), run, stories.sentence, readings.readings, ".ql-brackets")


def open_state(page: Page, server: Server, state: Settings | None = None) -> Result:
    """Open a state by its link and see that it is shown."""
    wanted = PAGE.open(page, server, state)
    draws(page, wanted, wanted.settings.batches)
    return wanted


def shows(page: Page, state: Settings) -> None:
    """See that sentence, numbers and drawing are those of a state."""
    draws(page, PAGE.shows(page, state), state.batches)


def draws(page: Page, wanted: Result, batches: int) -> None:
    """See that every bracket is the library's range after so many batches, and that no value is missing."""
    at, symmetric = batches - 1, wanted.settings.symmetric
    expect(page.locator(".ql-brackets > svg")).to_have_attribute("data-at", str(batches))
    for course in wanted.courses:
        bracket = page.locator(f".ql-brackets .bracket[data-name='{course.label}']")
        expect(bracket).to_have_attribute("data-span", readings.span(course, at, symmetric=symmetric))
        expect(bracket).to_have_attribute("data-level", decibels(float(course.sqnr_db[at])))
    best = page.locator(".ql-brackets .bracket.best")
    assert [node.get_attribute("data-name") for node in best.all()] == [wanted.best(at).label]
    counted = [int(page.locator(f".ql-brackets .{name}").get_attribute("data-count") or 0) for name in ("usual", "odd")]
    assert sum(counted) == wanted.fill.counts[:batches].sum()
    odd = wanted.settings.odd > 1 and wanted.settings.odd_at <= batches
    assert counted[1] == (wanted.fill.counts[wanted.settings.odd_at - 1].sum() if odd else 0)


@pytest.mark.parametrize(
    "state",
    [
        Settings(),
        Settings(data="outputs", bits=8, symmetric=True, batches=12),
        Settings(data="tail", odd=1.0, tail=2.0, p=99.0, constant=0.01),
        Settings(odd=100.0, odd_at=1, bits=1),
    ],
    ids=["opening", "outputs", "tail", "one bit"],
)
def test_sentence_numbers_and_brackets_are_the_librarys(page: Page, server: Server, state: Settings) -> None:
    open_state(page, server, state)


def test_every_try_leads_to_its_state_and_back_undoes_it(page: Page, server: Server) -> None:
    PAGE.follows_its_tries(page, server, stories.TRIES)


def test_playing_asks_nobody_and_tells_where_it_comes_to_rest(page: Page, server: Server) -> None:
    open_state(page, server, Settings(batches=28))
    page.get_by_role("button", name="Play the batches").click()
    shows(page, Settings())


def test_a_pause_tells_the_page_how_far_it_came(page: Page, server: Server) -> None:
    wanted = open_state(page, server)
    play = page.get_by_role("button", name="Play the batches")
    play.click()
    page.wait_for_function("+document.querySelector('.ql-brackets > svg').dataset.at >= 3")
    # Under way the drawing is ahead of the page, and right all the same.
    play.click()
    at = int(page.locator(".ql-brackets > svg").get_attribute("data-at") or 0)
    assert 3 <= at < 32
    draws(page, wanted, at)
    shows(page, Settings(batches=at))


def test_the_slider_and_the_steps_go_through_the_batches(page: Page, server: Server) -> None:
    open_state(page, server)
    slider = page.get_by_role("slider", name="Batches")
    slider.focus()
    for _ in range(13):
        page.keyboard.press("ArrowLeft")
    shows(page, Settings(batches=19))
    page.get_by_role("button", name="One batch on").click()
    shows(page, Settings(batches=20))
    expect(slider).to_have_attribute("aria-valuetext", "batch 20 of 32, the odd one")


def test_less_motion_leaves_the_steps_and_no_play(page: Page, server: Server) -> None:
    appear(page, reduced_motion="reduce")
    open_state(page, server)
    expect(page.get_by_role("button", name="Play the batches")).to_be_disabled()
    page.get_by_role("button", name="One batch back").click()
    shows(page, Settings(batches=31))


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, server: Server, width: int, scheme: str) -> None:
    PAGE.is_open_to_all(page, server, width=width, scheme=scheme)


@pytest.mark.parametrize("width", [1440, 1280, 390, 360])
@pytest.mark.parametrize("name", ["one odd batch", "heavy tail", "never negative"])
def test_no_words_of_the_drawing_lie_on_each_other(page: Page, server: Server, width: int, name: str) -> None:
    PAGE.keeps_words_apart(page, server, stories.TRIES[name], width=width, parts="> svg")


@pytest.mark.parametrize("label", VIEWS)
def test_every_view_opens(page: Page, server: Server, label: str) -> None:
    PAGE.opens_its_view(page, server, Settings(view=label.lower().replace(" ", "-")))


def test_a_hostile_link_is_mended_in_one_sentence(page: Page, server: Server) -> None:
    visit(page, server, "/calibration?batches=33&odd=-1&size=7")
    settled(page, "odd 20th batch")
    expect(page.locator(".st-key-notice")).to_contain_text("values for batches, odd and size could not be used")


@pytest.mark.fresh  # a page opens as it was left
def test_bits_come_along_from_the_modes_page(page: Page, server: Server) -> None:
    visit(page, server, "/modes?bits=3")
    settled(page, "3")
    page.get_by_role("link", name="Calibration").click()
    shows(page, replace(Settings(), bits=3))


def test_an_observer_left_out_leaves_drawing_sentence_and_numbers_and_back_returns_it(
    page: Page, server: Server
) -> None:
    open_state(page, server)
    shown = page.locator(".st-key-control-observers button")
    shown.filter(has_text="min-max").click()
    shows(page, Settings(observers=("percentile", "average", "mse", "entropy")))
    expect(page.locator(".ql-brackets .bracket")).to_have_count(4)
    page.go_back()
    shows(page, Settings())


def test_the_last_observer_stays(page: Page, server: Server) -> None:
    open_state(page, server, Settings(observers=("mse",)))
    page.locator(".st-key-control-observers button").filter(has_text="MSE").click()
    shows(page, Settings(observers=("mse",)))
