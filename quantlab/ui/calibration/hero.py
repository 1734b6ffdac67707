"""The Calibration page's main drawing: a Result as the bars and brackets that are drawn, and the same as a table."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from quantlab.experiments import codec
from quantlab.experiments.calibration import Result, readings, stream_of
from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.own import CUT
from quantlab.experiments.calibration.stories import ordinal
from quantlab.experiments.calibration.stream import BATCHES
from quantlab.numerals import decibels, shortest
from quantlab.ui import address, uploads
from quantlab.ui.calibration import controls
from quantlab.ui.chart import chart_table
from quantlab.ui.components import brackets

_TICKED_BITS = 5  # of wider codes the ticks would be a grey bar
_MOST_TICKS = 9
_DIGITS = 6  # of what is drawn: far finer than a pixel


def hero(result: Result, alt: str) -> None:
    """Draw histogram and brackets, with the observers after every batch as a table."""
    drawn = picture(result)
    brackets.brackets("brackets", drawn, alt=alt, on_rest=lambda batches: address.change(batches=batches))
    stem = readings.file_stem(result.settings, "brackets")
    with _foot():
        chart_table(
            lambda: readings.courses(result),
            key="brackets",
            file_name=stem,
            picture=lambda: brackets.standalone(drawn, title="What each observer chose", alt=alt, name=stem),
        )
        controls.observers()


def ask() -> None:
    """Draw what stands in its place while there is no array."""
    uploads.ask(stream_of, then=CUT)
    with _foot():
        controls.observers()


def _foot() -> DeltaGenerator:
    return st.container(key="hero-foot", horizontal=True, vertical_alignment="bottom")


def picture(result: Result) -> brackets.Picture:
    """Return what is drawn of a result: every batch of it."""
    settings, fill = result.settings, result.fill
    # The order of the end, so that no bracket changes its place while batches pass.
    rows = sorted(result.courses, key=lambda each: -_width(each, settings.symmetric))
    qmin, qmax = settings.scheme().qmin, settings.scheme().qmax
    first, last = float(fill.edges[0]), float(fill.edges[-1])
    drawn = [_bracket(result, each) for each in rows]
    # The settings do not say which array a visitor gave; what is counted does.
    state = codec.encode_line(replace(settings.state(), batches=BATCHES)).encode() + fill.counts.tobytes()
    return brackets.Picture(
        data_id=hashlib.blake2b(state + fill.edges.tobytes(), digest_size=6).hexdigest(),
        first=_rounded(first),
        last=_rounded(last),
        counts=fill.counts.tolist(),
        odd=settings.odd_batch,
        odd_name=f"only the odd\n{ordinal(settings.odd_batch)} batch",
        brackets=drawn,
        codes=(qmin, qmax) if settings.bits <= _TICKED_BITS else None,
        at=result.seen,
        axis=result.stream.what,
        ticks=ticks(min(first, *(min(each.lo) for each in drawn)), max(last, *(max(each.hi) for each in drawn))),
    )


def _bracket(result: Result, course: Course) -> brackets.Bracket:
    ends = [readings.covered(course, at, symmetric=result.settings.symmetric) for at in range(len(course.lo))]
    return brackets.Bracket(
        name=course.label,
        lo=[_rounded(lo) for lo, _ in ends],
        hi=[_rounded(hi) for _, hi in ends],
        scale=[_rounded(scale) for scale in course.scale.tolist()],
        zero_point=course.zero_point.tolist(),
        span=[readings.span(course, at, symmetric=result.settings.symmetric) for at in range(len(course.lo))],
        level=[decibels(level) for level in course.sqnr_db.tolist()],
        best=[result.best(at) is course for at in range(len(course.lo))],
    )


def _width(course: Course, symmetric: bool) -> float:
    lo, hi = readings.covered(course, -1, symmetric=symmetric)
    return hi - lo


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def ticks(lo: float, hi: float) -> list[tuple[float, str]]:
    """Return round places between two ends, at most nine of them, with their words.

    >>> ticks(-0.1, 44.0)[:3]
    [(0.0, '0'), (5.0, '5'), (10.0, '10')]
    """
    power = 10.0 ** math.floor(math.log10((hi - lo) / _MOST_TICKS))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (hi - lo) / step < _MOST_TICKS)
    places = [round(k * step, 12) for k in range(math.ceil(lo / step), math.floor(hi / step) + 1)]
    return [(place, shortest(place)) for place in places]
