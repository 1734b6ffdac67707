"""A network as it will compute once it is quantized, simulated in float32: every weight and activation on its grid.

The scales come from outside: PTQ finds them once, QAT while it trains, and the integer network takes them over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from quantlab.kernels.float_tiles import affine
from quantlab.quantizer import Quantizer
from quantlab.scheme import PerChannel, PerTensor, Scheme

from .hidden import HIDDEN, Hidden

F32 = npt.NDArray[np.float32]
Granularity = Literal["tensor", "channel"]
ScaleRule = Literal["restricted", "half_range", "full"]
LEAST_BITS, MOST_BITS = 2, 8


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How many bits each number of a network gets, and on what kind of grid.

    Parameters
    ----------
    bits : int
        Of weights and activations, 2 to 8.
    per : {"tensor", "channel"}
        What shares the scale of a weight: the whole weight, or each output.
    weight_scale : {"restricted", "half_range", "full"}
        Of the symmetric grid of weights, as in `Scheme`.
    ends_at_8 : bool
        Whether the first and the last layer keep 8 bits, weights and input alike.

    Raises
    ------
    ValueError
        One sentence where a value makes no sense.

    References
    ----------
    Krishnamoorthi 2018, sections 2 and 3: symmetric weights, affine unsigned activations; Esser et al. 2020, section 3,
    for the first and last layer at 8 bits.

    Examples
    --------
    >>> [Recipe(bits=3, ends_at_8=True).bits_of(layer, 3) for layer in range(3)]
    [8, 3, 8]
    """

    bits: int = 4
    per: Granularity = "tensor"
    weight_scale: ScaleRule = "restricted"
    ends_at_8: bool = False

    def __post_init__(self) -> None:
        if not LEAST_BITS <= self.bits <= MOST_BITS:
            raise ValueError(f"bits must be {LEAST_BITS} to {MOST_BITS}, got {self.bits}; choose a number in between.")
        for name, choices in (("per", get_args(Granularity)), ("weight_scale", get_args(ScaleRule))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be {' or '.join(choices)}, got {getattr(self, name)!r}; choose one.")

    def bits_of(self, layer: int, layers: int) -> int:
        """Return the bits of a layer's weight and input, layers counted from 0."""
        return MOST_BITS if self.ends_at_8 and layer in (0, layers - 1) else self.bits

    def weight_scheme(self, layer: int, layers: int) -> Scheme:
        """Return the Scheme of a layer's weight (out, in)."""
        granularity = PerChannel(0) if self.per == "channel" else PerTensor()
        return Scheme(bits=self.bits_of(layer, layers), symmetric_scale=self.weight_scale, granularity=granularity)

    def input_scheme(self, layer: int, layers: int) -> Scheme:
        """Return the Scheme of what enters a layer: where nothing is negative its zero point is 0."""
        return Scheme(bits=self.bits_of(layer, layers), symmetric=False, signed=False)


@dataclass(frozen=True, eq=False)
class SimulatedLayer:
    """A linear layer between grids.

    Attributes
    ----------
    weight : (out, in) float32
        Before rounding: what QAT trains.
    bias : (out,) float32
        Stays float in the simulation; the integer network holds it in steps of the accumulator.
    weight_grid, input_grid : Quantizer
        Of the weight, per tensor or per output; of the layer's input, per tensor.
    """

    weight: F32
    bias: F32
    weight_grid: Quantizer
    input_grid: Quantizer

    @property
    def codes(self) -> npt.NDArray[Any]:
        """The weight's codes, (out, in)."""
        return self.weight_grid.quantize(self.weight)

    @property
    def weight_hat(self) -> F32:
        """What the codes stand for, (out, in) float32."""
        found: F32 = self.weight_grid.fake_quantize(self.weight)
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of the weight's codes, packed, and of the bias as int32."""
        return -(-self.weight.size * self.weight_grid.scheme.bits // 8) + 4 * self.bias.size


@dataclass(frozen=True, eq=False)
class Simulation:
    """A network whose weights and activations are rounded to their grids, computed in float32.

    Attributes
    ----------
    layers : tuple of SimulatedLayer
        Each but the last followed by the hidden units.
    recipe : Recipe
    hidden : {"relu", "tanh"}

    Examples
    --------
    >>> grid = Quantizer(np.float32([0, 3]), Scheme(bits=2, symmetric=False, signed=False))
    >>> weight = np.float32([[1.0, 0.6]])
    >>> layer = SimulatedLayer(weight, np.float32([0]), Quantizer(weight, Recipe(bits=2).weight_scheme(0, 1)), grid)
    >>> Simulation((layer,), Recipe(bits=2))([[1.2, 1.0]]).tolist()  # (1 + 1) · (1, 1)
    [[2.0]]
    """

    layers: tuple[SimulatedLayer, ...]
    recipe: Recipe
    hidden: Hidden = "relu"

    def activations(self, x: Any) -> list[F32]:
        """Return what enters each layer, before it is rounded, and last what leaves the network.

        Parameters
        ----------
        x : (batch, features) real numbers

        Raises
        ------
        ValueError
            If x has another number of features.
        """
        values, features = np.ascontiguousarray(x, np.float32), self.layers[0].weight.shape[1]
        if values.ndim != 2 or values.shape[1] != features:
            raise ValueError(f"x must have shape (batch, {features}) for this network, got {values.shape}; reshape it.")
        found, bend = [values], HIDDEN[self.hidden].apply
        for number, layer in enumerate(self.layers, 1):
            values = affine(layer.input_grid.fake_quantize(values), layer.weight_hat, layer.bias)
            if number < len(self.layers):
                bend(values)
            found.append(values)
        return found

    def __call__(self, x: Any) -> F32:
        """Return the logits, (batch, outputs) float32."""
        return self.activations(x)[-1]

    @property
    def nbytes(self) -> int:
        """Bytes of the weights' codes, packed, and of the biases as int32."""
        return sum(layer.nbytes for layer in self.layers)


def changed_codes(before: Simulation, after: Simulation) -> list[npt.NDArray[np.int64]]:
    """Return by how many steps each weight's code differs between two simulations of one network, layer by layer.

    Raises
    ------
    ValueError
        If the networks have other shapes.
    """
    shapes = [[layer.weight.shape for layer in each.layers] for each in (before, after)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"Both networks must have the same shapes, got {shapes[0]} and {shapes[1]}; compare others.")
    return [
        b.codes.astype(np.int64) - a.codes.astype(np.int64) for a, b in zip(before.layers, after.layers, strict=True)
    ]
