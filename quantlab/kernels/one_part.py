"""The error report's usual case, a block of finite values of one scale in the default order of steps; and its counts.

Scale and zero point are not laid out value by value here. The loops take whole arrays, as in `steps`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compilation import inner
from .steps import Order, plain_code, real

TURNS = 4  # tables: a count waits some eight cycles for the last one of its own place
MOST_PAIRED = 16  # levels whose square times TURNS still fits the first-level cache


@inner
def outcomes(
    x: Any,
    at: Any,
    n: int,
    s: Any,
    z: Any,
    order: Order,
    largest: Any,
    of_code: Any,
    value: Any,
    x_hat: Any,
    error: Any,
    excess: Any,
) -> Any:
    """Fill code − qmin, value, x_hat, error and excess from x[at:]; return how many values are finite.

    Unless that is all of them, what was filled holds NaN and infinities, and is not for the sums.
    """
    lo, hi, zero, lowest = x.dtype.type(order.qmin), x.dtype.type(order.qmax), x.dtype.type(z), np.int32(order.qmin)
    finite = np.int32(0)
    for k in range(np.uint64(n)):
        v = x[at + k]
        free, held = plain_code(v, s, zero, lo, hi)
        h = real(held, zero, s, largest)
        of_code[k] = np.int32(np.int32(held) - lowest)
        value[k] = v
        x_hat[k] = h
        error[k] = h - v
        excess[k] = free - held
        finite = np.int32(finite + (abs(v) < np.inf))
    return finite


@inner
def count(places: Any, n: int, tables: Any) -> None:
    """Count into the tables by turns: places repeat, and each count would wait for the one before."""
    quarter = np.uint64(n // TURNS)
    for k in range(quarter):
        for turn in range(TURNS):
            tables[turn, places[np.uint64(turn) * quarter + k]] += 1
    for k in range(np.uint64(TURNS) * quarter, np.uint64(n)):
        tables[0, places[k]] += 1


@inner
def count_codes(of_code: Any, n: int, levels: int, tables: Any, pairs: Any) -> None:
    """Count codes, where they are few two by two; uses them up."""
    if len(pairs) == 0:
        count(of_code, n, tables)
        return
    half, base = n // 2, np.uint32(levels)
    for k in range(np.uint64(half)):
        of_code[k] = np.uint32(of_code[k] * base + of_code[np.uint64(half) + k])
    count(of_code, half, pairs)
    if n % 2:
        tables[0, of_code[n - 1]] += 1


@inner
def add_tables(tables: Any, counts: Any) -> None:
    """Add up what was counted by turns."""
    for turn in range(len(tables)):
        counts += tables[turn]


@inner
def add_pairs(pairs: Any, levels: int, counts: Any) -> None:
    """Add what was counted two by two."""
    for turn in range(len(pairs)):
        for pair in range(levels * levels):
            counts[pair // levels] += pairs[turn, pair]
            counts[pair % levels] += pairs[turn, pair]
