"""Activations as 8-bit digits by packed 4-bit weights: the kernels that walk rows, panels and groups.

Int8 activations are one digit; a float32 activation in a few rows is three.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from .compilation import inner, read_only, tiered_kernel, written
from .nibbles import DIGITS, ROWS, at_once, row, tile, unpacked
from .panels import COLUMNS, STEP

_K = STEP[4]
BLOCK = 256 * 1024  # bytes of activations that stay in the second-level cache while the weights pass by


@inner
def _as_codes(x: Any, padded: Any, minus: Any, group: int, steps: int) -> None:
    """Copy a group of int8 activations, and sum them."""
    start, total = group * steps * _K, np.int32(0)
    for at in range(x.size):
        padded[start + at] = x[at]
        total += np.int32(x[at])
    minus[group] = -total


@inner
def _as_digits(x: Any, padded: Any, minus: Any, unit: Any, group: int, steps: int) -> None:
    """Write a group of float32 activations as three digits, −128 to 127, in units of a power of two for each step."""
    for s in range(steps):
        part = x[s * _K : (s + 1) * _K]
        largest, step = np.float32(0), group * steps + s
        for value in part:
            largest = max(largest, abs(value))
        # 2^up in float32: a step that lies still lower adds nothing to a row that `scaled` sends here.
        up = min(23 - math.frexp(largest)[1], 120)
        if math.ldexp(np.float64(largest), up) > 127 * (1 + 256 + 65536):
            up -= 1
        unit[step], factor = math.ldexp(1.0, -up), np.float32(math.ldexp(1.0, up))
        a, b, c = np.int32(0), np.int32(0), np.int32(0)
        for at in range(part.size):
            whole = np.int32(np.rint(part[at] * factor))
            low = np.int8(whole)
            whole = (whole - np.int32(low)) >> np.int32(8)
            middle = np.int8(whole)
            high = np.int8((whole - np.int32(middle)) >> np.int32(8))
            place = DIGITS * step * _K + at
            padded[place], padded[place + _K], padded[place + 2 * _K] = low, middle, high
            a, b, c = a + np.int32(low), b + np.int32(middle), c + np.int32(high)
        minus[2 * step], minus[2 * step + 1] = -(a + 256 * b), -c


def _by_rows(number: int, digits: int) -> Any:
    step, columns, wide = _K, COLUMNS, COLUMNS * at_once(digits)

    def by_rows(
        codes: Any, scale: Any, zero: Any, zero_step: int, x: Any, size: int, out: Any, first: int, last: int
    ) -> None:
        rows, k = x.shape
        n = out.shape[1]
        groups, steps = (k + size - 1) // size, (size + step - 1) // step
        padded, minus = np.zeros(groups * steps * step * digits, np.int8), np.empty(groups * steps * digits, np.int32)
        unit, edge = np.empty(groups * steps, np.float32), np.empty(wide, np.float32)
        for i in range(rows):
            for g in range(groups):
                of_group = x[i, g * size : min(k, (g + 1) * size)]
                if digits == 1:
                    _as_codes(of_group, padded, minus, g, steps)
                else:
                    _as_digits(of_group, padded, minus, unit, g, steps)
            line = out[i]
            for p in range(first, last, wide // columns):
                left = min(n, last * columns) - p * columns
                target, at = (line, p * columns) if left >= wide else (edge, 0)
                beside = 1 if left > columns else 0
                row(
                    number, digits, codes, p, beside, scale, zero, zero_step, padded, minus, unit, groups, steps,
                    target, at,
                )  # fmt: skip
                for j in range(left if left < wide else 0):
                    line[p * columns + j] = edge[j]

    return by_rows


_CODES, _INT8 = read_only(types.uint8), types.Array(types.int8, 2, "C", readonly=True)
_FLOAT32, _OUT, _PLACE = types.Array(types.float32, 2, "C", readonly=True), written(types.float32, 2), types.intp


def _signature(scale: Any, x: Any) -> tuple[Any, ...]:
    return (_CODES, read_only(scale), _CODES, _PLACE, x, _PLACE, _OUT, _PLACE, _PLACE)


@tiered_kernel(_signature(types.float32, _INT8), _signature(types.uint16, _INT8))
def codes_by_rows(number: int) -> Any:
    """Build the kernel for few rows of int8: out[:, 16 · first : 16 · last] = x · weights, row by row."""
    return _by_rows(number, 1)


@tiered_kernel(_signature(types.float32, _FLOAT32), _signature(types.uint16, _FLOAT32))
def reals_by_rows(number: int) -> Any:
    """Build the kernel for few rows of float32, from 2⁻⁸⁰ to 2⁸⁰ at the largest."""
    return _by_rows(number, DIGITS)


@tiered_kernel(_signature(types.float32, _INT8))
def codes_by_blocks(number: int) -> Any:
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
                    unpacked(number, codes, group * steps, steps, spread)
                    for t in range(used):
                        at, own, to = (g * tiles + t) * height, group * columns, t * height * columns
                        tile(
                            number, spread, scale, own, zero, group * zero_step, packed, at * depth, minus, at,
                            steps, flat, to,
                        )  # fmt: skip
                left = min(columns, n - p * columns)
                for i in range(here):
                    for j in range(left):
                        out[top + i, p * columns + j] = sums[i, j]

    return by_blocks
