"""View: one batch through one layer, every array on the way with its type, its range and a few of its values."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab.experiments.modes import Result, inside
from quantlab.experiments.modes.modes import MODES
from quantlab.ui import look


def draw(result: Result) -> None:
    """Draw a table a mode."""
    look.title("Step by step", f"the first batch through layer {result.layer + 1}", key="steps")
    for mode in MODES:
        st.markdown(f"**{mode.capitalize()}**")
        st.table(pd.DataFrame(inside.columns(inside.stages(result, mode))).set_index("array"))
    if result.subject.sampled:
        outputs = result.subject.network.sizes[-1]
        st.caption(f"Of the layer's outputs the first {outputs} are computed here; each is a sum of its own.")
