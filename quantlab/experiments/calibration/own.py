"""A visitor's array as batches: its rows pass in order, and some are kept from every observer to test their ranges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array, FileError, as_matrix
from quantlab.arrays.limits import shape_text
from quantlab.experiments.calibration.stream import BATCHES, Stream
from quantlab.numerals import count

F32 = NDArray[np.float32]
FEWEST = 10  # rows: eight to pass, two to test with
MOST_VALUES = 2**20
MOST_CHANNELS = 256
_KEPT_BACK = 5  # one row in so many
_LARGEST = np.float32(1e30)  # squares of larger values would leave float32
CUT = (
    "The first axis counts observations. Every fifth is kept back to test the ranges; the others pass in order, in "
    f"{BATCHES} equal batches, or one by one where they are fewer. A 1-D array is cut into stretches."
)
"""How an array is cut, as people read it."""


def of_array(array: Array) -> Stream:
    """Cut a visitor's array into batches along its first axis.

    Parameters
    ----------
    array : Array
        Leading axes of length 1 are dropped; further axes than two become channels of the second. At most 2^20 values
        and 256 channels are taken, the first ones.

    Returns
    -------
    Stream
        Of at most 32 batches, whose sizes differ by one row at most. Every fifth row is in `held` instead.

    Raises
    ------
    FileError
        If there are fewer than 10 rows.

    Examples
    --------
    >>> stream = of_array(Array.of(np.arange(100.0), "mine"))
    >>> len(stream.batches), stream.batches[0].ravel().tolist(), stream.held.ravel().tolist()[:3]
    (32, [0.0, 1.0, 2.0], [4.0, 9.0, 14.0])
    """
    values = array.values
    while values.ndim > 1 and len(values) == 1:
        values = values[0]
    rows = len(values) if values.ndim else 1
    if rows < FEWEST:
        raise FileError(
            f"Calibration needs at least {FEWEST} observations, the array's first axis, and this one of "
            f"{shape_text(array.values.shape) or 'no axis'} has {rows}; add some, or give its numbers as one list."
        )
    what = "values" if values.ndim == 1 else "rows"
    values = values.reshape(-1, 1) if values.ndim == 1 else values
    channels = min(MOST_CHANNELS, values[0].size)
    matrix, remark = as_matrix(values, (MOST_VALUES // channels, channels), rows="first", alone="column")
    if np.abs(matrix).max() > _LARGEST:
        matrix = np.clip(matrix, -_LARGEST, _LARGEST)
        remark = f"{remark} Values beyond ±10³⁰ count as ±10³⁰.".strip()
    kept = np.arange(len(matrix)) % _KEPT_BACK == _KEPT_BACK - 1
    held, seen = matrix[kept], matrix[~kept]
    batches = np.array_split(seen, min(BATCHES, len(seen)))
    return Stream(
        batches,
        held,
        "value of your array",
        None,
        held_as=f"the {count(len(held))} {what} kept back",
        cut=f"{count(len(seen))} of {count(len(matrix))} {what} pass in {len(batches)} batches of {_sizes(batches)}",
        remark=remark,
    )


def _sizes(batches: list[F32]) -> str:
    least, most = len(batches[-1]), len(batches[0])
    return count(most) if least == most else f"{count(least)} or {count(most)}"
