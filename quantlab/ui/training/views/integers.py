"""View: the network in integers only, what it stores, and how far its codes lie from the simulation's."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab.experiments.training import Result
from quantlab.experiments.training.integers import check_columns, checks, remark, sentence, storage_columns
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.ui import look


def draw(result: Result, found: Networks) -> None:
    """Draw both tables: what is stored, and what differs."""
    done = checks(found)
    st.markdown(sentence(result.settings, found, done))
    look.title(
        "What is stored", f"{WHOSE}; sums are of int32; codes packed, every other number in 4 bytes", key="stored"
    )
    # A column a layer: there are four, and a phone has room for no more.
    st.table(pd.DataFrame(storage_columns(found)).set_index("layer").T.rename_axis(index="layer", columns=None))
    look.title("Against the simulation in float32", remark(result, found), key="gaps")
    st.table(pd.DataFrame(check_columns(result.settings, done)).set_index("requantized by"))
