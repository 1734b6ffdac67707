"""View: every step of the layer in each mode, and what in it is still float."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab.experiments.modes import Result, inside
from quantlab.ui import look


def draw(result: Result) -> None:
    """Draw the steps as one table."""
    look.title("What is float here?", f"layer {result.layer + 1}, {_rows(result)}", key="floats")
    st.markdown(
        "Weight-only keeps **all arithmetic** in floats; dynamic keeps its **input and output**; static, between its "
        "first and its last layer, only **one multiplier** an output."
    )
    st.table(pd.DataFrame(inside.steps(result)).set_index("mode"))
    st.caption("MACs: multiply-adds. Bytes are counted from shapes and types, each array once a step.")


def _rows(result: Result) -> str:
    batch = result.settings.batch
    return "one row" if batch == 1 else f"a batch of {batch} rows"
