"""The page's views: each a function of the settings, the runs and the networks, drawn only while it is open."""

from __future__ import annotations

from collections.abc import Callable

from quantlab.experiments.training import Result
from quantlab.experiments.training.networks import Networks
from quantlab.ui.training.views import changes, flows, integers, runs, slopes

VIEWS: dict[str, Callable[[Result, Networks], None]] = {
    "The two flows": flows.draw,
    "Straight-through": slopes.draw,
    "What changed": changes.draw,
    "Integer only": integers.draw,
    "Runs": runs.draw,
}
