"""Codes and values, element by element: what rounding keeps, the order of its steps, infinity and wrapping."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantlab import PerTensor, Quantizer, Scheme
from tests import naive
from tests.naive import same_bits
from tests.strategies import FLOATS, cases, examples


def affine(scale, zero_point, **fields):
    return Quantizer.from_parameters(scale, zero_point, Scheme(symmetric=False, **fields))


# Properties

NEAREST = {"rounding": st.sampled_from(["half_even", "half_away"])}


@st.composite
def plain_cases(draw, rounding, **fixed):
    """Ordinary values and the default order of operations, where the textbook's bounds hold."""
    fixed |= {"division": "divide", "zero_point_added": "after_rounding", "overflow": "saturate"}
    affine_range = draw(st.sampled_from(["include_zero", "clamped"]))
    x, scheme = draw(cases(("float32", "float64", "float16"), moderate=True, affine_range=affine_range, **fixed))
    return x, dataclasses.replace(scheme, rounding=draw(rounding))


@given(plain_cases(NEAREST["rounding"]))
@examples
def test_quantizing_twice_changes_nothing(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    x_hat = q.fake_quantize(x)
    assert np.array_equal(q.quantize(x_hat), q.quantize(x))
    assert same_bits(q.fake_quantize(x_hat), x_hat)


@given(plain_cases(st.sampled_from(["half_even", "half_away", "floor"])))
@examples
def test_larger_values_never_get_smaller_codes(case):
    x, scheme = case
    scheme = dataclasses.replace(scheme, granularity=PerTensor())
    q = Quantizer(x, scheme)
    ordered = np.sort(x, axis=None)
    assert (np.diff(q.quantize(ordered).astype(int)) >= 0).all()
    assert (np.diff(q.fake_quantize(ordered)) >= 0).all()


@given(cases(FLOATS, finite=False))
@examples
def test_codes_lie_within_the_code_range_and_have_its_type(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    codes = q.quantize(np.where(np.isnan(x.astype(np.float64)), x.dtype.type(0), x))
    assert codes.dtype == q.dtype == scheme.dtype
    assert codes.shape == x.shape
    assert ((codes >= scheme.qmin) & (codes <= scheme.qmax)).all()


def errors_and_slack(x, q):
    """Of the values that are not clipped: error, own scale, and two ulps of the value."""
    values = np.asarray(x, q.working)
    numbers, _ = naive.parts(x.shape, q.scheme)
    inside = naive.clipped(x, q.scale, q.zero_point, q.scheme, q.working) == 0
    error = q.fake_quantize(x).astype(np.float64) - values
    return error[inside], naive.spread(q.scale, numbers)[inside].astype(float), 2.0 * np.spacing(np.abs(values))[inside]


@given(plain_cases(NEAREST["rounding"]))
@examples
def test_inside_the_range_the_error_is_at_most_half_a_step(case):
    x, scheme = case
    error, scale, slack = errors_and_slack(x, Quantizer(x, scheme))
    assert (np.abs(error) <= scale / 2 + slack).all()


@given(plain_cases(st.just("floor")))
@examples
def test_floor_never_rounds_up_and_loses_less_than_a_step(case):
    x, scheme = case
    error, scale, slack = errors_and_slack(x, Quantizer(x, scheme))
    assert (error <= slack).all()
    assert (error > -scale - slack).all()


@given(plain_cases(st.just("stochastic")))
@examples
def test_stochastic_rounding_goes_to_one_of_the_two_neighbours(case):
    x, scheme = case
    error, scale, slack = errors_and_slack(x, Quantizer(x, scheme))
    assert (np.abs(error) < scale + slack).all()


@pytest.mark.parametrize("value", [0.3, -0.3, 2.75, -1.0])
def test_stochastic_rounding_is_unbiased(value):
    x = np.full(40_000, value, np.float32)
    q = Quantizer.from_parameters(np.float32(1), 0, Scheme(rounding="stochastic", seed=5))
    share = value - math.floor(value)
    assert abs(q.fake_quantize(x).mean() - value) <= 4 * math.sqrt(share * (1 - share) / x.size)


def test_stochastic_rounding_hangs_on_the_seed_and_on_nothing_else():
    x = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
    first, again, other = (
        Quantizer(x, Scheme(bits=4, rounding="stochastic", seed=seed)).quantize(x) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    q = Quantizer(x, Scheme(bits=4, rounding="stochastic", seed=1))
    assert np.array_equal(q.quantize(np.asfortranarray(x)), first)  # the index is that of C order


def test_splitmix64_gives_its_published_numbers():
    # Steele, Lea and Flood's generator from state 0 (as in the reference code of xoshiro's authors).
    states = [0x9E3779B97F4A7C15 * (i + 1) for i in range(3)]
    assert [hex(naive.splitmix64(s)) for s in states] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]


# The order of the steps, by hand


@pytest.mark.parametrize(
    ("rounding", "codes"),
    [
        ("half_even", [-2, -2, 0, 0, 2, 2, 0]),
        ("half_away", [-3, -2, -1, 1, 2, 3, 0]),
        ("floor", [-3, -2, -1, 0, 1, 2, 0]),
    ],
)
def test_ties(rounding, codes):
    # The last is the largest float32 below .5: adding .5 to it would give 1.
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997], np.float32)
    assert Quantizer.from_parameters(np.float32(1), 0, Scheme(rounding=rounding)).quantize(x).tolist() == codes


def test_the_zero_point_before_or_after_rounding_decides_a_tie():
    x = np.float32([0.5])
    assert affine(np.float32(1), 1).quantize(x).tolist() == [1]
    assert affine(np.float32(1), 1, zero_point_added="before_rounding").quantize(x).tolist() == [2]


def test_dividing_and_multiplying_by_the_reciprocal_differ():
    x, scale = np.float32([2.3053942]), np.float32(0.5123098)
    assert Quantizer.from_parameters(scale, 0, Scheme()).quantize(x).tolist() == [4]
    assert Quantizer.from_parameters(scale, 0, Scheme(division="reciprocal")).quantize(x).tolist() == [5]


def test_the_zero_point_is_added_exactly_after_rounding():
    # In float32, 2^24 + 1 is 2^24: a zero point added there would be lost.
    q = affine(np.float32(1), -(2**24), affine_range="free")
    assert q.quantize(np.float32([2**24 + 2, 2**24 - 1, 2**24])).tolist() == [2, -1, 0]
    assert q.dequantize(np.array([2], np.int8)).tolist() == [2**24 + 2]


# Infinity and wrap


@pytest.mark.parametrize("overflow", ["saturate", "wrap"])
@pytest.mark.parametrize("rounding", ["half_even", "half_away", "floor", "stochastic"])
@pytest.mark.parametrize("added", ["after_rounding", "before_rounding"])
def test_infinities_saturate(overflow, rounding, added):
    q = affine(np.float32(0.5), 3, bits=4, overflow=overflow, rounding=rounding, zero_point_added=added)
    assert q.quantize(np.float32([-np.inf, np.inf])).tolist() == [-8, 7]
    assert q.fake_quantize(np.float32([-np.inf, np.inf])).tolist() == [-5.5, 2.0]


def test_wrapped_codes_go_round_modulo_the_number_of_codes():
    signed = Quantizer.from_parameters(np.float32(1), 0, Scheme(bits=4, overflow="wrap"))
    assert signed.quantize(np.float32([7, 8, 9, 24, -8, -9, -25])).tolist() == [7, -8, -7, -8, -8, 7, 7]
    unsigned = affine(np.float32(1), 2, bits=4, signed=False, overflow="wrap")
    assert unsigned.quantize(np.float32([13, 14, -2, -3])).tolist() == [15, 0, 0, 15]


def test_wrapping_ends_where_integers_stop_being_exact():
    q = Quantizer.from_parameters(np.float64(1), 0, Scheme(bits=4, overflow="wrap"))
    assert q.quantize(np.array([2.0**53, 2.0**53 + 2, -(2.0**53), -(2.0**53) - 2, 1e300])).tolist() == [0, 7, 0, -8, 7]
    q = Quantizer.from_parameters(np.float64(1), 0, Scheme(bits=8, overflow="wrap"))
    assert q.quantize(np.array([2.0**53 - 1])).tolist() == [-1]
