"""The rule from a range to scale and zero point, and how a granularity lays scales over an array.

Everything here works on flat arrays with one entry a part (tensor, channel or group).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from . import kernels
from .kernels.steps import FLOOR, HALF_AWAY, HALF_EVEN, STOCHASTIC, Order
from .scheme import FREE_ZERO_POINT, Granularity, PerChannel, PerTensor, Scheme

R = TypeVar("R")
AnyArray = np.ndarray[Any, np.dtype[Any]]
Flat = np.ndarray[tuple[int], np.dtype[Any]]

_ROUNDING = {"half_even": HALF_EVEN, "half_away": HALF_AWAY, "floor": FLOOR, "stochastic": STOCHASTIC}
_DEFAULT_ORDER = ("divide", "half_even", "after_rounding", "saturate")
_NEAR = 2**23  # float32 holds the sum of such a zero point and any code exactly
_PIECE = 1 << 18  # values widened at a time where the input is of another type: 1 or 2 MB


class Grid(NamedTuple):
    """What the kernels need of a quantizer for arrays of one shape; the order of their arguments."""

    scale: Flat
    zero_point: Flat
    layout: kernels.Layout
    order: Order
    largest: Flat


@cache
def working_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float32 or float64: the type in which values of `dtype` are quantized.

    Raises
    ------
    TypeError
        For types that are no real numbers, or that neither float32 nor float64 can hold.

    Examples
    --------
    >>> working_type(np.dtype("float16")).name, working_type(np.dtype("int32")).name
    ('float32', 'float64')
    """
    if dtype.name in ("bool", "float16", "bfloat16", "float32"):  # other small floats call themselves floats too
        return np.dtype(np.float32)
    if dtype.kind in "iu":
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
    if dtype.name == "float64":
        return np.dtype(np.float64)
    raise TypeError(f"values must be real numbers of up to 64 bits, got dtype {dtype}; convert them to float32 first.")


def checked(x: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Return `x` as an array whose values its working type holds exactly.

    Raises
    ------
    TypeError, ValueError
        If the type is refused, or an integer lies beyond ±2^53.
    """
    array: AnyArray = np.asarray(x)
    if working_type(array.dtype) == np.float64 and array.dtype.kind in "iu" and array.size:
        for value in (int(array.min()), int(array.max())):
            if abs(value) > 2**53:
                raise ValueError(f"integers must lie within ±2^53, got {value}; convert the values to float64 first.")
    return array


def layout_of(shape: tuple[int, ...], granularity: Granularity) -> tuple[kernels.Layout, tuple[int, ...]]:
    """Return the layout of scales over an array, and the shape of the array of scales.

    Raises
    ------
    ValueError
        If the array has no such axis.

    Examples
    --------
    >>> layout_of((4, 6), PerChannel(axis=0))[1]
    (4, 1)
    """
    if isinstance(granularity, PerTensor):
        return kernels.per_tensor(shape), ()
    axis = granularity.axis
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} does not exist in an array of shape {shape}; use PerTensor or another axis.")
    axis %= len(shape)
    if isinstance(granularity, PerChannel):
        scales = tuple(n if i == axis else 1 for i, n in enumerate(shape))
        return kernels.per_channel(shape, axis), scales
    groups = -(-shape[axis] // granularity.size)
    return kernels.per_group(shape, axis, granularity.size), (*shape[:axis], groups, *shape[axis + 1 :])


def order_of(scheme: Scheme, zero_point: Flat) -> Order:
    """Return the scheme's steps from value to code as the kernels read them; they differ for far zero points."""
    usual = (scheme.division, scheme.rounding, scheme.zero_point_added, scheme.overflow) == _DEFAULT_ORDER
    near = scheme.symmetric or scheme.affine_range != "free" or not (np.abs(zero_point) > _NEAR).any()
    return Order(
        plain=int(usual and near),
        reciprocal=int(scheme.division == "reciprocal"),
        rounding=_ROUNDING[scheme.rounding],
        seed=scheme.seed,
        before=int(scheme.zero_point_added == "before_rounding"),
        wrap=int(scheme.overflow == "wrap"),
        qmin=scheme.qmin,
        qmax=scheme.qmax,
    )


def largest_of(working: np.dtype[Any]) -> Flat:
    """Return the largest finite number of a type, as an array of one: so the kernels learn the type with it."""
    return np.array([np.finfo(working).max], working)


def parameters(lo: Flat, hi: Flat, scheme: Scheme, working: np.dtype[Any]) -> tuple[Flat, Flat, Flat]:
    """Return scale, zero point and whether the scale had to be held at its type's limits, for each range.

    Symmetric: ``scale = absmax / d`` with d by `symmetric_scale`, ``zero_point = 0`` (unsigned: 2^(bits−1)).
    Affine: ``scale = (hi − lo) / (qmax − qmin)``, ``zero_point = clamp(qmin − rint(lo / scale))``.

    Parameters
    ----------
    lo, hi : float arrays, one entry a part
        lo > hi, or NaN, where a part has no finite value.
    scheme : Scheme
    working : dtype
        float32 or float64.

    References
    ----------
    Jacob et al. 2018, equation 3; ONNX DynamicQuantizeLinear for the affine zero point.

    Examples
    --------
    >>> scale, zero_point, held = parameters(np.array([-1.0]), np.array([3.0]), Scheme(symmetric=False), np.dtype("f8"))
    >>> float(scale[0]) == 4 / 255, zero_point.tolist(), held.tolist()
    (True, [-64], [False])
    """
    most = np.finfo(working).max
    empty = ~(lo <= hi)
    lo, hi = (np.clip(np.where(empty, 0.0, end), -most, most).astype(working).astype(np.float64) for end in (lo, hi))
    if scheme.symmetric:
        wide, alone = np.maximum(np.abs(lo), np.abs(hi)), np.zeros(len(lo), bool)
    else:
        if scheme.affine_range == "include_zero":
            lo, hi = np.minimum(lo, 0.0), np.maximum(hi, 0.0)
        alone = lo == hi
        wide = np.where(alone, np.abs(lo), 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        if scheme.symmetric:
            spread = wide / _divisor(scheme)
        else:
            steps = scheme.qmax - scheme.qmin
            spread = np.where(np.isfinite(hi - lo), (hi - lo) / steps, hi / steps - lo / steps)
            spread = np.where(alone, wide, spread)
        spread = np.where(wide == 0, 1.0, spread)
        scale, held = hold_scale(spread, scheme, working)
    if scheme.symmetric:
        return scale, np.full(len(lo), symmetric_zero_point(scheme), np.int64), held
    bound = 2.0**40  # beyond every zero point, and exact
    steps_to_lo = np.clip(np.rint(lo.astype(working) / scale).astype(np.float64), -bound, bound).astype(np.int64)
    least, greatest = zero_point_limits(scheme)
    return scale, np.clip(scheme.qmin - steps_to_lo, least, greatest), held


def covering(lo: Flat, hi: Flat, scheme: Scheme) -> tuple[Flat, Flat]:
    """Return for each range the one, as wide or wider, whose end codes reach lo and hi: beyond it no error can shrink.

    Symmetric: where ``absmax / d`` puts the top code short of absmax, as with ``d = 2^(bits−1)``, or `scale_dtype`
    rounds the scale down. Affine: as far as rounding the zero point moves the grid, half a step; as a zero point at
    its limits needs; and to 0 where the codes must hold it, which a clamped zero point comes to.

    Parameters
    ----------
    lo, hi : float64 arrays, one entry a part
    scheme : Scheme

    Examples
    --------
    >>> lo, hi = covering(np.array([-1.0]), np.array([7.0]), Scheme(bits=4))
    >>> lo.tolist(), hi.tolist()
    ([-8.0], [8.0])
    """
    most = np.finfo(np.float64).max
    coarse = 1 + float(np.finfo(np.float16).eps) * (scheme.scale_dtype == "float16")
    if scheme.symmetric:
        zero_point, wide = symmetric_zero_point(scheme), np.maximum(np.abs(lo), np.abs(hi))
        with np.errstate(over="ignore"):
            for end, codes in ((-lo, zero_point - scheme.qmin), (hi, scheme.qmax - zero_point)):
                if codes:  # one bit has codes on one side of 0 only
                    wide = np.maximum(wide, end * (_divisor(scheme) / codes * coarse))
        wide = np.minimum(wide, most)
        return -wide, wide
    with_zero, steps = scheme.affine_range != "free", scheme.qmax - scheme.qmin
    if with_zero:
        lo, hi = np.minimum(lo, 0.0), np.maximum(hi, 0.0)
    still_lo, still_hi = with_zero & (lo == 0), with_zero & (hi == 0)  # 0 has a code: such an end stays
    fewer = np.where(still_lo | still_hi, steps, max(steps - 1, 0.5))
    far = np.maximum(-lo, hi) / (FREE_ZERO_POINT // 2)
    with np.errstate(over="ignore"):
        wide = np.maximum(hi / fewer - lo / fewer, far) * (steps * coarse)
        beyond = (wide - (hi - lo)) / np.where(still_lo | still_hi, 1, 2)
        beyond = np.where(beyond > 0, beyond, 0.0)
        return (
            np.where(still_lo, lo, np.maximum(lo - beyond, -most)),
            np.where(still_hi, hi, np.minimum(hi + beyond, most)),
        )


def checked_parameters(scale: Any, zero_point: Any, scheme: Scheme) -> tuple[AnyArray, AnyArray]:
    """Return a given scale and zero point as arrays that a quantizer of this scheme can work with.

    Raises
    ------
    TypeError, ValueError
        One sentence on what does not fit.

    Examples
    --------
    >>> checked_parameters(0.5, 3, Scheme(symmetric=False))[1].tolist()
    3
    """
    s, z = np.asarray(scale), np.asarray(zero_point)
    if s.dtype.kind != "f":
        raise TypeError(f"scale must be a float, got dtype {s.dtype}; convert it to float32.")
    if z.dtype.kind not in "iu":
        raise TypeError(f"zero_point must be an integer, got dtype {z.dtype}; round it first.")
    if s.shape != z.shape:
        raise ValueError(f"zero_point of shape {z.shape} does not match scale of shape {s.shape}; give both alike.")
    if isinstance(scheme.granularity, PerTensor) and s.size != 1:
        raise ValueError(f"PerTensor takes one scale, got shape {s.shape}; use PerChannel or PerGroup.")
    if s.size and not (np.isfinite(s).all() and (s > 0).all()):
        raise ValueError(f"scale must be positive and finite, got {s[~(np.isfinite(s) & (s > 0))].flat[0]}; mend it.")
    least, greatest = (symmetric_zero_point(scheme),) * 2 if scheme.symmetric else zero_point_limits(scheme)
    if z.size and (int(z.min()) < least or int(z.max()) > greatest):
        wrong = int(z.min()) if int(z.min()) < least else int(z.max())
        raise ValueError(f"zero_point must lie within {least} to {greatest}, got {wrong}; use another scheme.")
    return s, z


def hold_scale(scale: Flat, scheme: Scheme, working: np.dtype[Any]) -> tuple[Flat, Flat]:
    """Round scales once to the scheme's `scale_dtype` and hold them between its smallest normal and its largest."""
    kept = np.dtype(working if scheme.scale_dtype == "working" else scheme.scale_dtype)
    limits = np.finfo(kept)
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.asarray(scale, np.float64).astype(kept)
    inside = np.clip(rounded, limits.smallest_normal, limits.max)
    return inside.astype(working), inside != rounded


def scale_bytes(scheme: Scheme, working: np.dtype[Any]) -> int:
    """Return the size of one stored scale in bytes."""
    return np.dtype(working if scheme.scale_dtype == "working" else scheme.scale_dtype).itemsize


def symmetric_zero_point(scheme: Scheme) -> int:
    """Return the code of real 0 on a symmetric grid: 0, or the middle of unsigned codes."""
    return 0 if scheme.signed else 2 ** (scheme.bits - 1)


def zero_point_limits(scheme: Scheme) -> tuple[int, int]:
    """Return the smallest and the greatest zero point of an affine grid."""
    if scheme.affine_range == "free":
        return -FREE_ZERO_POINT, FREE_ZERO_POINT
    return scheme.qmin, scheme.qmax


def _divisor(scheme: Scheme) -> float:
    half = 2.0 ** (scheme.bits - 1)
    return {"half_range": half, "restricted": half - 1, "full": half - 0.5}[scheme.symmetric_scale]


def sweep(
    x: AnyArray,
    working: np.dtype[Any],
    new: Callable[[], R],
    work: Callable[[R, Flat, int, int, int], None],
    threads: int | None = None,
) -> list[R]:
    """Call ``work(own, values, origin, start, stop)`` until all of `x` was seen; return what was each thread's own.

    `own` comes from `new` and is touched by one thread only. `values` are flat and in the working type, `origin` is the
    C-order index of the first of them. An array of the working type is read where it is (if it is contiguous); others
    are widened piece by piece, each thread its own.
    """
    flat = np.ascontiguousarray(x).reshape(-1)
    ready = flat.dtype == working and flat.dtype.isnative

    def over(start: int, stop: int) -> R:
        own = new()
        if ready:
            work(own, flat, 0, start, stop)
            return own
        for at in range(start, stop, _PIECE):
            with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, and saturates
                piece = flat[at : min(at + _PIECE, stop)].astype(working)
            work(own, piece, at, 0, len(piece))
        return own

    return kernels.over_ranges(over, flat.size, threads)


def receiver(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], name: str, beside: AnyArray) -> AnyArray:
    """Return the array that results go to: a new one, or `out` where it can take them.

    Raises
    ------
    TypeError, ValueError
        If `out` is no array of this shape and dtype, not C-contiguous, read-only, or overlaps `beside`, which is read.
    """
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(out).__name__}; make one with np.empty.")
    array: AnyArray = out
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"{name} must have shape {shape} and dtype {dtype}, got {array.shape} and {array.dtype}; "
            "make it with np.empty."
        )
    if not (array.flags.c_contiguous and array.flags.writeable):
        wrong = "read-only" if array.flags.c_contiguous else "not C-contiguous"
        raise ValueError(f"{name} must be C-contiguous and writable, got an array that is {wrong}; pass a plain one.")
    if np.may_share_memory(array, beside):
        raise ValueError(f"{name} must not overlap what is read, got memory of the input; pass an array of its own.")
    return array
