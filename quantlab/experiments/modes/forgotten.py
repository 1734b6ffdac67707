"""Weight-only without its multiplication by the scale: what comes out, and what of it still looks right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.modes.experiment import Result
from quantlab.experiments.modes.modes import WEIGHT_ONLY, without_scales
from quantlab.experiments.modes.readings import percent
from quantlab.nn import accuracy, agreement
from quantlab.numerals import factor, num

_THE_SAME = 0.8  # of the rows: so many choices at least must be those of float32 to call them unharmed


@dataclass(frozen=True)
class Outputs:
    """What a network's outputs look like.

    Attributes
    ----------
    largest : float
        The largest |output|.
    confidence : float
        Mean over the rows of the largest share after softmax.
    agreement : float
        Share of the rows with the same largest output as float32.
    accuracy : float or None
    """

    largest: float
    confidence: float
    agreement: float
    accuracy: float | None


@dataclass(frozen=True)
class Forgotten:
    """The outputs with the scales and without them; `labelled` where there is an accuracy."""

    kept: Outputs
    lost: Outputs

    @property
    def times(self) -> float:
        """How many times as large the largest output has become."""
        return self.lost.largest / self.kept.largest if self.kept.largest else float("nan")

    def columns(self) -> dict[str, list[str]]:
        """Return both as a table of what people read."""
        both = (self.kept, self.lost)
        table = {
            "weight-only": ["with its scales", "without them"],
            "largest output": [num(each.largest) for each in both],
            "mean confidence after softmax": [percent(each.confidence) for each in both],
            "same choice as float32": [percent(each.agreement) for each in both],
        }
        if self.kept.accuracy is not None:
            table["accuracy"] = [percent(each.accuracy or 0.0) for each in both]
        return table


def forgotten(result: Result) -> Forgotten:
    """Run weight-only with its scales and without them, over the live rows.

    >>> from quantlab.experiments.modes import Settings, run
    >>> forgotten(run(Settings())).times > 1e5
    True
    """
    network, rows = result.subject.network, result.live
    truth, labels = network(rows), result.subject.live.labels if result.subject.labelled else None
    lost = without_scales(network, result.settings.grids().weight, rows)
    return Forgotten(*(_outputs(logits, truth, labels) for logits in (result.chains[WEIGHT_ONLY](rows), lost)))


def _outputs(logits: NDArray[np.float32], truth: NDArray[np.float32], labels: NDArray[np.int64] | None) -> Outputs:
    wide = logits.astype(np.float64)
    shares = np.exp(wide - wide.max(axis=1, keepdims=True))
    sure = float((1 / shares.sum(axis=1)).mean())
    right = None if labels is None else accuracy(logits, labels)
    return Outputs(float(np.abs(wide).max()), sure, agreement(logits, truth), right)


def sentence(found: Forgotten) -> str:
    """Say who notices that the scales are missing.

    >>> from quantlab.experiments.modes import Settings, run
    >>> "times too large" in sentence(forgotten(run(Settings())))
    True
    """
    whose = "layer" if found.kept.accuracy is None else "network"
    lead = f"Without its scales the {whose}'s largest output is **{factor(found.times)} times too large**"
    if found.lost.accuracy is None or found.kept.accuracy is None:
        return (
            f"{lead}; the largest is the same for {percent(found.lost.agreement)} of the rows, and no value is right."
        )
    right, before = percent(found.lost.accuracy), percent(found.kept.accuracy)
    if found.lost.agreement < _THE_SAME:
        return f"{lead}; **{right}** of the images are read right ({before} with its scales)."
    # Nearly: outputs have scales of their own, and a bias is not scaled at all.
    return (
        f"{lead}, yet **{right}** of the images are right ({before} with): the choice survives a nearly common "
        f"factor. Confidence does not: {percent(found.lost.confidence)} instead of {percent(found.kept.confidence)}."
    )
