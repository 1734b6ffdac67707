"""The squared error of a grid on a histogram, by exact integration: the clip search's measure for large arrays.

Inside a bin the values are taken as spread evenly. Source: the integral of (t − rint t)² and its kin over a step,
Banner et al. 2019 (ACIQ) in spirit, worked out for each rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .steps import FLOOR, ORDER, STOCHASTIC, Order


@inner
def _rounding_integral(t: float, rounding: int) -> float:
    """Return the integral from 0 to t of the squared rounding error, in steps³."""
    if rounding == FLOOR:
        whole = float(np.floor(t))
        part = t - whole
        return whole / 3 + part**3 / 3
    if rounding == STOCHASTIC:
        whole = float(np.floor(t))
        part = t - whole
        return whole / 6 + part**2 / 2 - part**3 / 3
    whole = float(np.rint(t))
    return whole / 12 + (t - whole) ** 3 / 3


@inner
def _wrapped(a: float, b: float, order: Order) -> float:
    """Return the integral of the squared error over [a, b], which wraps: whole turns, and rounding on top."""
    codes = order.qmax - order.qmin + 1
    total = _rounding_integral(b, order.rounding) - _rounding_integral(a, order.rounding)
    turn = float(np.floor((a - order.qmin + 0.5) / codes))
    while True:
        end = min(b, (turn + 1) * codes + order.qmin - 0.5)
        total += (turn * codes) ** 2 * (end - a)
        if end >= b or turn * turn > 64:
            break
        a, turn = end, turn + 1
    return total


def _histogram_error(counts: Any, lo: Any, hi: Any, scale: Any, zero: Any, order: Order, unit: Any, out: Any) -> None:
    """Add to out[part] = squared rounding error, squared clipping error of the histogram's values."""
    bins = counts.shape[1]
    # Where the cells of the lowest and the highest code end, in steps from real 0.
    below, above = (0.0, 1.0) if order.rounding in (FLOOR, STOCHASTIC) else (0.5, 0.5)
    for part in range(counts.shape[0]):
        s, z = np.float64(scale[part]), np.float64(zero[part])
        width = (np.float64(hi[part]) / bins - np.float64(lo[part]) / bins) / s
        first, last = order.qmin - z - below, order.qmax - z + above
        for b in range(bins):
            n = counts[part, b]
            if n == 0:
                continue
            start = np.float64(lo[part]) / s + b * width
            stop = start + width
            if width == 0:
                t = np.rint(start)
                held = min(max(t, order.qmin - z), order.qmax - z)
                out[part, 0 if held == t else 1] += n * ((held - start) * s * unit[part]) ** 2
                continue
            each = n / width * (s * unit[part]) ** 2
            a, c = max(start, first), min(stop, last)
            if a < c:
                inside = _rounding_integral(c, order.rounding) - _rounding_integral(a, order.rounding)
                out[part, 0] += inside * each
            if order.wrap:
                # z is a whole number of steps, so codes are steps from real 0 plus z.
                if start < first:
                    out[part, 1] += _wrapped(start + z, min(stop, first) + z, order) * each
                if stop > last:
                    out[part, 1] += _wrapped(max(start, last) + z, stop + z, order) * each
            else:
                if start < first:
                    far, near = order.qmin - z - start, order.qmin - z - min(stop, first)
                    out[part, 1] += (far**3 - near**3) / 3 * each
                if stop > last:
                    near, far = max(start, last) - (order.qmax - z), stop - (order.qmax - z)
                    out[part, 1] += (far**3 - near**3) / 3 * each


_WORKING = (types.float32, types.float64)

histogram_error = kernel(
    *(
        (
            types.Array(types.int64, 2, "C", readonly=True),
            *(read_only(t), read_only(t), read_only(t), read_only(types.int64)),
            *(ORDER, read_only(types.float64), written(types.float64, 2)),
        )
        for t in _WORKING
    )
)(_histogram_error)
