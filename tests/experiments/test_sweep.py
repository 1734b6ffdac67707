from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantlab import MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.arrays import Array
from quantlab.experiments.tensor import Settings, built_in, run
from quantlab.experiments.tensor.occurrence import code_columns, code_counts, codes_sentence
from quantlab.experiments.tensor.sample import Sample
from quantlab.experiments.tensor.sweep import bits_sentence, sampled_sentence, sweep
from quantlab.ranges import find_range
from quantlab.report import unclamped_codes

ARTICLE = Settings()
STATES = {
    "article": ARTICLE,
    "one bit": replace(ARTICLE, bits=1, symmetric=False),
    "restricted, one bit among the widths": replace(ARTICLE, symmetric_scale="restricted", narrow_range=True),
    "wrap": replace(ARTICLE, data="normal", range=Percentile(90.0), overflow="wrap"),
    "searched": replace(ARTICLE, data="normal", range=MinMSE()),
    "rows": replace(ARTICLE, data="channels", granularity=PerChannel(0)),
    "16 bits": replace(ARTICLE, bits=16, scale_dtype="float16"),
}


def swept(settings, array=None):
    result = run(settings, built_in(settings) if array is None else array)
    return result, sweep(settings, result.array, result.summary)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_curves_pass_through_the_page_s_own_numbers(state):
    result, curves = swept(state)
    at = state.bits - 1
    assert curves.sqnr(state.symmetric)[at] == result.report.sqnr_db
    assert curves.entropy(state.symmetric)[at] == result.report.entropy_bits
    assert curves.sqnr(not state.symmetric)[at] == result.compared.report.sqnr_db
    assert not curves.sampled
    assert sampled_sentence(curves, result.array) == ""


def test_a_uniform_signal_gains_six_decibels_a_bit():
    _, curves = swept(replace(ARTICLE, size="100x100", symmetric=False))
    np.testing.assert_allclose(np.diff(curves.sqnr_affine[3:12]), 6.02, atol=0.6)
    assert curves.slope[0] == pytest.approx(6.0206, abs=1e-4)


def test_the_curves_do_not_know_the_state_s_own_width_and_grid():
    _, one = swept(ARTICLE)
    _, other = swept(replace(ARTICLE, bits=11, symmetric=False))
    for name in ("sqnr_symmetric", "sqnr_affine", "entropy_symmetric", "entropy_affine"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerChannel(1), PerGroup(32), PerGroup(32, 0)])
def test_a_sample_stands_for_the_whole(granularity):
    settings = replace(ARTICLE, data="normal", size="1000x1000", granularity=granularity)
    result, curves = swept(settings)
    assert curves.sampled
    assert 2**17 < curves.values <= 2**18
    assert curves.sqnr_symmetric[3] == pytest.approx(result.report.sqnr_db, abs=0.05)
    assert curves.entropy_symmetric[3] == pytest.approx(result.report.entropy_bits, abs=0.02)
    assert "fixed sample" in sampled_sentence(curves, result.array)


@pytest.mark.parametrize("shape", [(1001,), (50, 21), (7, 30, 5), (3, 4, 5, 17)])
@pytest.mark.parametrize("kind", [PerTensor, PerChannel, PerGroup])
@pytest.mark.parametrize("most", [3, 64, 300])
def test_sampled_values_keep_their_own_scale(shape, kind, most):
    # The values are their own indices, so that each can be found again.
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for axis in range(len(shape)):
        granularity = {PerTensor: PerTensor(), PerChannel: PerChannel(axis), PerGroup: PerGroup(4, axis)}[kind]
        whole = Quantizer(x, Scheme(bits=4, symmetric=False, granularity=granularity))
        sample = Sample.of(x, granularity, most)
        assert 1 <= sample.values.size <= max(most, 4)
        at = sample.values.astype(int)
        assert len(np.unique(at)) == at.size
        expected = unclamped_codes(x, whole).reshape(-1)[at]
        np.testing.assert_array_equal(
            unclamped_codes(sample.values, sample.quantizer(*find_range(x, whole.scheme), whole.scheme)), expected
        )


def test_a_group_longer_than_the_sample_is_sampled_inside():
    x = np.arange(10_000, dtype=np.float32)
    sample = Sample.of(x, PerGroup(6_000), 100)
    whole = Quantizer(x, Scheme(bits=4, granularity=PerGroup(6_000)))
    assert 50 < sample.values.size <= 100
    expected = unclamped_codes(x, whole)[sample.values.astype(int)]
    np.testing.assert_array_equal(
        unclamped_codes(sample.values, sample.quantizer(*find_range(x, whole.scheme), whole.scheme)), expected
    )


def test_small_arrays_are_measured_whole():
    x = np.zeros((4, 4), np.float32)
    assert Sample.of(x, PerChannel(0), 16).values is x


def test_the_sentence_says_when_clipping_holds_the_curve_down():
    clipped = replace(ARTICLE, data="outlier", size="100x100", range=Percentile(99.9), bits=8)
    assert ":red[clipping]" in bits_sentence(swept(clipped)[1], swept(clipped)[0])
    result, curves = swept(ARTICLE)
    assert ":red[clipping]" not in bits_sentence(curves, result)


@pytest.mark.parametrize(("value", "said"), [(0.0, "no signal"), (1.0, "exactly")])
def test_arrays_without_signal_or_error_have_a_sentence_of_their_own(value, said):
    settings = replace(ARTICLE, symmetric=False)
    result, curves = swept(settings, Array.of(np.full((3, 3), value, np.float32), "flat"))
    assert said in bits_sentence(curves, result)


@pytest.mark.parametrize("bits", [1, 4, 9, 10, 16])
@pytest.mark.parametrize("narrow", [False, True])
def test_runs_of_codes_hold_every_value_and_begin_at_round_codes(bits, narrow):
    result = run(replace(ARTICLE, bits=bits, narrow_range=narrow), built_in(ARTICLE))
    seen, columns = code_counts(result), code_columns(result)
    assert seen.counts.sum() == columns["values"].sum() == 100
    assert len(seen.counts) <= 512
    assert seen.width == 1 or seen.first % seen.width == 0
    for low, total in zip(range(seen.first, result.scheme.qmax + 1, seen.width), seen.counts, strict=True):
        inside = (columns["code"] >= low) & (columns["code"] < low + seen.width)
        assert columns["values"][inside].sum() == total
    assert columns["share, %"].sum() == pytest.approx(100)


def test_a_pin_s_codes_are_drawn_where_they_are_the_same_codes():
    pin = replace(ARTICLE, data="normal")
    with_pin = replace(ARTICLE, pin=pin, compare="pinned")
    assert code_counts(run(with_pin, built_in(ARTICLE), pinned_array=built_in(pin))).compared.sum() == 100
    other_width = replace(with_pin, bits=5)
    assert code_counts(run(other_width, built_in(ARTICLE), pinned_array=built_in(pin))).compared is None


def test_nothing_finite_is_said_so():
    result = run(ARTICLE, Array.of(np.full((2, 2), np.nan, np.float32), "nothing"))
    assert codes_sentence(result).startswith("There is no finite value")
