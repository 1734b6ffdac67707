"""The Calibration page's views: each a function of the Result, drawn only while it is open."""

from __future__ import annotations

from collections.abc import Callable

from quantlab.experiments.calibration import Result
from quantlab.ui.calibration.views import channels, code, criteria, widening

VIEWS: dict[str, Callable[[Result], None]] = {
    "How each decides": criteria.draw,
    "More data": widening.draw,
    "Per channel": channels.draw,
    "Code": code.draw,
}
"""From label to what draws the view."""
