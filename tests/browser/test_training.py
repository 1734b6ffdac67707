"""The page of PTQ and QAT in a browser: it opens on its curve, trains in front of one, stops, and hinders nobody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from accessibility import sideways, violations
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from steps import appear, button, settled, visit

from quantlab.experiments import codec
from quantlab.experiments.training import Result, Settings, run, stories
from quantlab.experiments.training.kept import kept
from quantlab.ui.anatomy import spoken
from quantlab.ui.training.views import VIEWS

APP = ROOT / "app.py"
_QUICK = Settings(data="moons", seeds=1, epochs="20:15", bits=8)


def open_state(page: Page, server: Server, state: Settings | None = None) -> Result:
    """Open a state by its link and see that it is shown."""
    state = state or Settings()
    query = urlencode(codec.encode(state))
    visit(page, server, f"/training?{query}" if query else "/training")
    return shows(page, state)


def shows(page: Page, state: Settings) -> Result:
    """See that the sentence is that of a kept state."""
    wanted = run(state, kept(state) or ())
    settled(page, " ".join(spoken(stories.sentence(wanted)).split()))
    return wanted


def test_the_page_opens_on_its_curve_with_a_mark_for_each_seed(page: Page, server: Server) -> None:
    wanted = open_state(page, server)
    hero = page.locator(".st-key-hero")
    expect(hero.locator(".scatterlayer .point").first).to_be_attached()
    # A mark for each network, and one for the mean of each method at each width.
    assert hero.locator(".scatterlayer .point").count() == len(wanted.runs) - 5 + 21
    expect(page.locator(".st-key-training-status")).to_contain_text(re.compile("by the same code|on this machine"))


def test_every_try_leads_to_its_state_and_back_undoes_it(page: Page, server: Server) -> None:
    open_state(page, server)
    for label, state in stories.TRIES.items():
        page.get_by_role("button", name=label, exact=True).click()
        shows(page, state)
    page.go_back()
    shows(page, list(stories.TRIES.values())[-2])


def test_pin_draws_the_state_dashed_and_unpin_lets_it_go(page: Page, server: Server) -> None:
    open_state(page, server, Settings(scratch=True))
    dashed = page.locator(".st-key-hero .scatterlayer path.js-line[style*=dasharray]")
    expect(dashed).to_have_count(0)
    button(page, "Pin").click()
    expect(button(page, "Unpin")).to_be_visible()
    button(page, "spirals at 4 bits").click()
    shows(page, Settings(data="spirals", bits=4))
    expect(dashed).to_have_count(3)  # of PTQ, QAT and LSQ
    expect(page.locator(".st-key-numbers")).to_contain_text("vs pinned")
    button(page, "Unpin").click()
    settled(page, "At 4 bits")
    expect(dashed).to_have_count(0)


@pytest.mark.parametrize("label", VIEWS)
def test_every_view_opens(page: Page, server: Server, label: str) -> None:
    open_state(page, server, Settings(view=label.lower().replace(" ", "-")))
    expect(page.locator(".st-key-view")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert violations(page) == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, server: Server, width: int, scheme: str) -> None:
    appear(page, width=width, color_scheme=scheme)
    open_state(page, server, Settings(data="spirals"))
    assert violations(page) == []
    assert not sideways(page)


@pytest.mark.fresh
def test_training_here_runs_to_its_end_by_itself_and_the_sentence_follows(page: Page, server: Server) -> None:
    open_state(page, server, _QUICK)
    page.get_by_role("button", name="Train it here").click()
    status = page.locator(".st-key-training-status")
    expect(status).to_contain_text(re.compile(r"Trained here, 22 networks in"), timeout=60_000)
    expect(page.locator(".st-key-sentence")).to_contain_text("At 8 bits")
    expect(page.get_by_role("button", name="Train it here")).to_be_visible()


@pytest.mark.fresh
def test_a_stop_leaves_what_is_finished_and_the_controls_answer_meanwhile(page: Page, server: Server) -> None:
    open_state(page, server, Settings(epochs="100:80", seeds=10))
    page.get_by_role("button", name="Train it here").click()
    status = page.locator(".st-key-training-status")
    expect(status).to_contain_text(re.compile(r"Training, [1-9]\d* of 220 networks, about .* left"), timeout=60_000)
    page.get_by_role("radio", name="LSQ").click()
    expect(page.locator(".st-key-title-losses")).to_contain_text("LSQ")
    page.get_by_role("button", name="Stop").click()
    expect(status).to_contain_text(re.compile(r"Stopped after \d+ of 220 networks"), timeout=20_000)


def test_a_hostile_link_is_mended_in_one_sentence(page: Page, server: Server) -> None:
    visit(page, server, "/training?seeds=9999&epochs=1e9&rate=nan&bits=1")
    settled(page, "nothing is lost")
    expect(page.locator(".st-key-notice")).to_contain_text("values for bits, seeds, epochs and rate could not be used")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def _table(head: str = "east,north,label") -> dict[str, Any]:
    rows = [f"{n % 10},{n // 10},{'left' if n % 10 < 5 else 'right'}" for n in range(100)]
    return {"name": "*half*.csv", "mimeType": "text/csv", "buffer": "\n".join([head, *rows]).encode()}


@pytest.mark.fresh
def test_a_table_of_ones_own_is_asked_for_refused_taken_and_kept_out_of_links(page: Page, server: Server) -> None:
    visit(page, server, "/training?data=yours&epochs=20:15&bits=4&seeds=1")
    settled(page, "Here goes your own table")
    assert violations(page) == []
    expect(page.get_by_role("button", name="Train it here")).to_be_disabled()
    page.locator(".st-key-hero input[type=file]").set_input_files(_table("east,north,kind"))
    refusal = page.locator(".st-key-refusal-labelled")
    expect(refusal).to_contain_text("No column is named label, class, target or y, got east, north, kind;")
    page.locator(".st-key-hero input[type=file]").set_input_files(_table())
    expect(page.locator(".st-key-notice")).to_contain_text("*half*.csv: 100 rows, 2 columns of numbers")
    expect(page.locator(".st-key-title-boundaries")).to_contain_text("your own table, 4 bits")
    expect(refusal).to_have_count(0)
    page.get_by_role("button", name="Train it here").click()
    expect(page.locator(".st-key-training-status")).to_contain_text("Trained here, 22 networks in", timeout=60_000)
    assert "data=yours" in page.url
    page.get_by_role("link", name="Tensor").click()
    settled(page)
    assert "data=" not in page.url
    page.reload()
    visit(page, server, "/training?data=yours")
    settled(page, "Here goes your own table")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_curve_is_fitted_and_nobody_speaks_of_accuracy(page: Page, server: Server, width: int) -> None:
    appear(page, width=width)
    open_state(page, server, Settings(data="regression", bits=4, view="integer-only"))
    expect(page.locator(".st-key-title-fits")).to_contain_text("a noisy curve, 4 bits")
    assert "accurac" not in page.get_by_test_id("stMain").inner_text().lower()
    assert violations(page) == []
    assert not sideways(page)
