"""Accuracy against bits: names that stand at their curves' ends, apart from each other, and pinned curves by name."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantlab.charts import TOKEN, Accuracy, accuracy_against_bits
from quantlab.charts.marks import spread

PIXELS = (416 - 16 - 44) / 106  # a percent


def falling(*means):
    return [Accuracy(bits, mean, 1.0, (mean,)) for bits, mean in zip(range(8, 1, -1), means, strict=True)]


def ending(value):
    return falling(97, 97, 97, 97, 97, 90, value)


CLOSE = {"ptq": ending(51.5), "qat": ending(54.5), "lsq": ending(63.0)}


def drawn(curves, pinned=None, narrow=False):
    return accuracy_against_bits(curves, reference=97.0, guess=0.0, pinned=pinned, narrow=narrow)


def column(figure):
    """Return middle and height in pixels of each name behind the chart."""
    return sorted(
        (note.y * PIXELS + (note.yshift or 0), 18 * (1 + note.text.count("<br>")))
        for note in figure.layout.annotations
        if note.xref == "paper"
    )


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("pinned", [None, CLOSE])
def test_names_of_curves_that_end_close_together_do_not_cover_each_other(narrow, pinned):
    places = column(drawn(CLOSE, pinned, narrow))
    assert len(places) == (3 if pinned is None else 6)
    for (low, under), (high, over) in pairwise(places):
        assert high - low >= (under + over) / 2 - 1


def test_a_name_that_made_room_is_tied_to_the_end_of_its_curve():
    figure = drawn(CLOSE)
    token = TOKEN["lsq"]
    (tie,) = (shape for shape in figure.layout.shapes if shape.type == "line" and shape.line.color[:7] == token)
    (name,) = (note for note in figure.layout.annotations if note.font.color == token)
    assert (tie.x0, tie.y0) == (2, 63.0)
    assert tie.y1 == pytest.approx(name.y + name.yshift / PIXELS, abs=0.5)
    apart = drawn({"ptq": ending(10), "lsq": ending(90)})
    assert [note.yshift for note in apart.layout.annotations if note.xref == "paper"] == [0, 0]
    assert [shape.line.color for shape in apart.layout.shapes if shape.type == "line"] == [TOKEN["float"]]


@pytest.mark.parametrize("narrow", [False, True])
def test_every_pinned_curve_is_named_and_without_a_pin_nothing_is(narrow):
    def named(figure):
        grey = (note.text for note in figure.layout.annotations if note.font.color == TOKEN["pinned"])
        return sorted(text.replace("<br>", " ") for text in grey)

    assert named(drawn(CLOSE, {"float": [], "ptq": ending(20), "lsq": ending(63.0)}, narrow)) == [
        "pinned LSQ",
        "pinned PTQ",
    ]
    assert named(drawn(CLOSE, None, narrow)) == []


def test_a_curve_that_leaves_the_chart_is_named_where_it_does():
    lost = falling(97, 97, 97, 97, 65, -20, -60)
    (name,) = (note for note in drawn({"ptq": lost, "lsq": ending(80)}).layout.annotations if "PTQ" in note.text)
    assert name.xref == "x"
    assert name.x == pytest.approx(4 - 68 / 85)
    both = drawn({"ptq": lost, "qat": lost}).layout.annotations
    first, second = (note for note in both if "PTQ" in note.text or "QAT" in note.text)
    assert (first.xanchor, first.xref) != (second.xanchor, second.xref)


@given(st.lists(st.floats(-50, 150), max_size=7), st.lists(st.sampled_from([16.0, 36.0]), min_size=7, max_size=7))
def test_labels_are_spread_no_farther_than_they_must(wanted, heights):
    wanted, heights = sorted(wanted), heights[: len(wanted)]
    places = np.array(spread(wanted, heights, 0.0, 300.0))
    tall = np.array(heights)
    assert (np.diff(places) >= (tall[1:] + tall[:-1]) / 2 - 1e-9).all()
    assert (places >= tall / 2 - 1e-9).all()
    assert (places <= 300 - tall / 2 + 1e-9).all()
    free = bool((np.diff(wanted) >= (tall[1:] + tall[:-1]) / 2).all()) and all(
        height / 2 <= want for want, height in zip(wanted, heights, strict=True)
    )
    assert not free or np.allclose(places, wanted)
