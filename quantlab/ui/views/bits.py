"""View: SQNR against bits on both grids; and the curves against bits that the view Codes draws too."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from quantlab import charts
from quantlab.experiments import readings
from quantlab.experiments.sweep import Sweep, bits_sentence, sampled_sentence, sweep
from quantlab.experiments.tensor import Result
from quantlab.ui import anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw what one more bit brings, at every width."""
    swept = measured(result)
    said = bits_sentence(swept, result)
    st.markdown(said)
    show(
        Chart(
            "bits",
            "Bits",
            "SQNR at every width; thin line: a uniform signal that fills the range",
            f"Curves of SQNR against 1 to 16 bits, symmetric and affine, and the line of 6.02 dB a bit. "
            f"{anatomy.spoken(said)}",
            lambda: charts.sqnr_against_bits(
                swept.bits,
                swept.sqnr_symmetric,
                swept.sqnr_affine,
                slope=swept.slope,
                now=(result.scheme.bits, float(swept.sqnr(result.scheme.symmetric)[result.scheme.bits - 1])),
                narrow=window().narrow,
            ),
            swept.sqnr_columns,
            abreast=1,
        ),
        readings.file_stem(result.settings, "bits"),
    )
    if sampled := sampled_sentence(swept, result.array):
        st.caption(sampled)


def measured(result: Result) -> Sweep:
    """Return the scheme's figures at every width, computed once for all widths."""
    # The curves are the same at every width and on both grids, so these are no part of the key.
    state = replace(result.settings.state(), bits=1, symmetric=True)
    swept: Sweep = sources.recall(
        result.array,
        ("sweep", state),
        lambda: sweep(result.settings, result.array, result.summary, sources.recall),
    )
    return swept
