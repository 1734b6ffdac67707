"""How far the integer product is off: over all its cells, beside what theory expects, and cell against cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import Multiplied, Result, Side
from quantlab.numerals import num, rounded_up, share

_MOST_POINTS = 400  # of the scatter: a fixed sample of more cells
_MOST_BINS = 61


def expected_rms(x: Side, w: Side) -> float:
    """Return the root of the mean square error that rounding alone would give.

    Each rounding error is taken as even within ± half a step and independent of all others, so of variance s² / 12:
    ``Σ_k x² · s_w²/12 + w² · s_x²/12 + s_x² · s_w² / 144``, its mean over all cells.

    Parameters
    ----------
    x, w : Side
        (M, K) and (K, N).

    Returns
    -------
    float
        In the units of the product. NaN without any cell.

    References
    ----------
    Widrow and Kollár, Quantization Noise, 2008, chapter 1, for s² / 12.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> now = run(Settings(m=64, k=64, n=64), *build("uniform", (64, 64, 64), 0)).now
    >>> 0.9 < expected_rms(now.x, now.w) / float(np.sqrt(np.mean(now.errors**2))) < 1.1
    True
    """
    noise_x, noise_w = (side.each(side.quantizer.scale).astype(np.float64) ** 2 / 12 for side in (x, w))
    square_x, square_w = (side.array.values.astype(np.float64) ** 2 for side in (x, w))
    # The mean over all cells of A @ B is the mean of A's column means times B's row means.
    pairs = ((square_x, noise_w), (noise_x, square_w), (noise_x, noise_w))
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(sum(float(a.mean(axis=0) @ b.mean(axis=1)) for a, b in pairs)))


def expected_applies(result: Result) -> bool:
    """Return whether rounding to the nearest level makes the error: one bit clips half of the values."""
    return min(side.quantizer.scheme.bits for side in (result.now.x, result.now.w)) > 1


@dataclass(frozen=True, eq=False)
class ErrorCounts:
    """The errors of all cells as a histogram.

    Attributes
    ----------
    counts : (n,) int64
        Over equal bins from −reach to reach.
    lost : (n,) int64
        How many of these belong to cells whose accumulator overflowed.
    reach : float
        A round number beyond the largest error of this state and of the compared one.
    expected : float
        Standard deviation that theory expects; NaN where it does not hold.
    chosen : float
        Error of the chosen cell.
    compared : (n,) int64 or None
        The pinned state's errors in the same bins.
    """

    counts: NDArray[np.int64]
    lost: NDArray[np.int64]
    reach: float
    expected: float
    chosen: float
    compared: NDArray[np.int64] | None

    @property
    def edges(self) -> NDArray[np.float64]:
        """Ends of the bins."""
        return np.linspace(-self.reach, self.reach, len(self.counts) + 1)

    def columns(self) -> dict[str, Any]:
        """Return the histogram as a table."""
        extra = {} if self.compared is None else {"cells, pinned": self.compared}
        return {"from": self.edges[:-1], "to": self.edges[1:], "cells": self.counts, "overflowed": self.lost, **extra}


def error_counts(result: Result) -> ErrorCounts:
    """Count the errors of all cells."""
    errors = result.now.errors
    widest = max(float(np.abs(each.errors).max(initial=0)) for each in (result.now, result.compared) if each)
    reach = rounded_up(widest) if widest else 1.0
    bins = min(_MOST_BINS, 2 * int(np.sqrt(errors.size)) + 3) | 1

    def counted(values: NDArray[np.float64]) -> NDArray[np.int64]:
        places = np.clip(((values + reach) * (bins / (2 * reach))).astype(np.int64), 0, bins - 1)
        return np.bincount(places.ravel(), minlength=bins).astype(np.int64)

    pinned = result.compared if result.compared_name == "pinned" else None
    return ErrorCounts(
        counted(errors),
        counted(errors[lost(result.now)]),
        reach,
        expected_rms(result.now.x, result.now.w) if expected_applies(result) else float("nan"),
        result.value - result.exact,
        None if pinned is None else counted(pinned.errors),
    )


@dataclass(frozen=True, eq=False)
class Pairs:
    """Cells of the float product beside those of the integer result: equally long arrays; `lost` overflowed."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    exact: NDArray[np.float64]
    values: NDArray[np.float64]
    lost: NDArray[np.bool_]

    @property
    def names(self) -> list[str]:
        """Row and column of each cell, as "[2, 1]"."""
        return [f"[{i}, {j}]" for i, j in zip(self.rows.tolist(), self.columns.tolist(), strict=True)]


def pairs(result: Result) -> Pairs:
    """Pair the cells of both products; of more than 400 a fixed sample, the chosen cell among them."""
    now, n = result.now, result.now.exact.shape[1]
    chosen = result.row * n + result.column
    every = np.arange(now.exact.size)
    if every.size > _MOST_POINTS:
        every = np.unique(np.append(np.linspace(0, every.size - 1, _MOST_POINTS).astype(np.int64), chosen))
    rows, columns = np.divmod(every, n)
    return Pairs(rows, columns, now.exact.ravel()[every], now.values.ravel()[every], lost(now).ravel()[every])


def lost(now: Multiplied) -> NDArray[np.bool_]:
    """Return which cells' accumulators do not hold the exact sum: (M, N)."""
    exact = now.product.accumulator if now.group_size else now.product.accumulator[None]
    wrong: NDArray[np.bool_] = (now.accumulator != exact).any(axis=0)
    return wrong


def error_remark(result: Result) -> str:
    """Return what stands beside the error chart's title, in Markdown."""
    part = float(lost(result.now).mean()) if result.now.errors.size else 0.0
    if part:
        return f":red[{share(part)} of the sums overflowed]"
    measured = float(np.sqrt(np.mean(result.now.errors**2)))
    expected = num(expected_rms(result.now.x, result.now.w))
    theory = f"; thin line: rounding predicts {expected}" if expected_applies(result) else ""
    return f"of all cells, rms {num(measured)}{theory}"
