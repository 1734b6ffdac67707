"""Weights that carry their scales, packed once, and their product with int8 or float32 activations.

Checks its arguments here, once; the kernels trust them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import activations, digits
from .packing import LARGEST, describe_array
from .panels import COLUMNS, STEP, by_panel, codes_by_panel
from .threads import over_ranges
from .tiers import Tier, chosen

_CODES = (np.dtype(np.int8), np.dtype(np.uint8))
_SCALES = (np.dtype(np.float16), np.dtype(np.float32))
_FEW_INTEGERS, _FEW_REALS = 2, 3  # rows for which reading the codes again costs less than spreading them
_FARTHEST_ZERO = 2**23  # q − z is exact in float32 then
# The kernel for few rows of floats by 4-bit weights counts in powers of two, which float32 has between these.
_TINY, _HUGE = 2.0**-80, 2.0**80


@dataclass(frozen=True, eq=False)
class ScaledWeights:
    """Weights (K, N), packed by `pack_scaled`.

    Attributes
    ----------
    shape : (K, N)
    bits : 4 or 8
    group_size : int
        Neighbouring k of a column that share a scale; the last group may be shorter.
    codes, scale, zero_point : arrays
        As the kernels read them: panels of 16 columns, group by group; float16 scales by their bits.
    zero_step : int
        0 where all columns and groups share one zero point.
    tier : Tier
    """

    shape: tuple[int, int]
    bits: int
    group_size: int
    codes: npt.NDArray[Any]
    scale: npt.NDArray[Any]
    zero_point: npt.NDArray[Any]
    zero_step: int
    tier: Tier

    @property
    def nbytes(self) -> int:
        """Bytes held, with what pads columns to panels and groups to whole steps."""
        return int(self.codes.nbytes + self.scale.nbytes + self.zero_point.nbytes)


def pack_scaled(
    codes: npt.NDArray[Any],
    scale: Any,
    zero_point: Any = 0,
    *,
    bits: int,
    group_size: int | None = None,
    tier: Tier | None = None,
) -> ScaledWeights:
    """Pack quantized weights for `scaled_matmul`, once for many products.

    Parameters
    ----------
    codes : (K, N) int8 or uint8, any memory order
        With 4 bits −8 to 7, or 0 to 15 as uint8. Pass ``codes.T`` for a weight of shape (out, in), and ``scale.T``.
    scale : float32 or float16, positive: a number, (1, N) or (groups, N)
        For all, for each column, or for each group of `group_size` rows: what a `Quantizer` per tensor, per channel
        and per group along K has. With 4 bits float16 stays float16.
    zero_point : int, or as many as there are scales
        With 4 bits one of the codes.
    bits : 4 or 8
    group_size : int, optional
        Needed where there are several groups. The best sizes are multiples of 32.
    tier : Tier, optional
        The chosen one by default.

    Raises
    ------
    TypeError
        If codes, scale or zero points are of another type.
    ValueError
        If a shape does not fit, or a number lies outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> packed = pack_scaled(np.ones((64, 16), np.int8), np.full((2, 16), 0.5, np.float16), bits=4, group_size=32)
    >>> packed.nbytes * 8 / (64 * 16)  # 4 for the codes, half a bit for the scales, and one zero point for all
    4.5625
    """
    if bits not in STEP:
        raise ValueError(f"bits must be 4 or 8, got {bits!r}; int_matmul takes the other codes as int8.")
    if not isinstance(codes, np.ndarray) or codes.dtype not in _CODES:
        raise TypeError(f"codes must be an int8 or uint8 array, got {describe_array(codes)}; quantize it first.")
    if codes.ndim != 2:
        raise ValueError(f"codes must have two axes, (K, N), got shape {codes.shape}; reshape it.")
    k, n = codes.shape
    signed = codes.dtype == np.int8
    lowest = -(2 ** (bits - 1)) if signed else 0
    highest = lowest + 2**bits - 1
    if bits == 4 and codes.size and not lowest <= int(codes.min()) <= int(codes.max()) <= highest:
        raise ValueError(
            f"codes of 4 bits lie from {lowest} to {highest}, got {codes.min()} to {codes.max()}; take bits=8."
        )
    size = max(1, min(k, _group_size(group_size, k)))
    groups = -(-k // size)
    of_scale = _scale(scale, bits)
    if of_scale.ndim and of_scale.shape not in ((1, n), (groups, n)):
        raise ValueError(
            f"scale must be one number, (1, {n}) or ({groups}, {n}) for {groups} groups of {size} rows,"
            f" got shape {of_scale.shape}; group along the axis that is summed, or give group_size."
        )
    zeros = _zero_point(zero_point, of_scale.shape)
    nearest, farthest = (lowest, highest) if bits == 4 else (-_FARTHEST_ZERO, _FARTHEST_ZERO)
    if zeros.size and not nearest <= int(zeros.min()) <= int(zeros.max()) <= farthest:
        raise ValueError(
            f"zero_point must lie from {nearest} to {farthest}, got {zeros.min()} to {zeros.max()};"
            " a grid that contains 0 has it there."
        )
    moved = -lowest if bits == 4 else 0 if signed else -128  # stored are 0 to 15, and int8
    shared = zeros.size == 1
    per_group = by_panel(of_scale, groups, n).view(np.uint16 if of_scale.dtype == np.float16 else np.float32)
    stored = np.asarray(zeros, np.int32) + np.int32(moved)
    of_zeros = by_panel(np.resize(stored, (1, COLUMNS)), 1, COLUMNS) if shared else by_panel(stored, groups, n)
    if bits == 4:
        of_zeros = (of_zeros[..., :8] | of_zeros[..., 8:] << 4).astype(np.uint8)
    arrays = (codes_by_panel(codes, bits, size, groups, moved), per_group.reshape(-1), of_zeros.reshape(-1))
    for each in arrays:
        each.flags.writeable = False
    return ScaledWeights((k, n), bits, size, *arrays, int(not shared), tier or chosen())


def _group_size(given: int | None, k: int) -> int:
    if given is None:
        return k
    if not isinstance(given, int) or given < 1:
        raise ValueError(f"group_size must be a whole number of rows, 1 or more, got {given!r}; 32 to 128 are usual.")
    return given


def _scale(given: Any, bits: int) -> npt.NDArray[Any]:
    found = np.asarray(given, np.float32) if type(given) is float else np.asarray(given)
    if found.dtype not in _SCALES:
        raise TypeError(f"scale must be float32 or float16, got {found.dtype}; round it as scale_dtype does.")
    if not (np.isfinite(found) & (found > 0)).all():
        raise ValueError("scale must be positive and finite; a Quantizer's always is.")
    return found if bits == 4 else found.astype(np.float32)


def _zero_point(given: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    found = np.asarray(given)
    if found.dtype.kind not in "iu":
        raise TypeError(f"zero_point must be whole numbers, got {found.dtype}; round them first.")
    if found.ndim and found.shape != shape:
        raise ValueError(f"zero_point must be one number or have the scale's shape {shape}, got {found.shape}.")
    return found


def scaled_matmul(
    x: npt.NDArray[Any], weights: ScaledWeights, *, out: npt.NDArray[np.float32] | None = None, threads: int = 1
) -> npt.NDArray[np.float32]:
    """Multiply activations by packed weights: ``Σ_groups scale · Σ_k x · (q − zero_point)``, in float32.

    With int8 activations each group's sum is an exact integer and rounded once; a result's error against real numbers
    stays below 6e-7 of the largest result on ordinary data, with either kind. The float weights never exist as a whole.

    Parameters
    ----------
    x : (M, K) float32, or int8 with 4-bit weights; any memory order
        Codes of int8 count as they are: their own scale multiplies the result, their zero point is 0. With 4-bit
        weights and up to three rows, float32 is held to 24 bits of the largest of 32 neighbours.
    weights : ScaledWeights
    out : (M, N) float32, optional
        Written and returned; must not overlap `x`.
    threads : int
        At most so many at once; worth it from about 2 ms of work.

    Returns
    -------
    (M, N) float32

    Raises
    ------
    TypeError
        If `x` or `out` has another type.
    ValueError
        If a shape does not fit, or a group of more than 1,118,481 int8 activations could leave int32.

    References
    ----------
    Dettmers et al. 2022 (LLM.int8), section 2, for scales by block; ONNX Runtime MatMulNBits.

    Examples
    --------
    >>> import numpy as np
    >>> packed = pack_scaled(np.array([[1, -2], [3, 4]], np.int8), 0.5, bits=4)
    >>> scaled_matmul(np.array([[1, 2]], np.int8), packed).tolist()
    [[3.5, 3.0]]
    >>> scaled_matmul(np.array([[0.5, 1]], np.float32), packed).tolist()
    [[1.75, 1.5]]
    """
    if not isinstance(x, np.ndarray) or x.dtype not in (np.dtype(np.int8), np.dtype(np.float32)):
        raise TypeError(f"x must be an int8 or float32 array, got {describe_array(x)}; convert it first.")
    if x.ndim != 2 or x.shape[1] != weights.shape[0]:
        raise ValueError(f"x of shape {x.shape} does not fit weights {weights.shape}; x's columns are their rows.")
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}; 1 runs in the caller's own.")
    (m, k), n = x.shape, weights.shape[1]
    result = _result(out, (m, n))
    if m == 0 or n == 0 or k == 0:
        result.fill(0)
        return result
    kernel, scale = _kernel(x, weights)
    target = result if result.flags.c_contiguous else np.empty((m, n), np.float32)
    packed = (weights.codes, scale, weights.zero_point, weights.zero_step)
    operands = (*packed, np.ascontiguousarray(x), weights.group_size, target)
    panels, run = -(-n // COLUMNS), kernel.of(weights.tier).compiled
    over_ranges(lambda first, last: run(*operands, first, last), panels, min(threads, panels))
    if target is not result:
        result[...] = target
    return result


def _kernel(x: npt.NDArray[Any], weights: ScaledWeights) -> tuple[Any, npt.NDArray[Any]]:
    """Return the kernel for these operands, and the scales as it reads them."""
    rows, scale = x.shape[0], weights.scale
    if x.dtype == np.int8:
        if weights.bits == 8:
            raise TypeError("x is int8 and the weights have 8 bits; int_matmul multiplies them, and takes a scale.")
        if weights.group_size * 15 * 128 > LARGEST:
            raise ValueError(f"A sum over {weights.group_size} int8 activations could leave int32; use smaller groups.")
        if rows <= _FEW_INTEGERS:
            return digits.codes_by_rows, scale
        kernel = digits.codes_by_blocks
    elif weights.bits == 8:
        return (activations.bytes_by_rows if rows <= _FEW_REALS else activations.bytes_by_blocks), scale
    elif rows <= _FEW_REALS and _moderate(x):
        return digits.reals_by_rows, scale
    else:
        kernel = activations.nibbles_by_blocks
    return kernel, scale if scale.dtype == np.float32 else scale.view(np.float16).astype(np.float32)


def _moderate(x: npt.NDArray[Any]) -> bool:
    largest = max(float(x.max()), -float(x.min()))
    return largest == 0 or _TINY < largest < _HUGE  # False for NaN


def _result(out: Any, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    if out is None:
        return np.empty(shape, np.float32)
    if not isinstance(out, np.ndarray) or out.dtype != np.float32:
        raise TypeError(f"out must be of float32, got {describe_array(out)}; without it one is made.")
    if out.shape != shape:
        raise ValueError(f"out must have the result's shape {shape}, got {out.shape}.")
    return out
