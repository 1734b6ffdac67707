"""The fall's axis, and the fall on a page."""

from __future__ import annotations

import math

from streamlit.testing.v1 import AppTest

from quantlab.ui.components.fall import whole_axis


def test_the_whole_axis_has_zero_in_the_middle_and_never_overflows():
    assert whole_axis(0.0, 0.0) == (-1.05, 1.05)
    assert whole_axis(-2.0, 1.0) == (-2.1, 2.1)
    for extreme in (1.7e308, 5e-324):
        lo, hi = whole_axis(-extreme, 0.0)
        assert lo == -hi
        assert math.isfinite(hi)
        assert hi / 2 - lo / 2 > 0


def _page():
    import numpy as np
    import streamlit as st

    from quantlab.ui.components.fall import Few, Grid, Picture, fall, whole_axis
    from quantlab.ui.components.window import watch_window, window

    x = np.array([0.0, 0.5])
    values = Few(x, np.array([0, 1]), x, np.zeros(2, bool))
    picture = Picture("two", values, Grid(0.5, 0, 0, 1, np.array([1, 1])), whole_axis(0, 0.5), 2, 0, 0, 0.0, 0.5)
    st.text(f"{fall('hero', picture, alt='two values', chosen=1)} {window()}")
    watch_window()


def test_a_page_without_an_event_keeps_its_choice_and_takes_the_window_as_wide():
    page = AppTest.from_function(_page).run(timeout=30)
    assert not page.exception
    assert page.text[0].value == "1 Window(narrow=False, theme='light')"
