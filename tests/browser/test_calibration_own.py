"""An array of one's own on the Calibration page: asked for, taken, cut into batches, refused where it is too short."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from accessibility import sideways, violations
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from steps import settled, upload, visit

from quantlab.arrays import Array
from quantlab.experiments.calibration import Settings, run, stories
from quantlab.ui.anatomy import spoken

APP = ROOT / "app.py"
EMPTY = "Here goes your own array"
ROWS = np.random.default_rng(4).standard_t(3, (500, 6)).astype(np.float32)


def _npy(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _shows(page: Page, values: np.ndarray, **fields: object) -> None:
    """See that sentence and brackets are those of an array."""
    wanted = run(Settings(data="yours", **fields), Array.of(values, "mine"))  # type: ignore[arg-type]
    settled(page, " ".join(spoken(stories.sentence(wanted)).split()))
    expect(page.locator(".ql-brackets .bracket")).to_have_count(5)
    expect(page.locator(".ql-brackets .bracket.best")).to_have_attribute("data-name", wanted.best().label)
    expect(page.locator(".ql-brackets > svg")).to_have_attribute("data-at", str(wanted.seen))


def _top_of_the_numbers(page: Page) -> float:
    box = page.locator(".st-key-numbers").bounding_box()
    assert box
    return box["y"] + float(page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"))


@pytest.mark.fresh
@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_without_an_array_asks_for_one_and_then_shows_it(
    server: Server, open_browser: Callable[..., Page], width: int
) -> None:
    page = open_browser(width=width)
    visit(page, server, "/calibration?data=yours")
    settled(page, EMPTY)
    assert violations(page) == []
    assert not sideways(page)
    top = _top_of_the_numbers(page)
    upload(page, "rows.npy", _npy(ROWS))
    _shows(page, ROWS)
    assert _top_of_the_numbers(page) == pytest.approx(top, abs=0.5)
    expect(page.locator(".st-key-notice")).to_contain_text("rows.npy: 500 × 6, float32")
    expect(page.get_by_test_id("stMain")).to_contain_text("400 of 500 rows pass in 32 batches")
    expect(page.get_by_role("spinbutton", name="Odd batch ×")).to_be_disabled()
    assert violations(page) == []


@pytest.mark.fresh
def test_the_link_says_that_an_array_stays(page: Page, server: Server, open_browser: Callable[..., Page]) -> None:
    visit(page, server, "/calibration?data=yours")
    settled(page, EMPTY)
    upload(page, "rows.npy", _npy(ROWS))
    _shows(page, ROWS)
    page.get_by_test_id("stMain").get_by_role("button", name="Share").click()
    expect(page.get_by_label("Link")).to_have_value(f"{server.url}/calibration?data=yours")
    expect(page.get_by_text("stays in your session and is not in the link")).to_be_visible()
    other = open_browser()
    other.goto(page.url)
    settled(other, EMPTY)


@pytest.mark.fresh
def test_too_few_rows_are_refused_beside_the_control_and_the_earlier_array_stays(page: Page, server: Server) -> None:
    visit(page, server, "/calibration?data=yours")
    settled(page, EMPTY)
    field = page.get_by_role("textbox", name="Paste numbers")
    field.fill("1 2 3\n4 5 6")
    field.press("Control+Enter")
    expect(page.locator(".st-key-refusal-paste")).to_contain_text("at least 10 observations")
    upload(page, "rows.npy", _npy(ROWS))
    _shows(page, ROWS)
    page.locator(".st-key-more button").first.click()
    upload(page, "short.npy", _npy(ROWS[:7]))
    expect(page.locator(".st-key-refusal-upload")).to_contain_text("7 × 6 has 7")
    _shows(page, ROWS)


@pytest.mark.fresh
def test_an_array_comes_along_from_the_tensor_page_and_one_that_is_too_short_is_said_to_be(
    page: Page, server: Server
) -> None:
    visit(page, server, "/?data=yours")
    settled(page, EMPTY)
    upload(page, "short.npy", _npy(ROWS[:7]))
    expect(page.locator(".st-key-notice")).to_contain_text("short.npy")
    page.get_by_role("link", name="Calibration").click()
    expect(page.locator(".st-key-notice")).to_contain_text("7 × 6 has 7")
    settled(page, EMPTY)
    field = page.get_by_role("textbox", name="Paste numbers")
    field.fill(" ".join(map(str, range(40))))
    field.press("Control+Enter")
    _shows(page, np.arange(40, dtype=np.float32))
