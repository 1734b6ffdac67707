"""View: a range for each channel, as the best observer would choose it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from quantlab import charts
from quantlab.experiments.calibration import Result, readings
from quantlab.experiments.calibration.channels import channels, sentence
from quantlab.ui import anatomy
from quantlab.ui.calibration import controls
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw each channel's range and SQNR."""
    found = channels(result, controls.recall)
    said = sentence(found)
    st.markdown(said)
    show(
        Chart(
            "per-channel",
            "Channels",
            f"the range that {found.label} chooses for each, and its SQNR on {readings.held(result)}",
            f"The range and the SQNR of every channel. {anatomy.spoken(said)}",
            lambda: charts.channel_ranges(
                np.arange(len(found.lo)),
                found.lo,
                found.hi,
                found.sqnr_db,
                silent=found.silent,
                narrow=window().narrow,
            ),
            found.columns,
            abreast=1,
        ),
        readings.file_stem(result.settings, "channels"),
    )
