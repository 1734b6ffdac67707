"""The Calibration page's supporting charts: the ranges over the batches, and what each range costs on other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from quantlab import charts
from quantlab.experiments.calibration import Result, readings
from quantlab.experiments.calibration.course import Course
from quantlab.experiments.calibration.stories import ordinal
from quantlab.numerals import UNIT_SPACE, decibels
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window

if TYPE_CHECKING:
    import plotly.graph_objects as go


def ranges(result: Result, spoken: str) -> None:
    """Draw every observer's range after each of the batches."""
    settings = result.settings
    remarks = [
        "±" if settings.symmetric else "",
        f"the odd one is the {ordinal(settings.odd_batch)}" if settings.odd_batch else "",
        "more data only widens min-max" if not settings.odd_batch and "minmax" in settings.observers else "",
    ]
    show(
        Chart(
            "ranges",
            "Ranges over batches",
            "; ".join(filter(None, remarks)),
            f"Each observer's range after each of the batches, as steps. {spoken}",
            lambda: _ranges(result),
            lambda: readings.courses(result),
        ),
        readings.file_stem(settings, "ranges"),
    )


def _ranges(result: Result) -> go.Figure:
    settings, best = result.settings, result.best()
    pinned = result.compared if result.compared_name == "pinned" else None
    return charts.ranges_over_batches(
        {each.label: charts.Range(*_ends(result, each), each is best) for each in result.courses},
        now=result.seen,
        odd=settings.odd_batch,
        pinned=None if pinned is None else _ends(pinned, pinned.course(result.rival().name))[1],
        places=result.places,
        narrow=window().narrow,
    )


def _ends(result: Result, course: Course) -> tuple[list[float], list[float]]:
    symmetric = result.settings.symmetric
    lo, hi = zip(*(readings.covered(course, at, symmetric=symmetric) for at in range(len(course.lo))), strict=True)
    # A symmetric grid's lower half is the mirror of its upper one.
    return [0.0] * len(lo) if symmetric else list(lo), list(hi)


def levels(result: Result, spoken: str) -> None:
    """Draw the SQNR of every observer's range on data that it has not seen."""
    bits = result.settings.bits
    show(
        Chart(
            "levels",
            "SQNR of each range",
            f"{bits}{UNIT_SPACE}bit{'' if bits == 1 else 's'}, on {readings.held(result)}",
            f"SQNR of each observer's range, sorted, the best on top. {spoken}",
            lambda: _levels(result),
            lambda: readings.now(result),
        ),
        readings.file_stem(result.settings, "levels"),
    )


def _levels(result: Result) -> go.Figure:
    at = result.now
    found = [float(each.sqnr_db[at]) for each in result.courses]
    then = result.compared if result.compared_name == "pinned" else None
    return charts.level_of_each(
        [each.label for each in result.courses],
        found,
        words=[decibels(level) for level in found],
        pinned=None
        if then is None
        else np.array([then.course(each.name).sqnr_db[then.now] for each in result.courses]),
        places=result.places,
        narrow=window().narrow,
    )


def note(result: Result) -> None:
    """Say on what everything was measured."""
    st.caption(readings.note(result))
