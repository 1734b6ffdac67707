"""View: what more data does to each range, and to what it costs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab import charts
from quantlab.experiments.calibration import Result, readings
from quantlab.experiments.calibration.widening import columns, sentence
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw SQNR over the batches, and how often each range widened and narrowed."""
    settings, said = result.settings, sentence(result)
    st.markdown(said)
    show(
        Chart(
            "widening",
            "SQNR over batches",
            f"on {readings.held(result)}",
            f"SQNR of each observer's range after each of the batches. {anatomy.spoken(said)}",
            lambda: charts.levels_over_batches(
                {each.label: each.sqnr_db for each in result.courses},
                best=result.best().label,
                now=result.seen,
                odd=settings.odd_batch,
                places=result.places,
                narrow=window().narrow,
            ),
            lambda: readings.courses(result),
            abreast=1,
        ),
        readings.file_stem(settings, "widening"),
    )
    st.table(pd.DataFrame(columns(result)).set_index("observer"))
