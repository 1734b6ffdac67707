"""The saved product on a machine without a network: it opens, plays, chooses, and saves itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from quantlab.experiments.matmul import Settings, operands, run
from quantlab.ui.components.cross import standalone
from quantlab.ui.matmul.hero import picture

SVG = "{http://www.w3.org/2000/svg}"
STATE = Settings(data="uniform")


@pytest.fixture
def page_of(open_browser: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    def opened(**options: object) -> Page:
        file = tmp_path / "product.html"
        found = run(STATE, *operands.build(STATE.data, STATE.shape, STATE.seed))
        text = standalone(picture(found), title="A product", alt="It adds up.", name="product")
        file.write_text(text, encoding="utf-8")
        page = open_browser(offline=True, **options)
        page.goto(file.as_uri())
        page.wait_for_selector(".ql-cross[data-state=product] .sum", state="attached")
        page.evaluate("fonts.then(() => new Promise(requestAnimationFrame))")
        return page

    return opened


def test_it_opens_offline_and_plays(page_of: Callable[..., Page]) -> None:
    page = page_of(width=1200)
    page.get_by_role("button", name="One term back").click()
    expect(page.locator(".ql-cross > svg")).to_have_attribute("data-at", "4")
    page.get_by_role("button", name="Play the sum").click()
    expect(page.locator(".ql-cross > svg")).to_have_attribute("data-at", "5", timeout=5_000)
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in asked if not name.startswith("data:")] == []


def test_it_saves_what_is_drawn(page_of: Callable[..., Page], tmp_path: Path) -> None:
    page = page_of(width=1200)
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save {kind}").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        assert file.name == f"product.{kind.lower()}"
        if kind == "SVG":
            texts = ["".join(node.itertext()) for node in ElementTree.parse(file).iter(f"{SVG}text")]
            found = run(STATE, *operands.build(STATE.data, STATE.shape, STATE.seed))
            assert str(found.integers[0]).replace("-", "−") in texts
        else:
            with Image.open(file) as image:
                assert len(image.convert("RGB").getcolors(1 << 20)) > 50


def test_it_fits_a_phone(page_of: Callable[..., Page]) -> None:
    assert page_of(width=330).evaluate("document.documentElement.scrollWidth") <= 330
