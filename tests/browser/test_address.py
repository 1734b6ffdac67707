"""The address bar and the page say the same, whichever of them changes; on two small pages in the real frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import Server
from playwright.sync_api import Page, Route, expect
from steps import press, settled, visit

APP = Path(__file__).resolve().parent / "apps" / "two" / "app.py"


def _query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def _entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


def _notice(page: Page) -> str:
    return page.locator(".st-key-notice").inner_text().strip()


def _open(page: Page, server: Server, path: str = "/", *expected: str) -> None:
    visit(page, server, path)
    settled(page, *expected)


@pytest.mark.fresh
def test_defaults_leave_the_address_empty(page: Page, server: Server) -> None:
    _open(page, server, "/", "one bits=4 symmetric=True data=article clip=1.0")
    assert _query(page) == {}
    assert _notice(page) == ""


@pytest.mark.fresh
def test_each_change_is_one_entry_that_back_undoes_and_forward_redoes(page: Page, server: Server) -> None:
    _open(page, server, "/", "bits=4")
    before = _entries(page)
    press(page, "bits", "ArrowRight")
    settled(page, "bits=5")
    page.get_by_role("radio", name="Affine").or_(page.get_by_role("button", name="Affine")).first.click()
    settled(page, "symmetric=False")
    press(page, "clip", "ArrowRight")
    settled(page, "clip=1.1")
    assert _query(page) == {"bits": ["5"], "grid": ["affine"], "clip": ["1.1"]}
    assert _entries(page) == before + 3

    for expected in ("symmetric=False data=article clip=1.0", "bits=5 symmetric=True", "bits=4 symmetric=True"):
        page.go_back()
        settled(page, expected)
    assert page.locator(".st-key-control-bits input[type=range]").input_value() == "4"
    assert _query(page) == {}
    for expected in ("bits=5 symmetric=True", "symmetric=False", "clip=1.1"):
        page.go_forward()
        settled(page, expected)
    assert page.locator(".st-key-control-clip input[type=range]").input_value() == "1.1"
    assert _entries(page) == before + 3


@pytest.mark.fresh
def test_back_and_forward_cross_pages_and_each_page_keeps_its_own(page: Page, server: Server) -> None:
    _open(page, server, "/?clip=2.5&grid=affine", "clip=2.5")
    press(page, "bits", "ArrowRight")
    settled(page, "bits=5")
    before = _entries(page)
    page.get_by_role("link", name="Two").click()
    settled(page, "two bits=5 symmetric=False data=digits rows=3")
    assert urlsplit(page.url).path == "/two"
    assert _query(page) == {"bits": ["5"], "grid": ["affine"]}
    assert _entries(page) == before + 1
    press(page, "rows", "ArrowRight")
    settled(page, "rows=4")
    press(page, "bits", "ArrowRight")
    settled(page, "bits=6")
    page.get_by_role("link", name="One").click()
    settled(page, "one bits=6 symmetric=False data=article clip=2.5")
    assert page.locator(".st-key-control-bits input[type=range]").input_value() == "6"

    for expected in (
        "two bits=6",
        "two bits=5 symmetric=False data=digits rows=4",
        "rows=3",
        "one bits=5",
        "one bits=4",
    ):
        page.go_back()
        settled(page, expected)
    for expected in ("one bits=5", "two bits=5", "rows=4", "two bits=6", "one bits=6"):
        page.go_forward()
        settled(page, expected)


@pytest.mark.fresh
def test_untouched_defaults_do_not_travel_but_a_value_set_back_does(page: Page, server: Server) -> None:
    _open(page, server, "/", "one bits=4")
    page.get_by_role("link", name="Two").click()
    settled(page, "two bits=8")
    page.get_by_role("link", name="One").click()
    settled(page, "one bits=4")
    press(page, "bits", "ArrowRight")
    settled(page, "one bits=5")
    press(page, "bits", "ArrowLeft")
    settled(page, "one bits=4")
    page.get_by_role("link", name="Two").click()
    settled(page, "two bits=4")


@pytest.mark.fresh
@pytest.mark.parametrize(("there", "arrives"), [("normal", "normal"), ("yours", "digits")])
def test_data_travels_only_to_a_page_that_has_it(page: Page, server: Server, there: str, arrives: str) -> None:
    _open(page, server, f"/?data={there}", f"data={there}")
    page.get_by_role("link", name="Two").click()
    settled(page, f"two bits=8 symmetric=True data={arrives}")
    assert _notice(page) == ""


def test_a_reload_and_a_second_browser_show_the_same(open_browser: Callable[..., Page], server: Server) -> None:
    first = open_browser()
    _open(first, server, "/", "bits=4")
    press(first, "bits", "ArrowRight", "ArrowRight")
    settled(first, "bits=6")
    expect(first).to_have_url(f"{server.url}/?bits=6")
    first.reload()
    settled(first, "bits=6")
    second = open_browser()
    second.goto(first.url)
    settled(second, "bits=6")
    assert second.locator(".st-key-control-bits input[type=range]").input_value() == "6"


def test_ten_fast_presses_end_on_the_right_value(page: Page, server: Server) -> None:
    _open(page, server, "/", "bits=4")
    press(page, "bits", *["ArrowRight"] * 10, pause_ms=30)
    settled(page, "bits=14")
    expect(page).to_have_url(f"{server.url}/?bits=14")
    assert page.locator(".st-key-control-bits input[type=range]").input_value() == "14"
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(15)
    page.wait_for_timeout(500)
    settled(page)
    shown = page.locator(".st-key-sentence").inner_text()
    given = _query(page).get("bits", ["4"])[0]
    assert f"bits={given} " in shown
    assert page.locator(".st-key-control-bits input[type=range]").input_value() == given


def test_a_hidden_control_keeps_its_value(page: Page, server: Server) -> None:
    _open(page, server, "/?grid=affine&clip=2.5", "clip=2.5")
    page.get_by_role("radio", name="Symmetric").or_(page.get_by_role("button", name="Symmetric")).first.click()
    settled(page, "symmetric=True data=article clip=2.5")
    expect(page.locator(".st-key-control-clip")).to_have_count(0)
    page.get_by_role("radio", name="Affine").or_(page.get_by_role("button", name="Affine")).first.click()
    settled(page, "symmetric=False data=article clip=2.5")
    assert page.locator(".st-key-control-clip input[type=range]").input_value() == "2.5"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("bits=17", marks=pytest.mark.fresh),
        pytest.param("bits=" + "9" * 5_000, marks=pytest.mark.fresh),
        "bits=nan",
        "bits=1e400",
        "bits=",
        "bits=%00",
        pytest.param("bits=<script>alert(1)</script>", marks=pytest.mark.fresh),
        pytest.param("bits=%FF%FE", marks=pytest.mark.fresh),
    ],
)
def test_a_hostile_value_falls_back_with_a_notice_and_leaves_the_address(
    page: Page, server: Server, query: str
) -> None:
    _open(page, server, f"/?{query}&clip=2", "bits=4 symmetric=True data=article clip=2.0")
    assert _notice(page).endswith("The link's value for bits could not be used; the default stands in its place.")
    expect(page).to_have_url(f"{server.url}/?clip=2")
    press(page, "bits", "ArrowRight")
    settled(page, "bits=5")
    assert _notice(page) == ""


@pytest.mark.fresh
def test_several_mended_values_share_one_notice(page: Page, server: Server) -> None:
    _open(
        page,
        server,
        "/?bits=0&grid=round&clip=inf&pin=junk&utm_source=x",
        "bits=4 symmetric=True data=article clip=1.0",
    )
    assert "values for bits, grid, clip and pin could" in _notice(page)
    expect(page).to_have_url(f"{server.url}/")


def test_of_a_repeated_name_the_last_counts(page: Page, server: Server) -> None:
    _open(page, server, "/?bits=5&bits=7", "bits=7")


def test_three_thousand_unknown_characters_do_no_harm(page: Page, server: Server) -> None:
    _open(page, server, "/?x=" + "a" * 3_000 + "&bits=5", "bits=5")
    expect(page).to_have_url(f"{server.url}/?bits=5")


def test_the_notice_moves_nothing(page: Page, server: Server) -> None:
    _open(page, server, "/", "bits=4")
    plain = page.locator(".st-key-sentence").bounding_box()
    _open(page, server, "/?bits=99", "bits=4")
    assert _notice(page) != ""
    assert page.locator(".st-key-sentence").bounding_box() == plain


def test_a_refused_value_is_a_notice_and_what_stood_before_stays(page: Page, server: Server) -> None:
    _open(page, server, "/?clip=2", "clip=2.0")
    page.get_by_label("Typed").fill("<b>wide</b>")
    page.get_by_label("Typed").press("Enter")
    expect(page.locator(".st-key-notice")).to_contain_text(
        "clip must be a number, got <b>wide</b>; write one such as 0.5."
    )
    settled(page, "clip=2.0")
    page.get_by_label("Typed").fill("99")
    page.get_by_label("Typed").press("Enter")
    expect(page.locator(".st-key-notice")).to_contain_text("from 0.1 to 4.0 was expected, got 99")
    page.get_by_label("Typed").fill("0.5")
    page.get_by_label("Typed").press("Enter")
    settled(page, "clip=0.5")
    assert _notice(page) == ""


def _is_lit(page: Page, label: str) -> bool:
    ink = page.evaluate("getComputedStyle(document.querySelector('.st-key-sentence')).color")
    button = page.locator(".st-key-tries").get_by_role("button", name=label)
    return bool(button.evaluate("node => getComputedStyle(node).borderTopColor") == ink)


def test_a_try_is_lit_while_the_page_is_in_it(page: Page, server: Server) -> None:
    _open(page, server, "/", "bits=4")
    assert _is_lit(page, "four bits")
    button = page.locator(".st-key-tries").get_by_role("button", name="eight bits")
    button.click()
    settled(page, "bits=8")
    expect(button).to_be_focused()
    assert (_is_lit(page, "four bits"), _is_lit(page, "eight bits")) == (False, True)
    expect(page).to_have_url(f"{server.url}/?bits=8")
    press(page, "bits", "ArrowRight")
    settled(page, "bits=9")
    assert not _is_lit(page, "eight bits")
    page.go_back()
    settled(page, "bits=8")
    assert _is_lit(page, "eight bits")


def test_two_widgets_of_one_field_follow_each_other_under_fast_presses(page: Page, server: Server) -> None:
    _open(page, server, "/?grid=affine", "clip=1.0")
    press(page, "clip", *["ArrowRight"] * 12, pause_ms=25)
    settled(page, "clip=2.2")
    expect(page.get_by_label("Typed")).to_have_value("2.2")


def test_a_press_before_the_browser_has_drawn_the_other_widgets_changes_none_of_them(
    open_browser: Callable[..., Page], server: Server
) -> None:
    page = open_browser()

    def late(route: Route) -> None:
        page.wait_for_timeout(1_500)
        route.fallback()

    page.route(re.compile(r"/static/js/(TextInput|ButtonGroup|Selectbox)\."), late)
    page.goto(f"{server.url}/?data=normal")
    press(page, "bits", "ArrowRight", "ArrowRight")
    settled(page, "bits=6 symmetric=True data=normal clip=1.0")
    page.wait_for_timeout(2_500)
    press(page, "bits", "ArrowRight")
    settled(page, "bits=7 symmetric=True data=normal clip=1.0")
    assert _notice(page) == ""


def test_a_fault_of_ours_is_logged_and_the_last_state_that_worked_stays(page: Page, server: Server) -> None:
    _open(page, server, "/?bits=6", "bits=6")
    page.locator(".st-key-views").get_by_text("Fault").click()
    expect(page.locator(".st-key-notice")).to_contain_text("an error of ours, which was logged")
    settled(page, "bits=6")
    expect(page).to_have_url(f"{server.url}/?bits=6")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert "a fault of ours" in server.log
    press(page, "bits", "ArrowRight")
    settled(page, "bits=7")
    assert _notice(page) == ""


@pytest.mark.fresh
@pytest.mark.parametrize("path", ["/two?bits=5", "/two?bits=5&grid=affine"])
def test_a_link_to_a_page_works_as_the_first_visit_ever(
    page: Page, start_server: Callable[..., Server], path: str
) -> None:
    cold = start_server(APP)
    _open(page, cold, path, "two bits=5")
    assert urlsplit(page.url).path == "/two"
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert page.title() == "Two · QuantLab"
    press(page, "rows", "ArrowRight")
    settled(page, "rows=4")
    page.get_by_role("link", name="One").click()
    settled(page, "one bits=5")
    page.go_back()
    settled(page, "two bits=5", "rows=4")


def test_share_holds_the_link_that_shows_this_state(
    open_browser: Callable[..., Page], start_server: Callable[..., Server]
) -> None:
    own = start_server(APP, QUANTLAB_ADDRESS="http://classroom.example:8501")
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    _open(page, own, "/?bits=6&data=yours", "bits=6")
    page.get_by_test_id("stMain").get_by_role("button", name="Share").click()
    field = page.get_by_label("Link", exact=True)
    expect(field).to_have_value("http://classroom.example:8501/?bits=6&data=yours")
    expect(page.get_by_text("Your own array stays in your session")).to_be_visible()
    assert page.evaluate("document.activeElement.selectionEnd - document.activeElement.selectionStart") == len(
        "http://classroom.example:8501/?bits=6&data=yours"
    )
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "http://classroom.example:8501/?bits=6&data=yours"


def test_the_table_under_a_chart_is_lazy_and_its_csv_has_every_row(page: Page, server: Server) -> None:
    _open(page, server, "/?view=table", "bits=4")
    page.get_by_test_id("stMain").get_by_role("button", name="Table").last.click()
    expect(page.get_by_text("The first 1000 of 2000 rows")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.suggested_filename == "codes.csv"
    assert len(Path(download.value.path()).read_text().splitlines()) == 2_001
