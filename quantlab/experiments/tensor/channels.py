"""The channels or groups of an array side by side: the range of each, and how well its scale fits it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantlab.experiments.page import Recall, compute_anew
from quantlab.experiments.tensor.experiment import Result
from quantlab.experiments.tensor.part import part_kind, worst
from quantlab.experiments.tensor.sample import Sample
from quantlab.grid import layout_of
from quantlab.numerals import count, decibels, num
from quantlab.quantizer import Quantizer
from quantlab.ranges import Summary, summarise
from quantlab.report import error_report
from quantlab.scheme import PerChannel, PerTensor

Values = np.ndarray[Any, np.dtype[Any]]

MOST_DRAWN = 256
_FIGURES = ("sqnr_db", "max_abs_error", "clipped")
_MUCH = 6.0  # dB between best and worst: a bit


@dataclass(frozen=True, eq=False, kw_only=True)
class Channels:
    """All channels or groups of an array, one entry each.

    Attributes
    ----------
    kind : str
        What one is called: row, column, channel or group.
    lo, hi : arrays
        Smallest and largest finite value; lo > hi where there is none.
    sqnr_db, max_abs_error, clipped : float arrays
        As in a report; NaN also where a sample left a channel out.
    shared : bool
        Whether they have one scale together, and are the rows that scales of their own could be given to.
    sampled : int
        How many values the errors were measured on; 0 where on all of them.
    """

    kind: str
    lo: Values
    hi: Values
    sqnr_db: Values
    max_abs_error: Values
    clipped: Values
    shared: bool
    sampled: int

    @property
    def worst(self) -> int:
        """The one with the lowest SQNR."""
        return worst(self.sqnr_db)

    @property
    def best(self) -> int:
        """The one with the highest SQNR; one without any error counts as the best."""
        return int(np.argmax(np.where(np.isnan(self.sqnr_db), -np.inf, self.sqnr_db)))

    def drawn(self, chosen: int | None) -> Values:
        """Return the numbers of those to draw: all, or the 256 worst, among them the chosen one; ascending."""
        if len(self.lo) <= MOST_DRAWN:
            return np.arange(len(self.lo))
        ranked = np.argsort(np.where(np.isnan(self.sqnr_db), np.inf, self.sqnr_db), kind="stable")[:MOST_DRAWN]
        if chosen is not None and chosen not in ranked:
            ranked[-1] = chosen
        return np.sort(ranked)

    def columns(self) -> dict[str, Values]:
        """Return the figures of all of them as a table."""
        empty = self.lo > self.hi
        return {
            self.kind: np.arange(len(self.lo)),
            "from": np.where(empty, np.nan, self.lo),
            "to": np.where(empty, np.nan, self.hi),
            "SQNR, dB": self.sqnr_db,
            "largest error": self.max_abs_error,
            "clipped, %": self.clipped * 100,
        }


def channels(result: Result, recall: Recall = compute_anew) -> Channels | None:
    """Return the channels or groups that have scales of their own; of one scale for all, the rows.

    Of the rows the errors of more than 2^18 values are measured on a fixed sample, the ranges on all.

    Parameters
    ----------
    result : Result
    recall : Recall

    Returns
    -------
    Channels or None
        None for one scale on an array of one dimension, which has no rows.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> rows = channels(run(Settings(), built_in(Settings())))
    >>> rows.kind, len(rows.lo), rows.shared
    ('row', 10, True)
    """
    shape, granularity = result.array.values.shape, result.scheme.granularity
    if isinstance(granularity, PerTensor):
        if len(shape) < 2:
            return None
        found: Channels = recall(result.array, ("rows", result.scheme), lambda: _rows(result, recall))
        return found
    report = result.report
    figures = report if report.parts is None else report.parts
    return Channels(
        kind=part_kind(shape, granularity),
        lo=result.summary.lo,
        hi=result.summary.hi,
        **{name: np.atleast_1d(getattr(figures, name)) for name in _FIGURES},
        shared=False,
        sampled=0,
    )


def _rows(result: Result, recall: Recall) -> Channels:
    values, own = result.array.values, PerChannel(0)
    summary: Summary = recall(result.array, ("summary", own, False), lambda: summarise(values, own))
    sample = Sample.of(values, own)
    quantizer = _for_each(result.quantizer, sample)
    report = error_report(sample.values, quantizer)
    figures = report if report.parts is None else report.parts
    at = slice(None) if sample.scales is None else sample.scales.ravel()
    columns: dict[str, Any] = {name: np.full(len(summary.lo), np.nan) for name in _FIGURES}
    for name, column in columns.items():
        column[at] = getattr(figures, name)
    return Channels(
        kind=part_kind(values.shape, own),
        lo=summary.lo,
        hi=summary.hi,
        **columns,
        shared=True,
        sampled=sample.values.size if sample.values.size < values.size else 0,
    )


def _for_each(quantizer: Quantizer, sample: Sample) -> Quantizer:
    """Return the one scale as that of each row."""
    scales = layout_of(sample.values.shape, sample.granularity)[1]
    return Quantizer.from_parameters(
        np.full(scales, quantizer.scale),
        np.full(scales, quantizer.zero_point, np.int64),
        replace(quantizer.scheme, granularity=sample.granularity),
    )


def channels_sentence(found: Channels | None) -> str:
    """Say how evenly the scales fit, in Markdown.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> channels_sentence(channels(run(Settings(), built_in(Settings())))).split(":")[0]
    'With one scale for all, row 5 fares worst'
    """
    if found is None:
        return "An array of one dimension has no rows; its values stand in one line below."
    low, high = found.worst, found.best
    worst_db, best_db = float(found.sqnr_db[low]), float(found.sqnr_db[high])
    kind, total = found.kind, len(found.lo)
    if np.isnan(worst_db):
        return f"No {kind} holds a signal, so none has an SQNR."
    if total == 1:
        return f"There is one {kind}, and it has {decibels(worst_db)}."
    if np.isinf(worst_db):
        return f"Every {kind} lies on the grid exactly: **no error** anywhere."
    lead = "With one scale for all, " if found.shared else f"With a scale for each {kind}, "
    text = f"{lead}{kind} {count(low)} fares worst: **{decibels(worst_db)}** over {_range(found, low)}"
    best = "is **without error**" if np.isinf(best_db) else f"has {decibels(best_db)}"
    text += f"; {kind} {count(high)} {best} over {_range(found, high)}."
    if found.shared and best_db - worst_db > _MUCH:
        text += f" The wide {kind}s set the step, and the narrow ones pay for it."
    return text


def _range(found: Channels, index: int) -> str:
    return f"[{num(float(found.lo[index]))}, {num(float(found.hi[index]))}]"


def drawn_words(found: Channels) -> str:
    """Say which of many are drawn, and what was measured on a sample; "" where neither is so."""
    words = []
    if len(found.lo) > MOST_DRAWN:
        words.append(f"Drawn are the {MOST_DRAWN} worst of {count(len(found.lo))} {found.kind}s; the table has all.")
    if found.sampled:
        words.append(f"The errors were measured on a fixed sample of {count(found.sampled)} values, the ranges on all.")
    return " ".join(words)
