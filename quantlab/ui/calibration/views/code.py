"""View: the observers as a few lines of Python."""

from __future__ import annotations

import streamlit as st

from quantlab.experiments.calibration import Result
from quantlab.experiments.calibration.snippet import snippet
from quantlab.ui import look


def draw(result: Result) -> None:
    """Draw every shown observer's lines, the best one's first."""
    look.title("Code", "from batches to range, scale and zero point", key="code")
    for each in sorted(result.courses, key=lambda each: each is not result.best()):
        st.markdown(f"**{each.heading}**")
        # On a phone the lines are longer than the page, and what scrolls sideways is out of the keyboard's reach.
        st.code(snippet(each.name, result.settings), language="python", wrap_lines=True)
