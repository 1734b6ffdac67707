"""What every observer is: it watches batches, and gives a range for each part of what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..grid import AnyArray, Flat
from ..scheme import PerChannel, PerTensor, Scheme

Parts = PerTensor | PerChannel


class Observer(ABC):
    """What watches batches and chooses a range: ``update(x)``, as often as there are batches, then ``range()``."""

    @abstractmethod
    def update(self, x: Any) -> None:
        """Look at one more batch.

        Parameters
        ----------
        x : array_like
            Real numbers, any shape that has the granularity's axis.

        Raises
        ------
        TypeError
            If x holds no real numbers.
        ValueError
            If it has another number of channels than the batches before.
        """

    @abstractmethod
    def range(self) -> tuple[Flat, Flat]:
        """Return the range of each part.

        Returns
        -------
        lo, hi : float64 arrays, one entry a part
            As `Quantizer.from_range` takes them; lo > hi for a part without a finite value beside others that have one.

        Raises
        ------
        ValueError
            If no finite value was seen at all.
        """


@dataclass(frozen=True)
class Kind:
    """One entry of the menu of observers.

    Attributes
    ----------
    name, label, help : str
        In an address; in the menu; one sentence of definition.
    make : callable
        ``make(granularity=...)`` gives a new observer that has seen nothing.
    needs_codes : bool
        Whether its range depends on the codes, so that `make` also takes ``scheme=``.
    """

    name: str
    label: str
    help: str
    make: Callable[..., Observer]
    needs_codes: bool = False

    def new(self, scheme: Scheme, granularity: Parts = PerTensor()) -> Observer:
        """Return a new observer that has seen nothing, for the codes of `scheme`.

        >>> from quantlab.observers import OBSERVERS
        >>> OBSERVERS["mse"].new(Scheme(bits=4)).scheme.bits
        4
        """
        return self.make(granularity=granularity, **({"scheme": scheme} if self.needs_codes else {}))


def require_parts(found: int, known: int) -> None:
    """Refuse a batch that has another number of channels than those before."""
    if found != known:
        raise ValueError(
            f"A batch of {found} channels came after batches of {known}; give the observer batches that are alike."
        )


def channels(x: AnyArray, granularity: Parts) -> AnyArray:
    """Return the values of each part as a row.

    >>> channels(np.array([[1, 2], [3, 4]]), PerChannel(1)).tolist()
    [[1, 3], [2, 4]]
    """
    rows = x.reshape(1, -1) if isinstance(granularity, PerTensor) else np.moveaxis(x, granularity.axis, 0)
    return rows.reshape(len(rows), -1) if rows.size else np.empty((1, 0), x.dtype)
