"""How each observer decides: what it minimises or counts, drawn against the clip, with the clip that it chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.calibration.experiment import Result
from quantlab.experiments.calibration.stories import batches, ordinal
from quantlab.numerals import UNIT_SPACE, num
from quantlab.observers import EntropyObserver, MSEObserver, Observer, divergences

Floats = NDArray[np.float64]
_POINTS = 160
_NARROWEST = 0.04  # of the largest absolute value: the first clip that is drawn


@dataclass(frozen=True, eq=False)
class Criterion:
    """One observer's criterion.

    Attributes
    ----------
    name, title, remark : str
        The observer's name in OBSERVERS; what is drawn, and how it decides.
    clips : float64 array
        Where the range would end, farther from 0; MSE holds its other end, the others' is ±clip.
    values : float64 array of the same length
        What it looks at, from batches up to the present one. NaN where nothing is left.
    unit : str
        Of the values.
    chosen : float
        Where its range ends, farther from 0.
    level : float or None
        The value that it looks for; None where it looks for the least.
    """

    name: str
    title: str
    remark: str
    clips: Floats
    values: Floats
    unit: str
    chosen: float
    level: float | None = None

    def columns(self) -> dict[str, Any]:
        """Return the curve as a table."""
        return {"clip": self.clips, self.unit: self.values}


def criteria(result: Result) -> tuple[Criterion, ...]:
    """Return what MSE, entropy and percentile look at after the present batch, those of them that are shown.

    Examples
    --------
    >>> from quantlab.experiments.calibration import Settings, run
    >>> mse, entropy, percentile = criteria(run(Settings()))
    >>> bool(abs(mse.clips[np.nanargmin(mse.values)] - mse.chosen) < 0.2), percentile.level
    (True, 0.1)
    """
    return tuple(_DRAWN[name](result) for name in _DRAWN if name in result.settings.observers)


Watcher = TypeVar("Watcher", bound=Observer)


def _shown(result: Result, observer: Watcher) -> Watcher:
    """Show an observer what has been seen."""
    for batch in result.stream.batches[: result.seen]:
        observer.update(batch)
    return observer


def _chosen(result: Result, name: str) -> float:
    course = result.course(name)
    return float(max(abs(course.lo[result.now]), abs(course.hi[result.now])))


def _widest(result: Result) -> float:
    return _chosen(result, "minmax")


def _clips(result: Result) -> Floats:
    widest = _widest(result) or 1.0
    return np.linspace(_NARROWEST * widest, widest, _POINTS)


def _mse(result: Result) -> Criterion:
    observer = _shown(result, MSEObserver(result.settings.scheme()))
    course, at, clips = result.course("mse"), result.now, _clips(result)
    lo, hi = float(course.lo[at]), float(course.hi[at])
    # Affine, the two ends are sought in turn: the farther one moves here, the other stays where it was found.
    upper = hi >= -lo
    if result.settings.symmetric:
        ends = [(-clip, clip) for clip in clips.tolist()]
    else:
        ends = [(lo, clip) if upper else (-clip, hi) for clip in clips.tolist()]
    values = np.array([observer.error(*pair) for pair in ends])
    other = "" if result.settings.symmetric or min(hi, -lo) <= 0 else f", {num(lo if upper else hi)} held"
    remark = f"is least at {num(max(hi, -lo))}{other}"
    return Criterion("mse", "MSE", remark, clips, values, "mean squared error", max(hi, -lo))


def _entropy(result: Result) -> Criterion:
    observer = _shown(result, EntropyObserver(result.settings.scheme()))
    counts, width = observer.magnitudes()
    chosen = _chosen(result, "entropy")
    remark = f"the divergence is least at {num(chosen)}"
    if not len(counts):
        return Criterion("entropy", "Entropy", remark, np.zeros(0), np.zeros(0), "divergence, nats", chosen)
    lo, hi = (float(end[result.now]) for end in (result.course("minmax").lo, result.course("minmax").hi))
    bins, nats = divergences(counts, observer.levels(lo, hi))
    # One in some, the least among them: a figure needs no two thousand points.
    some = np.unique(np.append(np.linspace(0, len(bins) - 1, 4 * _POINTS).astype(int), np.argmin(nats)))
    # A clip into an empty bin, with values beyond it, diverges without end and is never taken: no place on the curve.
    known = some[np.isfinite(nats[some]) & (nats[some] > 0)]
    return Criterion("entropy", "Entropy", remark, bins[known] * width, nats[known], "divergence, nats", chosen)


def _percentile(result: Result) -> Criterion:
    settings = result.settings
    values = np.sort(np.concatenate([batch.ravel() for batch in result.stream.batches[: result.seen]]))
    clips = _clips(result)
    beyond = 100 * (1 - np.searchsorted(values, clips, side="right") / len(values))
    course, level = result.course("percentile"), 100 - settings.p
    chosen = float(course.hi[result.now])
    remark = f"{level:.6g}{UNIT_SPACE}% lie above {num(chosen)}"
    shown = np.where(beyond > 0, beyond, np.nan)
    return Criterion("percentile", "Percentile", remark, clips, shown, "values above, %", chosen, round(level, 9))


_DRAWN = {"mse": _mse, "entropy": _entropy, "percentile": _percentile}
_WITHOUT = {
    "minmax": "Min-max takes the ends themselves",
    "average": "the moving average takes each batch's ends and forgets",
}


def sentence(result: Result) -> str:
    """Say what the criteria have in common, and what the two observers without one do; of those that are shown.

    >>> from quantlab.experiments.calibration import Settings, run
    >>> sentence(run(Settings(observers=("minmax",))))
    'Min-max takes the ends themselves: no clip is sought, so there is no curve to draw.'
    """
    settings = result.settings
    odd = f" The odd {ordinal(settings.odd_batch)} batch counts like any other." if result.odd_seen else ""
    seekers = [each for each in result.courses if each.name in _DRAWN]
    others = "; ".join(words for name, words in _WITHOUT.items() if name in settings.observers)
    others = others[:1].upper() + others[1:]
    if not seekers:
        return f"{others}: no clip is sought, so there is no curve to draw."
    one, names = len(seekers) == 1, [seekers[0].heading, *(each.label for each in seekers[1:])]
    who = "Three observers look" if len(names) == len(_DRAWN) else f"{' and '.join(names)} look{'s' * one}"
    return (
        f"{who} at **all values of the {batches(result.seen)} seen** and seek{'s' * one} a clip."
        f"{odd} Narrow ranges clip, wide ones round coarsely.{f' {others}.' if others else ''}"
    )
