"""ml_dtypes as oracle: bfloat16 is widened exactly, and its 4-bit casts wrap where QuantLab saturates or wraps."""

import ml_dtypes
import numpy as np
import pytest

from quantlab import PerChannel, PerTensor, Quantizer, Scheme, error_report


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0)])
@pytest.mark.parametrize("symmetric", [True, False])
def test_bfloat16_is_its_float32(granularity, symmetric):
    x = np.random.default_rng(0).normal(size=(3, 500)).astype(ml_dtypes.bfloat16)
    wide, scheme = x.astype(np.float32), Scheme(bits=4, symmetric=symmetric, granularity=granularity)
    q, other = Quantizer(x, scheme), Quantizer(wide, scheme)
    assert q.working == np.float32
    assert np.array_equal(q.scale, other.scale)
    assert np.array_equal(q.quantize(x), other.quantize(wide))
    assert np.array_equal(q.fake_quantize(x), other.fake_quantize(wide))
    mine, theirs = error_report(x, q), error_report(wide, other)
    assert mine.mse == theirs.mse
    assert mine.nbytes == theirs.nbytes
    assert mine.compression_ratio == theirs.compression_ratio / 2  # of 16 bits, not of 32


def test_every_bfloat16_quantizes_as_its_float32_does():
    x = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16)
    x = x[~np.isnan(x.astype(np.float32))]
    q = Quantizer.from_parameters(np.float32(2.0**-3), 5, Scheme(symmetric=False))
    assert np.array_equal(q.quantize(x), q.quantize(x.astype(np.float32)))


@pytest.mark.parametrize(("signed", "name"), [(True, "int4"), (False, "uint4")])
def test_casts_to_4_bits_wrap_and_the_default_saturates(signed, name):
    whole = np.arange(-40, 40)
    cast = whole.astype(np.int8).astype(getattr(ml_dtypes, name)).astype(int)
    fields = {"bits": 4, "signed": signed, "symmetric": False}
    wrap = Quantizer.from_parameters(np.float32(1), 0, Scheme(overflow="wrap", **fields))
    assert np.array_equal(wrap.quantize(whole), cast)
    saturate = Quantizer.from_parameters(np.float32(1), 0, Scheme(**fields))
    codes = saturate.quantize(whole)
    assert np.array_equal(codes, np.clip(whole, saturate.qmin, saturate.qmax))
    inside = whole == codes
    assert np.array_equal(codes[inside], cast[inside])


def test_nine_is_minus_seven_in_a_cast_and_seven_in_the_default():
    assert int(np.int8(9).astype(ml_dtypes.int4)) == -7
    assert Quantizer.from_parameters(np.float32(1), 0, Scheme(bits=4)).quantize(np.float32([9])).tolist() == [7]
