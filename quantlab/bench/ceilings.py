"""What bounds a kernel on this machine, measured beside it: peak operations, and what a copy moves.

The roofline model: Williams, Waterman and Patterson 2009. A kernel that does `intensity` operations for each byte that
it moves can reach min(peak, intensity · bandwidth).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from quantlab import kernels
from quantlab.kernels import peaks, tiers

from .timing import Side, Spread, alternate

BEYOND_CACHES = 512 << 20  # bytes that the copy for the roofline moves
_OPERATIONS = 10**9  # of one call: some milliseconds, beside which a hop to another thread is short
_PAGE = 1024  # words


def bare_loops(*, integer: bool, threads: int = 1) -> tuple[Side, int]:
    """Return the tier's bare loop on so many threads, and the operations of one call."""
    turn = peaks.operations(tiers.chosen(), integer=integer)
    turns = -(-_OPERATIONS // turn)
    one = partial(peaks.run, turns, integer=integer)
    if threads == 1:
        return one, turns * turn
    return lambda: kernels.over_ranges(lambda first, last: one(), threads, threads), threads * turns * turn


def copy(size: int, threads: int = 1) -> Side:
    """Return a copy that reads and writes `size` bytes together."""
    words = max(1, size // 8)
    # Half a page apart, modulo a page: at the same place in theirs, a load waits for the store before (4K aliasing).
    memory = np.ones(2 * words + _PAGE, np.int32)
    apart = words + (_PAGE // 2 - words) % _PAGE
    source, target = memory[:words], memory[apart : apart + words]
    if threads == 1:
        return partial(np.copyto, target, source)

    def part(first: int, last: int) -> None:
        np.copyto(target[first:last], source[first:last])

    return lambda: kernels.over_ranges(part, source.size, threads)


# A copy of 64 MB is larger than the caches of most machines, and is made in little time on all.
COPIED = 64 << 20


@dataclass
class Ceilings:
    """The ceilings of one run; each is measured when it is first asked for, and kept.

    Attributes
    ----------
    seconds : float
        That one measurement takes.
    """

    seconds: float
    _peaks: dict[tuple[str, int], Spread] = field(default_factory=dict)
    _copies: dict[tuple[int, int], Spread] = field(default_factory=dict)

    def peak(self, kind: str, threads: int = 1) -> Spread:
        """Return operations a second of the bare loop: "int8" or "float32"."""
        if (kind, threads) not in self._peaks:
            side, operations = bare_loops(integer=kind == "int8", threads=threads)
            self._peaks[kind, threads] = _rate(side, operations, self.seconds)
        return self._peaks[kind, threads]

    def copied(self, size: int = BEYOND_CACHES, threads: int = 1) -> Spread:
        """Return bytes a second that a copy of that footprint reads and writes; small ones stay in the caches."""
        size = min(max(size, 4096), BEYOND_CACHES)
        if (size, threads) not in self._copies:
            self._copies[size, threads] = _rate(copy(size, threads), size, self.seconds)
        return self._copies[size, threads]

    def share(self, seconds: float, *, operations: int, size: int, roof: str, threads: int = 1) -> float:
        """Return which share of its ceiling something reached that took so long.

        More than 1 where codes of 4 bits have a shorter instruction, and where a copy is slower than reading alone.

        Parameters
        ----------
        seconds : float
        operations, size : int
            Done, and bytes read and written.
        roof : str
            "int8", "float32", or "" for what only moves bytes.
        threads : int
        """
        least = size / self.copied(size, threads).median
        if roof:
            least = max(least, operations / self.peak(roof, threads).median)
        return least / seconds

    def as_list(self) -> list[dict[str, Any]]:
        """Return what was measured, in operations and bytes a second."""
        rates = [({"kind": kind, "threads": n}, s) for (kind, n), s in self._peaks.items()]
        rates += [({"kind": "copy", "threads": n, "bytes": size}, s) for (size, n), s in self._copies.items()]
        return [about | asdict(spread) for about, spread in rates]


def _rate(side: Side, work: int, seconds: float) -> Spread:
    side()  # compiles a loop, and brings a copy's memory into being
    (samples,) = alternate([side], seconds)
    return Spread.of([work / sample for sample in samples])
