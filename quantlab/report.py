"""What quantization costs an array: error figures, histograms and bytes, from one pass over it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from . import kernels
from .grid import checked, scale_bytes, sweep
from .kernels.errors import (
    ABSOLUTE,
    CLIPPING,
    HIGH,
    INFS,
    LARGEST,
    LOW,
    NANS,
    PRODUCT,
    RESTORED,
    ROUNDING,
    SIGNAL,
    SUMS,
    N,
)
from .quantizer import Quantizer
from .ranges import Summary, summarise, unit_of
from .records import ErrorParts, ErrorReport, Histogram
from .scheme import Scheme

AnyArray = np.ndarray[Any, np.dtype[Any]]
BINS = 144


def error_report(
    x: Any,
    quantizer: Quantizer,
    *,
    value_range: tuple[float, float] | None = None,
    value_bins: int = BINS,
    error_range: tuple[float, float] | None = None,
    error_bins: int = BINS,
    summary: Summary | None = None,
) -> ErrorReport:
    """Measure what a quantizer does to an array, in one pass.

    Parameters
    ----------
    x : array_like
        Of a shape that fits the quantizer's scales. NaN and infinities are counted and left out.
    quantizer : Quantizer
    value_range, error_range : (lo, hi), optional
        Axes of the histograms, in the units of x. Default: from the smallest to the largest value, and ± the widest
        error that these values can have. A bin is ``trunc((v − lo) · (bins / (hi − lo)))`` in the working type.
    value_bins, error_bins : int
    summary : Summary, optional
        Of this array at this granularity, if there is one; spares a pass.

    Returns
    -------
    ErrorReport

    Raises
    ------
    TypeError, ValueError
        If the array's type or shape does not fit.

    References
    ----------
    SQNR and its 6.02 dB a bit: Widrow and Kollár 2008, chapter 1.

    Examples
    --------
    >>> x = np.array([0.0, 0.4, 1.0], np.float32)
    >>> report = error_report(x, Quantizer(x, bits=2))
    >>> report.codes_used, round(report.max_abs_error, 3), report.max_abs_error_steps
    (2, 0.5, 1.0)
    """
    x = checked(x)
    grid = quantizer.grid(x.shape)
    summary = summary or summarise(x, quantizer.scheme.granularity)
    unit = unit_of(summary)
    if value_range is None:
        value_range = _span(summary)
    if error_range is None:
        widest = widest_error(quantizer, summary)
        error_range = (-widest, widest)
    axes = [np.array(ends, quantizer.working) for ends in (value_range, error_range)]
    several = grid.layout.parts > 1
    codes = np.empty(x.size if several else 0, np.int32)

    def new() -> _Totals:
        return _Totals.zeros(grid.layout.parts, quantizer.scheme.levels, value_bins, error_bins)

    def add(own: _Totals, values: AnyArray, origin: int, start: int, stop: int) -> None:
        piece = codes[origin : origin + len(values)] if several else codes
        kernels.statistics.report(values, origin, start, stop, *grid, unit, *axes, *own, piece)

    total, *others = sweep(x, quantizer.working, new, add)
    for own in others:
        total.merge(own)
    scale = grid.scale.astype(np.float64)
    sums = total.sums.T
    parts = _figures(sums, scale, unit) if several else {}
    together, unit_of_all = _together(sums, unit)
    whole = {name: figure[0].item() for name, figure in _figures(together, scale, unit_of_all).items()}
    if several:
        whole["max_abs_error_steps"] = float(np.fmax.reduce(parts["max_abs_error_steps"], initial=np.nan))
    nbytes = stored_bytes(x.size, grid.layout.parts, quantizer.scheme, quantizer.working)
    histograms = [
        Histogram(total.values.sum(axis=0), *map(float, value_range)),
        Histogram(total.values[1], *map(float, value_range)),
        *(Histogram(counts, *map(float, error_range)) for counts in total.errors),
    ]
    return ErrorReport(
        **whole,
        codes_used=int(np.count_nonzero(total.code_counts)),
        code_counts=total.code_counts,
        entropy_bits=entropy(total.code_counts),
        nbytes=nbytes,
        bits_per_value=nbytes * 8 / x.size if x.size else np.nan,
        compression_ratio=x.nbytes / nbytes if nbytes else np.nan,
        value_histogram=histograms[0],
        value_histogram_clipping=histograms[1],
        error_histogram_rounding=histograms[2],
        error_histogram_clipping=histograms[3],
        scales_held=quantizer.held,
        parts=_parts(parts, codes, grid.layout, quantizer.scheme) if several else None,
    )


class _Totals(NamedTuple):
    """What the kernel adds to, in the order of its arguments."""

    sums: AnyArray
    code_counts: AnyArray
    values: AnyArray
    errors: AnyArray

    @classmethod
    def zeros(cls, parts: int, levels: int, value_bins: int, error_bins: int) -> _Totals:
        return cls(
            np.zeros((len(SUMS), parts)),
            np.zeros(levels, np.int64),
            np.zeros((2, value_bins), np.int64),
            np.zeros((2, error_bins), np.int64),
        )

    def merge(self, other: _Totals) -> None:
        largest = np.maximum(self.sums[LARGEST], other.sums[LARGEST])
        for mine, theirs in zip(self, other, strict=True):
            np.add(mine, theirs, out=mine)
        self.sums[LARGEST] = largest


def _together(sums: AnyArray, unit: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Add the parts up, in the unit of the widest of them."""
    of_all = float(unit.min()) if len(unit) else 1.0
    share = of_all / unit
    scaled = sums.copy()
    scaled[:, [ABSOLUTE, LARGEST]] *= share[:, None]
    scaled[:, [SIGNAL, ROUNDING, CLIPPING, PRODUCT, RESTORED]] *= share[:, None] ** 2
    whole: AnyArray = scaled.sum(axis=0, keepdims=True)
    whole[0, LARGEST] = scaled[:, LARGEST].max(initial=0.0)
    return whole, np.array([of_all])


def _figures(sums: AnyArray, scale: AnyArray, unit: AnyArray) -> dict[str, AnyArray]:
    """Turn sums into figures, one entry a row; `scale` has one entry a row, or is the only row's."""
    n = sums[:, N]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        noise = sums[:, ROUNDING] + sums[:, CLIPPING]
        largest = np.where(n > 0, sums[:, LARGEST] / unit, np.nan)
        return {
            "n": n.astype(np.int64),
            "nan_count": sums[:, NANS].astype(np.int64),
            "inf_count": sums[:, INFS].astype(np.int64),
            "mse": noise / n / unit / unit,
            "mse_rounding": sums[:, ROUNDING] / n / unit / unit,
            "mse_clipping": sums[:, CLIPPING] / n / unit / unit,
            "max_abs_error": largest,
            "max_abs_error_steps": largest / scale if len(scale) == len(sums) else largest,
            "mean_abs_error": sums[:, ABSOLUTE] / n / unit,
            "sqnr_db": np.where(sums[:, SIGNAL] > 0, 10 * np.log10(sums[:, SIGNAL] / noise), np.nan),
            "cosine": sums[:, PRODUCT] / np.sqrt(sums[:, SIGNAL]) / np.sqrt(sums[:, RESTORED]),
            "clipped": (sums[:, LOW] + sums[:, HIGH]) / n,
            "clipped_low": sums[:, LOW].astype(np.int64),
            "clipped_high": sums[:, HIGH].astype(np.int64),
        }


def _parts(figures: dict[str, AnyArray], codes: AnyArray, layout: kernels.Layout, scheme: Scheme) -> ErrorParts:
    used, bits = np.zeros(layout.parts, np.int64), np.zeros(layout.parts)
    if codes.size:
        kernels.statistics.count_parts(codes, layout, 0, layout.parts, np.zeros(scheme.levels, np.int64), used, bits)
    bits[used == 0] = np.nan
    names = {f.name for f in fields(ErrorParts)} & figures.keys()
    return ErrorParts(**{name: figures[name] for name in names}, codes_used=used, entropy_bits=bits)


def _span(summary: Summary) -> tuple[float, float]:
    seen = summary.lo <= summary.hi
    if not seen.any():
        return 0.0, 0.0
    return float(summary.lo[seen].min()), float(summary.hi[seen].max())


def unclamped_codes(x: Any, quantizer: Quantizer) -> AnyArray:
    """Return the codes that values would have if there were enough of them; outside [qmin, qmax] a value is clipped.

    Parameters
    ----------
    x : array_like
        Of a shape that fits the quantizer's scales.
    quantizer : Quantizer

    Returns
    -------
    int64 array shaped as x
        Held to ±2^62; meaningless for NaN.

    Examples
    --------
    >>> unclamped_codes([0.49, 9.0], Quantizer.from_parameters(1.0, 0, Scheme(bits=2))).tolist()
    [0, 9]
    """
    x = checked(x)
    grid = quantizer.grid(x.shape)
    out = np.empty(x.shape, np.int64)
    flat = out.reshape(-1)

    def fill(_: None, values: AnyArray, origin: int, start: int, stop: int) -> None:
        there = flat[origin : origin + len(values)]
        kernels.elementwise.unclamped_codes(values, origin, start, stop, *grid[:4], there)

    sweep(x, quantizer.working, lambda: None, fill)
    return out


def widest_error(quantizer: Quantizer, summary: Summary) -> float:
    """Return a bound on every |error| of an array, from its smallest and largest values alone.

    Parameters
    ----------
    quantizer : Quantizer
    summary : Summary
        Of the array, at the quantizer's granularity.

    Returns
    -------
    float
        In the units of the values; 0 for an array without finite values.

    Examples
    --------
    >>> from quantlab.scheme import PerTensor
    >>> x = np.array([-1.0, 1.0], np.float32)
    >>> widest_error(Quantizer(x, bits=4), summarise(x, PerTensor()))
    0.125
    """
    seen = summary.lo <= summary.hi
    if not seen.any():
        return 0.0
    lo, hi = summary.lo[seen].astype(np.float64), summary.hi[seen].astype(np.float64)
    scale, zero_point = (
        np.broadcast_to(np.ravel(v), seen.shape)[seen] for v in (quantizer.scale, quantizer.zero_point)
    )
    scale = scale.astype(np.float64)
    with np.errstate(over="ignore"):
        bottom, top = ((code - zero_point) * scale for code in (quantizer.qmin, quantizer.qmax))
        if quantizer.scheme.overflow == "wrap":
            reach = np.maximum(np.abs(lo), np.abs(hi)) + np.maximum(np.abs(bottom), np.abs(top))
        else:
            nearest = quantizer.scheme.rounding in ("half_even", "half_away")
            step = scale / 2 if nearest else scale
            reach = np.maximum(np.maximum(bottom - lo, hi - top), np.maximum(step, np.maximum(lo - top, bottom - hi)))
    return float(min(reach.max(), np.finfo(quantizer.working).max))


def entropy(counts: AnyArray) -> float:
    """Return the entropy of a distribution in bits, from counts; NaN where there are none.

    >>> entropy(np.array([2, 0, 2]))
    1.0
    """
    seen = counts[counts > 0]
    if not seen.size:
        return float("nan")
    portion = seen / seen.sum()
    return float(-(portion * np.log2(portion)).sum()) + 0.0


def stored_bytes(n: int, scales: int, scheme: Scheme, working: np.dtype[Any]) -> int:
    """Return the bytes that `n` codes take, packed, with their scales and zero points.

    >>> stored_bytes(64, 2, Scheme(bits=4, scale_dtype="float16"), np.dtype("float32")) * 8 / 64
    4.5
    """
    zero_point_bits = 0 if scheme.symmetric else 32 if scheme.affine_range == "free" else scheme.bits
    bits = n * scheme.bits + scales * (8 * scale_bytes(scheme, working) + zero_point_bits)
    return -(-bits // 8)
