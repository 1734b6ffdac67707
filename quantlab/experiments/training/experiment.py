"""The page of PTQ and QAT: what shall be trained, and accuracy against bits from the runs that there are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, get_args

from quantlab.experiments.codec import address, choice, flag, itself, optional, parsed, whole
from quantlab.experiments.spelling import YOURS
from quantlab.experiments.training.measures import WORDS, Words, measure_of
from quantlab.experiments.training.table import NOTHING
from quantlab.nn import BITS, DATASETS, METHODS, Entry, Method, Plan, Run, curve
from quantlab.nn.hidden import HIDDEN, Hidden
from quantlab.nn.quality import Measure
from quantlab.nn.simulation import Granularity, ScaleRule
from quantlab.nn.sweep import Point

VIEWS = ("the-two-flows", "straight-through", "what-changed", "integer-only", "runs")
EPOCHS = {"20:15": (20, 15), "50:40": (50, 40), "100:80": (100, 80)}
RATES = (0.001, 0.002, 0.005, 0.01, 0.02)
GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)
SCALE_RULES: tuple[ScaleRule, ...] = get_args(ScaleRule)
MOST_SEEDS = 10
LAYERS = 3
PLANE = 2

Recall = Callable[[Hashable, Callable[[], Any]], Any]


def compute_anew(key: Hashable, make: Callable[[], Any]) -> Any:
    """Recall nothing.

    >>> compute_anew("key", lambda: 42)
    42
    """
    return make()


def _rate(text: str) -> float:
    return RATES[[f"{rate:g}" for rate in RATES].index(text)]


def _granularity(text: str) -> Granularity:
    return GRANULARITIES[GRANULARITIES.index(text)]


def _hidden(text: str) -> Hidden:
    return next(name for name in HIDDEN if name == text)


def _scale_rule(text: str) -> ScaleRule:
    return SCALE_RULES[SCALE_RULES.index(text)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page's controls say. Every combination is valid."""

    data: str = address("data", choice(*DATASETS, YOURS), default="digits")
    bits: int = address("bits", whole(min(BITS), max(BITS)), default=3)
    seeds: int = address("seeds", whole(1, MOST_SEEDS), default=5)
    epochs: str = address("epochs", choice(*EPOCHS), default="50:40")
    rate: float | None = address("rate", optional(parsed(_rate, lambda rate: f"{rate:g}"), none="own"), default=None)
    scratch: bool = address("start", flag(true="scratch", false="checkpoint"), default=False)
    far_apart: bool = address("channels", flag(true="rescaled", false="trained"), default=False)
    per: Granularity = address("wper", parsed(_granularity, str), default="tensor")
    weight_scale: ScaleRule = address("wscale", parsed(_scale_rule, str), default="restricted")
    ends_at_8: bool = address("ends", flag(true="eight", false="alike"), default=False)
    hidden: Hidden = address("hidden", parsed(_hidden, str), default="relu")
    learned: bool = address("method", flag(true="lsq", false="qat"), default=False)
    layer: int = address("layer", whole(1, LAYERS), default=2)
    view: str | None = address("view", optional(choice(*VIEWS)), default=None)
    compare: str = address("compare", choice("float", "pinned"), default="float")
    pin: Settings | None = address("pin", itself(), default=None)
    own: Entry | None = None  # the visitor's table, which no address holds
    takes: ClassVar[str] = "a table"  # other pages' own data is an array, and stays there

    def plan(self) -> Plan:
        """Return what these settings train and quantize."""
        epochs, again = EPOCHS[self.epochs]
        return Plan(
            data=self.entry if self.data == YOURS else self.data,
            seeds=self.seeds,
            epochs=epochs,
            again=again,
            rate=self.rate,
            scratch=self.scratch,
            far_apart=self.far_apart and self.hidden == "relu",  # a factor passes no other hidden units
            hidden=self.hidden,
            per=self.per,
            weight_scale=self.weight_scale,
            ends_at_8=self.ends_at_8,
        )

    @property
    def method(self) -> Method:
        """The training through rounding that charts and views look at."""
        return "lsq" if self.learned else "qat"

    @property
    def entry(self) -> Entry:
        """The data set's entry of the menu, or the visitor's own."""
        return DATASETS.get(self.data, self.own or NOTHING)

    @property
    def empty(self) -> bool:
        """Whether there is nothing yet to train on."""
        return self.data == YOURS and self.own is None

    def with_data(self, name: str) -> Settings:
        """Return these settings with other data."""
        return replace(self, data=name, own=None)

    @property
    def measure(self) -> Measure:
        """What the quality of a network is."""
        return measure_of(self.entry)

    @property
    def words(self) -> Words:
        """How that is spoken of."""
        return WORDS[self.measure]

    @property
    def plane(self) -> bool:
        """Whether the data are points of the plane with classes, so that a network's answers can be drawn as a map."""
        return self.entry.features == PLANE and self.measure == "accuracy"

    @property
    def fitted(self) -> bool:
        """Whether one number is told from one, so that a network's answers can be drawn as a curve."""
        return self.entry.features == 1 and self.measure == "r2"

    def state(self) -> Settings:
        """Return these settings without what only says how the page looks at the runs."""
        blank = Settings()
        names = ("bits", "learned", "layer", "view", "compare", "pin")
        return replace(self, **{name: getattr(blank, name) for name in names})

    def plan_key(self) -> Plan:
        """Return what decides about the networks of any one seed."""
        return replace(self.plan(), seeds=1)


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that the page's curve shows.

    Attributes
    ----------
    settings : Settings
    runs : tuple of Run
        As many as there are: none before anything was trained.
    kept : bool
        Whether they were computed before, by the same code, and stored.
    pinned : Result or None
        The pinned state, where that is what this one is compared with.
    """

    settings: Settings
    runs: tuple[Run, ...]
    kept: bool
    pinned: Result | None = None

    @cached_property
    def curves(self) -> dict[Method, list[Point]]:
        """Quality of each method, from many bits to few; a method without a run is left out."""
        found = {method: curve(self.runs, method) for method in METHODS}
        return {method: points for method, points in found.items() if points}

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return len(self.runs) == len(self.settings.plan().jobs)

    @property
    def exact(self) -> Point | None:
        """Float's quality, trained just as long."""
        found = self.curves.get("float")
        return found[0] if found else None

    @property
    def guess(self) -> float:
        """What guessing gets: one of the classes, or always the mean."""
        classes = self.settings.entry.classes
        return 1 / classes if classes else 0.0

    @property
    def ghost(self) -> Result | None:
        """The pinned state, if it is measured as this one is and has runs to be drawn."""
        other = self.pinned
        alike = other is not None and other.settings.measure == self.settings.measure and bool(other.runs)
        return other if alike else None

    def at(self, method: Method, bits: int) -> Point | None:
        """Return a method's quality at so many bits, if a run is there."""
        return next((point for point in self.curves.get(method, ()) if point.bits == bits), None)


def run(settings: Settings, runs: Sequence[Run] = (), *, kept: bool = False, pinned: Result | None = None) -> Result:
    """Return what the page shows of runs, those of further seeds left out.

    Parameters
    ----------
    settings : Settings
    runs : sequence of Run
        Of the settings' plan, or of one that has more seeds.
    kept : bool
        Whether they come from a store.
    pinned : Result, optional
        What the pinned state shows.

    Examples
    --------
    >>> run(Settings()).complete, run(Settings(data="blobs")).guess
    (False, 0.25)
    """
    return Result(settings, tuple(each for each in runs if each.job.seed < settings.seeds), kept, pinned)
