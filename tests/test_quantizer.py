"""A Quantizer: against the NumPy twin, what it takes and refuses, what it is made from and carries."""

import dataclasses
import inspect
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quantlab import Percentile, PerChannel, PerGroup, PerTensor, QTensor, Quantizer, Scheme
from tests import naive
from tests.naive import same_bits
from tests.strategies import FLOATS, arrays, cases, examples, schemes

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


# NaN


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


# Types, shapes, parameters


def test_other_byte_orders_and_lists_are_read():
    x = np.array([-1.0, 0.26, 3.0], np.float32)
    q = Quantizer(x, bits=4)
    for same in (x.astype(">f4"), x.astype(">f8"), x.tolist()):
        assert Quantizer(same, bits=4).scale == q.scale
        assert np.array_equal(q.quantize(same), q.quantize(x))
    assert np.array_equal(q.dequantize(q.quantize(x).astype(">i2")), q.fake_quantize(x))


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


def test_a_qtensor_carries_codes_scale_and_zero_point():
    q = QTensor(np.array([3, -1], np.int8), np.float32(0.5), 1)
    assert ((q.codes.astype(int) - q.zero_point) * q.scale).tolist() == [1.0, -1.0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        q.scale = 2
