"""Kernels on several cores: ranges of elements over one shared pool.

Never Numba's own parallel loops: its default thread layer aborts the process when two visitors' threads meet in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

R = TypeVar("R")

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WORTH_A_THREAD = 1 << 19  # elements; below about 2 ms of work a hop to the pool costs more than it saves


_limit: ContextVar[int] = ContextVar("threads", default=1 << 16)


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Hold everything that is computed inside the ``with`` block to this many threads.

    Without it, small arrays are worked on by one thread and large ones by one for each core. The limit belongs to the
    calling thread: other callers keep their own.

    Raises
    ------
    ValueError
        If `threads` is below 1.

    Examples
    --------
    >>> from quantlab import kernels
    >>> with kernels.at_most(1):
    ...     kernels.over_ranges(lambda start, stop: stop - start, 4_000_000)
    [4000000]
    """
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}; leave the limit out to use every core.")
    token = _limit.set(threads)
    try:
        yield
    finally:
        _limit.reset(token)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES, thread_name_prefix="quantlab-kernels")


def over_ranges(work: Callable[[int, int], R], n: int, threads: int | None = None) -> list[R]:
    """Call `work(start, stop)` on ranges that cover 0 to n, at once, and return the results in order.

    Parameters
    ----------
    work : callable
        Must release the GIL to gain anything, and must not call this function again.
    n : int
        Number of elements.
    threads : int, optional
        As many as there are cores, and `at_most` allows, where the array is worth it.
    """
    threads = threads or min(CORES, _limit.get(), max(1, n // WORTH_A_THREAD))
    if threads == 1:
        return [work(0, n)]
    ends = [n * i // threads for i in range(threads + 1)]
    return list(_pool().map(work, ends[:-1], ends[1:]))
