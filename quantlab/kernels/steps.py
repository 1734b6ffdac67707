"""The steps from a value to its code, block by block: the default order in one loop, every other by one loop a step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from .compilation import inner
from .layout import Layout, Run, next_run, part_at

BLOCK = 1024  # values a step: its buffers stay in the first-level cache
_LONGEST = 1 << 30  # values counted in an int32
EXACT = 2**53  # integers beyond this are not told apart by float64: wrapping saturates there
_FAR = 2.0**62  # exact in float32 and float64; one clamp here keeps every cast to int64 defined

HALF_EVEN, HALF_AWAY, FLOOR, STOCHASTIC = range(4)


class Order(NamedTuple):
    """The steps from a value to its code, as integers.

    Attributes
    ----------
    plain : int
        1: the default order, and zero points within ±2^23, so that the working type holds every step exactly.
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

    plain: int
    reciprocal: int
    rounding: int
    seed: int
    before: int
    wrap: int
    qmin: int
    qmax: int


ORDER = types.NamedUniTuple(types.int64, len(Order._fields), Order)


# The loops below take whole arrays with a place and a number: a slice would cost two atomic operations on its array's
# reference count. Places in x are unsigned, since a signed one is looked at for being negative, and nothing vectorises.


@inner
def buffers(x: Any) -> Any:
    """Return what the loops over a block of values of this type share, BLOCK entries each.

    Each value's own scale and zero point; its code, a whole number within [qmin, qmax]; its excess: 0 inside the code
    range, negative below it, positive above it, NaN for NaN; and for the orders that are not the default one the
    quotient, and the exact code before it is held.
    """
    s, code, excess, v = (
        np.ones(BLOCK, x.dtype),
        np.zeros(BLOCK, x.dtype),
        np.zeros(BLOCK, x.dtype),
        np.zeros(BLOCK, x.dtype),
    )
    return s, np.zeros(BLOCK, np.int32), code, excess, v, np.zeros(BLOCK, np.int64)


def of(each: Any, k: Any) -> Any:
    """Return a value's own parameter: each[k], or `each` where one number serves all."""
    return each[k] if np.ndim(each) else each


@overload(of, strict=False)
def _of(each: Any, k: Any) -> Any:
    if isinstance(each, types.Array):
        return lambda each, k: each[k]
    return lambda each, k: each


@inner
def laid_out(layout: Layout, run: Run, stop: int) -> int:
    """Return how many entries the buffers of scale and zero point need: none where one run goes on to `stop`."""
    return BLOCK if layout.step_inner or run.end < stop else 0


@inner
def stretch(layout: Layout, run: Run, at: int, stop: int) -> tuple[int, Run]:
    """Return how many values from `at` share one part, and the run after them; 0 where they are too few to say so.

    Indices are those of the whole array.
    """
    n = min(run.end, stop) - at
    if layout.step_inner or n < min(BLOCK, stop - at):
        return 0, run
    n = min(n, _LONGEST)
    return n, next_run(layout, run) if run.end == at + n else run


@inner
def spread(
    layout: Layout, run: Run, at: int, stop: int, fresh: bool, scale: Any, zero: Any, s: Any, z: Any
) -> tuple[int, Run]:
    """Lay scale and zero point over the values of the next block; return their number and the run after them.

    So one loop serves every granularity. `fresh` is False where the block before lay in this run: it filled the
    buffers already. Indices are those of the whole array.
    """
    n = min(BLOCK, stop - at)
    if run.end - at >= n and layout.step_inner == 0:
        if fresh:
            fill(s, z, 0, min(BLOCK, run.end - at), scale, zero, run.first, 0)
        return n, next_run(layout, run) if run.end == at + n else run
    done = 0
    while True:
        upto = min(n, run.end - at)
        fill(s, z, done, upto, scale, zero, part_at(layout, run, at + done), layout.step_inner)
        if run.end == at + upto:
            run = next_run(layout, run)
        done = upto
        if done == n:
            return n, run


@inner
def fill(s: Any, z: Any, start: int, stop: int, scale: Any, zero: Any, part: int, step: int) -> None:
    """Lay the parameters from `part` on over s[start:stop], z[start:stop]."""
    first, own = np.uint64(start), np.uint64(part)
    if step:
        for k in range(np.uint64(stop - start)):
            s[first + k] = scale[own + k]
        for k in range(np.uint64(stop - start)):
            z[first + k] = zero[own + k]
    else:
        real_step, offset = scale[own], zero[own]
        for k in range(first, np.uint64(stop)):
            s[k] = real_step
            z[k] = offset


@inner
def next_codes(
    x: Any,
    origin: int,
    at: int,
    stop: int,
    scale: Any,
    zero: Any,
    layout: Layout,
    order: Order,
    run: Run,
    fresh: bool,
    s: Any,
    z: Any,
    code: Any,
    excess: Any,
    v: Any,
    u: Any,
) -> tuple[int, Run]:
    """Fill a block's codes from x[at:]; return how many values it has, and the run after them."""
    n, after = spread(layout, run, origin + at, origin + stop, fresh, scale, zero, s, z)
    if order.plain:
        _plain(x, np.uint64(at), n, s, z, order, code, excess)
    else:
        unclamped(x, np.uint64(at), n, origin + at, s, z, order, v, u)
        _held(x, np.uint64(at), n, u, order, code, excess)
    return n, after


@inner
def plain_code(v: Any, s: Any, z: Any, lo: Any, hi: Any) -> tuple[Any, Any]:
    """Return rint(v / s) + z, and that held to [lo, hi]; all in the type of v."""
    # Where the sum is beyond the exact integers, it is far outside the code range too.
    free = np.rint(v / s) + z
    held = free if free > lo else lo  # in this order NaN becomes qmin, and every cast is defined
    return free, held if held < hi else hi


@inner
def _plain(x: Any, at: Any, n: int, s: Any, z: Any, order: Order, code: Any, excess: Any) -> None:
    lo, hi = x.dtype.type(order.qmin), x.dtype.type(order.qmax)
    for k in range(np.uint64(n)):
        free, held = plain_code(x[at + k], s[k], x.dtype.type(z[k]), lo, hi)
        code[k] = held
        excess[k] = free - held


@inner
def _held(x: Any, at: Any, n: int, u: Any, order: Order, code: Any, excess: Any) -> None:
    for k in range(np.uint64(n)):
        free = u[k]
        if order.wrap and -EXACT <= free <= EXACT:
            held = order.qmin + ((free - order.qmin) & (order.qmax - order.qmin))
        else:
            held = min(max(free, order.qmin), order.qmax)
        code[k] = held
        side = -1 if free < order.qmin else 1 if free > order.qmax else 0
        excess[k] = x[at + k] if np.isnan(x[at + k]) else x.dtype.type(side)


@inner
def uniform(seed: int, index: int) -> float:
    """Return the number in [0, 1) that belongs to an element: splitmix64, one step from seed and index."""
    z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(index + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@inner
def _divide(x: Any, at: Any, n: int, s: Any, z: Any, order: Order, v: Any) -> None:
    """v = x / s, or x · (1 / s), plus z where it is added before rounding; all in the type of x."""
    for k in range(np.uint64(n)):
        v[k] = x[at + k] * (x.dtype.type(1) / s[k]) if order.reciprocal else x[at + k] / s[k]
    if order.before:
        for k in range(np.uint64(n)):
            v[k] = v[k] + x.dtype.type(z[k])


@inner
def _round(v: Any, n: int, order: Order, index: int) -> None:
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
def unclamped(x: Any, at: Any, n: int, index: int, s: Any, z: Any, order: Order, v: Any, u: Any) -> None:
    """u = the exact code of each value before it is held to the code range; NaN becomes the far negative end.

    `index` is that of x[at] in the whole array.
    """
    _divide(x, at, n, s, z, order, v)
    _round(v, n, order, index)
    far = v.dtype.type(_FAR)
    for k in range(n):
        r = v[k]
        r = r if r > -far else -far
        r = r if r < far else far
        u[k] = np.int64(r)
    if order.before == 0:
        for k in range(n):
            u[k] += z[k]


@inner
def real(code: Any, zero: Any, s: Any, largest: Any) -> Any:
    """Return (q − z) · s in the type of s, held to that type's largest finite number.

    `code` and `zero` are whole numbers whose difference that type rounds at most once.
    """
    x_hat = type(s)(code - zero) * s
    x_hat = x_hat if x_hat > -largest else -largest
    return x_hat if x_hat < largest else largest
