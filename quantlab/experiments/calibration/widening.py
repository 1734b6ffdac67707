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
    label : str
    wider, narrower : int
        After how many batches its range was wider, and narrower, than before.
    first_db, last_db : float
        SQNR after the first and after the present batch, dB.
    """

    label: str
    wider: int
    narrower: int
    first_db: float
    last_db: float


def widenings(result: Result) -> list[Widening]:
    """Return every observer's changes, in the order of the menu.

    Examples
    --------
    >>> from quantlab.experiments.calibration import Settings, run
    >>> widest = widenings(run(Settings()))[0]
    >>> widest.label, widest.narrower
    ('min-max', 0)
    """
    return [_widening(each, result.settings.batches) for each in result.courses]


def _widening(course: Course, batches: int) -> Widening:
    width = (course.hi - course.lo)[:batches]
    change = np.diff(width)
    wider, narrower = (int((sign * change > _STILL * width[:-1]).sum()) for sign in (1, -1))
    return Widening(course.label, wider, narrower, float(course.sqnr_db[0]), float(course.sqnr_db[batches - 1]))


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
    widest, *others = widenings(result)
    turning = max(others, key=lambda each: each.narrower)
    times = "once" if widest.wider == 1 else f"{widest.wider} times"
    again = "once" if turning.narrower == 1 else f"{turning.narrower} times"
    return (
        f"In {result.settings.batches} batches min-max widened **{times} and never narrowed**: more data can only "
        f"widen it. {turning.label[0].upper()}{turning.label[1:]} narrowed {again}."
    )
