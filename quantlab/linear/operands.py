"""The two sides of a quantized product: codes, and scales and zero points that can leave the sum.

Checks its arguments here, once; what is computed from Operands trusts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.records import QTensor

_EXACT = 2**62  # leaves room for four terms
_CODES = (np.dtype(np.int8), np.dtype(np.uint8))


@dataclass(frozen=True, eq=False)
class Operands:
    """A (M, K) and B (K, N), checked by `operands`; K falls into one or several groups that are summed apart.

    Attributes
    ----------
    a, b : int8 or uint8 arrays
        The codes, as they were given.
    a_scale, a_zero : (1 or M, 1 or groups) arrays
    b_scale, b_zero : (1 or groups, 1 or N) arrays
        Zero points are int64, scales have the working type.
    groups : list of slices
        Of K. One where scale and zero point are the same all along K.
    grouped : bool
        Whether a group size was asked for; results then have a first axis of groups.
    working : dtype
        float32 or float64, the wider one of the scales.
    """

    a: npt.NDArray[Any]
    b: npt.NDArray[Any]
    a_scale: npt.NDArray[Any]
    a_zero: npt.NDArray[np.int64]
    b_scale: npt.NDArray[Any]
    b_zero: npt.NDArray[np.int64]
    groups: list[slice]
    grouped: bool
    working: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """M, K and N."""
        return (*self.a.shape, self.b.shape[1])

    def zeros(self, group: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return one group's zero points, A's as a column (1 or M, 1) and B's as a row (1, 1 or N)."""
        own = slice(group, group + 1)
        return (
            self.a_zero[:, own] if self.a_zero.shape[1] > 1 else self.a_zero,
            self.b_zero[own] if len(self.b_zero) > 1 else self.b_zero,
        )

    def centred(self, group: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return ``a − a_zero`` and ``b − b_zero`` of one group, which are what the integer product multiplies."""
        part, (a_zero, b_zero) = self.groups[group], self.zeros(group)
        return self.a[:, part] - a_zero, self.b[part] - b_zero


def operands(a: QTensor, b: QTensor, group_size: int | None = None) -> Operands:
    """Check two quantized matrices and lay out their parameters by groups of K.

    Parameters
    ----------
    a : QTensor, codes (M, K) int8 or uint8
        Scale and zero point: one; (M, 1), one a row; or (1 or M, groups), one a group of columns.
    b : QTensor, codes (K, N) int8 or uint8
        Scale and zero point: one; (N,) or (1, N), one a column; or (groups, 1 or N), one a group of rows.
    group_size : int, optional
        Neighbours along K that share a scale; the last group may be shorter. Needed where there are several groups.

    Raises
    ------
    TypeError, ValueError
        One sentence on what does not fit; above all, a scale that changes along K inside a sum cannot leave the sum.

    References
    ----------
    Jacob et al. 2018, section 2.2; Dettmers et al. 2022 (LLM.int8), section 2, for groups.

    Examples
    --------
    >>> a, b = QTensor(np.ones((2, 6), np.int8), 0.5, 0), QTensor(np.ones((6, 3), np.int8), np.full((2, 3), 0.1), 0)
    >>> operands(a, b, group_size=4).groups
    [slice(0, 4, None), slice(4, 6, None)]
    """
    for name, side in (("a", a), ("b", b)):
        if not isinstance(side, QTensor):
            raise TypeError(
                f"{name} must be a QTensor, got {type(side).__name__}; make one of codes, scale, zero_point."
            )
        codes = side.codes
        if not isinstance(codes, np.ndarray) or codes.dtype not in _CODES:
            kind = codes.dtype if isinstance(codes, np.ndarray) else type(codes).__name__
            raise TypeError(f"Codes of {name} must be int8 or uint8, got {kind}; quantize to 8 bits or fewer.")
        if codes.ndim != 2:
            raise ValueError(f"Codes of {name} must have two axes, got shape {codes.shape}; reshape them.")
    (m, k), n = a.codes.shape, b.codes.shape[1]
    if len(b.codes) != k:
        raise ValueError(
            f"a of shape {a.codes.shape} does not fit b of shape {b.codes.shape}; a's columns are b's rows."
        )
    if k == 0:
        raise ValueError(f"a of shape {a.codes.shape} leaves nothing to sum; K must be 1 or more.")
    size = _checked_size(group_size, k)
    groups = [slice(start, min(start + size, k)) for start in range(0, k, size)]
    a_scale, a_zero = _parameters(a, "a", (m, len(groups)), group_size)
    b_scale, b_zero = _parameters(b, "b", (len(groups), n), group_size)
    working = np.result_type(a_scale, b_scale, np.float32)
    return Operands(
        a.codes, b.codes, a_scale.astype(working), a_zero, b_scale.astype(working), b_zero, groups,
        group_size is not None, working,
    )  # fmt: skip


def refuse_beyond_int64(both: Operands) -> None:
    """Refuse products whose exact integers could leave int64: zero points far outside of 8 bits.

    Raises
    ------
    ValueError
        With K and the zero points.

    Examples
    --------
    >>> refuse_beyond_int64(operands(*[QTensor(np.ones((1, 1), np.int8), 0.5, 2**30)] * 2))
    """
    far = [max(256, *(abs(int(zero)) for zero in zeros.ravel())) for zeros in (both.a_zero, both.b_zero) if zeros.size]
    if len(far) == 2 and both.shape[1] * far[0] * far[1] > _EXACT:
        raise ValueError(
            f"Terms over K = {both.shape[1]} with zero points up to {far[0]} and {far[1]} could leave int64; "
            "use zero points among the codes."
        )


def _checked_size(group_size: int | None, k: int) -> int:
    if group_size is None:
        return k
    if isinstance(group_size, bool) or not isinstance(group_size, int) or group_size < 1:
        raise ValueError(f"group_size must be a whole number, 1 or more, got {group_size!r}; 32 and 128 are usual.")
    return group_size


def _parameters(
    side: QTensor, name: str, full: tuple[int, int], group_size: int | None
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    scale, zero = np.asarray(side.scale), np.asarray(side.zero_point)
    if scale.dtype.kind != "f":
        raise TypeError(f"Scale of {name} must be a float, got dtype {scale.dtype}; a Quantizer's is.")
    if zero.dtype.kind not in "iu":
        raise TypeError(f"Zero point of {name} must be whole numbers, got dtype {zero.dtype}; round them first.")
    if not (np.isfinite(scale) & (scale > 0)).all():
        raise ValueError(f"Scale of {name} must be positive and finite; a Quantizer's always is.")
    for what, found in (("Scale", scale), ("Zero point", zero)):
        fits = found.ndim <= 2 and all(
            here in (1, there) for here, there in zip(np.atleast_2d(found).shape, full, strict=True)
        )
        if not fits:
            several = "" if group_size is None else f" for groups of {group_size}"
            raise ValueError(
                f"{what} of {name} must be one number or broadcast to {full}{several}, got shape {found.shape}; what "
                "changes along K cannot leave the sum: quantize a by row, b by column, or both by group."
            )
    if zero.size and not -(2**31) <= int(zero.min()) <= int(zero.max()) < 2**31:
        raise ValueError(
            f"Zero point of {name} must lie within int32, got {zero.min()} to {zero.max()}; shift the data."
        )
    return np.atleast_2d(scale), np.atleast_2d(zero).astype(np.int64)
