"""Work shared among threads: the same results on any number of them, for any number of callers at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from quantlab import Fixed, MinMSE, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report, kernels
from quantlab.kernels import threads

SUMS = ("mse", "mse_rounding", "mse_clipping", "mean_abs_error", "sqnr_db", "cosine")


def everything(x, scheme):
    """All that is computed from an array: numbers that must agree to the bit, and sums."""
    q = Quantizer(x, scheme)
    clean = np.nan_to_num(x)
    report = error_report(x, q).as_dict()
    sums = {name: report.pop(name) for name in SUMS}
    parts = report.pop("parts")
    exact = [np.asarray(q.scale), np.asarray(q.zero_point), q.quantize(clean), q.fake_quantize(x)]
    return exact, report, sums, parts


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerChannel(1), PerGroup(37)], ids=str)
@pytest.mark.parametrize(
    "fields",
    [
        {"symmetric": False},
        {"rounding": "stochastic", "seed": 5},
        {"range": Fixed(-1, 1), "overflow": "wrap"},
        {"range": MinMSE()},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_any_number_of_threads_gives_the_same(monkeypatch, granularity, fields, dtype):
    x = np.random.default_rng(0).normal(size=(7, 461)).astype(dtype)
    x[3, 100], x[6, 460] = np.nan, np.inf
    scheme = Scheme(bits=5, granularity=granularity, **fields)
    alone = everything(x, scheme)
    monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
    for cores in (2, 3, 7):
        monkeypatch.setattr(threads, "CORES", cores)
        exact, report, sums, parts = everything(x, scheme)
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(exact, alone[0], strict=True))
        assert report == alone[1]
        assert sums == pytest.approx(alone[2], rel=1e-6)
        if parts is not None:
            assert all(
                parts[name] == (pytest.approx(alone[3][name], rel=1e-6) if name in SUMS else alone[3][name])
                for name in parts
            )


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [0, 1, 2, 10, 1001])
def test_ranges_cover_everything_once_and_in_order(n, count):
    found = kernels.over_ranges(lambda start, stop: (start, stop), n, count)
    assert len(found) == count
    assert [i for start, stop in found for i in range(start, stop)] == list(range(n))


def test_a_refusal_in_a_thread_reaches_the_caller():
    def refuse(start, stop):
        raise ValueError(f"refused {start} to {stop}")

    with pytest.raises(ValueError, match="refused 0 to"):
        kernels.over_ranges(refuse, 10, 2)


def test_several_callers_at_once_do_not_disturb_one_another():
    arrays = [np.random.default_rng(i).normal(size=1_100_000).astype(np.float32) for i in range(4)]
    quantizers = [Quantizer(x, bits=4) for x in arrays]
    alone = [q.quantize(x) for q, x in zip(quantizers, arrays, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = list(pool.map(lambda q, x: q.quantize(x), quantizers, arrays))
            assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_the_number_of_threads_can_be_held():
    def pieces():
        return len(kernels.over_ranges(lambda start, stop: None, 100_000_000))

    with kernels.at_most(1):
        assert pieces() == 1
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(pieces).result() == kernels.CORES
    assert pieces() == kernels.CORES
    with pytest.raises(ValueError, match="got 0"), kernels.at_most(0):
        pass
