"""Training by gradient descent: cross-entropy or squared error, momentum or Adam, the same network for the same seed.

An epoch is one call of a kernel, which frees the GIL: as many networks train at once as there are cores, each on one
thread, to the same bits as alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from quantlab.kernels.training import FIRST, SECOND

from .datasets import Labelled
from .graph import Graph
from .network import Layer, Network

F32 = npt.NDArray[np.float32]
Rule = Literal["momentum", "adam"]
Schedule = Literal["constant", "cosine"]
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

    def rate_at(self, step: Any, steps: int) -> Any:
        """Return the rate of a step, counted from 0, of so many; of an array of steps theirs."""
        return self.rate * ((1 + np.cos(np.pi * step / steps)) / 2 if self.schedule == "cosine" else 1)

    def pace(self, start: int, stop: int, steps: int) -> F32:
        """Return what steps start to stop of so many multiply the first mean by, and divide the second one by.

        Adam's means begin at 0, which these correct for; momentum has one mean and its rate.

        >>> Training(epochs=1, rate=0.5, rule="momentum", schedule="constant").pace(0, 2, 2).tolist()
        [[0.5, 1.0], [0.5, 1.0]]
        """
        step, found = np.arange(start, stop), np.ones((stop - start, 2))
        found[:, 0] = self.rate_at(step, steps)
        if self.rule == "adam":
            found[:, 0] /= 1 - FIRST ** (step + 1)
            found[:, 1] -= SECOND ** (step + 1)
        return found.astype(np.float32)


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
    graph = Graph(network, batch=min(training.batch, len(data.x)))
    for number, loss in passes(graph, data, training):
        yield Epoch(number, Network(graph.layers, network.hidden), loss)


def passes(graph: Graph, data: Labelled, training: Training, watched: float = 0.0) -> Iterator[tuple[int, float]]:
    """Train a graph in place; after every epoch hand over its number and its mean loss.

    Parameters
    ----------
    graph : Graph
        Its batch as large as that of `training`, or as the data are.
    data : Labelled
    training : Training
    watched : float
        In what share of all steps, from the first, the ranges of activations follow the batches.

    Raises
    ------
    DivergenceError
        If a loss is not finite.

    Examples
    --------
    >>> data = Labelled(np.float32([[-1], [1]]), np.array([0, 1]))
    >>> [number for number, _ in passes(Graph(Network.drawn((1, 2)), batch=2), data, Training(epochs=2))]
    [1, 2]
    """
    rng, rows = np.random.default_rng([training.seed, ORDER]), len(data.x)
    steps_each = -(-rows // training.batch)
    steps = training.epochs * steps_each
    for number in range(training.epochs):
        done = number * steps_each
        total = graph.run(
            *data,
            rng.permutation(rows),
            training.pace(done, done + steps_each, steps),
            training.rule,
            training.momentum,
            watching=min(max(ceil(watched * steps) - done, 0), steps_each),
        )
        if not np.isfinite(total) or not graph.finite:
            raise DivergenceError(
                f"Training diverged in epoch {number + 1} at a rate of {training.rate:g}; choose a lower rate."
            )
        yield number + 1, total / rows


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
    graph = Graph(network, batch=len(x))
    return graph.fill(x, labels), graph.gradient


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
