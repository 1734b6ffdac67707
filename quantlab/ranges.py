"""The range that a Scheme asks for, found in an array: min-max, percentile, least squared error, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from . import kernels
from .grid import Flat, covering, largest_of, layout_of, order_of, parameters, sweep, working_type
from .scheme import Fixed, Granularity, MinMax, MinMSE, Percentile, Scheme

EVERY_VALUE = 65_536  # up to here MinMSE looks at every value of a part, above at its histogram
BINS = 2048
FEW = 4_096  # up to here MinMSE also tries what luck in rounding gives so few values
_STEPS_A_HALVING = 16  # candidates of the coarse search: each 2^(−1/16) of the one before
_STEPS_FOR_FEW = 128
_LUCK = 1.1  # how much wider few values are searched than where the end codes reach them
_HALVINGS = 12
_FINE = 32  # of few values, also between the neighbours of the best of these
_REFINEMENTS = 16  # golden-section steps: the threshold to 1 part in 20,000
_ROUNDS = 8
_LESS = 1 - 1e-9  # sums of other terms differ by their rounding: that is no gain
_GOLDEN = (5**0.5 - 1) / 2
_MOST = float(np.finfo(np.float64).max)


class Measure(Protocol):
    """From a range for each part to its squared error, and the clipping part of that."""

    def __call__(self, lo: Flat, hi: Flat) -> tuple[Flat, Flat]: ...


@dataclass(frozen=True)
class Summary:
    """What a range needs to know of an array, part by part; kept, it spares the passes over the array.

    Attributes
    ----------
    lo, hi : arrays of the working type, one entry a part
        Smallest and largest finite value; lo > hi where a part has none.
    counts : int64 array (parts, 3)
        Finite values, NaN, infinities.
    histogram : int64 array (parts, 2048) or None
        Over each part's own [lo, hi]; None until a search asks for it.
    """

    lo: Flat
    hi: Flat
    counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    histogram: np.ndarray[tuple[int, int], np.dtype[np.int64]] | None = None


def summarise(x: np.ndarray[Any, np.dtype[Any]], granularity: Granularity, *, histogram: bool = False) -> Summary:
    """Return smallest and largest values, counts and, if asked for, the histogram of each part.

    Parameters
    ----------
    x : array
    granularity : PerTensor, PerChannel or PerGroup
    histogram : bool
        Whether to fill the 2,048 bins.

    Examples
    --------
    >>> from quantlab.scheme import PerTensor
    >>> summary = summarise(np.array([1.0, np.nan, -2.0]), PerTensor())
    >>> summary.lo.tolist(), summary.hi.tolist(), summary.counts.tolist()
    ([-2.0], [1.0], [[2, 1, 0]])
    """
    working, (layout, _) = working_type(x.dtype), layout_of(x.shape, granularity)

    def new() -> tuple[Flat, Flat, Any]:
        lo, hi = np.full(layout.parts, np.inf, working), np.full(layout.parts, -np.inf, working)
        return lo, hi, np.zeros((3, layout.parts), np.int64)

    def extent(own: tuple[Flat, Flat, Any], values: Flat, origin: int, start: int, stop: int) -> None:
        kernels.ranges.extent(values, origin, start, stop, layout, *own)

    (lo, hi, counts), *others = sweep(x, working, new, extent)
    for own_lo, own_hi, own_counts in others:
        np.minimum(lo, own_lo, out=lo)
        np.maximum(hi, own_hi, out=hi)
        np.add(counts, own_counts, out=counts)
    counts = np.ascontiguousarray(counts.T)
    return Summary(lo, hi, counts, _histogram(x, layout, lo, hi, working) if histogram else None)


def first_in_bins(x: np.ndarray[Any, np.dtype[Any]], lo: float, hi: float, bins: int) -> Flat:
    """Return the C-order index of the first finite value in each of `bins` equal bins of [lo, hi]; −1 where none is.

    What lies outside falls into the bins at the ends.

    >>> first_in_bins(np.array([0.9, 0.1, 0.8]), 0.0, 1.0, 2).tolist()
    [1, 0]
    """
    working = working_type(x.dtype)
    ends = np.array([lo], working), np.array([hi], working)

    def lower(own: Flat, values: Flat, origin: int, start: int, stop: int) -> None:
        kernels.ranges.first_in_bin(values, origin, start, stop, *ends, own)

    first, *others = sweep(x, working, lambda: np.full(bins, x.size, np.int64), lower)
    for own in others:
        np.minimum(first, own, out=first)
    return np.where(first < x.size, first, -1)


def _histogram(x: Any, layout: kernels.Layout, lo: Flat, hi: Flat, working: Any) -> Any:
    def fill(own: Any, values: Flat, origin: int, start: int, stop: int) -> None:
        kernels.ranges.histogram(values, origin, start, stop, layout, lo, hi, own)

    # Many parts make large tables: then one thread fills the one table.
    threads = None if layout.parts < 64 else 1
    counts, *others = sweep(x, working, lambda: np.zeros((layout.parts, BINS), np.int64), fill, threads)
    for own in others:
        np.add(counts, own, out=counts)
    return counts


def needs_histogram(shape: tuple[int, ...], scheme: Scheme) -> bool:
    """Return whether this scheme's range is searched on the histogram of arrays of this shape."""
    return isinstance(scheme.range, MinMSE) and _longest(layout_of(shape, scheme.granularity)[0]) > EVERY_VALUE


def _longest(layout: kernels.Layout) -> int:
    """Return the number of values in the largest part."""
    repeats = layout.outer if layout.step_outer == 0 else 1
    along = min(layout.size, layout.middle) if layout.step_middle else layout.middle
    return repeats * along * (1 if layout.step_inner else layout.inner)


def find_range(x: np.ndarray[Any, np.dtype[Any]], scheme: Scheme, summary: Summary | None = None) -> tuple[Flat, Flat]:
    """Return the range of each part of `x`, as the scheme asks for it.

    Only finite values count. A part without any has lo > hi.

    Parameters
    ----------
    x : array
        Of a type that `working_type` accepts.
    scheme : Scheme
        Its `range` and `granularity`; `MinMSE` reads the rest too.
    summary : Summary, optional
        Of this array and this granularity, with a histogram where `needs_histogram`; made here if missing.

    Returns
    -------
    lo, hi : float64 arrays, one entry a part

    Examples
    --------
    >>> lo, hi = find_range(np.array([-1.0, 0.0, 4.0]), Scheme(symmetric=False))
    >>> lo.tolist(), hi.tolist()
    ([-1.0], [4.0])
    """
    layout, _ = layout_of(x.shape, scheme.granularity)
    if isinstance(scheme.range, Fixed):
        return np.full(layout.parts, scheme.range.lo), np.full(layout.parts, scheme.range.hi)
    if isinstance(scheme.range, Percentile):
        return _percentiles(x, layout, scheme.range.p)
    if summary is None:
        summary = summarise(x, scheme.granularity, histogram=needs_histogram(x.shape, scheme))
    lo, hi = summary.lo.astype(np.float64), summary.hi.astype(np.float64)
    if isinstance(scheme.range, MinMax):
        return lo, hi
    some = lo <= hi
    lo, hi = np.where(some, lo, 0.0), np.where(some, hi, 0.0)
    return _search(scheme)(_measure(x, layout, scheme, summary), lo, hi, scheme, x.size <= FEW)


def least_squared_error(summary: Summary, scheme: Scheme, lo: Flat, hi: Flat) -> tuple[Flat, Flat]:
    """Return the range with the least squared error of each part, searched on counts alone.

    Parameters
    ----------
    summary : Summary
        float64; its histogram, of any number of equal bins over its own lo to hi, need not end where the values do.
    scheme : Scheme
        Whose codes; its range is not read.
    lo, hi : float64 arrays, one entry a part
        Smallest and largest value.

    Examples
    --------
    >>> counts = np.array([[0, 0, 8, 8]])
    >>> end = np.array([2.0])
    >>> summary = Summary(-end, end, np.zeros((1, 3), np.int64), counts)
    >>> lo, hi = least_squared_error(summary, Scheme(symmetric=False), np.zeros(1), end)
    >>> lo.tolist(), 1.9 < float(hi[0]) <= 2
    ([0.0], True)
    """
    measure = error_on_counts(summary, np.dtype(np.float64), scheme)
    return _search(scheme)(measure, lo, hi, scheme, False)


def _search(scheme: Scheme) -> Callable[..., tuple[Flat, Flat]]:
    return _symmetric_search if scheme.symmetric else _affine_search


def _percentiles(x: Any, layout: kernels.Layout, p: float) -> tuple[Flat, Flat]:
    values = np.ascontiguousarray(x).reshape(-1).astype(working_type(x.dtype), copy=False)
    lo, hi = np.full(layout.parts, np.inf), np.full(layout.parts, -np.inf)
    if values.size:
        kernels.ranges.percentiles(values, layout, 0, layout.parts, (100 - p) / 100, p / 100, lo, hi)
    return lo, hi


def _measure(x: Any, layout: kernels.Layout, scheme: Scheme, summary: Summary) -> Measure:
    """Return the function from ranges to (squared error, its clipping part), part by part."""
    working = working_type(x.dtype)
    if summary.histogram is not None:
        return error_on_counts(summary, working, scheme)
    largest, unit = largest_of(working), unit_of(summary)
    # Every value is widened once here: a search reads them a hundred times.
    values = np.ascontiguousarray(x).reshape(-1).astype(working, copy=False)

    def measure(lo: Flat, hi: Flat) -> tuple[Flat, Flat]:
        scale, zero_point, _ = parameters(lo, hi, scheme, working)
        order = order_of(scheme, zero_point)

        def add(start: int, stop: int) -> Any:
            own = np.zeros((2, layout.parts))
            kernels.statistics.squared_error(
                values, start, stop, scale, zero_point.astype(np.int32), layout, order, largest, unit, own
            )
            return own

        errors = sum(kernels.over_ranges(add, len(values))).T
        return errors.sum(axis=1), errors[:, 1]

    return measure


def error_on_counts(summary: Summary, working: np.dtype[Any], scheme: Scheme) -> Measure:
    """Return the function from ranges to (squared error, its clipping part) of a histogram's values, part by part."""
    unit = unit_of(summary)

    def measure(lo: Flat, hi: Flat) -> tuple[Flat, Flat]:
        scale, zero_point, _ = parameters(lo, hi, scheme, working)
        errors = np.zeros((len(lo), 2))
        kernels.clipping.histogram_error(
            summary.histogram, summary.lo, summary.hi, scale, zero_point, order_of(scheme, zero_point), unit, errors
        )
        return errors.sum(axis=1), errors[:, 1]

    return measure


def unit_of(summary: Summary) -> Flat:
    """Return for each part the power of two that brings float64 values to where their squares exist; usually 1."""
    ends = np.abs(np.stack([summary.lo, summary.hi]).astype(np.float64))
    wide = np.where(np.isfinite(ends), ends, 0.0).max(axis=0)
    usual = (wide == 0) | ((wide > 1e-100) & (wide < 1e100))
    return np.where(usual, 1.0, np.ldexp(1.0, -np.clip(np.frexp(wide)[1], -1000, 1000)))


def _outermost(lo: Flat, hi: Flat, scheme: Scheme, few: bool) -> tuple[Flat, Flat, Flat]:
    """Return the widest range to try for each part, and the place inside it that narrower ones shrink to."""
    least, greatest = covering(lo, hi, scheme)
    # A zero point that is clamped into the codes gives no grids but those that hold 0.
    holds_zero = scheme.symmetric or scheme.affine_range != "free"
    middle = np.zeros_like(lo) if holds_zero else least / 2 + greatest / 2
    if few and scheme.bits > 1:
        with np.errstate(over="ignore"):  # what leaves float64 is held to its end
            least, greatest = (middle + np.clip((end - middle) * _LUCK, -_MOST, _MOST) for end in (least, greatest))
    return least, greatest, middle


def _symmetric_search(measure: Measure, lo: Flat, hi: Flat, scheme: Scheme, few: bool) -> tuple[Flat, Flat]:
    top = np.maximum(np.abs(lo), np.abs(hi))
    _, outer, _ = _outermost(lo, hi, scheme, few)
    share, error = _best_share(lambda t: measure(-outer * t, outer * t), len(lo), few)
    threshold = outer * share
    threshold = np.where(measure(-top, top)[0] < error * _LESS, top, threshold)
    return -threshold, threshold


def _affine_search(measure: Measure, lo: Flat, hi: Flat, scheme: Scheme, few: bool) -> tuple[Flat, Flat]:
    least, greatest, middle = _outermost(lo, hi, scheme, few)
    with_zero, zero = scheme.affine_range != "free", np.zeros_like(lo)
    # From both ends at once to a good start: from the full range, one end alone often cannot gain anything.
    share, error = _best_share(
        lambda t: measure(middle + (least - middle) * t, middle + (greatest - middle) * t), len(lo), few
    )
    as_it_is = measure(lo, hi)[0]
    kept, error = as_it_is < error * _LESS, np.minimum(as_it_is, error)
    lo = np.where(kept, lo, middle + (least - middle) * share)
    hi = np.where(kept, hi, middle + (greatest - middle) * share)
    for _ in range(_ROUNDS):
        before = error
        end, found = _best_end(partial(measure, lo), greatest, zero if with_zero else lo)
        hi, error = np.where(found < error, end, hi), np.minimum(found, error)
        end, found = _best_end(partial(measure, hi=hi), least, zero if with_zero else hi)
        lo, error = np.where(found < error, end, lo), np.minimum(found, error)
        if not (error < before).any():
            break
    return lo, hi


def _best_end(measure: Callable[[Flat], tuple[Flat, Flat]], outer: Flat, anchor: Flat) -> tuple[Flat, Flat]:
    """Move each end from `outer` towards `anchor`; return the best place and its error."""
    if (outer == anchor).all():
        return outer, np.full(len(outer), np.inf)  # nowhere to go
    share, error = _best_share(lambda t: measure(anchor + (outer - anchor) * t), len(outer))
    return anchor + (outer - anchor) * share, error


def _best_share(measure: Callable[[Flat], tuple[Flat, Flat]], parts: int, few: bool = False) -> tuple[Flat, Flat]:
    """Return the share of the full way, 1 or less, with the least error for each part, the wider on a tie."""
    best, share = np.full(parts, np.inf), np.ones(parts)
    steps = _STEPS_FOR_FEW if few else _STEPS_A_HALVING

    def look(place: Flat, error: Flat) -> None:
        nonlocal best, share
        better = (error < best * _LESS) | ((error * _LESS <= best) & (place > share))
        best, share = np.where(better, error, best), np.where(better, place, share)

    for step in range(_HALVINGS * steps + 1):
        now = np.full(parts, 2.0 ** (-step / steps))
        error, clipping = measure(now)
        look(now, error)
        # Clipping alone costs more than the best found, and it only grows from here on.
        if (clipping > best).all():
            break
    a, b = share * 2.0 ** (-1 / steps), np.minimum(share * 2.0 ** (1 / steps), 1.0)
    if few:  # their error has many dips, which the golden section alone would step over
        apart = (b - a) / _FINE
        for step in range(_FINE):
            look(now := b - apart * step, measure(now)[0])
        a, b = share - apart, np.minimum(share + apart, 1.0)
    near, far = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_near, at_far = measure(near)[0], measure(far)[0]
    for _ in range(_REFINEMENTS):
        look(near, at_near)
        look(far, at_far)
        outward = at_far <= at_near
        a, b = np.where(outward, near, a), np.where(outward, b, far)
        fresh = np.where(outward, a + _GOLDEN * (b - a), b - _GOLDEN * (b - a))
        found = measure(fresh)[0]
        near, far = np.where(outward, far, fresh), np.where(outward, fresh, near)
        at_near, at_far = np.where(outward, at_far, found), np.where(outward, found, at_near)
    return share, best
