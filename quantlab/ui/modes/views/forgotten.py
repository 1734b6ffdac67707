"""View: weight-only without its multiplication by the scale, and who notices."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from quantlab.experiments.modes import Result, forgotten
from quantlab.ui import look


def draw(result: Result) -> None:
    """Draw what comes out with the scales and without them."""
    found = forgotten.forgotten(result)
    look.title("The forgotten scale", "weight-only whose codes multiply as they are", key="forgotten")
    st.markdown(forgotten.sentence(found))
    st.table(pd.DataFrame(found.columns()).set_index("weight-only"))
