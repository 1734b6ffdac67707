"""Which codes occur, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.tensor.experiment import Result
from quantlab.experiments.tensor.sweep import bits_of
from quantlab.numerals import code, count, num, share
from quantlab.scheme import Scheme

Values = np.ndarray[Any, np.dtype[Any]]

_MOST_BARS = 512  # that a chart of codes has room for


def codes_sentence(result: Result) -> str:
    """Say how evenly the codes are used, in Markdown.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> codes_sentence(run(Settings(), built_in(Settings()))).split(";")[0]
    'The codes are stored in 4 bits and carry **2.93 bits** of information a value'
    """
    report, bits = result.report, result.scheme.bits
    if report.n == 0:
        return "There is no finite value here, so no code occurs."
    fullest = int(np.argmax(report.code_counts))
    rank = f"code {code(result.scheme.qmin + fullest)} alone holds {share(report.code_counts[fullest] / report.n)}"
    lead = (
        f"The codes are stored in {bits_of(bits)} and carry **{num(report.entropy_bits)} bits** of information a value"
    )
    return f"{lead}; {rank} of the values, and {_unused(report.codes_used, result.scheme)}."


def _unused(used: int, scheme: Scheme) -> str:
    unused = scheme.levels - used
    if not unused:
        return "every code occurs"
    return f"{count(unused)} of {count(scheme.levels)} codes never occur"


@dataclass(frozen=True, eq=False)
class CodeCounts:
    """How often codes occur, in runs of `width` neighbours from the code `first` on."""

    counts: Values
    compared: Values | None
    first: int
    width: int


def code_counts(result: Result) -> CodeCounts:
    """Return how often the codes occur, and those of a pinned state with the same codes; many codes come in runs.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> wide = code_counts(run(Settings(bits=16), built_in(Settings())))
    >>> len(wide.counts), wide.width, int(wide.counts.sum())
    (512, 128, 100)
    """
    scheme = result.scheme
    width = max(1, 2**scheme.bits // _MOST_BARS)
    other = result.compared
    same = other is not None and other.name == "pinned" and other.quantizer.scheme.levels == scheme.levels
    compared = other.report.code_counts if other is not None and same and other.quantizer.qmin == scheme.qmin else None
    # A narrow range's missing code fills its run up, so that runs begin at round codes.
    first = scheme.qmin - int(scheme.narrow_range and width > 1)
    return CodeCounts(
        _in_runs(result.report.code_counts, scheme.qmin - first, width),
        None if compared is None else _in_runs(compared, scheme.qmin - first, width),
        first,
        width,
    )


def _in_runs(counts: Values, missing: int, width: int) -> Values:
    runs: Values = np.concatenate([np.zeros(missing, counts.dtype), counts]).reshape(-1, width).sum(axis=1)
    return runs


def code_columns(result: Result) -> dict[str, Values]:
    """Return every code, how often it occurs and its share in percent, as a table."""
    counts = result.report.code_counts
    total = max(int(counts.sum()), 1)
    return {
        "code": np.arange(result.scheme.qmin, result.scheme.qmax + 1),
        "values": counts,
        "share, %": counts * (100 / total),
    }
