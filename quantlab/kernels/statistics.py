"""The error report in one pass: codes, error sums, both histograms and the code counts.

A block goes through loops over buffers in the first-level cache: errors and bin numbers; sums, in float64; counts.
`unit`, a power of two for each part, is multiplied into every value and error before its square is taken, so that very
large or very small float64 values neither overflow nor vanish; ratios do not notice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .errors import (
    add_kinds,
    add_run,
    add_side_by_side,
    hand_out,
    magnitude,
    pack,
    place,
    place_codes,
    rescale,
    restore,
    split,
    split_side_by_side,
)
from .layout import LAYOUT, Layout, members, next_run, part_at, run_at
from .one_part import MOST_PAIRED, TURNS, add_pairs, add_tables, count, count_codes, outcomes
from .ranges import signed_bits
from .steps import BLOCK, ORDER, Order, buffers, next_codes


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
    s, z, code, excess, v, u = buffers(x)
    value, x_hat, error = np.empty_like(code), np.empty_like(code), np.zeros_like(code)
    bits, usual, step = signed_bits(error), (unit == 1).all(), np.uint64(layout.step_inner)
    of_code, of_value, of_error = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    value_bins, error_bins = x.dtype.type(values.shape[1]), x.dtype.type(errors.shape[1])
    all_values, all_errors = values.reshape(-1), errors.reshape(-1)
    code_tables, value_tables, error_tables = (
        np.zeros((TURNS, len(code_counts)), np.int64),
        np.zeros((TURNS, len(all_values)), np.int64),
        np.zeros((TURNS, len(all_errors)), np.int64),
    )
    levels = len(code_counts)
    pairs = np.zeros((TURNS if levels <= MOST_PAIRED else 0, levels * levels), np.int64)
    run, fresh, at = run_at(layout, origin + start), True, start
    while at < stop:
        here, n, after, finite = np.uint64(at), min(BLOCK, stop - at), run, 0
        if order.plain and layout.step_inner == 0 and run.end - origin - at >= n:
            s_all, z_all = scale[run.first], zero[run.first]
            finite = outcomes(x, here, n, s_all, z_all, order, largest[0], of_code, value, x_hat, error, excess)
            after = next_run(layout, run) if run.end == origin + at + n else run
        one_part = finite == n
        if not one_part:
            n, after = next_codes(x, origin, at, stop, scale, zero, layout, order, run, fresh, s, z, code, excess, v, u)
            finite = restore(x, here, n, code, excess, s, z, order, largest[0], value, x_hat, error)
            place_codes(code, n, order.qmin, of_code)
        place(value, n, excess, value_axis, value_bins, of_value)
        place(error, n, excess, error_axis, error_bins, of_error)
        if len(codes):
            hand_out(x, here, n, of_code, codes)
        if finite < n:
            pack(x, here, n, of_code)
            pack(x, here, n, of_value)
            pack(x, here, n, of_error)
        count_codes(of_code, finite, levels, code_tables, pairs)
        count(of_value, finite, value_tables)
        count(of_error, finite, error_tables)
        magnitude(error, n)
        done, own = 0, run
        while done < n:
            upto, part = min(n, own.end - origin - at), np.uint64(part_at(layout, own, origin + at + done))
            a, b = np.uint64(done), np.uint64(upto)
            if not usual:
                rescale(value, a, b, unit, part, step)
                rescale(x_hat, a, b, unit, part, step)
                rescale(error, a, b, unit, part, step)
            add_kinds(x, here + a, upto - done, finite == n, sums, part, step)
            if step:
                add_side_by_side(value, x_hat, error, excess, a, b, sums, part)
            else:
                add_run(value, x_hat, error, bits, excess, a, b, sums, part)
            done = upto
            if done < n:
                own = next_run(layout, own)
        run, fresh, at = after, one_part or after.end != run.end, at + n
    add_pairs(pairs, levels, code_counts)
    add_tables(code_tables, code_counts)
    add_tables(value_tables, all_values)
    add_tables(error_tables, all_errors)


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
    """Add to out[:, part] = squared rounding error, squared clipping error of the finite values."""
    s, z, code, excess, v, u = buffers(x)
    value, x_hat, error = np.empty_like(code), np.empty_like(code), np.empty_like(code)
    usual, step = (unit == 1).all(), np.uint64(layout.step_inner)
    run, fresh, at = run_at(layout, start), True, start
    while at < stop:
        n, after = next_codes(x, 0, at, stop, scale, zero, layout, order, run, fresh, s, z, code, excess, v, u)
        restore(x, np.uint64(at), n, code, excess, s, z, order, largest[0], value, x_hat, error)
        done, own = 0, run
        while done < n:
            upto, part = min(n, own.end - at), np.uint64(part_at(layout, own, at + done))
            a, b = np.uint64(done), np.uint64(upto)
            if not usual:
                rescale(error, a, b, unit, part, step)
            if step:
                split_side_by_side(error, excess, a, b, out, 0, part)
            else:
                rounding, clipping = split(error, excess, a, b)
                out[0, part] += rounding
                out[1, part] += clipping
            done = upto
            if done < n:
                own = next_run(layout, own)
        run, fresh, at = after, after.end != run.end, at + n


def _count_parts(codes: Any, layout: Layout, first: int, last: int, counts: Any, used: Any, entropy: Any) -> None:
    """Fill used[part] and entropy[part] (bits); a code of −1 marks a value left out. `counts` is scratch, all 0."""
    # c · log2(c) for the counts of small groups, where a logarithm a code would take longer than all the rest.
    terms = np.arange(BLOCK) * np.log2(np.maximum(np.arange(BLOCK), 1))
    for part in range(first, last):
        box = members(layout, part)
        n = _tally(codes, layout, box, counts)
        if n < BLOCK:
            kinds, total = _collect(codes, layout, box, counts, terms)
        else:
            kinds, total = 0, 0.0
            for q in range(len(counts)):
                if counts[q]:
                    kinds += 1
                    total += counts[q] * np.log2(counts[q])
            counts[:] = 0
        used[part] = kinds
        entropy[part] = np.log2(n) - total / n if kinds > 1 else 0.0


@inner
def _tally(codes: Any, layout: Layout, box: Any, counts: Any) -> int:
    """Count the codes of a part; return how many there are."""
    o0, o1, m0, m1, i0, i1 = box
    n = 0
    for o in range(o0, o1):
        for m in range(m0, m1):
            row = (o * layout.middle + m) * layout.inner
            for i in range(row + i0, row + i1):
                if codes[i] >= 0:
                    counts[np.uint32(codes[i])] += 1
                    n += 1
    return n


@inner
def _collect(codes: Any, layout: Layout, box: Any, counts: Any, terms: Any) -> tuple[int, float]:
    """Return how many codes of a part differ, and the sum of their terms; take the counts back to 0."""
    o0, o1, m0, m1, i0, i1 = box
    kinds, total = 0, 0.0
    for o in range(o0, o1):
        for m in range(m0, m1):
            row = (o * layout.middle + m) * layout.inner
            for i in range(row + i0, row + i1):
                if codes[i] >= 0:
                    q = np.uint32(codes[i])
                    kinds += counts[q] > 0
                    total += terms[counts[q]]
                    counts[q] = 0
    return kinds, total


_WORKING = (types.float32, types.float64)
_INT, _REAL = types.int64, types.float64


def _grid(t: Any) -> tuple[Any, ...]:
    return (
        read_only(t),
        read_only(types.int32),
        LAYOUT,
        ORDER,
        read_only(t),
        read_only(_REAL),
    )  # scale, zero, …, largest, unit


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
