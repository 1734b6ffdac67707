"""View: how often each code occurs, and the entropy of the codes against bits."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.tensor import Result, readings
from quantlab.experiments.tensor.occurrence import code_columns, code_counts, codes_sentence
from quantlab.experiments.tensor.sweep import Sweep, sampled_sentence
from quantlab.scheme import PerTensor
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.tensor.views.bits import measured, pinned_curve


def draw(result: Result) -> None:
    """Draw how evenly the codes are used: entropy is what a lossless compression of them could reach."""
    swept = measured(result)
    said = codes_sentence(result)
    st.markdown(said)
    left, right = st.columns(2, gap="large")
    with left:
        show(_counts(result, said), readings.file_stem(result.settings, "codes"))
    with right:
        show(_entropy(result, swept, said), readings.file_stem(result.settings, "entropy"))
    if sampled := sampled_sentence(swept, result.array):
        st.caption(f"Entropy: {sampled[0].lower()}{sampled[1:]}")


def _counts(result: Result, said: str) -> Chart:
    seen = code_counts(result)
    one_zero = isinstance(result.scheme.granularity, PerTensor)
    runs = f", {seen.width} codes a bar" if seen.width > 1 else ""
    return Chart(
        "codes",
        "Codes",
        f"how often each occurs{runs}",
        f"Share of the values that each code carries. {anatomy.spoken(said)}",
        lambda: charts.code_counts(
            seen.counts,
            first=seen.first,
            width=seen.width,
            zero_point=int(result.quantizer.zero_point) if one_zero else None,
            compared=seen.compared,
            compared_name="pinned",
            narrow=window().narrow,
        ),
        lambda: code_columns(result),
    )


def _entropy(result: Result, swept: Sweep, said: str) -> Chart:
    bits = result.scheme.bits
    return Chart(
        "entropy",
        "Entropy",
        "bits of information in a code, at every width",
        f"Curves of the codes' entropy against 1 to 16 bits, symmetric and affine. {anatomy.spoken(said)}",
        lambda: charts.entropy_against_bits(
            swept.bits,
            swept.entropy_symmetric,
            swept.entropy_affine,
            now=(bits, float(swept.entropy(result.scheme.symmetric)[bits - 1])),
            compared=pinned_curve(result, Sweep.entropy),
            compared_name="pinned",
            narrow=window().narrow,
        ),
        swept.entropy_columns,
    )
