"""The integer matrix product on every tier that runs here, against its definition in int64."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import fences
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from hypothesis import given, settings

from quantlab import kernels
from quantlab.kernels import Workspace, int_matmul, pack, tiers

HERE = [tier for tier in tiers.TIERS.values() if tier in tiers.available(tiers.features())]
CODES = (np.int8, np.uint8)
EDGES = (0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65)

every_tier = pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)


@st.composite
def codes(draw, rows, columns):
    """Codes of either type: any, extremes only or one value; any order, stride and address, down to an odd one."""
    dtype = draw(st.sampled_from(CODES))
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["any", "extremes", "low", "high"]))
    ends = {"any": (low, high), "extremes": (0, 1), "low": (low, low), "high": (high, high)}[kind]
    values = rng.integers(ends[0], ends[1] + 1, (rows, columns))
    values = np.where(values == 0, low, high) if kind == "extremes" else values
    step, shift = draw(st.sampled_from([1, 1, 2, -1])), draw(st.integers(0, 3))
    order = draw(st.sampled_from("CF"))
    memory = np.zeros(max(1, rows * columns * abs(step)) + shift, dtype)[shift:]
    shape = (rows, columns * abs(step)) if order == "C" else (rows * abs(step), columns)
    whole = memory[: shape[0] * shape[1]].reshape(shape, order=order)
    x = whole[:, ::step] if order == "C" else whole[::step]
    x[...] = values
    return x


@st.composite
def products(draw):
    """Operands and zero points of one product."""
    m, k, n = (draw(st.one_of(st.sampled_from(EDGES), st.integers(0, 90))) for _ in range(3))
    zero = st.one_of(st.integers(-128, 255), st.just(0))
    a_zero, b_zero = (
        draw(st.one_of(zero, arrays.arrays(np.int64, size, elements=zero))) if size else 0 for size in (m, n)
    )
    return draw(codes(m, k)), draw(codes(k, n)), a_zero, b_zero


@every_tier
@settings(max_examples=60)
@given(product=products(), threads=st.sampled_from([1, 1, 2, 3]))
def test_the_product_is_exact(tier, product, threads):
    a, b, a_zero, b_zero = product
    before = a.copy(), b.copy()
    found = int_matmul(a, pack(b, zero_point=b_zero, tier=tier), a_zero=a_zero, threads=threads)
    assert found.dtype == np.int32
    assert np.array_equal(found, naive.int_matmul(a, b, a_zero, b_zero))
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])


@given(product=products())
def test_weights_packed_before_and_in_the_call_are_the_same(product):
    a, b, a_zero, b_zero = product
    found = int_matmul(a, b, a_zero=a_zero, b_zero=b_zero)
    assert np.array_equal(found, int_matmul(a, pack(b, zero_point=b_zero), a_zero=a_zero))
    assert np.array_equal(found, naive.int_matmul(a, b, a_zero, b_zero))


@every_tier
@settings(max_examples=40)
@given(product=products(), scaled=st.booleans())
def test_nothing_outside_an_array_is_read_or_written(tier, product, scaled):
    a, b, a_zero, b_zero = product
    fence = fences.Fence()

    class Fenced(Workspace):
        def take(self, part, words):
            return fence.empty((words,), np.dtype(np.int32))

    packed = pack(fence.copy(b), zero_point=b_zero, tier=tier)
    packed = replace(packed, data=fence.copy(packed.data))
    out = fence.empty((a.shape[0], b.shape[1]), np.dtype(np.float32 if scaled else np.int32))
    scale = fence.copy(np.ones(b.shape[1], np.float32)) if scaled else None
    int_matmul(fence.copy(a), packed, a_zero=a_zero, scale=scale, out=out, workspace=Fenced())
    assert np.array_equal(out, naive.int_matmul(a, b, a_zero, b_zero))
    assert fence.intact()


@every_tier
def test_many_rows_pass_in_several_blocks(tier):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (41, 3000), dtype=np.uint8), rng.integers(-128, 128, (3000, 70), dtype=np.int8)
    a_zero, b_zero = rng.integers(0, 256, 41), rng.integers(-5, 5, 70)
    for zeros in ((3, 0), (a_zero, b_zero)):
        found = int_matmul(np.tile(a, (4, 1)), pack(b, zero_point=zeros[1], tier=tier), a_zero=np.resize(zeros[0], 164))
        assert np.array_equal(found, np.tile(naive.int_matmul(a, b, *zeros), (4, 1)))


@every_tier
def test_a_scale_a_column_gives_float32_rounded_twice(tier):
    rng = np.random.default_rng(1)
    a, b = rng.integers(-128, 128, (13, 300), dtype=np.int8), rng.integers(-128, 128, (300, 45), dtype=np.int8)
    for scale in (np.float32(0.1), rng.random(45, dtype=np.float32)):
        found = int_matmul(a, pack(b, tier=tier), a_zero=-7, scale=scale)
        assert found.dtype == np.float32
        assert np.array_equal(found, naive.int_matmul(a, b, -7).astype(np.float32) * scale)


@every_tier
def test_sums_reach_both_ends_of_int32(tier):
    k = 65_793  # the last for which 255 · −128 · k fits
    a, least = np.full((1, k), 255, np.uint8), np.full((k, 2), -128, np.int8)
    assert (int_matmul(a, pack(least, tier=tier)) == -255 * 128 * k).all()
    most = np.full((1, 131_071), -128, np.int8)  # the last for which 128 · 128 · k fits
    assert int_matmul(most, pack(most.T, tier=tier)).item() == 128 * 128 * 131_071


def test_a_sum_that_could_leave_int32_is_refused_unless_the_operands_show_that_it_cannot():
    k = 65_794
    a, b = np.full((1, k), 255, np.uint8), np.full((k, 1), -128, np.int8)
    with pytest.raises(ValueError, match=r"K = 65794 could leave int32.*reaches 255.*sums to 8421632; split K"):
        int_matmul(a, b)
    assert int_matmul(a - 1, b).item() == -254 * 128 * k
    assert int_matmul(a, b, a_zero=255).item() == 0
    assert int_matmul(a, b + 1, b_zero=-1).item() == -255 * 126 * k
    half = np.where(np.arange(k) % 2, b[:, 0], 0)[:, None].astype(np.int8)
    assert int_matmul(a, half).item() == -255 * 128 * k // 2
    with pytest.raises(ValueError, match="could leave int32"):
        int_matmul(np.zeros((2, 1), np.uint8), pack(np.full((1, 1), 127, np.int8)), a_zero=[0, 2**31 - 1])


def test_out_is_written_and_returned_whatever_its_order():
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 256, (9, 20), dtype=np.uint8), rng.integers(-128, 128, (20, 33), dtype=np.int8)
    places = np.empty((9, 33), np.int32), np.empty((33, 9), np.int32).T, np.empty((9, 66), np.int32)[:, ::2]
    for out in places:
        assert int_matmul(a, b, out=out) is out
        assert np.array_equal(out, naive.int_matmul(a, b))


def test_a_product_over_nothing_is_zero_and_one_of_nothing_is_empty():
    out = np.full((2, 3), 7, np.int32)
    assert (int_matmul(np.empty((2, 0), np.int8), np.empty((0, 3), np.uint8), a_zero=5, out=out) == 0).all()
    assert int_matmul(np.empty((0, 4), np.int8), np.empty((4, 3), np.int8)).shape == (0, 3)
    assert int_matmul(np.empty((2, 4), np.int8), np.empty((4, 0), np.int8), scale=1.0).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda a, b: int_matmul(a.astype(np.int16), b), TypeError, "a must be an int8 or uint8 array, got int16"),
        (lambda a, b: int_matmul(a, b.tolist()), TypeError, "b must be an int8 or uint8 array, got list"),
        (lambda a, b: int_matmul(a, b[0]), ValueError, r"b must have two axes, \(K, N\), got shape \(4,\)"),
        (lambda a, b: int_matmul(a, a), ValueError, r"a of shape \(2, 3\) does not fit b of shape \(2, 3\)"),
        (lambda a, b: int_matmul(a, b, a_zero=0.5), TypeError, "a_zero must be whole numbers, got float64"),
        (lambda a, b: int_matmul(a, b, a_zero=[1, 2, 3]), ValueError, "a_zero must be one number or 2, one for each"),
        (lambda a, b: int_matmul(a, b, b_zero=2**31), ValueError, "zero_point must lie within int32, got 2147483648"),
        (lambda a, b: int_matmul(a, b, a_zero=2**40), ValueError, "a_zero must lie within int32, got 1099511627776"),
        (lambda a, b: int_matmul(a, pack(b), b_zero=1), ValueError, "b_zero is 1 for weights that are packed already"),
        (lambda a, b: int_matmul(a, b, scale=[1.0, 2.0]), ValueError, "scale must be one number or 4"),
        (lambda a, b: int_matmul(a, b, threads=0), ValueError, "threads must be 1 or more, got 0"),
        (
            lambda a, b: int_matmul(a, b, out=np.empty((2, 4), np.int64)),
            TypeError,
            "out must be of int32, got int64",
        ),
        (
            lambda a, b: int_matmul(a, b, out=np.empty((4, 2), np.int32)),
            ValueError,
            r"out must have the result's shape \(2, 4\), got \(4, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call(np.ones((2, 3), np.int8), np.ones((3, 4), np.int8))


def test_sixteen_callers_at_once_get_their_own_results():
    rng = np.random.default_rng(3)
    jobs = []
    for m, k, n in [(1, 300, 200), (7, 64, 64), (70, 50, 90), (130, 200, 33)] * 4:
        a, b = rng.integers(0, 256, (m, k), dtype=np.uint8), rng.integers(-128, 128, (k, n), dtype=np.int8)
        jobs.append((a, pack(b), int(rng.integers(0, 256)), int_matmul(a, pack(b), a_zero=0)))
    jobs = [(a, packed, zero, int_matmul(a, packed, a_zero=zero)) for a, packed, zero, _ in jobs]

    def repeat(number):
        a, packed, zero, expected = jobs[number]
        scratch = Workspace()
        return all(
            np.array_equal(int_matmul(a, packed, a_zero=zero, threads=threads, workspace=scratch), expected)
            for threads in (1, 2, 3) * 10
        )

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(repeat, range(16)))


def test_packed_weights_say_their_shape_and_cannot_be_written():
    packed = pack(np.ones((3, 5), np.int8))
    assert packed.shape == (3, 5)
    assert packed.tier is tiers.chosen()
    assert isinstance(packed, kernels.PackedWeights)
    with pytest.raises(ValueError, match="read-only"):
        packed.data[0] = 1
