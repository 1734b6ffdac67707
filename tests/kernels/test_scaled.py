"""Weights with scales on every tier that runs here, against their definition in float64."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import fences
import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from hypothesis import given, settings

from quantlab import PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.kernels import pack_scaled, scaled_matmul, tiers

# Of the emulated ones only the widest: they differ by how often a vector goes into a panel.
HERE = [tier for tier in tiers.available(tiers.features()) if not tier.emulated or tier.lanes == 16]
EDGES = (0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65)
ROWS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 25)
ULP = 2.0**-24

every_tier = pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)


def laid_out(draw, x):
    """The same values in any order, stride and address of their type."""
    step, shift, order = draw(st.sampled_from([1, 1, 2, -1])), draw(st.integers(0, 3)), draw(st.sampled_from("CF"))
    rows, columns = x.shape
    shape = (rows, columns * abs(step)) if order == "C" else (rows * abs(step), columns)
    memory = np.zeros(max(1, shape[0] * shape[1]) + shift, x.dtype)[shift:]
    whole = memory[: shape[0] * shape[1]].reshape(shape, order=order)
    out = whole[:, ::step] if order == "C" else whole[::step]
    out[...] = x
    return out


@dataclass
class Product:
    x: np.ndarray
    codes: np.ndarray
    scale: Any
    zero_point: Any
    bits: int
    group_size: int

    def pack(self, **more):
        return pack_scaled(self.codes, self.scale, self.zero_point, bits=self.bits, group_size=self.group_size, **more)

    @property
    def weights(self):
        return naive.scaled_weights(self.codes, self.scale, self.zero_point, self.group_size)

    def bound(self):
        """How far float32 may be from the true product: each rounding is of a sum that these magnitudes bound."""
        zeros = naive.scaled_weights(np.zeros_like(self.codes), self.scale, self.zero_point, self.group_size)
        reach = np.abs(self.x.astype(np.float64)) @ (np.abs(self.weights) + 2 * np.abs(zeros) + 8 * np.abs(zeros != 0))
        digits = np.abs(self.x.astype(np.float64)).max(axis=1, initial=0)[:, None] * np.abs(self.weights).sum(axis=0)
        return ULP * ((self.codes.shape[0] + 16) * reach + 2 * digits) + 1e-30


@st.composite
def products(draw, kinds=("int8", "float32"), exact=False):
    """Operands, scales and zero points; where `exact`, small powers of two as scales, so that nothing is rounded."""
    m = draw(st.sampled_from(ROWS))
    k, n = (draw(st.one_of(st.sampled_from(EDGES), st.integers(0, 150))) for _ in range(2))
    kind = draw(st.sampled_from(kinds))
    bits = 4 if kind == "int8" else draw(st.sampled_from([4, 8]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    signed = draw(st.booleans())
    low = -(2 ** (bits - 1)) if signed else 0
    high = low + 2**bits - 1
    size = draw(st.sampled_from([1, 5, 8, 31, 32, 33, 64, 128, max(k, 1)]))
    groups = -(-k // max(1, min(size, k)))
    shape = draw(st.sampled_from([(), (1, n), (groups, n)]))
    extreme = draw(st.booleans())

    def integers(first, last, shape):
        return rng.choice([first, last], shape) if extreme else rng.integers(first, last + 1, shape)

    codes = integers(low, high, (k, n)).astype(np.int8 if signed else np.uint8)
    scale = 2.0 ** rng.integers(-2, 2, shape) if exact else rng.uniform(0.01, 2, shape)
    scale = np.asarray(scale, draw(st.sampled_from([np.float32, np.float16])))
    zero_point = draw(st.sampled_from([0 if low <= 0 else low, integers(low, high, ()), integers(low, high, shape)]))
    x = integers(-128, 127, (m, k)).astype(np.int8)
    if kind == "float32":
        x = (rng.choice([-1e3, 1e3, 0], (m, k)) if extreme else rng.standard_normal((m, k))).astype(np.float32)
        x *= np.float32(10.0 ** draw(st.integers(-30, 30)))
    return Product(laid_out(draw, x), laid_out(draw, codes), scale, zero_point, bits, size)


@every_tier
@settings(max_examples=60)
@given(product=products(kinds=("int8",), exact=True), threads=st.sampled_from([1, 1, 2, 3]))
def test_sums_of_integers_are_exact(tier, product, threads):
    found = scaled_matmul(product.x, product.pack(tier=tier), threads=threads)
    assert found.dtype == np.float32
    assert np.array_equal(found, product.x.astype(np.float64) @ product.weights)


@every_tier
@settings(max_examples=120)
@given(product=products(), threads=st.sampled_from([1, 1, 2, 3]))
def test_a_product_is_as_close_as_float32_sums_are(tier, product, threads):
    before = product.x.copy(), product.codes.copy()
    found = scaled_matmul(product.x, product.pack(tier=tier), threads=threads)
    assert found.shape == (product.x.shape[0], product.codes.shape[1])
    assert (np.abs(found - product.x.astype(np.float64) @ product.weights) <= product.bound()).all()
    assert np.array_equal(product.x, before[0])
    assert np.array_equal(product.codes, before[1])


@every_tier
@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize(("bits", "kind"), [(4, np.int8), (4, np.float32), (8, np.float32)])
def test_an_ordinary_product_is_within_6e_7_of_its_largest_result(tier, rows, bits, kind):
    rng = np.random.default_rng(0)
    w = rng.standard_normal((1200, 200)).astype(np.float32)
    q = Quantizer(w, Scheme(bits=bits, symmetric=False, granularity=PerGroup(64, axis=0), scale_dtype="float32"))
    codes, x = q.quantize(w), rng.standard_normal((rows, 1200)).astype(np.float32)
    x = (x * 30).clip(-128, 127).astype(kind)
    found = scaled_matmul(x, pack_scaled(codes, q.scale, q.zero_point, bits=bits, group_size=64, tier=tier))
    true = x.astype(np.float64) @ naive.scaled_weights(codes, q.scale, q.zero_point, 64)
    assert np.abs(found - true).max() <= 6e-7 * np.abs(true).max()


@every_tier
@settings(max_examples=60)
@given(product=products())
def test_nothing_outside_an_array_is_read_or_written(tier, product):
    fence = fences.Fence()
    packed = product.pack(tier=tier)
    packed = replace(packed, **{name: fence.copy(getattr(packed, name)) for name in ("codes", "scale", "zero_point")})
    out = fence.empty((product.x.shape[0], product.codes.shape[1]), np.dtype(np.float32))
    assert scaled_matmul(fence.copy(product.x), packed, out=out) is out
    assert (np.abs(out - product.x.astype(np.float64) @ product.weights) <= product.bound()).all()
    assert fence.intact()


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(axis=0), PerGroup(32)], ids=str)
@pytest.mark.parametrize("scale_dtype", ["float16", "float32", "working"])
def test_a_quantizers_weights_of_shape_out_in_go_in_transposed(bits, symmetric, granularity, scale_dtype):
    rng = np.random.default_rng(1)
    w, x = rng.standard_normal((50, 70)).astype(np.float32), rng.standard_normal((5, 70)).astype(np.float32)
    q = Quantizer(w, Scheme(bits=bits, symmetric=symmetric, granularity=granularity, scale_dtype=scale_dtype))
    codes, size = q.quantize(w), 32 if isinstance(granularity, PerGroup) else None
    packed = pack_scaled(codes.T, np.transpose(q.scale), np.transpose(q.zero_point), bits=bits, group_size=size)
    true = x.astype(np.float64) @ q.dequantize(codes).astype(np.float64).T
    assert np.abs(scaled_matmul(x, packed) - true).max() <= 2e-6 * np.abs(true).max()


@every_tier
@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize("bits", [4, 8])
def test_infinities_and_nan_reach_the_results_that_they_belong_to(tier, rows, bits):
    codes = np.array([[-2, 3], [1, 1], [0, 1]], np.int8)
    x = np.zeros((rows, 3), np.float32)
    x[-1] = [np.inf, 1, 0]
    found = scaled_matmul(x, pack_scaled(codes, 0.5, -1, bits=bits, tier=tier))
    assert np.array_equal(found[-1], [-np.inf, np.inf])
    assert (found[:-1] == 0).all()
    x[-1] = [0, np.nan, 0]
    assert np.isnan(scaled_matmul(x, pack_scaled(codes, 0.5, bits=bits, tier=tier))[-1]).all()


@every_tier
def test_a_group_of_extremes_does_not_saturate(tier):
    x, codes = np.full((5, 4096), -128, np.int8), np.full((4096, 17), 15, np.uint8)
    packed = pack_scaled(codes, 1.0, bits=4, tier=tier)
    for rows in (1, 5):
        assert (scaled_matmul(x[:rows], packed) == -128 * 15 * 4096).all()


@every_tier
@pytest.mark.parametrize(("bits", "kind"), [(4, np.int8), (4, np.float32), (8, np.float32)])
def test_many_rows_pass_in_several_blocks(tier, bits, kind):
    rng = np.random.default_rng(2)
    codes, x = rng.integers(-8, 8, (600, 40), dtype=np.int8), rng.integers(-128, 128, (500, 600)).astype(kind)
    scale = (2.0 ** rng.integers(-2, 2, (12, 40))).astype(np.float32)
    found = scaled_matmul(x, pack_scaled(codes, scale, bits=bits, group_size=50, tier=tier))
    assert np.array_equal(found, x.astype(np.float64) @ naive.scaled_weights(codes, scale, 0, 50))


def test_any_layout_of_the_result_is_filled():
    x, packed = np.ones((3, 8), np.float32), pack_scaled(np.full((8, 5), 2, np.int8), 1.0, bits=8)
    memory = np.zeros((5, 6), np.float32)
    out = memory.T[:3, :]
    assert out.shape == (3, 5)
    with pytest.raises(ValueError, match=r"out must have the result's shape \(3, 5\), got \(6, 5\)"):
        scaled_matmul(x, packed, out=memory.T)
    assert scaled_matmul(x, packed, out=out) is out
    assert (out == 16).all()
    assert (memory.T[3:] == 0).all()


def test_packed_weights_do_not_change_and_say_what_they_hold():
    codes = np.zeros((4096, 64), np.int8)
    packed = pack_scaled(codes, np.ones((128, 64), np.float16), bits=4, group_size=32)
    assert packed.nbytes == 4096 * 64 * 4.5 / 8 + 8
    with pytest.raises(ValueError, match="read-only"):
        packed.codes[0] = 1
    affine = pack_scaled(codes, np.ones((128, 64), np.float16), np.zeros((128, 64), int), bits=4, group_size=32)
    assert affine.nbytes == 4096 * 64 * 4.625 / 8


def test_sixteen_threads_at_once_do_not_disturb_one_another():
    rng = np.random.default_rng(3)
    jobs = []
    for bits, kind in [(4, np.int8), (4, np.float32), (8, np.float32)]:
        packed = pack_scaled(rng.integers(-8, 8, (300, 70), dtype=np.int8), 0.1, 1, bits=bits)
        jobs += [(rng.integers(-128, 128, (rows, 300)).astype(kind), packed) for rows in (1, 2, 9)]
    alone = [scaled_matmul(*job) for job in jobs]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda job: scaled_matmul(*job), jobs * 20))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 20, together, strict=True))


ONES = np.ones((4, 3), np.int8)


@pytest.mark.parametrize(
    ("refused", "kind", "sentence"),
    [
        (lambda: pack_scaled(ONES, 1.0, bits=5), ValueError, "bits must be 4 or 8, got 5"),
        (
            lambda: pack_scaled(ONES.astype(int), 1.0, bits=4),
            TypeError,
            "codes must be an int8 or uint8 array, got int64",
        ),
        (
            lambda: pack_scaled(ONES[0], 1.0, bits=4),
            ValueError,
            r"codes must have two axes, \(K, N\), got shape \(3,\)",
        ),
        (lambda: pack_scaled(ONES * 9, 1.0, bits=4), ValueError, "codes of 4 bits lie from -8 to 7, got 9 to 9"),
        (lambda: pack_scaled(ONES, np.ones(3), bits=4), TypeError, "scale must be float32 or float16, got float64"),
        (lambda: pack_scaled(ONES, 0.0, bits=4), ValueError, "scale must be positive and finite"),
        (
            lambda: pack_scaled(ONES, np.ones((4, 1), np.float32), bits=4),
            ValueError,
            r"got shape \(4, 1\); group along",
        ),
        (lambda: pack_scaled(ONES, 1.0, 0.5, bits=4), TypeError, "zero_point must be whole numbers, got float64"),
        (
            lambda: pack_scaled(ONES, 1.0, [1, 2], bits=4),
            ValueError,
            "zero_point must be one number or have the scale's",
        ),
        (lambda: pack_scaled(ONES, 1.0, 8, bits=4), ValueError, "zero_point must lie from -8 to 7, got 8 to 8"),
        (lambda: pack_scaled(ONES, 1.0, 2**24, bits=8), ValueError, "zero_point must lie from -8388608 to 8388608"),
        (lambda: pack_scaled(ONES, 1.0, bits=4, group_size=0), ValueError, "group_size must be a whole number of rows"),
        (lambda: scaled_matmul(ONES, pack_scaled(ONES.T, 1.0, bits=8)), TypeError, "int_matmul multiplies them"),
        (lambda: scaled_matmul(ONES, pack_scaled(ONES, 1.0, bits=4)), ValueError, r"x of shape \(4, 3\) does not fit"),
        (lambda: scaled_matmul(ONES * 1.0, pack_scaled(ONES, 1.0, bits=4)), TypeError, "x must be an int8 or float32"),
        (
            lambda: scaled_matmul(ONES, pack_scaled(ONES.T, 1.0, bits=4), out=np.zeros((4, 4))),
            TypeError,
            "out must be of float32, got float64",
        ),
        (lambda: scaled_matmul(ONES, pack_scaled(ONES.T, 1.0, bits=4), threads=0), ValueError, "threads must be 1 or"),
        (
            lambda: scaled_matmul(
                np.zeros((1, 2**21), np.int8), pack_scaled(np.zeros((2**21, 1), np.int8), 1.0, bits=4)
            ),
            ValueError,
            "A sum over 2097152 int8 activations could leave int32",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_in_one_sentence(refused, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        refused()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
