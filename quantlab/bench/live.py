"""A race of two seconds for "This machine": one product three ways, and the ceilings that our way stands under."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from . import peers, products
from .ceilings import COPIED, Ceilings
from .machine import Machine, machine
from .rows import require
from .timing import Spread, alternate, ratios

SIZE = 256
SECONDS = 2.0
_FOR_CEILINGS = 0.25  # of the budget; the rest is the race's
_FOR_CALL = 0.02


@dataclass(frozen=True, kw_only=True)
class Runner:
    """One way to multiply, and how it did.

    Attributes
    ----------
    name : str
        "kernel", "blas" or "naive".
    seconds : Spread
        Of one product.
    speed : float
        Operations a second, at the median.
    times : Spread
        How many times as long as our kernel it took, round by round.
    """

    name: str
    seconds: Spread
    speed: float
    times: Spread


@dataclass(frozen=True, kw_only=True)
class Race:
    """What a race gave: the same product, interleaved, on one thread where BLAS can be held to one.

    Attributes
    ----------
    machine : Machine
    shape : (M, K, N)
    operations, bytes : int
        Of one product; bytes as our kernel reads and writes them.
    kernel, blas, naive : Runner
        int8 by our kernel, float32 by BLAS, int32 by NumPy's own loop.
    peak : float
        Operations a second of the bare loop.
    bandwidth : float
        Bytes a second of a copy.
    call : float
        Seconds that our kernel takes for one number by one: all but the arithmetic.
    alone : bool
        Whether BLAS was held to one thread too; without threadpoolctl it takes as many as it likes.
    """

    machine: Machine
    shape: tuple[int, int, int]
    operations: int
    bytes: int
    kernel: Runner
    blas: Runner
    naive: Runner
    peak: float
    bandwidth: float
    call: float
    alone: bool

    @property
    def intensity(self) -> float:
        """Operations for each byte."""
        return self.operations / self.bytes

    @property
    def roof(self) -> float:
        """Operations a second that are possible at this intensity."""
        return min(self.peak, self.intensity * self.bandwidth)


def race(seconds: float = SECONDS, size: int = SIZE) -> Race:
    """Run the race in about so many seconds.

    It takes a core for itself: whoever serves several people runs one at a time.

    Parameters
    ----------
    seconds : float
        The budget. Setting up, and three rounds, are done in any case.
    size : int
        Of the square matrices.

    Raises
    ------
    WrongResultError
        If our product is not exact.

    Examples
    --------
    >>> found = race(0.02, size=32)
    >>> found.operations, found.kernel.times.median, found.naive.speed > 0
    (65536, 1.0, True)
    """
    shape = (size, size, size)
    a, b, exact = products.problem(shape, "int8")
    with peers.held_to(1):
        ours = products.ours(a, b, 1)
        require(np.array_equal(ours(), exact), f"The product {products.named(shape)}")
        sides = {"kernel": ours, "blas": peers.blas(a, b), "naive": peers.naive(a, b)}
        for_race = (1 - _FOR_CEILINGS - _FOR_CALL) * seconds
        samples = dict(zip(sides, alternate(list(sides.values()), for_race), strict=True))
        [called] = alternate([products.ours(a[:1, :1], b[:1, :1], 1)], _FOR_CALL * seconds)
        call = Spread.of(called).median
        ceilings = Ceilings(_FOR_CEILINGS * seconds / 2)
        peak, bandwidth = ceilings.peak("int8").median, ceilings.copied(COPIED).median
    operations = 2 * size**3

    def runner(name: str) -> Runner:
        its = Spread.of(samples[name])
        times = ratios(samples[name], samples["kernel"])
        return Runner(name=name, seconds=its, speed=operations / its.median, times=Spread.of(times))

    return Race(
        machine=machine(),
        shape=shape,
        operations=operations,
        bytes=6 * size * size,
        kernel=runner("kernel"),
        blas=runner("blas"),
        naive=runner("naive"),
        peak=peak,
        bandwidth=bandwidth,
        call=call,
        alone=find_spec("threadpoolctl") is not None,
    )
