"""What the hero and the supporting charts show of an array: all of it, or one channel or group with its own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from quantlab.arrays import Array
from quantlab.experiments.page import Recall, compute_anew
from quantlab.experiments.tensor.trace import trace
from quantlab.grid import layout_of, working_type
from quantlab.kernels import Layout, box
from quantlab.quantizer import Quantizer
from quantlab.ranges import Summary, find_range, first_in_bins
from quantlab.records import ErrorReport
from quantlab.report import error_report, unclamped_codes, widest_error
from quantlab.scheme import Granularity, Percentile, PerChannel, PerGroup, PerTensor, Scheme

V = TypeVar("V")
Values = np.ndarray[Any, np.dtype[Any]]

FEW = 400  # up to here every value is drawn; above, the values are bins
BINS = 144
MARGIN = 1.05
_BULK = Percentile(99.5)  # 99 % of the values lie between this and its mirror
_BODY_WIDTH = 1 / 8
_MOST_ERROR_BINS = 280
_OUTWARDS = 1e-5  # bins are wider by this share: an error on an edge, as a whole or half a step is, counts inwards


@dataclass(frozen=True, eq=False)
class Samples:
    """Some of the values, one by one: equally long arrays; `index` is the flat one in the whole array."""

    index: Values
    x: Values
    codes: Values
    x_hat: Values
    clipped: Values


@dataclass(frozen=True, eq=False)
class Part:
    """One array with one scale, measured over the axes of the charts.

    Attributes
    ----------
    values : array
        As they lie in the whole array.
    quantizer : Quantizer
        Per tensor.
    report : ErrorReport
        Its value histogram has a bin more at either end than `axis`: what lies outside.
    summary : Summary
        Smallest and largest value.
    axis : (lo, hi)
        Of the values, as drawn.
    bulk : (lo, hi)
        Where 99 % of the values lie; `body_axis` is that with a margin, or None where it is no eighth of the whole.
    samples : Samples
        Every finite value where there are few; otherwise the first value of each occupied bin.
    """

    name: str
    values: Values
    quantizer: Quantizer
    report: ErrorReport
    summary: Summary
    axis: tuple[float, float]
    bulk: tuple[float, float]
    body_axis: tuple[float, float] | None
    samples: Samples

    @property
    def few(self) -> bool:
        """Whether every value is drawn."""
        return self.report.n <= FEW and self.values.size <= 2 * FEW

    @property
    def extremes(self) -> tuple[float, float]:
        """Smallest and largest finite value; (0, 0) where there is none."""
        lo, hi = float(self.summary.lo[0]), float(self.summary.hi[0])
        return (lo, hi) if lo <= hi else (0.0, 0.0)


@dataclass(frozen=True)
class Charted:
    """Which part is charted, and over which axes: errors from −error_axis to it, in `error_bins` (lo, hi, how many)."""

    index: int | None
    body: bool
    error_axis: float
    error_bins: tuple[float, float, int]


def worst(sqnr_db: Values) -> int:
    """Return the part with the lowest SQNR; parts without signal or without error come last.

    >>> worst(np.array([np.nan, 30.0, 20.0, np.inf]))
    2
    """
    return int(np.argmin(np.where(np.isnan(sqnr_db), np.inf, sqnr_db)))


def one_scale(quantizer: Quantizer, summary: Summary, index: int | None) -> tuple[Quantizer, Summary]:
    """Return the quantizer and the summary of one part."""
    if index is None:
        return quantizer, summary
    at = slice(index, index + 1)
    return _alone(quantizer, index), Summary(summary.lo[at], summary.hi[at], summary.counts[at])


def _alone(quantizer: Quantizer, index: int | None) -> Quantizer:
    if index is None:
        return quantizer
    scale, zero_point = np.ravel(quantizer.scale)[index], int(np.ravel(quantizer.zero_point)[index])
    return Quantizer.from_parameters(scale, zero_point, replace(quantizer.scheme, granularity=PerTensor()))


def widest(quantizer: Quantizer, summary: Summary, index: int | None) -> float:
    """Return a bound on the errors of the array, or of one of its parts."""
    return widest_error(*one_scale(quantizer, summary, index))


def chart(
    array: Array, quantizer: Quantizer, summary: Summary, charted: Charted, recall: Recall = compute_anew
) -> Part:
    """Measure a part of an array over the axes of the charts.

    Parameters
    ----------
    array : Array
    quantizer, summary
        Of the whole array.
    charted : Charted
    recall : Recall
    """
    scheme, index = quantizer.scheme, charted.index
    layout, _ = layout_of(array.values.shape, scheme.granularity)
    here = None if index is None else (scheme.granularity, index)
    values = array.values if index is None else recall(array, ("values", here), lambda: _gather(array, layout, index))
    alone, bounds = one_scale(quantizer, summary, index)
    bulk = recall(array, ("bulk", here), lambda: _bulk(values))
    body_axis = _body(bulk, bounds)
    axis = body_axis if charted.body and body_axis is not None else _whole(bounds)
    margin = (axis[1] - axis[0]) / BINS
    value_range = (axis[0] - margin, axis[1] + margin)
    lo, hi, bins = charted.error_bins
    # The grid itself is in the key: a pinned scale seen on a channel has this scheme, and another grid.
    grid = (alone.scheme, float(alone.scale), int(alone.zero_point))
    report = recall(
        array,
        ("chart", grid, here, value_range, lo, hi, bins),
        lambda: error_report(
            values if index is None or scheme.rounding != "stochastic" else _in_place(array, layout, index),
            alone,
            value_range=value_range,
            value_bins=BINS + 2,
            error_range=(lo, hi),
            error_bins=bins,
            summary=bounds,
        ),
    )
    few = report.n <= FEW and values.size <= 2 * FEW
    if few:
        at = np.flatnonzero(np.isfinite(values))
    else:
        first = recall(array, ("first", here, value_range), lambda: first_in_bins(values, *value_range, BINS + 2))
        at = first[1:-1][first[1:-1] >= 0]
    return Part(
        part_name(array.values.shape, scheme.granularity, index),
        values,
        alone,
        report,
        bounds,
        axis,
        bulk,
        body_axis,
        samples(array, quantizer, flat_index(layout, index, at), index),
    )


def _in_place(array: Array, layout: Layout, index: int) -> Values:
    """Return the array with NaN outside a part: stochastic rounding draws by the index in the whole array."""
    alone = np.full(array.values.shape, np.nan, working_type(array.values.dtype))
    here = box(layout, index)
    folded = (layout.outer, layout.middle, layout.inner)
    alone.reshape(folded)[here] = array.values.reshape(folded)[here]
    return alone


def _gather(array: Array, layout: Layout, index: int) -> Values:
    folded = array.values.reshape(layout.outer, layout.middle, layout.inner)
    return np.ascontiguousarray(folded[box(layout, index)]).reshape(-1)


def flat_index(layout: Layout, index: int | None, at: Values) -> Values:
    """Return where values of a part stand in the whole array."""
    if index is None:
        return at
    outer, middle, inner = box(layout, index)
    o, m, i = np.unravel_index(at, (outer.stop - outer.start, middle.stop - middle.start, inner.stop - inner.start))
    flat: Values = ((o + outer.start) * layout.middle + m + middle.start) * layout.inner + i + inner.start
    return flat


def samples(array: Array, quantizer: Quantizer, index: Values, part: int | None) -> Samples:
    """Return elements of an array, by their flat indices, none of them NaN, all of one part.

    Parameters
    ----------
    array : Array
    quantizer : Quantizer
        Of the whole array.
    index : int array
    part : int or None
        Their channel or group; None where there is one scale.
    """
    x = array.values.reshape(-1)[index]
    alone = _alone(quantizer, part)
    if quantizer.scheme.rounding == "stochastic":
        traced = [trace(array.values, quantizer, int(i)) for i in index]
        u = np.array([each.unclamped for each in traced], np.int64)
        codes = np.array([each.code for each in traced], alone.dtype)
    else:
        codes, u = alone.quantize(x), unclamped_codes(x, alone)
    return Samples(index, x, codes, alone.dequantize(codes), (u < alone.qmin) | (u > alone.qmax))


def part_name(shape: tuple[int, ...], granularity: Granularity, index: int | None) -> str:
    """Return what a reader calls a part; "" for the whole array.

    >>> part_name((4, 6), PerChannel(0), 3), part_name((4, 6), PerGroup(2), 4)
    ('row 3', 'group 4')
    """
    return "" if index is None else f"{part_kind(shape, granularity)} {index}"


def part_kind(shape: tuple[int, ...], granularity: Granularity) -> str:
    """Return what the parts of an array are called: row, column, channel or group.

    >>> part_kind((4, 6), PerChannel(-1)), part_kind((4, 6, 2), PerChannel(0))
    ('column', 'channel')
    """
    if isinstance(granularity, PerGroup):
        return "group"
    if isinstance(granularity, PerChannel) and len(shape) == 2:
        return "row" if granularity.axis % 2 == 0 else "column"
    return "channel"


def error_bins(scale: float, error_axis: float, n: int) -> tuple[float, float, int]:
    """Return bins (lo, hi, how many) that cover ±error_axis and have an edge at ±scale / 2 where they are fine enough.

    >>> lo, hi, bins = error_bins(1.0, 1.0, 100)
    >>> round(lo, 3), round(hi, 3), bins
    (-1.0, 1.0, 12)
    """
    finest = 6 if n <= FEW else 16
    a_step = min(finest, int(_MOST_ERROR_BINS * scale / (2 * error_axis)))
    width = scale / a_step if a_step else scale * math.ceil(2 * error_axis / scale / _MOST_ERROR_BINS)
    each_side = max(1, math.ceil(error_axis / width - 1e-9))
    width *= 1 + _OUTWARDS
    if a_step % 2 or not a_step:  # a bin around 0, so that ±scale / 2 fall on edges
        return -(each_side + 0.5) * width, (each_side + 0.5) * width, 2 * each_side + 1
    return -each_side * width, each_side * width, 2 * each_side


def _whole(summary: Summary) -> tuple[float, float]:
    ends = np.array([summary.lo[0], summary.hi[0]], np.float64)
    reach = float(np.abs(ends[np.isfinite(ends)]).max(initial=0.0)) * MARGIN
    most = float(np.finfo(summary.lo.dtype).max) / 4  # the axis's width must be finite in the working type
    reach = min(max(reach, float(np.finfo(summary.lo.dtype).smallest_normal) * BINS), most) if reach else MARGIN
    return -reach, reach


def _bulk(values: Values) -> tuple[float, float]:
    lo, hi = (float(end[0]) for end in find_range(values, Scheme(range=_BULK)))
    return lo, hi


def _body(bulk: tuple[float, float], summary: Summary) -> tuple[float, float] | None:
    (lo, hi), whole = bulk, _whole(summary)
    if not lo < hi or hi - lo >= _BODY_WIDTH * (whole[1] - whole[0]):
        return None
    margin = (MARGIN - 1) * (hi - lo)
    return lo - margin, hi + margin
