"""View: what MSE, entropy and percentile look at, each against the clip, and where each stops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from quantlab import charts
from quantlab.experiments.calibration import Result, readings
from quantlab.experiments.calibration.criteria import Criterion, criteria, sentence
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window

if TYPE_CHECKING:
    import plotly.graph_objects as go


def draw(result: Result) -> None:
    """Draw the criteria abreast."""
    said, drawn = sentence(result), criteria(result)
    st.markdown(said)
    if not drawn:
        return
    for place, found in zip(st.columns(len(drawn), gap="large"), drawn, strict=True):
        with place:
            show(
                Chart(
                    f"criterion-{found.name}",
                    found.title,
                    found.remark,
                    f"{found.unit} against the clip; {found.remark}. {anatomy.spoken(said)}",
                    partial(_figure, found),
                    found.columns,
                    abreast=len(drawn),
                ),
                readings.file_stem(result.settings, f"criterion-{found.name}"),
            )


def _figure(found: Criterion) -> go.Figure:
    return charts.criterion(
        found.clips,
        found.values,
        unit=found.unit,
        chosen=found.chosen,
        level=found.level,
        narrow=window().narrow,
    )
