"""The network that comes out at the end: codes of 8 or fewer bits, sums in int32, and floats at its two ends only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from quantlab.linear import QuantizedWeight, Static
from quantlab.linear.static import Arithmetic
from quantlab.records import QTensor

from .simulation import Simulation
from .staircase import Staircase

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A chain of layers: each takes codes and gives codes, the last gives the logits in float32.

    Attributes
    ----------
    layers : tuple of Static or Staircase
        ReLU is a clamp in `Static`; tanh makes every layer but the last a `Staircase`.

    Examples
    --------
    >>> from quantlab.nn import Network, Recipe, ptq
    >>> x = np.float32([[0, 1], [1, 0], [1, 1]])
    >>> simulation = ptq(Network.drawn((2, 8, 3)), x, Recipe(bits=8))
    >>> bool(np.allclose(to_integer(simulation)(x), simulation(x), atol=0.05))
    True
    """

    layers: tuple[Static | Staircase, ...]

    def codes(self, x: Any) -> list[npt.NDArray[Any]]:
        """Return the codes that enter each layer.

        Parameters
        ----------
        x : (batch, features) real numbers, no NaN

        Returns
        -------
        list of (batch, width) uint8 arrays, one a layer
        """
        return [each.codes for each in self._between(x)]

    def __call__(self, x: Any) -> F32:
        """Return the logits, (batch, outputs) float32."""
        logits = self.layers[-1](self._between(x)[-1])
        assert not isinstance(logits, QTensor)  # the last layer has no output grid
        return logits

    def _between(self, x: Any) -> list[QTensor]:
        grid = self.layers[0].input
        found = [QTensor(grid.quantize(np.asarray(x, np.float32)), grid.scale, grid.zero_point)]
        for layer in self.layers[:-1]:
            y = layer(found[-1])
            assert isinstance(y, QTensor)  # all but the last have an output grid
            found.append(y)
        return found


def to_integer(simulation: Simulation, arithmetic: Arithmetic = "float64") -> IntegerNetwork:
    """Convert a simulation, whose grids are all known, to integers.

    Parameters
    ----------
    simulation : Simulation
        From PTQ or QAT.
    arithmetic : {"float64", "float", "twice", "once"}
        How an accumulator becomes the next layer's codes, as in `Static`; a `Staircase` multiplies nothing, so behind
        tanh all are alike. Biases become int32 in steps of the accumulator, except for the last layer's, which is
        added to its float32 logits.

    References
    ----------
    Jacob et al. 2018, section 2.
    """
    layers: list[Static | Staircase] = []
    for number, layer in enumerate(simulation.layers):
        codes, grid = layer.codes, layer.input_grid
        codes.flags.writeable = False
        weight = QuantizedWeight(codes, layer.weight_grid, layer.bias)
        if number == len(simulation.layers) - 1:
            layers.append(Static(weight, input=grid, arithmetic=arithmetic))
            continue
        after = simulation.layers[number + 1].input_grid
        if simulation.hidden == "tanh":
            layers.append(Staircase(weight, input=grid, output=after))
        else:
            layers.append(Static(weight, input=grid, output=after, relu=True, arithmetic=arithmetic))
    return IntegerNetwork(tuple(layers))


def with_whole_biases(simulation: Simulation) -> Simulation:
    """Return the simulation with each bias moved to a whole step of its accumulator, as integers hold it.

    What is left between it and the integer network is how sums are rounded, in float32 or not at all.

    Parameters
    ----------
    simulation : Simulation
        The last layer keeps its bias: there it is added to the logits in float32.

    References
    ----------
    Jacob et al. 2018, equation 11.

    Examples
    --------
    >>> from quantlab.nn import Network, Recipe, ptq
    >>> layers = [([[1.0]], [0.26]), ([[1.0]], [0.26])]
    >>> simulation = ptq(Network(layers), np.float32([[1.0]]), Recipe(bits=2))  # a step of 1 · ⅓
    >>> [round(float(layer.bias[0]), 4) for layer in with_whole_biases(simulation).layers]
    [0.3333, 0.26]
    """
    layers = []
    for layer, own in zip(simulation.layers, to_integer(simulation).layers, strict=True):
        bias = layer.bias
        if own.bias_codes is not None:
            step = np.float64(layer.input_grid.scale) * own.weight.scales()[0].astype(np.float64)
            bias = (own.bias_codes * step).astype(np.float32)
        layers.append(replace(layer, bias=bias))
    return replace(simulation, layers=tuple(layers))


class Gap(NamedTuple):
    """Where two networks' codes of one layer's input differ: the share of them, and by how many steps at most."""

    share: float
    steps: int


def gaps(network: IntegerNetwork, other: Simulation | IntegerNetwork, x: Any) -> list[Gap]:
    """Return for what enters each layer how far two networks differ in their codes.

    Each runs for itself, so that a code which differs early may lead to others.

    Parameters
    ----------
    network : IntegerNetwork
    other : Simulation or IntegerNetwork
    x : (batch, features) real numbers

    Examples
    --------
    >>> from quantlab.nn import Network, Recipe, ptq
    >>> x = np.float32([[0, 1], [1, 0], [1, 1]])
    >>> simulation = ptq(Network.drawn((2, 8, 3)), x, Recipe(bits=4))
    >>> gaps(to_integer(simulation), simulation, x)[0]
    Gap(share=0.0, steps=0)
    """
    if isinstance(other, Simulation):
        pairs = zip(other.layers, other.activations(x), strict=False)  # the logits enter no layer
        theirs = [layer.input_grid.quantize(values) for layer, values in pairs]
    else:
        theirs = other.codes(x)
    found = []
    for ours, its in zip(network.codes(x), theirs, strict=True):
        apart = np.abs(ours.astype(np.int64) - its)
        found.append(Gap(float((apart > 0).mean()), int(apart.max(initial=0))))
    return found
