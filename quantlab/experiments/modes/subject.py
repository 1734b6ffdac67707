"""What is run in the three modes: a network with the rows that calibrate it, and those that come to it alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array, as_matrix
from quantlab.experiments.spelling import YOURS
from quantlab.nn import Dataset, Labelled, Network, load, train

F32 = NDArray[np.float32]
LARGE = 4096
_DRAWN_OUTPUTS, _DRAWN_ROWS = 256, 128
MOST_SAMPLES = 500
MOST_OWN = 1024  # outputs and inputs of a visitor's weight
LOUDEST = 300


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, or a single layer as a network of one, with its data.

    Attributes
    ----------
    name : str
        As people read it.
    network : Network
        What is computed.
    shapes : tuple of (out, in)
        Of the whole layers: costs are of these. `network` may hold only some of their outputs.
    known : (n, features) float32
        Rows that a calibration can draw from.
    live : Labelled
        Rows to test with; the labels are empty where there is nothing to be right about.
    lo, hi : float
        Ends of the data, as `known` has them: what noise fills, and what an offset is measured by.
    digest : str
        Of the visitor's weight; empty for what comes with the house.
    remark : str
        What was done to the visitor's weight, a sentence each.
    """

    name: str
    network: Network
    shapes: tuple[tuple[int, int], ...]
    known: F32
    live: Labelled
    lo: float
    hi: float
    digest: str = ""
    remark: str = ""

    @property
    def labelled(self) -> bool:
        """Whether there is an accuracy."""
        return len(self.live.labels) > 0

    @property
    def sampled(self) -> bool:
        """Whether the errors are those of some of the outputs."""
        return self.shapes[-1][0] != self.network.sizes[-1]


@dataclass(frozen=True)
class Entry:
    """One entry of the menu: its name in an address, its label, one sentence of definition, and who makes it."""

    name: str
    label: str
    help: str
    make: Callable[[int], Subject]


def build(name: str, seed: int) -> Subject:
    """Return one of SUBJECTS; the same arguments give the same subject.

    >>> build("digits", 0).shapes
    ((32, 64), (32, 32), (10, 32))
    """
    return SUBJECTS[name].make(seed)


def of_weight(weight: Array, seed: int) -> Subject:
    """Return one layer with the visitor's weight, outputs × inputs, and normal rows drawn for it.

    >>> of_weight(Array.of(np.ones((3, 2, 2), np.float32), "mine"), 0).shapes
    ((3, 4),)
    """
    matrix, remark = as_matrix(weight.values, (MOST_OWN, MOST_OWN), rows="first", alone="row")
    outputs, inputs = matrix.shape
    rows = np.random.default_rng([seed, inputs]).standard_normal((_DRAWN_ROWS + MOST_SAMPLES, inputs), np.float32)
    live, known = rows[:_DRAWN_ROWS], rows[_DRAWN_ROWS:]
    network, nothing = Network([(matrix, np.zeros(outputs))]), np.empty(0, np.int64)
    ends = float(known.min()), float(known.max())
    return Subject(YOURS, network, (matrix.shape,), known, Labelled(live, nothing), *ends, weight.digest, remark)


@lru_cache(maxsize=4)
def _digits(seed: int) -> Subject:
    data: Dataset = load("digits", seed)
    network = train(Network.drawn(seed=seed), data.train)
    shapes = tuple((layer.weight.shape[0], layer.weight.shape[1]) for layer in network.layers)
    return Subject("digits", network, shapes, data.train.x, data.test, 0.0, 1.0)


@lru_cache(maxsize=2)
def _large(seed: int) -> Subject:
    # An output is a sum of its own: some of them tell the error of all without 64 MB of weights.
    rng = np.random.default_rng([seed, LARGE])
    weight = rng.standard_normal((_DRAWN_OUTPUTS, LARGE), np.float32) / np.float32(LARGE**0.5)
    rows = rng.standard_normal((_DRAWN_ROWS + MOST_SAMPLES, LARGE), np.float32)
    live, known = rows[:_DRAWN_ROWS], rows[_DRAWN_ROWS:]
    network = Network([(weight, np.zeros(_DRAWN_OUTPUTS))])
    lo, hi = float(known.min()), float(known.max())
    return Subject("layer", network, ((LARGE, LARGE),), known, Labelled(live, np.empty(0, np.int64)), lo, hi)


def calibration_rows(subject: Subject, kind: str, samples: int, loud: float, seed: int) -> F32:
    """Return the rows that an observer is shown.

    Parameters
    ----------
    subject : Subject
    kind : str
        A key of CALIBRATIONS.
    samples : int
        How many, at most as many as there are.
    loud : float
        What the first of them is multiplied by.
    seed : int
        Of the noise.

    Examples
    --------
    >>> rows = calibration_rows(build("digits", 0), "dark", 5, 1.0, 0)
    >>> rows.shape, float(rows.max())
    ((5, 64), 0.25)
    """
    rows = subject.known[:samples]
    if kind == "noise":
        rng = np.random.default_rng([seed, samples])
        rows = (subject.lo + rng.random(rows.shape, np.float32) * (subject.hi - subject.lo)).astype(np.float32)
    elif kind == "dark":
        rows = rows / np.float32(4)
    return _first_louder(rows, len(rows), loud)


def live_rows(subject: Subject, *, scale: float, offset: float, batch: int, loud: float) -> F32:
    """Return the rows to test with as they arrive: shifted, and with a loud one first in every batch.

    >>> rows = live_rows(build("digits", 0), scale=1.0, offset=0.25, batch=100, loud=1.0)
    >>> float(rows.min()), float(rows.max())
    (0.25, 1.25)
    """
    rows = subject.live.x
    if scale != 1 or offset:
        rows = rows * np.float32(scale) + np.float32(offset * (subject.hi - subject.lo))
    return _first_louder(rows, batch, loud)


def _first_louder(rows: F32, batch: int, loud: float) -> F32:
    if loud == 1 or not len(rows):
        return rows
    rows = rows.copy()
    rows[::batch] *= np.float32(loud)
    return rows


_ENTRIES = (
    Entry("digits", "digits network", "Three layers, 64-32-32-10, that read handwritten digits.", _digits),
    Entry("layer", "one layer, 4096²", "A linear layer as large models have them, with normal weights.", _large),
)
SUBJECTS: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
CALIBRATIONS: dict[str, str] = {
    "training": "training data",
    "noise": "noise",
    "dark": "four times darker",
}
