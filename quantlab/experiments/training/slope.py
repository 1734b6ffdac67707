"""The staircase that rounding is, its true slope, and the one that training uses instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.training.experiment import Settings
from quantlab.experiments.training.networks import Networks
from quantlab.nn.rounding import fake_quantize
from quantlab.numerals import num, share

REACH = 1.35  # of the outermost levels: what clips is seen, too
POINTS = 1_201


@dataclass(frozen=True, eq=False)
class Slope:
    """Rounding of the chosen layer's input, over one axis in its own units.

    Attributes
    ----------
    x, x_hat : float arrays (n,)
    passed : float array (n,)
        What straight-through takes for the slope: 1 inside, 0 where a value clips.
    of_step : float array (n,)
        The slope of x̂ by the step, which a learned step follows.
    jumps : float array
        Where the true slope is not 0, but infinite.
    levels : tuple of float
        The lowest and the highest.
    clipped : float
        Share of this input's values, over the test rows, where nothing passes.
    step : float
    """

    x: NDArray[np.float64]
    x_hat: NDArray[np.float64]
    passed: NDArray[np.float64]
    of_step: NDArray[np.float64]
    jumps: NDArray[np.float64]
    levels: tuple[float, float]
    clipped: float
    step: float

    def columns(self) -> dict[str, Any]:
        """Return all of it as a table."""
        return {"x": self.x, "x_hat": self.x_hat, "straight-through": self.passed, "by the step": self.of_step}


def slope(settings: Settings, found: Networks) -> Slope:
    """Return what training sees of the input of the chosen layer.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15", bits=2)
    >>> shown = slope(settings, networks(settings))
    >>> len(shown.jumps), sorted(set(shown.passed.tolist()))
    (3, [0.0, 1.0])
    """
    layer = settings.layer - 1
    grid = found.trained.layers[layer].input_grid
    least, most, step = grid.qmin - grid.zero_point, grid.qmax - grid.zero_point, float(grid.scale)
    room = (REACH - 1) * (most - least)
    x = np.linspace((least - room) * step, (most + room) * step, POINTS).astype(np.float32)
    rounded = fake_quantize(x, grid.scale, least, most, learned=settings.learned)
    by_step = rounded.steps - rounded.quotient * rounded.inside
    live = found.trained.activations(found.data.test.x)[layer]
    inside = fake_quantize(live, grid.scale, least, most, learned=settings.learned).inside
    return Slope(
        x.astype(np.float64),
        rounded.values.astype(np.float64),
        rounded.inside.astype(np.float64),
        by_step.astype(np.float64),
        (np.arange(least, most) + 0.5) * step,
        (least * step, most * step),
        float(1 - inside.mean()),
        step,
    )


def sentence(settings: Settings, shown: Slope) -> str:
    """Say what the true slope would do, and what is used instead.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15", bits=2)
    >>> sentence(settings, slope(settings, networks(settings))).startswith("The staircase is flat")
    True
    """
    if settings.learned:
        rest = f" A learned step (here {num(shown.step)}) follows the saw-tooth, steep where values clip."
    elif not shown.clipped:
        rest = " Min-max leaves no value out: choose **LSQ** at few bits, whose step lets some clip on the flat ends."
    else:
        rest = ""
    return (
        f"The staircase is flat between its {len(shown.jumps)} jumps: with its true slope, 0, nothing would be "
        f"learned. Training takes :orange[1 inside the range] and 0 where a value clips, here "
        f"**{share(shown.clipped)}** of layer {settings.layer}'s input.{rest}"
    )
