"""A perceptron of any layer sizes: linear layers with ReLU or tanh in between, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from quantlab.kernels.float_tiles import affine

from .hidden import HIDDEN, Hidden, require_hidden

F32 = npt.NDArray[np.float32]
SIZES = (64, 32, 32, 10)
_WEIGHTS = 1  # a stream of random numbers of its own: the seed also draws the split and the order of the rows


class Layer(NamedTuple):
    """What a linear layer has learned: weight (out, in) and bias (out,), float32; ``y = x @ weight.T + bias``."""

    weight: F32
    bias: F32


@dataclass(frozen=True, eq=False)
class Network:
    """Linear layers, each but the last followed by its hidden units. Its arrays are read-only.

    Parameters
    ----------
    layers : sequence of (weight, bias)
        Each layer takes as many inputs as the one before has outputs; rounded to float32 and copied.
    hidden : {"relu", "tanh"}
        What follows each layer but the last.

    Raises
    ------
    ValueError
        If there is no layer, shapes do not follow on each other, or there are no such hidden units.

    Examples
    --------
    >>> network = Network([([[1.0], [-1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.5])])  # |x| + ½
    >>> network.sizes, network([[-3.0]]).tolist()
    ((1, 2, 1), [[3.5]])
    """

    layers: tuple[Layer, ...]
    hidden: Hidden = "relu"

    def __init__(self, layers: Sequence[tuple[Any, Any]], hidden: Hidden = "relu") -> None:
        require_hidden(hidden)
        own = tuple(Layer(np.array(weight, np.float32), np.array(bias, np.float32)) for weight, bias in layers)
        if not own:
            raise ValueError("A network must have a layer, got none; give it a weight and a bias.")
        for number, (weight, bias) in enumerate(own):
            inputs = own[number - 1].weight.shape[0] if number else weight.shape[-1]
            if weight.ndim != 2 or weight.shape[1] != inputs or bias.shape != weight.shape[:1]:
                raise ValueError(
                    f"layer {number + 1} must have a weight (out, {inputs}) and a bias (out,), got {weight.shape} and "
                    f"{bias.shape}; give each layer the outputs of the one before."
                )
            weight.flags.writeable = bias.flags.writeable = False
        object.__setattr__(self, "layers", own)
        object.__setattr__(self, "hidden", hidden)

    @classmethod
    def drawn(cls, sizes: Sequence[int] = SIZES, seed: int = 0, hidden: Hidden = "relu") -> Network:
        """Return a network that has learned nothing: weights at random, biases 0.

        Parameters
        ----------
        sizes : sequence of int
            Features, the widths of the hidden layers, classes: two numbers or more, each 1 or more.
        seed : int
        hidden : {"relu", "tanh"}

        Raises
        ------
        ValueError
            If fewer than two sizes are given, one is below 1, or there are no such hidden units.

        References
        ----------
        He et al. 2015, equation 10: a standard deviation of √(2 / inputs) keeps the size of activations under ReLU;
        LeCun et al. 1998, section 4.6: √(1 / inputs) does under tanh.

        Examples
        --------
        >>> Network.drawn((2, 5, 3)).sizes
        (2, 5, 3)
        """
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(
                f"sizes must be two or more numbers from 1, got {tuple(sizes)}; name features and classes."
            )
        require_hidden(hidden)
        rng, gain = np.random.default_rng([seed, _WEIGHTS]), HIDDEN[hidden].gain
        return cls([(rng.normal(0, (gain / n) ** 0.5, (m, n)), np.zeros(m)) for n, m in pairwise(sizes)], hidden)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features, the widths of the hidden layers, outputs."""
        return (self.layers[0].weight.shape[1], *(len(layer.bias) for layer in self.layers))

    def activations(self, x: Any) -> list[F32]:
        """Return what enters each layer, and last what leaves the network.

        Parameters
        ----------
        x : (batch, features) real numbers

        Returns
        -------
        list of (batch, width) float32 arrays, one more than there are layers
            The first is x, the last the logits, before any softmax.

        Raises
        ------
        ValueError
            If x has another number of features.
        """
        values = np.ascontiguousarray(x, np.float32)
        if values.ndim != 2 or values.shape[1] != self.sizes[0]:
            raise ValueError(
                f"x must have shape (batch, {self.sizes[0]}) for this network, got {values.shape}; reshape it."
            )
        found, bend = [values], HIDDEN[self.hidden].apply
        for number, (weight, bias) in enumerate(self.layers, 1):
            values = affine(values, weight, bias)
            if number < len(self.layers):
                bend(values)
            found.append(values)
        return found

    def __call__(self, x: Any) -> F32:
        """Return the logits, (batch, outputs) float32."""
        return self.activations(x)[-1]
