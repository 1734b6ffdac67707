"""What calibration saw of a layer's input, what arrives alive, and the range that was chosen between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.modes.experiment import Result
from quantlab.experiments.modes.readings import percent
from quantlab.experiments.modes.subject import CALIBRATIONS, calibration_rows
from quantlab.numerals import num, share
from quantlab.observers import OBSERVERS

BINS = 80
_WIDE = 20.0  # times the width of what is usual: from here on the axis ends at what is usual


@dataclass(frozen=True, eq=False)
class Seen:
    """Histograms of one layer's input over one axis, and the calibrated range.

    Attributes
    ----------
    edges : float array (81,)
    calibration, live : float arrays (80,)
        Shares of the values in each bin; what lies outside is counted at the ends.
    lo, hi : float
        The range that the observer chose.
    covered_lo, covered_hi : float
        What the codes reach.
    clipped : float
        Share of the live values outside of what the codes reach.
    """

    edges: NDArray[np.float64]
    calibration: NDArray[np.float64]
    live: NDArray[np.float64]
    lo: float
    hi: float
    covered_lo: float
    covered_hi: float
    clipped: float

    def columns(self) -> dict[str, Any]:
        """Return the histograms as a table."""
        return {"from": self.edges[:-1], "to": self.edges[1:], "calibration": self.calibration, "live": self.live}


def seen(result: Result) -> Seen:
    """Return what the observer of the layer that is shown saw, beside what arrives.

    >>> from quantlab.experiments.modes import Settings, run
    >>> found = seen(run(Settings(scale=4.0, layer=1)))
    >>> found.hi, round(float(found.calibration.sum()), 6), found.clipped > 0.3
    (1.0, 1.0, True)
    """
    settings, subject, layer = result.settings, result.subject, result.layer
    loud = settings.loud if settings.loud_in == "calibration" else 1.0
    rows = calibration_rows(subject, settings.calibration, settings.samples, loud, settings.seed)
    known = subject.network.activations(rows)[layer].reshape(-1)
    live = subject.network.activations(result.live)[layer].reshape(-1)
    own = result.chains["static"].layers[layer].input
    reach = [float((end - own.zero_point) * np.float64(own.scale)) for end in (own.qmin - 0.5, own.qmax + 0.5)]
    lo, hi = _axis(known, live)
    edges = np.linspace(lo, hi, BINS + 1)
    ranges = result.ranges[layer]
    shares = [np.histogram(np.clip(values, lo, hi), edges)[0] / values.size for values in (known, live)]
    outside = float(((live < reach[0]) | (live > reach[1])).mean())
    return Seen(edges, shares[0], shares[1], *ranges, reach[0], reach[1], outside)


def _axis(known: NDArray[np.float32], live: NDArray[np.float32]) -> tuple[float, float]:
    both = np.concatenate([known, live])
    lo, hi = float(both.min()), float(both.max())
    body = np.percentile(both, [0.1, 99.5])
    usual = float(body[1] - body[0]) or 1.0
    if hi - lo > _WIDE * usual:  # one loud image would leave a single bar
        lo, hi = max(lo, float(body[0]) - usual), min(hi, float(body[1]) + usual)
    return lo, hi if hi > lo else lo + 1


def sentence(result: Result, found: Seen) -> str:
    """Say what calibration did for the layer that is shown.

    >>> from quantlab.experiments.modes import Settings, run
    >>> result = run(Settings(layer=1))
    >>> sentence(result, seen(result)).split(";")[0]
    'From 128 rows of training data, min-max chose 0 to 1.00 for the input of layer 1'
    """
    settings = result.settings
    lead = (
        f"From {settings.samples} rows of {_words(settings.calibration)}, {OBSERVERS[settings.observer].label} chose "
        f"{num(found.lo)} to {num(found.hi)} for the input of layer {result.layer + 1}"
    )
    real = result.outcomes["static"]
    if not found.clipped:
        return f"{lead}; everything that arrives lies inside."
    verdict = f"{percent(real.accuracy)} right" if real.accuracy is not None else f"{share(real.error)} off"
    return f"{lead}; **{share(found.clipped)}** of what arrives lies beyond it and clips, and static is {verdict}."


def _words(calibration: str) -> str:
    return {"dark": "data four times darker"}.get(calibration, CALIBRATIONS[calibration])
