"""An array as a heat map of at most 128 × 128 blocks: means of its values and codes, the worst of its errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from quantlab import kernels
from quantlab.arrays import Array
from quantlab.experiments.tensor.part import flat_index, worst
from quantlab.grid import layout_of
from quantlab.kernels import Layout
from quantlab.numerals import code, count, num
from quantlab.quantizer import Quantizer
from quantlab.scheme import Granularity, PerChannel

Values = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["values", "codes", "errors"]
Pick = Literal["row", "column", "cell"]

MOST_BLOCKS = 128
_PIECE = 2**18  # values at a time


@dataclass(frozen=True, eq=False)
class Blocks:
    """A heat map.

    Attributes
    ----------
    z : float64 array, at most (128, 128)
        Mean of the finite values, or of the codes, or the largest |error| of each block; NaN where nothing is finite.
    kind : "values", "codes" or "errors"
    middle, limit : float
        `middle` ± `limit` takes the colours' whole width; errors take 0 to `limit`.
    shape : (rows, columns)
        Of the array as it is folded.
    block : (rows, columns)
        Of the array in each block; the last ones may be smaller.
    """

    z: Values
    kind: Kind
    middle: float
    limit: float
    shape: tuple[int, int]
    block: tuple[int, int]

    def texts(self) -> list[list[str]] | None:
        """Return each cell's number in words, where every cell is one value and there are few."""
        if self.block != (1, 1) or self.z.size > 400:
            return None
        return [[self._write(value) for value in row] for row in self.z.tolist()]

    def _write(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        return code(round(value)) if self.kind == "codes" else num(value, 2)

    def columns(self) -> dict[str, Values]:
        """Return the map as a table, one line a block, by its first row and column."""
        down, across = np.indices(self.z.shape)
        name = self.kind if self.block == (1, 1) else f"{'largest' if self.kind == 'errors' else 'mean'} of {self.kind}"
        return {
            "row": down.ravel() * self.block[0],
            "column": across.ravel() * self.block[1],
            name: self.z.ravel(),
        }

    def words(self) -> str:
        """Say what one cell is.

        >>> Blocks(np.zeros((2, 2)), "errors", 0.0, 1.0, (4, 6), (2, 3)).words()
        'each cell the largest of 2 × 3 errors'
        """
        if self.block == (1, 1):
            return {"values": "each value", "codes": "each code", "errors": "the size of each error"}[self.kind]
        what = "largest" if self.kind == "errors" else "mean"
        return f"each cell the {what} of {count(self.block[0])} × {count(self.block[1])} {self.kind}"


def fold(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of an array's map: the first axis stays, the others follow each other.

    >>> fold((5,)), fold((2, 3)), fold((2, 3, 4))
    ((1, 5), (2, 3), (2, 12))
    """
    return (1, shape[0]) if len(shape) == 1 else (shape[0], math.prod(shape[1:]))


def fold_words(shape: tuple[int, ...]) -> str:
    """Say how an array of more than two dimensions is laid out; "" otherwise.

    >>> fold_words((2, 3, 4))
    'The map folds 2 × 3 × 4: rows are axis 0, columns are the other axes one after the other.'
    """
    if len(shape) < 3:
        return ""
    sizes = " × ".join(map(count, shape))
    return f"The map folds {sizes}: rows are axis 0, columns are the other axes one after the other."


def blocks(array: Array, quantizer: Quantizer, kind: Kind) -> Blocks:
    """Summarise an array for a heat map, in one pass and without a copy of it.

    Parameters
    ----------
    array : Array
        Of one dimension or more.
    quantizer : Quantizer
        Of this array.
    kind : "values", "codes" or "errors"

    Examples
    --------
    >>> array = Array.of(np.arange(512.0).reshape(2, 256), "a")
    >>> heat = blocks(array, Quantizer(array.values), "values")
    >>> heat.z.shape, heat.block, heat.z[0, :2].tolist()
    ((2, 128), (1, 2), [0.5, 2.5])
    """
    rows, columns = fold(array.values.shape)
    block = max(1, -(-rows // MOST_BLOCKS)), max(1, -(-columns // MOST_BLOCKS))
    size = -(-rows // block[0]), -(-columns // block[1])
    total, seen = np.zeros(size), np.zeros(size, np.int64)
    for first, last, left, right in _pieces(rows, columns, block[1]):
        measured, there = _measure(array.values, quantizer, kind, first * columns + left, (last - first, right - left))
        starts = np.arange(0, right - left, block[1])
        at = (np.arange(first, last) // block[0])[:, None], np.arange(len(starts)) + left // block[1]
        np.add.at(seen, at, np.add.reduceat(there, starts, axis=1, dtype=np.int64))
        if kind == "errors":
            np.maximum.at(total, at, np.maximum.reduceat(measured, starts, axis=1))
        else:
            np.add.at(total, at, np.add.reduceat(measured, starts, axis=1, dtype=np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(seen > 0, total if kind == "errors" else total / seen, np.nan)
    middle, limit = _reach(z, quantizer, kind)
    return Blocks(z, kind, middle, limit, (rows, columns), block)


def _pieces(rows: int, columns: int, width: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first row, last row, left, right) of stretches of memory, cut between blocks where a row is long."""
    if columns <= _PIECE:
        height = max(1, _PIECE // max(1, columns))
        for first in range(0, rows if columns else 0, height):
            yield first, min(first + height, rows), 0, columns
        return
    wide = max(1, _PIECE // width) * width
    for row in range(rows):
        for left in range(0, columns, wide):
            yield row, row + 1, left, min(left + wide, columns)


def _measure(
    values: Values, quantizer: Quantizer, kind: Kind, start: int, size: tuple[int, int]
) -> tuple[Values, Values]:
    """Return what a stretch shows, with 0 where it is not finite, and where it is."""
    n = size[0] * size[1]
    with np.errstate(over="ignore"):
        x = values.reshape(-1)[start : start + n].astype(quantizer.working, copy=False)
    there = np.isfinite(x)
    if kind == "values":
        shown = x
    else:
        grid = quantizer.grid(values.shape)
        if kind == "codes":
            codes = np.empty(n, quantizer.dtype)
            kernels.elementwise.quantize(x, start, 0, n, *grid[:4], codes)
            shown = codes
        else:
            x_hat = np.empty(n, quantizer.working)
            kernels.elementwise.fake_quantize(x, start, 0, n, *grid, x_hat, np.empty(0, bool))
            with np.errstate(invalid="ignore"):
                shown = np.abs(x_hat.astype(np.float64) - x)
    return np.where(there, shown, 0).reshape(size), there.reshape(size)


def _reach(z: Values, quantizer: Quantizer, kind: Kind) -> tuple[float, float]:
    if kind == "codes":
        centre = 0.0 if quantizer.qmin < 0 else (quantizer.qmax + 1) / 2
        zero_points = np.unique(quantizer.zero_point)
        middle = float(zero_points[0]) if len(zero_points) == 1 else centre
        # A free zero point may lie far outside the codes.
        middle = min(max(middle, quantizer.qmin), quantizer.qmax)
        return middle, max(quantizer.qmax - middle, middle - quantizer.qmin)
    return 0.0, float(np.nanmax(np.abs(z))) if np.isfinite(z).any() else 1.0


def pick(shape: tuple[int, ...], granularity: Granularity) -> Pick:
    """Return what a click in the map chooses: channels are rows or columns of it, groups are found by the cell.

    >>> from quantlab.scheme import PerGroup
    >>> pick((4, 6), PerChannel(0)), pick((4, 6), PerChannel(-1)), pick((4, 6), PerGroup(2))
    ('row', 'column', 'cell')
    """
    if isinstance(granularity, PerChannel):
        return "row" if len(shape) > 1 and granularity.axis % len(shape) == 0 else "column"
    return "cell"


def part_at(heat: Blocks, layout: Layout, sqnr_db: Values, row: int | None, column: int | None) -> int:
    """Return the channel or group at a place of the map, by blocks; of several the one with the lowest SQNR.

    Parameters
    ----------
    heat : Blocks
    layout : Layout
        Of the array's scales.
    sqnr_db : array
        Of all channels or groups.
    row, column : int or None
        None stands for the whole line.
    """
    down = _lines(row, heat.block[0], heat.shape[0])
    across = _lines(column, heat.block[1], heat.shape[1])
    flat = (down[:, None] * heat.shape[1] + across).reshape(-1)
    rest, i = np.divmod(flat, layout.inner)
    o, m = np.divmod(rest, layout.middle)
    parts = np.unique(o * layout.step_outer + m // layout.size * layout.step_middle + i * layout.step_inner)
    return int(parts[worst(sqnr_db[parts])])


def _lines(place: int | None, block: int, length: int) -> Values:
    if place is None:
        return np.arange(length)
    first = min(max(place, 0), (length - 1) // block) * block
    return np.arange(first, min(first + block, length))


def place_of(
    heat: Blocks, shape: tuple[int, ...], granularity: Granularity, index: int
) -> tuple[int | None, int | None]:
    """Return the block, or the row or column of blocks, that a channel or group lies in; None where it crosses several.

    >>> heat = Blocks(np.zeros((4, 6)), "values", 0.0, 1.0, (4, 6), (1, 1))
    >>> place_of(heat, (4, 6), PerChannel(0), 2), place_of(heat, (4, 6), PerChannel(1), 2)
    ((2, None), (None, 2))
    """
    layout, _ = layout_of(shape, granularity)
    n = math.prod(part.stop - part.start for part in kernels.box(layout, index))
    ends = flat_index(layout, index, np.array([0, n - 1]))
    down, across = (ends // heat.shape[1]) // heat.block[0], (ends % heat.shape[1]) // heat.block[1]
    return (
        int(down[0]) if down[0] == down[1] else None,
        int(across[0]) if across[0] == across[1] else None,
    )
