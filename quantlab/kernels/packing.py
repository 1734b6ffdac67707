"""Weights as the tiles read them: panels of columns in which neighbouring k lie side by side.

They are packed once and stay. A panel's word holds `depth` neighbouring k of one column, always as int8, so one pass
over the weights reads one straight stream whatever their order was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from .compilation import tiered_kernel, written
from .tiers import Tier, chosen
from .tiles import UNROLL, by_number

PACKED_A = 96 * 1024  # words of packed A that stay in the second-level cache while all of B passes by
LINE = 64  # bytes of a cache line; NumPy promises 16
LARGEST = 2**31 - 1  # an int32 sum

_CODES = (np.dtype(np.int8), np.dtype(np.uint8))


def padded_words(k: int, depth: int) -> int:
    """Return how many words of `depth` codes K takes, zeros included.

    >>> padded_words(9, 4)
    4
    """
    return -(-k // (depth * UNROLL)) * UNROLL


@tiered_kernel(
    (types.Array(types.uint8, 2, "A", readonly=True), types.uint8, written(types.uint8), written(types.int32)),
)
def pack_columns(number: int) -> Any:
    """Build the kernel that fills panels[panel, word, column, depth] with b ^ flip, and sums each column's codes."""
    tier = by_number(number)
    depth, columns, unroll = tier.depth, tier.columns, UNROLL

    def pack_columns(b: Any, flip: int, panels: Any, sums: Any) -> None:
        k, n = b.shape
        words = (k + depth * unroll - 1) // (depth * unroll) * unroll
        # One word of each column, gathered first, so that what follows runs over neighbours.
        codes, totals = np.empty(columns * depth, np.uint8), np.empty(columns, np.int32)
        for first in range(0, n, columns):
            at = first * words * depth
            totals[:] = 0
            for top in range(0, k, depth):
                if top + depth <= k and first + columns <= n:  # by counts that the compiler knows
                    for d in range(depth):
                        for j in range(columns):
                            codes[j * depth + d] = b[top + d, first + j]
                else:
                    codes[:] = flip
                    for d in range(min(depth, k - top)):
                        for j in range(min(columns, n - first)):
                            codes[j * depth + d] = b[top + d, first + j]
                for j in range(columns):
                    for d in range(depth):
                        code = codes[j * depth + d] ^ flip
                        panels[at + j * depth + d] = code
                        totals[j] = np.int32(totals[j] + np.int32(np.int8(code)))
                at += columns * depth
            for j in range(columns):
                sums[first + j] = totals[j]

    return pack_columns


@dataclass(frozen=True, eq=False)
class PackedWeights:
    """Weights (K, N), packed by `pack` for one tier.

    Attributes
    ----------
    shape : (K, N)
    data : int32 array
        The panels, and behind them two numbers a column: what a unit of A's zero point adds to it, and what a unit
        of a row's sum adds.
    row_factor : int or None
        The second of those where all columns share it.
    reach : int
        At least the largest Σ|b − zero_point| of a column: what |a − a_zero| ≤ 1 could sum to.
    tier : Tier
    panels, words : int
        How many panels there are, and how many words a column of one is long.
    most_rows : int
        So many rows of A are packed at once: whole tiles that fit PACKED_A.
    """

    shape: tuple[int, int]
    data: npt.NDArray[np.int32]
    row_factor: int | None
    reach: int
    tier: Tier
    panels: int
    words: int
    most_rows: int


def pack(b: npt.NDArray[Any], *, zero_point: Any = 0, tier: Tier | None = None) -> PackedWeights:
    """Pack weights for `int_matmul`, once for many products.

    Parameters
    ----------
    b : (K, N) int8 or uint8, any memory order
        Pass ``w.T`` for a weight of shape (out, in).
    zero_point : int, or N of them
        Subtracted from the codes: one for all, or one a column; within int32.
    tier : Tier, optional
        The chosen one by default.

    Raises
    ------
    TypeError
        If the codes are not int8 or uint8, or a zero point is no integer.
    ValueError
        If `b` has not two axes, or the zero points do not fit its columns.

    Examples
    --------
    >>> import numpy as np
    >>> pack(np.ones((3, 5), np.int8), zero_point=2).shape
    (3, 5)
    """
    if not isinstance(b, np.ndarray) or b.dtype not in _CODES:
        raise TypeError(f"b must be an int8 or uint8 array, got {describe_array(b)}; quantize it first.")
    if b.ndim != 2:
        raise ValueError(f"b must have two axes, (K, N), got shape {b.shape}; reshape it.")
    tier = tier or chosen()
    k, n = b.shape
    zeros = zero_points(zero_point, n, "zero_point", "columns")
    flip = 128 if b.dtype == np.uint8 else 0  # stored is b − 128 then: always int8
    panels, words = -(-n // tier.columns), padded_words(k, tier.depth)
    width = panels * tier.columns
    data = _aligned(width * words * tier.depth // 4 + 2 * width)
    codes, correction = data[: data.size - 2 * width], data[data.size - 2 * width :]
    sums = np.zeros(width, np.int32)
    pack_columns.of(tier)(b.view(np.uint8), flip, codes.view(np.uint8), sums)
    stored_zeros = np.zeros(width, np.int64)
    stored_zeros[:n] = zeros - flip
    correction[:width] = (k * stored_zeros - sums).astype(np.int32)  # modulo 2³², like every sum
    correction[width:] = (-stored_zeros).astype(np.int32)
    same = bool((zeros == zeros[:1]).all())
    data.flags.writeable = False
    row_factor = flip - int(zeros[0]) if same and zeros.size else None
    most_rows = max(1, PACKED_A // (tier.rows * max(1, words))) * tier.rows
    return PackedWeights((k, n), data, row_factor, _reach(b, zeros), tier, panels, words, most_rows)


def zero_points(value: Any, n: int, name: str, what: str) -> npt.NDArray[np.int64]:
    """Return one zero point, or `n` of them, as int64; refuse everything else.

    >>> zero_points([1, 2], 2, "zero_point", "columns")
    array([1, 2])
    """
    found = np.asarray(value)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {found.dtype}; round them first.")
    if found.size not in (1, n):
        raise ValueError(f"{name} must be one number or {n}, one for each of the {what}, got {found.size}.")
    if found.size and (int(found.max()) > LARGEST or int(found.min()) < -LARGEST - 1):
        raise ValueError(f"{name} must lie within int32, got {int(found.max())}; no 8-bit grid needs more.")
    return found.astype(np.int64).reshape(-1)


def describe_array(value: Any) -> str:
    """Return what a refusal calls an argument.

    >>> describe_array([1])
    'list'
    """
    return f"{value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _aligned(words: int) -> npt.NDArray[np.int32]:
    raw = np.zeros(4 * words + LINE, np.uint8)
    skip = -raw.ctypes.data % LINE
    return raw[skip : skip + 4 * words].view(np.int32)


def _reach(b: npt.NDArray[Any], zeros: npt.NDArray[np.int64]) -> int:
    """Return a bound of a column's Σ|b − zero_point|: the type's where that is small enough, else the true one."""
    if b.size == 0:
        return 0
    lowest, highest = (-128, 127) if b.dtype == np.int8 else (0, 255)
    bound: int = b.shape[0] * max(highest - int(zeros.min()), int(zeros.max()) - lowest)
    if bound * 255 <= LARGEST:
        return bound
    total = np.zeros(b.shape[1], np.int64)
    for first in range(0, b.shape[0], 4096):  # piece by piece: widened, it is eight times the weights
        total += np.abs(b[first : first + 4096].astype(np.int64) - zeros).sum(axis=0)
    return int(total.max())
