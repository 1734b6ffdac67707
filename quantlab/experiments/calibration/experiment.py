"""The Calibration page: observers choose a range. Settings in, every number of the page out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array
from quantlab.experiments.calibration.course import OBSERVERS, Course, Knobs, course
from quantlab.experiments.calibration.own import of_array
from quantlab.experiments.calibration.stream import BATCHES, SIZES, STREAMS, THICKEST, THINNEST, Stream, build
from quantlab.experiments.codec import address, choice, flag, itself, optional, parsed, real, whole
from quantlab.experiments.page import Recall, compute_anew, pin_in_use
from quantlab.experiments.spelling import YOURS
from quantlab.scheme import Scheme

VIEWS = ("how-each-decides", "more-data", "per-channel", "code")
MOST_BITS = 8
LARGEST_SEED = 2**31 - 1
LOUDEST = 100.0
LOWEST_P, HIGHEST_P = 90.0, 100.0
BARS = 108


def _size(text: str) -> int:
    return SIZES[[str(size) for size in SIZES].index(text)]


def _observers(text: str) -> tuple[str, ...]:
    names = text.split(",") if text else []
    found = tuple(name for name in OBSERVERS if name in names)
    if not found:
        raise ValueError("No observer would be left to look at; keep at least one.")
    if len(found) != len(names):
        raise ValueError(
            f"observers were expected, of {', '.join(OBSERVERS)}, each once, got {text!r}; choose of these."
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page's controls say. Every combination is valid."""

    data: str = address("data", choice(*STREAMS, YOURS), default="first")
    seed: int = address("seed", whole(0, LARGEST_SEED), default=0)
    bits: int = address("bits", whole(1, MOST_BITS), default=4)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=False)
    batches: int = address("batches", whole(1, BATCHES), default=BATCHES)
    odd: float = address("odd", real(1, LOUDEST), default=4.0)
    odd_at: int = address("oddat", whole(1, BATCHES), default=20)
    tail: float = address("tail", real(THICKEST, THINNEST), default=4.0)
    size: int = address("size", parsed(_size, str), default=1)
    p: float = address("p", real(LOWEST_P, HIGHEST_P), default=99.9)
    constant: float = address("average", real(0.001, 1), default=0.1)
    observers: tuple[str, ...] = address("observers", parsed(_observers, ",".join), default=OBSERVERS)
    view: str | None = address("view", optional(choice(*VIEWS)), default=None)
    compare: str = address("compare", choice("grid", "pinned", "nothing"), default="grid")
    pin: Settings | None = address("pin", itself(), default=None)

    @property
    def drawn(self) -> bool:
        """Whether the values are drawn at random, so that there is no network to ask."""
        return self.data != YOURS and STREAMS[self.data].layer is None

    @property
    def odd_batch(self) -> int:
        """The odd batch, from 1; 0 where there is none. A visitor's data pass as they are."""
        return self.odd_at if self.odd > 1 and self.data != YOURS else 0

    def with_data(self, name: str) -> Settings:
        """Return these settings with other data."""
        return replace(self, data=name)

    def scheme(self) -> Scheme:
        """Return the Scheme of the activations."""
        return Scheme(bits=self.bits, symmetric=self.symmetric)

    def knobs(self) -> Knobs:
        """Return what the observers are set to."""
        return Knobs(self.p, self.constant)

    def stream(self) -> Stream:
        """Return the batches of built-in data."""
        return build(self.data, self.seed, odd=self.odd, odd_at=self.odd_at, size=self.size, tail=self.tail)

    def state(self) -> Settings:
        """Return these settings without what only says how the page looks at them."""
        blank = Settings()
        return replace(self, **{name: getattr(blank, name) for name in ("view", "compare", "pin")})


@dataclass(frozen=True, eq=False)
class Fill:
    """How the histogram fills.

    Attributes
    ----------
    edges : float64 array (109,)
        Equal bars from the smallest to the largest value of all batches.
    counts : int64 array (batches, 108)
        What each batch adds.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that the page shows of a state.

    Attributes
    ----------
    settings : Settings
    stream : Stream
    fill : Fill
    all_courses : tuple of Course
        Every observer's, in the order of their menu.
    compared : Result or None
        The state that this one is compared with.
    compared_name : str
        "symmetric", "affine" or "pinned"; "" where there is none.
    array : Array or None
        The visitor's, where it is what passed.
    """

    settings: Settings
    stream: Stream
    fill: Fill
    all_courses: tuple[Course, ...]
    compared: Result | None = None
    compared_name: str = ""
    array: Array | None = None

    @property
    def now(self) -> int:
        """The last batch that has been seen, from 0."""
        return self.seen - 1

    @property
    def seen(self) -> int:
        """How many batches have been seen: as many as the settings say, where there are so many."""
        return min(self.settings.batches, len(self.stream.batches))

    @property
    def courses(self) -> tuple[Course, ...]:
        """Those of the observers that are shown, at least one."""
        return tuple(each for each in self.all_courses if each.name in self.settings.observers)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the shown observers stand in the menu, from 0."""
        return tuple(at for at, each in enumerate(self.all_courses) if each in self.courses)

    def course(self, name: str) -> Course:
        """Return an observer's course by its name, whether it is shown or not."""
        return next(each for each in self.all_courses if each.name == name)

    def best(self, batch: int | None = None) -> Course:
        """Return the shown observer whose range has the highest SQNR after a batch, by default the present one."""
        at = self.now if batch is None else batch
        return max(self.courses, key=lambda each: float(each.sqnr_db[at]))

    def rival(self) -> Course:
        """Return what the best is held against: min-max, or where it is not shown the lowest SQNR."""
        usual = [each for each in self.courses if each.name == "minmax"]
        return usual[0] if usual else min(self.courses, key=lambda each: float(np.nan_to_num(each.sqnr_db[self.now])))

    @property
    def odd_seen(self) -> bool:
        """Whether there is an odd batch and it has passed."""
        return 0 < self.settings.odd_batch <= self.seen


def run(settings: Settings, array: Array | None = None, *, recall: Recall = compute_anew) -> Result:
    """Compute everything that the page shows.

    Parameters
    ----------
    settings : Settings
    array : Array, optional
        The visitor's own; without it a pin of it is not compared with.
    recall : callable
        ``(array, key, make)`` returns what `make` would, where it was computed before; None for built-in data.

    Raises
    ------
    ValueError
        If the settings name the visitor's own array, and there is none.
    FileError
        If it has too few observations.

    Examples
    --------
    >>> result = run(Settings())
    >>> result.best().name, [each.name for each in result.courses]
    ('average', ['minmax', 'percentile', 'average', 'mse', 'entropy'])
    """
    if settings.data == YOURS and array is None:
        raise ValueError("The settings name the visitor's own array, got None; pass it as `array`.")
    found = _found(settings, array, recall)
    other, name = _compared(settings)
    if other is None or (other.data == YOURS and array is None):
        return replace(found, settings=settings)
    if name == "pinned":
        return replace(found, settings=settings, compared=_found(other, array, recall), compared_name=name)
    grid, state = other.scheme(), replace(other.state(), observers=OBSERVERS)

    def at_once() -> Result:
        courses = tuple(course(each, found.stream, grid, state.knobs(), found.now) for each in OBSERVERS)
        return replace(found, settings=state, all_courses=courses)

    # Of the other grid only the present batch is read, which takes a thirtieth of the searches.
    compared: Result = recall(_of(settings, array), ("calibration", "other grid", state), at_once)
    return replace(found, settings=settings, compared=replace(compared, settings=other.state()), compared_name=name)


def stream_of(array: Array, recall: Recall = compute_anew) -> Stream:
    """Return a visitor's array as batches; FileError says in one sentence why it cannot be."""
    found: Stream = recall(array, ("calibration", "batches"), lambda: of_array(array))
    return found


def _of(settings: Settings, array: Array | None) -> Array | None:
    return array if settings.data == YOURS else None


def _found(settings: Settings, array: Array | None, recall: Recall) -> Result:
    state = settings.state()
    # Whatever is looked at, all batches are computed, so that they can be played, and all observers.
    whole_way = replace(state, batches=BATCHES, observers=OBSERVERS)
    own = _of(settings, array)

    def anew() -> Result:
        return _run(whole_way, settings.stream() if own is None else stream_of(own, recall))

    found: Result = recall(own, ("calibration", whole_way), anew)
    return replace(found, settings=state, array=own)


def _compared(settings: Settings) -> tuple[Settings | None, str]:
    if (pin := pin_in_use(settings)) is not None:
        return pin, "pinned"
    if settings.compare == "nothing":
        return None, ""
    return replace(settings, symmetric=not settings.symmetric), "affine" if settings.symmetric else "symmetric"


def _run(settings: Settings, stream: Stream) -> Result:
    scheme, knobs = settings.scheme(), settings.knobs()
    courses = tuple(course(name, stream, scheme, knobs) for name in OBSERVERS)
    return Result(settings, stream, _fill(stream), courses)


def _fill(stream: Stream) -> Fill:
    lo = min(float(batch.min()) for batch in stream.batches)
    hi = max(float(batch.max()) for batch in stream.batches)
    edges = np.linspace(lo, hi if hi > lo else lo + (abs(lo) or 1), BARS + 1)
    # Widened first: NumPy compares float32 values with rounded edges, and the largest may fall out.
    counts = [np.histogram(batch.astype(np.float64), edges)[0] for batch in stream.batches]
    return Fill(edges, np.array(counts, np.int64))
