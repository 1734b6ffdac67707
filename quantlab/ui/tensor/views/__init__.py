"""The Tensor page's views: each a function of the Result, drawn only while it is open."""

from __future__ import annotations

from collections.abc import Callable

from quantlab.experiments.tensor import Result
from quantlab.ui.tensor.views import arithmetic, bits, channels, code, codes, data, formulas

VIEWS: dict[str, Callable[[Result], None]] = {
    "Arithmetic": arithmetic.draw,
    "Bits": bits.draw,
    "Channels": channels.draw,
    "Codes": codes.draw,
    "Code": code.draw,
    "Formulas": formulas.draw,
    "Data": data.draw,
}
"""From label to what draws the view."""
