"""What the cross shows: three matrices of integers, one chosen cell, and how its sum comes about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_NUMBERED = 10  # rows and columns; larger matrices are drawn as heat maps
MOST_LINES = 48  # of a heat map; more are drawn in blocks

Integers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Matrix:
    """One matrix of integers.

    Attributes
    ----------
    name : str
        "X", "W" or "X·W".
    remark : str
        Beside the name: type and scale, ready to be read.
    codes : 2-D integers
        What stands in the cells.
    centred : 2-D integers
        The same less their zero points, which decide on the colour.
    words : tuple of str
        What the pointer is told of each cell, in C order; empty for heat maps.
    """

    name: str
    remark: str
    codes: Integers
    centred: Integers
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Running:
    """The sum of a cell, term by term: equally long arrays.

    Attributes
    ----------
    row, column : int
    x, w : integers
        Centred codes of the row and of the column.
    x_zero, w_zero : integers
        The zero point of each.
    sums, exact : integers
        What the accumulator holds after each, and what one without end would.
    overflowed : bool array
        Where a product left the accumulator's range.
    bits : integers
        How many each exact sum takes.
    starts : tuple of int
        Where an accumulator begins at 0.
    finish : tuple of str
        What follows the last term, as ready strings with parts in bold.
    """

    row: int
    column: int
    x: Integers
    w: Integers
    x_zero: Integers
    w_zero: Integers
    sums: Integers
    exact: Integers
    overflowed: npt.NDArray[np.bool_]
    bits: Integers
    starts: tuple[int, ...]
    finish: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """All of it.

    Attributes
    ----------
    data_id : str
        Changes when the matrices do, so that a choice among older ones is void.
    x, w, product : Matrix
    row, column : int
        The chosen cell.
    sums : tuple of Running
        The chosen cell's first. Where all cells are there, the choice of another is answered at once.
    signed : bool
        Whether a sum may be negative at all; fixes the ruler.
    accumulator : (str, int)
        The one in use, by name and bits: "int16", 16.
    wraps : bool
        Whether it goes round where it ends, instead of staying there.
    """

    data_id: str
    x: Matrix
    w: Matrix
    product: Matrix
    row: int
    column: int
    sums: tuple[Running, ...]
    signed: bool
    accumulator: tuple[str, int]
    wraps: bool


def shrunk(values: Integers, most: int = MOST_LINES) -> tuple[npt.NDArray[Any], int, int]:
    """Return a matrix of at most `most` rows and columns, and how many rows and columns each cell stands for.

    Of each block stands the mean: of values of one sign the largest would be the same everywhere.

    Examples
    --------
    >>> blocks, by_row, by_column = shrunk(np.array([[1, -5, 2], [0, 3, 4]]), most=2)
    >>> blocks.tolist(), by_row, by_column
    ([[-2.0, 2.0], [1.5, 4.0]], 1, 2)
    """
    rows, columns = values.shape
    by_row, by_column = -(-rows // most), -(-columns // most)
    if by_row == by_column == 1:
        return values, 1, 1
    padded = np.full((-(-rows // by_row) * by_row, -(-columns // by_column) * by_column), np.nan)
    padded[:rows, :columns] = values
    blocks = padded.reshape(len(padded) // by_row, by_row, -1, by_column)
    return np.nanmean(blocks, axis=(1, 3)), by_row, by_column
