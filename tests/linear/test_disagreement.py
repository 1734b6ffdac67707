"""Where two ways to requantize differ, against trying every accumulator there is to try."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from quantlab import Scheme
from quantlab.linear import disagreement, fixed_point, requantize, thresholds

WAYS = {
    "float64": lambda m: m,
    "float32": np.float32,
    "twice": fixed_point,
    "once": lambda m: fixed_point(m, "once"),
}
GRIDS = [Scheme(), Scheme(bits=3), Scheme(symmetric=False, signed=False), Scheme(bits=1, symmetric=False)]


@settings(max_examples=120)
@given(
    multiplier=st.one_of(st.floats(0.02, 3.0), st.integers(-5, 2).map(lambda e: 2.0**e)),
    times=st.sampled_from([1, 1, 1.01, 1.5]),  # also two that differ by more than their rounding: runs meet then
    ways=st.lists(st.sampled_from(list(WAYS)), min_size=2, max_size=2),
    scheme=st.sampled_from(GRIDS),
    where=st.floats(0, 1),
)
def test_the_runs_hold_exactly_the_accumulators_that_differ(multiplier, times, ways, scheme, where):
    zero_point = 0 if scheme.symmetric else scheme.qmin + round(where * (scheme.levels - 1))
    first, second = (WAYS[way](m) for way, m in zip(ways, (multiplier, multiplier * times), strict=True))
    found = disagreement(first, second, zero_point, scheme)
    everything = np.arange(-14_000, 14_000)  # 256 / 0.02 to either side: beyond it both clip
    codes = [requantize(everything, by, zero_point, scheme) for by in (first, second)]
    expected = everything[codes[0] != codes[1]]
    runs = [np.arange(*run) for run in zip(found.starts, found.stops, strict=True)]
    assert np.array_equal(np.concatenate([*runs, np.empty(0, int)]), expected)
    assert found.count == len(expected)
    assert (found.starts[1:] > found.stops[:-1]).all()
    between = everything[(codes[0] > scheme.qmin) & (codes[0] < scheme.qmax)]
    assert found.unclipped[1] - found.unclipped[0] == len(between)


def test_thresholds_are_where_codes_begin():
    for by in (0.37, np.float32(0.37), fixed_point(0.37), fixed_point(np.array([0.37]), "once"), np.array([[0.37]])):
        found = thresholds(by, 5, Scheme(bits=4, symmetric=False))
        one = by if np.ndim(getattr(by, "multiplier", by)) == 0 else 0.37
        assert requantize(found, one, 5, Scheme(bits=4, symmetric=False)).tolist() == list(range(-7, 8))
        assert requantize(found - 1, one, 5, Scheme(bits=4, symmetric=False)).tolist() == list(range(-8, 7))


def test_codes_that_no_accumulator_reaches_begin_beyond_int32():
    found = thresholds(2.0**-30, 0, Scheme(bits=4))
    assert found[0] == -(2**31)  # −2 is the least there is
    assert found[-1] == 2**31
    assert requantize(found[(found > -(2**31)) & (found < 2**31)], 2.0**-30, 0, Scheme(bits=4)).tolist() == [
        -1,
        0,
        1,
        2,
    ]


def test_small_multipliers_over_all_of_int32_take_no_longer():
    found = disagreement(1.37e-6, fixed_point(1.37e-6), 0)
    assert 0 < found.share < 0.01
    both = [requantize(found.starts, by, 0) for by in (1.37e-6, fixed_point(1.37e-6))]
    assert (both[0] != both[1]).all()
    assert (requantize(found.stops, 1.37e-6, 0) == requantize(found.stops, fixed_point(1.37e-6), 0)).all()


def test_rounding_twice_differs_from_a_float_multiplier_more_often_for_large_multipliers():
    shares = []
    for low, high in ((1e-4, 1e-3), (1e-3, 1e-2), (0.1, 0.9)):
        multipliers = np.random.default_rng(0).uniform(low, high, 60)
        shares.append(np.mean([disagreement(m, fixed_point(m), 0).share for m in multipliers]))
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.002
    assert shares[2] > 0.02


@pytest.mark.parametrize("by", [np.ones(2), fixed_point(np.ones(2))])
def test_one_multiplier_at_a_time(by):
    with pytest.raises(ValueError, match="There must be one multiplier, got 2; compare one column at a time"):
        thresholds(by, 0)
