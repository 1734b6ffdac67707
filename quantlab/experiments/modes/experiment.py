"""The Modes page: a network in float32, weight-only, dynamic and static. Settings in, every number of the page out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.codec import address, choice, flag, itself, optional, parsed, real, whole
from quantlab.experiments.modes.modes import (
    DYNAMIC,
    MODES,
    STATIC,
    Chain,
    Grids,
    calibrated,
    chain,
    costs,
    weight_scheme,
)
from quantlab.experiments.modes.subject import (
    CALIBRATIONS,
    LOUDEST,
    MOST_SAMPLES,
    SUBJECTS,
    Subject,
    build,
    calibration_rows,
    live_rows,
)
from quantlab.experiments.page import Recall, compute_anew, pin_in_use
from quantlab.experiments.spelling import YOURS
from quantlab.linear import Cost
from quantlab.nn import accuracy, agreement
from quantlab.scheme import PerChannel, PerTensor, Scheme

F32 = NDArray[np.float32]
VIEWS = ("what-is-float-here", "step-by-step", "calibration", "roofline", "the-forgotten-scale")
MOST_BITS = 8
# Those whose range is the same at every width, as the curves take it, and that see no batches.
OBSERVERS_HERE = ("minmax", "percentile")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DARKEST, BRIGHTEST, FARTHEST = 0.1, 10.0, 0.25
LARGEST_SEED = 2**31 - 1


def _batch(text: str) -> int:
    return BATCHES[[str(size) for size in BATCHES].index(text)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page's controls say. Every combination is valid."""

    data: str = address("data", choice(*SUBJECTS, YOURS), default="digits")
    seed: int = address("seed", whole(0, LARGEST_SEED), default=0)
    bits: int = address("bits", whole(1, MOST_BITS), default=8)
    weight_bits: int | None = address("wbits", optional(whole(1, MOST_BITS), none="same"), default=None)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=False)
    batch: int = address("batch", parsed(_batch, str), default=64)
    scale: float = address("shift", real(DARKEST, BRIGHTEST), default=1.0)
    offset: float = address("offset", real(-FARTHEST, FARTHEST), default=0.0)
    loud: float = address("loud", real(1, LOUDEST), default=1.0)
    loud_in: str = address("loudin", choice("batch", "calibration"), default="batch")
    calibration: str = address("calibration", choice(*CALIBRATIONS), default="training")
    samples: int = address("samples", whole(1, MOST_SAMPLES), default=128)
    observer: str = address("observer", choice(*OBSERVERS_HERE), default="minmax")
    per: str = address("xper", choice("tensor", "row"), default="tensor")
    weight_per: str = address("wper", choice("tensor", "channel"), default="channel")
    layer: int = address("layer", whole(1, 3), default=2)
    view: str | None = address("view", optional(choice(*VIEWS)), default=None)
    compare: str = address("compare", choice("grid", "pinned", "nothing"), default="grid")
    pin: Settings | None = address("pin", itself(), default=None)

    @property
    def bits_of_weights(self) -> int:
        """Bits of a weight."""
        return self.weight_bits or self.bits

    def grids(self) -> Grids:
        """Return the Schemes of weights and of activations."""
        granularity = PerChannel(0) if self.per == "row" else PerTensor()
        activations = Scheme(bits=self.bits, symmetric=self.symmetric, granularity=granularity)
        return Grids(weight_scheme(self.bits_of_weights, self.weight_per), activations)

    def with_data(self, name: str) -> Settings:
        """Return these settings with other data."""
        return replace(self, data=name)

    def state(self) -> Settings:
        """Return these settings without what only says how the page looks at them."""
        blank = Settings()
        return replace(self, **{name: getattr(blank, name) for name in ("layer", "view", "compare", "pin")})


@dataclass(frozen=True, eq=False)
class Outcome:
    """How one mode did.

    Attributes
    ----------
    mode : str
        "float32", "weight-only", "dynamic" or "static".
    accuracy : float or None
        Share of the live rows that it gets right; None without labels.
    agreement : float
        Share of the live rows for which its largest output is that of float32.
    error : float
        Mean over the live rows of |y − y of float32| / |y of float32|, lengths of vectors.
    costs : tuple of Cost
        Of each layer, for one batch.
    """

    mode: str
    accuracy: float | None
    agreement: float
    error: float
    costs: tuple[Cost, ...]

    @property
    def bytes_moved(self) -> int:
        """Bytes that enter and leave the layers for one batch, weights included."""
        return sum(cost.bytes_moved for cost in self.costs)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights as they are stored, scales included."""
        steps = (step for cost in self.costs for step in cost.steps)
        return sum(wire.nbytes for step in steps for wire in step.reads if wire.name == "weight")

    @property
    def integer_multiply_adds(self) -> int:
        """Multiply-adds of integers for one batch."""
        return sum(cost.integer_multiply_adds for cost in self.costs)

    @property
    def float_multiply_adds(self) -> int:
        """Multiply-adds of floats for one batch."""
        return sum(cost.float_multiply_adds for cost in self.costs)


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that the page shows of a state.

    Attributes
    ----------
    settings : Settings
    subject : Subject
    live : float32 array
        The rows as they arrive.
    ranges : list of (lo, hi)
        What calibration found for each layer's input.
    chains, outcomes : dict
        By the mode's name, in the order of MODES.
    clipped : float
        Share of the live input that lies outside of the calibrated range.
    with_rows : callable
        Returns the outcome of dynamic with a range for each row; computed when it is first called.
    otherwise : callable
        Returns the other observer's name and the outcome of static as that one calibrates it; as above.
    compared : Result or None
        The state that this one is compared with.
    compared_name : str
        "symmetric", "affine" or "pinned"; "" where there is none.
    """

    settings: Settings
    subject: Subject
    live: F32
    ranges: list[tuple[float, float]]
    chains: dict[str, Chain]
    outcomes: dict[str, Outcome]
    clipped: float
    with_rows: Callable[[], Outcome]
    otherwise: Callable[[], tuple[str, Outcome]]
    compared: Result | None = None
    compared_name: str = ""

    @property
    def one_image(self) -> float:
        """What one test image more or less changes in an accuracy."""
        return 1 / max(1, len(self.live))

    @property
    def layer(self) -> int:
        """Which layer is drawn, from 0."""
        return min(self.settings.layer, len(self.subject.shapes)) - 1


def built_in(settings: Settings) -> Subject:
    """Return the subject that settings name."""
    return build(settings.data, settings.seed)


def run(
    settings: Settings,
    subject: Subject | None = None,
    *,
    pinned: Subject | None = None,
    recall: Recall = compute_anew,
) -> Result:
    """Compute everything that the page shows.

    Parameters
    ----------
    settings : Settings
    subject : Subject, optional
        By default the built-in one that the settings name; of the visitor's weight it has to be given.
    pinned : Subject, optional
        The same for the pinned settings; without the visitor's weight a pin of it is not compared with.
    recall : callable
        ``(subject, key, make)`` returns what `make` would, where it was computed before.

    Examples
    --------
    >>> result = run(Settings())
    >>> list(result.outcomes), result.outcomes["static"].accuracy > 0.9
    (['float32', 'weight-only', 'dynamic', 'static'], True)
    """
    own = built_in(settings) if subject is None else subject
    other, name = _compared(settings)
    found = _found(settings, own, recall)
    if other is None:
        return replace(found, settings=settings)
    there = own if (other.data, other.seed) == (settings.data, settings.seed) else pinned
    if there is None and other.data != YOURS:
        there = built_in(other)
    if there is None:
        return replace(found, settings=settings)
    return replace(found, settings=settings, compared=_found(other, there, recall), compared_name=name)


def _found(settings: Settings, subject: Subject, recall: Recall) -> Result:
    state = settings.state()
    found: Result = recall(subject, ("modes", state), lambda: _run(state, subject))
    return found


def _compared(settings: Settings) -> tuple[Settings | None, str]:
    if (pin := pin_in_use(settings)) is not None:
        return pin, "pinned"
    if settings.compare == "nothing":
        return None, ""
    return replace(settings, symmetric=not settings.symmetric), "affine" if settings.symmetric else "symmetric"


def live(settings: Settings, subject: Subject) -> F32:
    """Return the rows as they arrive under these settings."""
    loud = settings.loud if settings.loud_in == "batch" else 1.0
    return live_rows(subject, scale=settings.scale, offset=settings.offset, batch=settings.batch, loud=loud)


def ranges_of(settings: Settings, subject: Subject) -> list[tuple[float, float]]:
    """Return the ranges that calibration finds under these settings."""
    loud = settings.loud if settings.loud_in == "calibration" else 1.0
    rows = calibration_rows(subject, settings.calibration, settings.samples, loud, settings.seed)
    return calibrated(subject.network, rows, settings.observer)


def outcome(found: Chain, subject: Subject, rows: F32, truth: F32, cost: tuple[Cost, ...]) -> Outcome:
    """Run a chain over the live rows and compare it with float32."""
    logits = found(rows)
    right = accuracy(logits, subject.live.labels) if subject.labelled else None
    return Outcome(found.mode, right, agreement(logits, truth), distance(logits, truth), cost)


def distance(y: F32, truth: F32) -> float:
    """Return the mean over rows of |y − truth| / |truth|; where truth is 0 everywhere only an equal row counts 0.

    >>> distance(np.float32([[3, 4], [0, 1]]), np.float32([[3, 5], [0, 1]])) == 1 / 34**0.5 / 2
    True
    """
    gap, size = (np.linalg.norm(part.astype(np.float64), axis=1) for part in (y - truth, truth))
    with np.errstate(divide="ignore"):
        share = np.divide(gap, size, out=np.where(gap == 0, 0.0, np.inf), where=size > 0)
    return float(share.mean())


def _run(settings: Settings, subject: Subject) -> Result:
    rows, ranges, grids = live(settings, subject), ranges_of(settings, subject), settings.grids()
    truth = subject.network(rows)
    chains = {mode: chain(mode, subject.network, grids, ranges, settings.batch) for mode in MODES}
    cost = {mode: costs(mode, subject, grids, settings.batch) for mode in MODES}
    outcomes = {mode: outcome(chains[mode], subject, rows, truth, cost[mode]) for mode in MODES}
    lo, hi = _covered(chains[STATIC])
    by_row = replace(settings, per="row").grids()
    return Result(
        settings,
        subject,
        rows,
        ranges,
        chains,
        outcomes,
        float(((rows < lo) | (rows > hi)).mean()),
        cache(partial(_dynamic_by_row, subject, by_row, rows, truth, settings.batch)),
        cache(partial(_static_otherwise, subject, settings, rows, truth)),
    )


def _dynamic_by_row(subject: Subject, grids: Grids, rows: F32, truth: F32, batch: int) -> Outcome:
    own = chain(DYNAMIC, subject.network, grids, [], batch)
    return outcome(own, subject, rows, truth, costs(DYNAMIC, subject, grids, batch))


def _static_otherwise(subject: Subject, settings: Settings, rows: F32, truth: F32) -> tuple[str, Outcome]:
    name = next(name for name in OBSERVERS_HERE if name != settings.observer)
    ranges, grids = ranges_of(replace(settings, observer=name), subject), settings.grids()
    own = chain(STATIC, subject.network, grids, ranges, settings.batch)
    return name, outcome(own, subject, rows, truth, costs(STATIC, subject, grids, settings.batch))


def _covered(static: Chain) -> tuple[float, float]:
    """Return the values between which nothing clips: half a step beyond the end codes."""
    own = static.layers[0].input
    lo, hi = own.qmin - own.zero_point - 0.5, own.qmax - own.zero_point + 0.5
    return float(lo * own.scale), float(hi * own.scale)
