"""The Tensor page without a browser: every setting is valid, and what is charted adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab import Fixed, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, error_report
from quantlab.arrays import Array
from quantlab.arrays.builtin import SOURCES
from quantlab.experiments import codec
from quantlab.experiments.tensor import MOST_SCALES, Settings, built_in, curves, fitting, readings, run, stories
from quantlab.experiments.tensor.part import error_bins
from quantlab.grid import layout_of
from quantlab.numerals import rounded_up

RANGES = st.one_of(
    st.just(MinMax()),
    st.just(MinMSE()),
    st.floats(50.1, 100).map(Percentile),
    st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)).map(lambda ends: Fixed(ends[0], ends[0] + ends[1])),
)
GRANULARITIES = st.one_of(
    st.just(PerTensor()),
    st.integers(-4, 3).map(PerChannel),
    st.tuples(st.integers(1, 40), st.integers(-4, 3)).map(lambda group: PerGroup(*group)),
)
STATES = st.builds(
    Settings,
    data=st.sampled_from(list(SOURCES)),
    seed=st.integers(0, 99),
    bits=st.integers(1, 16),
    symmetric=st.booleans(),
    range=RANGES,
    granularity=GRANULARITIES,
    signed=st.booleans(),
    narrow_range=st.booleans(),
    symmetric_scale=st.sampled_from(["half_range", "restricted", "full"]),
    affine_range=st.sampled_from(["include_zero", "clamped", "free"]),
    scale_dtype=st.sampled_from(["working", "float32", "float16"]),
    division=st.sampled_from(["divide", "reciprocal"]),
    rounding=st.sampled_from(["half_even", "half_away", "floor", "stochastic"]),
    zero_point_added=st.sampled_from(["after_rounding", "before_rounding"]),
    overflow=st.sampled_from(["saturate", "wrap"]),
    channel=st.none() | st.integers(0, 99),
    body=st.booleans(),
    compare=st.sampled_from(["grid", "pinned", "nothing"]),
)


@given(STATES)
@settings(max_examples=150, deadline=None)
def test_every_combination_of_controls_gives_a_page(state):
    result = run(state, built_in(state))
    part = result.part
    assert part.report.code_counts.sum() == part.report.n
    assert part.report.value_histogram.counts.sum() == part.report.n
    errors = part.report.error_histogram_rounding.counts.sum() + part.report.error_histogram_clipping.counts.sum()
    assert errors == part.report.n
    assert len(readings.readings(result)) == 6
    assert curves.staircase(part).x.size <= 2 * (curves.MOST_STEPS + 2)


@given(STATES)
@settings(max_examples=150, deadline=None)
def test_every_state_survives_the_address_and_a_pin_in_it(state):
    pinned = replace(state, pin=state.state(), compare="pinned")
    assert codec.decode(Settings, codec.encode(pinned)) == (pinned, [])


@given(STATES)
@settings(max_examples=200, deadline=None)
def test_a_sentence_is_short_and_wears_at_most_two_colours(state):
    said = stories.sentence(run(state, built_in(state)))
    assert len(said.split()) <= 35, said
    assert said.count(":red[") + said.count(":blue[") + said.count(":green[") <= 2, said
    assert said.count("**") % 2 == 0
    assert "nan" not in said.lower()


@pytest.mark.parametrize("name", stories.TRIES)
def test_a_try_is_a_state_that_its_address_brings_back(name):
    state = stories.TRIES[name]
    assert codec.decode(Settings, codec.encode(state)) == (state, [])
    result = run(state, built_in(state))
    assert result.report.n > 0
    assert len(stories.sentence(result).split()) <= 35


def test_the_opening_state_is_the_article_and_says_what_it_shows():
    result = run(Settings(), built_in(Settings()))
    np.random.seed(0)
    x = np.random.rand(10, 10).astype(np.float32)
    assert np.array_equal(result.array.values, x)
    report = error_report(x, Quantizer(x, bits=4))
    assert result.report.sqnr_db == pytest.approx(report.sqnr_db)
    said = stories.sentence(result)
    assert "4\u00a0bits act as 3" in said
    assert f"{report.sqnr_db:.1f}" in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("the article at 8 bits", "whole step"),
        ("only positives: affine", "affine"),
        ("an outlier", "stretch"),
        ("the same at 8 bits", "Clipping"),
        ("far from zero", "must hold 0"),
        ("wide channels", "own scale"),
        ("one bit, affine", "One bit"),
    ],
)
def test_a_try_tells_its_own_story(name, words):
    state = stories.TRIES[name]
    assert words in stories.sentence(run(state, built_in(state)))


def test_clipping_an_outlier_helps_at_4_bits_and_costs_at_8():
    outlier = stories.TRIES["an outlier"]
    sqnr = {
        (bits, ends): run(replace(outlier, bits=bits, range=ends), built_in(outlier)).report.sqnr_db
        for bits in (4, 8)
        for ends in (MinMax(), Percentile(99.9))
    }
    assert sqnr[4, Percentile(99.9)] > sqnr[4, MinMax()] + 8
    assert sqnr[8, Percentile(99.9)] < sqnr[8, MinMax()] - 8


def test_the_worst_channel_is_charted_unless_one_is_chosen():
    state = replace(Settings(), data="channels", granularity=PerChannel(0))
    result = run(state, built_in(state))
    assert result.index == int(np.argmin(result.report.parts.sqnr_db))
    chosen = run(replace(state, channel=3), built_in(state))
    assert chosen.index == 3
    assert np.array_equal(chosen.part.values, chosen.array.values[3])
    assert chosen.report.sqnr_db == result.report.sqnr_db


def test_a_channel_beyond_the_last_is_the_last():
    state = replace(Settings(), granularity=PerChannel(0), channel=99)
    assert run(state, built_in(state)).index == 9


@pytest.mark.parametrize("granularity", [PerChannel(0), PerChannel(1), PerGroup(3, 0), PerGroup(3, 1)])
def test_samples_know_where_they_stand_in_the_whole_array(granularity):
    state = replace(Settings(), granularity=granularity, channel=2)
    result = run(state, built_in(state))
    samples = result.part.samples
    assert np.array_equal(result.array.values.reshape(-1)[samples.index], samples.x)
    assert np.array_equal(result.quantizer.quantize(result.array.values).reshape(-1)[samples.index], samples.codes)


@pytest.mark.parametrize("size", ["10x10", "100x100"])
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerChannel(1), PerGroup(3, 0)])
def test_random_rounding_of_what_is_charted_is_the_whole_arrays(granularity, size):
    state = replace(Settings(), data="normal", size=size, rounding="stochastic", granularity=granularity, channel=1)
    result = run(state, built_in(state))
    codes = result.quantizer.quantize(result.array.values)
    samples = result.part.samples
    assert np.array_equal(codes.reshape(-1)[samples.index], samples.codes)
    mine = {PerTensor(): codes, PerChannel(0): codes[1], PerChannel(1): codes[:, 1]}.get(granularity, codes[:3, 1])
    assert np.array_equal(np.bincount(mine.reshape(-1) + 8, minlength=16), result.part.report.code_counts)


def test_a_pinned_scale_is_seen_on_a_channel_with_its_own_grid():
    state = replace(Settings(), data="channels", granularity=PerChannel(0), channel=0, pin=Settings(data="channels"))
    state = replace(state, compare="pinned")
    array = built_in(state)
    result = run(state, array, pinned_array=array, recall=_remember())
    assert result.pinned_part.quantizer.scale == Quantizer(array.values, bits=4).scale
    assert not np.array_equal(result.pinned_part.report.code_counts, result.part.report.code_counts)


def _remember():
    kept = {}

    def recall(array, key, make):
        if (array.digest, key) not in kept:
            kept[array.digest, key] = make()
        return kept[array.digest, key]

    return recall


def test_a_large_array_is_charted_by_one_value_a_bin():
    state = replace(Settings(), data="normal", size="100x100")
    part = run(state, built_in(state)).part
    assert not part.few
    inside = part.report.value_histogram.counts[1:-1]
    assert len(part.samples.x) == np.count_nonzero(inside)
    assert (np.diff(part.samples.x) > 0).all()


def test_body_counts_what_lies_outside_at_the_edges():
    state = replace(stories.TRIES["an outlier"], body=True, parameters=(("factor", 500.0),))
    result = run(state, built_in(state))
    x, (lo, hi) = result.array.values, result.part.axis
    counts = result.part.report.value_histogram.counts
    assert (lo, hi) == result.part.body_axis
    assert abs(counts[0] - (x < lo).sum()) <= 1
    assert abs(counts[-1] - (x > hi).sum()) <= 1
    assert counts[0] + counts[-1] > 0


def test_a_pin_is_compared_with_and_drawn():
    state = replace(Settings(), symmetric=False, pin=Settings(), compare="pinned")
    array = built_in(state)
    result = run(state, array, pinned_array=array)
    assert result.compared.name == "pinned"
    alone = run(Settings(), array)
    assert result.compared.report.sqnr_db == pytest.approx(alone.report.sqnr_db)
    assert np.array_equal(result.pinned_part.report.code_counts, alone.part.report.code_counts)


def test_the_other_grid_is_compared_with_and_not_drawn():
    result = run(Settings(), built_in(Settings()))
    assert result.compared.name == "affine"
    assert result.pinned_part is None


def test_nan_and_infinities_are_left_out_of_the_picture():
    x = np.array([[0.5, np.nan, -np.inf], [1.0, np.inf, -1.0]], np.float32)
    result = run(Settings(data="yours"), Array.of(x, "mine"))
    assert (result.report.n, result.report.nan_count, result.report.inf_count) == (3, 1, 2)
    assert result.part.samples.index.tolist() == [0, 3, 5]


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 2), (2, 1, 3, 2)])
def test_any_axis_in_an_address_fits_an_array_of_any_rank(shape):
    for axis in range(-4, 4):
        assert -len(shape) <= fitting(PerChannel(axis), shape).axis < len(shape)


@pytest.mark.parametrize("shape", [(10**7,), (2500, 4000), (1, 10**6), (10**6, 2), (3, 10**6, 2)])
def test_no_granularity_asks_for_more_scales_than_a_page_can_carry(shape):
    asked = [PerGroup(size, axis) for size in (1, 3, 32) for axis in range(len(shape))]
    asked += [PerChannel(axis) for axis in range(len(shape))]
    for granularity in asked:
        got = fitting(granularity, shape)
        assert layout_of(shape, got)[0].parts <= MOST_SCALES
        assert fitting(got, shape) == got
        if layout_of(shape, granularity)[0].parts <= MOST_SCALES:
            assert got == granularity


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e4), st.integers(1, 10**6))
def test_error_bins_cover_the_axis_and_meet_half_a_step_where_they_are_fine(scale, ratio, n):
    axis = rounded_up(scale * ratio)
    lo, hi, bins = error_bins(scale, axis, n)
    width = (hi - lo) / bins
    assert lo == -hi
    assert hi >= axis * (1 - 1e-6)
    assert bins <= 2 * 281
    if width <= scale * (1 + 1e-4):
        edge = (scale / 2 - lo) / width
        assert edge == pytest.approx(round(edge), abs=1e-3)


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_an_error_of_a_whole_step_counts_in_the_bin_that_ends_there(bits):
    result = run(Settings(bits=bits), built_in(Settings()))
    clipping, scale = result.part.report.error_histogram_clipping, float(result.part.quantizer.scale)
    assert result.report.max_abs_error == pytest.approx(scale)
    left = np.linspace(clipping.lo, clipping.hi, len(clipping.counts) + 1)[:-1]
    assert left[clipping.counts > 0].min() == pytest.approx(-scale, rel=1e-3)


def test_the_error_axis_moves_in_round_numbers():
    assert [rounded_up(v) for v in (0.011, 0.02, 0.0201, 7.0)] == [0.02, 0.02, 0.05, 10.0]


def test_a_parameter_that_the_data_does_not_have_is_mended_and_named():
    assert codec.decode(Settings, {"data": "normal", "with": "factor:5"}) == (Settings(data="normal"), ["with"])


def test_a_parameter_at_its_default_is_left_out_of_the_address():
    state = codec.change(Settings(data="normal"), parameters=(("std", 1.0),))
    assert codec.encode(state) == {"data": "normal"}
