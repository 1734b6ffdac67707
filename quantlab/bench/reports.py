"""The rows of the error report and of the search for a clipping range."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from quantlab import MinMSE, Quantizer, Scheme, error_report
from quantlab.report import BINS

from . import peers
from .rows import Duel, Line, Row, require

AnyArray = np.ndarray[Any, np.dtype[Any]]

FAMILY, SEARCH = "Error report", "Clipping search"
SIZES = (1_000_000, 16_000_000)
SEARCHED = 10_000_000
SAMPLE = 100_000  # where every threshold can be tried; more than the search looks at one by one
WIDTHS = range(2, 9)
_CLOSE = 1e-6
_SEARCH = Line(must=1.01, aim=1.002, at_most=True)


def by_numpy(x: AnyArray, q: Quantizer) -> dict[str, Any]:
    """Return the figures of an error report in NumPy, one array after the other, as one writes it without kernels.

    Per tensor, of finite values; sums in float64.

    Examples
    --------
    >>> x = np.array([-1.0, 0.2, 0.5], np.float32)
    >>> q = Quantizer(x, bits=4)
    >>> bool(np.isclose(by_numpy(x, q)["mse"], error_report(x, q).mse))
    True
    """
    nan_count, inf_count = int(np.isnan(x).sum()), int(np.isinf(x).sum())
    if nan_count or inf_count:
        x = x[np.isfinite(x)]
    lo, hi = x.min(), x.max()
    unclamped = np.rint(x / q.scale).astype(np.int32) + np.int32(q.zero_point)
    codes = np.clip(unclamped, q.qmin, q.qmax)
    x_hat = (codes - q.zero_point).astype(np.float32) * q.scale
    low, high = unclamped < q.qmin, unclamped > q.qmax
    held = low | high
    e = x_hat - x
    e64, x64, hat64 = e.astype(np.float64), x.astype(np.float64), x_hat.astype(np.float64)
    squares, size = e64 * e64, np.abs(e)
    noise, clipping, signal = squares.sum(), squares[held].sum(), (x64 * x64).sum()
    largest = float(size.max())
    counts = np.bincount(codes - q.qmin, minlength=q.qmax - q.qmin + 1)
    shares = counts[counts > 0] / x.size
    widest = _widest(q, lo.astype(np.float64), hi.astype(np.float64))
    return {
        "n": x.size,
        "nan_count": nan_count,
        "inf_count": inf_count,
        "mse": noise / x.size,
        "mse_rounding": (noise - clipping) / x.size,
        "mse_clipping": clipping / x.size,
        "max_abs_error": largest,
        "max_abs_error_steps": largest / float(q.scale),
        "mean_abs_error": size.sum(dtype=np.float64) / x.size,
        "sqnr_db": float(10 * np.log10(signal / noise)),
        "cosine": float((x64 * hat64).sum() / np.sqrt(signal * (hat64 * hat64).sum())),
        "clipped_low": int(low.sum()),
        "clipped_high": int(high.sum()),
        "clipped": held.sum() / x.size,
        "codes_used": int(np.count_nonzero(counts)),
        "code_counts": counts,
        "entropy_bits": float(-(shares * np.log2(shares)).sum()),
        "value_histogram": _histogram(x, lo, hi),
        "value_histogram_clipping": _histogram(x[held], lo, hi),
        "error_histogram_rounding": _histogram(e[~held], -widest, widest),
        "error_histogram_clipping": _histogram(e[held], -widest, widest),
    }


def _widest(q: Quantizer, lo: np.float64, hi: np.float64) -> float:
    bottom, top = ((code - q.zero_point) * np.float64(q.scale) for code in (q.qmin, q.qmax))
    return float(max(q.scale / 2, bottom - lo, hi - top))


def _histogram(x: AnyArray, lo: Any, hi: Any) -> AnyArray:
    per_unit = np.float32(BINS) / (np.float32(hi) - np.float32(lo))
    places = ((x - np.float32(lo)) * per_unit).astype(np.int32)
    return np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)


def outliers(n: int) -> AnyArray:
    """Return normal values of which one in a thousand is eight times as large: what a clipping search is for.

    >>> outliers(1000).shape
    (1000,)
    """
    rng = np.random.default_rng(n)
    x = rng.standard_normal(n, np.float32)
    x[rng.random(n) < 1e-3] *= np.float32(8)
    return x


def _same(x: AnyArray, q: Quantizer) -> bool:
    report, expected = error_report(x, q), by_numpy(x, q)
    for name, value in expected.items():
        found = getattr(report, name)
        if isinstance(value, np.ndarray | int):
            good = np.array_equal(getattr(found, "counts", found), value)
        else:
            good = bool(np.isclose(found, value, rtol=_CLOSE, atol=0))
        if not good:
            return False
    return True


def _report(n: int) -> Duel:
    x = outliers(n)
    q = Quantizer(x, bits=4)
    return Duel(
        ours=lambda: error_report(x, q),
        theirs=lambda: by_numpy(x, q),
        check=lambda: require(_same(x, q), f"The error report of {n} values"),
    )


def _search() -> Duel:
    x = outliers(SEARCHED)
    scheme = Scheme(range=MinMSE())
    theirs = peers.torch_histogram_search(x)
    return Duel(
        ours=lambda: Quantizer(x, scheme),
        theirs=theirs,
        check=lambda: require(over_brute_force(8) < _SEARCH.must, "The search for a clipping range"),
    )


def over_brute_force(bits: int, n: int = SAMPLE) -> float:
    """Return the squared error of the range that the search finds, over the least that any threshold has.

    Thresholds: 400 down from where the top code is the largest value, each 1 % below the one before, and 200 around
    the best.

    >>> 0.99 < over_brute_force(4, 70_000) < 1.01
    True
    """
    x = outliers(n)

    def error(scale: np.float32) -> float:
        e = np.clip(np.rint(x / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * scale - x
        return float(np.einsum("i,i", e, e, dtype=np.float64))

    def best(thresholds: AnyArray) -> tuple[float, float]:
        errors = [error(np.float32(t / 2 ** (bits - 1))) for t in thresholds]
        return min(errors), float(thresholds[int(np.argmin(errors))])

    widest = float(np.abs(x).max()) * 2 ** (bits - 1) / (2 ** (bits - 1) - 1)
    coarse, near = best(widest * 0.99 ** np.arange(400))
    fine, _ = best(near * np.linspace(0.99, 1.01, 200))
    return error(Quantizer(x, Scheme(bits=bits, range=MinMSE())).scale) / min(coarse, fine)


def rows() -> list[Row]:
    """Return the rows of the report and of the search, and how near the search comes to the best at each width."""
    reports = [
        Row(
            name=f"report-{n}",
            family=FAMILY,
            figure=f"error_report, {n // 1_000_000} million",
            peer="NumPy",
            make=partial(_report, n),
            line=Line(must=10, aim=20),
            bytes=2 * 4 * n,  # for the range, and for everything else
            drawn=n == SIZES[0],
        )
        for n in SIZES
    ]
    search = Row(
        name=f"search-{SEARCHED}",
        family=SEARCH,
        figure=f"MSE range, 8 bits, {SEARCHED // 1_000_000} million",
        peer="torch HistogramObserver",
        make=_search,
        line=Line(must=4, aim=6),
        bytes=2 * 4 * SEARCHED,
        drawn=True,
    )
    near = [
        Row(
            name=f"search-error-{bits}",
            family=SEARCH,
            figure=f"squared error, {bits} bits",
            peer="brute force",
            measure=partial(over_brute_force, bits),
            line=_SEARCH,
        )
        for bits in WIDTHS
    ]
    return [*reports, search, *near]
