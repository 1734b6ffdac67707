"""Observers beside each other: what is drawn equals what came in, and only the best is blue."""

import numpy as np
import pytest

from quantlab.charts import TOKEN, Range, level_of_each, ranges_over_batches

NAMES = ("min-max", "percentile 99.9", "MSE")
HI = {name: np.linspace(1, 2 + k, 32) for k, name in enumerate(NAMES)}


def ranges(lo=0.0, best="MSE"):
    return {name: Range(np.full(32, lo), HI[name], name == best) for name in NAMES}


def test_each_observer_is_a_line_of_steps_and_the_best_lies_on_top_in_blue():
    drawn = ranges_over_batches(ranges(best="min-max"), now=32, odd=20)
    assert [trace.line.shape for trace in drawn.data] == ["hv"] * 3
    assert [trace.line.color == TOKEN["integer"] for trace in drawn.data] == [False, False, True]
    assert np.allclose(drawn.data[-1].y, HI["min-max"])


def test_lower_ends_are_drawn_where_one_leaves_zero():
    below = ranges_over_batches(ranges(lo=-3.0), now=32)
    assert all(len(trace.y) == 65 and np.isnan(trace.y[32]) for trace in below.data)
    assert below.layout.yaxis.range[0] < -3
    assert ranges_over_batches(ranges(), now=1).layout.yaxis.range[0] == 0


def test_the_odd_batch_is_a_band_and_the_present_one_a_line():
    band, line, _ = ranges_over_batches(ranges(), now=7, odd=20).layout.shapes
    assert (band.x0, band.x1, band.fillcolor) == (19.5, 20.5, TOKEN["highlight"])
    assert line.x0 == line.x1 == 7
    assert len(ranges_over_batches(ranges(), now=7).layout.shapes) == 2


@pytest.mark.parametrize("narrow", [False, True])
def test_the_first_and_the_last_batch_are_on_the_axis(narrow):
    ticks = ranges_over_batches(ranges(), now=1, narrow=narrow).layout.xaxis.tickvals
    assert (ticks[0], ticks[-1], len(ticks)) == (1, 32, 3 if narrow else 5)


def test_every_line_has_its_name_at_its_end():
    names = ranges_over_batches(ranges(), now=1).layout.annotations
    assert sorted(note.text for note in names) == sorted(NAMES)
    both = ranges_over_batches(ranges(lo=-3.0), now=1).layout.annotations
    assert sorted(note.text for note in both) == sorted(NAMES * 2)
    assert {note.y for note in both if note.y < 0} == {-3.0}


def test_of_five_observers_the_lowest_the_highest_and_the_best_lower_end_are_named():
    five = {name: Range(np.full(32, -1.0 - at), np.full(32, 1.0), at == 2) for at, name in enumerate("abcde")}
    names = ranges_over_batches(five, now=1).layout.annotations
    assert sorted(note.text for note in names if note.y < 0) == ["a", "c", "e"]
    assert len(names) == 8


def test_the_pointer_finds_both_ends():
    below = ranges_over_batches(ranges(lo=-3.0), now=1).data[0]
    assert below.hovertext[0] == below.hovertext[33] == "min-max, batch 1: −3.00 to 1.00"
    assert ranges_over_batches(ranges(), now=1).data[0].hovertext[0] == "min-max, batch 1: 1.00"


def test_what_is_to_come_is_covered_and_nothing_that_has_been_seen():
    drawn = ranges_over_batches(ranges(), now=7)
    cover = drawn.layout.shapes[-1]
    assert (cover.x0, cover.x1, cover.layer) == (7.5, drawn.layout.xaxis.range[1], "above")
    assert cover.fillcolor.startswith(TOKEN["paper"])
    assert len(cover.fillcolor) == len(TOKEN["paper"]) + 2
    assert len(ranges_over_batches(ranges(), now=32).layout.shapes) == 1


def test_only_the_pinned_state_is_dashed():
    drawn = ranges_over_batches(ranges(), now=32, pinned=np.full(32, 9.0))
    assert [trace.line.dash is not None for trace in drawn.data] == [True, False, False, False]
    assert drawn.layout.yaxis.range[1] > 9
    short = ranges_over_batches(ranges(), now=32, pinned=np.full(8, 9.0))
    assert list(short.data[0].x) == list(range(1, 9))
    assert short.layout.xaxis.range == drawn.layout.xaxis.range


def test_levels_are_sorted_with_the_best_on_top():
    drawn = level_of_each(NAMES, [14.0, 17.0, 24.5], words=["14.0 dB", "17.0 dB", "24.5 dB"])
    marks = drawn.data[-1]
    assert [note.text for note in drawn.layout.annotations] == list(NAMES)
    assert marks.x == pytest.approx([14.0, 17.0, 24.5])
    assert [colour == TOKEN["integer"] for colour in marks.marker.color] == [False, False, True]
    words = drawn.data[-2]
    assert "24.5 dB" in words.text[-1]
    assert list(words.x) == list(marks.x)


def test_a_value_is_written_beyond_a_pinned_mark_that_would_lie_on_it():
    drawn = level_of_each(NAMES, [10.0, 11.0, 20.0], words=NAMES, pinned=np.array([11.0, 20.0, 19.0]))
    assert list(drawn.data[-2].x) == [11, 11, 20]
    assert list(drawn.data[-1].x) == [10, 11, 20]


def test_a_level_below_zero_widens_the_axis_and_one_that_is_none_comes_last():
    drawn = level_of_each(NAMES, [-2.0, np.nan, 3.0], words=["−2 dB", "–", "3 dB"])
    assert drawn.layout.xaxis.range[0] == -2
    assert [note.text for note in drawn.layout.annotations] == ["percentile 99.9", "min-max", "MSE"]


def test_an_observer_keeps_its_mark_whoever_is_left_out():
    some = {name: ranges()[name] for name in NAMES[1:]}
    marks = [{trace.marker.symbol for trace in ranges_over_batches(shown, now=32, places=places).data}
             for shown, places in ((ranges(), (0, 1, 2)), (some, (1, 2)))]  # fmt: skip
    assert marks == [{"circle-open", "diamond", "square"}, {"diamond", "square"}]
    one, other = (
        level_of_each(names, levels, words=names, places=places).data[-1].marker.symbol
        for names, levels, places in ((NAMES, [1, 2, 3], (0, 1, 2)), (NAMES[1:], [2, 3], (1, 2)))
    )
    assert one[1:] == other
