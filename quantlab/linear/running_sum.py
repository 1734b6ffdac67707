"""One cell of a quantized product, product by product: what a picture of the sum needs to play.

The whole matrix is `accumulator.accumulate`; here is how each of its entries came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.records import QTensor
from quantlab.scheme import Overflow

from .accumulator import MAX_BITS, accumulator_range, bits_needed, require_overflow
from .operands import Operands, operands, refuse_beyond_int64


@dataclass(frozen=True, eq=False)
class RunningSum:
    """How one cell of a product comes about, product by product.

    Attributes
    ----------
    a_codes, b_codes : (K,) int8 or uint8
        The row of A and the column of B.
    a, b : (K,) int64
        The same less their zero points.
    products : (K,) int64
        ``a · b``.
    sums : (K,) int64
        What stands in the accumulator after each product.
    exact : (K,) int64
        What would stand in one without end.
    bits : (K,) int64
        How many bits each exact sum takes.
    overflowed : (K,) bool
        Where adding the product left the accumulator's range.
    starts : tuple of int
        Where an accumulator begins at 0: the first k of each group.
    limits : (int, int)
        Ends of the accumulator's range.
    """

    a_codes: npt.NDArray[Any]
    b_codes: npt.NDArray[Any]
    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]
    products: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]
    exact: npt.NDArray[np.int64]
    bits: npt.NDArray[np.int64]
    overflowed: npt.NDArray[np.bool_]
    starts: tuple[int, ...]
    limits: tuple[int, int]


def running_sum(
    a: QTensor,
    b: QTensor,
    row: int,
    column: int,
    *,
    bits: int = MAX_BITS,
    overflow: Overflow = "saturate",
    group_size: int | None = None,
) -> RunningSum:
    """Return the products of one cell and the accumulator after each of them.

    Parameters
    ----------
    a, b, bits, overflow, group_size
        As for `accumulate`; the last sum of each group is its entry there.
    row, column : int
        The cell, 0 to M − 1 and 0 to N − 1.

    Raises
    ------
    TypeError, ValueError
        As `accumulate`, and where there is no such cell.

    Examples
    --------
    >>> a, b = QTensor(np.array([[100, 100, -100]], np.int8), 1.0, 0), QTensor(np.ones((3, 1), np.int8), 1.0, 0)
    >>> run = running_sum(a, b, 0, 0, bits=8)
    >>> run.sums.tolist(), run.exact.tolist(), run.bits.tolist(), run.overflowed.tolist()
    ([100, 127, 27], [100, 200, 100], [8, 9, 8], [False, True, False])
    """
    lowest, highest = accumulator_range(bits)
    require_overflow(overflow)
    both = operands(a, b, group_size)
    refuse_beyond_int64(both)
    m, k, n = both.shape
    if not (0 <= row < m and 0 <= column < n):
        raise ValueError(f"The product has {m} rows and {n} columns, got cell ({row}, {column}); count from 0.")
    left, right = _cell(both, row, column)
    products, sums, exact, overflowed = left * right, np.empty(k, np.int64), np.empty(k, np.int64), np.zeros(k, bool)
    for part in both.groups:
        exact[part] = np.cumsum(products[part])
        total = 0
        for at in range(part.start, part.stop):
            total += int(products[at])
            if not lowest <= total <= highest:
                overflowed[at] = True
                total = (
                    min(max(total, lowest), highest) if overflow == "saturate" else (total - lowest) % 2**bits + lowest
                )
            sums[at] = total
    starts = tuple(part.start for part in both.groups)
    return RunningSum(
        both.a[row], both.b[:, column], left, right, products, sums, exact, bits_needed(exact), overflowed, starts,
        (lowest, highest),
    )  # fmt: skip


def _cell(both: Operands, row: int, column: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    left, right = both.a[row].astype(np.int64), both.b[:, column].astype(np.int64)
    for group, part in enumerate(both.groups):
        a_zero, b_zero = both.zeros(group)
        left[part] -= a_zero[min(row, len(a_zero) - 1), 0]
        right[part] -= b_zero[0, min(column, b_zero.shape[1] - 1)]
    return left, right
