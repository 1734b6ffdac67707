"""A saved chart on a machine without a network: it opens, follows light and dark, and saves itself."""

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect

from quantlab.charts import PALETTES, error_histogram, standalone


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    figure = error_histogram(
        np.array([0, 2, 15, 16, 14, 20]), np.array([3, 5, 1, 0, 0, 0]), -0.15, 0.15, scale=0.125, ideal=16.0
    )
    path: Path = tmp_path_factory.mktemp("saved") / "chart.html"
    path.write_text(
        standalone(figure, title='Error of <x> & "y"', alt="Eight values clip.", name="tensor-error"), encoding="utf-8"
    )
    return path


@pytest.fixture
def show(open_browser, file):
    def shown(color_scheme="light", width=900):
        page = open_browser(width=width, color_scheme=color_scheme, offline=True)
        page.goto(file.as_uri())
        page.wait_for_selector("#figure .scatterlayer path.js-fill")
        return page

    return shown


def rgb(colour):
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def fill(page):
    return page.eval_on_selector("#figure .scatterlayer path.js-fill", "e => getComputedStyle(e).fill")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_offline_in_its_readers_colours(show, scheme):
    page = show(scheme)
    assert fill(page) == rgb(PALETTES[scheme]["rounding_fill"])
    assert page.eval_on_selector("body", "e => getComputedStyle(e).backgroundColor") == rgb(PALETTES[scheme]["paper"])
    assert page.locator("h1").inner_text() == 'Error of <x> & "y"'
    assert page.get_by_role("img", name="Eight values clip.").count() == 1


def test_it_follows_a_switch_of_light_and_dark(show):
    page = show("light")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("path.js-fill").first).to_have_css("fill", rgb(PALETTES["dark"]["rounding_fill"]))


def test_it_asks_nobody_for_anything(show, file):
    page = show()
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in asked if not name.startswith(("data:", "blob:"))] == []


def test_it_saves_itself_as_svg_with_its_title(show, tmp_path):
    page = show()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save SVG").click()
    assert saved.value.suggested_filename == "tensor-error.svg"
    saved.value.save_as(tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    words = [node.text for node in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    assert {"error x̂ − x", 'Error of <x> & "y"'} <= set(words)
    assert not re.search(r"#0000(0[1-9]|[12]\d|30)", text)


def test_it_saves_itself_as_a_png_of_twice_the_size(show, tmp_path):
    page = show()
    width = page.eval_on_selector("#figure", "e => e.clientWidth")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    assert saved.value.suggested_filename == "tensor-error.png"
    saved.value.save_as(tmp_path / "x.png")
    head = (tmp_path / "x.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (2 * width, 2 * 330)


def test_it_fits_a_phone(show):
    page = show(width=330)
    assert page.evaluate("document.documentElement.scrollWidth") <= 330
