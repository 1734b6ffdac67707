"""Packed 4-bit weights times integers: sums of a group exact in 32 bits, then scaled and added in float32.

A word holds 8 neighbouring k of one column, k + t in the low half of byte t and k + 4 + t in the high half: one load
and one shift give two vectors of codes 0 to 15, of which every lane meets four activations at once. That is the
unsigned operand of the byte instructions. A zero point costs nothing inside: Σ (q − z)·x = Σ q·x − z·Σ x.

Int8 activations are taken as they are. A few rows of float32 activations go the same way, as three digits of base 256:
an error of half a unit in the last place of the largest of 32, and then exact, where products in float32 would
round in each addition and cost more.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from numba import types

from .instructions import dot
from .panels import COLUMNS, STEP, filled, fused, prefetch, scales, vector, zero_points
from .tiers import Tier
from .tiles import by_number
from .vectors import F32, I8, I16, I32, Loop, emitted, instruction, load, offset, pointer, splat, store, subroutine

_K = STEP[4]
_BYTES = _K // 2 * COLUMNS  # of a panel's step
ROWS = 4  # of a tile: 8 sums in two vectors of AVX2, of which 16 bits and 32 bits stand side by side
DIGITS = 3  # of base 256 for a float32, which has 24 bits


def at_once(digits: int) -> int:
    """Return the panels that a row meets at once: two streams come faster than one, if registers suffice for both."""
    return 2 if digits == 1 else 1


def _narrow(tier: Tier) -> bool:
    """Say whether a step's sums grow in 16 bits.

    A code is at most 15 and an activation at least −128, so that a pair's products stay within 3840. In a step of 32 k
    a lane takes 8 pairs: 30720 < 32768, and nothing saturates.
    """
    return tier.name == "avx2"


def _dot(b: Any, tier: Tier, sums: Any, codes: Any, x: Any) -> Any:
    """Add to each lane its four codes times its four activations; `sums` None stands for 0."""
    lanes = tier.lanes
    if _narrow(tier):
        codes, x = (b.bitcast(four, vector(I8, 4 * lanes)) for four in (codes, x))
        pairs = instruction(b, "llvm.x86.avx2.pmadd.ub.sw", vector(I16, 2 * lanes), codes, x)
        return pairs if sums is None else b.add(sums, pairs)
    sums = filled(0, lanes) if sums is None else sums
    if tier.depth == 4:
        return dot(b, tier, sums, codes, x)
    return subroutine(b, "quantlab.dot.plain", sums.type, (sums, codes, x), _plain_dot)


def _plain_dot(b: Any, sums: Any, codes: Any, x: Any) -> Any:
    lanes = sums.type.count
    top = filled(24, lanes)
    for byte in range(4):
        up = filled(24 - 8 * byte, lanes)
        code, activation = b.lshr(b.shl(codes, up), top), b.ashr(b.shl(x, up), top)
        sums = b.add(sums, b.mul(code, activation))
    return sums


def _widened(b: Any, tier: Tier, sums: Any, total: Any) -> Any:
    """Add a step's sums to those of the group."""
    if _narrow(tier):
        sums = instruction(b, "llvm.x86.avx2.pmadd.wd", total.type, sums, filled(1, 2 * tier.lanes, I16))
    return b.add(total, sums)


def _halves(b: Any, tier: Tier, base: Any, t: int) -> list[list[Any]]:
    """Load the panel's words of 8 k and return their codes: the vectors of the first four k, and of the last four."""
    lanes = tier.lanes
    words = [load(b, base, 4 * (t * COLUMNS + at), vector(I32, lanes)) for at in range(0, COLUMNS, lanes)]
    shifted = [b.lshr(word, filled(4, lanes)) for word in words]
    return [[b.and_(word, filled(0x0F0F0F0F, lanes)) for word in half] for half in (words, shifted)]


@emitted
def row(
    typing: Any,
    tier: Any,
    digits: Any,
    codes: Any,
    panel: Any,
    beside: Any,
    scale: Any,
    zero: Any,
    zero_step: Any,
    x: Any,
    minus: Any,
    unit: Any,
    groups: Any,
    steps: Any,
    out: Any,
    column: Any,
) -> Any:
    """Fill out[column:] with one row's product with as many panels as `at_once` says.

    Parameters
    ----------
    tier, digits : literal int
    codes, scale, zero : arrays
        Packed; `panel` is the number of the first panel, the second is `beside` behind it: 1, or 0 for the same again.
    zero_step : int
        1, or 0 where every group of every panel has the same zero points.
    x : int8 array
        The row, each group padded to `steps` steps: a step of each digit, the lowest first.
    minus, unit : int32 and float32 arrays
        −Σ x of each group. For three digits −Σ of each step, of the lower two and of the highest, and what a lowest one
        counts there.
    groups, steps : int
    """
    its, deep, half = by_number(tier.literal_value), digits.literal_value, scale.dtype == types.uint16
    lanes, panels, size = its.lanes, at_once(deep), (2 if half else 4) * COLUMNS
    count, pairs = panels * COLUMNS // lanes, (deep + 1) // 2
    # A sum that waits for itself in each instruction hides nothing; where there are few, several take turns.
    chains = 1 if _narrow(its) else max(1, 4 // (count * deep))

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, panel, beside, _, _, zero_step, _, _, _, groups, steps, _, column = arguments
        codes, scale, zero, x, minus, unit, out = (
            pointer(b, context, signature, arguments, n) for n in (2, 5, 6, 8, 9, 10, 13)
        )
        firsts = [b.mul(number, groups) for number in (panel, b.add(panel, beside))[:panels]]
        streams = [offset(b, codes, b.mul(first, steps), _BYTES) for first in firsts]
        nothing, zeros_32 = [filled(0.0, lanes, F32)] * count, [filled(0, lanes)] * (count * deep)
        outer = Loop(b, [x, *streams, *nothing])
        own_groups = [b.add(first, outer.index) for first in firsts]

        def scaled(totals: list[Any], reals: list[Any], part: Any) -> list[Any]:
            """Add to the row's results what the sums of one part of it come to: a step, or with one digit a group."""
            zeros = [z for g in own_groups for z in zero_points(b, lanes, offset(b, zero, b.mul(g, zero_step), 8))]
            units = [s for g in own_groups for s in scales(b, lanes, offset(b, scale, g, size), half)]
            of_x = offset(b, minus, part, 4 * pairs)
            taken = [splat(b, load(b, of_x, 4 * i, I32, 4), lanes) for i in range(pairs)]
            out = []
            for j, (z, s, real) in enumerate(zip(zeros, units, reals, strict=True)):
                own = totals[j::count]
                if deep > 1:  # two digits of a step still fit float32: 32 · 15 · 128 · 257 < 2²⁴
                    own = [b.add(own[0], b.shl(own[1], filled(8, lanes))), own[2]]
                value, *high = [b.sitofp(b.add(t, b.mul(z, x)), s.type) for t, x in zip(own, taken, strict=True)]
                if deep > 1:
                    value = fused(b, high[0], filled(65536.0, lanes, F32), value)
                    value = b.fmul(value, splat(b, load(b, offset(b, unit, part, 4), 0, F32, 4), lanes))
                out.append(fused(b, value, s, real))
            return out

        # Three digits have their own unit in each step and leave no registers for sums that outlast it.
        carried = zeros_32 if deep == 1 else outer.carried[1 + panels :]
        inner = Loop(b, [*outer.carried[: 1 + panels], *carried])
        x_at, *streams = inner.carried[: 1 + panels]
        for at in streams:
            prefetch(b, at, _BYTES)
        sums: list[list[Any]] = [[None] * chains for _ in zeros_32]
        for t in range(_K // 8):
            halves = [_halves(b, its, at, t) for at in streams]
            for high in (0, 1):
                fours = [four for both in halves for four in both[high]]
                chain = (2 * t + high) % chains
                for d in range(deep):
                    four_x = splat(b, load(b, x_at, d * _K + 8 * t + 4 * high, I32), lanes)
                    for own, four in zip(sums[d * count : (d + 1) * count], fours, strict=True):
                        own[chain] = _dot(b, its, own[chain], four, four_x)
        state = inner.carried[1 + panels :]
        totals = state if deep == 1 else zeros_32
        totals = [
            reduce(lambda t, part: _widened(b, its, part, t), own, t) for own, t in zip(sums, totals, strict=True)
        ]
        if deep > 1:
            totals = scaled(totals, state, b.add(b.mul(outer.index, steps), inner.index))
        following = [offset(b, x_at, deep * _K), *(offset(b, at, _BYTES) for at in streams)]
        inner.close(1, steps, [*following, *totals])
        reals = scaled(totals, outer.carried[1 + panels :], outer.index) if deep == 1 else totals
        outer.close(1, groups, [*following, *reals])
        for j, real in enumerate(reals):
            store(b, real, offset(b, out, column, 4), 4 * lanes * j, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(
        *(tier, digits, codes, place, place, scale, zero, place, x, minus, unit, place, place, out, place)
    ), emit


@emitted
def unpacked(typing: Any, tier: Any, codes: Any, step: Any, steps: Any, out: Any) -> Any:
    """Write the codes of `steps` steps of a panel as bytes: four neighbouring k of 16 columns, then the next four."""
    its = by_number(tier.literal_value)

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        codes, out = (pointer(b, context, signature, arguments, n) for n in (1, 4))
        loop = Loop(b, [offset(b, codes, arguments[2], _BYTES), out])
        at, to = loop.carried
        for t in range(_K // 8):
            for high, fours in enumerate(_halves(b, its, at, t)):
                for j, four in enumerate(fours):
                    store(b, four, to, (2 * t + high) * 4 * COLUMNS + 4 * its.lanes * j)
        loop.close(1, arguments[3], [offset(b, at, _BYTES), offset(b, to, 2 * _BYTES)])
        return context.get_dummy_value()

    return types.void(tier, codes, types.intp, types.intp, out), emit


@emitted
def tile(
    typing: Any,
    tier: Any,
    codes: Any,
    scale: Any,
    at: Any,
    zero: Any,
    zero_at: Any,
    x: Any,
    x_at: Any,
    minus: Any,
    minus_at: Any,
    steps: Any,
    out: Any,
    out_at: Any,
) -> Any:
    """Add one group's product of ROWS rows and 16 columns to out[out_at:], 16 apart.

    Parameters
    ----------
    tier : literal int
    codes : uint8 array
        What `unpacked` wrote.
    scale : float32 array
        The group's 16 begin at `at`.
    zero : uint8 array
        `zero_at` is the number of the group's zero points.
    x : int8 array
        From `x_at` on four neighbouring k of each row, then the next four.
    minus : int32 array
        −Σ x of each row's group, from `minus_at` on.
    steps : int
    out : float32 array
    """
    its = by_number(tier.literal_value)
    lanes, count = its.lanes, COLUMNS // its.lanes

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        codes, scale, zero, x, minus, out = (pointer(b, context, signature, arguments, n) for n in (1, 2, 4, 6, 8, 11))
        _, _, _, at, _, zero_at, _, x_at, _, minus_at, steps, _, out_at = arguments
        loop = Loop(b, [codes, offset(b, x, x_at), *[filled(0, lanes)] * (ROWS * count)])
        now, x_now, *totals = loop.carried
        sums: list[Any] = [None] * len(totals)
        for t in range(_K // 4):
            fours = [load(b, now, 4 * (t * COLUMNS + lanes * j), vector(I32, lanes)) for j in range(count)]
            for i in range(ROWS):
                four = splat(b, load(b, x_now, 4 * (t * ROWS + i), I32), lanes)
                for j in range(count):
                    sums[i * count + j] = _dot(b, its, sums[i * count + j], fours[j], four)
        totals = [_widened(b, its, part, total) for part, total in zip(sums, totals, strict=True)]
        loop.close(1, steps, [offset(b, now, 2 * _BYTES), offset(b, x_now, ROWS * _K), *totals])
        zeros = zero_points(b, lanes, offset(b, zero, zero_at, 8))
        units = scales(b, lanes, offset(b, scale, at, 4), half=False)
        target = offset(b, out, out_at, 4)
        for i in range(ROWS):
            of_x = splat(b, load(b, offset(b, minus, minus_at, 4), 4 * i, I32, 4), lanes)
            for j in range(count):
                place = 4 * (i * COLUMNS + lanes * j)
                before = load(b, target, place, vector(F32, lanes), 4)
                exact = b.sitofp(b.add(totals[i * count + j], b.mul(zeros[j], of_x)), before.type)
                store(b, fused(b, exact, units[j], before), target, place, 4)
        return context.get_dummy_value()

    place = types.intp
    return types.void(tier, codes, scale, place, zero, place, x, place, minus, place, place, out, place), emit
