"""What more data does to a range: how often each observer widened and narrowed while batches passed, and its SQNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.experiment import Result
from quantlab.numerals import decibels

_STILL = 1e-6  # of a width: a smaller change is rounding


@dataclass(frozen=True)
class Widening:
    """One observer over the batches up to the present one.

    Attributes
    ----------
    name, label, heading : str
        The observer's name in OBSERVERS, and as people read it: within a sentence, and at its beginning.
    wider, narrower : int
        After how many batches its range was wider, and narrower, than before.
    first_db, last_db : float
        SQNR after the first and after the present batch, dB.
    """

    name: str
    label: str
    heading: str
    wider: int
    narrower: int
    first_db: float
    last_db: float


def widenings(result: Result) -> list[Widening]:
    """Return every shown observer's changes, in the order of the menu.

    Examples
    --------
    >>> from quantlab.experiments.calibration import Settings, run
    >>> widest = widenings(run(Settings()))[0]
    >>> widest.label, widest.narrower
    ('min-max', 0)
    """
    return [_widening(each, result.seen) for each in result.courses]


def _widening(course: Course, batches: int) -> Widening:
    width = (course.hi - course.lo)[:batches]
    change = np.diff(width)
    wider, narrower = (int((sign * change > _STILL * width[:-1]).sum()) for sign in (1, -1))
    first, last = (float(course.sqnr_db[at]) for at in (0, batches - 1))
    return Widening(course.name, course.label, course.heading, wider, narrower, first, last)


def columns(result: Result) -> dict[str, list[Any]]:
    """Return the changes as a table, ready to be read."""
    found = widenings(result)
    return {
        "observer": [each.label for each in found],
        "wider after": [f"{each.wider} batches" for each in found],
        "narrower after": [f"{each.narrower} batches" for each in found],
        "SQNR at first": [decibels(each.first_db) for each in found],
        "SQNR now": [decibels(each.last_db) for each in found],
    }


def sentence(result: Result) -> str:
    """Say that more data only ever widens min-max, and who narrows again.

    >>> from quantlab.experiments.calibration import Settings, run
    >>> sentence(run(Settings())).split(":")[0]
    'In 32 batches min-max widened **once and never narrowed**'
    """
    found = widenings(result)
    others = [each for each in found if each.name != "minmax"]
    turning = max(others, key=lambda each: each.narrower, default=None)
    began = f"In {result.seen} batches"
    if len(others) == len(found):
        assert turning is not None
        return (
            f"{began} {turning.label} widened **{_times(turning.wider)} and narrowed {_times(turning.narrower)}**: "
            "of all observers only min-max cannot narrow."
        )
    widest = found[0]
    also = "" if turning is None else f" {turning.heading} narrowed {_times(turning.narrower)}."
    return f"{began} min-max widened **{_times(widest.wider)} and never narrowed**: more data can only widen it.{also}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
