"""Values to codes and back: quantize, dequantize, fake_quantize.

Inputs are flat and C-contiguous; `origin` is the index of x[0] in the whole array, so that arrays of other types can be
widened piece by piece. The kernels trust their arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .codes import LEAST, STRIDE, WORTH_PROVING, packed, proven
from .compilation import inner, kernel, read_only, tiered_kernel, written
from .layout import LAYOUT, Layout, run_at
from .steps import BLOCK, ORDER, Order, buffers, laid_out, next_codes, of, plain_code, real, spread, stretch, unclamped
from .tiers import fuses

_PIECE = 1 << 16  # codes that are narrowed at a time
_CODES = np.float32(1 << 16)  # beyond every code of 16 bits
_CHUNK = 1 << 14  # values that are looked at again where one of them may be NaN


def saturated(code: Any, out: Any) -> Any:
    """Return an int32 held to the range of out's type, which changes no code."""
    limits = np.iinfo(out.dtype)
    return min(max(code, limits.min), limits.max)


@overload(saturated, strict=False)
def _saturated(code: Any, out: Any) -> Any:
    # With its limits as constants a cast becomes one instruction for many codes, otherwise a dozen.
    if out.dtype == types.int8:
        return lambda code, out: min(max(code, np.int32(-128)), np.int32(127))
    if out.dtype == types.uint8:
        return lambda code, out: min(max(code, np.int32(0)), np.int32(255))
    if out.dtype == types.int16:
        return lambda code, out: min(max(code, np.int32(-32768)), np.int32(32767))
    return lambda code, out: min(max(code, np.int32(0)), np.int32(65535))


@inner
def _store(x: Any, at: Any, n: int, s: Any, z: Any, order: Order, out: Any) -> Any:
    """Fill out[at:] with the codes of x[at:]; return how many NaN there were. s, z: numbers, or one for each value."""
    lo, hi, nans = x.dtype.type(order.qmin), x.dtype.type(order.qmax), np.int32(0)
    for k in range(np.uint64(n)):
        v = x[at + k]
        code = plain_code(v, of(s, k), x.dtype.type(of(z, k)), lo, hi)[1]
        out[at + k] = saturated(np.int32(code), out)
        nans = np.int32(nans + (v != v))
    return nans


def _plain_codes(tier: int) -> Any:
    """Fill out[start:stop] with codes in the default order; return how many NaN there were, and where the first stood.

    Where there was none, −1.
    """
    fused = int(fuses())

    def plain_codes(
        x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
    ) -> tuple[int, int]:
        run, fresh, at = run_at(layout, origin + start), True, start
        laid = laid_out(layout, run, origin + stop)
        s, z = np.empty(laid, x.dtype), np.empty(laid, np.int32)
        nans, first = 0, -1
        while at < stop:
            n, after = stretch(layout, run, origin + at, origin + stop)
            if n:
                own, offset = scale[run.first], zero[run.first]
                done, high, low = 0, x.dtype.type(0), x.dtype.type(0)
                if fused and n >= WORTH_PROVING:
                    high, low = proven(x, own, offset, order, out)
                while done < n:
                    here, least = np.uint64(at + done), LEAST
                    m = min(_CHUNK, n - done)
                    if high != 0 and m >= STRIDE:
                        m -= m % STRIDE
                        least = packed(tier, x, here, m, high, low, offset, order.qmin, order.qmax, out)
                    if least == LEAST:
                        found = _store(x, here, m, own, offset, order, out)
                        if found and nans == 0:
                            first = origin + _first_nan(x, at + done)
                        nans += found
                    done += m
            else:
                n, after = spread(layout, run, origin + at, origin + stop, fresh, scale, zero, s, z)
                found = _store(x, np.uint64(at), n, s, z, order, out)
                if found and nans == 0:
                    first = origin + _first_nan(x, at)
                nans += found
            run, fresh, at = after, after.end != run.end or n > BLOCK, at + n
        return nans, first

    return plain_codes


def _stepped_codes(
    x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
) -> tuple[int, int]:
    """Fill out with the codes of x[start:stop] in any order, as `_plain_codes`."""
    s, z, code, excess, v, u = buffers(x)
    run, fresh, at = run_at(layout, origin + start), True, start
    nans, first = 0, -1
    while at < stop:
        n, after = next_codes(x, origin, at, stop, scale, zero, layout, order, run, fresh, s, z, code, excess, v, u)
        found = 0
        for k in range(n):
            out[at - start + k] = np.int32(code[k])
            found += excess[k] != excess[k]
        if found and nans == 0:
            first = _first_nan(x, at)
        nans += found
        run, fresh, at = after, after.end != run.end, at + n
    return nans, first if first < 0 else origin + first


@inner
def _first_nan(x: Any, at: int) -> int:
    while not np.isnan(x[at]):
        at += 1
    return at


def _unclamped_codes(
    x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
) -> None:
    """Fill out[start:stop] with the exact codes before they are held to the code range."""
    s, z, _, _, v, u = buffers(x)
    run, fresh, at = run_at(layout, origin + start), True, start
    while at < stop:
        n, after = spread(layout, run, origin + at, origin + stop, fresh, scale, zero, s, z)
        unclamped(x, np.uint64(at), n, origin + at, s, z, order, v, u)
        out[at : at + n] = u[:n]
        run, fresh, at = after, after.end != run.end, at + n


@inner
def _restore_plain(
    x: Any, at: Any, n: int, s: Any, z: Any, order: Order, largest: Any, out: Any, inside: Any, there: Any
) -> None:
    """Fill out[at:] and inside[there:] from values in one loop."""
    lo, hi = x.dtype.type(order.qmin), x.dtype.type(order.qmax)
    for k in range(np.uint64(n)):
        v, zero = x[at + k], x.dtype.type(z[k])
        free, held = plain_code(v, s[k], zero, lo, hi)
        out[at + k] = real(held, zero, s[k], largest) if v == v else v
        inside[there + k] = free == held


@inner
def _restore(
    x: Any, at: Any, n: int, code: Any, excess: Any, s: Any, z: Any, largest: Any, out: Any, inside: Any, there: Any
) -> None:
    for k in range(np.uint64(n)):
        x_hat = real(np.int64(code[k]), np.int64(z[k]), s[k], largest)
        out[at + k] = x_hat if x[at + k] == x[at + k] else x[at + k]
        inside[there + k] = excess[k] == 0


def _fake_quantize(
    x: Any,
    origin: int,
    start: int,
    stop: int,
    scale: Any,
    zero: Any,
    layout: Layout,
    order: Order,
    largest: Any,
    out: Any,
    mask: Any,
) -> None:
    """Fill out[start:stop] with (code − z) · s, NaN staying NaN; and mask, unless empty, with what was not clipped."""
    s, z, code, excess, v, u = buffers(x)
    wanted = len(mask) > 0
    inside = mask if wanted else np.empty(BLOCK, np.bool_)
    run, fresh, at = run_at(layout, origin + start), True, start
    while at < stop:
        here, there = np.uint64(at), np.uint64(at if wanted else 0)
        if order.plain:
            n, after = spread(layout, run, origin + at, origin + stop, fresh, scale, zero, s, z)
            _restore_plain(x, here, n, s, z, order, largest[0], out, inside, there)
        else:
            n, after = next_codes(x, origin, at, stop, scale, zero, layout, order, run, fresh, s, z, code, excess, v, u)
            _restore(x, here, n, code, excess, s, z, largest[0], out, inside, there)
        run, fresh, at = after, after.end != run.end, at + n


@inner
def _decode(codes: Any, at: Any, n: int, s: Any, z: Any, order: Order, largest: Any, out: Any) -> None:
    if order.plain and codes.itemsize <= 2:
        for k in range(np.uint64(n)):
            out[at + k] = real(out.dtype.type(codes[at + k]), out.dtype.type(z[k]), s[k], largest)
    else:
        for k in range(np.uint64(n)):
            out[at + k] = real(np.int64(codes[at + k]), np.int64(z[k]), s[k], largest)


@inner
def _stays(codes: Any, s: Any, z: Any, order: Order, largest: Any) -> bool:
    """Tell whether no code of one part leaves the working type, which holds every difference exactly."""
    return order.plain > 0 and codes.itemsize <= 2 and (_CODES + abs(type(s)(z))) * s < largest


@inner
def _decode_staying(codes: Any, at: Any, n: int, s: Any, z: Any, out: Any) -> None:
    """As `_decode`, for one part that stays within the type."""
    for k in range(np.uint64(n)):
        out[at + k] = (out.dtype.type(codes[at + k]) - z) * s


def _dequantize(
    codes: Any, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, largest: Any, out: Any
) -> None:
    """Fill out[start:stop] with (code − z) · s."""
    run, fresh, at = run_at(layout, start), True, start
    one = laid_out(layout, run, stop) == 0 and _stays(codes, scale[run.first], zero[run.first], order, largest[0])
    laid = 0 if one else BLOCK
    s, z = np.empty(laid, out.dtype), np.empty(laid, np.int32)
    while at < stop:
        n, after = stretch(layout, run, at, stop)
        if n and _stays(codes, scale[run.first], zero[run.first], order, largest[0]):
            _decode_staying(codes, np.uint64(at), n, scale[run.first], out.dtype.type(zero[run.first]), out)
        else:
            n, after = spread(layout, run, at, stop, fresh, scale, zero, s, z)
            _decode(codes, np.uint64(at), n, s, z, order, largest[0], out)
        run, fresh, at = after, after.end != run.end or n > BLOCK, at + n


_WORKING = (types.float32, types.float64)
_PLACE = (types.int64, types.int64, types.int64)  # origin, start, stop


def _grid(t: Any) -> tuple[Any, Any, Any, Any]:
    return read_only(t), read_only(types.int32), LAYOUT, ORDER


plain_codes = tiered_kernel(
    *(
        (read_only(t), *_PLACE, *_grid(t), written(codes))
        for t in _WORKING
        for codes in (types.int8, types.uint8, types.int16, types.uint16)
    )
)(_plain_codes)
stepped_codes = kernel(
    *((read_only(t), *_PLACE, *_grid(t), written(types.int32)) for t in _WORKING),
)(_stepped_codes)
unclamped_codes = kernel(
    *((read_only(t), *_PLACE, *_grid(t), written(types.int64)) for t in _WORKING),
)(_unclamped_codes)
fake_quantize = kernel(
    *((read_only(t), *_PLACE, *_grid(t), read_only(t), written(t), written(types.boolean)) for t in _WORKING),
)(_fake_quantize)
dequantize = kernel(
    *(
        (read_only(codes), *_PLACE[1:], *_grid(t), read_only(t), written(t))
        for t in _WORKING
        for codes in (types.int8, types.uint8, types.int16, types.uint16, types.int64)
    )
)(_dequantize)


def quantize(
    x: Any, origin: int, start: int, stop: int, scale: Any, zero: Any, layout: Layout, order: Order, out: Any
) -> tuple[int, int]:
    """Fill out[start:stop] with codes; return how many NaN there were, and where the first one stood (or −1)."""
    if order.plain:
        plain: tuple[int, int] = plain_codes.compiled(x, origin, start, stop, scale, zero, layout, order, out)
        return plain
    # The other orders are compiled once for all types of codes, and narrowed while they are still in the cache.
    nans, first = 0, -1
    for at in range(start, stop, _PIECE):
        codes = np.empty(min(_PIECE, stop - at), np.int32)
        found, where = stepped_codes(x, origin, at, at + len(codes), scale, zero, layout, order, codes)
        out[at : at + len(codes)] = codes
        nans, first = nans + found, first if nans else where
    return nans, first
