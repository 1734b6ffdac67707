"""What the experiments of all pages pass on: a number as it is read, and where results are kept."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from quantlab.arrays import Array


@dataclass(frozen=True)
class Reading:
    """One number of a page.

    Attributes
    ----------
    label, value : str
        Ready to be read.
    delta : str or None
        The difference to the compared state.
    word : str
        The glossary's word for it.
    """

    label: str
    value: str
    delta: str | None
    word: str


class Recall(Protocol):
    """Results that were computed before: returns what `make` would, kept by the array's digest and `key`."""

    def __call__(self, array: Array, key: Hashable, make: Any) -> Any: ...


def compute_anew(array: Array, key: Hashable, make: Any) -> Any:
    """Recall nothing.

    >>> compute_anew(None, "key", lambda: 42)
    42
    """
    return make()
