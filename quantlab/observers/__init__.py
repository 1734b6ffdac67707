"""The range of activations, found from batches as they pass: what calibration looks with.

Each observer keeps a bounded number of bytes however much it has seen, and only finite values count. All but the moving
average depend on the values alone, never on how they were cut into batches or in which order these came; the moving
average weighs every batch by its place.
"""

from __future__ import annotations

from .ends import MinMaxObserver, MovingAverageObserver
from .entropy import EntropyObserver, divergences
from .observer import Kind, Observer, Parts
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
