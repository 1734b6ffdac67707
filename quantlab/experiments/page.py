"""What the experiments of all pages pass on: a number as it is read, and where results are kept."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol


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
    """Results that were computed before: returns what `make` would, kept by the digest of `of` and by `key`.

    Of an Array, or of what else a page computes with and has a digest.
    """

    def __call__(self, of: Any, key: Hashable, make: Any, /) -> Any: ...


def compute_anew(of: Any, key: Hashable, make: Any, /) -> Any:
    """Recall nothing.

    >>> compute_anew(None, "key", lambda: 42)
    42
    """
    return make()


def pin_in_use(settings: Any) -> Any:
    """Return the pin of a page's settings where it is what the page compares with, else None.

    >>> from quantlab.experiments.modes import Settings
    >>> pin_in_use(Settings(pin=Settings(bits=4))) is None
    True
    """
    return settings.pin if settings.compare == "pinned" else None
