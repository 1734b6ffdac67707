"""Accuracy and output error of each mode at every width: the supporting chart, and the marks that it carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.modes.experiment import (
    MOST_BITS,
    Outcome,
    Result,
    Settings,
    live,
    outcome,
    ranges_of,
)
from quantlab.experiments.modes.modes import DYNAMIC, FLOAT, MODES, STATIC, WEIGHT_ONLY, chain
from quantlab.experiments.modes.subject import Subject
from quantlab.experiments.page import Recall, compute_anew

Values = NDArray[np.float64]
QUANTIZED = (WEIGHT_ONLY, DYNAMIC, STATIC)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Each quantized mode with weights and activations of 1 to 8 bits.

    Attributes
    ----------
    bits : int array (8,)
    accuracy : dict of mode to float array (8,), or None without labels
        Shares of 1.
    error : dict of mode to float array (8,)
        Mean relative distance from float32, as `Outcome.error`.
    float_accuracy : float or None
    """

    bits: NDArray[np.int64]
    accuracy: dict[str, Values] | None
    error: dict[str, Values]
    float_accuracy: float | None

    def columns(self) -> dict[str, Any]:
        """Return the curves as a table."""
        columns: dict[str, Any] = {"bits": self.bits}
        for mode in QUANTIZED:
            if self.accuracy is not None:
                columns[f"{mode} accuracy"] = self.accuracy[mode]
            columns[f"{mode} error"] = self.error[mode]
        return columns


def sweep(result: Result, recall: Recall = compute_anew) -> Sweep:
    """Run a state at every width, weights and activations alike; everything else stays.

    Examples
    --------
    >>> from quantlab.experiments.modes import run
    >>> swept = sweep(run(Settings()))
    >>> bool(swept.error["static"][0] > 10 * swept.error["static"][7])
    True
    """
    # The curves are the same at every width, so these are no part of the key.
    state = replace(result.settings.state(), bits=1, weight_bits=None)
    found: Sweep = recall(result.subject, ("modes", "sweep", state), lambda: _sweep(state, result.subject))
    return found


def _sweep(settings: Settings, subject: Subject) -> Sweep:
    rows, ranges = live(settings, subject), ranges_of(settings, subject)
    truth = subject.network(rows)

    def at(mode: str, bits: int) -> Outcome:
        grids = replace(settings, bits=bits).grids()
        return outcome(chain(mode, subject.network, grids, ranges, settings.batch), subject, rows, truth, ())

    bits = np.arange(1, MOST_BITS + 1)
    found = {mode: [at(mode, width) for width in bits.tolist()] for mode in QUANTIZED}
    error = {mode: np.array([each.error for each in found[mode]]) for mode in QUANTIZED}
    if not subject.labelled:
        return Sweep(bits, None, error, None)
    accuracy = {mode: np.array([each.accuracy for each in found[mode]], np.float64) for mode in QUANTIZED}
    return Sweep(bits, accuracy, error, at(FLOAT, MOST_BITS).accuracy)


def marks(result: Result) -> dict[str, tuple[int, float]]:
    """Return where this state's modes lie on the chart: bits, and accuracy or error.

    Where widths differ only weight-only lies on its curve, at the bits of its weights.

    >>> from quantlab.experiments.modes import run
    >>> sorted(marks(run(Settings(bits=4)))), sorted(marks(run(Settings(bits=4, weight_bits=8))))
    (['dynamic', 'static', 'weight-only'], ['weight-only'])
    """
    settings = result.settings
    alike, found = settings.bits_of_weights == settings.bits, {}
    for mode in MODES[1:] if alike else (WEIGHT_ONLY,):
        own = result.outcomes[mode]
        found[mode] = (settings.bits_of_weights, own.error if own.accuracy is None else own.accuracy)
    return found
