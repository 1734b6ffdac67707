"""Packed 4-bit weights times int8 activations: sums of a group exact in 32 bits, then scaled and added in float32.

A word holds 8 neighbouring k of one column, k + t in the low half of byte t and k + 4 + t in the high half: one load
and one shift give two vectors of codes 0 to 15, of which every lane meets four activations at once. That is the
unsigned operand of the byte instructions. A zero point costs nothing inside: Σ (q − z)·x = Σ q·x − z·Σ x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import read_only, tiered_kernel, written
from .instructions import dot
from .panels import COLUMNS, STEP, filled, fused, prefetch, scales, vector, zero_points
from .tiers import Tier
from .tiles import by_number
from .vectors import F32, I8, I16, I32, Loop, emitted, instruction, load, offset, pointer, splat, store, subroutine

_K = STEP[4]
_BYTES = _K // 2 * COLUMNS  # of a panel's step
ROWS = 4  # of a tile: 8 sums in two vectors of AVX2, of which 16 bits and 32 bits stand side by side
BLOCK = 256 * 1024  # bytes of activations that stay in the second-level cache while the weights pass by


def _narrow(tier: Tier) -> bool:
    """Say whether a step's sums grow in 16 bits.

    A code is at most 15 and an activation at least −128, so that a pair's products stay within 3840. In a step of 32 k
    a lane takes 8 pairs: 30720 < 32768, and nothing saturates.
    """
    return tier.name == "avx2"


def _dot(b: Any, tier: Tier, sums: Any, codes: Any, x: Any) -> Any:
    """Add to each lane its four codes times its four activations; `sums` None stands for 0."""
    lanes = tier.lanes
    if _narrow(tier):
        codes, x = (b.bitcast(four, vector(I8, 4 * lanes)) for four in (codes, x))
        pairs = instruction(b, "llvm.x86.avx2.pmadd.ub.sw", vector(I16, 2 * lanes), codes, x)
        return pairs if sums is None else b.add(sums, pairs)
    sums = filled(0, lanes) if sums is None else sums
    if tier.depth == 4:
        return dot(b, tier, sums, codes, x)
    return subroutine(b, "quantlab.dot.plain", sums.type, (sums, codes, x), _plain_dot)


def _plain_dot(b: Any, sums: Any, codes: Any, x: Any) -> Any:
    lanes = sums.type.count
    top = filled(24, lanes)
    for byte in range(4):
        up = filled(24 - 8 * byte, lanes)
        code, activation = b.lshr(b.shl(codes, up), top), b.ashr(b.shl(x, up), top)
        sums = b.add(sums, b.mul(code, activation))
    return sums


def _widened(b: Any, tier: Tier, sums: Any, total: Any) -> Any:
    """Add a step's sums to those of the group."""
    if _narrow(tier):
        sums = instruction(b, "llvm.x86.avx2.pmadd.wd", total.type, sums, filled(1, 2 * tier.lanes, I16))
    return b.add(total, sums)


def _halves(b: Any, tier: Tier, base: Any, t: int) -> list[list[Any]]:
    """Load the panel's words of 8 k and return their codes: the vectors of the first four k, and of the last four."""
    lanes = tier.lanes
    words = [load(b, base, 4 * (t * COLUMNS + at), vector(I32, lanes)) for at in range(0, COLUMNS, lanes)]
    shifted = [b.lshr(word, filled(4, lanes)) for word in words]
    return [[b.and_(word, filled(0x0F0F0F0F, lanes)) for word in half] for half in (words, shifted)]


@emitted
def _row(
    typing: Any,
    tier: Any,
    codes: Any,
    panel: Any,
    scale: Any,
    zero: Any,
    zero_step: Any,
    x: Any,
    minus: Any,
    groups: Any,
    steps: Any,
    out: Any,
    column: Any,
) -> Any:
    """Fill out[column : column + 16] with one row's product.

    Parameters
    ----------
    tier : literal int
    codes, scale, zero : arrays
        Packed; `panel` is the number of the panel.
    zero_step : int
        1, or 0 where every group of every panel has the same zero points.
    x : int8 array
        The row, each group padded to `steps` steps.
    minus : int32 array
        −Σ x of each group.
    groups, steps : int
    """
    its, half = by_number(tier.literal_value), scale.dtype == types.uint16
    lanes, count = its.lanes, COLUMNS // its.lanes
    # A sum that waits for itself in each instruction hides nothing; where there are few, several take turns.
    chains = 1 if _narrow(its) else max(1, 4 // count)

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        _, _, panel, _, _, zero_step, _, _, groups, steps, _, column = arguments
        codes, scale, zero, x, minus, out = (pointer(b, context, signature, arguments, n) for n in (1, 3, 4, 6, 7, 10))
        first = b.mul(panel, groups)
        codes = offset(b, codes, b.mul(first, steps), _BYTES)
        scale, zero = offset(b, scale, first, (2 if half else 4) * COLUMNS), offset(b, zero, b.mul(first, zero_step), 8)
        outer = Loop(b, [codes, x, *[filled(0.0, lanes, F32)] * count])
        inner = Loop(b, [*outer.carried[:2], *[filled(0, lanes)] * count])
        at, x_at, *totals = inner.carried
        prefetch(b, at, _BYTES)
        sums: list[list[Any]] = [[None] * chains for _ in totals]
        for t in range(_K // 8):
            for high, half_codes in enumerate(_halves(b, its, at, t)):
                four = splat(b, load(b, x_at, 8 * t + 4 * high, I32), lanes)
                chain = (2 * t + high) % chains
                for own, fours in zip(sums, half_codes, strict=True):
                    own[chain] = _dot(b, its, own[chain], fours, four)
        for own in sums:
            totals.append(totals.pop(0))
            for part in own:
                totals[-1] = _widened(b, its, part, totals[-1])
        following = [offset(b, at, _BYTES), offset(b, x_at, _K)]
        inner.close(1, steps, [*following, *totals])
        of_x = splat(b, load(b, offset(b, minus, outer.index, 4), 0, I32, 4), lanes)
        zeros = zero_points(b, lanes, offset(b, zero, b.mul(outer.index, zero_step), 8))
        units = scales(b, lanes, offset(b, scale, outer.index, (2 if half else 4) * COLUMNS), half)
        reals = []
        for total, z, unit, real in zip(totals, zeros, units, outer.carried[2:], strict=True):
            exact = b.sitofp(b.add(total, b.mul(z, of_x)), real.type)
            reals.append(fused(b, exact, unit, real))
        outer.close(1, groups, [*following, *reals])
        for j, real in enumerate(reals):
            store(b, real, offset(b, out, column, 4), 4 * lanes * j, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(tier, codes, place, scale, zero, place, x, minus, place, place, out, place), emit


@emitted
def _unpacked(typing: Any, tier: Any, codes: Any, step: Any, steps: Any, out: Any) -> Any:
    """Write the codes of `steps` steps of a panel as bytes: four neighbouring k of 16 columns, then the next four."""
    its = by_number(tier.literal_value)

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        codes, out = (pointer(b, context, signature, arguments, n) for n in (1, 4))
        loop = Loop(b, [offset(b, codes, arguments[2], _BYTES), out])
        at, to = loop.carried
        for t in range(_K // 8):
            for high, fours in enumerate(_halves(b, its, at, t)):
                for j, four in enumerate(fours):
                    store(b, four, to, (2 * t + high) * 4 * COLUMNS + 4 * its.lanes * j)
        loop.close(1, arguments[3], [offset(b, at, _BYTES), offset(b, to, 2 * _BYTES)])
        return context.get_dummy_value()

    return types.void(tier, codes, types.intp, types.intp, out), emit


@emitted
def _tile(
    typing: Any,
    tier: Any,
    codes: Any,
    scale: Any,
    at: Any,
    zero: Any,
    zero_at: Any,
    x: Any,
    x_at: Any,
    minus: Any,
    minus_at: Any,
    steps: Any,
    out: Any,
    out_at: Any,
) -> Any:
    """Add one group's product of ROWS rows and 16 columns to out[out_at:], 16 apart.

    Parameters
    ----------
    tier : literal int
    codes : uint8 array
        What `_unpacked` wrote.
    scale : float32 array
        The group's 16 begin at `at`.
    zero : uint8 array
        `zero_at` is the number of the group's zero points.
    x : int8 array
        From `x_at` on four neighbouring k of each row, then the next four.
    minus : int32 array
        −Σ x of each row's group, from `minus_at` on.
    steps : int
    out : float32 array
    """
    its = by_number(tier.literal_value)
    lanes, count = its.lanes, COLUMNS // its.lanes

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        codes, scale, zero, x, minus, out = (pointer(b, context, signature, arguments, n) for n in (1, 2, 4, 6, 8, 11))
        _, _, _, at, _, zero_at, _, x_at, _, minus_at, steps, _, out_at = arguments
        loop = Loop(b, [codes, offset(b, x, x_at), *[filled(0, lanes)] * (ROWS * count)])
        now, x_now, *totals = loop.carried
        sums: list[Any] = [None] * len(totals)
        for t in range(_K // 4):
            fours = [load(b, now, 4 * (t * COLUMNS + lanes * j), vector(I32, lanes)) for j in range(count)]
            for i in range(ROWS):
                four = splat(b, load(b, x_now, 4 * (t * ROWS + i), I32), lanes)
                for j in range(count):
                    sums[i * count + j] = _dot(b, its, sums[i * count + j], fours[j], four)
        totals = [_widened(b, its, part, total) for part, total in zip(sums, totals, strict=True)]
        loop.close(1, steps, [offset(b, now, 2 * _BYTES), offset(b, x_now, ROWS * _K), *totals])
        zeros = zero_points(b, lanes, offset(b, zero, zero_at, 8))
        units = scales(b, lanes, offset(b, scale, at, 4), half=False)
        target = offset(b, out, out_at, 4)
        for i in range(ROWS):
            of_x = splat(b, load(b, offset(b, minus, minus_at, 4), 4 * i, I32, 4), lanes)
            for j in range(count):
                place = 4 * (i * COLUMNS + lanes * j)
                before = load(b, target, place, vector(F32, lanes), 4)
                exact = b.sitofp(b.add(totals[i * count + j], b.mul(zeros[j], of_x)), before.type)
                store(b, fused(b, exact, units[j], before), target, place, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(tier, codes, scale, place, zero, place, x, place, minus, place, place, out, place), emit


_CODES, _INT8 = read_only(types.uint8), types.Array(types.int8, 2, "C", readonly=True)


@tiered_kernel(
    *(
        (_CODES, read_only(t), _CODES, types.intp, _INT8, types.intp, written(types.float32, 2), types.intp, types.intp)
        for t in (types.float32, types.uint16)
    )
)
def by_rows(number: int) -> Any:
    """Build the kernel for few rows: out[:, 16 · first : 16 · last] = x · weights, row by row."""
    step, columns = _K, COLUMNS

    def by_rows(
        codes: Any, scale: Any, zero: Any, zero_step: int, x: Any, size: int, out: Any, first: int, last: int
    ) -> None:
        rows, k = x.shape
        n = out.shape[1]
        groups, steps = (k + size - 1) // size, (size + step - 1) // step
        padded, minus = np.zeros(groups * steps * step, np.int8), np.zeros(groups, np.int32)
        edge = np.empty(columns, np.float32)
        for i in range(rows):
            for g in range(groups):
                total = np.int32(0)
                for at in range(min(size, k - g * size)):
                    code = x[i, g * size + at]
                    padded[g * steps * step + at] = code
                    total += np.int32(code)
                minus[g] = -total
            row = out[i]
            for p in range(first, last):
                left = n - p * columns
                if left >= columns:
                    _row(number, codes, p, scale, zero, zero_step, padded, minus, groups, steps, row, p * columns)
                else:
                    _row(number, codes, p, scale, zero, zero_step, padded, minus, groups, steps, edge, 0)
                    for j in range(left):
                        row[p * columns + j] = edge[j]

    return by_rows


@tiered_kernel(
    (
        *(_CODES, read_only(types.float32), _CODES, types.intp, _INT8, types.intp),
        *(written(types.float32, 2), types.intp, types.intp),
    )
)
def by_blocks(number: int) -> Any:
    """Build the kernel for many rows: each panel's codes are spread to bytes once for a block of rows."""
    step, columns, height, block = _K, COLUMNS, ROWS, BLOCK

    def by_blocks(
        codes: Any, scale: Any, zero: Any, zero_step: int, x: Any, size: int, out: Any, first: int, last: int
    ) -> None:
        rows, k = x.shape
        n = out.shape[1]
        groups, steps = (k + size - 1) // size, (size + step - 1) // step
        depth = steps * step
        tiles = max(1, min((rows + height - 1) // height, block // (groups * depth * height)))
        packed, minus = np.empty(groups * tiles * depth * height, np.int8), np.zeros(groups * tiles * height, np.int32)
        spread, sums = np.empty(depth * columns, np.uint8), np.empty((tiles * height, columns), np.float32)
        flat = sums.reshape(-1)
        for top in range(0, rows, tiles * height):
            here = min(tiles * height, rows - top)
            used = (here + height - 1) // height
            for at in range(packed.size):
                packed[at] = 0
            for i in range(here):
                for g in range(groups):
                    at, total = (g * tiles + i // height) * depth * height + i % height * 4, np.int32(0)
                    for kk in range(min(size, k - g * size)):
                        code = x[top + i, g * size + kk]
                        packed[at + kk // 4 * 4 * height + kk % 4] = code
                        total += np.int32(code)
                    minus[g * tiles * height + i] = -total
            for p in range(first, last):
                for at in range(flat.size):
                    flat[at] = 0
                for g in range(groups):
                    group = p * groups + g
                    _unpacked(number, codes, group * steps, steps, spread)
                    for t in range(used):
                        at, own, to = (g * tiles + t) * height, group * columns, t * height * columns
                        _tile(
                            number, spread, scale, own, zero, group * zero_step, packed, at * depth, minus, at,
                            steps, flat, to,
                        )  # fmt: skip
                left = min(columns, n - p * columns)
                for i in range(here):
                    for j in range(left):
                        out[top + i, p * columns + j] = sums[i, j]

    return by_blocks
