"""View: the staircase, its true slope, and the one that training uses."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.training import Result
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.experiments.training.readings import file_stem
from quantlab.experiments.training.slope import sentence, slope
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result, found: Networks) -> None:
    """Draw rounding of the chosen layer's input as training sees it."""
    settings = result.settings
    shown = slope(settings, found)
    said = sentence(settings, shown)
    st.markdown(said)
    show(
        Chart(
            "slope",
            "Straight-through",
            f"the input of layer {settings.layer}, {settings.bits} bits, {WHOSE}",
            f"The staircase of rounding; below it its true slope and the one in use. {anatomy.spoken(said)}",
            lambda: charts.straight_through(
                shown.x,
                shown.x_hat,
                shown.passed,
                shown.jumps,
                of_step=shown.of_step if settings.learned else None,
                narrow=window().narrow,
            ),
            shown.columns,
            abreast=1,
        ),
        file_stem(settings, "slope"),
    )
