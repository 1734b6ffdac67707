"""The range of activations, found from batches as they pass: what calibration looks with.

Each observer keeps a bounded number of bytes however much it has seen, and only finite values count. All but the moving
average depend on the values alone, never on how they were cut into batches or in which order these came; the moving
average weighs every batch by its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..grid import Flat
from ..scheme import PerTensor, Scheme
from .ends import MinMaxObserver, MovingAverageObserver, Parts
from .entropy import EntropyObserver, divergences
from .percentile import PercentileObserver
from .squared_error import MSEObserver

__all__ = [
    "OBSERVERS",
    "EntropyObserver",
    "Kind",
    "MSEObserver",
    "MinMaxObserver",
    "MovingAverageObserver",
    "Observer",
    "Parts",
    "PercentileObserver",
    "divergences",
]


class Observer(Protocol):
    """What watches batches and chooses a range: ``update(x)``, as often as there are batches, then ``range()``."""

    def update(self, x: Any) -> None:
        """Look at one more batch."""

    def range(self) -> tuple[Flat, Flat]:
        """Return lo and hi of each part."""


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

        >>> OBSERVERS["mse"].new(Scheme(bits=4)).scheme.bits
        4
        """
        return self.make(granularity=granularity, **({"scheme": scheme} if self.needs_codes else {}))


_KINDS = (
    Kind("minmax", "min-max", "From the smallest to the largest value seen.", MinMaxObserver),
    Kind(
        "percentile",
        "percentile 99.9",
        "Leaves out the thousandth of the values that lies highest, and the one that lies lowest.",
        PercentileObserver,
    ),
    Kind(
        "average",
        "moving average",
        "The ends of each batch, averaged; late batches count more.",
        MovingAverageObserver,
    ),
    Kind("mse", "MSE", "The range whose codes have the least squared error on what was seen.", MSEObserver, True),
    Kind(
        "entropy",
        "entropy",
        "The clip after which the codes' distribution is nearest to the values', by Kullback-Leibler divergence.",
        EntropyObserver,
        True,
    ),
)
OBSERVERS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
