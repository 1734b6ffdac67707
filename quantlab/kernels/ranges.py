"""What lies in an array: smallest and largest finite value, NaN, infinities, percentiles, histogram.

All of it part by part (tensor, channel or group), in the array's own type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .layout import LAYOUT, Layout, members, stretch


@inner
def bin_of(x: Any, lo: Any, per_unit: Any, bins: int) -> int:
    """Return trunc((x − lo) · (bins / (hi − lo))), held to the bins; the caller has per_unit = bins / (hi − lo)."""
    place = (x - lo) * per_unit
    if not place > 0:  # NaN too: an empty range times nothing
        return 0
    return int(place) if place < bins else bins - 1


def _extent(x: Any, origin: int, start: int, stop: int, layout: Layout, lo: Any, hi: Any, counts: Any) -> None:
    """Lower lo[part], raise hi[part]; add to counts[part] = finite, NaN, infinite."""
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        for k in range(end - at):
            p = part + k * layout.step_inner
            value = x[at + k]
            if np.isfinite(value):
                lo[p], hi[p] = min(lo[p], value), max(hi[p], value)
                counts[p, 0] += 1
            elif np.isnan(value):
                counts[p, 1] += 1
            else:
                counts[p, 2] += 1
        at = end


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
    bins = counts.shape[1]
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        for k in range(end - at):
            p = part + k * layout.step_inner
            value = x[at + k]
            if np.isfinite(value):
                counts[p, bin_of(value, lo[p], x.dtype.type(bins) / (hi[p] - lo[p]), bins)] += 1
        at = end


def _first_in_bin(x: Any, origin: int, start: int, stop: int, lo: Any, hi: Any, first: Any) -> None:
    """Lower first[bin] to the index of the first finite value that falls there."""
    bins = first.shape[0]
    per_unit = x.dtype.type(bins) / (hi[0] - lo[0])
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
