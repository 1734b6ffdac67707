"""A range for each channel of the activations, beside the one range that all of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.calibration.course import make
from quantlab.experiments.calibration.experiment import Result
from quantlab.experiments.page import Recall, compute_anew
from quantlab.numerals import decibels, num
from quantlab.quantizer import Quantizer
from quantlab.report import error_report
from quantlab.scheme import PerChannel

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Channels:
    """What the best observer would choose for each channel.

    Attributes
    ----------
    label : str
        The observer's.
    lo, hi : float64 arrays, one entry a channel
    sqnr_db : float64 array
        Of each channel, on data that no observer has seen.
    silent : bool array
        Whether a channel was 0 throughout the batches seen.
    together, apart : float
        SQNR of all of these data, dB: with one range, and with one a channel.
    """

    label: str
    lo: Floats
    hi: Floats
    sqnr_db: Floats
    silent: NDArray[np.bool_]
    together: float
    apart: float

    def columns(self) -> dict[str, Any]:
        """Return the channels as a table."""
        return {
            "channel": np.arange(len(self.lo)),
            "from": self.lo,
            "to": self.hi,
            "SQNR dB": self.sqnr_db,
            "values": np.where(self.silent, "always 0", ""),
        }


def channels(result: Result, recall: Recall = compute_anew) -> Channels:
    """Let the best observer of the present batch choose a range for each channel.

    Parameters
    ----------
    result : Result
    recall : callable
        As for `run`: hundreds of channels take seconds.

    Examples
    --------
    >>> from quantlab.experiments.calibration import Settings, run
    >>> found = channels(run(Settings()))
    >>> len(found.lo), found.apart > found.together
    (32, True)
    """
    key = "calibration", "channels", result.settings.state()
    found: Channels = recall(result.array, key, lambda: _channels(result))
    return found


def _channels(result: Result) -> Channels:
    settings, best = result.settings, result.best()
    by_channel = PerChannel(1)
    observer = make(best.name, settings.scheme(), settings.knobs(), by_channel)
    silent = np.ones(result.stream.held.shape[1], bool)
    for batch in result.stream.batches[: result.seen]:
        observer.update(batch)
        silent &= ~batch.any(axis=0)
    lo, hi = observer.range()
    held = result.stream.held
    quantizer = Quantizer.from_range(held, lo, hi, replace(settings.scheme(), granularity=by_channel))
    report = error_report(held, quantizer)
    noise = ((quantizer.fake_quantize(held).astype(np.float64) - held) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sqnr = 10 * np.log10((held.astype(np.float64) ** 2).sum(axis=0) / noise)
    return Channels(best.label, lo, hi, sqnr, silent, float(best.sqnr_db[result.now]), report.sqnr_db)


def sentence(found: Channels) -> str:
    """Say what ranges of their own are worth to the channels, and what they cost.

    >>> from quantlab.experiments.calibration import Settings, run
    >>> sentence(channels(run(Settings()))).split("**")[0]
    'A range for each channel instead of one for all is worth '
    """
    if len(found.lo) == 1:
        return "There is **one channel** only, so its range is the range of all."
    said = _worth(found)
    number, of_all = int(found.silent.sum()), len(found.silent)
    if not number:
        return said
    which = f"**{number} of {of_all} channels {'is' if number == 1 else 'are'} always 0** in the batches seen"
    return f"{said} {which}: a range has nothing to cover there."


def _has(found: Channels, db: float) -> str:
    return f"{found.label} has **{decibels(db)}**"


def _worth(found: Channels) -> str:
    if not np.isfinite([found.apart, found.together]).any():
        return "With one range for all, or one for each channel, **nothing is lost** that an SQNR could compare."
    if np.isinf(found.apart):
        return f"With a range for each channel **nothing is lost**; with one for all, {_has(found, found.together)}."
    if np.isinf(found.together):
        return f"With one range for all **nothing is lost**; with one for each channel, {_has(found, found.apart)}."
    gain = found.apart - found.together
    worth = f"is worth **{decibels(gain)}**" if gain > 0 else f"costs **{decibels(-gain)}**"
    worth = "is worth **nothing**" if decibels(gain) == decibels(0) else worth
    top = np.maximum(np.abs(found.lo), np.abs(found.hi))
    some = top[np.isfinite(top) & (top > 0)]
    times = num(float(some.max() / some.min()), 2) if len(some) else "1"
    widths = f"the widest reaches {times} times as far as the narrowest that is not always 0"
    return (
        f"A range for each channel instead of one for all {worth} to {found.label}: {widths}. But a product sums over "
        "the channels of its input, and integers of different scales cannot be added: **weights** have a scale a "
        "channel, activations one for all."
    )
