"""The twin of integer linear algebra: products, accumulators, requantization, step by step in Python's integers.

Like `naive`, it imports no kernel and no formula of the library.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from quantlab import Scheme


def groups_of(k: int, group_size: int | None) -> list[range]:
    """The runs of K that are summed apart."""
    size = group_size or k
    return [range(start, min(start + size, k)) for start in range(0, k, size)]


def entry(parameter: Any, row: int, column: int) -> Any:
    """The entry of a scale or zero point that broadcasts over a matrix."""
    whole = np.atleast_2d(np.asarray(parameter))
    return whole[min(row, whole.shape[0] - 1), min(column, whole.shape[1] - 1)].item()


def quantized_products(a: Any, b: Any, i: int, j: int, run: range, group: int) -> list[int]:
    """(a − za) · (b − zb) of one cell in one group, in the order of k, as Python integers."""
    a_zero, b_zero = entry(a.zero_point, i, group), entry(b.zero_point, group, j)
    return [(int(a.codes[i, k]) - a_zero) * (int(b.codes[k, j]) - b_zero) for k in run]


def quantized_matmul(a: Any, b: Any, group_size: int | None) -> tuple[np.ndarray, list[list[Fraction]]]:
    """The accumulators (groups, M, N) as Python integers, and the values without any rounding."""
    (m, k), n = a.codes.shape, b.codes.shape[1]
    runs = groups_of(k, group_size)
    sums, values = np.zeros((len(runs), m, n), object), [[Fraction(0)] * n for _ in range(m)]
    for group, run in enumerate(runs):
        for i, j in np.ndindex(m, n):
            sums[group, i, j] = sum(quantized_products(a, b, i, j, run, group))
            step = Fraction(entry(a.scale, i, group)) * Fraction(entry(b.scale, group, j))
            values[i][j] += sums[group, i, j] * step
    return sums, values


def kept(total: int, bits: int, overflow: str) -> int:
    """An integer as an accumulator of so many bits keeps it."""
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if overflow == "saturate":
        return sorted((lowest, total, highest))[1]
    while total > highest:
        total -= 2**bits
    while total < lowest:
        total += 2**bits
    return total


def accumulated(products: list[int], bits: int, overflow: str) -> list[int]:
    """What stands in the accumulator after each product."""
    sums, total = [], 0
    for product in products:
        total = kept(total + product, bits, overflow)
        sums.append(total)
    return sums


def bits_needed(value: int) -> int:
    """The fewest bits whose two's complement has the value."""
    bits = 1
    while not -(2 ** (bits - 1)) <= value <= 2 ** (bits - 1) - 1:
        bits += 1
    return bits


def quantized_multiplier(real: float) -> tuple[int, int]:
    """The 31-bit multiplier and the shift of TensorFlow Lite's QuantizeMultiplier, in exact fractions."""
    shift, rest = 0, Fraction(real)
    while rest >= 1:
        rest, shift = rest / 2, shift + 1
    while rest < Fraction(1, 2):
        rest, shift = rest * 2, shift - 1
    mantissa = math.floor(rest * 2**31 + Fraction(1, 2))
    if mantissa == 2**31:
        mantissa, shift = 2**30, shift + 1
    return (mantissa, shift) if shift >= -31 else (0, 0)


def saturated(value: int) -> int:
    return sorted((-(2**31), value, 2**31 - 1))[1]


def divided(value: int, by: int) -> int:
    """C's division, towards zero."""
    return value // by if value >= 0 else -(-value // by)


def doubling_high_mul(a: int, b: int) -> int:
    """gemmlowp's SaturatingRoundingDoublingHighMul, as its C++ is written."""
    product = a * b
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    return saturated(divided(product + nudge, 1 << 31))


def divide_by_power(value: int, exponent: int) -> int:
    """gemmlowp's RoundingDivideByPOT, by what it is for: to the nearest, ties away from zero."""
    return (1 if value >= 0 else -1) * math.floor(Fraction(abs(value), 2**exponent) + Fraction(1, 2))


def multiplied_fixed(accumulator: int, mantissa: int, shift: int, rounding: str) -> int:
    """An accumulator times a fixed-point multiplier, in Python's integers."""
    if rounding == "once":
        return saturated(math.floor(Fraction(accumulator * mantissa) / Fraction(2) ** (31 - shift) + Fraction(1, 2)))
    moved = saturated(accumulator * 2 ** max(shift, 0))
    return divide_by_power(doubling_high_mul(moved, mantissa), max(-shift, 0))


def requantized(steps: int, zero_point: int, scheme: Scheme, relu: bool) -> int:
    """The code of a rounded product; ReLU acts on the real value, which is (code − zero_point) · scale."""
    if relu:
        steps = max(steps, 0)
    return sorted((scheme.qmin, steps + zero_point, scheme.qmax))[1]
