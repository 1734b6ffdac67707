"""What the fall shows, as frozen values that check themselves once.

Few values come one by one, many as a histogram: nothing here sorts or scans a large array.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MOST_DOTS = 400  # up to here every value is a dot of its own
MARGIN = 1.05


class Cell(NamedTuple):
    """The values that round to a level, in steps from it."""

    lo: float
    hi: float


NEAREST, FLOOR = Cell(-0.5, 0.5), Cell(0.0, 1.0)
STOCHASTIC = Cell(-1.0, 1.0)  # neighbouring cells overlap: a value between two levels may go to either

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Levels ``(q − zero_point) · scale`` for every code q, and how many values each took.

    Parameters
    ----------
    scale : float
    zero_point : int
        May lie outside the codes.
    qmin, qmax : int
    code_counts : int64 array of length qmax − qmin + 1
    """

    scale: float
    zero_point: int
    qmin: int
    qmax: int
    code_counts: Integers

    def __post_init__(self) -> None:
        codes = self.qmax - self.qmin + 1
        if len(self.code_counts) != codes:
            raise ValueError(
                f"code_counts must have one entry for each of the {codes} codes, got {len(self.code_counts)}; "
                "count from qmin to qmax."
            )

    def level(self, q: Integers) -> npt.NDArray[np.float64]:
        """Return the real values of codes."""
        return np.asarray((q - self.zero_point) * float(self.scale), np.float64)


@dataclass(frozen=True, eq=False)
class Few:
    """Values one by one: equally long 1-D arrays, finite, in any order.

    Parameters
    ----------
    x, x_hat : float arrays
    codes : integer array
    clipped : bool array
        Whether the unclamped code lay outside the codes.
    index : integer array, optional
        Flat index of each value in its own array; by default 0, 1, 2, …
    """

    x: Floats
    codes: Integers
    x_hat: Floats
    clipped: npt.NDArray[np.bool_]
    index: Integers | None = None

    def flat_index(self) -> Integers:
        return np.arange(len(self.x)) if self.index is None else self.index


@dataclass(frozen=True, eq=False)
class Many:
    """Values as equally wide bins over [lo, hi]. What lies outside is in no bin.

    Parameters
    ----------
    counts, clipped : int64 arrays of the same length
        Values in each bin, and how many of them are clipped.
    lo, hi : float
    examples : Few, optional
        One value for each occupied bin, in the order of the bins: what a click or an arrow key chooses there.
    """

    counts: Integers
    clipped: Integers
    lo: float
    hi: float
    examples: Few | None = None

    def __post_init__(self) -> None:
        occupied = int(np.count_nonzero(self.counts))
        if self.examples is not None and len(self.examples.x) != occupied:
            raise ValueError(
                f"examples must hold one value for each of the {occupied} occupied bins, got {len(self.examples.x)}; "
                "leave the empty bins out."
            )

    def with_example(self, value: Few) -> Many:
        """Return these bins with one value (a Few of length 1) as the example of the bin that it lies in."""
        if self.examples is None:
            return self
        place = (float(value.x[0]) - self.lo) / (self.hi - self.lo) * len(self.counts)
        if not 0 <= place <= len(self.counts):
            return self
        chosen_bin = min(int(place), len(self.counts) - 1)
        if not self.counts[chosen_bin]:  # an edge that the histogram's own arithmetic put into the neighbour
            return self
        at = int(np.count_nonzero(self.counts[:chosen_bin]))
        old = replace(self.examples, index=self.examples.flat_index())
        swapped = {}
        for name, new in (("index", value.flat_index()), *((n, getattr(value, n)) for n in _PER_VALUE)):
            column = getattr(old, name).copy()
            column[at] = new[0]
            swapped[name] = column
        return replace(self, examples=Few(**swapped))


_PER_VALUE = ("x", "codes", "x_hat", "clipped")


@dataclass(frozen=True, eq=False)
class Picture:
    """One state of the fall.

    Parameters
    ----------
    data_id : str
        Names the values: while it and the axis stay, levels glide; a choice made under another one is void.
    values : Few or Many
    grid : Grid
    axis : (float, float)
        What to draw, lo < hi; see `whole_axis`.
    n : int
        Finite values.
    clipped_low, clipped_high : int
    x_min, x_max : float
        Over all finite values; not read when `n` is 0.
    below, above : int
        Values outside the axis. Read for `Many` only; of few values they are counted.
    cell : Cell
        `NEAREST`, `FLOOR` or `STOCHASTIC`.
    wraps : bool
        Clipped values go to codes that are not the end codes.
    pinned : Grid, optional
        Drawn as dashed outlines.
    part : str
        What part of an array the values are, such as "row 39"; stands under their name.

    Raises
    ------
    ValueError
        If the axis is not in order, or the counts do not add up to `n`.
    """

    data_id: str
    values: Few | Many
    grid: Grid
    axis: tuple[float, float]
    n: int
    clipped_low: int
    clipped_high: int
    x_min: float = 0.0
    x_max: float = 0.0
    below: int = 0
    above: int = 0
    cell: Cell = NEAREST
    wraps: bool = False
    pinned: Grid | None = None
    part: str = ""

    def __post_init__(self) -> None:
        lo, hi = self.axis
        if not (math.isfinite(lo) and math.isfinite(hi) and lo < hi):
            raise ValueError(f"axis must be two finite ends in order, got {lo} and {hi}; use whole_axis.")
        if isinstance(self.values, Few):
            shown, drawn_clipped = len(self.values.x), int(np.count_nonzero(self.values.clipped))
            clipped = self.clipped_low + self.clipped_high
        else:
            shown = int(self.values.counts.sum()) + self.below + self.above
            drawn_clipped = int(self.values.clipped.sum())
            clipped = sum(self.clipped_inside())
        for name, total, wanted in (
            ("values", shown, self.n),
            ("code_counts", int(self.grid.code_counts.sum()), self.n),
            ("clipped values", drawn_clipped, clipped),
        ):
            if total != wanted:
                raise ValueError(f"{name} must add up to {wanted}, got {total}; count the finite values only.")

    def clipped_inside(self) -> tuple[int, int]:
        """Count the clipped values on the axis at the low and at the high end, where there are many values."""
        # Clipping is monotone: values below the axis are the first to be clipped low, those above to be clipped high.
        low, high = self.clipped_low, self.clipped_high
        return low - min(low, self.below), high - min(high, self.above)


def whole_axis(x_min: float, x_max: float) -> tuple[float, float]:
    """Return the axis of a whole array: zero in the middle, a margin of 5 percent.

    >>> whole_axis(-1.0, 2.0)
    (-2.1, 2.1)
    """
    reach = max(abs(x_min), abs(x_max))
    # The holds keep half of the axis's width a normal float64.
    reach = min(max(reach * MARGIN, 1e-300), sys.float_info.max) if reach else MARGIN
    return -reach, reach
