"""What networks answer all over the plane: a map for float, PTQ and training through rounding, on the same axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.training.experiment import Settings
from quantlab.experiments.training.networks import Networks
from quantlab.nn import Method, Network, Simulation

CELLS = 121
_MARGIN = 0.15
_TWO = 2


@dataclass(frozen=True, eq=False)
class Boundary:
    """One network's map.

    Attributes
    ----------
    method : str
    axis : float array (CELLS,)
        Of both coordinates.
    answer : uint8 array (CELLS, CELLS), rows from below
        Of two classes the probability of the second, in percent; of more, the class that is chosen, spread over
        0 to 100.
    cuts : tuple of float
        Values of `answer` at which the chosen class changes.
    quality : float
        Share of the test rows that are right.
    """

    method: Method
    axis: NDArray[np.float64]
    answer: NDArray[np.uint8]
    cuts: tuple[float, ...]
    quality: float

    def columns(self) -> dict[str, Any]:
        """Return the map as a table."""
        x, y = np.meshgrid(self.axis, self.axis)
        return {"x": x.reshape(-1), "y": y.reshape(-1), "answer": self.answer.reshape(-1)}


def boundaries(settings: Settings, found: Networks) -> list[Boundary]:
    """Return the maps of float, PTQ and QAT or LSQ for data in the plane.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="moons", epochs="20:15", bits=8)
    >>> [each.method for each in boundaries(settings, networks(settings))]
    ['float', 'ptq', 'qat']
    """
    points = np.concatenate([found.data.train.x, found.data.test.x])
    reach = (1 + _MARGIN) * float(np.abs(points).max())
    axis = np.linspace(-reach, reach, CELLS)
    x, y = np.meshgrid(axis, axis)
    rows = np.column_stack([x.reshape(-1), y.reshape(-1)]).astype(np.float32)
    classes = found.data.classes
    cuts = (50.0,) if classes == _TWO else tuple(100 * (cut + 0.5) / (classes - 1) for cut in range(classes - 1))
    drawn: list[tuple[Method, Network | Simulation]] = [
        ("float", found.floats.twin),
        ("ptq", found.ptq),
        (settings.method, found.trained),
    ]
    return [
        Boundary(method, axis, _answer(network, rows).reshape(CELLS, CELLS), cuts, found.quality(network))
        for method, network in drawn
    ]


def _answer(network: Callable[[Any], NDArray[np.float32]], rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    logits = network(rows).astype(np.float64)
    classes = logits.shape[1]
    if classes > _TWO:
        chosen: NDArray[np.uint8] = np.rint(100 * logits.argmax(axis=1) / (classes - 1)).astype(np.uint8)
        return chosen
    gap = np.clip(logits[:, 0] - logits[:, 1], -50, 50)  # exp of more says nothing more
    probability = 100 / (1 + np.exp(gap))
    # Never on the line itself: at exactly half the first class is chosen.
    found: NDArray[np.uint8] = np.where(gap >= 0, np.minimum(probability, 49), np.maximum(probability, 51)).astype(
        np.uint8
    )
    return found


def points_of(found: Networks) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return x and y of the test rows, class by class."""
    x, labels = found.data.test
    return [(x[labels == label, 0], x[labels == label, 1]) for label in range(found.data.classes)]
