"""An array as a table of numbers: folded to rows and columns, and with a visitor's edits in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quantlab.arrays import Array, FileError
from quantlab.arrays.limits import accept
from quantlab.grid import working_type
from quantlab.numerals import count

Values = np.ndarray[Any, np.dtype[Any]]
Row = Mapping[int, float | None]

MOST_EDITED = 400
MOST_ROWS, MOST_COLUMNS = 1_000, 50
_EDITED = "edited here"


def folded(values: Values) -> Values:
    """Return values as rows and columns, uncopied: one dimension becomes one column, of more the last stays.

    >>> folded(np.zeros(3)).shape, folded(np.zeros((2, 3))).shape, folded(np.zeros((2, 3, 4))).shape
    ((3, 1), (2, 3), (6, 4))
    """
    return values.reshape(-1, 1) if values.ndim == 1 else values.reshape(-1, values.shape[-1])


def folded_words(shape: tuple[int, ...]) -> str:
    """Say how `folded` laid out an array; "" where it is a table already."""
    if len(shape) < 3:
        return ""
    return f"The first {len(shape) - 1} axes are folded into rows."


def cut_words(shape: tuple[int, ...]) -> str:
    """Say what of a large array the table shows; "" where it shows all.

    >>> cut_words((2500, 4000)).replace(chr(0x202F), " ")
    'The first 1 000 of 2 500 rows and 50 of 4 000 columns; the .npy below has all.'
    """
    rows, columns = math.prod(shape[:-1] if len(shape) > 1 else shape), shape[-1] if len(shape) > 1 else 1
    parts = []
    if rows > MOST_ROWS:
        parts.append(f"{count(MOST_ROWS)} of {count(rows)} rows")
    if columns > MOST_COLUMNS:
        parts.append(f"{count(MOST_COLUMNS)} of {count(columns)} columns")
    return f"The first {' and '.join(parts)}; the .npy below has all." if parts else ""


def edited(array: Array, changed: Mapping[int, Row], added: Sequence[Row], deleted: Sequence[int]) -> Array:
    """Return an array with edits of its table.

    Parameters
    ----------
    array : Array
        At most 400 values.
    changed : mapping of row to (mapping of column to number)
        None becomes NaN.
    added : sequence of mappings of column to number
        A row counts once all its cells are filled.
    deleted : sequence of int
        Rows of `array`.

    Returns
    -------
    Array
        `array` itself where nothing has changed. Of the same type, or of one that holds the new numbers.

    Raises
    ------
    FileError
        If too many values, or none that can be quantized, would be left.

    Examples
    --------
    >>> array = Array.of(np.array([[1, 2], [3, 4]], np.int8), "a")
    >>> edited(array, {0: {1: 2.5}}, [{0: 5.0, 1: 6.0}, {0: 7.0}], [1]).values.tolist()
    [[1.0, 2.5], [5.0, 6.0]]
    """
    table = folded(array.values).astype(np.float64)
    for row, cells in changed.items():
        for column, value in cells.items():
            table[row, column] = np.nan if value is None else value
    table = np.delete(table, list(deleted), axis=0)
    full = [row for row in added if len(row) == table.shape[1] and all(value is not None for value in row.values())]
    if full:
        new = np.array([[row[column] for column in range(table.shape[1])] for row in full], np.float64)
        table = np.concatenate([table, new])
    if table.size > MOST_EDITED:
        raise FileError(
            f"The table takes up to {MOST_EDITED} values, this makes {table.size}; upload larger arrays as a file."
        )
    values = _typed(table, array.values.dtype).reshape(-1, *array.values.shape[1:])
    before = array.values
    if values.dtype == before.dtype and values.shape == before.shape and np.array_equal(values, before, equal_nan=True):
        return array
    remark = array.remark if _EDITED in array.remark else ", ".join(filter(None, [array.remark, _EDITED]))
    return Array.of(accept(values), array.name, remark)


def _typed(table: Values, dtype: np.dtype[Any]) -> Values:
    """Return the table in the first of its old type, its working type and float64 that holds it."""
    exact = dtype.kind in "iub"
    for candidate in (dtype, working_type(dtype)):
        with np.errstate(over="ignore", invalid="ignore"):
            values: Values = table.astype(candidate)
            back = values.astype(np.float64)
        if np.array_equal(back, table, equal_nan=True) if exact and candidate == dtype else _holds(back, table):
            return values
    return table


def _holds(back: Values, table: Values) -> bool:
    return bool((np.isinf(back) == np.isinf(table)).all())
