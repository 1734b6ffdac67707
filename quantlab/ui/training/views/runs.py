"""View: every run as a line of a table, and as CSV."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab.experiments.training import Result
from quantlab.experiments.training.networks import Networks
from quantlab.experiments.training.readings import file_stem, run_columns
from quantlab.ui.chart import csv


def draw(result: Result, found: Networks) -> None:
    """Draw the table."""
    columns = run_columns(result)
    st.markdown(
        "One line a network. The seed draws the split, the first weights and the order of the rows; the same seed "
        "gives the same line again."
    )
    st.download_button(
        "CSV",
        lambda: csv(columns),
        f"{file_stem(result.settings, 'runs')}.csv",
        "text/csv",
        key="csv-runs",
        on_click="ignore",
    )
    st.dataframe(pd.DataFrame(columns), height=400, hide_index=True, placeholder="–", key="rows-runs")
