"""View: SQNR against bits on both grids; and the curves against bits that the view Codes draws too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from quantlab import charts
from quantlab.experiments.tensor import Compared, Result, readings
from quantlab.experiments.tensor.sweep import Sweep, bits_sentence, sampled_sentence, sweep
from quantlab.ui import anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result) -> None:
    """Draw what one more bit brings, at every width."""
    swept, pinned = measured(result), pinned_curve(result, Sweep.sqnr)
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
                compared=pinned,
                compared_name="pinned",
                narrow=window().narrow,
            ),
            swept.sqnr_columns,
            abreast=1,
        ),
        readings.file_stem(result.settings, "bits"),
    )
    if sampled := sampled_sentence(swept, result.array):
        st.caption(sampled)


def measured(result: Result | Compared) -> Sweep:
    """Return a state's figures at every width, computed once for all widths."""
    # The curves are the same at every width and on both grids, so these are no part of the key.
    state = replace(result.settings.state(), bits=1, symmetric=True)
    swept: Sweep = sources.recall(
        result.array,
        ("sweep", state),
        lambda: sweep(result.settings, result.array, result.summary, sources.recall),
    )
    return swept


def pinned_curve(result: Result, curve: Callable[[Sweep, bool], Any]) -> Any:
    """Return the pinned state's curve on its own grid, `Sweep.sqnr` or `Sweep.entropy`; None without a pin."""
    other = result.compared
    return curve(measured(other), other.settings.symmetric) if other is not None and other.name == "pinned" else None
