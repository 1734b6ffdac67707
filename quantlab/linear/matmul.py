"""The product of two quantized matrices: an integer product, what its zero points cost, and the way back to floats.

Runs on `quantlab.kernels.int_matmul`; for integers that leave int32 see `accumulator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab import kernels
from quantlab.records import QTensor

from .operands import Operands, operands, refuse_beyond_int64

_FITS = 32_768  # terms of 255 · 255 that an int32 holds for certain
_WORTH_A_CALL = 2**16  # products of terms that take NumPy as long as the kernel takes to begin


@dataclass(frozen=True, eq=False)
class Product:
    """A float product that was computed in integers.

    Attributes
    ----------
    accumulator : (M, N) int32; with groups (groups, M, N)
        ``Σ_k (a − a_zero) · (b − b_zero)``, exact.
    scale : (1 or M, 1 or N) float64; with groups (groups, 1 or M, 1 or N)
        ``scale_a · scale_b``: the value of one step of the accumulator.
    values : (M, N) float32, or float64 where a scale is
        ``Σ_groups accumulator · scale``, formed in float64 and rounded once.
    """

    accumulator: npt.NDArray[np.int32]
    scale: npt.NDArray[np.float64]
    values: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class ZeroPointTerms:
    """``(A − za)(B − zb) = A·B − za·colsum(B) − zb·rowsum(A) + K·za·zb``, term by term.

    Attributes
    ----------
    product, of_a_zero, of_b_zero, constant : (M, N) int64; with groups (groups, M, N)
        The four terms with their signs; K is the length of the group. Terms may leave int32 where their sum does not.
    """

    product: npt.NDArray[np.int64]
    of_a_zero: npt.NDArray[np.int64]
    of_b_zero: npt.NDArray[np.int64]
    constant: npt.NDArray[np.int64]

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """Their sum: the accumulator."""
        return self.product + self.of_a_zero + self.of_b_zero + self.constant


def quantized_matmul(a: QTensor, b: QTensor, *, group_size: int | None = None, threads: int = 1) -> Product:
    """Multiply two quantized matrices in integers and return the accumulator and the values it stands for.

    Equal to ``a_hat @ b_hat`` of the dequantized matrices, but for the rounding of floats, for every mix of symmetric
    and affine, signed and unsigned grids of 1 to 8 bits.

    Parameters
    ----------
    a : QTensor, codes (M, K) int8 or uint8
        Scale and zero point per tensor, per row (M, 1), or per group along K (1 or M, groups).
    b : QTensor, codes (K, N) int8 or uint8
        Per tensor, per column (1, N), or per group along K (groups, 1 or N).
    group_size : int, optional
        Neighbours along K that share a scale, in either matrix or both. Each group is summed in its own accumulator.
    threads : int
        At most so many at once.

    Raises
    ------
    TypeError, ValueError
        One sentence where the operands do not fit, a scale changes along K, or a sum could leave int32.

    References
    ----------
    Jacob et al. 2018, equations 4 and 7; ONNX MatMulInteger.

    Examples
    --------
    >>> a = QTensor(np.array([[1, 2]], np.int8), 0.5, 0)
    >>> b = QTensor(np.array([[10], [20]], np.uint8), 0.25, 12)
    >>> product = quantized_matmul(a, b)
    >>> product.accumulator.tolist(), product.scale.tolist(), product.values.tolist()
    ([[14]], [[0.125]], [[1.75]])
    """
    both = operands(a, b, group_size)
    m, _, n = both.shape
    short = len(both.groups) > 1 and both.groups[0].stop * m * n <= _WORTH_A_CALL
    accumulator = _summed_abreast(both) if short else None
    if accumulator is None:
        accumulator = _summed_in_turn(both, threads)
    step = _step(both.a_scale.T[:, :, None], both.b_scale[:, None, :])
    scale = np.broadcast_to(step, (len(both.groups), *step.shape[1:]))
    values = _rounded(accumulator, scale, both.working)
    return Product(accumulator if both.grouped else accumulator[0], scale if both.grouped else scale[0], values)


def zero_point_terms(a: QTensor, b: QTensor, *, group_size: int | None = None) -> ZeroPointTerms:
    """Return the four terms of the integer product, which add up exactly to the accumulator.

    Parameters
    ----------
    a, b, group_size
        As for `quantized_matmul`.

    Raises
    ------
    TypeError, ValueError
        As for `quantized_matmul`, but only where a term could leave int64: K and the accumulator may be of any size.

    References
    ----------
    Jacob et al. 2018, equation 7.

    Examples
    --------
    >>> a = QTensor(np.array([[1, 2]], np.int8), 0.5, 1)
    >>> b = QTensor(np.array([[10], [20]], np.uint8), 0.25, 12)
    >>> terms = zero_point_terms(a, b)
    >>> [int(term.item()) for term in (terms.product, terms.of_a_zero, terms.of_b_zero, terms.constant, terms.total)]
    [50, -30, -36, 24, 8]
    """
    both = operands(a, b, group_size)
    refuse_beyond_int64(both)
    found = [_terms(both, group) for group in range(len(both.groups))]
    product, of_a_zero, of_b_zero, constant = (np.stack(each) for each in zip(*found, strict=True))
    if both.grouped:
        return ZeroPointTerms(product, of_a_zero, of_b_zero, constant)
    return ZeroPointTerms(product[0], of_a_zero[0], of_b_zero[0], constant[0])


def _terms(both: Operands, group: int) -> list[npt.NDArray[np.int64]]:
    part, (a_zero, b_zero) = both.groups[group], both.zeros(group)
    a, b = both.a[:, part], both.b[part]
    shape, k = (len(a), b.shape[1]), a.shape[1]
    product = np.zeros(shape, np.int64)
    for start in range(0, k, _FITS):
        stop = min(start + _FITS, k)
        product += kernels.int_matmul(a[:, start:stop], b[start:stop])
    column_sums, row_sums = b.sum(axis=0, dtype=np.int64)[None, :], a.sum(axis=1, dtype=np.int64)[:, None]
    rest = -a_zero * column_sums, -b_zero * row_sums, k * a_zero * b_zero
    return [product, *(np.broadcast_to(term, shape) for term in rest)]


def _summed_in_turn(both: Operands, threads: int) -> npt.NDArray[np.int32]:
    """Return each group's sums, (groups, M, N), by one integer product a group."""
    m, _, n = both.shape
    accumulator = np.empty((len(both.groups), m, n), np.int32)
    for group, part in enumerate(both.groups):
        a_zero, b_zero = both.zeros(group)
        kernels.int_matmul(
            both.a[:, part],
            both.b[part],
            a_zero=a_zero.ravel() if m else 0,
            b_zero=b_zero.ravel() if n else 0,
            out=accumulator[group],
            threads=threads,
        )
    return accumulator


def _summed_abreast(both: Operands) -> npt.NDArray[np.int32] | None:
    """Return the same sums by NumPy: all groups' first terms, then their second ones; None where they may not fit."""
    size, k = both.groups[0].stop, both.shape[1]
    a_zero, b_zero = both.a_zero, both.b_zero
    if a_zero.shape[1] > 1:
        a_zero = np.repeat(a_zero, size, axis=1)[:, :k]
    if len(b_zero) > 1:
        b_zero = np.repeat(b_zero, size, axis=0)[:k]
    a, b = (both.a - a_zero).T, both.b - b_zero
    if size * int(np.abs(a).max(initial=0)) * int(np.abs(b).max(initial=0)) > np.iinfo(np.int32).max:
        return None
    a, b = np.ascontiguousarray(a, np.int32), b.astype(np.int32)
    accumulator = a[::size, :, None] * b[::size, None, :]
    for term in range(1, size):
        product = a[term::size, :, None] * b[term::size, None, :]
        accumulator[: len(product)] += product  # the last group may be shorter
    return accumulator


def _step(a_scale: npt.NDArray[Any], b_scale: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    with np.errstate(over="ignore", under="ignore"):
        product = a_scale.astype(np.float64) * b_scale.astype(np.float64)
    # Held as scales are, so that 0 times a step stays 0.
    return np.clip(product, np.finfo(np.float64).smallest_normal, np.finfo(np.float64).max)


def _rounded(
    accumulator: npt.NDArray[np.int32], scale: npt.NDArray[np.float64], working: np.dtype[Any]
) -> npt.NDArray[Any]:
    total = np.zeros(accumulator.shape[1:])
    largest = np.finfo(working).max
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for integers, step in zip(accumulator, scale, strict=True):
            total += integers * step
        return np.clip(total, -largest, largest).astype(working)
