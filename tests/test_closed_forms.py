"""What theory says a report must show, and the article's own numbers: checks that share nothing with the library."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from quantlab import MinMSE, Percentile, Quantizer, Scheme, error_report

# Least-squares uniform steps for N(0, 1) and signed grids that contain 0: SQNR in dB for 1 to 5 bits. The best mid-rise
# grids reach more (Max 1960): 4.40 9.25 14.27 19.38 24.57.
SIGNED_GRIDS_DB = {1: 2.26, 2: 8.26, 3: 13.92, 4: 19.27, 5: 24.54}
MID_RISE_DB = {1: 4.40, 2: 9.25, 3: 14.27, 4: 19.38, 5: 24.57}


def article():
    return np.random.RandomState(0).rand(10, 10).astype(np.float32)


def gaussian(n):
    """The n quantiles of N(0, 1) at (i + 1/2) / n: its distribution without the noise of a sample."""
    half = [NormalDist().inv_cdf((i + 0.5) / n) for i in range(n // 2, n)]
    return np.concatenate([-np.array(half[::-1]), half])


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_uniform_values_whose_ends_are_levels(bits):
    x = np.linspace(-1, 1, 400_001)
    report = error_report(x - x[0], Quantizer(x - x[0], Scheme(bits=bits, symmetric=False)))
    # Σx² of [0, 2] is that of [−1, 1] and its mean besides: 4/3 against 1/3, so 6.02 dB more signal.
    centred = report.sqnr_db - 10 * math.log10(4)
    assert centred == pytest.approx(20 * math.log10(2**bits - 1), abs=0.01)
    assert report.clipped == 0


@pytest.mark.parametrize("bits", range(3, 13))
def test_another_bit_of_a_symmetric_grid_gains_6_decibels(bits):
    x = np.linspace(-1, 0.9999, 300_001)
    now, more = (error_report(x, Quantizer(x, bits=b)).sqnr_db for b in (bits, bits + 1))
    assert more - now == pytest.approx(20 * math.log10(2), abs=1.3 * 2.0**-bits * 8)


@pytest.mark.parametrize("bits", [6, 8, 10])
def test_rounding_alone_costs_a_step_over_the_root_of_twelve(bits):
    x = np.random.default_rng(0).normal(size=200_000)
    q = Quantizer(x, Scheme(bits=bits, symmetric_scale="restricted"))
    report = error_report(x, q)
    assert report.clipped == 0
    assert math.sqrt(report.mse) / q.scale == pytest.approx(1 / math.sqrt(12), rel=0.01)
    assert report.mean_abs_error / q.scale == pytest.approx(0.25, rel=0.01)
    assert report.max_abs_error_steps == pytest.approx(0.5, rel=1e-3)


def signed_grid_db(x, step, bits):
    codes = np.clip(np.rint(x / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return 10 * math.log10((x**2).sum() / ((codes * step - x) ** 2).sum())


@pytest.mark.parametrize("bits", SIGNED_GRIDS_DB)
def test_the_least_squared_error_range_reaches_what_signed_grids_can_on_a_gaussian(bits):
    x = gaussian(40_000)
    report = error_report(x, Quantizer(x, Scheme(bits=bits, range=MinMSE())))
    assert report.sqnr_db == pytest.approx(SIGNED_GRIDS_DB[bits], abs=0.05)
    assert report.sqnr_db < MID_RISE_DB[bits]
    best = max(signed_grid_db(x, step, bits) for step in np.linspace(0.05, 2.5, 400))
    assert report.sqnr_db >= best - 0.01


def test_eight_bits_of_a_gaussian():
    # Of a sample: the quantiles of few values end before the tails that decide here.
    x = np.random.default_rng(0).normal(size=1_000_000)
    assert error_report(x, Quantizer(x, Scheme(range=MinMSE()))).sqnr_db == pytest.approx(40.57, abs=0.1)


@pytest.mark.parametrize(("bits", "sigmas"), [(4, 2.5591), (6, 3.2869), (8, 3.9240)])
def test_the_least_squared_error_threshold_of_a_gaussian_lies_near_the_analytical_one(bits, sigmas):
    # ACIQ's threshold (Banner et al. 2019) models rounding as uniform noise: near, not equal.
    x = gaussian(40_000)
    q = Quantizer(x, Scheme(bits=bits, range=MinMSE(), symmetric_scale="full"))
    assert q.scale * (2**bits - 1) / 2 == pytest.approx(sigmas, rel=0.08)


@pytest.mark.parametrize("n", [40_000, 200_000])
def test_the_entropy_of_uniform_codes_is_the_number_of_bits(n):
    x = (np.arange(n) + 0.5) / n * 2 - 1
    report = error_report(x, Quantizer.from_parameters(1 / 8, 0, Scheme(bits=4, rounding="floor")))
    assert report.entropy_bits == pytest.approx(4, abs=1e-6)
    assert report.codes_used == 16


def test_a_percentile_clips_the_share_that_it_says():
    x = np.random.default_rng(0).normal(size=100_000)
    q = Quantizer(x, Scheme(symmetric=False, range=Percentile(99)))
    beyond = error_report(x, q)
    assert beyond.clipped == pytest.approx(0.02, abs=0.002)


# The article: np.random.rand(10, 10) at 8 and 4 bits


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("bits", [4, 8])
def test_the_articles_largest_error_is_about_a_whole_step(seed, bits):
    x = np.random.RandomState(seed).rand(10, 10).astype(np.float32)
    q = Quantizer(x, bits=bits)
    report = error_report(x, q)
    assert q.scale == x.max() / 2 ** (bits - 1)
    # The largest value rounds to 2^(b−1) and is held to the code below; (2^(b−1) − 1) · s rounds in float32.
    assert report.max_abs_error_steps == pytest.approx(1, abs=1e-5)
    assert report.mse_clipping > 0


def test_the_articles_printed_errors_are_those_of_such_arrays():
    # It prints 7.642e-03 and 2.029e-03 at 8 bits, 1.223e-01 and 3.313e-02 at 4, without a seed.
    eight, four = ([error_report(x, Quantizer(x, bits=bits)) for x in map(rand, range(40))] for bits in (8, 4))
    assert np.isclose(7.642e-3, np.mean([r.max_abs_error for r in eight]), rtol=0.03)
    assert np.isclose(2.029e-3, np.mean([r.mean_abs_error for r in eight]), rtol=0.1)
    assert np.isclose(1.223e-1, np.mean([r.max_abs_error for r in four]), rtol=0.03)
    assert np.isclose(3.313e-2, np.mean([r.mean_abs_error for r in four]), rtol=0.1)


def rand(seed):
    return np.random.RandomState(seed).rand(10, 10).astype(np.float32)


def test_the_article_at_4_bits():
    x = article()
    symmetric = error_report(x, Quantizer(x, bits=4))
    affine = error_report(x, Quantizer(x, Scheme(bits=4, symmetric=False)))
    assert round(symmetric.sqnr_db, 1) == 21.7
    assert round(affine.sqnr_db - symmetric.sqnr_db, 2) == 7.88
    assert symmetric.codes_used == 8  # the negative half of 16 is never used
    assert not symmetric.code_counts[:8].any()
    assert (symmetric.clipped_high, symmetric.clipped_low, symmetric.clipped) == (8, 0, 0.08)
    assert affine.codes_used == 16
    assert affine.clipped == 0


def test_the_articles_own_class_gives_the_same_codes():
    x = article()
    for bits in (4, 8):
        scale = 2 * np.max(np.abs(x)) / 2**bits
        codes = np.clip(np.round(x / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int8)
        q = Quantizer(x, bits=bits)
        assert q.scale == scale
        assert np.array_equal(q.quantize(x), codes)
        assert np.array_equal(q.dequantize(codes), codes.astype(np.float32) * scale)
