"""View: the two matrices and their product as tables, how to bring one's own, and what can be taken away."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from quantlab.experiments.matmul import Result, Side, readings
from quantlab.numerals import count
from quantlab.ui import uploads
from quantlab.ui.chart import chart_table, csv

_MOST_SHOWN = 50


def draw(result: Result) -> None:
    """Draw the tables, the ways in and the ways out."""
    left, right = st.columns([2, 1], gap="large")
    with left:
        for name, side in (("X", result.now.x), ("W", result.now.w)):
            _matrix(name, side, readings.file_stem(result.settings, name.lower()))
        chart_table(
            partial(readings.product_columns, result.now),
            key="product",
            file_name=readings.file_stem(result.settings, "product"),
            label="Every cell of X·W",
        )
    with right:
        uploads.upload("view")
        uploads.paste("view")


def _matrix(name: str, side: Side, stem: str) -> None:
    import pandas as pd

    values = side.array.values
    shown = pd.DataFrame(values[:_MOST_SHOWN, :_MOST_SHOWN])
    shown.columns = [str(column) for column in shown.columns]
    cut = "" if shown.shape == values.shape else f", of which {shown.shape[0]} × {shown.shape[1]} are shown"
    with st.container(key=f"title-data-{name.lower()}"):
        st.markdown(f"{name} *{count(values.shape[0])} × {count(values.shape[1])}{cut}*")
    st.dataframe(shown, key=f"data-{name.lower()}", alt=f"The values of {name}")
    with st.container(horizontal=True):
        _download(f"{name} as CSV", partial(_columns, values), f"{stem}.csv", key=f"csv-{name.lower()}")
        _download(
            f"Codes of {name} as CSV", partial(_columns, side.codes.codes), f"{stem}-codes.csv", key=f"codes-{name}"
        )


def _columns(values: Any) -> dict[str, Any]:
    return {str(column): values[:, column] for column in range(values.shape[1])}


def _download(label: str, columns: Any, name: str, *, key: str) -> None:
    st.download_button(label, lambda: csv(columns()), name, "text/csv", key=key, on_click="ignore", type="tertiary")
