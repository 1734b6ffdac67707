"""The rows of training: a step through rounding, and the figure of accuracy against bits as a whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from quantlab.nn import Labelled, Network, Plan, Recipe, Training, qat_epochs, sweep

from .rows import Duel, Line, Row, require

FAMILY = "Training"
SIZES, BATCH, STEPS = (64, 64, 64, 10), 64, 50
# The default figure has five seeds, of 50 epochs and 40: two seeds, one a worker, and a tenth of the epochs.
TENTH = Plan(seeds=2, epochs=5, again=4)
WHOLE = Plan()  # which takes PyTorch minutes
_ROWS, _PLAN_SIZES = 1437, (64, 32, 32, 10)  # of the digits, and of the network that learns them
_ALIKE = 0.15  # a tenth of the epochs leaves more to chance


def multiplications(sizes: tuple[int, ...], batch: int, *, learned: bool = False) -> int:
    """Return the multiplications and additions of a step's matrix products: forward, to the weights, to the inputs.

    >>> multiplications((2, 3), 1)  # forward and to the weights; nothing comes before the first layer
    24
    """
    products = [2 * batch * n * m for n, m in pairwise(sizes)]
    return 2 * sum(products) + sum(products if learned else products[1:])


def parameters(sizes: tuple[int, ...]) -> int:
    """Return how many weights and biases there are.

    >>> parameters((2, 3))
    9
    """
    return sum((n + 1) * m for n, m in pairwise(sizes))


def _data() -> Labelled:
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * STEPS, SIZES[0]), np.float32)
    return Labelled(x, rng.integers(0, SIZES[-1], len(x)))


def _said_loss_is_its_own() -> bool:
    """Whether the loss that a step tells is the cross-entropy of the network that it hands over."""
    x, labels = _data()
    data = Labelled(x[:BATCH], labels[:BATCH])
    still = Training(epochs=1, batch=BATCH, rate=1e-30)  # at which nothing moves
    (epoch,) = qat_epochs(Network.drawn(SIZES), data, Recipe(bits=8), still)
    logits = epoch.simulation(data.x).astype(np.float64)
    chosen = logits[np.arange(len(logits)), data.labels]
    return bool(np.isclose(epoch.loss, (np.log(np.exp(logits).sum(axis=1)) - chosen).mean(), rtol=1e-5))


def _steps() -> Duel:
    from .torch_training import Learner, drawn

    data = _data()
    # So many epochs that neither side comes to their end, nor its ranges to a rest.
    training = Training(epochs=1_000_000, batch=BATCH, rate=1e-3, schedule="constant")
    running = qat_epochs(Network.drawn(SIZES), data, Recipe(bits=8, weight_scale="full"), training)
    theirs = Learner(drawn(SIZES, 0), 8).epochs(data.x, data.labels, training)
    return Duel(
        ours=lambda: next(running),
        theirs=theirs,
        check=lambda: require(_said_loss_is_its_own(), "The loss of a training step"),
    )


def _figure(plan: Plan, workers: int) -> dict[Any, float]:
    with ThreadPoolExecutor(workers) as executor:
        return {found.job: found.quality for found in sweep(plan, executor)}


def _against_torch() -> Duel:
    from .torch_training import Workers

    theirs = Workers(2)

    def alike() -> bool:
        alone = {found.job: found.quality for found in sweep(TENTH)}
        return _figure(TENTH, 2) == alone and min(alone[job] for job in alone if job.bits in (None, 8)) > 1 - _ALIKE

    return Duel(
        ours=lambda: _figure(TENTH, 2),
        theirs=lambda: theirs(TENTH),
        check=lambda: require(alike(), "The figure of accuracy against bits"),
    )


def _against_one() -> Duel:
    return Duel(
        ours=lambda: _figure(WHOLE, 2),
        theirs=lambda: _figure(WHOLE, 1),
        check=lambda: require(
            _figure(TENTH, 1) == _figure(TENTH, 2), "The figure of accuracy against bits on two workers"
        ),
    )


def _counted(plan: Plan) -> tuple[int, int]:
    """Return operations and bytes of a plan: every step's, PTQ not counted."""
    a_pass = -(-_ROWS // plan.batch)
    rounded = len(plan.bits) * plan.again * a_pass
    floats = (plan.epochs + plan.again) * a_pass
    once, full = (multiplications(_PLAN_SIZES, plan.batch, learned=learned) for learned in (False, True))
    operations = plan.seeds * ((floats + rounded) * once + rounded * full)
    return operations, plan.seeds * (floats + 2 * rounded) * _bytes(_PLAN_SIZES)


def _bytes(sizes: tuple[int, ...]) -> int:
    # The rows of a batch are read; parameters and both of Adam's means are read and written.
    return 4 * (BATCH * sizes[0] + 6 * parameters(sizes))


def rows() -> list[Row]:
    """Return the rows of training: a step, and the figure against PyTorch and against one worker."""
    (few, few_bytes), (all_steps, all_bytes) = _counted(TENTH), _counted(WHOLE)
    return [
        Row(
            name="training-step",
            family=FAMILY,
            figure=f"{STEPS} steps of QAT, 64-64-64-10, batch {BATCH}",
            peer="torch eager",
            make=_steps,
            line=Line(must=6, aim=10),
            operations=STEPS * multiplications(SIZES, BATCH),
            bytes=STEPS * _bytes(SIZES),
            roof="float32",
            drawn=True,
        ),
        Row(
            name="training-figure",
            family=f"{FAMILY}, all cores",
            figure="a tenth of the default training",
            peer="torch eager, 2 processes",
            make=_against_torch,
            line=Line(must=6, aim=10),
            threads=2,
            operations=few,
            bytes=few_bytes,
            roof="float32",
            drawn=True,
        ),
        Row(
            name="training-threads",
            family=f"{FAMILY}, all cores",
            figure="the whole default figure, two workers",
            peer="one worker",
            make=_against_one,
            line=Line(must=1.8, aim=1.95),
            threads=2,
            operations=all_steps,
            bytes=all_bytes,
            roof="float32",
        ),
    ]
