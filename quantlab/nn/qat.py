"""Training through rounding: every weight and activation is on its grid in each forward step.

The weights themselves stay float32, for small steps have to add up; only what they are multiplied as is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .datasets import Labelled
from .graph import Graph, Kept
from .network import Network
from .simulation import Recipe, Simulation
from .train import Training, passes, require_fit

FROZEN_FROM = 0.75  # of all steps: the last quarter trains for a grid that stands still


@dataclass(frozen=True, eq=False)
class SimulatedEpoch:
    """A network after so many passes over its data through rounding.

    Attributes
    ----------
    number : int
        From 1.
    loss : float
        Mean cross-entropy of the epoch's rows in nats, or their mean squared error; each row as it was seen.
    kept : Kept
        What it was then.
    """

    number: int
    loss: float
    kept: Kept

    @property
    def simulation(self) -> Simulation:
        """The network, made when it is asked for first: most epochs are only waited for."""
        return self.kept.simulation


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
    >>> import numpy as np
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
    >>> import numpy as np
    >>> data = Labelled(np.float32([[-1], [1]]), np.array([0, 1]))
    >>> [epoch.number for epoch in qat_epochs(Network.drawn((1, 2)), data, training=Training(epochs=2))]
    [1, 2]
    """
    training, recipe = training or Training(), recipe or Recipe()
    require_fit(network, data)
    graph = Graph(network, recipe, learned=learned_steps, batch=min(training.batch, len(data.x)))
    for number, loss in passes(graph, data, training, watched=FROZEN_FROM):
        yield SimulatedEpoch(number, loss, graph.kept())
