"""Results kept by what they were computed from, bounded in bytes: one store for all, and one for each visitor's own.

What is kept is handed to everyone who asks, so its arrays are made read-only.
"""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar, cast

import numpy as np
import streamlit as st

V = TypeVar("V")

SHARED_BYTES = 256 * 2**20
OWN_BYTES = 64 * 2**20
_STATE = "quantlab-results"


class Results:
    """The most recently used results, up to `limit_bytes` of them. Any number of threads may ask at once.

    A result is computed once, even when several ask for it at the same time: the others wait for the first. A thread
    that is itself computing a result never waits, so no two can wait for each other.

    Parameters
    ----------
    limit_bytes : int
        A larger result is returned and not kept.

    Examples
    --------
    >>> results = Results(1_000)
    >>> results.get("key", lambda: 6 * 7), results.get("key", lambda: 0)
    (42, 42)
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._size_bytes = 0
        self._under_way: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self._computing = threading.local()

    @property
    def size_bytes(self) -> int:
        """What the kept results take."""
        with self._lock:
            return self._size_bytes

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the result for `key`; where there is none, compute it by `make` and keep it.

        What `make` raises goes to the one whose call it was; those who waited compute for themselves.
        """
        may_wait = not getattr(self._computing, "busy", False)
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return cast(V, self._kept[key][0])
                other = self._under_way.get(key)
                if other is None:
                    mine = self._under_way[key] = threading.Event()
                    break
            if not may_wait:
                return make()
            other.wait()
        self._computing.busy = True
        try:
            value = make()
            self._keep(key, value)
            return value
        finally:
            self._computing.busy = not may_wait
            with self._lock:
                del self._under_way[key]
            mine.set()

    def _keep(self, key: Hashable, value: Any) -> None:
        _freeze(value)
        size = size_bytes(value)
        if size > self.limit_bytes:
            return
        with self._lock:
            self._kept[key] = (value, size)
            self._size_bytes += size
            while self._size_bytes > self.limit_bytes:
                _, (_, gone) = self._kept.popitem(last=False)
                self._size_bytes -= gone


_SHARED = Results(SHARED_BYTES)


def result(digest: str, key: Hashable, make: Callable[[], V], *, own: bool) -> V:
    """Return what `make` computes from the array with this digest, from a cache where it is there.

    Parameters
    ----------
    digest : str
        Of the array's content.
    key : hashable
        Everything else that the result depends on, the name of the computation among it.
    make : callable
        Pure; called at most once for equal digest and key while the result is kept.
    own : bool
        Whether the array is the visitor's. Its results stay in their session and go with it.

    Examples
    --------
    ``cache.result(array.digest, ("report", scheme), lambda: error_report(array.values, quantizer), own=is_upload)``
    """
    results = st.session_state.setdefault(_STATE, Results(OWN_BYTES)) if own else _SHARED
    return results.get((digest, key), make)


def shared(key: Hashable, make: Callable[[], V]) -> V:
    """Return what `make` computes, which depends on `key` alone and on nothing of a visitor's."""
    return _SHARED.get(key, make)


def size_bytes(value: Any) -> int:
    """Measure the memory that keeping `value` holds: arrays count with the whole buffer they are a view of, once each.

    >>> size_bytes(np.zeros(1_000, np.float32)[:10]) >= 4_000
    True
    """
    total, seen = 0, set[int]()
    for part in _parts(value):
        held = _owner(part) if isinstance(part, np.ndarray) else part
        if id(held) not in seen:
            seen.add(id(held))
            total += sys.getsizeof(held)
            if isinstance(held, np.ndarray) and held.base is not None:
                total += held.nbytes
    return total


def _owner(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _freeze(value: Any) -> None:
    for part in _parts(value):
        if isinstance(part, np.ndarray):
            part.flags.writeable = False


def _parts(value: Any) -> Iterator[Any]:
    """Walk a result: itself and, depth first, what its dataclasses, containers and attributes hold."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            pending += [getattr(part, field.name) for field in dataclasses.fields(part)]
        elif isinstance(part, Mapping):
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            pending += list(part)
        elif hasattr(part, "__dict__") and not isinstance(part, type) and not callable(part):
            pending += list(vars(part).values())
