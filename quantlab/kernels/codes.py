"""Values to codes of 8 bits, a vector at a time: multiplied where the product is proven to round as the quotient does.

A division takes longer than all other steps from a value to its code together. With 1 / s as the sum of two float32,
``fma(x, high, x · low)`` misses x / s by less than 2^-46 of it, and so rounds to the same whole number but for values
right beside a half; whether any of those differs is tried out for the scale at hand, at every half between two codes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import overload

from .compilation import inner
from .ranges import signed_bits
from .steps import BLOCK, Order
from .tiles import by_number
from .vectors import F32, I8, I16, I32, Loop, constant, emitted, instruction, join, load, offset, pointer, splat, store

STRIDE = 64  # values that one turn of the loop takes
WORTH_PROVING = 1 << 15  # values of one scale, below which the proof takes longer than it saves
LEAST = -(1 << 15)
_FARTHEST = 1 << 14  # zero point: with it, what saturates at 16 bits still lies beyond the codes
_TINY, _HUGE = 2.0**-24, 2.0**100  # scales between which |low| < 1, so that x · low is finite, and no half underflows
_NEIGHBOURS = 3  # floats on either side of a half, in which both ways have certainly passed it
_WIDE = 2.0**30  # exact, and within int32
_CONVERT = {16: "llvm.x86.avx512.mask.cvtps2dq.512", 8: "llvm.x86.avx.cvt.ps2dq.256"}
_TO_16 = {16: "llvm.x86.avx512.packssdw.512", 8: "llvm.x86.avx2.packssdw"}
_TO_8 = {
    (16, True): "llvm.x86.avx512.packsswb.512",
    (16, False): "llvm.x86.avx512.packuswb.512",
    (8, True): "llvm.x86.avx2.packsswb",
    (8, False): "llvm.x86.avx2.packuswb",
}
_X86 = ("avx512vnni", "avxvnni", "avx2")


@emitted
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a · b + c, rounded once."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return a(a, b, c), emit


@inner
def reciprocal(x: Any, s: Any, z: Any, order: Order) -> Any:
    """Return 1 / s as two numbers whose product with every value rounds as its quotient by s does; zeros if unproven.

    Monotone both ways, they can part only where one of them passes a half and the other does not yet.
    """
    one, levels = x.dtype.type(1), order.qmax - order.qmin + 2
    high = one / s
    low = fma(-high, s, one) / s
    if not (_TINY < s < _HUGE) or levels > BLOCK or abs(z) > _FARTHEST:
        return x.dtype.type(0), x.dtype.type(0)
    halves, near = np.empty(BLOCK, x.dtype), np.empty(BLOCK, x.dtype)
    bits, moved = signed_bits(halves), signed_bits(near)
    first = x.dtype.type(order.qmin - z) - x.dtype.type(0.5)
    for k in range(np.uint64(levels)):
        halves[k] = (first + x.dtype.type(k)) * s
    wrong = 0
    for d in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
        for k in range(np.uint64(levels)):
            moved[k] = bits[k] + d
        for k in range(np.uint64(levels)):
            wrong += np.rint(near[k] / s) != np.rint(fma(near[k], high, near[k] * low))
    return (x.dtype.type(0), x.dtype.type(0)) if wrong else (high, low)


def proven(x: Any, s: Any, z: Any, order: Order, out: Any) -> tuple[float, float]:
    """Return `reciprocal` where `packed` takes these types, zeros elsewhere, at no cost."""
    return (0.0, 0.0)


@overload(proven, strict=False)
def _proven(x: Any, s: Any, z: Any, order: Any, out: Any) -> Any:
    if x.dtype == types.float32 and out.dtype in (types.int8, types.uint8):
        return lambda x, s, z, order, out: reciprocal(x, s, z, order)
    return lambda x, s, z, order, out: (x.dtype.type(0), x.dtype.type(0))


@emitted
def packed(
    typing: Any, tier: Any, x: Any, at: Any, n: Any, high: Any, low: Any, z: Any, qmin: Any, qmax: Any, out: Any
) -> Any:
    """Fill out[at:] with the codes of n values from x[at:]; return the least rounded quotient, at least −2^15.

    At −2^15 there may be NaN, whose code is not told apart from that of a large negative value.

    Parameters
    ----------
    tier : literal int
    x : float32 array
    n : int
        A multiple of STRIDE, and not 0.
    high, low : float32
        What `reciprocal` proved.
    z, qmin, qmax : int64
    out : int8 or uint8 array
        For other types of x or out nothing is filled, and −2^15 returned.
    """
    its = by_number(tier.literal_value)
    lanes = 16 if its.lanes == 16 else 8
    signed, x86 = out.dtype == types.int8, its.name in _X86
    floats, words = ir.VectorType(F32, lanes), ir.VectorType(I32, lanes)
    halves, quarters = ir.VectorType(I16, 2 * lanes), ir.VectorType(I8, 4 * lanes)

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        if x.dtype != types.float32 or out.dtype not in (types.int8, types.uint8):
            return constant(LEAST)
        source, target = (pointer(b, context, signature, arguments, n) for n in (1, 9))
        _, _, place, count, upper, lower, zero, least, most, _ = arguments
        upper, lower = splat(b, upper, lanes), splat(b, lower, lanes)
        zero = splat(b, b.trunc(zero, I16), 2 * lanes)
        least, most = (splat(b, b.trunc(end, I8), 4 * lanes) for end in (least, most))
        loop = Loop(b, [offset(b, source, place, 4), offset(b, target, place), ir.Constant(halves, [0] * 2 * lanes)])
        come, go, lowest = loop.carried
        for turn in range(0, STRIDE, 4 * lanes):
            whole = []
            for j in range(4):
                value = load(b, come, 4 * (turn + j * lanes), floats, 4)
                whole.append(_whole(b, _fused(b, value, upper, b.fmul(value, lower)), words))
            pairs = [_narrow(b, _TO_16[lanes], whole[j : j + 2], halves, x86) for j in (0, 2)]
            for pair in pairs:
                lowest = b.select(b.icmp_signed("<", pair, lowest), pair, lowest)
            kind = f"v{2 * lanes}i16"
            pairs = [instruction(b, f"llvm.sadd.sat.{kind}", halves, pair, zero) for pair in pairs]
            codes = _narrow(b, _TO_8[lanes, signed], pairs, quarters, x86, signed)
            compare = b.icmp_signed if signed else b.icmp_unsigned
            codes = b.select(compare(">", codes, least), codes, least)
            codes = b.select(compare("<", codes, most), codes, most)
            store(b, _in_order(b, codes, lanes, x86), go, turn)
        loop.close(STRIDE, count, [offset(b, come, STRIDE, 4), offset(b, go, STRIDE), lowest])
        found = instruction(b, f"llvm.vector.reduce.smin.v{2 * lanes}i16", I16, lowest)
        return b.sext(found, ir.IntType(64))

    def _whole(b: Any, quotient: Any, words: Any) -> Any:
        """Round to even; NaN and what is far below become the least number of words."""
        wide = ir.Constant(floats, [_WIDE] * lanes)
        held = b.select(b.fcmp_ordered(">", quotient, wide), wide, quotient)
        if not x86:
            below = ir.Constant(floats, [-_WIDE] * lanes)
            held = b.select(b.fcmp_ordered(">", held, below), held, below)
            return b.fptosi(instruction(b, f"llvm.rint.v{lanes}f32", floats, held), words)
        if lanes == 8:
            return instruction(b, _CONVERT[lanes], words, held)
        every, as_set = ir.Constant(ir.IntType(16), -1), constant(4, I32)
        return instruction(b, _CONVERT[lanes], words, held, ir.Constant(words, [0] * lanes), every, as_set)

    return types.int64(tier, x, at, n, high, low, z, qmin, qmax, out), emit


def _fused(b: Any, x: Any, y: Any, z: Any) -> Any:
    return instruction(b, f"llvm.fma.v{x.type.count}f32", x.type, x, y, z)


def _narrow(b: Any, name: str, two: list[Any], ty: Any, x86: bool, signed: bool = True) -> Any:
    """Halve the width of two vectors, held to its ends; where x86 does it, 128 bits of each by turns."""
    if x86:
        return instruction(b, name, ty, *two)
    bits = ty.element.width
    ends = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    both = join(b, two)
    lo, hi = (constant([end] * ty.count, both.type.element) for end in ends)
    both = b.select(b.icmp_signed(">", both, lo), both, lo)
    return b.trunc(b.select(b.icmp_signed("<", both, hi), both, hi), ty)


def _in_order(b: Any, codes: Any, lanes: int, x86: bool) -> Any:
    """Undo the turns of two narrowings: words of four codes stand by stretch, and within it by vector."""
    if not x86:
        return codes
    words = b.bitcast(codes, ir.VectorType(I32, lanes))
    stretches = lanes // 4
    order = [4 * stretch + vector for vector in range(4) for stretch in range(stretches)]
    return b.shuffle_vector(words, words, constant(order, I32))
