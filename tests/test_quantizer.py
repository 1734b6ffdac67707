"""Scale, zero point, codes and values of a Quantizer: against the NumPy twin, its stated properties, its edges."""

import dataclasses
import inspect
import math
import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quantlab import Fixed, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, QTensor, Quantizer, Scheme
from tests import naive
from tests.strategies import DTYPES, FLOATS, arrays, cases, dtype_of, examples, schemes

TINY32 = float(np.finfo(np.float32).smallest_normal)


def same_bits(a, b):
    """Equal in type, shape and every bit; so 0.0 is not −0.0, and NaN is NaN."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def affine(scale, zero_point, **fields):
    return Quantizer.from_parameters(scale, zero_point, Scheme(symmetric=False, **fields))


# Against the twin


@given(cases(finite=False, with_mse=False))
@examples
def test_scale_and_zero_point_are_the_twins_to_the_last_bit(case):
    x, scheme = case
    wide = np.asarray(x, np.float64)
    if isinstance(scheme.range, Percentile):  # NumPy's percentile has no answer where b − a overflows
        assume(np.abs(wide[np.isfinite(wide)]).max(initial=0) < 1e307)
    q = Quantizer(x, scheme)
    scale, zero_point, held = naive.quantizer(x, scheme)
    assert same_bits(q.scale, scale)
    assert np.array_equal(q.zero_point, zero_point)
    assert np.shape(q.zero_point) == zero_point.shape
    assert q.held == held
    assert q.working == naive.working_type(x.dtype)


@given(cases())
@examples
def test_codes_and_values_are_the_twins_to_the_last_bit(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    codes = q.quantize(x)
    arguments = q.scale, q.zero_point, scheme, q.working
    assert same_bits(codes, naive.quantize(x, *arguments))
    assert same_bits(q.dequantize(codes), naive.dequantize(codes, *arguments))
    assert same_bits(q.fake_quantize(x), naive.fake_quantize(x, *arguments))


@given(cases(FLOATS, finite=False))
@examples
def test_fake_quantize_gives_the_same_values_without_the_codes_and_keeps_nan(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    x_hat, is_nan = q.fake_quantize(x), np.isnan(x.astype(np.float64))
    codes = q.quantize(np.where(is_nan, x.dtype.type(0), x))
    assert same_bits(x_hat[~is_nan], q.dequantize(codes)[~is_nan])
    assert np.isnan(x_hat[is_nan]).all()
    assert np.isfinite(x_hat[~is_nan]).all()


@given(
    st.data(),
    st.sampled_from(["float32", "float64"]),
    st.floats(2.0**-20, 1000, width=32),
    schemes(ndim=2, granularity=PerTensor(), symmetric=False),
)
@examples
def test_parameters_from_elsewhere_give_the_twins_codes(data, name, scale, scheme):
    x = data.draw(arrays((name,)))
    bound = 2**31 - 1 if scheme.affine_range == "free" else None
    zero_point = data.draw(st.integers(*((-bound, bound) if bound else (scheme.qmin, scheme.qmax))))
    q = Quantizer.from_parameters(np.dtype(name).type(scale), zero_point, scheme)
    arguments = q.scale, q.zero_point, scheme, q.working
    assert q.working == np.dtype(name)
    assert same_bits(q.quantize(x), naive.quantize(x, *arguments))
    assert same_bits(q.fake_quantize(x), naive.fake_quantize(x, *arguments))


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerChannel(1), PerChannel(-1), PerGroup(700)])
@pytest.mark.parametrize("rounding", ["half_even", "stochastic"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_arrays_longer_than_a_block_give_the_twins_codes(granularity, rounding, dtype):
    x = np.random.default_rng(0).normal(size=(3, 2, 1025)).astype(dtype)
    scheme = Scheme(bits=4, symmetric=False, granularity=granularity, rounding=rounding, seed=3)
    q = Quantizer(x, scheme)
    assert same_bits(q.scale, naive.quantizer(x, scheme)[0])
    assert same_bits(q.quantize(x), naive.quantize(x, q.scale, q.zero_point, scheme, q.working))


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(1), PerGroup(1000, axis=1)])
def test_arrays_worth_several_threads_give_the_codes_of_numpy(dtype, granularity):
    x = (np.random.default_rng(0).normal(size=(3, 400_001)) * 1000).astype(dtype)
    q = Quantizer(x, Scheme(bits=8, granularity=granularity))
    absmax = np.abs(x.astype(np.float32))
    if granularity == PerTensor():
        scale = absmax.max() / 128
    elif granularity == PerChannel(1):
        absmax = absmax.max(axis=0, keepdims=True)
        scale = np.where(absmax == 0, 1, absmax / 128)
    else:
        padded = np.pad(absmax, ((0, 0), (0, 999))).reshape(3, 401, 1000).max(axis=2)
        scale = np.repeat(padded / 128, 1000, axis=1)[:, : x.shape[1]]
    codes = np.clip(np.rint(x.astype(np.float32) / np.float32(scale)), -128, 127).astype(np.int8)
    assert np.array_equal(q.quantize(x), codes)
    assert np.array_equal(q.fake_quantize(x), codes.astype(np.float32) * np.float32(scale))
    assert np.array_equal(q.dequantize(codes), codes.astype(np.float32) * np.float32(scale))


def test_stochastic_codes_do_not_hang_on_how_the_work_was_shared():
    x = np.random.default_rng(1).normal(size=2_200_000).astype(np.float32)
    q = Quantizer(x, Scheme(bits=4, rounding="stochastic", seed=11))
    codes, cut = q.quantize(x), 2_100_000
    tail = [naive.uniform(11, i) for i in range(cut, cut + 500)]
    v = x[cut : cut + 500] / q.scale
    expected = np.clip(np.floor(v) + (np.array(tail) < v - np.floor(v)), -8, 7)
    assert np.array_equal(codes[cut : cut + 500], expected)
    assert np.array_equal(codes[:1000], q.quantize(x[:1000]))


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


@given(cases(("float32", "float64"), moderate=True, symmetric=False, affine_range="include_zero", overflow="saturate"))
@examples
def test_real_zero_survives_an_affine_grid_that_contains_it(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    assert not q.fake_quantize(np.zeros_like(x)).any()


@given(cases(FLOATS, moderate=True, with_mse=False, min_side=1))
@examples
def test_a_parts_scale_is_never_wider_than_the_tensors(case):
    x, scheme = case
    assume(not isinstance(scheme.range, Percentile) and not (not scheme.symmetric and scheme.affine_range == "free"))
    q = Quantizer(x, dataclasses.replace(scheme, affine_range="include_zero"))
    whole = Quantizer(x, dataclasses.replace(q.scheme, granularity=PerTensor()))
    degenerate = np.asarray(q.scale) == 1  # the stated scale of a part that is all 0
    assert (degenerate | (np.asarray(q.scale) <= whole.scale)).all()


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


@pytest.mark.parametrize(("symmetric_scale", "divisor"), [("half_range", 8), ("restricted", 7), ("full", 7.5)])
def test_the_three_symmetric_scales(symmetric_scale, divisor):
    x = np.array([-3.5, 10.2], np.float32)
    q = Quantizer(x, Scheme(bits=4, symmetric_scale=symmetric_scale))
    assert q.scale == np.float32(float(np.float32(10.2)) / divisor)
    assert type(q.zero_point) is int
    assert q.zero_point == 0
    unsigned = Quantizer(x, Scheme(bits=4, symmetric_scale=symmetric_scale, signed=False))
    assert (unsigned.scale, unsigned.zero_point) == (q.scale, 8)


def test_the_three_affine_ranges_of_data_far_from_zero():
    x = np.linspace(5, 6, 11, dtype=np.float32)
    including, clamped, free = (
        Quantizer(x, Scheme(symmetric=False, affine_range=kind)) for kind in ("include_zero", "clamped", "free")
    )
    assert (including.scale, including.zero_point) == (np.float32(6 / 255), -128)
    # The textbook's range with a clamped zero point: all of the data lies beyond the last code.
    assert (clamped.scale, clamped.zero_point) == (np.float32(1 / 255), -128)
    assert set(clamped.quantize(x).tolist()) == {127}
    assert (free.scale, free.zero_point) == (np.float32(1 / 255), -128 - 1275)
    assert (free.quantize(x).min(), free.quantize(x).max()) == (-128, 127)


@pytest.mark.parametrize(
    ("fields", "levels"),
    [
        ({"symmetric": True}, {-1.0, 0.0}),
        ({"symmetric": True, "signed": False}, {-1.0, 0.0}),
        ({"symmetric": True, "symmetric_scale": "full"}, {-2.0, 0.0}),
        ({"symmetric": False}, {-1.0, 0.0}),
        ({"symmetric": False, "signed": False}, {-1.0, 0.0}),
    ],
)
def test_one_bit_has_the_levels_of_a_negative_step_and_zero(fields, levels):
    x = np.array([-1.0, -0.75, -0.25, 0.0], np.float32)
    assert set(Quantizer(x, Scheme(bits=1, **fields)).fake_quantize(x).tolist()) <= levels
    assert (
        set(Quantizer(x, Scheme(bits=1, **fields)).dequantize([Scheme(bits=1, **fields).qmin] * 4).tolist()) <= levels
    )


def test_one_affine_bit_over_positive_values_has_zero_and_a_step():
    x = np.array([0.0, 0.4, 0.6, 1.0], np.float32)
    q = Quantizer(x, Scheme(bits=1, symmetric=False))
    assert q.fake_quantize(x).tolist() == [0, 0, 1, 1]


def test_narrow_range_leaves_out_the_lowest_code():
    x = np.array([-1.0, 1.0], np.float32)
    q = Quantizer(x, Scheme(narrow_range=True, symmetric_scale="restricted"))
    assert q.scale == np.float32(1 / 127)
    assert q.quantize(x).tolist() == [-127, 127]
    q = Quantizer(x, Scheme(narrow_range=True, symmetric=False))
    assert q.scale == np.float32(2 / 254)
    assert q.quantize(x).tolist() == [-127, 127]


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


# Degenerate arrays and the ends of the number types

NOTHING = [
    np.zeros((0,), np.float32),
    np.zeros((3, 0), np.float64),
    np.zeros((2, 3), np.float32),
    np.array([0.0, -0.0]),
    np.array([np.nan, np.inf, -np.inf], np.float32),
    np.zeros(3, np.int16),
    np.zeros(2, bool),
]


@pytest.mark.parametrize("x", NOTHING, ids=str)
@pytest.mark.parametrize("value_range", [Scheme().range, Percentile(99), MinMSE()], ids=str)
@pytest.mark.parametrize(
    ("fields", "zero_point"),
    [
        ({}, 0),
        ({"signed": False}, 128),
        ({"symmetric": False}, -128),
        ({"symmetric": False, "signed": False}, 0),
        ({"symmetric": False, "affine_range": "clamped"}, -128),
        ({"symmetric": False, "affine_range": "free"}, -128),
    ],
    ids=str,
)
def test_an_array_without_a_range_gets_a_scale_of_one(x, value_range, fields, zero_point):
    q = Quantizer(x, Scheme(range=value_range, **fields))
    assert (q.scale, q.zero_point, q.held) == (1, zero_point, 0)
    assert q.fake_quantize(np.zeros_like(x)).tolist() == np.zeros(x.shape).tolist()


def test_a_channel_or_group_without_a_range_gets_a_scale_of_one():
    x = np.array([[0.0, 0.0, 0.0], [np.nan, np.inf, np.nan], [4.0, -8.0, 1.0]], np.float32)
    assert Quantizer(x, Scheme(bits=4, granularity=PerChannel(0))).scale.ravel().tolist() == [1, 1, 1]
    assert Quantizer(x, Scheme(bits=3, granularity=PerGroup(2))).scale.tolist() == [[1, 1], [1, 1], [2, 0.25]]


@pytest.mark.parametrize("affine_range", ["clamped", "free"])
@pytest.mark.parametrize("c", [5.0, -5.0, 0.3, 1e-3])
def test_a_constant_array_has_its_own_size_as_scale_and_is_exact(affine_range, c):
    x = np.full((2, 3), c, np.float32)
    q = Quantizer(x, Scheme(symmetric=False, affine_range=affine_range))
    assert q.scale == abs(np.float32(c))
    if affine_range == "free":
        assert q.zero_point == -128 - int(np.sign(c))
        assert same_bits(q.fake_quantize(x), x)


def test_a_float16_scale_is_held_at_its_largest_number():
    x = np.array([1e6, -2e5], np.float32)
    q = Quantizer(x, Scheme(bits=4, scale_dtype="float16"))
    assert (q.scale, q.held) == (65504, 1)
    assert q.scale.dtype == np.float32
    assert q.quantize(x).tolist() == [7, -3]


def test_a_scale_is_rounded_to_its_type_before_it_is_used():
    x = np.array([1.0], np.float32)
    q = Quantizer(x, Scheme(bits=8, symmetric_scale="restricted", scale_dtype="float16"))
    assert q.scale == np.float32(np.float16(1 / 127))
    assert q.held == 0
    x = np.array([1.0])
    q = Quantizer(x, Scheme(bits=8, symmetric_scale="restricted", scale_dtype="float32"))
    assert q.scale == np.float64(np.float32(1 / 127))
    assert q.scale.dtype == np.float64


@pytest.mark.parametrize(
    ("dtype", "scale_dtype", "smallest"),
    [
        (np.float32, "working", np.finfo(np.float32).smallest_normal),
        (np.float64, "working", np.finfo(np.float64).smallest_normal),
        (np.float32, "float16", np.finfo(np.float16).smallest_normal),
        (np.float64, "float32", np.finfo(np.float32).smallest_normal),
    ],
)
def test_a_scale_below_the_smallest_normal_number_is_held_there(dtype, scale_dtype, smallest):
    x = np.array([float(smallest) * 2, -float(smallest)], dtype)
    q = Quantizer(x, Scheme(scale_dtype=scale_dtype))
    assert (float(q.scale), q.held) == (float(smallest), 1)
    assert q.quantize(x).tolist() == [2, -1]
    exact = Quantizer(x * dtype(64), Scheme(scale_dtype=scale_dtype))
    assert (float(exact.scale), exact.held) == (float(smallest), 0)


def test_subnormal_values_survive():
    x = np.array([2.0**-149, -(2.0**-140), 0.0], np.float32)
    q = Quantizer(x, Scheme(bits=16))
    assert float(q.scale) == TINY32
    assert q.quantize(x).tolist() == [0, 0, 0]
    values = np.float32([2.0**-149, 2.0**-127, -(2.0**-126)])
    assert Quantizer.from_parameters(np.float32(TINY32), 0, Scheme()).quantize(values).tolist() == [0, 0, -1]
    assert Quantizer.from_parameters(np.float32(TINY32), 0, Scheme(rounding="floor")).quantize(-values).tolist() == [
        -1,
        -1,
        1,
    ]


@pytest.mark.parametrize("fields", [{}, {"affine_range": "clamped"}, {"affine_range": "free"}])
def test_a_spread_beyond_float64_still_has_a_scale(fields):
    most = float(np.finfo(np.float64).max)
    x = np.array([-most, 0.0, most])
    q = Quantizer(x, Scheme(symmetric=False, **fields))
    assert q.scale == most / 255 - -most / 255
    assert q.held == 0
    assert np.isfinite(q.fake_quantize(x)).all()
    assert Quantizer(x, Scheme(symmetric=False, range=Percentile(99), **fields)).scale == pytest.approx(
        0.98 * (2 * (most / 255)), rel=1e-12
    )


def test_reconstruction_is_held_to_the_largest_finite_number():
    most = np.finfo(np.float32).max
    q = Quantizer(np.array([most], np.float32), Scheme(bits=2, symmetric_scale="restricted"))
    assert q.dequantize([-2, 1]).tolist() == [-most, most]
    assert q.fake_quantize(np.float32([-np.inf, np.inf])).tolist() == [-most, most]


def test_the_quantization_of_huge_values_in_one_bit_is_held():
    most = float(np.finfo(np.float32).max)
    q = Quantizer(np.float32([-most, most]), Scheme(bits=1, symmetric=False))
    assert (float(q.scale), q.held) == (most, 1)


# NaN, infinity, wrap


def test_nan_is_refused_with_how_many_and_where_first():
    x = np.zeros((3, 4), np.float32)
    x[1, 2] = x[2, 0] = np.nan
    q = Quantizer(x)
    for same in (x, np.asfortranarray(x), x.astype(np.float16), x.astype(np.float64)):
        with pytest.raises(ValueError, match=r"NaN") as refusal:
            q.quantize(same)
        assert "2" in str(refusal.value)
        assert "(1, 2)" in str(refusal.value)


def test_nan_far_into_a_large_array_is_found_where_it_stands():
    x = np.zeros(2_000_000, np.float32)
    x[1_999_990:1_999_993] = np.nan
    with pytest.raises(ValueError, match="NaN, got 3,") as refusal:
        Quantizer(x).quantize(x)
    assert "1999990" in str(refusal.value).replace(",", "").replace("\u202f", "").replace("_", "")


@pytest.mark.parametrize("overflow", ["saturate", "wrap"])
@pytest.mark.parametrize("rounding", ["half_even", "half_away", "floor", "stochastic"])
@pytest.mark.parametrize("added", ["after_rounding", "before_rounding"])
def test_infinities_saturate(overflow, rounding, added):
    q = affine(np.float32(0.5), 3, bits=4, overflow=overflow, rounding=rounding, zero_point_added=added)
    assert q.quantize(np.float32([-np.inf, np.inf])).tolist() == [-8, 7]
    assert q.fake_quantize(np.float32([-np.inf, np.inf])).tolist() == [-5.5, 2.0]


def test_infinities_are_left_out_of_the_range():
    x = np.float32([1.0, np.inf, -2.0, np.nan])
    assert Quantizer(x, bits=4).scale == 0.25


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


# Types and shapes


@pytest.mark.parametrize("name", DTYPES)
def test_every_supported_type_has_its_working_type(name):
    x = np.array([0, 1, 1], dtype_of(name))
    q = Quantizer(x, bits=4)
    narrow = name in ("float16", "bfloat16", "float32", "int8", "uint8", "int16", "uint16", "bool")
    assert q.working == np.dtype(np.float32 if narrow else np.float64)
    assert q.scale.dtype == q.working
    assert q.fake_quantize(x).dtype == q.dequantize(q.quantize(x)).dtype == q.working
    assert q.quantize(x).tolist() == [0, 7, 7]


def test_other_byte_orders_and_lists_are_read():
    x = np.array([-1.0, 0.26, 3.0], np.float32)
    q = Quantizer(x, bits=4)
    for same in (x.astype(">f4"), x.astype(">f8"), x.tolist()):
        assert Quantizer(same, bits=4).scale == q.scale
        assert np.array_equal(q.quantize(same), q.quantize(x))
    assert np.array_equal(q.dequantize(q.quantize(x).astype(">i2")), q.fake_quantize(x))


REFUSED = {
    "complex": np.zeros(2, np.complex64),
    "object": np.array([1.0, None], object),
    "string": np.array(["1.0"]),
    "bytes": np.array([b"1"]),
    "structured": np.zeros(2, [("a", "f4")]),
    "datetime": np.zeros(2, "datetime64[s]"),
    "timedelta": np.zeros(2, "timedelta64[s]"),
    "float8": np.zeros(2, ml_dtypes.float8_e4m3fn),
    "float8_e5m2": np.zeros(2, ml_dtypes.float8_e5m2),
    "float4": np.zeros(2, ml_dtypes.float4_e2m1fn),
    "int4": np.zeros(2, ml_dtypes.int4),
}
if np.dtype(np.longdouble).itemsize > 8:
    REFUSED["longdouble"] = np.zeros(2, np.longdouble)


@pytest.mark.parametrize("kind", REFUSED)
def test_other_types_are_refused_by_name(kind):
    x, q = REFUSED[kind], Quantizer(np.float32([1.0]))
    for use in (Quantizer, q.quantize, q.fake_quantize):
        with pytest.raises(TypeError) as refusal:
            use(x)
        assert str(x.dtype) in str(refusal.value)


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
def test_integers_that_float64_cannot_hold_are_refused(value):
    x, q = np.array([0, value], np.int64), Quantizer(np.array([1.0]))
    for use in (Quantizer, q.quantize, q.fake_quantize):
        with pytest.raises(ValueError, match=str(value)):
            use(x)


def test_the_largest_integers_that_float64_holds_are_accepted():
    x = np.array([2**53, -(2**53)], np.int64)
    assert Quantizer(x, bits=8).scale == 2.0**46
    with pytest.raises(ValueError, match=str(2**64 - 1)):
        Quantizer(np.array([2**64 - 1], np.uint64))


def test_a_quantizer_keeps_its_working_type_for_arrays_of_other_types():
    q = Quantizer(np.float32([1.0]), bits=4)
    for x in (np.float64([0.3, 1e300]), np.float16([0.3, 9.0]), np.array([0, 5], np.int64)):
        assert q.fake_quantize(x).dtype == np.float32
        assert q.quantize(x)[1] == 7


@given(cases(finite=True))
@examples
def test_inputs_of_any_layout_are_not_written_to_and_outputs_are_c_contiguous(case):
    x, scheme = case
    before = x.tobytes()
    q = Quantizer(x, scheme)
    codes = q.quantize(x)
    for out in (codes, q.dequantize(codes), q.fake_quantize(x)):
        assert out.flags.c_contiguous
        assert out.shape == x.shape
        assert not np.shares_memory(out, x)
    assert x.tobytes() == before
    plain = Quantizer(x.copy(order="C"), scheme)
    assert same_bits(plain.scale, q.scale)
    assert same_bits(plain.quantize(x.copy(order="C")), codes)


@pytest.mark.parametrize(
    ("granularity", "shape", "scales"),
    [
        (PerChannel(0), (4, 6), (4, 1)),
        (PerChannel(1), (4, 6), (1, 6)),
        (PerChannel(-1), (4, 6), (1, 6)),
        (PerChannel(-3), (2, 3, 5), (2, 1, 1)),
        (PerChannel(2), (2, 3, 5, 7), (1, 1, 5, 1)),
        (PerGroup(3), (4, 6), (4, 2)),
        (PerGroup(4), (4, 6), (4, 2)),
        (PerGroup(100), (4, 6), (4, 1)),
        (PerGroup(1), (6,), (6,)),
        (PerGroup(3, axis=0), (4, 6), (2, 6)),
        (PerGroup(2, axis=-2), (2, 3, 5), (2, 2, 5)),
    ],
)
def test_shapes_of_scale_and_zero_point(granularity, shape, scales):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for symmetric in (True, False):
        q = Quantizer(x, Scheme(symmetric=symmetric, granularity=granularity))
        assert q.scale.shape == q.zero_point.shape == scales
        assert q.scale.dtype == np.float32
        assert q.zero_point.dtype.kind == "i"


def test_per_tensor_has_plain_numbers():
    q = Quantizer(np.random.default_rng(0).normal(size=(4, 6)))
    assert isinstance(q.scale, np.float64)
    assert type(q.zero_point) is int


def test_the_last_group_may_be_shorter_and_counts_only_its_own_values():
    x = np.arange(1, 8, dtype=np.float32)[None]
    q = Quantizer(x, Scheme(bits=3, granularity=PerGroup(3)))
    assert q.scale.tolist() == [[0.75, 1.5, 1.75]]
    assert q.fake_quantize(x).tolist() == [[0.75, 2.25, 2.25, 4.5, 4.5, 4.5, 5.25]]


def test_a_number_without_axes_goes_per_tensor_only():
    x = np.float32(3.0)
    q = Quantizer(x, bits=4)
    assert q.scale == 0.375
    for out in (q.quantize(x), q.fake_quantize(x), q.dequantize(q.quantize(x))):
        assert isinstance(out, np.ndarray)
        assert out.shape == ()
    for granularity in (PerChannel(0), PerChannel(-1), PerGroup(2)):
        with pytest.raises(ValueError, match="axis"):
            Quantizer(x, Scheme(granularity=granularity))


@pytest.mark.parametrize("granularity", [PerChannel(2), PerChannel(-3), PerGroup(4, axis=2), PerGroup(4, axis=-3)])
def test_an_axis_that_is_not_there_is_refused_with_the_shape(granularity):
    with pytest.raises(ValueError, match=f"{granularity.axis}.*\\(4, 6\\)"):
        Quantizer(np.zeros((4, 6), np.float32), Scheme(granularity=granularity))


def test_another_shape_needs_a_matching_axis():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    q = Quantizer(x, Scheme(granularity=PerChannel(0)))
    assert np.array_equal(q.quantize(x[:, :2]), q.quantize(x)[:, :2])
    assert Quantizer(x).quantize(np.zeros((7, 1, 2), np.float32)).shape == (7, 1, 2)


@pytest.mark.parametrize(
    ("granularity", "shape"),
    [
        (PerChannel(0), (3, 6)),
        (PerChannel(0), (6, 4)),
        (PerChannel(0), (1, 6)),
        (PerChannel(1), (4, 5)),
        (PerChannel(1), (6,)),
        (PerChannel(-1), (4, 6, 2)),
        (PerGroup(3), (4, 9)),
        (PerGroup(3), (2, 12)),
        (PerGroup(3), (8, 3)),
        (PerGroup(3), (8,)),
    ],
)
def test_another_shape_is_refused_with_both_shapes(granularity, shape):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    q = Quantizer(x, Scheme(granularity=granularity))
    for use in (q.quantize, q.fake_quantize, lambda v: q.dequantize(v.astype(np.int8))):
        with pytest.raises(ValueError, match=re.escape(str(shape))) as refusal:
            use(np.zeros(shape, np.float32))
        assert str(q.scale.shape) in str(refusal.value) or "(4, 6)" in str(refusal.value)


def test_codes_that_are_no_integers_are_refused():
    q = Quantizer(np.float32([1.0]))
    with pytest.raises(TypeError, match="float32"):
        q.dequantize(np.float32([1.0]))


def test_quantizers_are_immutable():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    q = Quantizer(x, Scheme(granularity=PerChannel(0)))
    for name in ("scheme", "scale", "zero_point", "working", "held", "qmin", "other"):
        with pytest.raises(AttributeError):
            setattr(q, name, 1)
    for array in (q.scale, q.zero_point):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    scale = np.ones((4, 1), np.float32)
    given_scale = Quantizer.from_parameters(scale, np.zeros((4, 1), np.int64), q.scheme)
    scale[:] = 2
    assert given_scale.scale.ravel().tolist() == [1, 1, 1, 1]


def test_the_articles_way_to_ask():
    x = np.random.default_rng(0).random((10, 10), np.float32)
    assert Quantizer(x).scheme == Scheme()
    assert Quantizer(x, bits=4).scheme == Scheme(bits=4)
    assert list(inspect.signature(Quantizer).parameters)[:2] == ["x", "scheme"]
    with pytest.raises(ValueError, match="bits"):
        Quantizer(x, Scheme(), bits=4)
    with pytest.raises(ValueError, match="bits must be 1 to 16"):
        Quantizer(x, bits=17)


def test_the_working_type_of_given_parameters_is_the_scales():
    for scale, working in ((np.float16(0.5), "float32"), (np.float32(0.5), "float32"), (0.5, "float64")):
        q = Quantizer.from_parameters(scale, 0, Scheme())
        assert q.working == np.dtype(working)
        assert q.scale.dtype == np.dtype(working)
        assert q.fake_quantize(np.float32([1.3])).dtype == np.dtype(working)


@pytest.mark.parametrize(
    ("scale", "zero_point", "scheme", "error"),
    [
        (0.0, 0, Scheme(), ValueError),
        (-1.0, 0, Scheme(), ValueError),
        (math.nan, 0, Scheme(), ValueError),
        (math.inf, 0, Scheme(), ValueError),
        (1.0, 3, Scheme(), ValueError),
        (1.0, 0, Scheme(signed=False), ValueError),
        (1.0, 128, Scheme(symmetric=False), ValueError),
        (1.0, -1, Scheme(symmetric=False, signed=False), ValueError),
        (1.0, 2**31, Scheme(symmetric=False, affine_range="free"), ValueError),
        (1.0, 0.5, Scheme(symmetric=False), TypeError),
        (1, 0, Scheme(), TypeError),
        (np.ones((4, 1)), np.zeros((3, 1), int), Scheme(granularity=PerChannel(0)), ValueError),
        (np.ones(4), np.zeros(4, int), Scheme(), ValueError),
    ],
    ids=str,
)
def test_parameters_that_no_scheme_could_give_are_refused(scale, zero_point, scheme, error):
    with pytest.raises(error):
        Quantizer.from_parameters(scale, zero_point, scheme)


def test_a_qtensor_carries_codes_scale_and_zero_point():
    q = QTensor(np.array([3, -1], np.int8), np.float32(0.5), 1)
    assert ((q.codes.astype(int) - q.zero_point) * q.scale).tolist() == [1.0, -1.0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        q.scale = 2
