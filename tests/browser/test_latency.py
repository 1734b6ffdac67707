"""What the table of answering times presses and watches is there, on every page that it has a row for."""

from __future__ import annotations

import pytest
from conftest import ROOT, Server
from latency import OPENED, ROWS
from playwright.sync_api import Page, expect
from steps import visit

APP = ROOT / "app.py"


@pytest.mark.parametrize("name", ROWS)
def test_a_key_on_what_is_pressed_changes_the_state_and_what_is_watched_is_shown(
    page: Page, server: Server, name: str
) -> None:
    row = ROWS[name]
    visit(page, server, row.path)
    expect(page.locator(row.watched).first).to_be_visible()
    before = page.url
    page.locator(row.pressed).first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != before)


@pytest.mark.parametrize("what", OPENED)
def test_what_is_opened_opens(page: Page, server: Server, what: str) -> None:
    name, button = OPENED[what]
    visit(page, server, ROWS[name].path)
    found = page.locator(button).first
    expect(found).to_contain_text(what.removesuffix(" view"))
    found.click()
    shown = page.locator(".st-key-view" if what.endswith(" view") else "[data-testid=stPopoverBody]")
    expect(shown.first).to_be_visible()
