"""Accumulators of few bits: what sums of products need, and what happens to those that do not fit.

All integers are exact; a narrow accumulator adds the products one by one, in the order of k, as hardware does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import Overflow

from .matmul import zero_point_terms
from .operands import operands, refuse_beyond_int64

Integers = npt.NDArray[np.int64]

MAX_BITS = 32
_INT32 = 2**31 - 1
_POWERS = 2 ** np.arange(63, dtype=np.int64)


def bits_needed(values: Any) -> Any:
    """Return how many bits an integer takes in two's complement, its sign included.

    ``1 + bit_length(v)``, of ``−v − 1`` for negative v: −128 to 127 take 8.

    Parameters
    ----------
    values : integers within int64, one or an array

    Returns
    -------
    int, or int64 array of their shape, 1 to 64

    Raises
    ------
    TypeError
        If they are no integers.

    Examples
    --------
    >>> bits_needed(127), bits_needed([-128, 128, 0]).tolist()
    (8, [8, 9, 1])
    """
    found = np.asarray(values)
    if found.dtype.kind not in "iu" or (found.dtype == np.uint64 and found.size and found.max() >= 2**63):
        raise TypeError(f"values must be integers within int64, got dtype {found.dtype}; sum codes, not floats.")
    signed = found.astype(np.int64)
    length = np.searchsorted(_POWERS, np.where(signed < 0, ~signed, signed), side="right") + 1
    return int(length) if found.ndim == 0 else length


def centred_range(quantizer: Quantizer) -> tuple[int, int]:
    """Return the lowest and the highest ``q − zero_point`` of a grid: what the integer product multiplies.

    Over all of its zero points, where there are several.

    Examples
    --------
    >>> from quantlab.scheme import Scheme
    >>> centred_range(Quantizer.from_parameters(0.5, 3, Scheme(bits=4, symmetric=False, signed=False)))
    (-3, 12)
    """
    zero = np.asarray(quantizer.zero_point)
    if zero.size == 0:
        raise ValueError("A grid without any scale has no range; quantize an array that has values.")
    return quantizer.qmin - int(zero.max()), quantizer.qmax - int(zero.min())


def product_bits(a: Quantizer, b: Quantizer) -> int:
    """Return how many bits hold every product of two centred codes.

    Parameters
    ----------
    a, b : Quantizer
        The grids of the two matrices.

    Examples
    --------
    >>> product_bits(Quantizer([1.0]), Quantizer([1.0]))  # −128 · −128 is one too many for 15
    16
    """
    return _sum_bits(a, b, 1)


def sum_bits(a: Quantizer, b: Quantizer, k: int) -> int:
    """Return how many bits hold every sum of `k` products, whatever the codes.

    Parameters
    ----------
    a, b : Quantizer
    k : int
        Terms, 1 or more.

    Raises
    ------
    ValueError
        If `k` is below 1.

    Examples
    --------
    >>> sum_bits(Quantizer([1.0], bits=4), Quantizer([1.0], bits=4), 512)
    17
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more terms, got {k}; a sum of nothing needs no accumulator.")
    return _sum_bits(a, b, k)


def safe_k(a: Quantizer, b: Quantizer, bits: int = MAX_BITS) -> int:
    """Return how many products an accumulator holds for certain, whatever the codes.

    ``floor((2^(bits − 1) − 1) / (max|a − za| · max|b − zb|))``, the maxima over the grids. Longer sums may well fit;
    these always do. 0 where a single product may not.

    Parameters
    ----------
    a, b : Quantizer
    bits : int
        Of the accumulator, 2 to 32.

    Raises
    ------
    ValueError
        If `bits` lies outside that interval.

    Examples
    --------
    >>> q = Quantizer([1.0])
    >>> safe_k(q, q), safe_k(q, q, bits=16), safe_k(q, q, bits=8)
    (131071, 1, 0)
    """
    highest = accumulator_range(bits)[1]
    reach = [max(-lo, hi) for lo, hi in (centred_range(a), centred_range(b))]
    return highest // (reach[0] * reach[1])


def accumulator_range(bits: int) -> tuple[int, int]:
    """Return the lowest and the highest integer of an accumulator.

    Parameters
    ----------
    bits : int
        2 to 32.

    Raises
    ------
    ValueError
        If `bits` lies outside that interval.

    Examples
    --------
    >>> accumulator_range(16)
    (-32768, 32767)
    """
    if isinstance(bits, bool) or not isinstance(bits, int) or not 2 <= bits <= MAX_BITS:
        raise ValueError(f"bits of an accumulator must be 2 to {MAX_BITS}, got {bits!r}; 8, 16 and 32 are usual.")
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def require_overflow(overflow: str) -> None:
    """Refuse what is no way of an accumulator to meet its end.

    >>> require_overflow("wrap")
    """
    if overflow not in ("saturate", "wrap"):
        raise ValueError(f"overflow must be saturate or wrap, got {overflow!r}; choose one of the two.")


def accumulate(
    a: QTensor, b: QTensor, *, bits: int = MAX_BITS, overflow: Overflow = "saturate", group_size: int | None = None
) -> npt.NDArray[np.int32]:
    """Multiply two quantized matrices with an accumulator of few bits.

    The products themselves are exact. Adding one that does not fit either holds the sum at the accumulator's end
    (saturate), from where the next products move it on, or goes round (wrap), so that only the final sum matters.

    Parameters
    ----------
    a, b, group_size
        As for `quantized_matmul`.
    bits : int
        Of the accumulator, 2 to 32.
    overflow : {"saturate", "wrap"}

    Returns
    -------
    (M, N) int32; with groups (groups, M, N)

    Raises
    ------
    TypeError, ValueError
        One sentence where the operands do not fit, or `bits` or `overflow` are none of these.

    References
    ----------
    Colbert et al. 2023 (A2Q) and de Bruin et al. 2020, who choose weights so that narrow accumulators suffice.

    Examples
    --------
    >>> a, b = QTensor(np.array([[100, 100, -100]], np.int8), 1.0, 0), QTensor(np.ones((3, 1), np.int8), 1.0, 0)
    >>> [accumulate(a, b, bits=8, overflow=overflow).item() for overflow in ("saturate", "wrap")]
    [27, 100]
    """
    lowest, highest = accumulator_range(bits)
    require_overflow(overflow)
    both = operands(a, b, group_size)
    refuse_beyond_int64(both)
    sides = [both.centred(group) for group in range(len(both.groups))]
    if overflow == "wrap" or all(len(right) * _reach(left) * _reach(right) <= highest for left, right in sides):
        total = zero_point_terms(a, b, group_size=group_size).total
        wrapped: npt.NDArray[np.int32] = ((total - lowest) % 2**bits + lowest).astype(np.int32)
        return wrapped
    sums: npt.NDArray[np.int32] = np.stack([_saturated(left, right, lowest, highest) for left, right in sides])
    return sums if both.grouped else sums[0]


def reached(a: QTensor, b: QTensor, *, group_size: int | None = None) -> tuple[Integers, Integers]:
    """Return the lowest and the highest sum that each cell of a product passes, the 0 that it begins with among them.

    An accumulator that holds both never ends, whatever the other cells do.

    Parameters
    ----------
    a, b, group_size
        As for `quantized_matmul`. Each group begins at 0 again; the ends are over all of them.

    Returns
    -------
    (M, N) int64, twice

    Raises
    ------
    TypeError, ValueError
        As `accumulate`.

    Examples
    --------
    >>> a, b = QTensor(np.array([[100, 100, -100]], np.int8), 1.0, 0), QTensor(np.ones((3, 1), np.int8), 1.0, 0)
    >>> [end.item() for end in reached(a, b)]
    [0, 200]
    """
    both = operands(a, b, group_size)
    refuse_beyond_int64(both)
    m, _, n = both.shape
    lowest, highest = np.zeros((m, n), np.int64), np.zeros((m, n), np.int64)
    for group in range(len(both.groups)):
        left, right = both.centred(group)
        wide = np.int32 if len(right) * _reach(left) * _reach(right) <= _INT32 else np.int64
        sums, products = np.zeros((m, n), wide), np.empty((m, n), wide)
        low, high = np.zeros((m, n), wide), np.zeros((m, n), wide)
        columns, rows = np.ascontiguousarray(left.T, wide)[:, :, None], np.ascontiguousarray(right, wide)
        for column, row in zip(columns, rows, strict=True):
            np.multiply(column, row, out=products)
            sums += products
            np.minimum(low, sums, out=low)
            np.maximum(high, sums, out=high)
        np.minimum(lowest, low, out=lowest)
        np.maximum(highest, high, out=highest)
    return lowest, highest


def _saturated(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], lowest: int, highest: int) -> npt.NDArray[np.int32]:
    """Add the products in the order of k, each sum held to the accumulator's range."""
    wide = np.int32 if highest + 1 + _reach(a) * _reach(b) <= _INT32 else np.int64
    shape = (len(a), b.shape[1])
    sums, products = np.zeros(shape, wide), np.empty(shape, wide)
    columns, rows = np.ascontiguousarray(a.T, wide)[:, :, None], np.ascontiguousarray(b, wide)
    for column, row in zip(columns, rows, strict=True):
        np.multiply(column, row, out=products)
        sums += products
        np.clip(sums, lowest, highest, out=sums)
    return sums.astype(np.int32, copy=False)


def _reach(side: npt.NDArray[np.int64]) -> int:
    return max(-int(side.min()), int(side.max())) if side.size else 0


def _sum_bits(a: Quantizer, b: Quantizer, k: int) -> int:
    ends = [k * left * right for left in centred_range(a) for right in centred_range(b)]
    lowest, highest = min(ends), max(ends)
    return 1 + max(highest.bit_length(), (-lowest - 1).bit_length() if lowest < 0 else 0)
