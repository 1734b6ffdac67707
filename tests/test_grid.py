"""Scale and zero point from a range: schemes by hand, degenerate ranges, the ends of the number types, shapes."""

import dataclasses
import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given

from quantlab import MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from tests.naive import same_bits
from tests.strategies import DTYPES, FLOATS, cases, dtype_of, examples

TINY32 = float(np.finfo(np.float32).smallest_normal)


# Properties


@given(cases(FLOATS, moderate=True, with_mse=False, min_side=1))
@examples
def test_a_parts_scale_is_never_wider_than_the_tensors(case):
    x, scheme = case
    assume(not isinstance(scheme.range, Percentile) and not (not scheme.symmetric and scheme.affine_range == "free"))
    q = Quantizer(x, dataclasses.replace(scheme, affine_range="include_zero"))
    whole = Quantizer(x, dataclasses.replace(q.scheme, granularity=PerTensor()))
    degenerate = np.asarray(q.scale) == 1  # the stated scale of a part that is all 0
    assert (degenerate | (np.asarray(q.scale) <= whole.scale)).all()


@given(cases(("float32", "float64"), moderate=True, symmetric=False, affine_range="include_zero", overflow="saturate"))
@examples
def test_real_zero_survives_an_affine_grid_that_contains_it(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    assert not q.fake_quantize(np.zeros_like(x)).any()


# The schemes, by hand


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


@pytest.mark.parametrize("granularity", [PerChannel(2), PerChannel(-3), PerGroup(4, axis=2), PerGroup(4, axis=-3)])
def test_an_axis_that_is_not_there_is_refused_with_the_shape(granularity):
    with pytest.raises(ValueError, match=f"{granularity.axis}.*\\(4, 6\\)"):
        Quantizer(np.zeros((4, 6), np.float32), Scheme(granularity=granularity))


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
