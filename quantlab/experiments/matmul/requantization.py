"""One cell's way from its accumulator to an 8-bit code, by a float multiplier and by integers alone, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import Result
from quantlab.linear import (
    Disagreement,
    FixedPoint,
    accumulator_range,
    disagreement,
    fixed_point,
    quantize_bias,
    requantization_multiplier,
    requantize,
    thresholds,
)
from quantlab.numerals import code, count, num, share
from quantlab.quantizer import Quantizer
from quantlab.scheme import Scheme

BITS = 8
_LEAST, _MOST = accumulator_range(32)
_BIAS_DRAW = 1  # sets the bias's random numbers apart from those of the matrices
_AROUND, _TOGETHER = 2.5, 7.0  # codes beside what is shown; codes up to which the cell is shown with it


@dataclass(frozen=True, eq=False)
class Requantized:
    """A cell's sum on its way to a code of the next layer, two ways.

    Attributes
    ----------
    accumulator : int
        What the cell's accumulator holds.
    bias : float or None
        Added to the cell's column; None without one.
    bias_code : int
        The same in steps of the accumulator.
    total : int
        Both together, held to int32: what is multiplied.
    scales : (float, float, float)
        Of this cell's row of X, of its column of W, of the output.
    multiplier : float32 or float64 scalar
    fixed : FixedPoint
    scheme, zero_point
        Of the output.
    relu : bool
    codes : (int, int)
        By the float multiplier, by the fixed-point one.
    steps : (thresholds, thresholds)
        Where each code begins, both ways, ReLU aside.
    differing : Disagreement
        The totals of all of int32 that get different codes.
    exact : float
        The same cell in floats throughout.
    """

    accumulator: int
    bias: float | None
    bias_code: int
    total: int
    scales: tuple[float, float, float]
    multiplier: Any
    fixed: FixedPoint
    scheme: Scheme
    zero_point: int
    relu: bool
    codes: tuple[int, int]
    steps: tuple[NDArray[np.int64], NDArray[np.int64]]
    differing: Disagreement
    exact: float

    @property
    def lowest(self) -> int:
        """The least code that there is: ReLU leaves none below the zero point."""
        return max(self.scheme.qmin, self.zero_point) if self.relu else self.scheme.qmin

    @property
    def product(self) -> float:
        """The total times the multiplier, before it is rounded."""
        return self.total * float(self.multiplier)

    @property
    def value(self) -> float:
        """What the code by the float multiplier is worth."""
        return (self.codes[0] - self.zero_point) * self.scales[2]

    @property
    def bites(self) -> bool:
        """Whether ReLU changes this cell's code."""
        return self.relu and round(self.product) < 0 and self.lowest > self.scheme.qmin

    @property
    def clipped(self) -> bool:
        """Whether there is no code so far out, ReLU aside."""
        return not self.scheme.qmin <= round(self.product) + self.zero_point <= self.scheme.qmax

    @property
    def nearest(self) -> int | None:
        """The total nearest to this cell's that gets two codes; None where none does."""
        if not self.differing.count:
            return None
        last = self.differing.stops - 1
        inside = np.clip(self.total, self.differing.starts, last)
        return int(inside[np.abs(inside - self.total).argmin()])

    def codes_of(self, totals: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the codes of any totals, both ways."""
        by_float, by_fixed = (
            np.maximum(self.scheme.qmin + np.searchsorted(starts, totals, side="right"), self.lowest)
            for starts in self.steps
        )
        return by_float, by_fixed

    def columns(self) -> dict[str, Any]:
        """Return the totals that get two codes as a table, one row a run of them."""
        by_float, by_fixed = self.codes_of(self.differing.starts)
        return {
            "from": self.differing.starts,
            "to": self.differing.stops - 1,
            "code by the float multiplier": by_float,
            "code by fixed point": by_fixed,
        }


def no_common_sum(result: Result) -> str:
    """Say why there is nothing to requantize; nothing where there is.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> no_common_sum(run(Settings(), *build("article", (10, 5, 4), 0)))
    ''
    """
    groups = len(result.integers)
    if groups == 1:
        return ""
    return (
        f"W has a scale for every {count(result.now.group_size or 0)} rows, so there is no common accumulator to "
        f"requantize: the {count(groups)} sums count in different steps, and have to be scaled to floats before they "
        "can be added."
    )


def requantized(result: Result) -> Requantized:
    """Take the chosen cell to a code, on a grid from the least to the greatest of the float product.

    Raises
    ------
    ValueError
        If the scales lie so far apart that there is no multiplier.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> found = requantized(run(Settings(), *build("article", (10, 5, 4), 0)))
    >>> found.total, found.codes
    (12040, (47, 47))
    """
    settings, now = result.settings, result.now
    m, n = now.exact.shape
    scale_x = np.broadcast_to(np.asarray(now.x.quantizer.scale), (m, 1))[result.row, 0]
    scale_w = np.broadcast_to(np.asarray(now.w.quantizer.scale), (1, n))[0, result.column]
    biases = _biases(result) if settings.bias else np.zeros(n, np.float32)
    bias = float(biases[result.column])
    floats = now.exact + biases
    if settings.relu:
        floats = np.maximum(floats, 0)
    scheme = Scheme(bits=BITS, symmetric=settings.output_symmetric)
    with np.errstate(over="ignore"):
        output = Quantizer(floats.astype(np.float32), scheme)
    zero = int(output.zero_point)
    multiplier = requantization_multiplier(scale_x, scale_w, output.scale)
    fixed = fixed_point(multiplier, settings.rounding)  # type: ignore[arg-type]
    (held,) = result.integers
    steps = int(quantize_bias([bias], scale_x, scale_w)[0])
    by_float, by_fixed = (
        int(requantize(held, way, zero, scheme, bias=steps, relu=settings.relu)) for way in (multiplier, fixed)
    )
    begins = thresholds(multiplier, zero, scheme), thresholds(fixed, zero, scheme)
    differing = disagreement(multiplier, fixed, zero, scheme)
    if settings.relu and zero > scheme.qmin:
        differing = _from(differing, [int(starts[zero - scheme.qmin]) for starts in begins])
    return Requantized(
        held,
        bias if settings.bias else None,
        steps,
        min(max(held + steps, _LEAST), _MOST),
        (float(scale_x), float(scale_w), float(output.scale)),
        multiplier,
        fixed,
        scheme,
        zero,
        settings.relu,
        (by_float, by_fixed),
        begins,
        differing,
        float(floats[result.row, result.column]),
    )


def _biases(result: Result) -> NDArray[np.float32]:
    """Draw a bias a column, half as wide as the product."""
    exact = result.now.exact
    draw = np.random.default_rng([result.settings.seed, _BIAS_DRAW])
    width = np.float32(0.5 * np.sqrt(np.mean(exact**2)))
    columns = int(exact.shape[1])
    return width * draw.standard_normal(columns, np.float32)


def _from(found: Disagreement, firsts: list[int]) -> Disagreement:
    """Leave out what lies below the first code above the zero point: ReLU makes one code of it all."""
    starts = np.maximum(found.starts, min(firsts))
    kept = starts < found.stops
    return Disagreement(starts[kept], found.stops[kept], (firsts[0], max(firsts[0], found.unclipped[1])))


@dataclass(frozen=True, eq=False)
class Stairs:
    """Codes against totals in a window a few codes wide, where the two ways differ next to this cell.

    Attributes
    ----------
    by_float, by_fixed : (x, code)
        Corners; steps lie between two totals.
    starts, stops : int64 arrays
        Runs of totals in view that get two codes, and those codes.
    codes : (int64 array, int64 array)
    cell : (int, int) or None
        The cell's total and code, if in view.
    """

    by_float: tuple[NDArray[np.float64], NDArray[np.int64]]
    by_fixed: tuple[NDArray[np.float64], NDArray[np.int64]]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    codes: tuple[NDArray[np.int64], NDArray[np.int64]]
    cell: tuple[int, int] | None


def stairs(found: Requantized) -> Stairs:
    """Lay out both staircases around the total nearest to the cell that gets two codes, or around the cell."""
    wide = max(_AROUND / float(found.multiplier), 3.0)
    at = [found.total if found.nearest is None else found.nearest]
    if abs(found.total - at[0]) * float(found.multiplier) < _TOGETHER:
        at.append(found.total)
    lo, hi = int(max(min(at) - wide, _LEAST)), int(min(max(at) + wide, _MOST))
    runs = found.differing
    seen = (runs.starts <= hi) & (runs.stops > lo)
    starts, stops = np.maximum(runs.starts[seen], lo), np.minimum(runs.stops[seen], hi + 1)
    corners = [_corners(found, way, lo, hi) for way in (0, 1)]
    inside = lo <= found.total <= hi
    return Stairs(
        corners[0], corners[1], starts, stops, found.codes_of(starts), (found.total, found.codes[0]) if inside else None
    )


def _corners(found: Requantized, way: int, lo: int, hi: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    begins = found.steps[way]
    edges = np.unique(begins[(begins > lo) & (begins <= hi)])
    codes = found.codes_of(np.concatenate(([lo], edges)))[way]
    x = np.concatenate(([lo], np.repeat(edges, 2), [hi + 1])) - 0.5
    return x, np.repeat(codes, 2)


def sentence(found: Requantized) -> str:
    r"""Say what becomes of the cell, and how far the two ways agree, in Markdown.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> sentence(requantized(run(Settings(), *build("article", (10, 5, 4), 0)))).split(":")[0]
    '12\u202f040 × 0.00388 = 46.7 becomes '
    """
    by_float, by_fixed = found.codes
    became = "is cut by ReLU to" if found.bites else ":red[is clipped] to" if found.clipped else "becomes"
    lead = (
        f"{count(found.total)} × {num(float(found.multiplier))} = {num(found.product)} {became} "
        f":blue[code **{code(by_float)}**], worth {num(found.value)} ({num(found.exact)} in floats)."
    )
    other = f"fixed point {'agrees' if by_fixed == by_float else f'gives **{code(by_fixed)}**'}"
    nearest = found.nearest
    if nearest is None:
        return f"{lead} {other[0].upper()}{other[1:]}, here and for every other accumulator of int32."
    part = share(found.differing.share) if found.differing.share < 1 else count(found.differing.count)
    where = "this one among them" if nearest == found.total else f"the nearest at {count(nearest)}"
    return f"{lead} {other[0].upper()}{other[1:]}; of all sums that do not clip it gives **{part}** another, {where}."
