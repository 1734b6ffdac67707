"""Packed weights times float32 activations: no more than a few kilobytes of float weights ever exist.

Few rows meet 8-bit codes as they come out of memory: a code becomes a float in the register, a group's scale meets the
group's sum. Many rows meet a block of a panel, 16 columns by 256 k, that was dequantized into the first-level cache.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from numba import types

from .panels import COLUMNS, STEP, filled, fused, prefetch, scales, vector, zero_points
from .tiers import Tier
from .tiles import by_number
from .vectors import F32, I8, I32, Loop, emitted, load, offset, pointer, splat, store

BLOCK = 256  # k of a dequantized block: with 16 columns half of the first-level cache
ROWS_BLOCK = 240  # whose activations of one block stay in the second-level cache


def height_of(tier: Tier) -> int:
    """Return the rows of a tile: 12 vectors of sums leave registers for a row of weights and a broadcast."""
    return 12 if tier.lanes == 16 else 6


def _nibbles(b: Any, words: list[Any], k: int, zeros: list[Any]) -> list[Any]:
    """Return the codes of one k, of 8 neighbours, less their zero points, as float32."""
    lanes = words[0].type.count
    shift = filled(k % 4 * 8 + k // 4 * 4, lanes)
    codes = [b.and_(b.lshr(word, shift), filled(15, lanes)) for word in words]
    return [b.sitofp(b.sub(code, zero), vector(F32, lanes)) for code, zero in zip(codes, zeros, strict=True)]


def _bytes(b: Any, base: Any, k: int, zeros: list[Any]) -> list[Any]:
    """Return 16 columns of int8 codes less their zero points, as float32; exact below 2²⁴."""
    lanes = zeros[0].type.count
    out = []
    for j, zero in enumerate(zeros):
        code = b.sext(load(b, base, k * COLUMNS + j * lanes, vector(I8, lanes)), zero.type)
        out.append(b.sitofp(b.sub(code, zero), vector(F32, lanes)))
    return out


def _zeros(b: Any, bits: int, lanes: int, base: Any, group: Any) -> list[Any]:
    if bits == 4:
        return zero_points(b, lanes, offset(b, base, group, 8))
    of_group = offset(b, base, group, 4 * COLUMNS)
    return [load(b, of_group, 4 * at, vector(I32, lanes), 4) for at in range(0, COLUMNS, lanes)]


@emitted
def row(
    typing: Any,
    tier: Any,
    codes: Any,
    panel: Any,
    scale: Any,
    zero: Any,
    zero_step: Any,
    x: Any,
    groups: Any,
    steps: Any,
    out: Any,
    column: Any,
) -> Any:
    """Fill out[column : column + 16] with one row's product with 8-bit weights.

    Parameters
    ----------
    tier : literal int
    codes, scale, zero : arrays
        Packed; `panel` is the number of the panel.
    zero_step : int
        1, or 0 where every group of every panel has the same zero points.
    x : float32 array
        The row, each group padded to `steps` steps.
    groups, steps : int
    """
    its, deep = by_number(tier.literal_value), STEP[8]
    lanes, count = its.lanes, COLUMNS // its.lanes
    chains = max(1, 4 // count)  # sums of a column that take turns: four at work hide that each waits for itself

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        _, _, panel, _, _, zero_step, _, groups, steps, _, column = arguments
        codes, scale, zero, x, out = (pointer(b, context, signature, arguments, n) for n in (1, 3, 4, 6, 9))
        first = b.mul(panel, groups)
        nothing = filled(0.0, lanes, F32)
        outer = Loop(b, [offset(b, codes, b.mul(first, steps), deep * COLUMNS), x, *[nothing] * count])
        group = b.add(first, outer.index)
        zeros = _zeros(b, 8, lanes, zero, b.mul(group, zero_step))
        inner = Loop(b, [*outer.carried[:2], *[nothing] * (chains * count)])
        at, x_at, *sums = inner.carried
        prefetch(b, at, deep * COLUMNS)
        for k in range(deep):
            one = splat(b, load(b, x_at, 4 * k, F32, 4), lanes)
            for j, real in enumerate(_bytes(b, at, k, zeros)):
                chain = j * chains + k % chains
                sums[chain] = fused(b, real, one, sums[chain])
        following = [offset(b, at, deep * COLUMNS), offset(b, x_at, 4 * deep)]
        inner.close(1, steps, [*following, *sums])
        units = scales(b, lanes, offset(b, scale, group, 4 * COLUMNS), half=False)
        totals = []
        for j, (unit, before) in enumerate(zip(units, outer.carried[2:], strict=True)):
            total = reduce(b.fadd, sums[j * chains : (j + 1) * chains])
            totals.append(fused(b, total, unit, before))
        outer.close(1, groups, [*following, *totals])
        for j, total in enumerate(totals):
            store(b, total, offset(b, out, column, 4), 4 * lanes * j, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(tier, codes, place, scale, zero, place, x, place, place, out, place), emit


@emitted
def dequantized(
    typing: Any,
    tier: Any,
    bits: Any,
    codes: Any,
    step: Any,
    steps: Any,
    scale: Any,
    zero: Any,
    group: Any,
    zero_group: Any,
    out: Any,
    out_at: Any,
) -> Any:
    """Write (q − z) · s of `steps` steps of one group to out[out_at:], 16 columns of one k, then of the next."""
    its, wide = by_number(tier.literal_value), bits.literal_value
    lanes, deep = its.lanes, STEP[wide]
    size = deep * wide // 8 * COLUMNS

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        codes, scale, zero, out = (pointer(b, context, signature, arguments, n) for n in (2, 5, 6, 9))
        _, _, _, step, steps, _, _, group, zero_group, _, out_at = arguments
        units = scales(b, lanes, offset(b, scale, group, 4 * COLUMNS), half=False)
        zeros = _zeros(b, wide, lanes, zero, zero_group)
        loop = Loop(b, [offset(b, codes, step, size), offset(b, out, out_at, 4)])
        at, to = loop.carried
        for k in range(deep):
            if wide == 4 and k % 8 == 0:
                words = [load(b, at, 4 * (k // 8 * COLUMNS + c), vector(I32, lanes)) for c in range(0, COLUMNS, lanes)]
            reals = _nibbles(b, words, k % 8, zeros) if wide == 4 else _bytes(b, at, k, zeros)
            for j, (real, unit) in enumerate(zip(reals, units, strict=True)):
                store(b, b.fmul(real, unit), to, 4 * (k * COLUMNS + j * lanes), 4)
        loop.close(1, steps, [offset(b, at, size), offset(b, to, 4 * deep * COLUMNS)])
        return context.get_dummy_value()

    place = types.intp
    arguments = (tier, bits, codes, place, place, scale, zero, place, place, out, place)
    return types.void(*arguments), emit


@emitted
def tile(typing: Any, tier: Any, x: Any, x_at: Any, w: Any, depth: Any, out: Any, out_at: Any, out_row: Any) -> Any:
    """Add the product of a tile's rows and 16 columns over `depth` k, a multiple of 8, to `out`.

    Parameters
    ----------
    tier : literal int
    x : float32 array
        From `x_at` on one k of each row, then the next k.
    w : float32 array
        16 columns of one k, then of the next.
    out : float32 array
        Its rows are `out_row` apart, the first begins at `out_at`.
    """
    its = by_number(tier.literal_value)
    lanes, count, height, unroll = its.lanes, COLUMNS // its.lanes, height_of(its), 4

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        x, w, out = (pointer(b, context, signature, arguments, n) for n in (1, 3, 5))
        _, _, x_at, _, depth, _, out_at, out_row = arguments
        loop = Loop(b, [offset(b, x, x_at, 4), w, *[filled(0.0, lanes, F32)] * (height * count)])
        x_now, w_now, *sums = loop.carried
        for k in range(unroll):
            reals = [load(b, w_now, 4 * (k * COLUMNS + j * lanes), vector(F32, lanes), 4) for j in range(count)]
            for i in range(height):
                one = splat(b, load(b, x_now, 4 * (k * height + i), F32, 4), lanes)
                for j, real in enumerate(reals, i * count):
                    sums[j] = fused(b, real, one, sums[j])
        following = [offset(b, x_now, 4 * unroll * height), offset(b, w_now, 4 * unroll * COLUMNS)]
        loop.close(unroll, depth, [*following, *sums])
        row = offset(b, out, out_at, 4)
        for i in range(height):
            for j in range(count):
                before = load(b, row, 4 * j * lanes, vector(F32, lanes), 4)
                store(b, b.fadd(before, sums[i * count + j]), row, 4 * j * lanes, 4)
            row = offset(b, row, out_row, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(tier, x, place, w, place, out, place, place), emit
