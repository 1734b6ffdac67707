"""The fall's message says what the numbers say: levels, shares, clipped values, words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantlab.ui.components.fall import (
    FLOOR,
    MOST_DOTS,
    NEAREST,
    STOCHASTIC,
    Few,
    Grid,
    Many,
    Picture,
    whole_axis,
)
from quantlab.ui.components.fall.drawing import MOST_LINES, MOST_PINNED_BARS, QUANTILE_LINES, drawing

BINS = 144


def _grid(codes, scale, zero_point, qmin, qmax):
    return Grid(scale, zero_point, qmin, qmax, np.bincount(codes - qmin, minlength=qmax - qmin + 1))


def _picture(x, scale, zero_point=0, bits=4, *, axis=None, wraps=False, **more):
    """Picture an array on a signed grid, rounded to nearest, in plain NumPy."""
    x = np.asarray(x, np.float64)
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    unclamped = np.rint(x / scale) + zero_point
    codes = np.clip(unclamped, qmin, qmax).astype(np.int64)
    if wraps:
        codes = (unclamped.astype(np.int64) - qmin) % 2**bits + qmin
    low, high = unclamped < qmin, unclamped > qmax
    x_hat = (codes - zero_point) * scale
    axis = axis or whole_axis(x.min(initial=0.0), x.max(initial=0.0))
    below, above = int((x < axis[0]).sum()), int((x > axis[1]).sum())
    if len(x) <= MOST_DOTS:
        values = Few(x, codes, x_hat, low | high)
    else:
        at = np.clip(((x - axis[0]) / (axis[1] - axis[0]) * BINS).astype(int), 0, BINS - 1)
        inside = (x >= axis[0]) & (x <= axis[1])
        counts = np.bincount(at[inside], minlength=BINS)
        clipped = np.bincount(at[inside & (low | high)], minlength=BINS)
        first = np.array([i for b in range(BINS) for i in np.flatnonzero(inside & (at == b))[:1]])
        examples = Few(x[first], codes[first], x_hat[first], (low | high)[first], first)
        values = Many(counts, clipped, *axis, examples)
    return Picture(
        data_id="test",
        values=values,
        grid=_grid(codes, scale, zero_point, qmin, qmax),
        axis=axis,
        n=len(x),
        clipped_low=int(low.sum()),
        clipped_high=int(high.sum()),
        x_min=float(x.min(initial=0.0)),
        x_max=float(x.max(initial=0.0)),
        below=below,
        above=above,
        wraps=wraps,
        **more,
    )


def _value(place, axis):
    return axis[0] + place * (axis[1] - axis[0])


@pytest.fixture
def article():
    np.random.seed(0)
    return np.random.rand(10, 10).ravel()


@pytest.fixture
def normal():
    return np.random.default_rng(7).normal(0, 1, 5000)


def test_levels_stand_where_the_grid_puts_them_with_the_counts_of_the_codes(article):
    picture = _picture(article, article.max() / 8)
    d = drawing(picture)
    assert d["counts"] == picture.grid.code_counts.tolist()
    places = d["first"] + d["step"] * np.arange(16)
    np.testing.assert_allclose(_value(places, picture.axis), (np.arange(16) - 8) * picture.grid.scale, atol=1e-12)
    assert d["bars"] == pytest.approx((picture.grid.code_counts / picture.grid.code_counts.max()).tolist(), abs=1e-5)


def test_few_values_go_from_left_to_right_with_the_index_of_their_own_array(article):
    picture = _picture(article, article.max() / 8)
    d = drawing(picture)
    order = np.argsort(article, kind="stable")
    assert d["index"] == order.tolist()
    np.testing.assert_allclose(_value(np.array(d["x"]), picture.axis), article[order], atol=1e-4)
    np.testing.assert_allclose(_value(np.array(d["land"]), picture.axis), picture.values.x_hat[order], atol=1e-4)
    shifted = replace(picture, values=replace(picture.values, index=np.arange(100) + 1000))
    assert drawing(shifted)["index"] == (order + 1000).tolist()
    assert d["texts"][0] == ("0.00470", "0", "−0.00470")


def test_clipped_values_are_marked_counted_and_fall_to_the_end_code(article):
    picture = _picture(article, article.max() / 8)
    d = drawing(picture)
    expected = int((np.rint(article / picture.grid.scale) > 7).sum())
    assert sum(d["clipped"]) == expected == 8
    (clip,) = d["clips"]
    assert (clip["side"], clip["n"], clip["wedge"]) == ("high", 8, True)
    assert clip["words"] == ["**8** values beyond\nfall to code **7**", "**8** beyond\nfall to code **7**"]
    assert _value(clip["far"], picture.axis) == pytest.approx(article.max(), abs=1e-4)
    assert len(clip["lines"]) == 8


def test_one_clipped_value_is_singular():
    (clip,) = drawing(_picture([0.1, 0.9], 0.9 / 8))["clips"]
    assert clip["words"][0] == "**1** value beyond\nfalls to code **7**"


def test_lines_of_many_clipped_values_are_quantiles_beyond_the_last_cells(normal):
    picture = _picture(normal, 0.2)
    low, high = drawing(picture)["clips"]
    bin_width = (picture.axis[1] - picture.axis[0]) / BINS
    for clip, clipped in (
        (low, np.sort(normal[normal < -8.5 * 0.2])),
        (high, np.sort(normal[normal > 7.5 * 0.2])[::-1]),
    ):
        lines = _value(np.array(clip["lines"]), picture.axis)
        assert clip["n"] == len(clipped)
        assert len(lines) == QUANTILE_LINES
        expected = clipped[np.rint(np.linspace(0, len(clipped) - 1, QUANTILE_LINES)).astype(int)]
        assert np.abs(lines - expected).max() <= 1.1 * bin_width


def test_bins_hold_every_value_and_each_occupied_one_an_example(normal):
    picture = _picture(normal, 0.2)
    d = drawing(picture)
    assert len(d["heights"]) == len(d["lost"]) == BINS
    assert d["occupied"] == np.flatnonzero(picture.values.counts).tolist()
    assert len(d["index"]) == len(d["near"]) == len(d["occupied"])
    lo, hi = picture.axis
    bins_of_examples = ((normal[d["index"]] - lo) / (hi - lo) * BINS).astype(int).tolist()
    assert bins_of_examples == d["occupied"]
    assert all(lost <= height for lost, height in zip(d["lost"], d["heights"], strict=True))


def test_the_chosen_value_takes_its_bins_place(normal):
    many = _picture(normal, 0.2).values
    i = 4321
    assert i not in many.examples.flat_index()
    one = Few(normal[[i]], np.array([3]), np.array([0.6]), np.array([False]), np.array([i]))
    swapped = many.with_example(one).examples
    at = int(np.flatnonzero(swapped.index == i)[0])
    assert swapped.x[at] == normal[i]
    assert np.all(np.diff(swapped.x) > 0)
    outside = Few(np.array([1e9]), np.array([7]), np.array([1.4]), np.array([True]), np.array([1]))
    assert many.with_example(outside) is many


def test_a_bin_over_three_times_the_next_is_cut_and_says_so(normal):
    x = np.maximum(normal, 0)
    d = drawing(_picture(x, x.max() / 8))
    share = (x < whole_axis(0, x.max())[1] * 2 / BINS).mean()
    assert d["cutBin"]["bin"] == BINS // 2
    assert d["cutBin"]["text"].startswith(f"**{share * 100:.0f}")
    assert d["heights"][BINS // 2] == 1.0
    assert sorted(d["heights"])[-2] == pytest.approx(0.8, abs=1e-4)
    assert "cutBin" not in drawing(_picture(np.full(1000, 0.5), 0.1))


def test_wrapped_values_are_said_to_wrap_and_get_no_wedge(article):
    few = drawing(_picture(article, article.max() / 8, wraps=True))
    (clip,) = few["clips"]
    assert (clip["wedge"], clip["lines"]) == (False, [])
    assert clip["words"][0] == "**8** values beyond\nwrap around"
    wrapped = np.array(few["clipped"], bool)
    # Codes 8 and above come out as −8: the lines must lead there and not to code 7.
    assert {few["code"][i] for i in np.flatnonzero(wrapped)} == {-8}
    assert np.all(np.array(few["land"])[wrapped] < 0.1)
    assert not few["openEnds"]


def test_words_of_a_level_are_the_two_ends_of_its_cell():
    x = np.array([-0.8, 0.3, 0.7])
    nearest = drawing(_picture(x, 0.1))
    assert nearest["ends"][8:10] == ["−0.0500", "0.0500"]
    assert len(nearest["ends"]) == 17
    floor = drawing(replace(_picture(x, 0.1), cell=FLOOR))
    assert floor["ends"][8:10] == ["0", "0.100"]
    stochastic = drawing(replace(_picture(x, 0.1), cell=STOCHASTIC))
    assert len(stochastic["ends"]) == 18
    assert (stochastic["ends"][8], stochastic["ends"][10]) == ("−0.100", "0.100")
    assert nearest["xHat"][9] == "0.100"
    assert nearest["cell"] == list(NEAREST)


def test_runs_of_unused_codes_at_an_end_are_named(article):
    (run,) = drawing(_picture(article, article.max() / 8))["unused"]
    assert (run["first"], run["last"]) == (-8, -1)
    assert run["words"] == ["codes −8 to −1\nare never used", "−8 to −1\nnever used"]
    everywhere = drawing(_picture(np.linspace(-1, 1, 100), 1 / 8))
    assert everywhere["unused"] == []


def test_a_body_counts_what_it_leaves_out(normal):
    axis = (-1.5, 1.5)
    for x in (normal, normal[:300]):
        d = drawing(_picture(x, np.abs(x).max() / 8, axis=axis))
        below, above = int((x < -1.5).sum()), int((x > 1.5).sum())
        assert [(e["side"], e["n"]) for e in d["edges"]] == [("low", below), ("high", above)]
        assert d["edges"][0]["words"][0].endswith("values\nbelow −1.50")
        assert all(0 <= place <= 1 for place in d["x"])
        codes = np.clip(np.rint(x / (np.abs(x).max() / 8)), -8, 7)
        levels = codes * np.abs(x).max() / 8
        expected = [(levels < -1.5).mean(), (levels > 1.5).mean()]
        assert [b["share"] for b in d["beyond"]] == pytest.approx(expected)


def test_sixteen_bits_are_drawn_in_groups_that_hold_every_value(normal):
    picture = _picture(normal, np.abs(normal).max() / 2**15, bits=16)
    d = drawing(picture)
    assert len(d["counts"]) == MOST_LINES
    assert d["by"] == 128
    assert sum(d["counts"]) == len(normal)
    assert d["counts"][256] == picture.grid.code_counts[32768 : 32768 + 128].sum()


def test_a_zero_point_far_outside_the_codes_keeps_its_place():
    x = np.random.default_rng(0).uniform(1000, 1001, 100)
    scale = float(np.ptp(x) / 15)
    picture = _picture(x, scale, zero_point=int(-8 - np.rint(x.min() / scale)), axis=(999.9, 1001.1))
    d = drawing(picture)
    assert d["zero"] < -14000
    assert d["origin"] < 0
    places = d["first"] + d["step"] * np.arange(16)
    expected = (np.arange(-8, 8) - d["zero"]) * scale
    np.testing.assert_allclose(_value(places, picture.axis), expected, rtol=1e-12)
    assert d["ticks"][0][1] == "1\u202f000"
    assert len(set(d["xHat"])) == 16  # enough digits to tell the levels apart


def test_one_level_above_all_others_is_cut_unless_the_others_hold_next_to_nothing():
    codes = np.repeat(np.arange(-2, 2), [5, 60, 20, 15])
    some = drawing(_picture(codes * 1.0, 1.0, bits=2))
    assert some["cut"] == []
    towering = drawing(_picture(np.repeat([-2.0, -1.0, 0.0, 1.0], [5, 80, 8, 7]), 1.0, bits=2))
    assert towering["cut"] == [1]
    assert towering["bars"] == pytest.approx([5 / 12, 1.0, 8 / 12, 7 / 12], abs=1e-5)
    alone = drawing(_picture(np.repeat([-2.0, -1.0, 0.0], [1, 95, 4]), 1.0, bits=2))
    assert alone["cut"] == []


def test_pinned_bars_share_the_scale_of_the_present_ones(article):
    fine = _picture(article, article.max() / 2**15, bits=16)
    d = drawing(replace(_picture(article, article.max() / 8), pinned=_picture(article, article.max() / 4, bits=3).grid))
    shares = [p * d["counts"][8] / d["bars"][8] / 100 for p in d["pinned"]["bars"]]
    pinned = np.bincount(np.minimum(np.rint(article * 4 / article.max()), 3).astype(int))
    assert shares == pytest.approx((pinned / 100).tolist(), abs=1e-4)
    many = drawing(replace(_picture(article, article.max() / 8), pinned=fine.grid))["pinned"]
    assert 0 < len(many["places"]) <= MOST_PINNED_BARS


def test_no_values_is_said():
    d = drawing(_picture([], 1.0))
    assert d["note"] == "no values"
    assert d["clips"] == d["edges"] == d["unused"] == d["index"] == []
    assert sum(d["counts"]) == 0


@pytest.mark.parametrize(
    "axis", [(-1.05, 1.05), (-0.003, 0.003), (999.9, 1001.1), (-8e307, 8e307), (-1e-300, 1e-300), (0.2, 4e6)]
)
def test_ticks_are_round_numbers_on_the_axis(axis):
    d = drawing(replace(_picture([], 1.0), axis=axis))
    for ticks, most in ((d["ticks"], 9), (d["shortTicks"], 5)):
        assert 1 <= len(ticks) <= most
        assert all(-1e-9 <= place <= 1 + 1e-9 for place, _ in ticks)
        assert len({text for _, text in ticks}) == len(ticks)
    if axis[0] == -1.05:
        assert [text for _, text in d["ticks"]] == ["−1", "−0.5", "0", "0.5", "1"]
        assert d["origin"] == 0.5


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30),
    st.floats(2.3e-308, 1.7e308),
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(1, 10),
)
def test_any_finite_values_on_any_grid_give_a_message_of_finite_numbers(x, scale, zero_point, bits):
    with np.errstate(over="ignore"):
        x = np.array(x, np.float64)
        qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        unclamped = np.rint(x / scale) + zero_point
        codes = np.clip(unclamped, qmin, qmax).astype(np.int64)
        x_hat = np.clip((codes - zero_point) * scale, -1.79e308, 1.79e308)
        low, high = unclamped < qmin, unclamped > qmax
        ends = (float(x.min(initial=0.0)), float(x.max(initial=0.0)))
        d = drawing(
            Picture(
                data_id="any",
                values=Few(x, codes, x_hat, low | high),
                grid=_grid(codes, scale, zero_point, qmin, qmax),
                axis=whole_axis(*ends),
                n=len(x),
                clipped_low=int(low.sum()),
                clipped_high=int(high.sum()),
                x_min=ends[0],
                x_max=ends[1],
            )
        )
    json.dumps(d, allow_nan=False)
    assert sum(d["counts"]) == len(x)
    assert sum(clip["n"] for clip in d["clips"]) == sum(d["clipped"])
    assert d["edges"] == []


@pytest.mark.parametrize("bits", [9, 16])
def test_the_largest_messages_stay_under_60_kilobytes(bits):
    r = np.random.default_rng(3)
    for x in (r.normal(0, 1, MOST_DOTS), r.uniform(-1, 1, 20_000)):
        picture = _picture(x, np.abs(x).max() / 2 ** (bits - 1), bits=bits)
        assert len(json.dumps(drawing(replace(picture, pinned=picture.grid)))) < 60_000


def test_counts_that_do_not_add_up_are_refused(article, normal):
    few, many = _picture(article, 0.1), _picture(normal, 0.2)
    with pytest.raises(ValueError, match="values must add up to 99, got 100"):
        replace(few, n=99)
    with pytest.raises(ValueError, match=r"values must add up to 5000, got 5001"):
        replace(many, above=1)
    with pytest.raises(ValueError, match="clipped values must add up to"):
        replace(few, clipped_low=few.clipped_low + 1)
    with pytest.raises(ValueError, match="one entry for each of the 16 codes, got 3"):
        Grid(0.1, 0, -8, 7, np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="one value for each of the"):
        replace(many.values, examples=few.values)
    with pytest.raises(ValueError, match=r"axis must be two finite ends in order, got 1\.0 and 1\.0"):
        replace(few, axis=(1.0, 1.0))
