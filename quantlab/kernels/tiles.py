"""The register tile: a few rows of A times a panel of B over all of K, without one sum leaving its register.

Each is one intrinsic that emits its whole loop, which leaves LLVM's register allocator a closed problem. What they need
to know of a tier arrives as literal integers from a kernel's closure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from .compilation import inner
from .instructions import dot, load_columns
from .tiers import TIERS, Tier
from .vectors import (
    I8,
    I16,
    I32,
    Loop,
    constant,
    emitted,
    join,
    load,
    offset,
    pick,
    pointer,
    splat,
    store,
)

UNROLL = 4  # words of K: packed K is a multiple of this, so that any tile may unroll by a divisor of it
WORDS = 4  # of each row that `transpose` moves at once


def by_height(builder: Any, tier: Tier, rows: Any, emit: Callable[[int], None]) -> None:
    """Emit `emit(height)` for each height that a tile may have, and the choice by the value `rows`."""
    done = builder.append_basic_block("done")
    heights = (tier.rows, 2, 1)
    blocks = [builder.append_basic_block(f"rows_{height}") for height in heights]
    choice = builder.switch(rows, blocks[-1])
    for height, block in zip(heights, blocks, strict=True):
        if height > 1:
            choice.add_case(constant(height), block)
        builder.position_at_end(block)
        emit(height)
        builder.branch(done)
    builder.position_at_end(done)


def by_number(number: int) -> Tier:
    """Return the tier with that number."""
    return list(TIERS.values())[number]


def multiply_add(builder: Any, tier: Tier, rows: int, a: Any, b: Any, start: list[Any], words: Any) -> list[Any]:
    """Emit the loop over K and return the sums, row by row.

    Parameters
    ----------
    rows : int
    a : pointer
        `rows` words of A, one of each row, then those of the next `depth` k.
    b : pointer
        A panel: `columns` · `depth` bytes, then those of the next `depth` k.
    start : list of vectors
        What the sums begin with, row by row.
    words : i64
        How far K goes; a multiple of UNROLL, more than 0.
    """
    # One row has few sums; several sets of them, added at the end, hide that each waits for the one before.
    sets, unroll = (2, 4) if rows == 1 else (1, 2)
    zero = constant([0] * tier.lanes, I32)
    loop = Loop(builder, [a, b, *start, *[zero] * (len(start) * (sets - 1))])
    a_now, b_now, *sums = loop.carried
    for step in range(unroll):
        first = step % sets * len(start)
        columns = [
            load_columns(builder, tier, b_now, (step * tier.columns + j * tier.lanes) * tier.depth)
            for j in range(tier.vectors)
        ]
        for i in range(rows):
            word = splat(builder, load(builder, a_now, 4 * (step * rows + i), I32, 4), tier.lanes)
            for j, column in enumerate(columns, first + i * tier.vectors):
                sums[j] = dot(builder, tier, sums[j], word, column)
    a_next = offset(builder, a_now, 4 * rows * unroll)
    b_next = offset(builder, b_now, tier.columns * tier.depth * unroll)
    loop.close(unroll, words, [a_next, b_next, *sums])
    for other in range(len(start), len(sums)):
        sums[other % len(start)] = builder.add(sums[other % len(start)], sums[other])
    return sums[: len(start)]


@inner
def tile_rows(left: int, rows: int) -> int:
    """Return the height of the next tile where so many rows are left: the tier's own, 2 or 1, so none is padded."""
    return rows if left >= rows else 2 if left >= 2 else 1


@emitted
def tile(
    typing: Any,
    tier: Any,
    rows: Any,
    work: Any,
    a_at: Any,
    row_at: Any,
    column_at: Any,
    b: Any,
    b_at: Any,
    words: Any,
    out: Any,
    scratch: Any,
    out_at: Any,
    out_row: Any,
) -> Any:
    """Write `rows` rows of one panel's columns: row start + column start + Σ over K, modulo 2³².

    Parameters
    ----------
    tier : literal int
    rows : int
        What `tile_rows` says.
    work : int32 array
        Holds the packed rows of A at `a_at`, what each row starts with at `row_at` and each column at `column_at`.
    b : int32 array
        Packed B; the panel begins at `b_at`.
    words : int
        How far K goes; a multiple of UNROLL, more than 0.
    out : int32 array
        Written at `out_at`, rows `out_row` apart; or `work`, if `scratch` is not 0.
    """
    its = by_number(tier.literal_value)
    of_lanes, place = ir.VectorType(I32, its.lanes), types.intp

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        work, b, out = (pointer(builder, context, signature, values, n) for n in (2, 6, 9))
        rows, a_at, row_at, column_at, b_at, words = (values[n] for n in (1, 3, 4, 5, 7, 8))
        scratch, out_at, out_row = values[10:]
        a, panel = offset(builder, work, a_at, 4), offset(builder, b, b_at, 4)
        of_rows, of_columns = offset(builder, work, row_at, 4), offset(builder, work, column_at, 4)
        # One place or the other by its address: as arrays they would be counted in and out for each tile.
        target = builder.select(builder.icmp_signed("!=", scratch, constant(0)), work, out)

        def of_height(height: int) -> None:
            columns = [load(builder, of_columns, 4 * its.lanes * j, of_lanes, 4) for j in range(its.vectors)]
            start = []
            for i in range(height):
                row_start = splat(builder, load(builder, of_rows, 4 * i, I32, 4), its.lanes)
                start += [builder.add(row_start, column) for column in columns]
            sums = multiply_add(builder, its, height, a, panel, start, words)
            row = offset(builder, target, out_at, 4)
            for i in range(height):
                for j in range(its.vectors):
                    store(builder, sums[i * its.vectors + j], row, 4 * its.lanes * j, 4)
                row = offset(builder, row, out_row, 4)

        by_height(builder, its, rows, of_height)
        return context.get_dummy_value()

    arguments = (tier, place, work, place, place, place, b, place, place, out, place, place, place)
    return types.void(*arguments), emit


@emitted
def transpose(typing: Any, tier: Any, rows: Any, a: Any, at: Any, row: Any, flip: Any, work: Any, out_at: Any) -> Any:
    """Write WORDS words of each of `rows` rows of A, word by word, as `tile` reads them.

    Parameters
    ----------
    tier : literal int
    rows : int
        What `tile_rows` says.
    a : uint8 array
        Read from its element `at`, rows `row` apart; WORDS · depth bytes of each.
    flip : uint8
        128 where the codes change between int8 and uint8 on the way, otherwise 0.
    work : int32 array
        Written at `out_at`.
    """
    its, place = by_number(tier.literal_value), types.intp
    count = WORDS * its.depth

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        rows, row = values[1], values[4]
        source = offset(builder, pointer(builder, context, signature, values, 2), values[3])
        target = offset(builder, pointer(builder, context, signature, values, 6), values[7], 4)
        flips = splat(builder, values[5], count)

        def of_height(height: int) -> None:
            lines: list[Any] = []
            at = source
            for _ in range(height):
                line = builder.xor(load(builder, at, 0, ir.VectorType(I8, count)), flips)
                if its.depth == 2:
                    line = builder.zext(line, ir.VectorType(I16, count))
                lines.append(builder.bitcast(line, ir.VectorType(I32, WORDS)))
                at = offset(builder, at, row)
            joined = join(builder, lines + lines[:1] * (2 ** (height - 1).bit_length() - height))
            for word in range(WORDS):
                one_each = pick(builder, joined, range(word, WORDS * height, WORDS))
                store(builder, one_each, target, 4 * word * height, 4)

        by_height(builder, its, rows, of_height)
        return context.get_dummy_value()

    return types.void(tier, place, a, place, place, types.uint8, work, place), emit
