"""View: what the observer saw of a layer's input, what arrives, and the range between them."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.modes import Result, readings
from quantlab.experiments.modes.seen import seen, sentence
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw both histograms under the calibrated range."""
    found = seen(result)
    said = sentence(result, found)
    st.markdown(said)
    show(
        Chart(
            "calibration",
            "Calibration",
            f"input of layer {result.layer + 1}" + ("; :red[hatched: clips]" if found.clipped else ""),
            f"Histograms of the calibration set and of what arrives; the calibrated range. {anatomy.spoken(said)}",
            lambda: charts.observed(
                found.edges,
                found.calibration,
                found.live,
                chosen=(found.lo, found.hi),
                covered=(found.covered_lo, found.covered_hi),
                narrow=window().narrow,
            ),
            found.columns,
            abreast=1,
        ),
        readings.file_stem(result.settings, "calibration"),
    )
