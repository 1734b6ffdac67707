"""From an int32 accumulator back to 8 bits: a float multiplier, or the fixed-point one of integer-only engines.

Per tensor, per row or per column, by what broadcasts over the accumulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from quantlab.scheme import Scheme

FixedPointRounding = Literal["twice", "once"]
Integers = npt.NDArray[np.int64]

_LEAST, _MOST = -(2**31), 2**31 - 1
_MANTISSA = 31  # bits behind the point of a fixed-point multiplier
_FAR = 2.0**40  # beyond every code and zero point, and exact


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """Multipliers ``multiplier · 2^(shift − 31)`` for engines without floats, made by `fixed_point`.

    Attributes
    ----------
    multiplier : int32 array
        2^30 to 2^31 − 1, so that all 31 bits count; or 0.
    shift : int32 array of its shape
        −31 to 30: to the left where positive.
    rounding : {"twice", "once"}
    """

    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int32]
    rounding: FixedPointRounding

    @property
    def value(self) -> npt.NDArray[np.float64]:
        """The numbers that the accumulator is multiplied by, exact."""
        return np.ldexp(self.multiplier.astype(np.float64), self.shift - _MANTISSA)


def requantization_multiplier(scale_a: Any, scale_b: Any, scale_out: Any) -> Any:
    """Return ``(scale_a · scale_b) / scale_out``: how many steps of the output one step of the accumulator is.

    Parameters
    ----------
    scale_a, scale_b, scale_out : positive floats, NumPy scalars or arrays that broadcast
        (M, 1) for A by row, (1, N) for B by column. Their widest type is that of the result, and of the arithmetic of
        `requantize`: float32 scales give a float32 multiplier, as in ONNX Runtime.

    Returns
    -------
    float32 or float64 scalar or array

    Raises
    ------
    TypeError
        If a scale is no float.
    ValueError
        If a multiplier is not positive and finite.

    References
    ----------
    Jacob et al. 2018, equation 5.

    Examples
    --------
    >>> float(requantization_multiplier(0.5, 0.25, 2.0))
    0.0625
    """
    scales = [np.asarray(scale) for scale in (scale_a, scale_b, scale_out)]
    for name, scale in zip(("scale_a", "scale_b", "scale_out"), scales, strict=True):
        if scale.dtype.kind != "f":
            raise TypeError(f"{name} must be a float, got dtype {scale.dtype}; a Quantizer's is.")
    working = np.result_type(*scales, np.float32)
    a, b, out = (scale.astype(working) for scale in scales)
    with np.errstate(all="ignore"):
        found = a * b / out
    return _positive(found)


def fixed_point(multiplier: Any, rounding: FixedPointRounding = "twice") -> FixedPoint:
    """Return the 31-bit multiplier and shift nearest to a float multiplier.

    ``multiplier = f · 2^shift`` with f from ½ to 1, and ``rint(f · 2^31)``, ties away from zero. Below 2^−32 both are
    0: all bits would be shifted out.

    Parameters
    ----------
    multiplier : positive float or float array, below 2^30
    rounding : {"twice", "once"}
        How `requantize` rounds with it. "twice": the upper half of the doubled 64-bit product, ties up, and then the
        shift, ties away from zero (gemmlowp, TensorFlow Lite). "once": half up, on the 64-bit product (TensorFlow
        Lite's TFLITE_SINGLE_ROUNDING).

    Raises
    ------
    TypeError, ValueError
        If a multiplier is not positive, finite and below 2^30, or `rounding` is neither.

    References
    ----------
    TensorFlow Lite, QuantizeMultiplier and MultiplyByQuantizedMultiplier; Jacob et al. 2018, section 2.2.

    Examples
    --------
    >>> half = fixed_point(0.5)
    >>> half.multiplier.item() == 2**30, half.shift.item(), half.value.item()
    (True, 0, 0.5)
    """
    if rounding not in get_args(FixedPointRounding):
        raise ValueError(f"rounding must be twice or once, got {rounding!r}; choose one of the two.")
    found = np.asarray(multiplier)
    if found.dtype.kind != "f":
        raise TypeError(f"multiplier must be a float, got dtype {found.dtype}; a ratio of scales is.")
    real = np.asarray(_positive(found), np.float64)
    if (real >= 2.0**30).any():
        raise ValueError(f"multiplier must be below 2^30, got {real.max()}; an output step so fine needs no integers.")
    fraction, shift = np.frexp(real)
    mantissa = np.floor(np.ldexp(fraction, _MANTISSA) + 0.5).astype(np.int64)  # exact, so ties of positives go away
    wide = mantissa == 2**_MANTISSA
    mantissa, shift = np.where(wide, mantissa // 2, mantissa), np.where(wide, shift + 1, shift)
    kept = shift >= -_MANTISSA
    return FixedPoint(np.where(kept, mantissa, 0).astype(np.int32), np.where(kept, shift, 0).astype(np.int32), rounding)


def quantize_bias(bias: Any, scale_a: Any, scale_b: Any) -> npt.NDArray[np.int32]:
    """Return a bias in steps of the accumulator, ``rint(bias / (scale_a · scale_b))``, ties to even, zero point 0.

    Parameters
    ----------
    bias : (N,) floats, finite
    scale_a : positive float
        One: a bias is added to every row alike.
    scale_b : positive float, or N of them in any shape
        Of the weights, per tensor or per column.

    Returns
    -------
    (N,) int32, held to its range

    Raises
    ------
    TypeError, ValueError
        If the bias is not finite or has not one entry a column, or `scale_a` is not one number.

    References
    ----------
    Jacob et al. 2018, equation 11.

    Examples
    --------
    >>> quantize_bias([1.0, -0.3], 0.5, 0.25).tolist()
    [8, -2]
    """
    values, a, b = np.asarray(bias, np.float64), np.asarray(scale_a, np.float64), np.asarray(scale_b, np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"bias must be finite numbers along one axis, got shape {values.shape}; mend it.")
    if a.size != 1 or b.size not in (1, len(values)):
        raise ValueError(
            f"A bias of {len(values)} needs one scale_a and one scale_b or {len(values)}, got {a.size} and {b.size}; "
            "quantize activations per tensor where there is a bias."
        )
    with np.errstate(all="ignore"):
        steps = np.rint(values / (a.reshape(-1) * b.reshape(-1)))
    # 0 / 0 is a bias of nothing in steps of nothing.
    held: npt.NDArray[np.int32] = np.clip(np.nan_to_num(steps, nan=0.0), _LEAST, _MOST).astype(np.int32)
    return held


def requantize(
    accumulator: Any,
    multiplier: Any,
    zero_point: Any,
    scheme: Scheme = Scheme(),
    *,
    bias: Any = None,
    relu: bool = False,
) -> npt.NDArray[Any]:
    """Return the codes of an accumulator: ``clamp(round((accumulator + bias) · multiplier) + zero_point, qmin, qmax)``.

    Parameters
    ----------
    accumulator : integers within int32
    multiplier : float or float array that broadcasts over it; or a FixedPoint
        float32: the accumulator is rounded to float32 first, as in ONNX Runtime. Ties of the product go to even. A
        FixedPoint rounds as it says and uses integers only; a left shift that leaves int32 saturates.
    zero_point : int, or integers that broadcast
        Of the output.
    scheme : Scheme
        Its `bits`, `signed` and `narrow_range` give qmin, qmax and the type of the result.
    bias : integers within int32 that broadcast, optional
        From `quantize_bias`. The sum is held to int32.
    relu : bool
        Clamp at the zero point from below, which is real 0: an activation that costs nothing.

    Returns
    -------
    array of ``scheme.dtype``

    Raises
    ------
    TypeError, ValueError
        One sentence where a number is no integer, lies outside of int32, or shapes do not broadcast.

    References
    ----------
    ONNX QLinearMatMul; Jacob et al. 2018, sections 2.2 and 2.4; gemmlowp, SaturatingRoundingDoublingHighMul and
    RoundingDivideByPOT.

    Examples
    --------
    >>> requantize([5, -5, 6, 4000], 0.25, 0).tolist()
    [1, -1, 2, 127]
    >>> requantize([5, -5, 6, 4000], fixed_point(0.25), 0).tolist()  # 5 / 2 becomes 3, and 3 / 2 becomes 2
    [2, -1, 2, 127]
    >>> requantize([-100, 100], 0.25, 10, Scheme(symmetric=False, signed=False), relu=True).tolist()
    [10, 35]
    """
    total, zero, added = (
        _int32(values, name)
        for values, name in (
            (accumulator, "accumulator"),
            (zero_point, "zero_point"),
            (0 if bias is None else bias, "bias"),
        )
    )
    by = multiplier.multiplier if isinstance(multiplier, FixedPoint) else np.asarray(multiplier)
    for name, shape in (("multiplier", by.shape), ("zero_point", zero.shape), ("bias", added.shape)):
        _require_broadcast(name, shape, total.shape)
    total = np.clip(total + added, _LEAST, _MOST)
    steps = _shifted(total, multiplier) if isinstance(multiplier, FixedPoint) else _multiplied(total, by)
    lowest = np.clip(zero, scheme.qmin, scheme.qmax) if relu else scheme.qmin
    codes: npt.NDArray[Any] = np.clip(steps + zero, lowest, scheme.qmax).astype(scheme.dtype)
    return codes


def _multiplied(total: Integers, multiplier: npt.NDArray[Any]) -> Integers:
    if multiplier.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"multiplier must be float32, float64 or a FixedPoint, got dtype {multiplier.dtype}; convert it."
        )
    with np.errstate(over="ignore"):
        steps = np.rint(total.astype(multiplier.dtype) * _positive(multiplier)).astype(np.float64)
    found: Integers = np.clip(steps, -_FAR, _FAR).astype(np.int64)
    return found


def _shifted(total: Integers, by: FixedPoint) -> Integers:
    multiplier, shift = by.multiplier.astype(np.int64), by.shift.astype(np.int64)
    found: Integers
    if by.rounding == "once":
        behind = _MANTISSA - shift  # 1 to 62, and the sum is at most 2^62 + 2^61: within int64
        found = np.clip((total * multiplier + (np.int64(1) << (behind - 1))) >> behind, _LEAST, _MOST)
        return found
    moved = np.clip(total << np.maximum(shift, 0), _LEAST, _MOST)
    # SRDHM divides by 2^31 towards zero after a nudge of half of it: ties go up, for either sign.
    high = (moved * multiplier + 2 ** (_MANTISSA - 1)) >> _MANTISSA
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    found = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))
    return found


def _int32(values: Any, name: str) -> Integers:
    found = np.asarray(values)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got dtype {found.dtype}; quantize it first.")
    if found.size and not _LEAST <= int(found.min()) <= int(found.max()) <= _MOST:
        raise ValueError(f"{name} must lie within int32, got {found.min()} to {found.max()}; split the sum.")
    return found.astype(np.int64)


def _require_broadcast(name: str, shape: tuple[int, ...], full: tuple[int, ...]) -> None:
    ends = zip(shape[::-1], full[::-1], strict=False)
    if len(shape) > len(full) or any(here not in (1, there) for here, there in ends):
        raise ValueError(
            f"{name} of shape {shape} does not broadcast over an accumulator of shape {full}; give one a column."
        )


def _positive(multiplier: Any) -> Any:
    found = np.asarray(multiplier)
    wrong = ~(np.isfinite(found) & (found > 0))
    if wrong.any():
        raise ValueError(
            f"multiplier must be positive and finite, got {found[wrong].flat[0]}; use scales nearer to each other."
        )
    return multiplier
