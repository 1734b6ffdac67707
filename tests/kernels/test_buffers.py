"""What the kernels read and write: nothing beyond their arrays, given arrays where there are some, all lengths."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from quantlab import Fixed, MinMSE, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report
from quantlab.ranges import summarise
from tests import naive
from tests.test_quantizer import same_bits
from tests.test_report import assert_is_the_twins

LENGTHS = (0, 1, 2, 15, 16, 17, 63, 65, 1023, 1024, 1025, 2500)
GRANULARITIES = (PerTensor(), PerChannel(0), PerChannel(1), PerGroup(32), PerGroup(7), PerGroup(2, axis=0))
GUARD = 0xA5


def guarded(shape, dtype, offset=0):
    """An array inside a larger buffer of guard bytes, `offset` elements from where it would be aligned."""
    dtype = np.dtype(dtype)
    size, before = int(np.prod(shape)) * dtype.itemsize, 64 + offset * dtype.itemsize
    buffer = np.full(before + size + 64, GUARD, np.uint8)
    return buffer, buffer[before : before + size].view(dtype).reshape(shape)


def assert_whole(buffer, array):
    start = array.__array_interface__["data"][0] - buffer.__array_interface__["data"][0]
    assert (buffer[:start] == GUARD).all()
    assert (buffer[start + array.nbytes :] == GUARD).all()


@pytest.mark.parametrize("granularity", GRANULARITIES, ids=str)
@pytest.mark.parametrize("offset", [0, 1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_is_written_beside_the_results(granularity, offset, dtype):
    rng = np.random.default_rng(0)
    for columns in LENGTHS:
        shape = (3, columns)
        around, x = guarded(shape, dtype, offset)
        x[...] = rng.normal(size=shape)
        q = Quantizer(x, Scheme(bits=4, symmetric=False, granularity=granularity, range=Fixed(-1.5, 2.0)))
        around_codes, codes = guarded(shape, q.dtype, offset)
        around_x_hat, x_hat = guarded(shape, dtype, offset)
        around_back, back = guarded(shape, dtype, offset)
        around_mask, mask = guarded(shape, bool, offset)
        q.quantize(x, out=codes)
        q.dequantize(codes, out=back)
        q.fake_quantize(x, out=x_hat, mask=mask)
        for buffer, array in (
            (around, x),
            (around_codes, codes),
            (around_x_hat, x_hat),
            (around_back, back),
            (around_mask, mask),
        ):
            assert_whole(buffer, array)
        arguments = q.scale, q.zero_point, q.scheme, q.working
        assert same_bits(codes, naive.quantize(x, *arguments))
        assert same_bits(back, naive.dequantize(codes, *arguments))
        assert same_bits(x_hat, back)
        assert np.array_equal(mask, naive.clipped(x, *arguments) == 0)


@pytest.mark.parametrize("granularity", GRANULARITIES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_beside_an_array_do_not_count(granularity, dtype):
    # The guard bytes are NaN where they are read as floats: one would show in the extent and in the report.
    for columns in LENGTHS[1:9]:
        buffer, x = guarded((3, columns), dtype, 1)
        buffer[:] = 0xFF
        x[...] = np.random.default_rng(columns).normal(size=x.shape)
        summary = summarise(x, granularity, histogram=True)
        assert summary.counts.sum(axis=0).tolist() == [x.size, 0, 0]
        assert summary.histogram.sum() == x.size
        q = Quantizer(x, Scheme(bits=3, granularity=granularity))
        assert_is_the_twins(error_report(x, q), x, q)


@pytest.mark.parametrize("fields", [{}, {"rounding": "stochastic"}, {"bits": 12, "signed": False}], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_given_arrays_are_filled_and_returned(fields, dtype):
    x = np.random.default_rng(0).normal(size=(5, 300)).astype(dtype)
    q = Quantizer(x, Scheme(granularity=PerChannel(0), **fields))
    codes, x_hat, mask = np.empty(x.shape, q.dtype), np.empty(x.shape, q.working), np.empty(x.shape, bool)
    assert q.quantize(x, out=codes) is codes
    assert q.fake_quantize(x, out=x_hat, mask=mask) is x_hat
    assert np.array_equal(codes, q.quantize(x))
    assert np.array_equal(x_hat, q.fake_quantize(x))
    assert q.dequantize(codes, out=x_hat) is x_hat
    assert np.array_equal(x_hat, q.dequantize(codes))


@pytest.mark.parametrize(
    ("out", "error", "says"),
    [
        ([0, 0, 0, 0], TypeError, "list"),
        (np.empty(3, np.int8), ValueError, r"\(3,\)"),
        (np.empty(4, np.uint8), ValueError, "uint8"),
        (np.empty(8, np.int8)[::2], ValueError, "not C-contiguous"),
        (np.broadcast_to(np.int8(0), (4,)), ValueError, "C-contiguous"),
    ],
    ids=["a list", "shape", "dtype", "stride", "broadcast"],
)
def test_an_array_that_cannot_take_the_results_is_refused(out, error, says):
    q = Quantizer(np.float32([1.0]))
    with pytest.raises(error, match=says):
        q.quantize(np.zeros(4, np.float32), out=out)


def test_an_array_that_is_read_only_or_the_input_itself_is_refused():
    x = np.zeros(4, np.float32)
    q, fixed = Quantizer(x), np.empty(4, np.float32)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        q.fake_quantize(x, out=fixed)
    with pytest.raises(ValueError, match="overlap"):
        q.fake_quantize(x, out=x)
    with pytest.raises(ValueError, match="mask must have"):
        q.fake_quantize(x, mask=np.empty(4, np.uint8))


def test_the_mask_is_where_no_code_was_held():
    x = np.float32([-2.6, -2.4, 0.0, 1.4, 1.6, np.nan, np.inf, -np.inf])
    mask = np.empty(x.shape, bool)
    q = Quantizer.from_parameters(np.float32(1), 0, Scheme(bits=2))  # codes −2 to 1
    q.fake_quantize(x, mask=mask)
    assert mask.tolist() == [False, True, True, True, False, False, False, False]


def strange_values(dtype):
    """Infinities, and the NaN of both signs whose bits are nearest to theirs and farthest from them."""
    infinities = np.array([np.inf, -np.inf], dtype)
    bits = infinities.view(f"i{infinities.itemsize}")
    all_ones = np.array([np.iinfo(bits.dtype).max, -1], bits.dtype)
    return [*infinities, *(bits + 1).view(dtype), *all_ones.view(dtype)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("granularity", GRANULARITIES[:4], ids=str)
def test_nan_of_both_signs_and_infinities_are_seen_wherever_they_stand(granularity, dtype):
    rng = np.random.default_rng(0)
    for strange in strange_values(dtype):
        for place in (0, 7, 31, 32, 599):
            for sign in (1, -1):
                x = (sign * rng.uniform(1, 2, size=(2, 300))).astype(dtype)  # all of one sign
                numbers, _ = naive.parts(x.shape, Scheme(granularity=granularity))
                x.reshape(-1)[place] = strange
                summary = summarise(x, granularity)
                for part in range(len(summary.lo)):
                    own = x[numbers == part]
                    finite = own[np.isfinite(own)]
                    counts = [len(finite), int(np.isnan(own).sum()), int(np.isinf(own).sum())]
                    assert summary.counts[part].tolist() == counts
                    if len(finite):
                        assert (summary.lo[part], summary.hi[part]) == (finite.min(), finite.max())


def test_the_extent_of_both_signs_of_zero_and_of_the_ends_of_the_type():
    for dtype in (np.float32, np.float64):
        most, tiny = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
        for values in ([0.0, -0.0], [-tiny, tiny], [-most, most], [-most, -tiny], [tiny, most], [-0.0, tiny]):
            summary = summarise(np.array(values, dtype), PerTensor())
            assert (summary.lo[0], summary.hi[0]) == (min(values), max(values))


def everything(x, scheme):
    q = Quantizer(x, scheme)
    codes = q.quantize(x)
    report = error_report(x, q)
    return codes, q.dequantize(codes), q.fake_quantize(x), report.code_counts, report.value_histogram.counts


def test_sixteen_callers_at_once_get_what_each_would_get_alone():
    rng = np.random.default_rng(0)
    jobs = [
        (rng.normal(size=(40 + i, 401)).astype(np.float32), Scheme(bits=2 + i % 7, granularity=granularity, range=span))
        for i, (granularity, span) in enumerate(
            [(g, r) for g in GRANULARITIES[:4] for r in (Scheme().range, MinMSE())] * 2
        )
    ]
    alone = [everything(*job) for job in jobs]
    with ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            together = list(pool.map(lambda job: everything(*job), jobs))
            for mine, theirs in zip(alone, together, strict=True):
                assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))


BOUNDS = """
import numpy as np
from quantlab import MinMSE, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report
x = np.random.default_rng(0).normal(size=(3, 1100)).astype(np.float32)
for granularity in (PerTensor(), PerChannel(1), PerGroup(48)):
    q = Quantizer(x, Scheme(bits=4, symmetric=False, granularity=granularity))
    codes = q.quantize(x)
    assert np.array_equal(q.dequantize(codes), q.fake_quantize(x, mask=np.empty(x.shape, bool)))
    spoilt = x.copy()
    spoilt[1, 5], spoilt[2, 1099] = np.nan, np.inf
    assert error_report(spoilt, q).n == x.size - 2
Quantizer(np.tile(x, 30), Scheme(bits=4, range=MinMSE()))
"""


def test_no_index_leaves_its_array(tmp_path):
    folder = Path(__file__).resolve().parents[2]
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(folder)}
    # One signature of each is enough: float32 and int8.
    narrow = (
        "from quantlab import kernels\nfor kernel in kernels.KERNELS:\n    kernel.signatures = kernel.signatures[:1]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", narrow + BOUNDS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
