"""The one instruction of each tier: sums of products of neighbouring k, in 32-bit lanes.

Where a tier is emulated, the instruction is replaced by its meaning in plain operations, so that the packing, the tile,
its edges and its algebra run on a processor that lacks it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .tiers import Tier
from .vectors import I8, I16, I32, constant, instruction, load, pick, subroutine

# Accumulator, A, B, as LLVM declares them; bytes in vectors of words where it accepts both.
_QUADS = {
    "avx512vnni": "llvm.x86.avx512.vpdpbusd.512",
    "avxvnni": "llvm.x86.avx512.vpdpbusd.256",  # the feature decides between the VEX and the EVEX encoding
    "dotprod": "llvm.aarch64.neon.sdot.v4i32.v16i8",
}


def load_columns(builder: Any, tier: Tier, base: Any, byte: int) -> Any:
    """Load one vector of a packed panel: for each column its `depth` neighbouring k, in the width that `dot` reads."""
    if tier.depth == 4:
        return load(builder, base, byte, ir.VectorType(I32, tier.lanes))
    narrow = load(builder, base, byte, ir.VectorType(I8, 2 * tier.lanes))
    return builder.sext(narrow, ir.VectorType(I16, 2 * tier.lanes))  # part of the load on x86


def dot(builder: Any, tier: Tier, sums: Any, a: Any, b: Any) -> Any:
    """Return sums + Σ a·b over the `depth` neighbours of each lane, exact modulo 2³².

    Parameters
    ----------
    tier : Tier
        Available where the code will run, or emulated.
    sums : <lanes x i32>
    a : <lanes x i32>
        The same word of A in every lane: four bytes, or two 16-bit numbers.
    b : <lanes x i32> of four int8 each, or <2 lanes x i16>
        What `load_columns` returned.

    References
    ----------
    Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: VPDPBUSD, VPMADDWD. Arm Architecture
    Reference Manual: SDOT (vector).
    """
    if tier.depth == 2:
        return builder.add(sums, _pairs(builder, tier, a, b))
    if tier.emulated:
        kind = f"quantlab.dot.{'s' if tier.signed else 'u'}8.{tier.lanes}"
        return subroutine(builder, kind, sums.type, (sums, a, b), lambda at, *values: _quads(at, tier, *values))
    if tier.signed:
        quads = ir.VectorType(I8, 4 * tier.lanes)
        a, b = builder.bitcast(a, quads), builder.bitcast(b, quads)
    return instruction(builder, _QUADS[tier.name], sums.type, sums, a, b)


def _pairs(builder: Any, tier: Tier, a: Any, b: Any) -> Any:
    """Two products a lane. pmaddwd is exact for every 8-bit pair; the shorter pmaddubsw saturates at 2·255·127."""
    a, sums = builder.bitcast(a, b.type), ir.VectorType(I32, tier.lanes)
    if tier.name == "avx2":
        return instruction(builder, "llvm.x86.avx2.pmadd.wd", sums, a, b)
    wide = ir.VectorType(I32, 2 * tier.lanes)
    products = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    even, odd = (pick(builder, products, range(first, 2 * tier.lanes, 2)) for first in (0, 1))
    return builder.add(even, odd)


def _quads(builder: Any, tier: Tier, sums: Any, a: Any, b: Any) -> Any:
    """Four products a lane, byte by byte out of the words."""
    for byte in range(4):
        up = constant([24 - 8 * byte] * tier.lanes, I32)  # the byte to the top, then down again with its sign
        left, right = builder.shl(a, up), builder.shl(b, up)
        down = constant([24] * tier.lanes, I32)
        one = builder.ashr(left, down) if tier.signed else builder.lshr(left, down)
        sums = builder.add(sums, builder.mul(one, builder.ashr(right, down)))
    return sums
