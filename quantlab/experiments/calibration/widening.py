"""What more data does to a range: how often each observer widened and narrowed while batches passed, and its SQNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.experiment import Result
from quantlab.experiments.calibration.stories import batches, ordinal
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
    by_odd : bool
        Whether the odd batch is one of those after which it was wider.
    first_db, last_db : float
        SQNR after the first and after the present batch, dB.
    """

    name: str
    label: str
    heading: str
    wider: int
    narrower: int
    by_odd: bool
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
    return [_widening(each, result.seen, result.settings.odd_batch) for each in result.courses]


def _widening(course: Course, seen: int, odd: int) -> Widening:
    width = (course.hi - course.lo)[:seen]
    change = np.diff(width)
    wider, narrower = (sign * change > _STILL * width[:-1] for sign in (1, -1))
    by_odd = 1 < odd <= seen and bool(wider[odd - 2])
    first, last = (float(course.sqnr_db[at]) for at in (0, seen - 1))
    names = course.name, course.label, course.heading
    return Widening(*names, int(wider.sum()), int(narrower.sum()), by_odd, first, last)


def columns(result: Result) -> dict[str, list[Any]]:
    """Return the changes as a table, ready to be read."""
    found = widenings(result)
    return {
        "observer": [each.label for each in found],
        "wider after": [_after(each) for each in found],
        "narrower after": [batches(each.narrower) for each in found],
        "SQNR at first": [decibels(each.first_db) for each in found],
        "SQNR now": [decibels(each.last_db) for each in found],
    }


def _after(found: Widening) -> str:
    return f"{batches(found.wider)}{', the odd one' if found.by_odd and found.wider == 1 else ''}"


def sentence(result: Result) -> str:
    """Say that more data only ever widens min-max, whether the odd batch did, and who narrows again.

    >>> from quantlab.experiments.calibration import Settings, run
    >>> sentence(run(Settings())).split(":")[0]
    'In 32 batches min-max **widened once, at the odd 20th batch, and never narrowed**'
    """
    found = widenings(result)
    others = [each for each in found if each.name != "minmax"]
    turning = max(others, key=lambda each: each.narrower, default=None)
    if result.seen == 1:
        return "After **one batch** no range has changed yet: play on."
    began, odd = f"In {result.seen} batches", ordinal(result.settings.odd_batch)
    if len(others) == len(found):
        assert turning is not None
        return (
            f"{began} {turning.label} **{_widened(turning, odd)} and {_narrowed(turning)}**: "
            "of all observers only min-max cannot narrow."
        )
    widest = found[0]
    also = "" if turning is None else f" {turning.heading} {_narrowed(turning)}."
    did = f"**{_widened(widest, odd)} and {_narrowed(widest)}**" if widest.wider else "**kept its range**"
    return f"{began} min-max {did}: more data can only widen it.{also}"


def _widened(found: Widening, odd: str) -> str:
    if not found.by_odd:
        return _times("widened", found.wider)
    which = "" if found.wider == 1 else "one of them "
    return f"{_times('widened', found.wider)}, {which}at the odd {odd} batch,"


def _narrowed(found: Widening) -> str:
    return _times("narrowed", found.narrower)


def _times(did: str, number: int) -> str:
    return (f"never {did}", f"{did} once", f"{did} twice")[number] if number < 3 else f"{did} {number} times"
