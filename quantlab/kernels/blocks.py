"""The blocks of the integer product: packed A by packed B, tile by tile, into the rows and panels of the result.

With codes stored as the tier's instruction reads them, A' = a ± 128 where its types differ from that and B' = b − 128
for uint8, and zero points moved along with them, one algebra serves all four pairs of types:

    Σ (a − a_zero)·(b − b_zero) = Σ A'B' + a_zero'·(K·b_zero' − Σ B') − b_zero'·Σ A'

Every term wraps modulo 2³², as the sum does, so the result is exact whenever it fits int32. After Jacob et al. 2018,
section 2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import inner, read_only, tiered_kernel, written
from .tiers import Tier
from .tiles import UNROLL, WORDS, by_number, tile, tile_rows, transpose


@inner
def pack_words(a: Any, i: int, rows: int, flip: int, depth: int, work: Any, at: int, first: int, words: int) -> None:
    """Write the words from `first` on of `rows` rows of A: what is left of K behind `transpose`, and its padding."""
    k = a.shape[1]
    for r in range(rows):
        for q in range(first, words):
            word = np.uint32(0)
            for d in range(max(0, min(depth, k - q * depth))):
                word |= np.uint32(a[i + r, q * depth + d] ^ flip) << np.uint32(d * (32 // depth))
            work[at + q * rows + r] = np.int32(word)


@inner
def row_sum(a: Any, i: int, flip: int, signed: int) -> Any:
    """Return the sum of row i as its codes are stored, modulo 2³²."""
    total = np.int32(0)
    for k in range(a.shape[1]):
        code = a[i, k] ^ flip
        # Back to 32 bits each time: Numba adds two of them to 64, at half the speed.
        total = np.int32(total + (np.int32(np.int8(code)) if signed else np.int32(code)))
    return total


@tiered_kernel(
    (
        written(types.int32),
        types.int64,
        types.Array(types.uint8, 2, "C", readonly=True),
        types.uint8,
        types.int64,
        read_only(types.int32),
        read_only(types.int32),
        types.int64,
        read_only(types.float32),
        written(types.int32, 2),
        *[types.int64] * 4,
    )
)
def multiply(number: int) -> Any:
    """Build the kernel that fills rows [top, bottom) and panels [left, right) of `out`; all else is left untouched.

    The built function takes scratch memory, for `height` rows of packed A at once; A as bytes, with the `flip` that
    makes them what the instruction reads; A's zero point as stored, or `a_zeros`, one a row; packed B, with its
    `row_factor`; and scales, one a column, or none: `out` holds integers then, otherwise the bits of float32. With
    `a_zeros` the zero points' terms are added to each finished tile, otherwise its sums start with them.
    """
    its = by_number(number)
    tier, depth, rows, columns, signed = number, its.depth, its.rows, its.columns, int(its.signed)
    unroll, at_once = UNROLL, WORDS

    def multiply(
        work: Any,
        height: int,
        a: Any,
        flip: int,
        a_zero: int,
        a_zeros: Any,
        b: Any,
        row_factor: int,
        scale: Any,
        out: Any,
        top: int,
        bottom: int,
        left: int,
        right: int,
    ) -> None:
        k, n = a.shape[1], out.shape[1]
        words = (k + depth * unroll - 1) // (depth * unroll) * unroll
        panel = words * columns * depth // 4
        width = (n + columns - 1) // columns * columns
        u, v = b.size - 2 * width, b.size - width
        each = a_zeros.size > 0
        # What stands where in `work`, behind the scratch tile.
        column_at = rows * columns
        row_at = column_at + (right - left) * columns
        sum_at = row_at + height
        a_at = sum_at + height
        for j in range((right - left) * columns):
            work[column_at + j] = 0 if each else a_zero * b[u + left * columns + j]
        for first in range(top, bottom, height):
            m = min(height, bottom - first)
            r = 0
            while r < m:
                h, at = tile_rows(m - r, rows), a_at + r * words
                moved = k // (depth * at_once) * at_once
                for q in range(0, moved, at_once):
                    transpose(tier, h, a, (first + r) * k + q * depth, k, flip, work, at + q * h)
                pack_words(a, first + r, h, flip, depth, work, at, moved, words)
                r += h
            for i in range(m):
                total = row_sum(a, first + i, flip, signed) if each or row_factor != 0 else np.int32(0)
                work[sum_at + i] = total
                work[row_at + i] = 0 if each else total * row_factor
            for p in range(left, right):
                j = p * columns
                real = min(columns, n - j)
                aside = int(real < columns or each or scale.size > 0)
                r = 0
                while r < m:
                    h, i = tile_rows(m - r, rows), first + r
                    to, apart = (0, columns) if aside else (i * n + j, n)
                    starts = column_at + j - left * columns
                    tile(
                        tier, h, work, a_at + r * words, row_at + r, starts, b, p * panel, words, out, aside, to, apart
                    )
                    for t in range(h if aside else 0):
                        x = np.int64(a_zeros[i + t]) if each else 0
                        total = np.int64(work[sum_at + r + t]) if each else 0
                        for c in range(real):
                            s = np.int32(work[t * columns + c] + x * b[u + j + c] + total * b[v + j + c])
                            if scale.size > 0:
                                out[i + t, j + c] = np.float32(np.float32(s) * scale[j + c]).view(np.int32)
                            else:
                                out[i + t, j + c] = s
                    r += h

    return multiply


def scratch_words(height: int, panels: int, words: int, tier: Tier) -> int:
    """Return how much scratch memory `multiply` takes for so many rows of packed A at once, and so many panels."""
    return (tier.rows + panels) * tier.columns + (2 + words) * height
