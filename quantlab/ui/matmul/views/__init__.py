"""The Integer matmul page's views: each a function of the Result, drawn only while it is open."""

from __future__ import annotations

from collections.abc import Callable

from quantlab.experiments.matmul import Result
from quantlab.ui.matmul.views import accumulator, corrections, data, error, requantize, this_machine

VIEWS: dict[str, Callable[[Result], None]] = {
    "Zero points": corrections.draw,
    "Requantize": requantize.draw,
    "Accumulator": accumulator.draw,
    "Error": error.draw,
    "This machine": this_machine.draw,
    "Data": data.draw,
}
"""From label to what draws the view."""
