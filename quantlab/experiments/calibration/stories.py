"""What the Calibration page says of a state, in one sentence: the first of the stories below that this state tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.experiment import Result, Settings
from quantlab.experiments.calibration.readings import held, percent, span
from quantlab.experiments.spelling import YOURS
from quantlab.numerals import UNIT_SPACE, decibels, num

EMPTY = (
    "Here goes **your own array**: cut into batches, it passes the observers, and what is kept back tests their ranges."
)
"""The sentence while the data are `yours` and there is no array yet, or none that can be cut."""
_WORTH = 0.5  # dB: less is no difference worth a sentence
_ALIKE = 2.0  # dB by which observers may differ and still be called near to each other
_COUNTS = ("no", "one", "two", "three", "four", "five")
_RAISED = ("th", "st", "nd", "rd")


def sentence(result: Result) -> str:
    """Return what the picture shows, in Markdown, at most 35 words.

    >>> from quantlab.experiments.calibration import run
    >>> print(sentence(run(Settings())).split(";")[0])
    The odd 20th batch stretches min-max to **16.7**
    """
    return next(text for story in STORIES if (text := story(result)) is not None)


def ordinal(number: int) -> str:
    """Write a whole number from 1 as a place in a row.

    >>> print(ordinal(1), ordinal(12), ordinal(20), ordinal(32))
    1st 12th 20th 32nd
    """
    return f"{number}{_RAISED[number % 10 if number % 10 < 4 and not 10 < number < 14 else 0]}"


def _reach(course: Course, at: int) -> float:
    return float(max(abs(course.lo[at]), abs(course.hi[at])))


def _more_data(result: Result) -> str | None:
    then, now = result.compared, result.settings
    if (
        "minmax" not in now.observers
        or then is None
        or result.compared_name != "pinned"
        or not now.drawn
        or now.size == then.settings.size
    ):
        return None
    if replace(now.state(), size=1) != replace(then.settings.state(), size=1):
        return None
    few, many = sorted((then, result), key=lambda each: each.settings.size)
    at = result.now
    ends = [_reach(each.course("minmax"), at) for each in (few, many)]
    costs = [float(each.course("minmax").sqnr_db[at]) for each in (few, many)]
    p = [_reach(each.course("percentile"), at) for each in (few, many)]
    beside = f"; {result.course('percentile').label} goes from {num(p[0])} to {num(p[1])}"
    times = many.settings.size // few.settings.size
    return (
        f"With **{times} times more data** min-max widens from {num(ends[0])} to **{num(ends[1])}** "
        f"and {_change(costs)} at {_bits(now.bits)}{beside if 'percentile' in now.observers else ''}."
    )


def _change(db: list[float]) -> str:
    gap = db[1] - db[0]
    return f"{'loses' if gap < 0 else 'gains'} {decibels(abs(gap))}"


def _nothing_lost(result: Result) -> str | None:
    best, at = result.best(), result.now
    if not np.any(result.stream.held):
        return f"Of {held(result)} **every value is 0**, which all ranges keep: there is no SQNR to tell them apart."
    if not np.isinf(best.sqnr_db[at]):
        return None
    return (
        f"After **{batches(result.seen)}** :blue[{best.label}] loses **nothing** of {held(result)}: "
        f"at {_bits(result.settings.bits)} each of them is a level of its range."
    )


def _alone(result: Result) -> str | None:
    settings, at, best = result.settings, result.now, result.best()
    if len(result.courses) > 1:
        return None
    range_ = span(best, at, symmetric=settings.symmetric)
    return (
        f"After **{batches(result.seen)}** :blue[{best.label}] chooses **{range_}**, which has "
        f"**{decibels(float(best.sqnr_db[at]))}** on {held(result)} at {_bits(settings.bits)}.{_play_on(result)}"
    )


def _play_on(result: Result) -> str:
    settings = result.settings
    to_come = settings.odd_batch > 0 and not result.odd_seen
    return f" The odd batch is the {ordinal(settings.odd_batch)}: play on." if to_come else ""


def _odd_to_come(result: Result) -> str | None:
    settings, at = result.settings, result.now
    to_come = _play_on(result)
    if not to_come:
        return None
    sqnr = {each.label: float(np.nan_to_num(each.sqnr_db[at])) for each in result.courses}
    low, high = min(sqnr, key=sqnr.__getitem__), max(sqnr, key=sqnr.__getitem__)
    gap = sqnr[high] - sqnr[low]
    ends = (
        f"the {_COUNTS[len(sqnr)]} observers lie within {decibels(gap)} of each other"
        if gap < _ALIKE
        else f":blue[{high}] has **{decibels(sqnr[high])}**, {low} {decibels(sqnr[low])}"
    )
    return f"After **{batches(result.seen)}** {ends} at {_bits(settings.bits)}.{to_come}"


def _odd(result: Result) -> str | None:
    settings, at = result.settings, result.now
    best, widest = result.best(), result.rival()
    if not result.odd_seen or not _stretches(widest, settings.odd_batch - 1, at):
        return None
    gain = float(best.sqnr_db[at] - widest.sqnr_db[at])
    lead = f"The odd {ordinal(settings.odd_batch)} batch stretches {widest.label} to **{num(_reach(widest, at))}**"
    if gain < _WORTH:
        little = f"none of the others does better by more than {decibels(_WORTH)} on {held(result)}"
        return f"{lead}, yet at {_bits(settings.bits)} {little}."
    return (
        f"{lead}; :blue[{best.label}] stops at **{num(_reach(best, at))}**. "
        f"On {held(result)} that is worth **{decibels(gain)}** at {_bits(settings.bits)}."
    )


def _stretches(course: Course, odd: int, at: int) -> bool:
    """Tell whether the odd batch made a range wider than the others would have, and it still is."""
    now = _reach(course, at)
    return min(_reach(course, odd), now) > _reach(course, odd - 1) if odd else now == _reach(course, 0)


def _never_negative(result: Result) -> str | None:
    settings, then, at = result.settings, result.compared, result.now
    lowest = float(result.fill.edges[0])
    if not settings.symmetric or lowest < 0 or then is None or result.compared_name != "affine":
        return None
    best, other = result.best(), then.best()
    what = "values" if result.stream.finish is None else "activations"
    loss = float(other.sqnr_db[at] - best.sqnr_db[at])
    rank = f"is **{decibels(abs(loss))}** {'below' if loss > 0 else 'above'} the best affine one"
    rank = "loses what the best affine one keeps **whole**" if np.isinf(loss) else rank
    return (
        f"These {what} are **never negative**: half of a :blue[symmetric] grid's {2**settings.bits} codes stay "
        f"unused, whoever observes. The best, {best.label}, {rank}."
    )


def _heavy(result: Result) -> str | None:
    settings, at = result.settings, result.now
    if not settings.drawn or "minmax" not in settings.observers:
        return None
    best, widest = result.best(), result.course("minmax")
    gain = float(best.sqnr_db[at] - widest.sqnr_db[at])
    if gain < _WORTH:
        return None
    return (
        f"A heavy tail carries min-max to **{num(_reach(widest, at))}** for a handful of values; :blue[{best.label}] "
        f"stops at **{num(_reach(best, at))}** and gains **{decibels(gain)}** at {_bits(settings.bits)}."
    )


def _stops_short(result: Result) -> str | None:
    settings, at = result.settings, result.now
    best, widest = result.best(), result.course("minmax")
    gain = float(best.sqnr_db[at] - widest.sqnr_db[at])
    if settings.data != YOURS or "minmax" not in settings.observers or gain < _WORTH:
        return None
    # Where all values are nearly as large, MSE may reach beyond them.
    if _reach(best, at) >= _reach(widest, at):
        return None
    return (
        f"Min-max reaches to **{num(_reach(widest, at))}**; :blue[{best.label}] stops at "
        f"**{num(_reach(best, at))}**. On {held(result)} that is worth **{decibels(gain)}** at {_bits(settings.bits)}."
    )


def _fewer(result: Result) -> str | None:
    settings, at = result.settings, result.now
    if "minmax" not in settings.observers:
        return None
    best, widest = result.best(), result.course("minmax")
    gain = float(best.sqnr_db[at] - widest.sqnr_db[at])
    if gain < _WORTH or best.accuracy is None or widest.accuracy is None or best.accuracy[at] <= widest.accuracy[at]:
        return None
    return (
        f"At {_bits(settings.bits)} steps are wide, and clipping pays: :blue[{best.label}] stops at "
        f"**{num(_reach(best, at))}** instead of {num(_reach(widest, at))} and gains **{decibels(gain)}** "
        f"({percent(best.accuracy[at])} right instead of {percent(widest.accuracy[at])})."
    )


def _plain(result: Result) -> str:
    at = result.now
    best, worst = result.best(), min(result.courses, key=lambda each: float(np.nan_to_num(each.sqnr_db[at])))
    ends = [decibels(float(each.sqnr_db[at])) for each in (best, worst)]
    began = f"After {batches(result.seen)} at {_bits(result.settings.bits)}"
    if worst is best:
        return f"{began} all observers have **{ends[0]}** on {held(result)}."
    return f"{began}, :blue[{best.label}] has **{ends[0]}** on {held(result)}, {worst.label} {ends[1]}."


def _bits(bits: int) -> str:
    return f"{bits}{UNIT_SPACE}bit{'' if bits == 1 else 's'}"


def batches(number: int) -> str:
    """Write how many batches.

    >>> batches(1), batches(32)
    ('1 batch', '32 batches')
    """
    return "1 batch" if number == 1 else f"{number} batches"


STORIES = (_nothing_lost, _alone, _more_data, _odd_to_come, _odd, _never_negative, _heavy, _stops_short, _fewer, _plain)
_DRAWN = Settings(data="tail", odd=1.0)
TRIES: dict[str, Settings] = {
    "one odd batch": Settings(),
    "a hundred times more data": replace(_DRAWN, size=100, pin=_DRAWN, compare="pinned"),
    "heavy tail": replace(_DRAWN, tail=3.0),
    "3 bits, no odd batch": Settings(odd=1.0, bits=3, data="outputs"),
    "never negative": Settings(odd=1.0, symmetric=True),
}


def taken(settings: Settings, state: Settings) -> Settings:
    """Return a try's state as seen from these settings: an open view stays, and so does a pin that the visitor has set.

    >>> taken(Settings(view="code"), TRIES["heavy tail"]).view
    'code'
    """
    another = settings.pin in [each.pin for each in TRIES.values() if each.pin is not None]
    kept = ("view",) + (("compare", "pin") if state.pin is None and not another else ())
    return replace(state, **{name: getattr(settings, name) for name in kept})
