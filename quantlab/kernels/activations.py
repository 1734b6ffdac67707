"""Float32 activations by packed weights: the kernels that walk rows, panels, groups and blocks of k."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import read_only, tiered_kernel, written
from .panels import COLUMNS, STEP
from .tiles import by_number
from .weight_only import BLOCK, ROWS_BLOCK, dequantized, height_of, row, tile


def _rows(number: int) -> Any:
    step, columns = STEP[8], COLUMNS

    def few(
        codes: Any, scale: Any, zero: Any, zero_step: int, x: Any, size: int, out: Any, first: int, last: int
    ) -> None:
        rows, k = x.shape
        n = out.shape[1]
        groups, steps = (k + size - 1) // size, (size + step - 1) // step
        padded = np.zeros(groups * steps * step, np.float32)
        edge = np.empty(columns, np.float32)
        for i in range(rows):
            for g in range(groups):
                for at in range(min(size, k - g * size)):
                    padded[g * steps * step + at] = x[i, g * size + at]
            line = out[i]
            for p in range(first, last):
                left = n - p * columns
                if left >= columns:
                    row(number, codes, p, scale, zero, zero_step, padded, groups, steps, line, p * columns)
                else:
                    row(number, codes, p, scale, zero, zero_step, padded, groups, steps, edge, 0)
                    for j in range(left):
                        line[p * columns + j] = edge[j]

    return few


def _blocks(number: int, bits: int) -> Any:
    step, columns, block, rows_block = STEP[bits], COLUMNS, BLOCK, ROWS_BLOCK
    height = height_of(by_number(number))

    def many(
        codes: Any, scale: Any, zero: Any, zero_step: int, x: Any, size: int, out: Any, first: int, last: int
    ) -> None:
        rows, k = x.shape
        n = out.shape[1]
        groups, steps = (k + size - 1) // size, (size + step - 1) // step
        at_once = min(rows_block, (rows + height - 1) // height * height)
        packed, w = np.empty(at_once * block, np.float32), np.empty(block * columns, np.float32)
        edge = np.empty((height, columns), np.float32)
        for i in range(rows):
            for j in range(first * columns, min(n, last * columns)):
                out[i, j] = 0
        for top in range(0, rows, at_once):
            here = min(at_once, rows - top)
            for start in range(0, groups * steps, block // step):
                stop = min(start + block // step, groups * steps)
                depth = (stop - start) * step
                for at in range((here + height - 1) // height * height * depth):
                    packed[at] = 0
                for s in range(start, stop):
                    g = s // steps
                    low = (s - g * steps) * step
                    real = min(step, size - low, k - g * size - low)
                    for i in range(here):
                        at = i // height * height * depth + i % height + (s - start) * step * height
                        for kk in range(real):
                            packed[at + kk * height] = x[top + i, g * size + low + kk]
                for p in range(first, last):
                    s = start
                    while s < stop:
                        g = s // steps
                        end, own = min(stop, (g + 1) * steps), p * groups + g
                        from_step, to = p * groups * steps + s, (s - start) * step * columns
                        dequantized(number, bits, codes, from_step, end - s, scale, zero, own, own * zero_step, w, to)
                        s = end
                    left = n - p * columns
                    for i in range(0, here, height):
                        if left >= columns and here - i >= height:
                            tile(number, packed, i * depth, w, depth, out, (top + i) * n + p * columns, n)
                        else:
                            for ii in range(height):
                                for j in range(columns):
                                    edge[ii, j] = 0
                            tile(number, packed, i * depth, w, depth, edge, 0, columns)
                            for ii in range(min(height, here - i)):
                                for j in range(min(columns, left)):
                                    out[top + i + ii, p * columns + j] += edge[ii, j]

    return many


_PLACE, _REALS = types.intp, types.Array(types.float32, 2, "C", readonly=True)
_OUT = written(types.float32, 2)


def _signature(codes: Any, scale: Any, zero: Any) -> tuple[Any, ...]:
    return (read_only(codes), read_only(scale), read_only(zero), _PLACE, _REALS, _PLACE, _OUT, _PLACE, _PLACE)


_NIBBLES = (types.uint8, types.float32, types.uint8)
_BYTES = (types.int8, types.float32, types.int32)


@tiered_kernel(_signature(*_BYTES))
def bytes_by_rows(number: int) -> Any:
    """Build the kernel for few rows by 8-bit weights."""
    return _rows(number)


@tiered_kernel(_signature(*_NIBBLES))
def nibbles_by_blocks(number: int) -> Any:
    """Build the kernel for many rows by 4-bit weights."""
    return _blocks(number, 4)


@tiered_kernel(_signature(*_BYTES))
def bytes_by_blocks(number: int) -> Any:
    """Build the kernel for many rows by 8-bit weights."""
    return _blocks(number, 8)
