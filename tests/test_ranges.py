"""Where the values lie: percentiles, a range by hand, and the range with the least squared error."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quantlab import Fixed, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report
from quantlab.arrays.builtin import build
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


def best_symmetric(x, scheme, n=600):
    """The least error over `n` scales, from twice the one for which the top code is the largest value."""
    half = 2 ** (scheme.bits - 1)
    divisor = {"half_range": half, "restricted": half - 1, "full": half - 0.5}[scheme.symmetric_scale]
    widest = np.abs(x).max() / max(min(divisor, scheme.qmax), 0.5)
    coarse = np.float32(widest * np.geomspace(1 / 300, 2, n))
    errors = [mse(x, s, 0, scheme) for s in coarse]
    around = coarse[int(np.argmin(errors))] * np.linspace(0.97, 1.03, n // 4)
    return min(*errors, *(mse(x, s, 0, scheme) for s in np.float32(around)))


def best_affine(x, scheme):
    """The least error over a grid of both ends, a step beyond the values too, refined three times around the best."""
    lo, hi = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    step = (hi - lo) / (scheme.levels - 1)
    lo, hi = lo - step * (lo < 0), hi + step * (hi > 0)
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
    found = error_report(x, Quantizer(x, scheme)).mse
    assert found <= 1.01 * best_symmetric(x, scheme, 120)


@pytest.mark.parametrize("bits", range(2, 9))
def test_no_range_set_by_hand_beats_the_least_squared_error(bits):
    # The first array that a visitor sees: half_range puts its top code below the largest value.
    x = build("article").values
    found = error_report(x, Quantizer(x, Scheme(bits=bits, range=MinMSE()))).mse
    assert found < 0.9 * error_report(x, Quantizer(x, Scheme(bits=bits))).mse
    for end in (1.0, 1.05, 1.1, 1.2, 1.5, 2.0):
        by_hand = error_report(x, Quantizer(x, Scheme(bits=bits, range=Fixed(-end, end)))).mse
        assert found <= by_hand * (1 + 1e-9)


@pytest.mark.parametrize(
    ("bits", "symmetric_scale"),
    [(1, "half_range"), (1, "full")]  # 1 bit has no restricted scale
    + [(bits, scale) for bits in range(2, 17) for scale in ("half_range", "restricted", "full")],
)
@pytest.mark.parametrize("n", [4_000, 70_000])
def test_values_of_one_sign_have_the_least_squared_error_of_any_threshold(n, bits, symmetric_scale):
    x = np.random.default_rng(bits).random(n).astype(np.float32)
    scheme = Scheme(bits=bits, range=MinMSE(), symmetric_scale=symmetric_scale)
    found = error_report(x, Quantizer(x, scheme)).mse
    # Of many codes and few values, chance decides: then the least of some hundred is a few percent below the rest.
    luck = 1.01 if bits <= 8 or n > 4_000 else 1.05
    assert found <= luck * best_symmetric(x, scheme, 120)


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-3, 3),
    st.integers(1, 8),
    st.sampled_from(["half_range", "restricted", "full"]),
)
@examples
def test_the_least_squared_error_is_found_wherever_the_values_lie(seed, offset, bits, symmetric_scale):
    assume(bits > 1 or symmetric_scale != "restricted")
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=1_500) + offset if seed % 2 else rng.uniform(-1, 1, 1_500) + offset).astype(np.float32)
    scheme = Scheme(bits=bits, range=MinMSE(), symmetric_scale=symmetric_scale)
    found = error_report(x, Quantizer(x, scheme)).mse
    assert found <= 1.01 * best_symmetric(x, scheme, 200)


@pytest.mark.parametrize("n", [2_000, 70_000])
def test_a_clamped_zero_point_gets_a_range_that_reaches_the_values(n):
    # The codes must hold 0: min-max, as wide as the values, would end far below the first of them.
    x = np.random.default_rng(0).uniform(5, 6, n).astype(np.float32)
    clamped, with_zero = (Scheme(symmetric=False, range=MinMSE(), affine_range=a) for a in ("clamped", "include_zero"))
    a, b = (error_report(x, Quantizer(x, scheme)).mse for scheme in (clamped, with_zero))
    assert a == pytest.approx(b, rel=1e-6)
    assert a < 1e-3


@pytest.mark.parametrize("affine_range", ["include_zero", "clamped", "free"])
@pytest.mark.parametrize("rounding", ["half_even", "floor"])
def test_a_wider_range_keeps_values_from_wrapping_at_the_ends(affine_range, rounding):
    # Rounding the zero point moves the grid by up to half a step: the farthest values then wrap under min-max.
    scheme = Scheme(bits=4, symmetric=False, range=MinMSE(), affine_range=affine_range)
    scheme = dataclasses.replace(scheme, rounding=rounding, overflow="wrap")
    for seed in range(10):
        x = np.random.default_rng(seed).uniform(-0.73, 1, 500).astype(np.float32)
        q = Quantizer(x, scheme)
        assert error_report(x, q).mse < (0.35 if rounding == "floor" else 0.09) * q.scale**2


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_scale_rounded_down_gets_a_wider_range(symmetric):
    # float16 rounds this scale down by half of its last place, which puts the end codes 15 steps short.
    top = 32_767 * 2**-7 * (1 + 0.00045)
    x = np.random.default_rng(0).uniform(-top, top, 60_000)
    x[:2] = -top, top
    scheme = Scheme(bits=16, symmetric=symmetric, symmetric_scale="restricted", scale_dtype="float16", range=MinMSE())
    q = Quantizer(x, scheme)
    assert error_report(x, q).mse < 0.086 * q.scale**2


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


def test_the_search_takes_a_value_at_the_end_of_float64():
    # A warning is an error in these tests: here the widest range to try leaves float64 and is held to its end.
    quantizer = Quantizer(np.array(1.63426649e308), Scheme(bits=2, symmetric=False, signed=False, range=MinMSE()))
    assert np.isfinite(quantizer.scale)
