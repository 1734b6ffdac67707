"""The Modes page's supporting charts: the time of a batch, filling in, and quality against bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from quantlab import charts
from quantlab.experiments.modes import Result, bounds, readings
from quantlab.experiments.modes.experiment import BATCHES
from quantlab.experiments.modes.sweep import Sweep, Values, marks, sweep
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.modes import clock, controls

if TYPE_CHECKING:
    import plotly.graph_objects as go

_EVERY_S = 1.5  # while times come in
# Milliseconds that the axis shows before anything is measured, so that it need not move while times come in.
_SPANS = {"digits": (1e-2, 1e2), "layer": (1e-1, 1e3)}
_DRAWN = "quantlab-modes-times-complete"


def times(result: Result) -> None:
    """Draw time against batch; while the server measures, what is known so far."""
    clock.CLOCK.start()
    data = result.settings.data
    complete = clock.CLOCK.complete(data)
    st.session_state[_DRAWN] = complete
    st.fragment(_times, run_every=None if complete else _EVERY_S)(result)


def _times(result: Result) -> None:
    if clock.CLOCK.complete(result.settings.data) and not st.session_state[_DRAWN]:
        st.rerun()  # once: the hero and the views want the times too
    known, roofs = clock.CLOCK.times(result.settings.data), clock.CLOCK.ceilings
    crossing = None if roofs is None or result.subject.labelled else bounds.crossing(result, roofs.over(known))
    pinned = result.compared if result.compared_name == "pinned" else None
    show(
        Chart(
            "times",
            "Time",
            bounds.time_remark(result, known, failed=clock.CLOCK.failed),
            "Time of a batch against its rows, 1 to 256, for float32 and the three modes on this machine.",
            lambda: charts.time_against_batch(
                BATCHES,
                bounds.curves(known),
                now=result.settings.batch,
                crossing=crossing,
                pinned=pinned.settings.batch if pinned and pinned.settings.data == result.settings.data else None,
                span=_SPANS.get(result.settings.data),
                awaited=not clock.CLOCK.complete(result.settings.data),
                narrow=window().narrow,
            ),
            lambda: bounds.columns(known),
        ),
        readings.file_stem(result.settings, "times"),
    )


def widths(result: Result, spoken: str) -> None:
    """Draw accuracy, or where there is none the output error, against bits."""
    swept = sweep(result, controls.recall)
    right = swept.accuracy is not None
    what = "Accuracy" if right else "Output error"
    show(
        Chart(
            "widths",
            what,
            "against bits; ◇ weight-only counts bits of the weights only",
            f"{what} of each mode against 1 to 8 bits. {spoken}",
            lambda: _figure(result, swept),
            swept.columns,
        ),
        readings.file_stem(result.settings, "widths"),
    )


def _figure(result: Result, swept: Sweep) -> go.Figure:
    right = swept.accuracy is not None
    then = result.compared if result.compared_name == "pinned" else None
    other = None if then is None or then.subject.labelled != right else sweep(then, controls.recall)
    return charts.quality_against_bits(
        swept.bits,
        {mode: values * 100 for mode, values in _of(swept).items()},
        title="accuracy, %" if right else "output error, %",
        reference=None if swept.float_accuracy is None else swept.float_accuracy * 100,
        now={mode: (bits, value * 100) for mode, (bits, value) in marks(result).items()},
        pinned=None if other is None else {mode: values * 100 for mode, values in _of(other).items()},
        pinned_bits=None if other is None or then is None else then.settings.bits,
        logarithmic=not right,
        narrow=window().narrow,
    )


def _of(swept: Sweep) -> dict[str, Values]:
    return swept.error if swept.accuracy is None else swept.accuracy
