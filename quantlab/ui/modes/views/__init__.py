"""The Modes page's views: each a function of the Result, drawn only while it is open."""

from __future__ import annotations

from collections.abc import Callable

from quantlab.experiments.modes import Result
from quantlab.ui.modes.views import calibration, floats, forgotten, roofline, steps

VIEWS: dict[str, Callable[[Result], None]] = {
    "What is float here?": floats.draw,
    "Step by step": steps.draw,
    "Calibration": calibration.draw,
    "Roofline": roofline.draw,
    "The forgotten scale": forgotten.draw,
}
"""From label to what draws the view."""
