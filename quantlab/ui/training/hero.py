"""The page's main chart, accuracy against bits, and under it how far training is; both follow while it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from quantlab import charts
from quantlab.experiments.training import Result, Settings
from quantlab.experiments.training.readings import curve_columns, file_stem
from quantlab.ui import anatomy, look
from quantlab.ui.chart import chart_table
from quantlab.ui.components.window import window
from quantlab.ui.training import desk
from quantlab.ui.training.work import Work

if TYPE_CHECKING:
    import plotly.graph_objects as go

_EVERY_S, _ELSEWHERE_S = 1.0, 15.0  # while networks come in
_WAS_LIVE = "quantlab-training-was-live"
_PROGRESS_WIDTH = 160


def draw(settings: Settings, alt: str) -> None:
    """Draw the curve; while this visitor's training of it is under way, again every second."""
    own, under_way = desk.work(), desk.live(settings) is not None
    st.session_state[_WAS_LIVE] = under_way
    # Of other settings than these: looked at rarely, for it ends where nobody looks.
    elsewhere = own is not None and not own.done
    every = _EVERY_S if under_way else _ELSEWHERE_S if elsewhere else None
    st.fragment(_draw, run_every=every)(settings, alt)


def _draw(settings: Settings, alt: str) -> None:
    own = desk.live(settings)
    desk.beat()
    if own is None and st.session_state[_WAS_LIVE]:
        st.rerun()  # once: sentence, numbers and views want the end too
    shown = desk.result(settings)
    figure = curve(shown)
    look.show_figure(figure, key="curve", alt=alt)
    _status(settings, shown, own)
    stem = file_stem(settings, "curve")
    chart_table(
        partial(curve_columns, shown),
        key="curve",
        file_name=stem,
        picture=lambda: charts.standalone(
            figure, title=f"{settings.words.title} against bits", alt=anatomy.spoken(alt), name=stem
        ),
    )


def _status(settings: Settings, shown: Result, own: Work | None) -> None:
    """Say below the curve where it comes from, or how far it is: in one row, so that beginning moves nothing."""
    with st.container(key="training-status", horizontal=True, vertical_alignment="center", gap="small"):
        if own is not None:
            st.progress(len(own.runs) / own.total, width=_PROGRESS_WIDTH)
        st.caption(desk.status(settings, shown))


def curve(shown: Result) -> go.Figure:
    """Return the figure of a result, in percent.

    Parameters
    ----------
    shown : Result
        Complete or not: while networks come in, curves end where they are.
    """
    return charts.accuracy_against_bits(
        _points(shown),
        reference=None if shown.exact is None else shown.exact.mean * 100,
        guess=shown.guess * 100,
        chosen=shown.settings.bits,
        pinned=None if shown.ghost is None else _points(shown.ghost),
        measure=shown.settings.words.axis,
        least=shown.settings.words.least,
        narrow=window().narrow,
    )


def _points(shown: Result) -> dict[str, list[charts.Accuracy]]:
    return {
        method: [
            charts.Accuracy(
                point.bits, point.mean * 100, point.deviation * 100, tuple(value * 100 for value in point.each)
            )
            for point in points
            if point.bits is not None
        ]
        for method, points in shown.curves.items()
    }
