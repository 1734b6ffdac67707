"""The fall in a real browser: it draws what the library says, and answers to keys, pointer, width and theme."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from apps.fall.states import clipped, picture, quantizer, values
from conftest import Server
from playwright.sync_api import Locator, Page, expect
from steps import press, settled, visit

State = tuple[str, int, str]  # data, bits, grid

APP = Path(__file__).resolve().parent / "apps" / "fall" / "app.py"

# Every node with its attributes and its own text, in an order that does not depend on when they were written.
_NODES = """svg => [...svg.querySelectorAll("*")].map(node => [
  node.tagName, node.getAttributeNames().sort().map(name => name + "=" + node.getAttribute(name)).join(" "),
  node.tagName === "tspan" ? node.textContent : ""].join(" "))"""
_LEVELS = """root => {
  const inner = root.querySelector("svg svg"), left = +inner.getAttribute("x"), wide = +inner.getAttribute("width")
  return [...root.querySelectorAll("[data-code]")].map(node => ({
    code: node.dataset.code, share: +node.dataset.share, high: +node.getAttribute("height"),
    place: (+node.getAttribute("x") + node.getAttribute("width") / 2 - left) / wide }))}"""
# Boxes of all words, and of the marks of values that words must not cover.
_BOXES = """root => {
  const box = node => { const b = node.getBBox(), m = node.getCTM(), o = root.querySelector("svg").getCTM()
    return {text: node.textContent || node.getAttribute("class"), x0: b.x + m.e - o.e, y0: b.y + m.f - o.f,
      x1: b.x + b.width + m.e - o.e, y1: b.y + b.height + m.f - o.f} }
  const shown = nodes => [...nodes].map(box).filter(b => b.x1 > b.x0)
  return {words: shown(root.querySelectorAll("text")), dots: shown(root.querySelectorAll(".dot"))}}"""
_FONTS = """() => Promise.all(["13px Inter", "12px 'JetBrains Mono'"].map(font => document.fonts.load(font)))
  .then(() => new Promise(requestAnimationFrame))"""
_DRAWN_AT_THEIR_WIDTH = """() => [...document.querySelectorAll(".ql-fall")].every(root =>
  root.querySelector("svg").getAttribute("viewBox") === `0 0 ${root.clientWidth} 416`)"""
# The states that the drawing passes through, one a frame, for the time that a glide may take.
_WATCH = """() => { const root = document.querySelector(".ql-fall"), seen = window.seen = []
  const look = () => { const level = root.querySelectorAll(".level")[0]
    seen.push([root.dataset.state, level.getAttribute("x")]); window.watching && requestAnimationFrame(look) }
  window.watching = true; look() }"""
_SEEN = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  window.watching = false; done(window.seen) })))"""
_AT_REST = "[...document.querySelectorAll('.ql-fall')].every(root => /^[0-9a-f]{12}$/.test(root.dataset.state))"
_VISITS = itertools.count()
_FIRST_RUN_MS = 120_000  # it may have to compile the kernels


def _open(page: Page, server: Server, *states: State) -> Locator:
    """Show states under each other and return the first drawing."""
    shown = ";".join(",".join(map(str, state)) for state in states)
    visit(page, server, f"/?{urlencode({'show': shown, 'visit': next(_VISITS)})}")
    expect(page.locator(".ql-fall")).to_have_count(len(states), timeout=_FIRST_RUN_MS)
    settled(page, "chosen")
    page.evaluate(_FONTS)
    return _rested(page)


def _rested(page: Page, *, unlike: str | None = None) -> Locator:
    root = page.locator(".ql-fall").first
    page.wait_for_function(_AT_REST)
    if unlike is not None:
        expect(root).not_to_have_attribute("data-state", re.compile(f"^({unlike})?$"))
    return root


def _state(root: Locator) -> str:
    return root.get_attribute("data-state") or ""


def test_levels_shares_and_clipped_marks_are_the_librarys(page: Page, server: Server) -> None:
    kinds = [
        ("article", "symmetric"),
        ("article", "affine"),
        ("outliers", "symmetric clipped"),
        ("negative", "affine clipped"),
    ]
    states = [(name, bits, grid) for name, grid in kinds for bits in (1, 4, 8)]
    _open(page, server, *states)
    for state, root in zip(states, page.locator(".ql-fall").all(), strict=True):
        name, bits, _ = state
        x, q = values(name), quantizer(*state)
        counts = np.bincount(q.quantize(x).astype(int) - q.qmin, minlength=2**bits)
        drawn = root.evaluate(_LEVELS)
        assert [level["code"] for level in drawn] == [str(code) for code in range(q.qmin, q.qmax + 1)], state
        assert [level["share"] for level in drawn] == (counts / len(x)).tolist(), state

        lo, hi = picture(*state).axis
        places = ((np.arange(q.qmin, q.qmax + 1) - q.zero_point) * float(q.scale) - lo) / (hi - lo)
        seen = (counts > 0) & (places > 0) & (places < 1)
        assert [level["high"] > 0 for level in drawn] == seen.tolist(), state
        assert np.array([level["place"] for level in drawn])[seen] == pytest.approx(places[seen], abs=2e-4), state

        clipped_values = dict(zip(("low", "high"), (int(side.sum()) for side in clipped(x, q)), strict=True))
        for side, count in clipped_values.items():
            words = root.locator(f".words[data-side={side}]").all()
            assert [word.get_attribute("data-clipped") for word in words] == ([str(count)] if count else []), state
        total = sum(clipped_values.values())
        if name != "outliers":
            assert root.locator(".dot").count() == len(x)
            assert root.locator(".dot[data-clipped='1']").count() == total, state
        assert root.locator(".wedge").count() == sum(count > 0 for count in clipped_values.values()), state


def test_sixteen_bits_are_drawn_in_groups_with_the_librarys_counts(page: Page, server: Server) -> None:
    drawn = _open(page, server, ("outliers", 16, "symmetric")).evaluate(_LEVELS)
    x, q = values("outliers"), quantizer("outliers", 16, "symmetric")
    counts = np.bincount(q.quantize(x).astype(int) - q.qmin, minlength=2**16).reshape(512, 128).sum(axis=1)
    assert len(drawn) == 512
    assert drawn[256]["code"] == "0 to 127"
    assert [level["share"] for level in drawn] == (counts / len(x)).tolist()


@pytest.mark.parametrize(
    ("name", "bits", "key", "times"),
    [("article", 4, "ArrowRight", 4), ("article", 1, "ArrowRight", 2), ("outliers", 5, "ArrowLeft", 3)],
)
def test_after_a_glide_the_drawing_equals_a_fresh_pages(
    page: Page, open_browser: Callable[..., Page], server: Server, name: str, bits: int, key: str, times: int
) -> None:
    root = _open(page, server, (name, bits, "symmetric"))
    nodes = root.locator(".dot, .bins").first.element_handle()
    for _ in range(times):
        before = _state(root)
        press(page, "bits", key)
        _rested(page, unlike=before)
    settled(page)
    end = bits + (times if key == "ArrowRight" else -times)
    fresh = _open(open_browser(), server, (name, end, "symmetric"))
    assert _state(root) == _state(fresh)
    assert root.locator(">svg").evaluate(_NODES) == fresh.locator(">svg").evaluate(_NODES)
    assert root.get_attribute("aria-label") == fresh.get_attribute("aria-label")
    assert nodes.evaluate("node => node.isConnected")  # updated, not replaced


def test_levels_glide_and_the_digest_waits_for_them(page: Page, server: Server) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    before = _state(root)
    page.evaluate(_WATCH)
    press(page, "bits", "ArrowRight")
    _rested(page, unlike=before)
    seen = page.evaluate(_SEEN)
    on_the_way = {x for state, x in seen if state == ""}
    assert len(on_the_way) >= 2
    assert {state for state, _ in seen} == {before, "", _state(root)}


def test_nothing_glides_where_reduced_motion_is_asked_for(open_browser: Callable[..., Page], server: Server) -> None:
    page = open_browser(reduced_motion="reduce")
    root = _open(page, server, ("article", 4, "symmetric"))
    before = _state(root)
    page.evaluate(_WATCH)
    press(page, "bits", "ArrowRight")
    _rested(page, unlike=before)
    seen = page.evaluate(_SEEN)
    assert {state for state, _ in seen} == {before, _state(root)}
    assert len({x for _, x in seen}) == 2


@pytest.mark.parametrize("name", ["article", "outliers"])
def test_arrow_keys_choose_from_left_to_right_and_tell_once_on_key_up(page: Page, server: Server, name: str) -> None:
    root = _open(page, server, (name, 4, "symmetric"))
    order = np.argsort(values(name), kind="stable")
    root.focus()
    runs = int(re.search(r"runs (\d+)", page.locator(".st-key-sentence").inner_text())[1])
    for _ in range(5):
        page.keyboard.down("ArrowRight")
    if name == "article":
        expect(page.locator(".ql-fall-said")).to_contain_text(f"x = {values(name)[order[4]]:.3g}")
    settled(page, f"chosen None, runs {runs},")
    page.keyboard.up("ArrowRight")
    settled(page, f"runs {runs + 1},")
    if name == "article":
        settled(page, f"chosen {order[4]},")
    assert root.locator(".pick").get_attribute("d")
    assert root.locator(".pick-line").get_attribute("d")

    page.keyboard.press("Home")
    settled(page, f"chosen {order[0]},")
    page.keyboard.press("ArrowLeft")  # nothing lies farther left
    page.keyboard.press("End")
    settled(page, f"chosen {order[-1]},")
    page.keyboard.press("Escape")
    settled(page, "chosen None")
    assert page.locator(".ql-fall-said").inner_text() == ""
    assert root.locator(".pick").get_attribute("d") == ""


def test_a_click_chooses_a_value_and_a_second_one_takes_it_back(page: Page, server: Server) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    rightmost = int(np.argmax(values("article")))
    root.locator(".dot").last.click()
    settled(page, f"chosen {rightmost},")
    before = _state(root)
    press(page, "bits", "ArrowRight")
    _rested(page, unlike=before)
    settled(page, f"chosen {rightmost},")
    assert root.locator(".pick").get_attribute("d")
    root.locator(".dot").last.click(force=True)
    settled(page, "chosen None")


def test_the_pointer_reads_values_and_levels(page: Page, server: Server) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    tip = root.locator(".tip")
    root.locator(".dot").first.hover()
    expect(tip).to_have_text("x = 0.00470\ncode 0, x̂ = 0\nerror −0.00470")
    root.locator("[data-code='7']").hover()
    counts = np.bincount(quantizer("article", 4, "symmetric").quantize(values("article")).astype(int) + 8)
    expect(tip).to_contain_text("code 7, x̂ = 0.865\ntakes 0.803 and above")
    expect(tip).to_contain_text(f"{counts[15]}\u00a0% of the values")
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_a_changed_width_is_drawn_as_a_fresh_page_of_that_width(
    page: Page, open_browser: Callable[..., Page], server: Server
) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    page.set_viewport_size({"width": 390, "height": 900})
    fresh = _open(open_browser(width=390), server, ("article", 4, "symmetric"))
    expect(root.locator(">svg")).to_have_attribute("viewBox", fresh.locator(">svg").get_attribute("viewBox"))
    assert root.locator(">svg").evaluate(_NODES) == fresh.locator(">svg").evaluate(_NODES)
    assert root.bounding_box()["height"] == 416


@pytest.mark.fresh
def test_the_window_tells_width_and_theme_in_one_run_each_and_the_drawing_follows(page: Page, server: Server) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    settled(page, "runs 1, wide, light")
    fill = "node => getComputedStyle(node).fill"
    assert root.locator(".dot").first.evaluate(fill) == "rgb(51, 65, 92)"
    page.emulate_media(color_scheme="dark")
    settled(page, "runs 2, wide, dark")
    assert root.locator(".dot").first.evaluate(fill) == "rgb(211, 220, 233)"
    page.set_viewport_size({"width": 390, "height": 900})
    settled(page, "runs 3, narrow, dark")


def test_it_is_a_picture_with_a_name_that_the_keyboard_reaches(page: Page, server: Server) -> None:
    root = _open(page, server, ("article", 4, "symmetric"))
    expect(page.get_by_role("img", name="100 values on 4 bits")).to_have_count(1)
    assert root.get_attribute("tabindex") == "0"
    press(page, "bits")
    page.keyboard.press("Tab")
    assert root.evaluate("node => node === document.activeElement")


_CROWDED: list[State] = [
    ("article", 4, "symmetric"),
    ("article", 4, "affine"),
    ("article", 1, "symmetric"),
    ("article", 16, "symmetric"),
    ("outliers", 4, "symmetric clipped"),
    ("outliers body", 8, "symmetric clipped"),
    ("outliers body", 3, "affine"),
    ("relu", 4, "symmetric"),
    ("far", 8, "affine"),
    ("far", 3, "free"),
    ("negative", 6, "affine clipped"),
    ("equal", 4, "symmetric"),
    ("single", 2, "symmetric"),
    ("none", 4, "symmetric"),
    ("normal", 12, "affine clipped"),
]


def test_words_cover_no_word_and_no_value(page: Page, server: Server) -> None:
    _open(page, server, *_CROWDED)
    for width in (330, 390, 760, 1192):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(_DRAWN_AT_THEIR_WIDTH)
        for state, root in zip(_CROWDED, page.locator(".ql-fall").all(), strict=True):
            boxes, wide = root.evaluate(_BOXES), root.evaluate("node => node.clientWidth")
            words = boxes["words"]
            assert words, state
            for i, word in enumerate(words):
                assert -0.5 <= word["x0"] < word["x1"] <= wide + 0.5, (state, wide, word)
                # A line's box holds the empty rows above and below its letters: those may touch.
                for other in [*words[:i], *boxes["dots"]]:
                    apart = word["x1"] <= other["x0"] + 0.5 or other["x1"] <= word["x0"] + 0.5
                    apart |= word["y1"] <= other["y0"] + 5 or other["y1"] <= word["y0"] + 5
                    assert apart, (state, wide, word, other)
