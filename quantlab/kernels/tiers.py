"""Which instructions the matrix kernels are built on, and which of them this processor has.

The choice is made once, from the processor's features, before anything is compiled for it: an instruction that the
processor lacks is no exception later but the end of the process. ``QUANTLAB_KERNELS`` names another tier.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cache, cached_property

import llvmlite.binding
import numba

VARIABLE = "QUANTLAB_KERNELS"


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One instruction that sums products into 32-bit lanes, and the register tile that suits it.

    Attributes
    ----------
    name : str
        What `QUANTLAB_KERNELS` calls it.
    needs : tuple of str
        LLVM's names of the processor's features without which it must not be compiled.
    verified : bool
        Ran with exact results. What never ran is chosen by name only.
    lanes : int
        32-bit sums in a vector.
    depth : int
        Neighbouring k that one instruction sums into each lane: 4 as bytes, or 2 widened to 16 bits.
    rows, vectors : int
        The register tile: so many rows of A by so many vectors of columns of B.
    signed : bool
        How the instruction reads A: as int8, or as uint8. It always reads B as int8.
    emulated : bool
        The instruction is spelled out in plain operations: everything around it as it is, on any processor.
    """

    name: str
    needs: tuple[str, ...]
    verified: bool
    lanes: int
    depth: int
    rows: int
    vectors: int
    signed: bool = False
    emulated: bool = False

    @cached_property
    def columns(self) -> int:
        """Columns of a tile, and of a packed panel."""
        return self.lanes * self.vectors

    @property
    def number(self) -> int:
        """Its place in TIERS: a plain integer, for kernels to hold in a closure, where Numba's cache key sees it."""
        return list(TIERS).index(self.name)


_AVX512VNNI = Tier(
    name="avx512vnni",
    needs=("avx512vnni", "avx512bw", "avx512vl"),
    verified=True,
    lanes=16,
    depth=4,
    rows=6,
    vectors=4,  # 24 sums, 4 of B and a broadcast: 32 registers
)
_AVXVNNI = Tier(name="avxvnni", needs=("avxvnni", "avx2"), verified=False, lanes=8, depth=4, rows=6, vectors=2)
_DOTPROD = Tier(name="dotprod", needs=("dotprod",), verified=False, lanes=4, depth=4, rows=8, vectors=3, signed=True)
_AVX2 = Tier(name="avx2", needs=("avx2",), verified=True, lanes=8, depth=2, rows=6, vectors=2)
_PLAIN = Tier(name="plain", needs=(), verified=True, lanes=8, depth=2, rows=3, vectors=1)  # 16 registers of 128 bits

# The fastest first. The emulated ones come last and are chosen by name only.
TIERS = {
    tier.name: tier
    for tier in (
        *(_AVX512VNNI, _AVXVNNI, _DOTPROD, _AVX2, _PLAIN),
        *(replace(t, name=f"{t.name}-emulated", needs=(), emulated=True) for t in (_AVX512VNNI, _AVXVNNI, _DOTPROD)),
    )
}


@cache
def features() -> frozenset[str]:
    """Return what both the processor has and Numba compiles for; NUMBA_CPU_FEATURES can only narrow it.

    The processor's own list counts what the operating system has enabled, not what the chip could do.
    """
    try:
        host = {name for name, has in llvmlite.binding.get_host_cpu_features().items() if has}
    except RuntimeError:  # LLVM cannot tell on every platform
        return frozenset()
    stated = getattr(numba.config, "CPU_FEATURES", None)
    if stated is not None:
        host &= {part[1:] for part in stated.split(",") if part.startswith("+")}
    return frozenset(host)


def fuses() -> bool:
    """Tell whether this processor multiplies and adds with one rounding; elsewhere that is a slow call."""
    return "fma" in features() or platform.machine().lower() in ("arm64", "aarch64")


def available(present: Set[str]) -> list[Tier]:
    """Return the tiers that a processor with these features can run, the fastest first.

    >>> [tier.name for tier in available({"avx2"}) if not tier.emulated]
    ['avx2', 'plain']
    """
    return [tier for tier in TIERS.values() if present >= set(tier.needs)]


def choose(name: str | None, present: Set[str]) -> Tier:
    """Return the tier of that name, or the fastest verified one where none is named.

    Raises
    ------
    ValueError
        If no tier has that name, or the processor lacks what it needs.

    Examples
    --------
    >>> choose(None, {"avx2", "avxvnni"}).name
    'avx2'
    >>> choose("avxvnni", {"avx2", "avxvnni"}).name
    'avxvnni'
    """
    here = available(present)
    if not name:
        return next(tier for tier in here if tier.verified and not tier.emulated)
    names = ", ".join(tier.name for tier in here if not tier.emulated)
    if name not in TIERS:
        raise ValueError(f"{VARIABLE} names no tier of the kernels, got {name!r}; unset it or choose one of {names}.")
    if TIERS[name] not in here:
        lacks = " and ".join(feature for feature in TIERS[name].needs if feature not in present)
        raise ValueError(f"{VARIABLE}={name} needs {lacks}, which is not here; unset it or choose one of {names}.")
    return TIERS[name]


@cache
def chosen() -> Tier:
    """Return the tier of this process; a name that cannot be had is refused here."""
    return choose(os.environ.get(VARIABLE), features())


def reason() -> str:
    """Return why the chosen tier was chosen, as one sentence."""
    if os.environ.get(VARIABLE):
        return f"{VARIABLE} names {chosen().name}."
    faster = list(TIERS.values())[: chosen().number]
    untried = [tier.name for tier in available(features()) if tier in faster]
    also = f" {', '.join(untried)} would run here but never ran before: {VARIABLE} can name it." if untried else ""
    return f"{chosen().name} is the fastest verified tier that this processor has.{also}"


def states() -> dict[str, str]:
    """Return each tier's state on this processor, without the emulated ones.

    >>> states()["plain"] in ("chosen", "available")
    True
    """
    here = available(features())
    out = {}
    for tier in TIERS.values():
        if not tier.emulated:
            state = (
                "chosen" if tier is chosen() else "available" if tier in here else f"needs {' and '.join(tier.needs)}"
            )
            out[tier.name] = state if tier.verified else f"{state}, unverified"
    return out
