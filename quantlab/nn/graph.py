"""A network while it is trained: its parameters, what a step needs of memory, and the grids that it is rounded to.

One flat array holds all of it, so that a whole epoch is one call of a kernel (`quantlab.kernels.training`). Layers are
windows on it. The order of everything that is summed is that of the kernel, on any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.kernels import training as kernels
from quantlab.kernels.float_tiles import padded
from quantlab.kernels.straight_through import (
    DIVISOR,
    GRID,
    HI,
    INPUT_DAMPING,
    INPUT_MOST,
    LEAST,
    LO,
    MOST,
    WEIGHT_DAMPING,
    ZERO,
)
from quantlab.quantizer import Quantizer

from .datasets import Labels
from .hidden import Hidden
from .network import Layer, Network
from .rounding import first_step, step_damping
from .simulation import Recipe, SimulatedLayer, Simulation

F32 = npt.NDArray[np.float32]
_DIVISORS = {"restricted": lambda most: most, "half_range": lambda most: most + 1, "full": lambda most: most + 0.5}
_HIDDEN: dict[Hidden, int] = {"relu": kernels.RELU, "tanh": kernels.TANH}
_RULES = {"momentum": kernels.MOMENTUM, "adam": kernels.ADAM, None: kernels.STILL}


class Room:
    """Counts places of the flat array, each at a whole vector."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, count: int) -> int:
        """Return where so many numbers begin."""
        at = self.size
        self.size += padded(count)
        return at


class Graph:
    """A network that takes steps.

    Parameters
    ----------
    network : Network
        Where it begins; copied.
    recipe : Recipe, optional
        What weights and activations are rounded to; without one nothing is.
    learned : bool
        Whether the scales are learned along with the weights.
    batch : int
        Rows a step, at most.

    Examples
    --------
    >>> graph = Graph(Network([([[0.0], [0.0]], [0.0, 0.0])]), batch=1)
    >>> round(graph.fill(np.float32([[2]]), np.array([1])), 4), graph.gradient[0].weight.tolist()
    (0.6931, [[1.0], [-1.0]])
    """

    def __init__(self, network: Network, recipe: Recipe | None = None, *, learned: bool = False, batch: int) -> None:
        self.sizes, self.hidden, self.batch = network.sizes, network.hidden, batch
        self.recipe, self.learned = recipe, learned
        self.by_row = recipe is not None and recipe.per == "channel"
        count = len(network.layers)
        self.table = np.zeros((count, kernels.FIELDS), np.int64)
        self.grids = np.zeros((count, GRID))
        self._lay_out()
        self.layers, self.gradient = self._windows(0), self._windows(self._count)
        self.learning, self.learning_slopes = self._steps(0), self._steps(self._count)
        for own, (weight, bias) in zip(self.layers, network.layers, strict=True):
            own.weight[:], own.bias[:] = weight, bias
        if recipe is not None:
            self._choose_grids(network, recipe)

    def _lay_out(self) -> None:
        """Fill the table, and take the memory."""
        room, table = Room(), self.table
        for own, (inputs, outputs) in zip(table, pairwise(self.sizes), strict=True):
            own[kernels.INPUTS], own[kernels.OUTPUTS] = inputs, outputs
            own[kernels.WIDE_IN], own[kernels.WIDE_OUT] = padded(inputs), padded(outputs)
            own[kernels.WEIGHT] = room.take(outputs * padded(inputs))
            own[kernels.BIAS] = room.take(outputs)
        for own in table:
            own[kernels.STEPS] = room.take(2 + int(own[kernels.OUTPUTS]) if self.learned else 0)
        self._count = room.size
        widest = padded(max(self.sizes))
        room.take(3 * room.size)  # slopes and the two means of descent
        room.take(widest)  # zeros
        for own in table:
            rows, weight = self.batch * int(own[kernels.WIDE_IN]), int(own[kernels.OUTPUTS] * own[kernels.WIDE_IN])
            own[kernels.GIVEN] = own[kernels.INTO] = room.take(rows)
            own[kernels.BY] = own[kernels.WEIGHT]
            own[kernels.TURNED] = room.take(int(own[kernels.INPUTS] * own[kernels.WIDE_OUT]))
            own[kernels.INPUT_GATE] = room.take(rows)
            if self.recipe is not None:
                own[kernels.INTO], own[kernels.BY] = room.take(rows), room.take(weight)
                own[kernels.WEIGHT_GATE] = room.take(weight)
            if self.learned:
                own[kernels.INPUT_TURN], own[kernels.WEIGHT_TURN] = room.take(rows), room.take(weight)
        self._places = [room.take(self.batch * widest) for _ in range(3)]
        self.memory = np.zeros(room.size, np.float32)

    def _windows(self, moved: int) -> list[Layer]:
        found = []
        for own in self.table:
            at, bias = moved + int(own[kernels.WEIGHT]), moved + int(own[kernels.BIAS])
            outputs, wide = int(own[kernels.OUTPUTS]), int(own[kernels.WIDE_IN])
            weight = self.memory[at : at + outputs * wide].reshape(outputs, wide)
            found.append(Layer(weight[:, : own[kernels.INPUTS]], self.memory[bias : bias + outputs]))
        return found

    def _steps(self, moved: int) -> list[tuple[F32, F32]]:
        """Return windows on the learned steps: of each weight, and of each input."""
        found: list[tuple[F32, F32]] = []
        for own in self.table if self.learned else ():
            at, many = moved + int(own[kernels.STEPS]), int(own[kernels.OUTPUTS]) if self.by_row else 1
            found.append((self.memory[at : at + many].reshape(-1, 1), self.memory[at + many : at + many + 1]))
        return found

    def _choose_grids(self, network: Network, recipe: Recipe) -> None:
        count = len(network.layers)
        self.weight_schemes = [recipe.weight_scheme(number, count) for number in range(count)]
        self.input_schemes = [recipe.input_scheme(number, count) for number in range(count)]
        for number, (grid, (weight, _)) in enumerate(zip(self.grids, network.layers, strict=True)):
            its, into = self.weight_schemes[number], self.input_schemes[number]
            grid[LEAST], grid[MOST], grid[INPUT_MOST] = its.qmin, its.qmax, into.qmax
            grid[DIVISOR] = _DIVISORS[its.symmetric_scale](its.qmax)
            if self.learned:
                parts = list(weight) if self.by_row else [weight]
                self.learning[number][0][:, 0] = [first_step(part, its.qmax) for part in parts]
                self.learning[number][1][:] = 1
                grid[WEIGHT_DAMPING] = step_damping(parts[0].size, its.qmax)
                grid[INPUT_DAMPING] = step_damping(weight.shape[1], into.qmax)

    def run(
        self,
        x: F32,
        labels: Labels,
        order: npt.NDArray[np.int64],
        pace: F32,
        rule: str | None,
        momentum: float = 0.0,
        watching: int = 0,
    ) -> float:
        """Take a step for each batch of rows, and return the sum of the rows' losses.

        Parameters
        ----------
        x : (rows, features) float32
        labels : (rows,) integers, or floats for squared error
        order : int64 array
            The rows, as they come.
        pace : (steps, 2) float32
            As `quantlab.nn.train.Training.pace` gives it.
        rule : {"momentum", "adam", None}
            None moves nothing.
        momentum : float
        watching : int
            In how many steps the ranges of activations follow the batches.
        """
        rounding = kernels.FLOAT if self.recipe is None else kernels.LEARNED if self.learned else kernels.RANGES
        course = kernels.Course(
            self.batch,
            rounding,
            int(self.by_row),
            _HIDDEN[self.hidden],
            kernels.SQUARED_ERROR if labels.dtype.kind == "f" else kernels.CROSS_ENTROPY,
            _RULES[rule],
            watching,
            self._count,
            *self._places,
        )
        rows, wanted = np.ascontiguousarray(x, np.float32).reshape(-1), labels.astype(np.float32)
        state = self.table, self.grids, pace
        return float(kernels.train(self.memory, rows, wanted, order, *state, np.float32(momentum), course))

    def fill(self, x: F32, labels: Labels, *, watching: bool = True) -> float:
        """Fill the slopes of one batch, move nothing, and return its mean loss."""
        pace = np.ones((1, 2), np.float32)
        total = self.run(x, labels, np.arange(len(x)), pace, None, watching=int(watching))
        return total / len(x)

    @property
    def finite(self) -> bool:
        """Whether all parameters are."""
        return bool(np.isfinite(self.memory[: self._count]).all())

    def simulation(self) -> Simulation:
        """Return the rounded network as it stands."""
        return self.kept().simulation

    def kept(self) -> Kept:
        """Return the rounded network as it stands, to be made when it is asked for."""
        assert self.recipe is not None, "what is not rounded has no grids"
        layers = [Layer(*(array.copy() for array in layer)) for layer in self.layers]
        steps = [(weight.copy(), into.copy()) for weight, into in self.learning]
        return Kept(self, layers, steps, self.grids.copy())


@dataclass(frozen=True, eq=False)
class Kept:
    """What a rounded network was at some moment of its training.

    Attributes
    ----------
    graph : Graph
        Which may train on.
    layers : list of Layer
    steps : list of pairs of arrays
        Learned ones.
    grids : float64 array (layers, GRID)
    """

    graph: Graph
    layers: list[Layer]
    steps: list[tuple[F32, F32]]
    grids: npt.NDArray[np.float64]

    @cached_property
    def simulation(self) -> Simulation:
        """The network, its grids as the library has them."""
        graph, layers = self.graph, []
        assert graph.recipe is not None, "what is not rounded has no grids"
        for number, (grid, (weight, bias)) in enumerate(zip(self.grids, self.layers, strict=True)):
            weight.flags.writeable = bias.flags.writeable = False
            if self.steps:
                weight_step, input_step = self.steps[number]
                scale: Any = weight_step if graph.by_row else weight_step.reshape(())[()]
                zeros: Any = np.zeros(scale.shape, np.int64) if graph.by_row else 0
                weight_grid = Quantizer.from_parameters(scale, zeros, graph.weight_schemes[number])
                input_grid = Quantizer.from_parameters(input_step[0], int(grid[ZERO]), graph.input_schemes[number])
            else:
                weight_grid = Quantizer(weight, graph.weight_schemes[number])
                like, ends = np.zeros(1, np.float32), (grid[LO : LO + 1].copy(), grid[HI : HI + 1].copy())
                input_grid = Quantizer.from_range(like, *ends, graph.input_schemes[number])
            layers.append(SimulatedLayer(weight, bias, weight_grid, input_grid))
        return Simulation(tuple(layers), graph.recipe, graph.hidden)
