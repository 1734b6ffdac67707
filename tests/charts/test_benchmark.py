"""The README's chart of the benchmark: one SVG that opens alone, says what it shows and keeps to the palette."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from quantlab.charts import PALETTES
from quantlab.charts.benchmark import WIDTH, Bar, Point, Roof, benchmark

BARS = [
    Bar("1024³ <u8·s8>", "a & b", 4.0, 3.5, 4.5, 1.0),
    Bar("64³", "BLAS", 0.5, 0.4, 0.6, None),
    Bar("1024³", "NumPy", 300.0, 290.0, 310.0, 150.0),
]
POINTS = [Point("64³", 20.0, 3e10), Point("1024³", 340.0, 1.4e11), Point("1×4096×4096", 2.0, 3.5e10)]
ROOF = Roof(1.5e11, 2e10)


@pytest.fixture(scope="module")
def text():
    return benchmark(BARS, POINTS, ROOF, caption="Some Chip, 2 cores, tier avx2")


def test_it_is_well_formed_and_asks_nobody_for_anything(text):
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg\")|url\(|<script|<image|@import|href", text)


def test_words_from_outside_stay_words(text):
    words = ["".join(node.itertext()) for node in ElementTree.fromstring(text).iter() if node.tag.endswith("}text")]
    assert "1024³ <u8·s8> against a & b" in words
    assert "Some Chip, 2 cores, tier avx2" in words
    assert {"4.00×", "0.500×", "300×"} <= set(words)
    assert {point.name for point in POINTS} <= set(words)


def test_every_colour_is_the_palettes_in_light_and_in_dark(text):
    light, dark = text.split("@media(prefers-color-scheme:dark)")
    assert set(re.findall("#[0-9A-F]{6}", light)) <= set(PALETTES["light"].values())
    assert set(re.findall("#[0-9A-F]{6}", dark)) <= set(PALETTES["dark"].values())
    assert PALETTES["dark"]["integer"] in dark


def test_bars_begin_where_both_are_as_fast_and_marks_stand_where_a_line_is_asked(text):
    root = ElementTree.fromstring(text)
    bars = [node for node in root.iter() if node.get("class") == "integer" and node.tag.endswith("rect")]
    lefts = [float(bar.get("x")) for bar in bars]
    ends = [float(bar.get("x")) + float(bar.get("width")) for bar in bars]
    assert lefts[0] == lefts[2] == pytest.approx(ends[1], abs=0.11)
    assert max(ends) <= WIDTH
    marks = [node for node in root.iter() if node.get("class") == "l-ink" and node.get("stroke-width") == "2.5"]
    assert len(marks) == 2


def test_names_under_the_slope_stand_beside_their_marks_where_no_line_crosses_them():
    names = ("8 bits, one row", "4 bits, one row")
    points = [Point(name, ratio, 0.9 * ratio * ROOF.bandwidth) for name, ratio in zip(names, (1, 4), strict=True)]
    root = ElementTree.fromstring(benchmark(BARS, points, ROOF, caption=""))
    marks = [float(node.get("cx")) for node in root.iter() if node.tag.endswith("circle")]
    texts = [node for node in root.iter() if node.tag.endswith("}text") and node.text in names]
    for mark, text in zip(marks, texts, strict=True):
        assert text.get("class") == ""
        assert float(text.get("x")) > mark


def test_a_run_without_products_has_no_roofline():
    text = benchmark(BARS, [], ROOF, caption="")
    assert "What bounds them" not in text
    ElementTree.fromstring(text)
