"""What lies in an array: smallest and largest finite value, NaN, infinities, percentiles, histogram.

All of it part by part (tensor, channel or group), in the array's own type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .compilation import inner, kernel, read_only, written
from .layout import LAYOUT, Layout, members, next_run, part_at, run_at
from .steps import BLOCK

_CHUNK = 1 << 14  # values whose bits are compared at a time: where one is not finite, so many are looked at one by one


def signed_bits(array: Any) -> Any:
    """Return the bits of floats as signed integers."""
    return array.view(np.int32 if array.dtype == np.float32 else np.int64)


def unsigned_bits(array: Any) -> Any:
    """Return the bits of floats as unsigned integers."""
    return array.view(np.uint32 if array.dtype == np.float32 else np.uint64)


@overload(signed_bits, strict=False)
def _signed_bits(array: Any) -> Any:
    if array.dtype == types.float32:
        return lambda array: array.view(np.int32)
    return lambda array: array.view(np.int64)


@overload(unsigned_bits, strict=False)
def _unsigned_bits(array: Any) -> Any:
    if array.dtype == types.float32:
        return lambda array: array.view(np.uint32)
    return lambda array: array.view(np.uint64)


@inner
def bin_of(x: Any, lo: Any, per_unit: Any, bins: Any) -> Any:
    """Return trunc((x − lo) · (bins / (hi − lo))), held to the bins.

    The caller has per_unit = bins / (hi − lo), and bins, in the type of x.
    """
    place = (x - lo) * per_unit
    # A zero that the compiler does not know to be one: with a constant it would cast first and choose between whole
    # numbers, under masks, three times as slowly.
    zero = bins - bins
    place = place if place > zero else zero  # NaN too: an empty range times nothing
    # Held before the cast, which is defined then, and which vectorises to 32 bits.
    return np.int32(place if place < bins - 1 else bins - 1)


@inner
def _ends(signed: Any, unsigned: Any) -> Any:
    """Return the largest and smallest of the bits of floats as signed integers, and the largest as unsigned ones.

    Among positive floats the order of the bits is that of the values, among negative ones the opposite; and integers
    are compared several at once, where floats, for the sake of NaN, are not.
    """
    most, least, top = signed[0], signed[0], unsigned[0]
    for k in range(len(signed)):
        v, u = signed[k], unsigned[k]
        most = v if v > most else most
        least = v if v < least else least
        top = u if u > top else top
    return most, least, top


@inner
def _look(x: Any, lo: Any, hi: Any, counts: Any, step: int) -> None:
    """As `_extent`, value by value; the part moves by `step` with each."""
    for k in range(len(x)):
        p, value = k * step, x[k]
        if np.isfinite(value):
            lo[p], hi[p] = min(lo[p], value), max(hi[p], value)
            counts[0, p] += 1
        elif np.isnan(value):
            counts[1, p] += 1
        else:
            counts[2, p] += 1


@inner
def _side_by_side(x: Any, lo: Any, hi: Any) -> Any:
    """Lower lo[k] and raise hi[k] by x[k]; return how many values are finite."""
    seen = np.int32(0)
    for k in range(len(x)):
        value, finite = x[k], abs(x[k]) < np.inf
        lo[k] = value if finite and value < lo[k] else lo[k]
        hi[k] = value if finite and value > hi[k] else hi[k]
        seen = np.int32(seen + finite)
    return seen


def _extent(x: Any, origin: int, start: int, stop: int, layout: Layout, lo: Any, hi: Any, counts: Any) -> None:
    """Lower lo[part], raise hi[part]; add to counts[:, part] = finite, NaN, infinite."""
    signed, unsigned, found = signed_bits(x), unsigned_bits(x), np.empty(2, x.dtype)
    bits, raw = signed_bits(found), unsigned_bits(found)
    found[0], found[1] = np.inf, -np.inf
    positive, negative = bits[0], raw[1]
    run, at = run_at(layout, origin + start), start
    while at < stop:
        end = min(run.end - origin, stop)
        while at < end:
            n, part = min(_CHUNK, end - at), part_at(layout, run, origin + at)
            if layout.step_inner:
                own = slice(part, part + n)
                if _side_by_side(x[at : at + n], lo[own], hi[own]) == n:
                    counts[0, own] += 1
                else:
                    _look(x[at : at + n], lo[own], hi[own], counts[:, own], 1)
            else:
                most, least, top = _ends(signed[at : at + n], unsigned[at : at + n])
                if most < positive and top < negative:
                    bits[0], bits[1] = least, most if most >= 0 else least
                    if least < 0:
                        raw[0] = top
                    lo[part], hi[part] = min(lo[part], found[0]), max(hi[part], found[1])
                    counts[0, part] += n
                else:
                    _look(x[at : at + n], lo[part:], hi[part:], counts[:, part:], 0)
            at += n
        run = next_run(layout, run)


@inner
def _select(values: Any, n: int, place: int) -> Any:
    """Return the value that would stand at `place` if the first n were sorted; no later one is smaller afterwards."""
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if place <= j:
            high = j
        elif place >= i:
            low = i
        else:
            break
    return values[place]


@inner
def _order_statistic(values: Any, n: int, place: float) -> float:
    """Interpolate linearly, in float64, at `place` (0 to n − 1) among the sorted values; reorders them."""
    below = min(int(place), n - 1)
    # np.float64, since float() leaves a float32 as it is in compiled code.
    a, share = np.float64(_select(values, n, below)), place - below
    if share == 0:
        return a
    b = np.float64(values[below + 1 : n].min())
    gap = b - a
    if not np.isfinite(gap):
        return a * (1 - share) + b * share
    # Both forms of NumPy's percentile, so that the ends of the interval are met exactly.
    return b - gap * (1 - share) if share >= 0.5 else a + gap * share


def _percentiles(x: Any, layout: Layout, first: int, last: int, low: float, high: float, lo: Any, hi: Any) -> None:
    """Fill lo[first:last], hi[first:last] with the percentiles (as shares of 1) of each part's finite values."""
    o0, o1, m0, m1, i0, i1 = members(layout, 0)  # no part is larger than the first
    values = np.empty((o1 - o0) * (m1 - m0) * (i1 - i0), x.dtype)
    for part in range(first, last):
        o0, o1, m0, m1, i0, i1 = members(layout, part)
        n = 0
        for o in range(o0, o1):
            for m in range(m0, m1):
                row = (o * layout.middle + m) * layout.inner
                for i in range(i0, i1):
                    if np.isfinite(x[row + i]):
                        values[n] = x[row + i]
                        n += 1
        if n:
            lo[part] = _order_statistic(values, n, (n - 1) * low)
            hi[part] = _order_statistic(values, n, (n - 1) * high)


def _histogram(x: Any, origin: int, start: int, stop: int, layout: Layout, lo: Any, hi: Any, counts: Any) -> None:
    """Add each finite value to counts[part, bin] of that part's own [lo, hi]."""
    bins = x.dtype.type(counts.shape[1])
    places = np.empty(BLOCK, np.int32)
    run, at = run_at(layout, origin + start), start
    while at < stop:
        end = min(run.end - origin, stop)
        while at < end:
            n, part = min(BLOCK, end - at), part_at(layout, run, origin + at)
            if layout.step_inner:
                _bins_side_by_side(x[at : at + n], lo[part : part + n], hi[part : part + n], bins, places[:n])
            else:
                _bins(x[at : at + n], lo[part], bins / (hi[part] - lo[part]), bins, places[:n])
            _count(places[:n], counts[part:], layout.step_inner)
            at += n
        run = next_run(layout, run)


@inner
def _bins(x: Any, lo: Any, per_unit: Any, bins: Any, places: Any) -> None:
    for k in range(len(x)):
        places[k] = bin_of(x[k], lo, per_unit, bins) if abs(x[k]) < np.inf else np.int32(-1)


@inner
def _bins_side_by_side(x: Any, lo: Any, hi: Any, bins: Any, places: Any) -> None:
    for k in range(len(x)):
        place = bin_of(x[k], lo[k], bins / (hi[k] - lo[k]), bins)
        places[k] = place if abs(x[k]) < np.inf else np.int32(-1)


@inner
def _count(places: Any, counts: Any, step: int) -> None:
    for k in range(len(places)):
        if places[k] >= 0:
            counts[k * step, np.uint32(places[k])] += 1


def _first_in_bin(x: Any, origin: int, start: int, stop: int, lo: Any, hi: Any, first: Any) -> None:
    """Lower first[bin] to the index of the first finite value that falls there."""
    bins = x.dtype.type(first.shape[0])
    per_unit = bins / (hi[0] - lo[0])
    for at in range(start, stop):
        if np.isfinite(x[at]):
            b = bin_of(x[at], lo[0], per_unit, bins)
            first[b] = min(first[b], origin + at)


_WORKING = (types.float32, types.float64)
_INT, _REAL = types.int64, types.float64

extent = kernel(
    *((read_only(t), _INT, _INT, _INT, LAYOUT, written(t), written(t), written(_INT, 2)) for t in _WORKING)
)(_extent)
percentiles = kernel(
    *((read_only(t), LAYOUT, _INT, _INT, _REAL, _REAL, written(_REAL), written(_REAL)) for t in _WORKING)
)(_percentiles)
histogram = kernel(
    *((read_only(t), _INT, _INT, _INT, LAYOUT, read_only(t), read_only(t), written(_INT, 2)) for t in _WORKING)
)(_histogram)
first_in_bin = kernel(*((read_only(t), _INT, _INT, _INT, read_only(t), read_only(t), written(_INT)) for t in _WORKING))(
    _first_in_bin
)
