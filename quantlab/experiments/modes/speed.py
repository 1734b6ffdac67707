"""Times of the modes on this machine, batch by batch, and the ceilings they stand under.

Measured by the functions of `quantlab.bench`: the modes take turns, on one thread, on data that are in the caches as
they are for a user. A server measures once, in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.bench import peers
from quantlab.bench.ceilings import COPIED, Ceilings
from quantlab.bench.timing import Spread, alternate
from quantlab.experiments.modes.experiment import BATCHES, Settings
from quantlab.experiments.modes.modes import DYNAMIC, MODES, STATIC, Chain, Grids, calibrated, chain, costs
from quantlab.experiments.modes.subject import LARGE, SUBJECTS, Subject, build
from quantlab.nn import Network

SECONDS = 0.25  # of one batch size, all modes together
ROUNDS = 2
_INTEGER = (DYNAMIC, STATIC)


@dataclass(frozen=True)
class Timing:
    """How long a batch takes in one mode.

    Attributes
    ----------
    data : str
        A key of SUBJECTS.
    mode : str
    batch : int
    seconds : Spread
        Of one batch.
    multiply_adds, bytes_moved : int
        Of one batch, counted.
    """

    data: str
    mode: str
    batch: int
    seconds: Spread
    multiply_adds: int
    bytes_moved: int

    @property
    def speed(self) -> float:
        """Operations a second; a multiply-add is two."""
        return 2 * self.multiply_adds / self.seconds.median

    @property
    def intensity(self) -> float:
        """Operations for each byte that is moved."""
        return 2 * self.multiply_adds / self.bytes_moved


@dataclass(frozen=True)
class Roofs:
    """What bounds this machine: operations a second of float32 and of int8, bytes a second of a copy."""

    float32: float
    int8: float
    bandwidth: float

    def at(self, intensity: float, mode: str) -> float:
        """Return the operations a second that are possible with so many operations for each byte.

        >>> Roofs(10.0, 40.0, 2.0).at(3.0, "static"), Roofs(10.0, 40.0, 2.0).at(30.0, "float32")
        (6.0, 10.0)
        """
        return min(self.peak(mode), intensity * self.bandwidth)

    def raised(self, other: Roofs) -> Roofs:
        """Return the higher of two measurements of each: what disturbs a measurement can only lower it.

        >>> Roofs(10.0, 40.0, 2.0).raised(Roofs(12.0, 30.0, 2.5))
        Roofs(float32=12.0, int8=40.0, bandwidth=2.5)
        """
        return Roofs(max(self.float32, other.float32), max(self.int8, other.int8), max(self.bandwidth, other.bandwidth))

    def over(self, times: Iterable[Timing]) -> Roofs:
        """Return ceilings below which all of `times` lie: what a mode has reached is possible.

        >>> fast = Timing("digits", "static", 1, Spread(1.0, 1.0, 1.0, 3), 30, 10)
        >>> Roofs(10.0, 40.0, 2.0).over([fast])
        Roofs(float32=10.0, int8=60.0, bandwidth=10.0)
        """
        known = list(times)
        best = {mode: max((t.speed for t in known if t.mode == mode), default=0.0) for mode in MODES}
        return Roofs(
            max(self.float32, *(best[mode] for mode in MODES if mode not in _INTEGER)),
            max(self.int8, *(best[mode] for mode in _INTEGER)),
            max([self.bandwidth, *(t.speed / t.intensity for t in known)]),
        )

    def peak(self, mode: str) -> float:
        """Return the flat part for a mode's arithmetic."""
        return self.int8 if mode in _INTEGER else self.float32


def roofs(seconds: float = SECONDS) -> Roofs:
    """Measure the ceilings in about so many seconds."""
    with peers.held_to(1):
        found = Ceilings(seconds / 3)
        return Roofs(found.peak("float32").median, found.peak("int8").median, found.copied(COPIED).median)


def measure(seconds: float = SECONDS, rounds: int = ROUNDS) -> Iterator[Timing]:
    """Time every subject, batch and mode at 8 bits, the small network first, and all of that in so many rounds.

    Parameters
    ----------
    seconds : float
        Of one batch size, all modes together.
    rounds : int
    """
    grids, ready = Settings().grids(), {}
    for data in list(SUBJECTS) * rounds:
        if data not in ready:
            ready[data] = _ready(data, grids)
        subject, chains, rows = ready[data]
        for batch in BATCHES:
            sides = {mode: _side(own.trace, rows[:batch]) for mode, own in chains.items()}
            yield from race(data, subject, grids, batch, sides, seconds)


def _ready(data: str, grids: Grids) -> tuple[Subject, dict[str, Chain], Any]:
    subject = _whole(data)
    ranges = calibrated(subject.network, subject.known[: BATCHES[-1]], "minmax")
    chains = {mode: chain(mode, subject.network, grids, ranges, BATCHES[-1]) for mode in MODES}
    return subject, chains, np.resize(subject.live.x, (BATCHES[-1], subject.live.x.shape[1]))


def race(
    data: str,
    subject: Subject,
    grids: Grids,
    batch: int,
    sides: Mapping[str, Callable[[], Any]],
    seconds: float,
) -> list[Timing]:
    """Let the modes take turns at one batch."""
    with peers.held_to(1):
        samples = dict(zip(sides, alternate(list(sides.values()), seconds), strict=True))
    found = []
    for mode, own in samples.items():
        spent = costs(mode, subject, grids, batch)
        adds = sum(outputs * inputs for outputs, inputs in subject.shapes) * batch
        moved = sum(cost.bytes_moved for cost in spent)
        found.append(Timing(data, mode, batch, Spread.of(own), adds, moved))
    return found


def _side(trace: Callable[[Any], Any], x: Any) -> Callable[[], Any]:
    return lambda: trace(x)


def _whole(data: str) -> Subject:
    """Return a subject with all of its outputs: what takes time."""
    subject = build(data, 0)
    if not subject.sampled:
        return subject
    weight = np.random.default_rng(0).standard_normal((LARGE, LARGE), np.float32) / np.float32(LARGE**0.5)
    network = Network([(weight, np.zeros(LARGE))])
    return Subject(subject.name, network, subject.shapes, subject.known, subject.live, subject.lo, subject.hi)
