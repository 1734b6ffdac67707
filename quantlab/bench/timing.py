"""Times of several functions that take turns, so that whatever slows the machine down slows all of them down."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

Side = Callable[[], object]
BATCH = 0.01  # seconds: so long a side keeps its turn, that its data are in the caches as they are for a user
FEWEST = 3  # rounds, however long they take
LONG = 1.0  # seconds: a call below is always repeated
_KEPT = 31 << 20  # bytes: just below the most that glibc's allocator learns to keep


@dataclass(frozen=True)
class Spread:
    """A median and the quartiles around it.

    Attributes
    ----------
    median, lower, upper : float
        In the unit of the samples: seconds, or a plain ratio.
    samples : int
    """

    median: float
    lower: float
    upper: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of one or more samples.

        >>> Spread.of([1.0, 2.0, 3.0, 10.0, 4.0])
        Spread(median=3.0, lower=2.0, upper=4.0, samples=5)
        """
        lower, median, upper = np.percentile(values, [25, 50, 75]).tolist()
        return cls(median, lower, upper, len(values))


def keep_freed_memory() -> None:
    """Let the allocator keep what is freed, as it does in a program that has used large arrays before.

    Until then glibc hands them back to the system each time, and a peer that allocates its result pays for it page by
    page: what a row finds would hang on the rows before it.
    """
    np.empty(_KEPT, np.uint8)


def alternate(sides: Sequence[Side], seconds: float) -> list[list[float]]:
    """Time functions in turns, each round in the other order than the one before.

    Each is called once before it is timed, and often enough a turn to fill BATCH. One that takes all of `seconds` by
    itself, and is LONG, is called that once and keeps its time in every round, unless all are.

    Parameters
    ----------
    sides : sequence of callables
    seconds : float
        For all of them together, warm-up aside; three rounds are made in any case.

    Returns
    -------
    list of lists of float
        Seconds a call, of each side a sample a round; samples of one place belong to the same round.

    Examples
    --------
    >>> ours, theirs = alternate([lambda: None, lambda: sum(range(10_000))], 0.02)
    >>> len(ours) == len(theirs) >= FEWEST, min(theirs) > max(ours[:1])
    (True, True)
    """
    with _undisturbed():
        first = [_time(side, 1) for side in sides]
        long = [took >= max(seconds, LONG) for took in first]
        calls = [
            (1 if all(long) else 0) if alone else max(1, round(BATCH / _time(side, 1)))
            for side, alone in zip(sides, long, strict=True)
        ]
        samples: list[list[float]] = [[] for _ in sides]
        order = list(range(len(sides)))
        start = time.perf_counter()
        while len(samples[0]) < FEWEST or time.perf_counter() - start < seconds:
            for n in order:
                samples[n].append(_time(sides[n], calls[n]) if calls[n] else first[n])
            order.reverse()
    return samples


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return how many times as long the other side took, round by round.

    >>> ratios([2.0, 3.0], [1.0, 1.0])
    [2.0, 3.0]
    """
    return [t / o for t, o in zip(theirs, ours, strict=True)]


def fastest(sides: Sequence[Side]) -> Side:
    """Return the side that is done first: of several ways to ask a peer, the one that flatters it most."""
    first = [_time(side, 1) for side in sides]
    # Where a call is long, one tells; short ones need it to be fair to the first.
    times = first if max(first) > 10 * BATCH else [min(samples) for samples in alternate(sides, 4 * BATCH)]
    return sides[times.index(min(times))]


def _time(side: Side, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        side()
    return max(time.perf_counter() - start, 1e-9) / calls


@contextmanager
def _undisturbed() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
