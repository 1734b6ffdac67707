"""The error report in one pass: codes, error sums, both histograms and the code counts.

Sums are taken in float64, block by block. `unit`, a power of two for each part, is multiplied into every term, so that
squares of very large or very small float64 values neither overflow nor vanish; ratios do not notice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .elementwise import BLOCK, ORDER, Order, hold, real, unclamped
from .layout import LAYOUT, Layout, members, stretch
from .ranges import bin_of

# Columns of `sums`, one row a part.
SUMS = (
    "n",
    "nan_count",
    "inf_count",
    "clipped_low",
    "clipped_high",
    "signal",
    "rounding",
    "clipping",
    "absolute",
    "largest",
    "product",
    "restored",
)
N, NANS, INFS, LOW, HIGH, SIGNAL, ROUNDING, CLIPPING, ABSOLUTE, LARGEST, PRODUCT, RESTORED = range(len(SUMS))


@inner
def _add(row: Any, x: float, x_hat: float, e: float, side: int) -> None:
    row[N] += 1
    row[SIGNAL] += x * x
    row[PRODUCT] += x * x_hat
    row[RESTORED] += x_hat * x_hat
    row[ABSOLUTE] += abs(e)
    row[LARGEST] = max(row[LARGEST], abs(e))
    if side == 0:
        row[ROUNDING] += e * e
    else:
        row[CLIPPING] += e * e
        row[LOW if side < 0 else HIGH] += 1


def _report(
    x: Any,
    origin: int,
    start: int,
    stop: int,
    scale: Any,
    zero: Any,
    layout: Layout,
    order: Order,
    largest: Any,
    unit: Any,
    value_axis: Any,
    error_axis: Any,
    sums: Any,
    code_counts: Any,
    values: Any,
    errors: Any,
    codes: Any,
) -> None:
    """Add x[start:stop] to everything that a report needs.

    `value_axis` and `error_axis` hold (lo, hi); `values` and `errors` have a row for rounding and a row for clipping.
    `codes` receives code − qmin, or −1 for NaN and infinity, where it is not empty.
    """
    v, u = np.empty(BLOCK, x.dtype), np.empty(BLOCK, np.int64)
    value_bins, error_bins = values.shape[1], errors.shape[1]
    value_per_unit = x.dtype.type(value_bins) / (value_axis[1] - value_axis[0])
    error_per_unit = x.dtype.type(error_bins) / (error_axis[1] - error_axis[0])
    row = np.zeros(sums.shape[1])
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        while at < end:
            n = min(BLOCK, end - at)
            unclamped(x, at, n, origin, scale, zero, part, layout.step_inner, order, v, u)
            for k in range(n):
                p = part + k * layout.step_inner
                value, q = x[at + k], hold(u[k], order)
                if not np.isfinite(value):
                    if len(codes):
                        codes[at + k] = -1
                    sums[p, NANS if np.isnan(value) else INFS] += 1
                    continue
                if len(codes):
                    codes[at + k] = q - order.qmin
                x_hat = real(q, zero[p], scale[p], largest)
                e = x_hat - value
                side = -1 if u[k] < order.qmin else 1 if u[k] > order.qmax else 0
                outside = 0 if side == 0 else 1
                code_counts[q - order.qmin] += 1
                values[outside, bin_of(value, value_axis[0], value_per_unit, value_bins)] += 1
                errors[outside, bin_of(e, error_axis[0], error_per_unit, error_bins)] += 1
                # With one part a run the sums stay in registers' reach and are added once a block.
                target = row if layout.step_inner == 0 else sums[p]
                _add(target, value * unit[p], x_hat * unit[p], e * unit[p], side)
            if layout.step_inner == 0:
                for i in range(len(row)):
                    if i != LARGEST:
                        sums[part, i] += row[i]
                sums[part, LARGEST] = max(sums[part, LARGEST], row[LARGEST])
                row[:] = 0
            at += n
            part += n * layout.step_inner


def _squared_error(
    x: Any,
    start: int,
    stop: int,
    scale: Any,
    zero: Any,
    layout: Layout,
    order: Order,
    largest: Any,
    unit: Any,
    out: Any,
) -> None:
    """Add to out[part] = squared rounding error, squared clipping error of the finite values."""
    v, u = np.empty(BLOCK, x.dtype), np.empty(BLOCK, np.int64)
    at = start
    while at < stop:
        end, part = stretch(layout, at)
        end = min(end, stop)
        while at < end:
            n = min(BLOCK, end - at)
            unclamped(x, at, n, 0, scale, zero, part, layout.step_inner, order, v, u)
            for k in range(n):
                if np.isfinite(x[at + k]):
                    p = part + k * layout.step_inner
                    e = np.float64(real(hold(u[k], order), zero[p], scale[p], largest) - x[at + k]) * unit[p]
                    out[p, 0 if order.qmin <= u[k] <= order.qmax else 1] += e * e
            at += n
            part += n * layout.step_inner


def _count_parts(codes: Any, layout: Layout, first: int, last: int, counts: Any, used: Any, entropy: Any) -> None:
    """Fill used[part] and entropy[part] (bits); a code of −1 marks a value left out. `counts` is scratch, all 0."""
    for part in range(first, last):
        o0, o1, m0, m1, i0, i1 = members(layout, part)
        n, low, high = 0, len(counts), -1
        for o in range(o0, o1):
            for m in range(m0, m1):
                row = (o * layout.middle + m) * layout.inner
                for i in range(i0, i1):
                    q = codes[row + i]
                    if q >= 0:
                        counts[q] += 1
                        n, low, high = n + 1, min(low, q), max(high, q)
        for q in range(low, high + 1):
            if counts[q]:
                used[part] += 1
                portion = counts[q] / n
                entropy[part] -= portion * np.log2(portion)
                counts[q] = 0


_WORKING = (types.float32, types.float64)
_INT, _REAL = types.int64, types.float64


def _grid(t: Any) -> tuple[Any, ...]:
    return read_only(t), read_only(_INT), LAYOUT, ORDER, read_only(t), read_only(_REAL)  # scale, zero, …, largest, unit


report = kernel(
    *(
        (
            *(read_only(t), _INT, _INT, _INT, *_grid(t), read_only(t), read_only(t)),
            *(written(_REAL, 2), written(_INT), written(_INT, 2), written(_INT, 2), written(types.int32)),
        )
        for t in _WORKING
    )
)(_report)
squared_error = kernel(*((read_only(t), _INT, _INT, *_grid(t), written(_REAL, 2)) for t in _WORKING))(_squared_error)
count_parts = kernel(
    (read_only(types.int32), LAYOUT, _INT, _INT, written(_INT), written(_INT), written(_REAL)),
)(_count_parts)
