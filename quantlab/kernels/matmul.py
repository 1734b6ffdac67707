"""The integer matrix product: int8 or uint8 by int8 or uint8, exact in int32.

Checks its arguments here, once, and refuses what might not fit; the kernels trust them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .blocks import multiply, scratch_words
from .packing import LARGEST, PackedWeights, describe_array, pack, zero_points
from .threads import over_ranges

_INT32, _FLOAT32, _UINT8 = np.dtype(np.int32), np.dtype(np.float32), np.dtype(np.uint8)
_LOWEST, _HIGHEST = (0, -128), (255, 127)  # codes: unsigned, signed
_NO_ZEROS, _NO_SCALE = np.empty(0, np.int32), np.empty(0, np.float32)


class Workspace:
    """Scratch memory that stays between calls of `int_matmul`: one for each caller at a time.

    Examples
    --------
    >>> import numpy as np
    >>> a, scratch = np.ones((2, 3), np.int8), Workspace()
    >>> int_matmul(a, a.T, workspace=scratch).tolist()
    [[3, 3], [3, 3]]
    """

    def __init__(self) -> None:
        self._memory: dict[int, npt.NDArray[np.int32]] = {}

    def take(self, part: int, words: int) -> npt.NDArray[np.int32]:
        """Return the memory of one part of the work, `words` long or longer."""
        memory = self._memory.get(part)
        if memory is None or memory.size < words:
            memory = self._memory[part] = np.empty(words, np.int32)
        return memory


def int_matmul(
    a: npt.NDArray[Any],
    b: npt.NDArray[Any] | PackedWeights,
    *,
    a_zero: Any = 0,
    b_zero: Any = 0,
    scale: Any = None,
    out: npt.NDArray[Any] | None = None,
    threads: int = 1,
    workspace: Workspace | None = None,
) -> npt.NDArray[Any]:
    """Multiply matrices of 8-bit codes: ``Σ_k (a[i, k] − a_zero[i]) · (b[k, j] − b_zero[j])``, exact.

    Parameters
    ----------
    a : (M, K) int8 or uint8, any memory order
    b : (K, N) int8 or uint8, any memory order; or `pack` of it, for weights that stay
    a_zero : int, or M of them
        Zero point of `a`: one for all, or one a row.
    b_zero : int, or N of them
        Zero point of `b`: one for all, or one a column. Packed weights carry their own.
    scale : float, or N of them, optional
        One for all, or one a column. The result is then float32: the sum, rounded to float32, times the scale.
    out : (M, N) int32, or float32 with a scale, optional
        Written and returned; must not overlap the operands.
    threads : int
        At most so many at once; worth it from about 2 ms of work.
    workspace : Workspace, optional
        Keeps the scratch memory for the next call.

    Returns
    -------
    (M, N) int32, or float32 with a scale

    Raises
    ------
    TypeError
        If codes, zero points or `out` have another type.
    ValueError
        If shapes do not fit, or a sum could leave int32: beyond K = 65,793 for uint8 by int8 without zero points,
        unless these very operands cannot.

    References
    ----------
    ONNX MatMulInteger; Jacob et al. 2018, equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.array([[0, 255]], np.uint8), np.array([[1, 2], [3, -4]], np.int8)
    >>> int_matmul(a, b).tolist()
    [[765, -1020]]
    >>> int_matmul(a, pack(b), a_zero=128, scale=0.5).tolist()
    [[126.5, -382.0]]
    """
    if type(b) is not PackedWeights:
        packed = pack(b, zero_point=b_zero)  # type: ignore[arg-type]
    elif type(b_zero) is int and b_zero == 0:
        packed = b
    else:
        raise ValueError(f"b_zero is {b_zero} for weights that are packed already; give it to pack as zero_point.")
    if not isinstance(a, np.ndarray) or a.dtype.char not in "bB":
        raise TypeError(f"a must be an int8 or uint8 array, got {describe_array(a)}; quantize it first.")
    k, n = packed.shape
    if a.ndim != 2 or a.shape[1] != k:
        raise ValueError(f"a of shape {a.shape} does not fit b of shape {packed.shape}; a's columns are b's rows.")
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}; 1 runs in the caller's own.")
    m = len(a)
    dtype = _INT32 if scale is None else _FLOAT32
    result = np.empty((m, n), dtype) if out is None else _checked(out, (m, n), dtype)
    if m == 0 or n == 0:
        return result
    if k == 0:
        result.fill(0)
        return result

    signed = a.dtype.char == "b"
    flip = 0 if signed == packed.tier.signed else 128
    moved = 0 if not flip else 128 if signed else -128  # how far what is stored lies above what was given
    zeros: npt.NDArray[np.int64] | None = None
    if not (type(a_zero) is int and -LARGEST <= a_zero <= LARGEST):  # the short way for the usual number
        zeros = zero_points(a_zero, m, "a_zero", "rows")
    low, high = (a_zero, a_zero) if zeros is None else (int(zeros.min()), int(zeros.max()))
    if max(_HIGHEST[signed] - low, high - _LOWEST[signed]) * packed.reach > LARGEST:
        _prove(a, low, high, packed)
    if low == high and packed.row_factor is not None:
        stored, row_factor = _NO_ZEROS, packed.row_factor
    else:
        given = np.full(m, low) if zeros is None else np.resize(zeros, m)
        stored, row_factor = (given + moved).astype(np.int32), 0

    codes = a if a.flags.c_contiguous else np.ascontiguousarray(a)
    target = result if result.flags.c_contiguous else np.empty((m, n), result.dtype)
    scales, sums = (_NO_SCALE, target) if scale is None else (_scales(scale, n), target.view(np.int32))
    operands = codes.view(_UINT8), flip, low + moved, stored, packed.data, row_factor, scales, sums
    if threads == 1:
        _fill(packed, operands, workspace, 0, m, 0, packed.panels)
    else:
        _share(partial(_fill, packed, operands, workspace), m, packed, threads)
    if target is not result:
        result[...] = target
    return result


def _fill(
    packed: PackedWeights,
    operands: tuple[Any, ...],
    workspace: Workspace | None,
    top: int,
    bottom: int,
    left: int,
    right: int,
) -> None:
    """Multiply rows [top, bottom) by panels [left, right)."""
    height = min(bottom - top, packed.most_rows)
    words = scratch_words(height, right - left, packed.words, packed.tier)
    # Parts begin at different rows or panels: by that number each finds scratch memory of its own.
    work = np.empty(words, np.int32) if workspace is None else workspace.take(top + left, words)
    multiply.of(packed.tier).compiled(work, height, *operands, top, bottom, left, right)


def _share(part: Callable[[int, int, int, int], None], m: int, packed: PackedWeights, threads: int) -> None:
    """Call `part(top, bottom, left, right)` for rows, or for panels where there are few rows, on several threads."""
    rows = packed.tier.rows
    if m >= 2 * rows * threads:
        over_ranges(
            lambda first, last: part(first * rows, min(last * rows, m), 0, packed.panels), -(-m // rows), threads
        )
    else:
        over_ranges(lambda left, right: part(0, m, left, right), packed.panels, min(threads, packed.panels))


def _checked(out: Any, shape: tuple[int, int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        raise TypeError(f"out must be of {dtype}, got {describe_array(out)}; without it one is made.")
    if out.shape != shape:
        raise ValueError(f"out must have the result's shape {shape}, got {out.shape}.")
    return out


def _scales(scale: Any, n: int) -> npt.NDArray[np.float32]:
    found = np.asarray(scale, np.float32).reshape(-1)
    if found.size not in (1, n):
        raise ValueError(f"scale must be one number or {n}, one for each of the columns, got {found.size}.")
    return np.resize(found, n)


def _prove(a: npt.NDArray[Any], low: int, high: int, packed: PackedWeights) -> None:
    """Refuse a product whose sums could leave int32, by these operands themselves and not only their types."""
    furthest = max(int(a.max()) - low, high - int(a.min()))
    if furthest * packed.reach > LARGEST:
        raise ValueError(
            f"Sums over K = {a.shape[1]} could leave int32: |a - a_zero| reaches {furthest}, a column of |b - b_zero|"
            f" sums to {packed.reach}; split K and add the parts as int64."
        )
