"""The supporting charts of the Tensor page as arrays: the error histogram, the staircase, and their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.tensor.experiment import Result
from quantlab.experiments.tensor.part import Part
from quantlab.quantizer import Quantizer

Values = np.ndarray[Any, np.dtype[Any]]
MOST_STEPS = 300  # more cells than this are thinned evenly: the drawing has no room for them


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Counts in equal bins of [lo, hi], drawn from −reach to reach.

    `ideal` is the density of ideal rounding in values a bin; 0 where a bin is wider than a step and cannot show it.
    """

    rounding: Values
    clipping: Values
    lo: float
    hi: float
    reach: float
    scale: float
    ideal: float
    compared: Values | None

    def columns(self) -> dict[str, Values]:
        """Return the histogram as a table."""
        edges = np.linspace(self.lo, self.hi, len(self.rounding) + 1)
        columns = {"error from": edges[:-1], "to": edges[1:], "rounding": self.rounding, "clipping": self.clipping}
        return columns if self.compared is None else columns | {"pinned": self.compared}


@dataclass(frozen=True, eq=False)
class Staircase:
    """Corners of x → x̂ from left to right, two a level, and which belong to a clipped piece."""

    x: Values
    x_hat: Values
    clipped: Values

    def columns(self) -> dict[str, Values]:
        """Return the corners as a table."""
        return {"x": self.x, "x_hat": self.x_hat, "error": self.x_hat - self.x, "clipped": self.clipped}


def level_columns(part: Part) -> dict[str, Values]:
    """Return the levels of a part as a table: code, x̂, how many values it took and their share."""
    quantizer, counts = part.quantizer, part.report.code_counts
    codes = np.arange(quantizer.qmin, quantizer.qmax + 1)
    return {
        "code": codes,
        "x_hat": quantizer.dequantize(codes),
        "values": counts,
        "share": counts / max(part.report.n, 1),
    }


def error_curve(result: Result) -> ErrorCurve:
    """Return the error histogram of what is charted, and of the pinned state in the same bins."""
    part, pinned = result.part, result.pinned_part
    rounding, clipping = part.report.error_histogram_rounding, part.report.error_histogram_clipping
    return ErrorCurve(
        rounding.counts,
        clipping.counts,
        rounding.lo,
        rounding.hi,
        result.charted.error_axis,
        float(part.quantizer.scale),
        ideal_density(part),
        None if pinned is None else _together(pinned),
    )


def ideal_density(part: Part) -> float:
    """Return how many values a bin of the error histogram has under ideal rounding, as ErrorCurve's `ideal`."""
    histogram, scale = part.report.error_histogram_rounding, float(part.quantizer.scale)
    width = (histogram.hi - histogram.lo) / len(histogram.counts)
    rounded = part.report.n - part.report.clipped_low - part.report.clipped_high
    return rounded * width / scale if width < scale else 0.0


def _together(part: Part) -> Values:
    report = part.report
    counts: Values = report.error_histogram_rounding.counts + report.error_histogram_clipping.counts
    return counts


def staircase(part: Part) -> Staircase:
    """Return the corners of a part's transfer curve over its axis.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> corners = staircase(run(Settings(), built_in(Settings())).part)
    >>> len(corners.x), bool((np.diff(corners.x) >= 0).all())
    (34, True)
    """
    return _corners(part.quantizer, *part.axis)


def pinned_corners(result: Result) -> tuple[Values, Values] | None:
    """Return the corners of the pinned state's staircase, over this state's axis."""
    pinned = result.pinned_part
    if pinned is None:
        return None
    corners = _corners(pinned.quantizer, *result.part.axis)
    return corners.x, corners.x_hat


def _corners(quantizer: Quantizer, lo: float, hi: float) -> Staircase:
    s, z = float(quantizer.scale), int(quantizer.zero_point)
    qmin, qmax = quantizer.qmin, quantizer.qmax
    # Where a cell begins, in steps from its level: rounding down takes [level, level + s).
    begins = 0.0 if quantizer.scheme.rounding == "floor" else -0.5
    first, last = (int(np.clip(np.floor(end / s - begins), -(2.0**52), 2.0**52)) + z for end in (lo, hi))
    if quantizer.scheme.overflow == "saturate":  # beyond the ends nothing changes any more
        first, last = max(first, qmin - 1), min(last, qmax + 1)
    cells = np.arange(first, last + 1) if last - first < MOST_STEPS else np.linspace(first, last, MOST_STEPS).round()
    cells = np.unique(cells.astype(np.int64))
    held = (
        (cells - qmin) % (qmax - qmin + 1) + qmin if quantizer.scheme.overflow == "wrap" else np.clip(cells, qmin, qmax)
    )
    left = np.clip((cells - z + begins) * s, lo, hi)
    left[0], right = lo, np.clip((cells - z + begins + 1) * s, lo, hi)
    right[-1] = hi
    x_hat = (held - z) * s
    return Staircase(
        np.stack([left, right], axis=1).ravel(), np.repeat(x_hat, 2), np.repeat((cells < qmin) | (cells > qmax), 2)
    )
