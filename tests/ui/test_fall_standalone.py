"""The fall in one file: nothing is fetched, nothing from outside becomes markup, and the data are the drawing's."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from quantlab.charts import PALETTES
from quantlab.ui.components.fall import Few, Grid, Picture, drawing, standalone

EVIL = "</script><script>alert(\"x\")</script><!-- <img src=x> & 'it'"


class Parsed(HTMLParser):
    """A page's tags, what they would load, and the text inside its elements by their ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        self._open = dict(attrs).get("id") or tag

    def handle_data(self, data):
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag):
        self._open = ""


@pytest.fixture(scope="module")
def picture() -> Picture:
    x = np.array([-0.9, -0.2, 0.1, 0.6, 1.4])
    codes = np.clip(np.rint(x / 0.5), -2, 1).astype(np.int64)
    return Picture(
        data_id=EVIL,
        values=Few(x, codes, codes * 0.5, np.array([False, False, False, False, True])),
        grid=Grid(0.5, 0, -2, 1, np.bincount(codes + 2, minlength=4)),
        axis=(-1.5, 1.5),
        n=5,
        clipped_low=0,
        clipped_high=1,
        x_min=-0.9,
        x_max=1.4,
        below=0,
        above=0,
    )


@pytest.fixture(scope="module")
def page(picture: Picture) -> str:
    return standalone(picture, title="Levels", alt="Five values fall.", name="levels", chosen=3)


def test_the_data_are_what_the_page_draws(page: str, picture: Picture) -> None:
    data = json.loads(Parsed(page).texts["data"])
    own = {"alt": "Five values fall.", "chosen": 3, "state": "levels"}
    assert data["drawing"] == json.loads(json.dumps(drawing(picture))) | own
    assert {name: data[name] for name in ("title", "alt", "name")} == {
        "title": "Levels",
        "alt": "Five values fall.",
        "name": "levels",
    }


def test_text_from_outside_stays_text(page: str, picture: Picture) -> None:
    evil = Parsed(standalone(picture, title=EVIL, alt=EVIL, name=EVIL))
    assert evil.tags == Parsed(page).tags
    assert evil.texts["h1"] == evil.texts["p"] == evil.texts["title"] == EVIL
    data = json.loads(evil.texts["data"])
    assert [data["title"], data["alt"], data["name"], data["drawing"]["of"]] == [EVIL] * 4


def test_nothing_is_fetched(page: str) -> None:
    assert Parsed(page).loads == []
    assert "@import" not in page
    sources = re.findall(r"url\(['\"]?([a-z]+:[a-z0-9/]*)", page)
    assert set(sources) == {"data:font/woff2"}
    named = set(re.findall(r"https?://[^\s\"'`<]+", page))
    assert named == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert "default-src 'none'" in page


def test_both_palettes_go_along_under_the_names_of_the_style_sheet(page: str) -> None:
    asked = set(re.findall(r"var\(--ql-([a-z-]+)\)", page))
    assert asked
    for name in asked:
        light, dark = (PALETTES[scheme][name.replace("-", "_")] for scheme in ("light", "dark"))
        assert f"--ql-{name}:light-dark({light},{dark});" in page
