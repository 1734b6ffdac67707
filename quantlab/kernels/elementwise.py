"""Values to codes and back: quantize, dequantize, fake_quantize.

Inputs are flat and C-contiguous; `origin` is the index of x[0] in the whole array, so that arrays of other types can be
widened piece by piece. The kernels trust their arguments.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .layout import LAYOUT, Layout, stretch

BLOCK = 1024  # values a step: its buffers stay in the first-level cache
EXACT = 2**53  # integers beyond this are not told apart by float64: wrapping saturates there
_FAR = 2.0**62  # exact in float32 and float64; one clamp here keeps every cast to int64 defined

HALF_EVEN, HALF_AWAY, FLOOR, STOCHASTIC = range(4)


class Order(NamedTuple):
    """The steps from a value to its code that are not the default ones, as integers.

    Attributes
    ----------
    reciprocal : int
        1: multiply by 1 / s instead of dividing by s.
    rounding : int
        HALF_EVEN, HALF_AWAY, FLOOR or STOCHASTIC.
    seed : int
        Of stochastic rounding.
    before : int
        1: the zero point is added before rounding.
    wrap : int
        1: codes beyond the ends wrap around.
    qmin, qmax : int
    """

    reciprocal: int
    rounding: int
    seed: int
    before: int
    wrap: int
    qmin: int
    qmax: int


ORDER = types.NamedUniTuple(types.int64, len(Order._fields), Order)


@inner
def uniform(seed: int, index: int) -> float:
    """Return the number in [0, 1) that belongs to an element: splitmix64, one step from seed and index."""
    z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(index + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@inner
def divide(x: Any, start: int, n: int, scale: Any, zero: Any, part: int, step: int, order: Order, v: Any) -> None:
    """v = x / s, or x · (1 / s), plus z where it is added before rounding; all in the type of x."""
    for k in range(n):
        s = scale[part + k * step]
        v[k] = x[start + k] / s if order.reciprocal == 0 else x[start + k] * (v.dtype.type(1) / s)
    if order.before:
        for k in range(n):
            v[k] = v[k] + v.dtype.type(zero[part + k * step])


@inner
def round_block(v: Any, n: int, order: Order, index: int) -> None:
    """Round v in place; `index` is that of v[0] in the whole array."""
    if order.rounding == HALF_EVEN:
        for k in range(n):
            v[k] = np.rint(v[k])
    elif order.rounding == HALF_AWAY:
        for k in range(n):
            whole = np.trunc(v[k])
            # v − trunc(v) is exact, while v + 0.5 is not: 0.49999997 + 0.5 would give 1.
            if abs(v[k] - whole) >= 0.5:
                whole += np.copysign(v.dtype.type(1), v[k])
            v[k] = whole
    elif order.rounding == FLOOR:
        for k in range(n):
            v[k] = np.floor(v[k])
    else:
        for k in range(n):
            whole = np.floor(v[k])
            v[k] = whole + (uniform(order.seed, index + k) < v[k] - whole)


@inner
def unclamped(
    x: Any, start: int, n: int, origin: int, scale: Any, zero: Any, part: int, step: int, order: Order, v: Any, u: Any
) -> None:
    """u = the exact code of each value before it is held to the code range; NaN becomes the far negative end."""
    divide(x, start, n, scale, zero, part, step, order, v)
    round_block(v, n, order, origin + start)
    far = v.dtype.type(_FAR)
    for k in range(n):
        r = v[k]
        r = r if r > -far else -far
        r = r if r < far else far
        u[k] = np.int64(r)
    if order.before == 0:
        for k in range(n):
            u[k] += zero[part + k * step]


@inner
def hold(u: int, order: Order) -> int:
    """Return the code inside the range: saturated, or wrapped modulo the number of codes."""
    if order.wrap and -EXACT <= u <= EXACT:
        return order.qmin + ((u - order.qmin) & (order.qmax - order.qmin))
    return min(max(u, order.qmin), order.qmax)


@inner
def real(q: Any, zero: Any, s: Any, largest: Any) -> Any:
    """Return (q − z) · s in the type of s, held to that type's largest finite number."""
    x_hat = largest.dtype.type(q - zero) * s
    return min(max(x_hat, -largest[0]), largest[0])


def _quantize(
    x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
) -> tuple[int, int]:
    """Fill out[start:stop] with codes; return how many NaN there were, and where the first one stood (or −1)."""
    v, u = np.empty(BLOCK, x.dtype), np.empty(BLOCK, np.int64)
    nans, first = 0, -1
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        while at < end:
            n = min(BLOCK, end - at)
            unclamped(x, at, n, origin, scale, zero, part, layout.step_inner, order, v, u)
            for k in range(n):
                out[at + k] = hold(u[k], order)
            for k in range(n):
                if np.isnan(x[at + k]):
                    nans += 1
                    if first < 0:
                        first = origin + at + k
            at += n
            part += n * layout.step_inner
    return nans, first


def _unclamped_codes(
    x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
) -> None:
    """Fill out[start:stop] with the exact codes before they are held to the code range."""
    v, u = np.empty(BLOCK, x.dtype), np.empty(BLOCK, np.int64)
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        while at < end:
            n = min(BLOCK, end - at)
            unclamped(x, at, n, origin, scale, zero, part, layout.step_inner, order, v, u)
            out[at : at + n] = u[:n]
            at += n
            part += n * layout.step_inner


def _fake_quantize(
    x: Any,
    origin: int,
    start: int,
    stop: int,
    scale: Any,
    zero: Any,
    layout: Layout,
    order: Order,
    largest: Any,
    out: Any,
) -> None:
    """Fill out[start:stop] with (code − z) · s; NaN stays NaN."""
    v, u = np.empty(BLOCK, x.dtype), np.empty(BLOCK, np.int64)
    at = start
    while at < stop:
        end, part = stretch(layout, origin + at)
        end = min(end - origin, stop)
        while at < end:
            n = min(BLOCK, end - at)
            unclamped(x, at, n, origin, scale, zero, part, layout.step_inner, order, v, u)
            for k in range(n):
                p = part + k * layout.step_inner
                x_hat = real(hold(u[k], order), zero[p], scale[p], largest)
                out[at + k] = x[at + k] if np.isnan(x[at + k]) else x_hat
            at += n
            part += n * layout.step_inner


def _dequantize(
    codes: Any, start: int, stop: int, scale: Any, zero: Any, layout: Layout, largest: Any, out: Any
) -> None:
    """Fill out[start:stop] with (code − z) · s."""
    at = start
    while at < stop:
        end, part = stretch(layout, at)
        end = min(end, stop)
        for k in range(end - at):
            p = part + k * layout.step_inner
            out[at + k] = real(np.int64(codes[at + k]), zero[p], scale[p], largest)
        at = end


_WORKING = (types.float32, types.float64)
_PLACE = (types.int64, types.int64, types.int64)  # origin, start, stop


def _grid(t: Any) -> tuple[Any, Any, Any]:
    return read_only(t), read_only(types.int64), LAYOUT


quantize = kernel(
    *(
        (read_only(t), *_PLACE, *_grid(t), ORDER, written(codes))
        for t in _WORKING
        for codes in (types.uint8, types.uint16)  # signed codes are written through an unsigned view: same bits
    )
)(_quantize)
unclamped_codes = kernel(
    *((read_only(t), *_PLACE, *_grid(t), ORDER, written(types.int64)) for t in _WORKING),
)(_unclamped_codes)
fake_quantize = kernel(
    *((read_only(t), *_PLACE, *_grid(t), ORDER, read_only(t), written(t)) for t in _WORKING),
)(_fake_quantize)
dequantize = kernel(
    *(
        (read_only(codes), *_PLACE[1:], *_grid(t), read_only(t), written(t))
        for t in _WORKING
        for codes in (types.int8, types.uint8, types.int16, types.uint16, types.int64)
    )
)(_dequantize)
