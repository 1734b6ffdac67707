"""The networks behind one point of the curve: those of the first seed at the bits that the page looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from quantlab.experiments.training.experiment import Recall, Settings, compute_anew
from quantlab.nn import Dataset, Job, Method, Network, Plan, Run, Simulation, load, observe, quality
from quantlab.nn.ptq import convert
from quantlab.nn.sweep import Floats, run

SEED = 0
WHOSE = f"seed {SEED}"
"""Of which seed whatever is drawn of one network is, beside curves that are means over several."""


@dataclass(frozen=True, eq=False)
class Networks:
    """Float, PTQ and the one that was trained through rounding, of one seed and with the same bits.

    Attributes
    ----------
    data : Dataset
    floats : Floats
        Where training through rounding began, and the twin that trained on in float.
    before : Simulation
        The checkpoint rounded once: where training through rounding began, in codes.
    ptq : Simulation
        The twin rounded once.
    trained : Simulation
        QAT or LSQ.
    losses : dict of method to tuple of float
        Of each epoch: the twin's, and that of training through rounding.
    """

    data: Dataset
    floats: Floats
    before: Simulation
    ptq: Simulation
    trained: Simulation
    losses: dict[Method, tuple[float, ...]]

    def quality(self, network: Network | Simulation) -> float:
        """Return a network's accuracy, or its R², over the test rows."""
        return quality(network(self.data.test.x), self.data.test.labels)


def networks(settings: Settings, runs: Iterable[Run] = (), recall: Recall = compute_anew) -> Networks:
    """Return the networks of the first seed; what is not among the runs is trained now, in about a second.

    Parameters
    ----------
    settings : Settings
    runs : iterable of Run
        What has been trained already, with its networks.
    recall : callable
        ``(key, make)`` returns what `make` would, where it was computed before.

    Examples
    --------
    >>> found = networks(Settings(data="blobs", epochs="20:15", bits=8))
    >>> found.quality(found.trained) > 0.9, len(found.losses["qat"])
    (True, 15)
    """
    plan, method, bits = settings.plan(), settings.method, settings.bits
    known = {each.job: each for each in runs if each.floats is not None or each.simulation is not None}
    one = (settings.state().plan_key(), "networks")

    def of(job: Job, floats: Floats | None = None) -> Run:
        found: Run = known.get(job) or recall((*one, job), lambda: run(plan, job, floats))
        return found

    first = of(Job("float", None, SEED))
    floats = first.floats
    assert floats is not None  # a float run has them
    rounded, through = of(Job("ptq", bits, SEED), floats), of(Job(method, bits, SEED), floats)
    assert rounded.simulation is not None
    assert through.simulation is not None
    data = load(plan.data, SEED)
    return Networks(
        data,
        floats,
        _rounded(plan, floats.start, data, bits),
        rounded.simulation,
        through.simulation,
        {"float": first.losses, method: through.losses},
    )


def _rounded(plan: Plan, network: Network, data: Dataset, bits: int) -> Simulation:
    return convert(network, observe(network, data.train.x), plan.recipe(bits))


def off_grid(simulation: Simulation, layer: int) -> float:
    """Return how far a layer's weights lie from their levels, in steps, on average: a quarter if they do not care.

    >>> found = networks(Settings(data="blobs", epochs="20:15", bits=8))
    >>> 0.2 < off_grid(found.trained, 1) < 0.3
    True
    """
    own = simulation.layers[layer]
    steps = own.weight / np.asarray(own.weight_grid.scale)
    inside = (steps >= own.weight_grid.qmin) & (steps <= own.weight_grid.qmax)
    return float(np.abs(steps - np.rint(steps))[inside].mean())
