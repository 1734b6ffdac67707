import json
import re
from html.parser import HTMLParser

import pytest

from quantlab.charts import PALETTES, code_counts, standalone


class Page(HTMLParser):
    """Collects what a page would load, and the texts and labels in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.labels: list[str] = []
        self.buttons = 0
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.buttons += tag == "button"
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        self.labels += [value for name, value in attrs if name == "aria-label"]


def _data(page: str):
    return json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])


@pytest.fixture(scope="module")
def figure():
    return code_counts([1, 2, 3, 4], first=-2, zero_point=0)


@pytest.fixture(scope="module")
def page(figure):
    return standalone(figure, title="Codes", alt="How often each code occurs.", name="codes")


def test_nothing_is_loaded_and_the_policy_forbids_it(page):
    assert Page(page).loads == []
    assert re.search(r"Content-Security-Policy\"\s+content=\"default-src 'none'", page)


def test_the_page_names_what_it_shows_and_has_two_buttons(page):
    parsed = Page(page)
    assert parsed.labels == ["How often each code occurs."]
    assert parsed.buttons == 2


def test_text_from_outside_stays_text(page, figure):
    evil = standalone(figure, title="</title><img src=x>", alt='"><script>alert(1)</script>', name="</script><b>")
    parsed = Page(evil)
    assert "img" not in parsed.tags
    assert "b" not in parsed.tags
    assert parsed.tags.count("script") == Page(page).tags.count("script")


def test_the_figure_keeps_its_tokens_and_both_palettes_go_along(page, figure):
    before = figure.to_json()
    data = _data(page)
    assert data["palettes"] == PALETTES
    assert data["figure"]["data"] == json.loads(before)["data"]
    assert figure.to_json() == before


def test_one_palette_can_be_held_for_always(figure):
    page = standalone(figure, title="t", alt="a", colours=PALETTES["dark"])
    data = _data(page)
    assert data["palettes"] == {"only": PALETTES["dark"]}
