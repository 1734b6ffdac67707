"""What an observer is shown: batches of activations, one of them odd, and others that it never sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from quantlab.nn import Dataset, Network, accuracy, load, train

F32 = NDArray[np.float32]
BATCHES = 32
ROWS = 32  # of a batch; the digits have enough for all batches, and rows to spare
VALUES = 1_024  # of a batch that is drawn: as many as a batch of a hidden layer has
_HELD = 16_384
SIZES = (1, 10, 100)
THICKEST, THINNEST = 1.5, 30.0  # degrees of freedom


@dataclass(frozen=True, eq=False)
class Stream:
    """Batches that pass, and what a range is tried on afterwards.

    Attributes
    ----------
    batches : list of float32 arrays (rows, channels)
        BATCHES of them; of a visitor's array, which may be short, at most as many.
    held : float32 array (rows, channels)
        What no observer sees: a range is judged by its error here.
    what : str
        What a value is: "activation of the first hidden layer".
    finish : callable or None
        From `held` after quantization to the share of its rows that the network then reads right; None without a
        network.
    held_as : str
        What `held` is, as people read it: "360 test images".
    cut, remark : str
        Of a visitor's array: into which batches it was cut, and what was done to it before, a sentence each.
    """

    batches: list[F32]
    held: F32
    what: str
    finish: Callable[[F32], float] | None
    held_as: str
    cut: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Entry:
    """One entry of the menu: its name in an address, its label, one sentence of definition, the layer it watches."""

    name: str
    label: str
    help: str
    what: str
    layer: int | None


def build(name: str, seed: int, *, odd: float, odd_at: int, size: int, tail: float) -> Stream:
    """Return one of STREAMS; the same arguments give the same batches.

    Parameters
    ----------
    name : str
        A key of STREAMS.
    seed : int
        Of the network's split and training, or of what is drawn.
    odd : float
        What the odd batch is multiplied by: the images, so that the network makes of them what it would, or the values.
    odd_at : int
        Which batch that is, from 1.
    size : int
        How many times more values a batch has; drawn ones only.
    tail : float
        Degrees of freedom of drawn values: the fewer, the heavier the tail.

    Examples
    --------
    >>> stream = build("first", 0, odd=4.0, odd_at=20, size=1, tail=4.0)
    >>> len(stream.batches), stream.batches[0].shape, stream.held.shape
    (32, (32, 32), (360, 32))
    >>> bool(stream.batches[19].max() > 2 * stream.batches[18].max())
    True
    """
    entry = STREAMS[name]
    factors = [np.float32(odd if number == odd_at else 1) for number in range(1, BATCHES + 1)]
    if entry.layer is None:
        drawn, held = _drawn(seed, size, tail)
        return Stream(
            [batch * factor for batch, factor in zip(drawn, factors, strict=True)],
            held,
            entry.what,
            None,
            "other values",
        )
    data, network = _digits(seed)
    rows = [data.train.x[at * ROWS : (at + 1) * ROWS] for at in range(BATCHES)]
    batches = [network.activations(x * factor)[entry.layer] for x, factor in zip(rows, factors, strict=True)]
    held, layer = network.activations(data.test.x)[entry.layer], entry.layer

    def finish(values: F32) -> float:
        logits = values if layer == len(network.layers) else Network(network.layers[layer:])(values)
        return accuracy(logits, data.test.labels)

    return Stream(batches, held, entry.what, finish, f"{len(held)} test images")


@lru_cache(maxsize=4)
def _digits(seed: int) -> tuple[Dataset, Network]:
    data = load("digits", seed)
    return data, train(Network.drawn(seed=seed), data.train)


@lru_cache(maxsize=2)
def _drawn(seed: int, size: int, tail: float) -> tuple[list[F32], F32]:
    rng = np.random.default_rng([seed, 4])
    held = rng.standard_t(tail, (_HELD // 32, 32)).astype(np.float32)
    return [rng.standard_t(tail, (VALUES * size // 32, 32)).astype(np.float32) for _ in range(BATCHES)], held


_NETWORK = "32 batches of 32 handwritten digits through a network, 64-32-32-10, that reads them"
_ENTRIES = (
    Entry("first", "digits, first hidden layer", f"{_NETWORK}: after ReLU.", "activation of the first hidden layer", 1),
    Entry(
        "second", "digits, second hidden layer", "The same, one layer on.", "activation of the second hidden layer", 2
    ),
    Entry("outputs", "digits, outputs", "The same, before any softmax: of both signs.", "output of the network", 3),
    Entry(
        "tail",
        "heavy tail",
        "Student's t: like a bell, with far more values far out; how many, the degrees of freedom say.",
        "value",
        None,
    ),
)
STREAMS: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
