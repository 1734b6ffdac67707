"""The errors of a block of values: what becomes of each, where it counts, and the sums, in float64.

The loops take whole arrays, as in `steps`; [a, b) are places in the block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compilation import inner, summing
from .ranges import bin_of
from .steps import Order, real

# Rows of `sums`, one column a part.
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
def restore(
    x: Any,
    at: Any,
    n: int,
    code: Any,
    excess: Any,
    s: Any,
    z: Any,
    order: Order,
    largest: Any,
    value: Any,
    x_hat: Any,
    error: Any,
) -> Any:
    """Fill value, x_hat and error, with 0 (in excess too) where x is not finite; return how many values are finite."""
    if order.plain:
        for k in range(n):
            x_hat[k] = real(code[k], x.dtype.type(z[k]), s[k], largest)
    else:
        for k in range(n):
            x_hat[k] = real(np.int64(code[k]), np.int64(z[k]), s[k], largest)
    finite, nothing = np.int32(0), x.dtype.type(0)
    for k in range(np.uint64(n)):
        v = x[at + k]
        seen = abs(v) < np.inf
        value[k] = v if seen else nothing
        error[k] = x_hat[k] - v if seen else nothing
        finite = np.int32(finite + seen)
    if finite < n:
        for k in range(np.uint64(n)):
            seen = abs(x[at + k]) < np.inf
            x_hat[k] = x_hat[k] if seen else nothing
            excess[k] = excess[k] if seen else nothing
    return finite


@inner
def place(v: Any, n: int, excess: Any, axis: Any, bins: Any, places: Any) -> None:
    """Fill places with bins; those of clipped values follow on those of the others."""
    lo, per_unit, clipped = axis[0], bins / (axis[1] - axis[0]), np.int32(bins)
    for k in range(np.uint64(n)):
        places[k] = bin_of(v[k], lo, per_unit, bins) + (clipped if excess[k] != 0 else np.int32(0))


@inner
def place_codes(code: Any, n: int, qmin: int, places: Any) -> None:
    """Fill places with code − qmin."""
    lowest = np.int32(qmin)
    for k in range(n):
        places[k] = np.int32(np.int32(code[k]) - lowest)


@inner
def pack(x: Any, at: Any, n: int, places: Any) -> None:
    """Move the entries of finite values to the front."""
    kept = 0
    for k in range(np.uint64(n)):
        if np.isfinite(x[at + k]):
            places[kept] = places[k]
            kept += 1


@inner
def hand_out(x: Any, at: Any, n: int, places: Any, codes: Any) -> None:
    """Fill codes[at:] with places, or −1 where x is not finite."""
    for k in range(np.uint64(n)):
        codes[at + k] = np.int32(places[k]) if abs(x[at + k]) < np.inf else np.int32(-1)


@inner
def magnitude(error: Any, n: int) -> None:
    """Drop the signs."""
    for k in range(n):
        error[k] = abs(error[k])


@inner
def rescale(v: Any, a: Any, b: Any, unit: Any, part: Any, step: Any) -> None:
    """Multiply by the unit of each value's part."""
    for k in range(a, b):
        v[k] *= v.dtype.type(unit[part + (k - a) * step])


@inner
def _largest(bits: Any, a: Any, b: Any) -> Any:
    """Return the bits of the largest of numbers from 0 up: integers are compared several at once."""
    best = bits[a]
    for k in range(a, b):
        best = bits[k] if bits[k] > best else best
    return best


@inner
def _sides(excess: Any, a: Any, b: Any) -> Any:
    low, high = np.int32(0), np.int32(0)
    for k in range(a, b):
        low = np.int32(low + (excess[k] < 0))
        high = np.int32(high + (excess[k] > 0))
    return low, high


@summing
def _powers(value: Any, x_hat: Any, a: Any, b: Any) -> tuple[float, float, float]:
    signal, product, restored = 0.0, 0.0, 0.0
    for k in range(a, b):
        v, h = np.float64(value[k]), np.float64(x_hat[k])
        signal += v * v
        product += v * h
        restored += h * h
    return signal, product, restored


@summing
def _noise(error: Any, excess: Any, a: Any, b: Any) -> tuple[float, float, float]:
    rounding, clipping, absolute = 0.0, 0.0, 0.0
    for k in range(a, b):
        e = np.float64(error[k])
        rounding += e * e if excess[k] == 0 else 0.0
        clipping += e * e if excess[k] != 0 else 0.0
        absolute += e
    return rounding, clipping, absolute


@summing
def split(error: Any, excess: Any, a: Any, b: Any) -> tuple[float, float]:
    """Return the squares of the errors that are rounding, and those that are clipping."""
    rounding, clipping = 0.0, 0.0
    for k in range(a, b):
        e = np.float64(error[k])
        rounding += e * e if excess[k] == 0 else 0.0
        clipping += e * e if excess[k] != 0 else 0.0
    return rounding, clipping


@inner
def add_run(value: Any, x_hat: Any, error: Any, bits: Any, excess: Any, a: Any, b: Any, sums: Any, part: Any) -> None:
    """Add values that share a part; `error` holds magnitudes, which are used up; `bits` are its bits."""
    # All sums in one loop would not fit the registers.
    signal, product, restored = _powers(value, x_hat, a, b)
    rounding, clipping, absolute = _noise(error, excess, a, b)
    low, high = _sides(excess, a, b)
    sums[LOW, part] += low
    sums[HIGH, part] += high
    sums[SIGNAL, part] += signal
    sums[PRODUCT, part] += product
    sums[RESTORED, part] += restored
    sums[ROUNDING, part] += rounding
    sums[CLIPPING, part] += clipping
    sums[ABSOLUTE, part] += absolute
    bits[a] = _largest(bits, a, b)
    sums[LARGEST, part] = max(sums[LARGEST, part], error[a])


@inner
def _add_products(v: Any, w: Any, a: Any, b: Any, sums: Any, row: int, part: Any) -> None:
    for k in range(a, b):
        sums[row, part + (k - a)] += np.float64(v[k]) * np.float64(w[k])


@inner
def split_side_by_side(error: Any, excess: Any, a: Any, b: Any, sums: Any, row: int, part: Any) -> None:
    """Add each squared error to its own column of a row for rounding and the next one for clipping."""
    for k in range(a, b):
        e = np.float64(error[k])
        sums[row, part + (k - a)] += e * e if excess[k] == 0 else 0.0
    for k in range(a, b):
        e = np.float64(error[k])
        sums[row + 1, part + (k - a)] += e * e if excess[k] != 0 else 0.0


@inner
def add_side_by_side(value: Any, x_hat: Any, error: Any, excess: Any, a: Any, b: Any, sums: Any, part: Any) -> None:
    """Add values each to its own column; `error` holds magnitudes."""
    _add_products(value, value, a, b, sums, SIGNAL, part)
    _add_products(value, x_hat, a, b, sums, PRODUCT, part)
    _add_products(x_hat, x_hat, a, b, sums, RESTORED, part)
    split_side_by_side(error, excess, a, b, sums, ROUNDING, part)
    for k in range(a, b):
        sums[ABSOLUTE, part + (k - a)] += np.float64(error[k])
    for k in range(a, b):
        e, so_far = np.float64(error[k]), sums[LARGEST, part + (k - a)]
        sums[LARGEST, part + (k - a)] = e if e > so_far else so_far
    for k in range(a, b):
        sums[LOW, part + (k - a)] += 1.0 if excess[k] < 0 else 0.0
    for k in range(a, b):
        sums[HIGH, part + (k - a)] += 1.0 if excess[k] > 0 else 0.0


@inner
def add_kinds(x: Any, at: Any, n: int, whole: bool, sums: Any, part: Any, step: Any) -> None:
    """Count finite values, NaN and infinities."""
    if whole and step == 0:
        sums[N, part] += n
    elif whole:
        for k in range(np.uint64(n)):
            sums[N, part + k] += 1.0
    else:
        for k in range(np.uint64(n)):
            kind = N if np.isfinite(x[at + k]) else NANS if np.isnan(x[at + k]) else INFS
            sums[kind, part + k * step] += 1.0
