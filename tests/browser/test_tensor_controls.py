"""The Tensor page's controls in a real browser: each is set by keyboard, and nothing on the page jumps meanwhile."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import tensor_page
from conftest import Server
from playwright.sync_api import Page, expect
from steps import appear, button, open_more, press, settled, visit
from tensor_page import (
    PARTS,
    boxes,
    choose,
    differences,
    notice,
    open_state,
    query,
    result,
    shows,
    stays,
)

from quantlab import Scheme
from quantlab.arrays.builtin import build
from quantlab.experiments import codec
from quantlab.experiments.tensor import Settings
from quantlab.experiments.tensor.stories import TRIES, taken
from quantlab.numerals import difference
from quantlab.scheme import Percentile, PerGroup

APP = tensor_page.APP
_OUTLIERS = {"data": "outlier", "size": "100x100"}
_DASHED = """place => [...document.querySelectorAll(`.st-key-${place} path`)].filter(path =>
  path.getAttribute("d") && getComputedStyle(path).strokeDasharray !== "none").length"""


def test_every_try_tells_its_story_under_its_own_address(page: Page, server: Server) -> None:
    settings = Settings(view="formulas")
    open_state(page, server, settings)
    for label, state in TRIES.items():
        before, settings = settings, taken(settings, state)
        button(page, label).click()
        shows(page, settings)
        assert codec.decode(Settings, query(page.url)) == (settings, []), label
        expect(button(page, label)).to_be_focused()
    page.go_back()
    shows(page, before)


def test_a_pin_is_compared_with_and_moves_nothing(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    start = Settings(**_OUTLIERS)
    open_state(page, server, start)
    assert [page.evaluate(_DASHED, place) for place in ("hero", "error", "transfer")] == [0, 0, 0]
    pinned = replace(start, pin=start, compare="pinned")

    def pin_and_unpin() -> None:
        button(page, "Pin").click()
        shows(page, pinned)
        press(page, "bits", "ArrowRight")
        shows(page, replace(pinned, bits=5))
        assert min(page.evaluate(_DASHED, place) for place in ("hero", "error", "transfer")) >= 1
        expect(page.get_by_test_id("stMetricDeltaDescription").first).to_have_text("vs pinned")
        expect(differences(page).first).to_have_text(
            difference(result(replace(start, bits=5)).report.sqnr_db, result(start).report.sqnr_db, unit="dB")
        )
        button(page, "Unpin").click()
        shows(page, replace(start, bits=5))

    stays(page, pin_and_unpin, *PARTS, "control-granularity", "more", "share", "pin")
    assert [page.evaluate(_DASHED, place) for place in ("hero", "error", "transfer")] == [0, 0, 0]
    expect(page.get_by_test_id("stMetricDeltaDescription").first).to_have_text("vs affine")


def test_share_holds_the_link_selected(page: Page, server: Server) -> None:
    settings = Settings(bits=6, range=Percentile(99.5), data="normal", parameters=(("std", 2.5),))
    open_state(page, server, settings)
    button(page, "Share").click()
    field = page.get_by_label("Link", exact=True)
    expect(field).to_be_focused()
    held = field.input_value()
    assert codec.decode(Settings, query(held)) == (settings, [])
    assert held.startswith(server.url)
    assert field.evaluate("node => node.value.slice(node.selectionStart, node.selectionEnd)") == held
    expect(page.get_by_test_id("stPopoverBody").get_by_role("button", name="Copy")).to_be_visible()


def test_more_is_set_by_keyboard_and_comparison_can_be_left_out(page: Page, server: Server) -> None:
    settings = Settings(data="normal")
    open_state(page, server, settings)
    open_more(page)
    for label, option, change in (
        ("Rounding", "stochastic", {"rounding": "stochastic"}),
        ("Symmetric scale", "absmax / (2ᵇ⁻¹ − ½)", {"symmetric_scale": "full"}),
        ("Size", "100 × 100", {"size": "100x100"}),
        ("Overflow", "wrap around", {"overflow": "wrap"}),
        ("Compare", "nothing", {"compare": "nothing"}),
    ):
        choose(page, label, option)
        settings = replace(settings, **change)
        shows(page, settings)
    expect(differences(page)).to_have_count(0)
    for label, typed, change in (
        ("Seed", "9", {"seed": 9}),
        ("Standard deviation", "2.5", {"parameters": (("std", 2.5),)}),
        ("Rounding seed", "4", {"rounding_seed": 4}),
    ):
        page.get_by_label(label, exact=True).fill(typed)
        page.keyboard.press("Enter")
        settings = replace(settings, **change)
        shows(page, settings)
    page.get_by_label("Signed codes", exact=True).focus()
    page.keyboard.press("Space")
    shows(page, replace(settings, signed=False))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_the_bar_is_set_by_keyboard_to_both_ends(page: Page, server: Server) -> None:
    settings = Settings()
    open_state(page, server, settings)
    for key, bits in (("End", 16), ("Home", 1)):
        press(page, "bits", key)
        settings = replace(settings, bits=bits)
        shows(page, settings)
    for label, option, change in (
        ("Data", "ties", {"data": "ties"}),
        ("Data", "article rand", {"data": "article"}),
        ("Range", "−1.00 to 1.00", None),
        ("Range", "min-max", {}),
        ("Granularity", "groups of 32", {"granularity": PerGroup(32)}),
        ("Granularity", "per tensor", {"granularity": Scheme().granularity}),
    ):
        choose(page, label, option)
        if change is not None:
            settings = replace(settings, **change)
            shows(page, settings)
    page.locator(".st-key-control-symmetric").get_by_role("radio", name="Symmetric").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    shows(page, replace(settings, symmetric=False))


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_jumps_while_the_slider_moves(page: Page, server: Server, width: int) -> None:
    appear(page, width=width)
    open_state(page, server)
    press(page, "bits", "ArrowLeft", "ArrowRight")
    shows(page, Settings())

    def from_end_to_end() -> None:
        press(page, "bits", *["ArrowRight"] * 4, pause_ms=150)
        shows(page, Settings(bits=8))
        press(page, "bits", *["ArrowLeft"] * 7, pause_ms=80)
        shows(page, Settings(bits=1))

    stays(page, from_end_to_end, *PARTS)


def test_a_notice_moves_nothing(page: Page, server: Server) -> None:
    open_state(page, server)
    plain = boxes(page, *PARTS)
    visit(page, server, "/?bits=99")
    expect(notice(page)).to_contain_text("could not be used")
    shows(page, Settings())
    assert boxes(page, *PARTS) == plain


@pytest.mark.fresh
def test_hero_keys_choose_a_value_and_send_it_once(page: Page, server: Server) -> None:
    hero = open_state(page, server)
    entries = page.evaluate("history.length")
    order = np.argsort(build("article").values.ravel(), kind="stable")
    hero.focus()
    for _ in range(5):
        page.keyboard.down("ArrowRight")
    page.keyboard.up("ArrowRight")
    shows(page, Settings(element=int(order[4])))
    assert page.evaluate("history.length") == entries + 1
    settled(page)
    expect(hero).to_be_focused()


def test_a_held_key_and_fast_presses_leave_the_page_alive_at_the_last_value(page: Page, server: Server) -> None:
    # With large messages, such as this view's: what was sent once and then only referred to has broken connections.
    settings = Settings(data="outlier", size="100x100", bits=1, view="codes")
    open_state(page, server, settings)
    said = server.log
    press(page, "bits")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        page.keyboard.down("ArrowRight")  # again and again without a release, as a keyboard repeats
        page.wait_for_timeout(33)
    page.keyboard.up("ArrowRight")
    held = int(page.locator(".st-key-control-bits input[type=range]").input_value())
    assert held > 1
    shows(page, replace(settings, bits=held))
    press(page, "bits", "End")
    shows(page, replace(settings, bits=16))
    sixty = [*["ArrowLeft"] * 15, *["ArrowRight"] * 15, *["ArrowLeft"] * 15, *["ArrowRight"] * 9, *["ArrowLeft"] * 6]
    press(page, "bits", *sixty, pause_ms=45)
    shows(page, replace(settings, bits=4))
    press(page, "bits", "ArrowRight")
    shows(page, replace(settings, bits=5))
    expect(page.locator(".st-key-codes .js-plotly-plot .main-svg").first).to_be_visible()
    assert server.log == said
