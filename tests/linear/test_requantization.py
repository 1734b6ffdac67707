"""Requantization against exact fractions, and against gemmlowp's steps in Python's integers."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import integer_model
import numpy as np
import pytest
from hypothesis import given, settings

from quantlab import Quantizer, Scheme
from quantlab.linear import (
    FixedPoint,
    fixed_point,
    quantize_bias,
    quantized_matmul,
    requantization_multiplier,
    requantize,
)
from quantlab.records import QTensor

ROUNDINGS = ("twice", "once")
INT32 = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.integers(-2000, 2000), st.sampled_from([-(2**31), 2**31 - 1, 0, 1, -1])
)
# Powers of two make ties; the others are what scales give.
MULTIPLIERS = st.one_of(
    st.floats(1e-7, 30.0),
    st.integers(-33, 29).map(lambda e: 2.0**e),
    st.builds(lambda e, n: (1 + n / 8) * 2.0**e, st.integers(-34, 28), st.integers(0, 7)),
    st.sampled_from([1 - 2.0**-53, 2.0**-32, math.nextafter(2.0**-32, 0), math.nextafter(2.0**30, 0), 0.25, 0.5]),
)
GRIDS = st.sampled_from(
    [
        Scheme(),
        Scheme(narrow_range=True),
        Scheme(symmetric=False),
        Scheme(symmetric=False, signed=False),
        Scheme(bits=4, symmetric=False),
        Scheme(bits=16, symmetric=False),
        Scheme(bits=1, symmetric=False, signed=False),
    ]
)


@st.composite
def outputs(draw):
    scheme = draw(GRIDS)
    return scheme, 0 if scheme.symmetric and scheme.signed else draw(st.integers(scheme.qmin, scheme.qmax))


@settings(max_examples=300)
@given(MULTIPLIERS)
def test_the_fixed_point_multiplier_is_tensorflow_lites(real):
    found = fixed_point(real)
    mantissa, shift = integer_model.quantized_multiplier(real)
    assert (found.multiplier.item(), found.shift.item()) == (mantissa, shift)
    assert found.multiplier.dtype == found.shift.dtype == np.int32
    assert Fraction(found.value.item()) == Fraction(mantissa) * Fraction(2) ** (shift - 31)
    if mantissa:
        assert abs(Fraction(found.value.item()) - Fraction(real)) <= Fraction(real) / 2**31


@settings(max_examples=400)
@given(st.lists(INT32, min_size=1, max_size=8), MULTIPLIERS, st.sampled_from(ROUNDINGS), outputs(), st.booleans())
def test_fixed_point_codes_are_those_of_an_integer_model(accumulators, real, rounding, output, relu):
    scheme, zero_point = output
    found = requantize(np.array(accumulators), fixed_point(real, rounding), zero_point, scheme, relu=relu)
    mantissa, shift = integer_model.quantized_multiplier(real)
    steps = [integer_model.multiplied_fixed(acc, mantissa, shift, rounding) for acc in accumulators]
    assert found.tolist() == [integer_model.requantized(step, zero_point, scheme, relu) for step in steps]
    assert found.dtype == scheme.dtype


@settings(max_examples=300)
@given(st.lists(INT32, min_size=1, max_size=8), MULTIPLIERS, outputs(), st.booleans())
def test_float64_codes_are_the_exact_product_rounded_to_even(accumulators, real, output, relu):
    scheme, zero_point = output
    found = requantize(accumulators, real, zero_point, scheme, relu=relu)
    for acc, code in zip(accumulators, found.tolist(), strict=True):
        # A product of 32 by 53 bits can be rounded onto a tie, or off it, once in 2^30 or so.
        steps = {round(Fraction(acc * real)), round(Fraction(acc) * Fraction(real))}
        assert code in {integer_model.requantized(step, zero_point, scheme, relu) for step in steps}


@settings(max_examples=200)
@given(st.lists(INT32, min_size=1, max_size=8), st.floats(2.0**-23, 30.0, width=32), outputs())
def test_float32_multipliers_work_in_float32(accumulators, real, output):
    scheme, zero_point = output
    found = requantize(accumulators, np.float32(real), zero_point, scheme)
    products = [np.float32(acc) * np.float32(real) for acc in accumulators]
    assert found.tolist() == [
        integer_model.requantized(round(Fraction(float(p))), zero_point, scheme, False) for p in products
    ]


def test_each_way_rounds_its_ties_as_it_says():
    ties = np.array([-7, -5, -3, -1, 1, 3, 5, 7])  # times ½: halves
    assert requantize(ties, 0.5, 0).tolist() == [-4, -2, -2, 0, 0, 2, 2, 4]
    assert requantize(ties, fixed_point(0.5, "once"), 0).tolist() == [-3, -2, -1, 0, 1, 2, 3, 4]
    assert requantize(ties, fixed_point(0.5), 0).tolist() == [-3, -2, -1, 0, 1, 2, 3, 4]  # no shift: one rounding, up
    shifted = FixedPoint(np.array(2**30, np.int32), np.array(-1, np.int32), "twice")
    quarters = np.array([-10, -6, -2, 2, 6, 10])  # halved without a tie, and again with one: away from zero
    assert requantize(quarters, shifted, 0).tolist() == [-3, -2, -1, 1, 2, 3]
    assert requantize(5, shifted, 0) == 2  # 1.25, rounded twice
    assert requantize(5, fixed_point(0.25, "once"), 0) == 1


def test_multipliers_by_row_and_by_column_meet_their_own_accumulators():
    rng = np.random.default_rng(0)
    accumulator = rng.integers(-20_000, 20_000, (3, 4), dtype=np.int32)
    bias = rng.integers(-500, 500, 4, dtype=np.int32)
    for shape in ((3, 1), (1, 4), (4,), (3, 4), ()):
        real = rng.uniform(1e-3, 1e-2, shape)
        for ready in (real, real.astype(np.float32), fixed_point(real), fixed_point(real, "once")):
            found = requantize(accumulator, ready, 3, Scheme(symmetric=False), bias=bias)
            for (i, j), code in np.ndenumerate(found):
                one = naive_pick(ready, i, j)
                assert code == requantize(int(accumulator[i, j]) + int(bias[j]), one, 3, Scheme(symmetric=False))


def naive_pick(ready, i, j):
    if isinstance(ready, FixedPoint):
        mantissa, shift = (np.broadcast_to(part, (3, 4))[i, j] for part in (ready.multiplier, ready.shift))
        return FixedPoint(np.array(mantissa), np.array(shift), ready.rounding)
    return np.broadcast_to(ready, (3, 4))[i, j]


@pytest.mark.parametrize("each_column", [False, True])
def test_a_layer_in_integers_comes_within_a_step_of_the_float_layer(each_column):
    """Bias and ReLU included: half a step of rounding, and the bias's own half a step of the accumulator."""
    rng = np.random.default_rng(1)
    x, w, bias = rng.normal(size=(20, 64)), rng.normal(size=(64, 10)), rng.normal(size=10)
    x_q = Quantizer(x, Scheme(symmetric=False, signed=False))
    w_scale = np.abs(w).max(axis=0, keepdims=True) / 127 if each_column else np.array(np.abs(w).max() / 127)
    a = QTensor(x_q.quantize(x), x_q.scale, x_q.zero_point)
    b = QTensor(np.rint(w / w_scale).astype(np.int8), w_scale, 0)
    real = np.maximum(x_q.dequantize(a.codes) @ (b.codes * w_scale) + bias, 0)
    out = Quantizer(real, Scheme(symmetric=False, signed=False))
    accumulator = quantized_matmul(a, b).accumulator
    added = quantize_bias(bias, a.scale, b.scale)
    multiplier = requantization_multiplier(a.scale, b.scale, out.scale)
    for by in (multiplier, fixed_point(multiplier, "once"), fixed_point(multiplier)):
        codes = requantize(accumulator, by, out.zero_point, out.scheme, bias=added, relu=True)
        steps = np.abs(out.dequantize(codes) - real) / out.scale
        assert steps.max() <= (0.51 if by is multiplier or by.rounding == "once" else 1.01)
        assert codes.min() == out.zero_point


def test_a_bias_is_counted_in_steps_of_the_accumulator():
    assert quantize_bias([0.0625, 0.1875, -0.3], 0.5, 0.25).tolist() == [0, 2, -2]
    assert quantize_bias([1.0, 1.0], np.float32(0.5), np.array([[0.25, 0.125]])).tolist() == [8, 16]
    assert quantize_bias([1.0, -1.0, 0.0], 1e-200, 1e-200).tolist() == [2**31 - 1, -(2**31), 0]
    assert requantize([2**31 - 1, -(2**31)], 2.0**-24, 0, bias=[2**31 - 1, -(2**31)]).tolist() == [127, -128]


def test_a_multiplier_is_formed_in_the_widest_type_of_its_scales():
    assert requantization_multiplier(np.float32(0.1), np.float32(0.3), np.float32(0.7)).dtype == np.float32
    assert requantization_multiplier(np.float32(0.1), 0.3, np.float32(0.7)).dtype == np.float64
    assert requantization_multiplier(np.float16(0.1), np.float16(0.3), np.float16(0.7)).dtype == np.float32
    assert requantization_multiplier(np.ones((3, 1)), np.ones((1, 4)), 0.5).shape == (3, 4)


FLOAT = 0.25


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: requantize([1.5], FLOAT, 0), TypeError, "accumulator must be integers, got dtype float64"),
        (lambda: requantize([2**31], FLOAT, 0), ValueError, "accumulator must lie within int32, got 2147483648 to"),
        (lambda: requantize([1], FLOAT, 0.5), TypeError, "zero_point must be integers, got dtype float64"),
        (lambda: requantize([1], FLOAT, 0, bias=[0.5]), TypeError, "bias must be integers, got dtype float64"),
        (
            lambda: requantize([1], 1, 0),
            TypeError,
            "multiplier must be float32, float64 or a FixedPoint, got dtype int64",
        ),
        (lambda: requantize([1], -FLOAT, 0), ValueError, "multiplier must be positive and finite, got -0.25"),
        (
            lambda: requantize(np.ones((2, 3), int), np.ones((2, 2)), 0),
            ValueError,
            r"multiplier of shape \(2, 2\) does not broadcast over an accumulator of shape \(2, 3\)",
        ),
        (lambda: requantize([1], FLOAT, 0, bias=[[1]]), ValueError, r"bias of shape \(1, 1\) does not broadcast"),
        (lambda: fixed_point(FLOAT, "up"), ValueError, "rounding must be twice or once, got 'up'"),
        (lambda: fixed_point(1), TypeError, "multiplier must be a float, got dtype int64"),
        (lambda: fixed_point(0.0), ValueError, "multiplier must be positive and finite, got 0.0"),
        (lambda: fixed_point([1.0, 2.0**30]), ValueError, "multiplier must be below 2\\^30, got 1073741824.0"),
        (
            lambda: requantization_multiplier(np.float32(1e-30), np.float32(1e-30), np.float32(1)),
            ValueError,
            "multiplier must be positive and finite, got 0.0; use scales nearer to each other",
        ),
        (lambda: requantization_multiplier(1, 0.5, 0.5), TypeError, "scale_a must be a float, got dtype int64"),
        (lambda: quantize_bias([np.nan], 0.5, 0.5), ValueError, "bias must be finite numbers along one axis"),
        (lambda: quantize_bias([[1.0]], 0.5, 0.5), ValueError, r"along one axis, got shape \(1, 1\)"),
        (
            lambda: quantize_bias([1.0, 2.0], [0.5, 0.5], 0.5),
            ValueError,
            "A bias of 2 needs one scale_a and one scale_b or 2, got 2 and 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()
