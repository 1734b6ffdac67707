"""View: how the error grows with K and shrinks with bits, measured here, beside theory's slopes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from quantlab import charts
from quantlab.experiments.matmul import Result, Settings, readings
from quantlab.experiments.matmul.growth import Growth, against_bits, against_terms, growth_sentence, slope_remark
from quantlab.ui import anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw both curves."""
    blank = Settings()
    state = replace(result.settings.state(), row=blank.row, column=blank.column, accumulator="int32")
    array = result.now.w.array
    # Neither curve knows the present place on its own axis.
    terms: Growth = sources.recall(
        array, ("against K", replace(state, k=1), result.now.x.array.digest), lambda: against_terms(result)
    )
    bits: Growth = sources.recall(
        array, ("against bits", replace(state, bits=1), result.now.x.array.digest), lambda: against_bits(result)
    )
    said = growth_sentence(terms, bits)
    st.markdown(said)
    left, right = st.columns(2, gap="large")
    k = result.now.x.array.values.shape[1]
    with left:
        _show(result, terms, said, key="growth-k", title="Error against K", axis="K", logarithmic=True, now=k)
    with right:
        _show(
            result, bits, said, key="growth-bits", title="Error against bits", axis="bits", logarithmic=False,
            now=result.settings.bits,
        )  # fmt: skip


def _show(
    result: Result, growth: Growth, said: str, *, key: str, title: str, axis: str, logarithmic: bool, now: float
) -> None:
    figure: Any = partial(
        charts.error_growth,
        growth.along,
        growth.measured,
        growth.expected,
        title=axis,
        logarithmic=logarithmic,
        now=now,
        narrow=window().narrow,
    )
    show(
        Chart(
            key=key,
            title=title,
            remark=slope_remark(growth, logarithmic=logarithmic),
            alt=f"Curve of the rms error along {axis}, and what theory expects. {anatomy.spoken(said)}",
            figure=figure,
            columns=partial(growth.columns, axis),
        ),
        readings.file_stem(result.settings, key),
    )
