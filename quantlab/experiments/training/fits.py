"""What networks make of a curve: the value that float, PTQ and training through rounding give at each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.training.experiment import Settings
from quantlab.experiments.training.networks import Networks
from quantlab.nn import Method, Network, Simulation
from quantlab.numerals import count

PLACES = 801
_MARGIN = 0.04


@dataclass(frozen=True, eq=False)
class Fit:
    """One network's curve.

    Attributes
    ----------
    method : str
    x, y : float32 arrays (PLACES,)
    quality : float
        R² over the test rows.
    """

    method: Method
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    quality: float

    @property
    def levels(self) -> int:
        """How many values the curve has."""
        return len(np.unique(self.y))

    def columns(self) -> dict[str, Any]:
        """Return the curve as a table."""
        return {"x": self.x, "y": self.y}


def fits(settings: Settings, found: Networks) -> list[Fit]:
    """Return the curves of float, PTQ and QAT or LSQ, for data with one feature and a value.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="regression", epochs="20:15", bits=3)
    >>> [each.levels <= 8 for each in fits(settings, networks(settings))]
    [False, True, True]
    """
    every = np.concatenate([found.data.train.x, found.data.test.x])[:, 0]
    room = _MARGIN * float(np.ptp(every))
    x = np.linspace(every.min() - room, every.max() + room, PLACES).astype(np.float32)
    drawn: list[tuple[Method, Network | Simulation]] = [
        ("float", found.floats.twin),
        ("ptq", found.ptq),
        (settings.method, found.trained),
    ]
    return [Fit(method, x, network(x[:, None])[:, 0], found.quality(network)) for method, network in drawn]


def points_of(found: Networks) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of the test rows."""
    return found.data.test.x[:, 0], found.data.test.labels.astype(np.float32)


def sentence(settings: Settings, shown: list[Fit]) -> str:
    """Say why a quantized curve has steps.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="regression", epochs="20:15", bits=3)
    >>> sentence(settings, fits(settings, networks(settings))).replace(chr(160), " ")[:60]
    'The one input is rounded to 3 bits too, 8 codes, so that no '
    """
    _, ptq, through = shown
    bits = 8 if settings.ends_at_8 else settings.bits
    return (
        f"The one input is rounded to {bits} bits too, {count(2**bits)} codes, so that no curve can have more steps: "
        f"here {count(ptq.levels)} after rounding once and {count(through.levels)} after training. A class bears that "
        "better than a value."
    )
