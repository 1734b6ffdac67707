"""The NumPy twin of the library: every computation again, from its definition, slowly and in plain sight.

Nothing here imports a kernel or a formula of the library; only the Scheme, to know what is asked. Integers are
Python's, sums are exact, so that what the tests compare with has no rounding of its own where it may have none.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from quantlab import Fixed, MinMax, Percentile, PerChannel, PerGroup, Scheme

EXACT = 2**53
SMALLEST = 2**1074
FREE_ZERO_POINT = 2**31 - 1


def working_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float32 for float16, bfloat16, float32, integers up to 16 bits and bool; float64 for the rest."""
    small = dtype.name in ("float16", "bfloat16", "float32", "bool", "int8", "uint8", "int16", "uint16")
    return np.dtype("float32" if small else "float64")


# What shares a scale


def parts(shape: tuple[int, ...], scheme: Scheme) -> tuple[np.ndarray, tuple[int, ...]]:
    """The number of each element's scale (shaped as the array), and the shape of the array of scales."""
    granularity = scheme.granularity
    if isinstance(granularity, PerChannel):
        axis = granularity.axis % len(shape)
        scales = tuple(n if i == axis else 1 for i, n in enumerate(shape))
    elif isinstance(granularity, PerGroup):
        axis = granularity.axis % len(shape)
        scales = tuple(-(-n // granularity.size) if i == axis else n for i, n in enumerate(shape))
    else:
        return np.zeros(shape, int), ()
    numbers = np.zeros(shape, int)
    for index in np.ndindex(shape):
        own = list(index)
        for i in range(len(shape)):
            if scales[i] == 1:
                own[i] = 0
        if isinstance(granularity, PerGroup):
            own[axis] = index[axis] // granularity.size
        numbers[index] = np.ravel_multi_index(own, scales)
    return numbers, scales


def spread(values: Any, numbers: np.ndarray) -> np.ndarray:
    """Each element's own entry of a parameter, shaped as the array."""
    return np.ravel(values)[numbers]


# From values to a range, from a range to scale and zero point


def find_range(values: np.ndarray, scheme: Scheme) -> tuple[float, float]:
    """lo and hi of one part, in float64; MinMSE is no formula and has no twin."""
    finite = np.asarray(values, np.float64)[np.isfinite(np.asarray(values, np.float64))]
    if isinstance(scheme.range, Fixed):
        return scheme.range.lo, scheme.range.hi
    if finite.size == 0:
        return 0.0, 0.0
    if isinstance(scheme.range, Percentile):
        ends = np.percentile(finite, [100 - scheme.range.p, scheme.range.p], method="linear")
        return float(ends[0]), float(ends[1])
    assert isinstance(scheme.range, MinMax)
    return float(finite.min()), float(finite.max())


def limits(scheme: Scheme, working: np.dtype[Any]) -> np.finfo:
    return np.finfo(working if scheme.scale_dtype == "working" else scheme.scale_dtype)


def hold(scale: float, scheme: Scheme, working: np.dtype[Any]) -> tuple[np.floating, bool]:
    """Round once to scale_dtype, hold between its smallest normal and its largest number, widen."""
    info = limits(scheme, working)
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float64(scale).astype(info.dtype)
    held = min(max(rounded, info.smallest_normal), info.max)
    return working.type(held), bool(held != rounded)


def parameters(lo: float, hi: float, scheme: Scheme, working: np.dtype[Any]) -> tuple[np.floating, int, bool]:
    """Scale, zero point, and whether the scale had to be held, of one part."""
    lo, hi = float(working.type(lo)), float(working.type(hi))
    bits = scheme.bits
    if scheme.symmetric:
        absmax = max(abs(lo), abs(hi))
        divisor = {"half_range": 2 ** (bits - 1), "restricted": 2 ** (bits - 1) - 1, "full": (2**bits - 1) / 2}
        scale, held = hold(absmax / divisor[scheme.symmetric_scale] if absmax else 1.0, scheme, working)
        return scale, 0 if scheme.signed else 2 ** (bits - 1), held
    if scheme.affine_range == "include_zero":
        lo, hi = min(lo, 0.0), max(hi, 0.0)
    if lo == hi:
        step = abs(lo) or 1.0
    elif math.isinf(hi - lo):
        step = hi / (scheme.qmax - scheme.qmin) - lo / (scheme.qmax - scheme.qmin)
    else:
        step = (hi - lo) / (scheme.qmax - scheme.qmin)
    scale, held = hold(step, scheme, working)
    zero_point = scheme.qmin - int(np.rint(working.type(lo) / scale))
    least, most = scheme.qmin, scheme.qmax
    if scheme.affine_range == "free":
        least, most = -FREE_ZERO_POINT, FREE_ZERO_POINT
    return scale, min(max(zero_point, least), most), held


def quantizer(x: np.ndarray, scheme: Scheme) -> tuple[Any, Any, int]:
    """Scale, zero point and the number of held scales for an array, shaped as `Quantizer` has them."""
    working = working_type(x.dtype)
    numbers, shape = parts(x.shape, scheme)
    values = x.astype(working)
    found = [
        parameters(*find_range(values[numbers == part], scheme), scheme, working) for part in range(math.prod(shape))
    ]
    scale = np.array([s for s, _, _ in found], working).reshape(shape)
    zero_point = np.array([z for _, z, _ in found], np.int64).reshape(shape)
    return scale, zero_point, sum(held for _, _, held in found)


# From values to codes and back


def splitmix64(state: int) -> int:
    """The output that belongs to a state (Steele, Lea and Flood 2014)."""
    mask = 2**64 - 1
    z = state & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def uniform(seed: int, i: int) -> float:
    """U(i) in [0, 1): 53 bits of splitmix64, one golden-ratio step for each element."""
    return (splitmix64(seed + 0x9E3779B97F4A7C15 * (i + 1)) >> 11) * 2.0**-53


def rounded(v: np.ndarray, scheme: Scheme) -> np.ndarray:
    """v to whole numbers, in v's own type; infinities stay."""
    flat = np.ravel(v)
    if scheme.rounding == "half_even":
        return np.rint(flat)
    if scheme.rounding == "floor":
        return np.floor(flat)
    out = flat.copy()
    for i, value in enumerate(flat):
        if not np.isfinite(value):
            continue
        if scheme.rounding == "half_away":
            whole = np.floor(abs(value))
            out[i] = np.copysign(whole + (abs(value) - whole >= 0.5), value)
        else:
            whole = np.floor(value)
            out[i] = whole + (uniform(scheme.seed, i) < value - whole)
    return out


def unclamped(x: np.ndarray, scale: Any, zero_point: Any, scheme: Scheme, working: np.dtype[Any]) -> list[Any]:
    """The exact code of each value in C order before anything holds it: a Python int, ±inf, or NaN."""
    numbers, _ = parts(x.shape, scheme)
    s, z = spread(np.asarray(scale, working), numbers), spread(zero_point, numbers)
    with np.errstate(all="ignore"):
        values = x.astype(working)
        v = values * (working.type(1) / s) if scheme.division == "reciprocal" else values / s
        if scheme.zero_point_added == "before_rounding":
            v = v + z.astype(working)
            z = np.zeros_like(z)
        whole = rounded(v, scheme)
    return [int(r) + int(offset) if np.isfinite(r) else float(r) for r, offset in zip(whole, np.ravel(z), strict=True)]


def held_code(u: Any, scheme: Scheme) -> int:
    """Saturated; or wrapped modulo 2^bits into the full code range, as far as the integer is exact."""
    if scheme.overflow == "wrap" and abs(u) <= EXACT:
        lowest = -(2 ** (scheme.bits - 1)) if scheme.signed else 0
        return (u - lowest) % 2**scheme.bits + lowest
    return int(min(max(u, scheme.qmin), scheme.qmax))


def quantize(x: np.ndarray, scale: Any, zero_point: Any, scheme: Scheme, working: np.dtype[Any]) -> np.ndarray:
    codes = [held_code(u, scheme) for u in unclamped(x, scale, zero_point, scheme, working)]
    holder = f"{'int' if scheme.signed else 'uint'}{8 if scheme.bits <= 8 else 16}"
    return np.array(codes, holder).reshape(x.shape)


def dequantize(codes: np.ndarray, scale: Any, zero_point: Any, scheme: Scheme, working: np.dtype[Any]) -> np.ndarray:
    numbers, _ = parts(codes.shape, scheme)
    s, z = spread(np.asarray(scale, working), numbers), spread(zero_point, numbers)
    most = np.finfo(working).max
    with np.errstate(over="ignore"):
        x_hat = (codes.astype(np.int64) - z).astype(working) * s
    return np.clip(x_hat, -most, most)


def fake_quantize(x: np.ndarray, scale: Any, zero_point: Any, scheme: Scheme, working: np.dtype[Any]) -> np.ndarray:
    """dequantize(quantize(x)), but NaN stays."""
    is_nan = np.isnan(x.astype(working))
    codes = quantize(np.where(is_nan, 0, x.astype(working)), scale, zero_point, scheme, working)
    return np.where(is_nan, working.type(np.nan), dequantize(codes, scale, zero_point, scheme, working))


def clipped(x: np.ndarray, scale: Any, zero_point: Any, scheme: Scheme, working: np.dtype[Any]) -> np.ndarray:
    """−1 where the unclamped code lies below qmin, +1 where it lies above qmax, otherwise 0."""
    codes = unclamped(x, scale, zero_point, scheme, working)
    return np.array([(u > scheme.qmax) - (u < scheme.qmin) for u in codes], int).reshape(x.shape)


# Reports


def histogram(values: np.ndarray, lo: float, hi: float, bins: int) -> np.ndarray:
    """Counts by ``trunc((v − lo) · (bins / (hi − lo)))`` in the values' own type, held to the bins."""
    counts = np.zeros(bins, np.int64)
    real = values.dtype.type
    with np.errstate(all="ignore"):
        places = (values - real(lo)) * (real(bins) / (real(hi) - real(lo)))
    for place in places:
        counts[0 if np.isnan(place) else int(min(max(place, 0), bins - 1))] += 1
    return counts


def whole(value: float) -> int:
    """A float as a multiple of 2^−1074, of which every float64 is one: so sums and squares are exact."""
    numerator, denominator = float(value).as_integer_ratio()
    return numerator * (SMALLEST // denominator)


def ratio(numerator: int, denominator: int) -> float:
    """Rounded once; infinite where no float holds it."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf


def entropy(counts: np.ndarray) -> float:
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum()) if counts.sum() else math.nan


def figures(x: np.ndarray, x_hat: np.ndarray, scale: np.ndarray, side: np.ndarray, codes: Any, levels: Any) -> dict:
    """Error figures of flat arrays; `codes` are there for the finite values only."""
    finite = np.isfinite(x)
    n = int(finite.sum())
    out: dict[str, Any] = {"n": n, "nan_count": int(np.isnan(x).sum()), "inf_count": int(np.isinf(x).sum())}
    true, back, steps = ([whole(v) for v in values[finite]] for values in (x, x_hat, scale))
    errors = [b - t for b, t in zip(back, true, strict=True)]
    outside = side[finite] != 0
    counts = np.bincount(codes - levels[0], minlength=levels[1] - levels[0] + 1)
    out |= {"code_counts": counts, "codes_used": int(np.count_nonzero(counts)), "entropy_bits": entropy(counts)}
    out |= {"clipped_low": int((side[finite] < 0).sum()), "clipped_high": int((side[finite] > 0).sum())}
    if n == 0:
        names = "mse mse_rounding mse_clipping max_abs_error max_abs_error_steps mean_abs_error sqnr_db cosine clipped"
        return out | dict.fromkeys(names.split(), math.nan)
    signal, noise = sum(t * t for t in true), sum(e * e for e in errors)
    clipping = sum(e * e for e, far in zip(errors, outside, strict=True) if far)
    restored, product = sum(b * b for b in back), sum(t * b for t, b in zip(true, back, strict=True))
    out |= {
        "mse": ratio(noise, n * SMALLEST**2),
        "mse_clipping": ratio(clipping, n * SMALLEST**2),
        "mse_rounding": ratio(noise - clipping, n * SMALLEST**2),
        "max_abs_error": ratio(max(abs(e) for e in errors), SMALLEST),
        "max_abs_error_steps": max(ratio(abs(e), s) for e, s in zip(errors, steps, strict=True)),
        "mean_abs_error": ratio(sum(abs(e) for e in errors), n * SMALLEST),
        "sqnr_db": math.nan if not signal else 10 * (math.log10(signal) - math.log10(noise)) if noise else math.inf,
        "cosine": math.nan,
        "clipped": int(outside.sum()) / n,
    }
    if signal and restored:
        out["cosine"] = ratio(product, math.isqrt(signal * restored))
    return out


def report(x: np.ndarray, q: Any) -> dict[str, Any]:
    """The figures of `error_report`, for a quantizer's own scale and zero point; "parts" is a list of the same."""
    scheme, working = q.scheme, q.working
    numbers, shape = parts(x.shape, scheme)
    values = x.astype(working)
    arguments = q.scale, q.zero_point, scheme, working
    flat, x_hat = values.ravel(), fake_quantize(values, *arguments).ravel()
    side, scale = clipped(values, *arguments).ravel(), spread(q.scale, numbers).ravel()
    finite = np.isfinite(flat)
    codes = np.zeros(flat.shape, np.int64)
    codes[finite] = quantize(np.where(np.isfinite(values), values, 0), *arguments).ravel()[finite]
    if scheme.rounding == "stochastic":  # the codes of the finite values hang on their index alone
        assert np.array_equal(dequantize_flat(codes, q, numbers)[finite], x_hat[finite])
    ends = (q.qmin, q.qmax)
    out = figures(flat, x_hat, scale, side, codes[finite], ends)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = x_hat - flat
    out["values"] = {"all": flat[finite], "clipped": flat[finite & (side != 0)]}
    out["errors"] = {"rounding": errors[finite & (side == 0)], "clipping": errors[finite & (side != 0)]}
    own = [numbers.ravel() == part for part in range(math.prod(shape))]
    out["parts"] = [figures(flat[m], x_hat[m], scale[m], side[m], codes[m & finite], ends) for m in own]
    out["nbytes"] = nbytes(x.size, math.prod(shape), scheme, working)
    return out


def dequantize_flat(codes: np.ndarray, q: Any, numbers: np.ndarray) -> np.ndarray:
    return dequantize(codes.reshape(numbers.shape), q.scale, q.zero_point, q.scheme, q.working).ravel()


def nbytes(n: int, scales: int, scheme: Scheme, working: np.dtype[Any]) -> int:
    """Packed codes, one scale each, and for affine one zero point each (`free`: of 32 bits), up to a whole byte."""
    scale_bits = limits(scheme, working).dtype.itemsize * 8
    zero_point_bits = 0 if scheme.symmetric else 32 if scheme.affine_range == "free" else scheme.bits
    return math.ceil(Fraction(n * scheme.bits + scales * (scale_bits + zero_point_bits), 8))


# Matrix products


def int_matmul(a: np.ndarray, b: np.ndarray, a_zero: Any = 0, b_zero: Any = 0) -> np.ndarray:
    """Σ_k (a[i, k] − a_zero[i]) · (b[k, j] − b_zero[j]); in int64, so that a sum that leaves int32 shows."""
    left = a.astype(np.int64) - np.reshape(a_zero, (-1, 1)).astype(np.int64)
    return left @ (b.astype(np.int64) - np.reshape(b_zero, (1, -1)).astype(np.int64))


def scaled_weights(codes: np.ndarray, scale: Any, zero_point: Any, group_size: int) -> np.ndarray:
    """(q − z) · s in float64, which is exact: a difference of 24 bits times a scale of 24."""

    def spread_rows(parameter: Any) -> np.ndarray:
        each = np.atleast_2d(parameter)
        return np.repeat(each, group_size, axis=0)[: len(codes)] if len(each) > 1 else each

    return (codes.astype(np.int64) - spread_rows(zero_point)) * spread_rows(scale).astype(np.float64)


# How results are held against each other


def same_bits(a: Any, b: Any) -> bool:
    """Equal in type, shape and every bit; so 0.0 is not −0.0, and NaN is NaN."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
