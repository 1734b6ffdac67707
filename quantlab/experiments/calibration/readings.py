"""The numbers of the Calibration page as people read them: in the row, at the brackets, and in the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.experiment import Result, Settings
from quantlab.experiments.page import Reading
from quantlab.numerals import code, decibels, difference, num, points, share

LABELS = ("Best observer", "Its range", "Its SQNR", "Min-max SQNR", "It clips", "Min-max clips")
"""Of the row while there is nothing to read."""


def readings(result: Result) -> tuple[Reading, ...]:
    """Return the six numbers of the row, after the present batch.

    >>> from quantlab.experiments.calibration import run
    >>> [reading.label for reading in readings(run(Settings()))][:3]
    ['Best observer', 'Its range', 'Its SQNR']
    """
    then = result.compared
    against = result.rival()
    best = _Beside(result.best(), result.now, None if then is None else (then.best(), then.now))
    rival = _Beside(against, result.now, None if then is None else (then.course(against.name), then.now))
    alone = len(result.courses) == 1
    first = (
        best.named("Observer" if alone else "Best observer"),
        Reading("Its range", span(best.course, best.at, symmetric=result.settings.symmetric), None, "range"),
        best.sqnr("Its SQNR"),
    )
    if alone:
        scale = Reading("Its scale", num(float(best.course.scale[best.at])), None, "scale")
        zero = Reading("Its zero point", code(int(best.course.zero_point[best.at])), None, "zero point")
        return (*first, scale, best.clips("It clips"), best.accuracy("Its accuracy") or zero)
    return (
        *first,
        rival.sqnr(f"{against.heading} SQNR"),
        best.accuracy("Its accuracy") or best.clips("It clips"),
        rival.accuracy(f"{against.heading} accuracy") or rival.clips(f"{against.heading} clips"),
    )


class _Beside(NamedTuple):
    """An observer after a batch, and what it is compared with after which."""

    course: Course
    at: int
    other: tuple[Course, int] | None

    def named(self, label: str) -> Reading:
        other = None if self.other is None else self.other[0].label
        return Reading(label, self.course.label, "same" if other == self.course.label else other, "observer")

    def sqnr(self, label: str) -> Reading:
        now, then = self._of(lambda each: each.sqnr_db)
        return Reading(label, decibels(now), None if then is None else difference(now, then, unit="dB"), "sqnr")

    def clips(self, label: str) -> Reading:
        now, then = self._of(lambda each: each.clipped)
        return Reading(label, share(now), None if then is None else points(now, then), "clipped")

    def accuracy(self, label: str) -> Reading | None:
        if self.course.accuracy is None:
            return None
        now, then = self._of(lambda each: each.accuracy)
        return Reading(label, percent(now), None if then is None else points(now, then), "accuracy")

    def _of(self, values: Callable[[Course], Any]) -> tuple[float, float | None]:
        there = None if self.other is None else values(self.other[0])
        then = None if self.other is None or there is None else float(there[self.other[1]])
        return float(values(self.course)[self.at]), then


def percent(part: float) -> str:
    """Write a share of 1 with three digits, since one test image of some hundred is a quarter of a percent.

    >>> [percent(part).replace(chr(160), " ") for part in (0.96944, 1.0)]
    ['96.9 %', '100 %']
    """
    return num(part * 100, 3, "%")


def covered(course: Course, at: int, *, symmetric: bool) -> tuple[float, float]:
    """Return what the codes are spread over after a batch: symmetric grids reach as far on either side of 0.

    >>> from quantlab.experiments.calibration import run
    >>> course = run(Settings(odd=1.0)).course("minmax")
    >>> covered(course, 31, symmetric=True) == (-course.hi[31], course.hi[31])
    True
    """
    lo, hi = float(course.lo[at]), float(course.hi[at])
    far = max(abs(lo), abs(hi))
    return (-far, far) if symmetric else (min(lo, 0.0), max(hi, 0.0))


def span(course: Course, at: int, *, symmetric: bool) -> str:
    """Write what the codes are spread over after a batch.

    >>> from quantlab.experiments.calibration import run
    >>> course = run(Settings(odd=1.0)).course("minmax")
    >>> print(span(course, 31, symmetric=False), span(course, 31, symmetric=True))
    0 … 5.26 ±5.26
    """
    lo, hi = covered(course, at, symmetric=symmetric)
    return f"±{num(hi)}" if symmetric else f"{num(lo)} … {num(hi)}"


def held(result: Result) -> str:
    """Return what ranges are tried on, as people read it.

    >>> from quantlab.experiments.calibration import run
    >>> held(run(Settings()))
    '360 test images'
    """
    return result.stream.held_as


def note(result: Result) -> str:
    """Return on what SQNR and accuracy are measured."""
    if result.stream.cut:
        return f"SQNR: of {held(result)}, every fifth, which no observer has seen; {result.stream.cut}"
    if result.stream.finish is None:
        return "SQNR: of 16 384 values that no observer has seen, none of them odd"
    image = num(100 / len(result.stream.held), 2, "pp")
    return (
        f"SQNR and accuracy: of {held(result)} that no observer has seen, with this one layer quantized; "
        f"one image more or less is {image}"
    )


def courses(result: Result) -> dict[str, list[Any]]:
    """Return every shown observer after every batch, as a table.

    >>> from quantlab.experiments.calibration import run
    >>> table = courses(run(Settings()))
    >>> len(table["observer"]), table["observer"][0], table["batch"][31]
    (160, 'min-max', 32)
    """
    rows = [(each, at) for each in result.courses for at in range(len(result.stream.batches))]
    table: dict[str, list[Any]] = {
        "observer": [each.label for each, _ in rows],
        "batch": [at + 1 for _, at in rows],
        "from": [float(each.lo[at]) for each, at in rows],
        "to": [float(each.hi[at]) for each, at in rows],
        "scale": [float(each.scale[at]) for each, at in rows],
        "zero point": [int(each.zero_point[at]) for each, at in rows],
        "SQNR dB": [float(each.sqnr_db[at]) for each, at in rows],
        "clipped": [float(each.clipped[at]) for each, at in rows],
    }
    if result.stream.finish is not None:
        table["accuracy"] = [float(each.accuracy[at]) for each, at in rows if each.accuracy is not None]
    return table


def now(result: Result) -> dict[str, list[Any]]:
    """Return every shown observer after the present batch, as a table.

    >>> from quantlab.experiments.calibration import run
    >>> now(run(Settings()))["observer"]
    ['min-max', 'percentile 99.9', 'moving average', 'MSE', 'entropy']
    """
    table = courses(result)
    rows = [place for place, batch in enumerate(table["batch"]) if batch == result.seen]
    return {name: [column[row] for row in rows] for name, column in table.items()}


def bars(result: Result) -> dict[str, Any]:
    """Return the histogram after the present batch as a table, the odd batch's part apart."""
    fill = result.fill
    odd = fill.counts[result.settings.odd_batch - 1] * int(result.odd_seen)
    return {
        "from": fill.edges[:-1],
        "to": fill.edges[1:],
        "values": fill.counts[: result.seen].sum(axis=0),
        "of the odd batch": odd,
    }


def file_stem(settings: Settings, what: str) -> str:
    """Return the name of a download, without its ending, from page and state.

    >>> file_stem(Settings(), "ranges")
    'quantlab-calibration-first-4-bit-ranges'
    """
    return f"quantlab-calibration-{settings.data}-{settings.bits}-bit-{what}"
