from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantlab.charts import TOKEN, error_histogram
from quantlab.charts.marks import areas


def words(figure):
    return [note.text for note in figure.layout.annotations]


def trace(figure, colour):
    return next(t for t in figure.data if t.mode == "lines" and t.line.color == TOKEN[colour])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.booleans())
def test_the_outlined_area_is_the_sum_of_the_bars(counts, apart):
    top = np.array(counts, np.float64)
    x, y = areas(np.arange(len(top) + 1.0), np.zeros_like(top), top, apart=apart)
    total = 0.0
    path: list[tuple[float, float]] = []
    for a, b in zip(x, y, strict=True):
        if a is None:
            total += abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in pairwise(path))) / 2
            path = []
        else:
            path.append((a, b))
    assert total == pytest.approx(top.sum() * (0.92 if apart else 1))


def test_clipping_stands_on_rounding_and_is_hatched():
    figure = error_histogram([4, 6], [3, 0], -1, 1, scale=1.0)
    red = trace(figure, "clipping")
    assert red.fillpattern.shape == "/"
    assert np.nanmin(red.y) == 4
    assert np.nanmax(red.y) == 7
    assert trace(figure, "rounding").fillpattern.shape is None


def test_without_clipping_nothing_is_crimson():
    assert TOKEN["clipping"] not in error_histogram([4, 6], [0, 0], -1, 1, scale=1.0).to_json()


@pytest.mark.parametrize(
    ("rounding", "names"),
    [
        ("half_even", ["−s/2", "s/2"]),
        ("half_away", ["−s/2", "s/2"]),
        ("floor", ["−s", "0"]),
        ("stochastic", ["−s", "s"]),
    ],
)
def test_the_ends_of_a_step_are_named_after_the_rounding(rounding, names):
    figure = error_histogram([1] * 8, [0] * 8, -1, 1, scale=0.5, ideal=1.0, rounding=rounding)
    assert words(figure)[:2] == names


def test_the_two_names_become_one_where_they_are_close():
    assert words(error_histogram([1] * 8, [0] * 8, -10, 10, scale=0.5))[0] == "±s/2"


def test_ends_outside_the_axis_are_not_named():
    assert words(error_histogram([1] * 8, [0] * 8, -0.1, 0.1, scale=0.5)) == []


def test_the_ideal_density_has_the_given_height_over_one_step():
    outline = trace(error_histogram([3] * 8, [0] * 8, -1, 1, scale=0.5, ideal=4.5), "ink")
    assert outline.x.tolist() == [-0.25, -0.25, 0.25, 0.25]
    assert outline.y.tolist() == [0, 4.5, 4.5, 0]


def test_a_dominating_bar_is_cut_and_says_so():
    figure = error_histogram([10, 900, 10], [0, 0, 0], -1, 1, scale=1.0, ideal=40.0)
    assert "98\u00a0% are in this bin, bar cut" in words(figure)
    assert figure.layout.yaxis.range[1] < 100
    assert np.nanmax(trace(figure, "rounding").y) <= figure.layout.yaxis.range[1]


def test_a_bar_three_times_the_next_is_not_cut():
    figure = error_histogram([10, 30], [0, 0], -1, 1, scale=1.0)
    assert figure.layout.yaxis.range[1] >= 30


def test_bins_too_low_to_see_become_marks_of_their_own_kind():
    figure = error_histogram([1000, 1, 1000, 0], [0, 0, 0, 1], -1, 1, scale=1.0)
    marks = next(t for t in figure.data if t.mode == "markers" and t.hoverinfo == "skip")
    assert marks.x.tolist() == [-0.25, 0.75]
    assert list(marks.marker.symbol) == ["circle", "diamond"]


def test_what_lies_beyond_the_axis_is_one_labelled_bar_at_that_end():
    inside = error_histogram([5, 5], [1, 1], -1, 1, scale=1.0)
    beyond = error_histogram([5, 5], [1, 1], -1, 1, scale=1.0, beyond_high=3, beyond_low=1)
    assert {"3 values<br>beyond", "1 value<br>beyond"} <= set(words(beyond))
    assert np.nanmax(trace(beyond, "clipping").x) > 1
    assert np.nanmin(trace(beyond, "clipping").x) < -1
    assert beyond.layout.xaxis.range == inside.layout.xaxis.range


def test_a_hover_text_counts_the_values_of_its_bin():
    figure = error_histogram([3, 0], [1, 0], -1, 1, scale=1.0)
    assert figure.data[-1].hovertext == ("error −1.00 to 0<br>4 of 4, 100\u00a0%<br>clipped: 1",)


def test_a_compared_peak_that_leaves_the_figure_says_so():
    figure = error_histogram([5, 5], [0, 0], -1, 1, scale=1.0, compared=[0, 500], compared_name="pinned")
    assert "pinned, cut" in words(figure)
    assert "pinned" in words(error_histogram([5, 5], [0, 0], -1, 1, scale=1.0, compared=[2, 8], compared_name="pinned"))
