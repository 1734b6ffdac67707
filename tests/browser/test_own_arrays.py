"""A visitor's own array comes in by file and by pasting; it stays theirs, and what is refused changes nothing."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from conftest import ROOT, Server
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from steps import press, settled, upload, visit

APP = ROOT / "app.py"
EMPTY = "Here goes your own array"


def _open(page: Page, server: Server, query: str = "", *expected: str) -> None:
    visit(page, server, f"/{query}")
    settled(page, *expected)


def _query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def _notice(page: Page) -> Locator:
    return page.locator(".st-key-notice")


def _npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _shown(page: Page, words: str) -> None:
    expect(_notice(page)).to_contain_text(words)
    settled(page)
    expect(page.locator(".st-key-hero svg").first).to_be_visible()
    page.wait_for_url(lambda url: "data=yours" in url)


@pytest.mark.fresh
def test_of_an_npz_each_array_can_be_chosen(page: Page, server: Server) -> None:
    file = io.BytesIO()
    np.savez(file, first=np.ones((2, 2), np.float32), second=np.arange(5.0), words=np.array(["a"]))
    _open(page, server, "?data=yours&view=data", EMPTY)
    upload(page, "layers.npz", file.getvalue())
    _shown(page, "layers.npz: first: 2 × 2, float32")
    choice = page.get_by_label("Array of the file").last
    # The list closes when the page scrolls, as a click does that has to come into view first.
    choice.scroll_into_view_if_needed()
    choice.click()
    page.get_by_role("option", name="second: 5, float64").click()
    _shown(page, "layers.npz: second: 5, float64")
    choice.click()
    page.get_by_role("option", name="words").click()
    expect(page.locator(".st-key-refusal-upload")).to_be_visible()
    expect(page.locator(".st-key-view")).to_contain_text("second: 5, float64")


@pytest.mark.fresh
def test_a_table_with_decimal_commas_says_how_it_was_read(page: Page, server: Server) -> None:
    _open(page, server, "?data=yours", EMPTY)
    upload(page, "<img src=x onerror=alert(1)>*b*.csv", b"a;b\n1,5;2\n;-0,25\n")
    _shown(page, "<img src=x onerror=alert(1)>*b*.csv: 2 × 2, float32 (semicolon-separated, decimal comma")
    expect(_notice(page)).to_contain_text("1 value is NaN and was left out")
    assert page.locator(".st-key-notice img").count() == 0


@pytest.mark.fresh
def test_a_refused_file_is_one_sentence_beside_the_uploader_and_the_earlier_array_stays(
    page: Page, server: Server
) -> None:
    _open(page, server, "?view=data", "21.7")
    upload(page, "evil.npy", pickle.dumps([1, 2, 3]))
    said = page.locator(".st-key-refusal-upload")
    expect(said).to_contain_text("pickle")
    settled(page, "21.7")
    assert "data" not in _query(page)
    beside, uploader = said.bounding_box(), page.locator("[data-testid=stFileUploader]").bounding_box()
    assert beside
    assert uploader
    assert 0 <= beside["y"] - (uploader["y"] + uploader["height"]) < 40
    press(page, "bits", "ArrowRight")
    expect(page.locator(".st-key-numbers")).to_contain_text("of 32")
    upload(page, "good.txt", b"1 2\n3 4\n")
    _shown(page, "good.txt: 2 × 2, float32")
    expect(said).to_have_count(0)


@pytest.mark.fresh
def test_news_of_an_array_go_with_a_step_back(page: Page, server: Server) -> None:
    _open(page, server, "?data=yours", EMPTY)
    press(page, "bits", "ArrowRight")
    page.wait_for_url(lambda url: "bits=5" in url)
    page.get_by_role("textbox", name="Paste numbers").fill("1 2 3")
    page.get_by_role("textbox", name="Paste numbers").press("Control+Enter")
    _shown(page, "pasted numbers: 3, float32")
    page.go_back()
    page.wait_for_url(lambda url: "bits" not in url)
    settled(page)
    expect(_notice(page)).not_to_contain_text("pasted numbers")


@pytest.mark.fresh
def test_pasted_numbers_and_back(page: Page, server: Server) -> None:
    _open(page, server, "?data=yours", EMPTY)
    field = page.get_by_role("textbox", name="Paste numbers")
    field.fill("[[1, 2, x]")
    page.get_by_role("button", name="Use these numbers").click()
    expect(page.locator(".st-key-refusal-paste")).to_contain_text("not a number")
    field.fill("[[1, 2, 3], [4, 5, 6.5]]")
    field.press("Control+Enter")
    _shown(page, "pasted numbers: 2 × 3, float32")
    page.get_by_role("button", name="an outlier", exact=True).click()
    page.wait_for_url(lambda url: "data=outlier" in url)
    page.go_back()
    settled(page)
    expect(page.locator(".st-key-hero svg").first).to_be_visible()
    assert _query(page)["data"] == ["yours"]


def _edit(page: Page, row: int, column: int, text: str) -> None:
    table = page.locator(".st-key-view [data-testid=stDataFrame]")
    table.scroll_into_view_if_needed()
    table.locator("canvas").first.wait_for()
    # Keys that come before the cell's own field is open go to the table, which moves its selection by them.
    field = page.locator("#portal input")
    for _ in range(5):
        box = table.bounding_box()
        assert box
        page.mouse.dblclick(box["x"] + 75 + 81 * column, box["y"] + 52 + 35 * row)
        with suppress(PlaywrightTimeoutError):
            field.wait_for(timeout=3_000)
            break
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_count(0)


def _values(page: Page) -> np.ndarray:
    return np.load(_download(page, "Values (.npy)"))


@pytest.mark.fresh
def test_an_edited_cell_makes_a_built_in_array_the_visitors_and_can_be_undone(page: Page, server: Server) -> None:
    _open(page, server, "?view=data", "21.7")
    original = _values(page)
    drawn = page.locator(".st-key-hero [data-state]").first
    first_drawing = drawn.get_attribute("data-state")
    assert first_drawing
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    _edit(page, 0, 1, "3")
    page.wait_for_url(lambda url: "data=yours" in url)
    settled(page, "Values in [0.0047, 3]")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") >= scrolled
    expect(page.locator(".st-key-view")).to_contain_text("article rand: 10 × 10, float32 (edited here)")
    expect(page.locator(".st-key-numbers")).to_contain_text("14.4 dB")
    expect(drawn).not_to_have_attribute("data-state", first_drawing)
    once = original.copy()
    once[0, 1] = 3
    assert np.array_equal(_values(page), once)
    _edit(page, 1, 1, "-2.5")
    settled(page, "3.00 rounds to code 8")
    twice = once.copy()
    twice[1, 1] = -2.5
    assert np.array_equal(_values(page), twice)
    undo = page.get_by_role("button", name="Undo edit")
    undo.click()
    settled(page, "Values in [0.0047, 3]")
    assert np.array_equal(_values(page), once)
    undo.click()
    settled(page, "21.7")
    expect(undo).to_be_disabled()
    assert "data" not in _query(page)
    assert np.array_equal(_values(page), original)


@pytest.mark.fresh
def test_back_leaves_an_edited_array_and_forward_returns_to_it(page: Page, server: Server) -> None:
    _open(page, server, "?view=data", "21.7")
    original = _values(page)
    _edit(page, 2, 1, "-4")
    page.wait_for_url(lambda url: "data=yours" in url)
    edited = _values(page)
    page.go_back()
    settled(page, "21.7")
    assert np.array_equal(_values(page), original)
    page.go_forward()
    page.wait_for_url(lambda url: "data=yours" in url)
    settled(page)
    expect(page.locator(".st-key-view")).to_contain_text("(edited here)")
    assert np.array_equal(_values(page), edited)
    assert edited[2, 1] == -4


@pytest.mark.fresh
def test_a_refused_edit_leaves_the_table_as_it_was(page: Page, server: Server) -> None:
    _open(page, server, "?data=yours&view=data", EMPTY)
    upload(page, "one.csv", b"1.5\n")
    _shown(page, "one.csv")
    _edit(page, 0, 0, "")
    expect(page.locator(".st-key-refusal-table")).to_be_visible()
    settled(page)
    # The table is laid anew with what it held before, at times after all else has come to rest.
    cell = page.locator(".st-key-view [data-testid=stDataFrame] canvas [role=gridcell]").first
    expect(cell).to_have_text("1.5")
    _edit(page, 0, 0, "2.5")
    expect(page.locator(".st-key-refusal-table")).to_have_count(0)
    assert _values(page).tolist() == [2.5]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_array_moves_nothing(server: Server, open_browser: Callable[..., Page], width: int) -> None:
    page = open_browser(width=width)
    _open(page, server, "?data=yours", EMPTY)
    tops = {name: _top(page, name) for name in ("hero", "numbers")}
    upload(page, "a.csv", b"1 2\n3 4\n")
    _shown(page, "a.csv")
    for name, top in tops.items():
        assert _top(page, name) == pytest.approx(top, abs=0.5), name


def _top(page: Page, name: str) -> float:
    box = page.locator(f".st-key-{name}").bounding_box()
    assert box
    return box["y"] + float(page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"))


def _download(page: Page, label: str) -> Path:
    with page.expect_download() as coming:
        page.get_by_role("button", name=label).click()
    return coming.value.path()


def test_the_exports_are_the_page_s_own_codes(page: Page, server: Server) -> None:
    _open(page, server, "?view=data&bits=8", "whole step")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Codes, scale, zero point (.npz)").click()
    assert coming.value.suggested_filename == "quantlab-tensor-article-8-bit-symmetric-codes.npz"
    with np.load(coming.value.path()) as file:
        assert file["codes"].dtype == np.int8
        assert file["codes"].max() == 127
        assert file["zero_point"] == 0


@pytest.mark.fresh
def test_nan_disables_the_export_of_codes(page: Page, server: Server) -> None:
    _open(page, server, "?data=yours&view=data", EMPTY)
    upload(page, "a.npy", _npy(np.array([1.0, np.nan, np.inf], np.float32)))
    _shown(page, "1 value is infinite")
    expect(page.get_by_role("button", name="Codes, scale, zero point (.npz)")).to_be_disabled()
    expect(page.get_by_role("button", name="Report (JSON)")).to_be_enabled()


@pytest.mark.fresh
def test_the_link_holds_no_values_and_another_browser_is_asked(
    page: Page, server: Server, open_browser: Callable[..., Page]
) -> None:
    _open(page, server, "?data=yours", EMPTY)
    upload(page, "secret.csv", b"123.25 4\n5 6\n")
    _shown(page, "secret.csv")
    page.get_by_test_id("stMain").get_by_role("button", name="Share").click()
    expect(page.get_by_label("Link")).to_have_value(f"{server.url}/?data=yours")
    other = open_browser()
    other.goto(page.url)
    settled(other, EMPTY)
    assert "123" not in other.content()
    other.get_by_role("button", name="the article at 8 bits").click()
    settled(other, "whole step")


@pytest.mark.parametrize("place", ["chart", "map"])
def test_a_click_on_a_channel_shows_it_alone(page: Page, server: Server, place: str) -> None:
    _open(page, server, "?view=channels&per=channel:0", "worst")
    chart = page.locator({"chart": ".st-key-channels", "map": ".st-key-map"}[place]).locator(".js-plotly-plot")
    chart.scroll_into_view_if_needed()
    box = chart.locator(".bglayer, .plot").first.bounding_box()
    assert box
    # The third of ten rows: of the chart from the left, of the map from the top.
    if place == "chart":
        page.mouse.click(box["x"] + box["width"] * 0.256, box["y"] + box["height"] * 0.3)
    else:
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.25)
    page.wait_for_url(lambda url: "channel=2" in url)
    settled(page)
    field = page.get_by_label("Channel", exact=True)
    expect(field).to_have_value("2")
    field.fill("")
    field.press("Enter")
    page.wait_for_url(lambda url: "channel=2" not in url)


def test_one_scale_can_be_split_from_the_channels(page: Page, server: Server) -> None:
    _open(page, server, "?view=channels", "21.7")
    expect(page.get_by_label("Channel", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Give each row its own scale").click()
    page.wait_for_url(lambda url: "per=channel:0" in url or "per=channel%3A0" in url)
    expect(page.get_by_label("Channel", exact=True)).to_be_enabled()
