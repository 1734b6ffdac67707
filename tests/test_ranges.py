"""Where the values lie: percentiles, a range by hand, and the range with the least squared error."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from quantlab import Fixed, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report
from tests import naive
from tests.naive import same_bits
from tests.strategies import cases, examples


def test_percentiles_interpolate_linearly_between_finite_values():
    x = np.array([np.nan, 0.0, 1.0, 2.0, 3.0, 10.0, np.inf, -np.inf], np.float64)
    q = Quantizer(x, Scheme(symmetric=False, range=Percentile(90)))
    # places .4 and 3.6 among 0, 1, 2, 3, 10: from .4 (then 0, which the range contains) to 7.2
    assert q.scale == pytest.approx(7.2 / 255, rel=1e-14)
    free = Quantizer(x, Scheme(symmetric=False, range=Percentile(90), affine_range="free"))
    assert free.scale == pytest.approx(6.8 / 255, rel=1e-14)


@pytest.mark.parametrize("fields", [{}, {"symmetric": False}, {"symmetric": False, "affine_range": "clamped"}])
def test_percentile_100_is_minmax(fields):
    x = np.random.default_rng(3).normal(size=(5, 40)).astype(np.float32)
    for granularity in (PerTensor(), PerChannel(0), PerGroup(7)):
        a = Quantizer(x, Scheme(range=Percentile(100), granularity=granularity, **fields))
        b = Quantizer(x, Scheme(granularity=granularity, **fields))
        assert same_bits(a.scale, b.scale)
        assert np.array_equal(a.zero_point, b.zero_point)


def test_a_fixed_range_does_not_look_at_the_values():
    scheme = Scheme(bits=4, symmetric=False, range=Fixed(-1.0, 2.0))
    for x in (np.float32([100.0, -3.0]), np.float32([1.5])):
        q = Quantizer(x, scheme)
        assert (q.scale, q.zero_point) == (np.float32(0.2), -3)
    symmetric = Quantizer(np.float32([9.0]), Scheme(bits=4, range=Fixed(-1.0, 2.0)))
    assert symmetric.scale == 2 / 8


@pytest.mark.parametrize("fields", [{}, {"symmetric": False, "affine_range": "clamped"}], ids=str)
@pytest.mark.parametrize("scale_dtype", ["working", "float16"])
def test_the_ends_of_a_range_are_rounded_to_the_working_type_first(fields, scale_dtype):
    x, rng = np.float32([1.0]), np.random.default_rng(0)
    for _ in range(100):
        lo, hi = sorted(rng.uniform(-100, 100, 2).tolist())
        scheme = Scheme(range=Fixed(lo, hi), symmetric_scale="full", scale_dtype=scale_dtype, **fields)
        rounded = dataclasses.replace(scheme, range=Fixed(float(np.float32(lo)), float(np.float32(hi))))
        q, same = Quantizer(x, scheme), Quantizer(x, rounded)
        assert (q.scale, q.zero_point) == (same.scale, same.zero_point)
        assert (q.scale, q.zero_point) == naive.quantizer(x, scheme)[:2]
    # Ends that the working type cannot tell apart are one value.
    near = Scheme(symmetric=False, affine_range="clamped", range=Fixed(5.0, 5.0 + 1e-9))
    assert Quantizer(x, near).scale == 5


def test_infinities_are_left_out_of_the_range():
    x = np.float32([1.0, np.inf, -2.0, np.nan])
    assert Quantizer(x, bits=4).scale == 0.25


# MinMSE: what is promised is the range, not the search


def data(kind, n, seed=0):
    rng = np.random.default_rng(seed)
    x = {"gaussian": rng.normal, "laplace": rng.laplace, "outlier": rng.normal}[kind](size=n).astype(np.float32)
    if kind == "outlier":
        x[n // 2] = 50
    return x


def mse(x, scale, zero_point, scheme):
    """Of the plain scheme, without a kernel, in float64."""
    codes = np.clip(np.rint(x / np.float32(scale)) + zero_point, scheme.qmin, scheme.qmax)
    return np.mean(((codes - zero_point) * np.float64(scale) - x) ** 2)


def best_symmetric(x, scheme):
    """The least error over 600 thresholds from the largest value down to a 300th of it."""
    top = float(np.abs(x).max())
    scales = np.float32(top * np.geomspace(1 / 300, 1, 600) / 2 ** (scheme.bits - 1))
    return min(mse(x, s, 0, scheme) for s in scales)


def best_affine(x, scheme):
    """The least error over a grid of both ends, refined three times around the best."""
    lo, hi = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    low, high = np.linspace(lo, 0, 16), np.linspace(0, hi, 16)
    best = math.inf
    for _ in range(4):
        found = {}
        for a in low:
            for b in high:
                if b > a:
                    scale = np.float32((b - a) / (scheme.levels - 1))
                    zero_point = np.clip(scheme.qmin - np.rint(np.float32(a) / scale), scheme.qmin, scheme.qmax)
                    found[a, b] = mse(x, scale, zero_point, scheme)
        (a, b), least = min(found.items(), key=lambda item: item[1])
        best = min(best, least)
        step_a, step_b = (low[-1] - low[0]) / 15, (high[-1] - high[0]) / 15
        low = np.clip(np.linspace(a - step_a, a + step_a, 16), lo, 0)
        high = np.clip(np.linspace(b - step_b, b + step_b, 16), 0, hi)
    return best


@pytest.mark.parametrize("kind", ["gaussian", "laplace", "outlier"])
@pytest.mark.parametrize("bits", range(1, 9))
def test_the_least_squared_error_is_found_among_symmetric_ranges(kind, bits):
    x = data(kind, 2_000)
    scheme = Scheme(bits=bits, range=MinMSE())
    found = error_report(x, Quantizer(x, scheme)).mse
    assert found <= 1.01 * best_symmetric(x, scheme)


@pytest.mark.parametrize("kind", ["gaussian", "laplace", "outlier"])
@pytest.mark.parametrize("bits", range(1, 9))
def test_the_least_squared_error_is_found_among_symmetric_ranges_of_a_long_array(kind, bits):
    x = data(kind, 70_000)
    scheme = Scheme(bits=bits, range=MinMSE())
    scales = np.float32(np.abs(x).max() * np.geomspace(1 / 100, 1, 120) / 2 ** (bits - 1))
    found = error_report(x, Quantizer(x, scheme)).mse
    assert found <= 1.01 * min(mse(x, s, 0, scheme) for s in scales)


@pytest.mark.parametrize("kind", ["gaussian", "laplace", "outlier"])
@pytest.mark.parametrize("bits", range(1, 9))
def test_the_least_squared_error_is_found_among_affine_ranges(kind, bits):
    x = data(kind, 400)
    x = x + np.float32(0.5) if kind == "laplace" else x
    scheme = Scheme(bits=bits, symmetric=False, range=MinMSE())
    found = error_report(x, Quantizer(x, scheme)).mse
    assert found <= 1.01 * best_affine(x, scheme)


@given(cases(("float32", "float64"), moderate=True, range=MinMSE(), rounding="half_even", overflow="saturate"))
@examples
def test_the_least_squared_error_is_never_worse_than_minmax(case):
    x, scheme = case
    found = error_report(x, Quantizer(x, scheme))
    minmax = error_report(x, Quantizer(x, dataclasses.replace(scheme, range=Scheme().range)))
    if found.n:
        assert found.mse <= minmax.mse * (1 + 1e-9)


@pytest.mark.parametrize("fields", [{}, {"symmetric": False}, {"symmetric": False, "affine_range": "free"}])
@pytest.mark.parametrize("bits", [2, 4, 8, 12])
def test_the_least_squared_error_of_a_long_array_is_not_worse_than_minmax(fields, bits):
    x = np.random.default_rng(0).uniform(-1, 2, 100_000).astype(np.float32)
    found = error_report(x, Quantizer(x, Scheme(bits=bits, range=MinMSE(), **fields))).mse
    assert found <= 1.001 * error_report(x, Quantizer(x, Scheme(bits=bits, **fields))).mse


@pytest.mark.parametrize("n", [100, 70_000])
def test_the_wider_range_wins_a_tie(n):
    # One signed bit has the levels −s and 0: over positive values every threshold loses all of the signal.
    x = np.random.default_rng(0).uniform(0.1, 1, n).astype(np.float32)
    assert Quantizer(x, Scheme(bits=1, range=MinMSE())).scale == x.max()


def test_each_part_gets_its_own_least_squared_error():
    x = np.stack([data("gaussian", 500), data("outlier", 500), data("laplace", 500)])
    together = Quantizer(x, Scheme(bits=3, range=MinMSE(), granularity=PerChannel(0)))
    alone = [Quantizer(row, Scheme(bits=3, range=MinMSE())).scale for row in x]
    assert together.scale.ravel().tolist() == alone
