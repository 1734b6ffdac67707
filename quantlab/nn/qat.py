"""Training through rounding: every weight and activation is on its grid in each forward step.

The weights themselves stay float32, for small steps have to add up; only what they are multiplied as is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.quantizer import Quantizer
from quantlab.scheme import Scheme

from .datasets import Labelled
from .hidden import HIDDEN
from .network import Layer, Network
from .rounding import SMALLEST_STEP, Rounded, fake_quantize, first_step, step_damping
from .simulation import Recipe, SimulatedLayer, Simulation
from .train import ORDER, DivergenceError, Training, descent, flat, require_fit, turn_to_slopes, views

F32 = npt.NDArray[np.float32]
AVERAGING = 0.01  # the weight of a new batch in the average of the ends, as in PyTorch
FROZEN_FROM = 0.75  # of all steps: the last quarter trains for a grid that stands still
_DIVISORS = {"restricted": lambda most: most, "half_range": lambda most: most + 1, "full": lambda most: most + 0.5}


@dataclass(frozen=True, eq=False)
class SimulatedEpoch:
    """A network after so many passes over its data through rounding.

    Attributes
    ----------
    number : int
        From 1.
    simulation : Simulation
    loss : float
        Mean cross-entropy of the epoch's rows in nats, or their mean squared error; each row as it was seen.
    """

    number: int
    simulation: Simulation
    loss: float


def qat(
    network: Network,
    data: Labelled,
    recipe: Recipe | None = None,
    training: Training | None = None,
    *,
    learned_steps: bool = False,
) -> Simulation:
    """Return the network after training through rounding; the one that was given stays as it is.

    Parameters
    ----------
    network : Network
        Where to begin: a trained one, or one that has learned nothing.
    data : Labelled
    recipe : Recipe, optional
    training : Training, optional
        From a trained network a third of its rate does.
    learned_steps : bool
        Whether the scales are learned along with the weights (LSQ) instead of following the ranges. Zero points stay
        as the first batch gives them.

    Raises
    ------
    ValueError
        If data and network do not fit.
    DivergenceError
        If a loss is not finite.

    References
    ----------
    Jacob et al. 2018, section 3; Krishnamoorthi 2018, section 3.2; Esser et al. 2020 for learned steps. Adam undoes
    most of what their damping of the steps' slopes does.

    Examples
    --------
    >>> x, labels = np.float32([[-1], [1]]), np.array([0, 1])
    >>> simulation = qat(Network.drawn((1, 2)), Labelled(x, labels), Recipe(bits=2), Training(epochs=20, rate=0.1))
    >>> simulation(x).argmax(axis=1).tolist()
    [0, 1]
    """
    *_, last = qat_epochs(network, data, recipe, training, learned_steps=learned_steps)
    return last.simulation


def qat_epochs(
    network: Network,
    data: Labelled,
    recipe: Recipe | None = None,
    training: Training | None = None,
    *,
    learned_steps: bool = False,
) -> Iterator[SimulatedEpoch]:
    """Train through rounding, and hand the network over after every epoch.

    Parameters and errors are those of `qat`.

    Examples
    --------
    >>> data = Labelled(np.float32([[-1], [1]]), np.array([0, 1]))
    >>> [epoch.number for epoch in qat_epochs(Network.drawn((1, 2)), data, training=Training(epochs=2))]
    [1, 2]
    """
    training, recipe = training or Training(), recipe or Recipe()
    require_fit(network, data)
    rows = len(data.x)
    steps_each = -(-rows // training.batch)
    steps = training.epochs * steps_each
    graph = Graph(network, recipe, learned=learned_steps)
    descend = descent(training, graph.parameters, graph.slopes)
    rng = np.random.default_rng([training.seed, ORDER])
    for number in range(training.epochs):
        order, total = rng.permutation(rows), 0.0
        x, labels = data.x[order], data.labels[order]
        with np.errstate(all="ignore"):  # what overflows is said below, once
            for step in range(steps_each):
                batch = slice(step * training.batch, (step + 1) * training.batch)
                done = number * steps_each + step
                loss = graph.fill(x[batch], labels[batch], watching=done < FROZEN_FROM * steps)
                total += loss * len(x[batch])
                descend(done, training.rate_at(done, steps))
                graph.hold()
        if not np.isfinite(total) or not np.isfinite(graph.parameters).all():
            raise DivergenceError(
                f"Training diverged in epoch {number + 1} at a rate of {training.rate:g}; choose a lower rate."
            )
        yield SimulatedEpoch(number + 1, graph.simulation(), total / rows)


class Place:
    """What one layer remembers between steps: its grids, and where its learned steps stand."""

    def __init__(self, weight: F32, weight_scheme: Scheme, input_scheme: Scheme) -> None:
        self.weight_scheme, self.input_scheme = weight_scheme, input_scheme
        self.least, self.most = float(weight_scheme.qmin), float(weight_scheme.qmax)
        self.divisor = _DIVISORS[weight_scheme.symmetric_scale](self.most)
        self.input_most = float(input_scheme.qmax)
        self.lo = self.hi = 0.0
        self.zero, self.input_scale = 0, np.float32(1)
        self.seen = False

    def watch(self, x: F32) -> None:
        """Let the range of the input follow a batch."""
        lo, hi = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
        if not np.isfinite(hi - lo):
            return  # training has diverged, and whoever sums up the losses will say so
        if self.seen:
            lo, hi = self.lo + AVERAGING * (lo - self.lo), self.hi + AVERAGING * (hi - self.hi)
        # The ends as a Quantizer sees them, so that both have the same scale to the bit.
        self.lo, self.hi, self.seen = float(np.float32(lo)), float(np.float32(hi)), True
        self.input_scale = np.float32((self.hi - self.lo) / self.input_most) if self.hi > self.lo else np.float32(1)
        self.zero = int(min(max(np.rint(-np.float32(self.lo) / self.input_scale), 0), self.input_most))


class Graph:
    """One step forward and back through a rounded network; all parameters in one vector, the learned steps last."""

    def __init__(self, network: Network, recipe: Recipe, *, learned: bool) -> None:
        self.recipe, self.learned, count = recipe, learned, len(network.layers)
        self.by_row, self.hidden = recipe.per == "channel", network.hidden
        self.places = [
            Place(weight, recipe.weight_scheme(number, count), recipe.input_scheme(number, count))
            for number, (weight, _) in enumerate(network.layers)
        ]
        first: list[F32] = [flat(network)]
        if learned:
            for place, (weight, _) in zip(self.places, network.layers, strict=True):
                parts = list(weight) if self.by_row else [weight]
                first.append(np.array([*(first_step(part, place.most) for part in parts), 1], np.float32))
        self.parameters = np.concatenate(first)
        self.slopes = np.zeros_like(self.parameters)
        self.layers, self.gradient = views(self.parameters, network), views(self.slopes, network)
        self.learning, self.learning_slopes = self._steps(self.parameters), self._steps(self.slopes)

    def _steps(self, vector: F32) -> list[tuple[F32, F32]]:
        """Return windows on the learned steps: of each weight, and of each input."""
        if not self.learned:
            return []
        found, at = [], sum(weight.size + bias.size for weight, bias in self.layers)
        for weight, _ in self.layers:
            many = len(weight) if self.by_row else 1
            found.append((vector[at : at + many].reshape(-1, 1), vector[at + many : at + many + 1]))
            at += many + 1
        return found

    def hold(self) -> None:
        """Keep learned steps above 0."""
        for pair in self.learning:
            for step in pair:
                np.maximum(step, SMALLEST_STEP, out=step)

    def _weight_scale(self, number: int) -> Any:
        if self.learned:
            return self.learning[number][0]
        weight, place = self.layers[number].weight, self.places[number]
        if self.by_row:
            widest = np.abs(weight).max(axis=1, keepdims=True)
            return np.where(widest > 0, widest / np.float32(place.divisor), np.float32(1)).astype(np.float32)
        reach = max(float(weight.max()), -float(weight.min()))
        return np.float32(reach / place.divisor) if reach > 0 else np.float32(1)

    def _input(self, number: int, x: F32, *, watching: bool) -> Rounded:
        place = self.places[number]
        if not self.learned:
            if watching or not place.seen:
                place.watch(x)
            scale: Any = place.input_scale
        else:
            scale = self.learning[number][1]
            if not place.seen:
                place.watch(x)
                # A range around 0 starts as min-max has it: its zero point belongs to that step.
                scale[:] = place.input_scale if place.zero else first_step(x, place.input_most)
        least, most = -float(place.zero), place.input_most - place.zero
        return fake_quantize(x, scale, least, most, learned=self.learned)

    def fill(self, x: F32, labels: npt.NDArray[Any], *, watching: bool) -> float:
        """Fill the slopes of one batch and return its loss."""
        count, unit = len(self.layers), HIDDEN[self.hidden]
        seen: list[tuple[F32, Rounded, Rounded]] = []
        for number, (weight, bias) in enumerate(self.layers):
            place = self.places[number]
            into = self._input(number, x, watching=watching)
            by = fake_quantize(weight, self._weight_scale(number), place.least, place.most, learned=self.learned)
            seen.append((x, into, by))
            x = into.values @ by.values.T
            x += bias
            if number < count - 1:
                unit.apply(x)
        back, loss = x, turn_to_slopes(x, labels)
        for number in reversed(range(count)):
            x, into, by = seen[number]
            own = self.gradient[number]
            np.matmul(back.T, into.values, out=own.weight)
            back.sum(axis=0, out=own.bias)
            if self.learned or number:
                back = back @ by.values
            if self.learned:
                self._fill_steps(number, own, into, by, back)
            np.multiply(own.weight, by.inside, out=own.weight)
            if number:
                back *= into.inside
                back *= unit.slope(x)
        return loss

    def _fill_steps(self, number: int, own: Layer, into: Rounded, by: Rounded, back: F32) -> None:
        place, (of_weight, of_input) = self.places[number], self.learning_slopes[number]
        size = by.values.size // len(of_weight)
        of_weight[:] = by.slope_of_scale(own.weight, per_row=self.by_row) * step_damping(size, place.most)
        of_input[:] = into.slope_of_scale(back) * step_damping(into.values.shape[1], place.input_most)

    def simulation(self) -> Simulation:
        """Return the network as it stands."""
        layers = []
        for number, (place, (weight, bias)) in enumerate(zip(self.places, self.layers, strict=True)):
            weight, bias, like = weight.copy(), bias.copy(), np.zeros(1, np.float32)
            weight.flags.writeable = bias.flags.writeable = False
            if self.learned:
                weight_step, input_step = self.learning[number]
                scale = weight_step.copy() if self.by_row else weight_step.reshape(())[()]
                zeros: Any = np.zeros(scale.shape, np.int64) if self.by_row else 0
                weight_grid = Quantizer.from_parameters(scale, zeros, place.weight_scheme)
                input_grid = Quantizer.from_parameters(input_step[0], place.zero, place.input_scheme)
            else:
                weight_grid = Quantizer(weight, place.weight_scheme)
                ends = np.array([place.lo]), np.array([place.hi])
                input_grid = Quantizer.from_range(like, *ends, place.input_scheme)
            layers.append(SimulatedLayer(weight, bias, weight_grid, input_grid))
        return Simulation(tuple(layers), self.recipe, self.hidden)
