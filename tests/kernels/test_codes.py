"""Codes by a proven multiplication: the division's, whatever the scale, on every tier that this processor runs."""

import numpy as np
import pytest

from quantlab import PerChannel, Quantizer, Scheme, kernels
from quantlab.kernels.codes import STRIDE, WORTH_PROVING
from quantlab.kernels.compilation import TieredKernel
from quantlab.kernels.elementwise import plain_codes
from quantlab.kernels.tiers import available, features
from tests.kernels.test_buffers import assert_whole, guarded

LONG = WORTH_PROVING + STRIDE + 17
HERE = [tier for tier in available(features()) if tier.verified]
BUILT = TieredKernel(plain_codes.build, plain_codes.signatures[:2])


def divided(x, s, z, q):
    """The codes by NumPy's own division, one step after the other."""
    with np.errstate(all="ignore"):
        whole = np.rint(x / s) + np.float32(z)
    return np.clip(np.where(np.isnan(whole), q.qmin, whole), q.qmin, q.qmax).astype(q.dtype)


def beside_halves(s, rng):
    """Values at the halves between codes and beyond, and one float to either side of them."""
    with np.errstate(over="ignore", under="ignore"):
        at = ((rng.integers(-700, 700, LONG) + np.float32(0.5)) * s).astype(np.float32)
        beside = np.nextafter(at, rng.choice(np.float32([-np.inf, np.inf]), LONG))
    return np.where(rng.random(LONG) < 1 / 3, at, beside)


def direct(tier, x, q, out):
    return BUILT.of(tier).compiled(x, 0, 0, x.size, *q.grid(x.shape)[:4], out)


@pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits", [2, 4, 7, 8])
def test_values_beside_a_half_get_the_codes_of_the_division(tier, signed, bits):
    rng = np.random.default_rng(bits)
    scheme = Scheme(bits=bits, signed=signed, symmetric=False)
    for _ in range(8):
        s, z = np.float32(np.exp(rng.uniform(-9, 6))), int(rng.integers(scheme.qmin, scheme.qmax + 1))
        q = Quantizer.from_parameters(s, z, scheme)
        x = beside_halves(s, rng)
        # In the last stretch: where there may be NaN a whole chunk is divided, and would not be looked at here.
        x[WORTH_PROVING : WORTH_PROVING + 4] = np.inf, -np.inf, 3e38, -3e38
        around, codes = guarded(x.shape, q.dtype, 1)
        assert direct(tier, x, q, codes) == (0, -1)
        assert_whole(around, codes)
        assert np.array_equal(codes, divided(x, s, z, q))


@pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)
@pytest.mark.parametrize("scale", [2e-38, 1e-31, 2.0**-100, 2.0**100, 1e31, 3e38])
def test_scales_at_the_ends_of_float32_are_divided_by(tier, scale):
    s = np.float32(scale)
    q = Quantizer.from_parameters(s, 0, Scheme())
    x = beside_halves(s, np.random.default_rng(0))
    codes = np.empty(x.shape, np.int8)
    direct(tier, x, q, codes)
    assert np.array_equal(codes, divided(x, s, 0, q))


@pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)
def test_the_farthest_value_saturates_on_its_own_side_whatever_the_scale(tier):
    rng, x, codes = np.random.default_rng(2), np.zeros(LONG, np.float32), np.empty(LONG, np.int8)
    for s in np.exp2(rng.uniform(-120, 120, 64)).astype(np.float32):
        q = Quantizer.from_parameters(s, 0, Scheme())
        for x[0] in (3e38, -3e38):
            direct(tier, x, q, codes)
            assert np.array_equal(codes, divided(x, s, 0, q))


@pytest.mark.parametrize("zero_point", [-(2**23), -40_000, -300, 300, 40_000, 2**23])
def test_zero_points_far_from_the_codes_shift_them_all(zero_point):
    s = np.float32(0.3)
    q = Quantizer.from_parameters(s, zero_point, Scheme(symmetric=False, affine_range="free"))
    x = (beside_halves(s, np.random.default_rng(1)) - s * np.float32(zero_point)).astype(np.float32)
    assert np.array_equal(q.quantize(x), divided(x, s, zero_point, q))


@pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)
def test_every_nan_is_counted_and_the_first_one_named(tier):
    x = np.zeros(LONG, np.float32)
    x[:9], x[[40_000 % LONG, 20_000, LONG - 1]] = -1e30, np.nan
    codes = np.empty(x.shape, np.int8)
    assert direct(tier, x, Quantizer.from_parameters(np.float32(1), 0, Scheme()), codes) == (
        3,
        min(40_000 % LONG, 20_000),
    )
    assert (codes[:9] == -128).all()


def test_long_channels_are_each_proven_for_their_own_scale():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((3, LONG), np.float32) * np.float32([[1], [100], [1e-3]])
    q = Quantizer(x, Scheme(granularity=PerChannel(0)))
    expected = [divided(row, s, 0, q) for row, s in zip(x, np.ravel(q.scale), strict=True)]
    with kernels.at_most(1):
        assert np.array_equal(q.quantize(x), expected)
