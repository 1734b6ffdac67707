"""Training by gradient descent: cross-entropy or squared error, momentum or Adam, the same network for the same seed.

All parameters lie in one flat vector, layer by layer, weight before bias, so that a rule of descent is a few operations
on vectors whatever the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from .datasets import Labelled
from .hidden import HIDDEN, Unit
from .network import Layer, Network

F32 = npt.NDArray[np.float32]
Rule = Literal["momentum", "adam"]
Schedule = Literal["constant", "cosine"]
_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8  # Adam's own
ORDER = 2  # a stream of random numbers of its own: the seed also draws the split and the first weights


class DivergenceError(ValueError):
    """Training left the numbers; the epochs before it are sound."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained.

    Parameters
    ----------
    epochs : int
        Passes over the rows, 1 or more.
    batch : int
        Rows a step, 1 or more; the last step of an epoch may have fewer.
    rate : float
        Positive and finite.
    schedule : {"cosine", "constant"}
        Cosine: step t of T has the rate ``rate · (1 + cos(π t / T)) / 2`` (Loshchilov and Hutter 2017).
    rule : {"adam", "momentum"}
        Adam (Kingma and Ba 2015, with its usual .9, .999 and 1e-8), or SGD with momentum (as PyTorch's: without
        dampening).
    momentum : float
        0 or more, below 1; read by "momentum" only.
    seed : int
        Of the order of the rows; 0 or more.

    Raises
    ------
    ValueError
        One sentence where a value makes no sense.

    Examples
    --------
    >>> Training(epochs=10).rule
    'adam'
    """

    epochs: int = 60
    batch: int = 32
    rate: float = 3e-3
    schedule: Schedule = "cosine"
    rule: Rule = "adam"
    momentum: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be {least} or more, got {getattr(self, name)}; choose a larger number.")
        if not 0 < self.rate < float("inf"):
            raise ValueError(f"rate must be positive and finite, got {self.rate}; {Training.rate:g} is the default.")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be 0 or more and below 1, got {self.momentum}; .9 is usual.")
        for name, choices in (("schedule", get_args(Schedule)), ("rule", get_args(Rule))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be {' or '.join(choices)}, got {getattr(self, name)!r}; choose one.")

    def rate_at(self, step: int, steps: int) -> float:
        """Return the rate of a step, counted from 0, of so many."""
        return self.rate * ((1 + cos(pi * step / steps)) / 2 if self.schedule == "cosine" else 1)


@dataclass(frozen=True, eq=False)
class Epoch:
    """A network after so many passes over its data.

    Attributes
    ----------
    number : int
        From 1.
    network : Network
    loss : float
        Mean cross-entropy of the epoch's rows in nats, or their mean squared error; each row as it was seen.
    """

    number: int
    network: Network
    loss: float


def train(network: Network, data: Labelled, training: Training | None = None) -> Network:
    """Return the network after all epochs; the one that was given stays as it is.

    Parameters
    ----------
    network : Network
        Where to begin.
    data : Labelled
    training : Training, optional

    Raises
    ------
    ValueError
        If data and network do not fit.
    DivergenceError
        If a loss is not finite.

    Examples
    --------
    >>> x, labels = np.float32([[-1], [1]]), np.array([0, 1])
    >>> train(Network.drawn((1, 2)), Labelled(x, labels), Training(epochs=20, rate=0.1))(x).argmax(axis=1).tolist()
    [0, 1]
    """
    *_, last = epochs(network, data, training)
    return last.network


def epochs(network: Network, data: Labelled, training: Training | None = None) -> Iterator[Epoch]:
    """Train, and hand the network over after every epoch: to show it, to keep it, or to stop by asking for no more.

    Parameters and errors are those of `train`.

    Examples
    --------
    >>> data = Labelled(np.float32([[-1], [1]]), np.array([0, 1]))
    >>> [epoch.number for epoch in epochs(Network.drawn((1, 2)), data, Training(epochs=3))]
    [1, 2, 3]
    """
    training = training or Training()
    require_fit(network, data)
    parameters, slopes = flat(network), flat(network)
    layers, gradient = views(parameters, network), views(slopes, network)
    descend, unit = descent(training, parameters, slopes), HIDDEN[network.hidden]
    rng, rows = np.random.default_rng([training.seed, ORDER]), len(data.x)
    steps_each = -(-rows // training.batch)
    for number in range(training.epochs):
        order, total = rng.permutation(rows), 0.0
        x, labels = data.x[order], data.labels[order]
        with np.errstate(all="ignore"):  # what overflows is said below, once
            for step in range(steps_each):
                batch = slice(step * training.batch, (step + 1) * training.batch)
                total += _fill(gradient, layers, x[batch], labels[batch], unit) * len(x[batch])
                done = number * steps_each + step
                descend(done, training.rate_at(done, training.epochs * steps_each))
        if not np.isfinite(total) or not np.isfinite(parameters).all():
            raise DivergenceError(
                f"Training diverged in epoch {number + 1} at a rate of {training.rate:g}; choose a lower rate."
            )
        yield Epoch(number + 1, Network(layers, network.hidden), total / rows)


def gradients(network: Network, x: F32, labels: npt.NDArray[Any]) -> tuple[float, list[Layer]]:
    """Return the mean loss of a batch, and its gradient for every weight and bias.

    Parameters
    ----------
    network : Network
    x : (batch, features) float32
    labels : (batch,) integers, or floats for squared error

    Returns
    -------
    loss : float
    list of (weight, bias), shaped as the network's layers
        Where a ReLU is exactly 0 its slope counts as 0.

    Examples
    --------
    >>> loss, ((weight, bias),) = gradients(Network([([[0.0], [0.0]], [0.0, 0.0])]), np.float32([[2]]), np.array([1]))
    >>> round(loss, 4), weight.tolist(), bias.tolist()
    (0.6931, [[1.0], [-1.0]], [0.5, -0.5])
    """
    require_fit(network, Labelled(x, labels))
    found = views(flat(network), network)
    return _fill(found, list(network.layers), x, labels, HIDDEN[network.hidden]), found


def _fill(gradient: list[Layer], layers: list[Layer], x: F32, labels: npt.NDArray[Any], unit: Unit) -> float:
    """Fill the gradient of one batch and return its loss."""
    seen = [x]
    for number, (weight, bias) in enumerate(layers, 1):
        y = seen[-1] @ weight.T
        y += bias
        seen.append(unit.apply(y) if number < len(layers) else y)
    back = seen.pop()
    loss = turn_to_slopes(back, labels)
    for number in reversed(range(len(layers))):
        np.matmul(back.T, seen[number], out=gradient[number].weight)
        back.sum(axis=0, out=gradient[number].bias)
        if number:
            back = back @ layers[number].weight
            back *= unit.slope(seen[number])
    return loss


def turn_to_slopes(logits: F32, labels: npt.NDArray[Any]) -> float:
    """Turn logits (batch, classes), in place, into the slopes of their mean cross-entropy, and return that in nats.

    Where labels are floats, outputs are (batch, 1), and the loss is their mean squared error.

    >>> logits = np.float32([[0, 0]])
    >>> round(turn_to_slopes(logits, np.array([1])), 4), logits.tolist()
    (0.6931, [[0.5, -0.5]])
    >>> outputs = np.float32([[3]])
    >>> turn_to_slopes(outputs, np.float32([1])), outputs.tolist()
    (4.0, [[4.0]])
    """
    if labels.dtype.kind == "f":
        logits -= labels[:, None]
        squared = float(np.square(logits).mean())
        logits *= np.float32(2 / len(logits))
        return squared
    rows = np.arange(len(logits))
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[rows, labels]
    np.exp(logits, out=logits)
    sums = logits.sum(axis=1, keepdims=True)
    loss = float(np.log(sums).mean() - chosen.mean())
    logits /= sums
    logits[rows, labels] -= 1
    logits /= len(logits)
    return loss


def descent(training: Training, parameters: F32, slopes: F32) -> Callable[[int, float], None]:
    """Return the step that moves `parameters` along `slopes`, both in place, with its own memory."""
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)

    def momentum(step: int, rate: float) -> None:
        np.multiply(first, np.float32(training.momentum), out=first)
        np.add(first, slopes, out=first)
        np.subtract(parameters, first * np.float32(rate), out=parameters)

    def adam(step: int, rate: float) -> None:
        np.add(first, (slopes - first) * np.float32(1 - _FIRST), out=first)
        np.add(second, (slopes * slopes - second) * np.float32(1 - _SECOND), out=second)
        size = np.sqrt(second / np.float32(1 - _SECOND ** (step + 1))) + np.float32(_TINY)
        np.subtract(parameters, first * np.float32(rate / (1 - _FIRST ** (step + 1))) / size, out=parameters)

    return adam if training.rule == "adam" else momentum


def flat(network: Network) -> F32:
    """Return all parameters as one vector, layer by layer, weight before bias."""
    return np.concatenate([array.reshape(-1) for layer in network.layers for array in layer])


def views(vector: F32, network: Network) -> list[Layer]:
    """Return the layers as windows on the flat vector."""
    found, at = [], 0
    for weight, bias in network.layers:
        middle, end = at + weight.size, at + weight.size + bias.size
        found.append(Layer(vector[at:middle].reshape(weight.shape), vector[middle:end]))
        at = end
    return found


def require_fit(network: Network, data: Labelled) -> None:
    """Refuse, in one sentence, data that a network cannot learn from."""
    x, labels = data
    if x.ndim != 2 or x.shape[1] != network.sizes[0] or labels.shape != x.shape[:1] or not len(x):
        raise ValueError(
            f"x and labels must be (n, {network.sizes[0]}) and (n,) with a row or more for this network, got {x.shape} "
            f"and {labels.shape}; match them."
        )
    if labels.dtype.kind == "f":
        if network.sizes[-1] != 1 or not np.isfinite(labels).all():
            raise ValueError(
                f"Values to come near to must be finite and need one output, got {network.sizes[-1]} outputs and "
                f"{int((~np.isfinite(labels)).sum())} values that are not finite; mend one or the other."
            )
    elif labels.min() < 0 or labels.max() >= network.sizes[-1]:
        wrong = int(labels.max() if labels.max() >= network.sizes[-1] else labels.min())
        raise ValueError(f"labels must lie below the {network.sizes[-1]} outputs, got {wrong}; widen the last layer.")
