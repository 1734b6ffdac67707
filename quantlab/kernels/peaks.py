"""What the processor can do at most: bare loops of the tier's instructions, to hold a kernel's speed against.

Nothing is packed, fetched or stored in them: the sums stay in registers, as many as hide that an instruction waits for
the one before, and what is multiplied lies in the first-level cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from .compilation import read_only, tiered_kernel, written
from .instructions import dot
from .panels import fused, vector
from .tiers import Tier, chosen
from .tiles import by_number
from .vectors import F32, I16, I32, Loop, constant, emitted, load, offset, pointer, splat, store

FACTORS = 2  # words of A, each in every lane of a register
TURNS = 2  # sets of B that take turns, a power of two


def chains(tier: Tier, *, integer: bool) -> int:
    """Return how many sums go round: a register tile's, or 8 where the product takes a register of its own."""
    return min(tier.rows * tier.vectors, 8 if integer and tier.depth == 2 else 24)


def operations(tier: Tier, *, integer: bool) -> int:
    """Return the multiplications and additions of one turn of the loop.

    >>> from quantlab.kernels.tiers import TIERS
    >>> operations(TIERS["avx512vnni"], integer=True)  # 24 sums of 16 lanes of 4 products
    3072
    """
    return 2 * chains(tier, integer=integer) * tier.lanes * (tier.depth if integer else 1)


def operands(tier: Tier, *, integer: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return what the loop reads, with numbers that neither overflow nor vanish, and room for its sums."""
    count = chains(tier, integer=integer)
    words = TURNS * -(-count // FACTORS) * tier.lanes + FACTORS
    read = np.arange(4 * words, dtype=np.int32).astype(np.int8).view(np.int32) if integer else np.ones(words)
    dtype = np.int32 if integer else np.float32
    return read.astype(dtype), np.zeros(count * tier.lanes, dtype)


@emitted
def _turns(typing: Any, tier: Any, integer: Any, read: Any, loops: Any, last: Any, out: Any) -> Any:
    # `last` is TURNS − 1, as a value that LLVM cannot know: what comes again every other turn it would compute once.
    its, whole = by_number(tier.literal_value), bool(integer.literal_value)
    count, lanes = chains(its, integer=whole), its.lanes
    word = I32 if whole else F32
    b_type = vector(I16, 2 * lanes) if whole and its.depth == 2 else vector(word, lanes)
    pairs = -(-count // FACTORS)

    def emit(context: Any, b: Any, signature: Any, values: Any) -> Any:
        read, out = (pointer(b, context, signature, values, n) for n in (2, 5))
        behind = 4 * lanes * pairs * TURNS  # B first, so that its vectors lie as well as the array does
        factors = [splat(b, load(b, read, behind + 4 * n, word, 4), lanes) for n in range(FACTORS)]
        loop = Loop(b, [load(b, out, 4 * lanes * n, vector(word, lanes), 4) for n in range(count)])
        sums = list(loop.carried)
        turn = b.mul(b.and_(loop.index, values[4]), constant(4 * lanes * pairs))
        here = offset(b, read, turn)
        for n in range(count):
            if n % FACTORS == 0:
                column = load(b, here, 4 * lanes * (n // FACTORS), b_type, 4)
            factor = factors[n % FACTORS]
            sums[n] = dot(b, its, sums[n], factor, column) if whole else fused(b, factor, column, sums[n])
        loop.close(1, values[3], sums)
        for n in range(count):
            store(b, sums[n], out, 4 * lanes * n, 4)
        return context.get_dummy_value()

    return types.void(tier, integer, read, types.intp, types.intp, out), emit


@tiered_kernel((read_only(types.int32), types.int64, types.int64, written(types.int32)))
def integer_loop(number: int) -> Any:
    """Build the loop of the instruction that multiplies 8-bit codes: so many turns, more than 0, added to out."""
    one = 1

    def turns(read: Any, loops: int, last: int, out: Any) -> None:
        _turns(number, one, read, loops, last, out)

    return turns


@tiered_kernel((read_only(types.float32), types.int64, types.int64, written(types.float32)))
def real_loop(number: int) -> Any:
    """Build the loop of the instruction that multiplies and adds float32."""
    none = 0

    def turns(read: Any, loops: int, last: int, out: Any) -> None:
        _turns(number, none, read, loops, last, out)

    return turns


def run(loops: int, *, integer: bool, tier: Tier | None = None) -> np.ndarray[Any, Any]:
    """Run the bare loop in this thread and return its sums.

    Parameters
    ----------
    loops : int
        Turns, 1 or more; each takes `operations`.
    integer : bool
        The instruction of the integer products, or that of float32.
    tier : Tier, optional
        The chosen one by default.

    Examples
    --------
    >>> run(1, integer=False).max()  # of ones
    np.float32(1.0)
    """
    tier = tier or chosen()
    read, out = operands(tier, integer=integer)
    (integer_loop if integer else real_loop).of(tier)(read, loops, TURNS - 1, out)
    return out
