"""A layer's weights before and after training through rounding: their histogram over the grid, and codes that moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.training.experiment import Settings
from quantlab.experiments.training.networks import Networks, off_grid
from quantlab.experiments.training.readings import NAMES
from quantlab.nn import Simulation, changed_codes
from quantlab.numerals import count as counted
from quantlab.numerals import num, share

BINS = 120
MOST_STEPS = 4  # codes that moved farther are counted with these
_ANYHOW = 0.25  # steps from a level, on average, of weights that know nothing of the grid
_PULLED = 0.04
_GATHERED = 0.015  # three times what chance leaves of the mean of a thousand weights


@dataclass(frozen=True, eq=False)
class Weights:
    """Histograms of one layer's weights over one axis, and the levels of each grid.

    Attributes
    ----------
    edges : float array (BINS + 1,)
    before, after : float arrays (BINS,)
        Shares of the weights.
    levels_before, levels_after : float arrays
        Of one output's grid where outputs have grids of their own: that of the middle scale.
    """

    edges: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    levels_before: NDArray[np.float64]
    levels_after: NDArray[np.float64]

    def columns(self) -> dict[str, Any]:
        """Return both histograms as a table."""
        return {"from": self.edges[:-1], "to": self.edges[1:], "before": self.before, "after": self.after}


def weights(settings: Settings, found: Networks) -> Weights:
    """Return the weights of the chosen layer.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15")
    >>> shown = weights(settings, networks(settings))
    >>> round(float(shown.before.sum()), 6), len(shown.levels_after)
    (1.0, 7)
    """
    layer = settings.layer - 1
    pair = [each.layers[layer].weight for each in (found.before, found.trained)]
    reach = 1.02 * max(float(np.abs(weight).max()) for weight in pair) or 1.0
    edges = np.linspace(-reach, reach, BINS + 1)
    before, after = (np.histogram(weight, edges)[0] / weight.size for weight in pair)
    return Weights(edges, before, after, _levels(found.before, layer, reach), _levels(found.trained, layer, reach))


def _levels(simulation: Simulation, layer: int, reach: float) -> NDArray[np.float64]:
    own = simulation.layers[layer]
    grid = own.weight_grid
    scale = float(np.median(np.asarray(grid.scale, np.float64)))
    levels = np.arange(grid.qmin, grid.qmax + 1).astype(np.float64) * scale
    # A restricted scale never reaches the lowest code; a learned one may.
    if not (own.weight <= levels[0] + scale / 2).any():
        levels = levels[1:]
    inside: NDArray[np.float64] = levels[np.abs(levels) <= reach]
    return inside


@dataclass(frozen=True, eq=False)
class Changes:
    """Which codes training through rounding moved.

    Attributes
    ----------
    moved : int array (out, in)
        Of the chosen layer, in steps.
    shares : list of float
        Of each layer, the share of codes that are others now.
    steps : int array
        −MOST_STEPS to MOST_STEPS, without 0.
    counts : int array
        How many codes of all layers moved so far; the ends count those beyond too.
    total : int
        Codes of all layers.
    """

    moved: NDArray[np.int64]
    shares: list[float]
    steps: NDArray[np.int64]
    counts: NDArray[np.int64]
    total: int

    @property
    def farthest(self) -> int:
        """How far a code of the chosen layer moved at most, 1 where none did."""
        return max(1, int(np.abs(self.moved).max(initial=0)))

    def columns(self) -> dict[str, Any]:
        """Return the counts as a table."""
        return {"steps": self.steps, "codes": self.counts}


def changes(settings: Settings, found: Networks) -> Changes:
    """Compare the codes of the checkpoint, rounded once, with those after training through rounding.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15")
    >>> shown = changes(settings, networks(settings))
    >>> shown.moved.shape, shown.total, shown.farthest == np.abs(shown.moved).max()
    ((16, 16), 352, np.True_)
    """
    moved = changed_codes(found.before, found.trained)
    every = np.concatenate([each.reshape(-1) for each in moved])
    held = np.clip(every, -MOST_STEPS, MOST_STEPS)
    steps = np.array([step for step in range(-MOST_STEPS, MOST_STEPS + 1) if step])
    return Changes(
        moved[settings.layer - 1],
        [float((each != 0).mean()) for each in moved],
        steps,
        np.array([int((held == step).sum()) for step in steps]),
        every.size,
    )


def grid_sentence(settings: Settings, found: Networks) -> str:
    """Say whether training drew the weights to the grid, by their mean distance from it.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15")
    >>> "of a step" in grid_sentence(settings, networks(settings))
    True
    """
    layer, name = settings.layer - 1, NAMES[settings.method]
    before, after = (off_grid(each, layer) for each in (found.before, found.trained))
    # Zero lies on every grid, and most weights lie near it: few levels have them near one from the start.
    if before - after >= _PULLED:
        verdict = f"{name} brings weights nearer to the levels"
    elif after - _ANYHOW >= _GATHERED:
        verdict = f"{name} gathers weights half-way between the levels, where a small step changes their code"
    else:
        verdict = f"{name} does not pull weights to the levels"
    return (
        f"{verdict}: on average they lie **{num(before, 2)}** of a step off before and **{num(after, 2)}** after "
        f"({num(_ANYHOW, 2)} would be chance). What training changes is to which side they round."
    )


def change_sentence(settings: Settings, found: Networks, shown: Changes) -> str:
    """Say how many codes moved, and how far; from scratch also what they were before.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15")
    >>> found = networks(settings)
    >>> change_sentence(settings, found, changes(settings, found)).startswith("QAT left ")
    True
    """
    name, count = NAMES[settings.method], int(shown.counts.sum())
    start = f" From scratch, codes before are those of the **random weights** that {name} began with."
    began = start if settings.scratch else ""
    if not count:
        return f"{name} left every code as it was.{began}"
    near = int(shown.counts[np.abs(shown.steps) == 1].sum())
    others = (
        "all others moved by one step" if near == count else f"of the others, {share(near / count)} moved by one step"
    )
    stay = share(1 - count / shown.total)
    rests = " (its steps have another width, too)" if settings.learned else ""
    return (
        f"{name} left **{stay}** of {counted(shown.total)} codes where rounding once puts them{rests}; {others}.{began}"
    )
