"""Arrays that pages show: built in and shared by all, or the visitor's own and only theirs.

A visitor's array lives in their session's state and nowhere else. What it takes is counted for the whole server.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from quantlab.arrays import Array, FileError
from quantlab.numerals import size_text
from quantlab.ui import cache

ALL_UPLOADS_BYTES = 10**9
V = TypeVar("V")

_OWN = "quantlab-own-array"


@dataclass(frozen=True, eq=False)
class OwnArray(Array):
    """An array that a visitor gave.

    A type of its own, because the values do not tell: they may equal a built-in array's, and a run that is being
    replaced may still compute with the array before the present one. Its results must not reach the shared cache then.
    """


class Budget:
    """Bytes that the arrays of all visitors take together. Any number of threads may ask at once.

    Parameters
    ----------
    limit_bytes : int

    Examples
    --------
    >>> budget = Budget(1_000)
    >>> holder = {1}
    >>> budget.hold(holder, 600)
    >>> budget.used_bytes
    600
    >>> del holder
    >>> budget.used_bytes
    0
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._used_bytes = 0
        self._lock = threading.Lock()
        # A holder can go at any moment, in any thread, even inside the lock; appending needs none.
        self._gone = deque[int]()

    @property
    def used_bytes(self) -> int:
        """What is held at present."""
        with self._lock:
            return self._used()

    def hold(self, holder: object, size_bytes: int) -> None:
        """Count `size_bytes` for as long as `holder` lives.

        Raises
        ------
        FileError
            If that is more than is left.
        """
        with self._lock:
            used = self._used()
            if used + size_bytes > self.limit_bytes:
                raise FileError(
                    f"The arrays of all visitors may take {size_text(self.limit_bytes)} together, of which "
                    f"{size_text(max(0, self.limit_bytes - used))} are left, and this takes {size_text(size_bytes)}; "
                    "choose a smaller one or try again later."
                )
            self._used_bytes = used + size_bytes
        weakref.finalize(holder, self._gone.append, size_bytes).atexit = False

    def _used(self) -> int:
        while self._gone:
            self._used_bytes -= self._gone.popleft()
        return self._used_bytes


BUDGET = Budget(ALL_UPLOADS_BYTES)


def own() -> Array | None:
    """Return the visitor's array, which lives in their session; None before there is one."""
    array: Array | None = st.session_state.get(_OWN)
    return array


def keep(array: Array) -> None:
    """Make `array` the visitor's; the one before goes.

    Raises
    ------
    FileError
        If all visitors' arrays together would take too much. The one before then stays.
    """
    mine = OwnArray(array.values, array.name, array.digest, array.remark)
    BUDGET.hold(mine, mine.values.nbytes)
    st.session_state[_OWN] = mine


def owned(array: Array) -> OwnArray:
    """Mark what was made from a visitor's array as theirs, so that its results stay with them."""
    return OwnArray(array.values, array.name, array.digest, array.remark)


def built_in(key: Hashable, make: Callable[[], V]) -> V:
    """Return what `make` builds for `key`, the name of a source and all that it depends on; shared by all visitors."""
    return cache.result("built in", key, make, own=False)


def recall(array: Array, key: Hashable, make: Any) -> Any:
    """Return a result from the cache that belongs to the array: everybody's, or the visitor's."""
    return cache.result(array.digest, key, make, own=isinstance(array, OwnArray))
