"""One array as the rest of the house sees it: values that nobody can change, and a digest that names them.

Everything that is kept per data (ranges, histograms, reports) is kept by the digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Array:
    """Values with a name; made by `Array.of`.

    Attributes
    ----------
    values : array
        Read-only and C-contiguous.
    name : str
        Plain text for the page; where it came from a file, without path and control characters.
    digest : str
        32 hexadecimal digits, equal exactly where dtype, shape and every byte are.
    remark : str
        How the values were read, in words; empty where there is nothing to say.
    """

    values: NDArray[Any]
    name: str
    digest: str
    remark: str = ""

    @classmethod
    def of(cls, values: NDArray[Any], name: str, remark: str = "") -> Array:
        """Freeze `values`, copying them unless they are read-only and C-contiguous already.

        Parameters
        ----------
        values : array
            Any shape, order and numeric dtype.
        name, remark : str

        Examples
        --------
        >>> array = Array.of(np.zeros((2, 3), np.float32), "zeros")
        >>> array.values.flags.writeable, array.digest
        (False, 'e6c2baadaf68d7998d16608a2a55b9cf')
        """
        frozen = np.ascontiguousarray(values).reshape(np.shape(values))
        if frozen.flags.writeable:
            # Whoever still holds the original may write to it, and the digest would then name other values.
            frozen = frozen.copy() if np.shares_memory(frozen, values) else frozen
            frozen.flags.writeable = False
        return cls(frozen, name, _digest(frozen), remark)


def _digest(values: NDArray[Any]) -> str:
    digest = hashlib.blake2b(f"{values.dtype.str}{values.shape}".encode(), digest_size=16)
    digest.update(values.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def as_matrix(
    values: NDArray[Any],
    most: tuple[int, int],
    *,
    rows: Literal["first", "all but last"],
    alone: Literal["row", "column"],
) -> tuple[NDArray[np.float32], str]:
    """Return any array as a finite float32 matrix, and what was done to get there.

    Parameters
    ----------
    values : array of any rank
    most : (int, int)
        Rows and columns; what goes beyond is cut.
    rows : {"first", "all but last"}
        Which axes of more than two become the rows: the first, as the outputs of a convolution's weights, or all others
        than the last, as the tokens of a batch.
    alone : {"row", "column"}
        What a single axis, or none, becomes.

    Returns
    -------
    matrix : float32 array, new
        NaN and infinities are 0, numbers beyond float32 its largest.
    remark : str
        A sentence for each thing that was done; empty where nothing was.

    Examples
    --------
    >>> as_matrix(np.ones((2, 3, 4)), (9, 9), rows="first", alone="row")[1]
    'An array of shape (2, 3, 4) is taken as 2 × 12. Of 2 × 12 the page takes the first 2 × 9.'
    """
    said, shape = [], values.shape
    if values.ndim < 2:
        matrix = values.reshape((-1, 1) if alone == "column" else (1, -1))
    else:
        matrix = values.reshape((shape[0], -1) if rows == "first" else (-1, shape[-1]))
    if values.ndim != 2:
        said.append(f"An array of shape {shape} is taken as {matrix.shape[0]} × {matrix.shape[1]}.")
    cut = matrix[: most[0], : most[1]]
    if cut.shape != matrix.shape:
        said.append(
            f"Of {matrix.shape[0]} × {matrix.shape[1]} the page takes the first {cut.shape[0]} × {cut.shape[1]}."
        )
    wide = cut.astype(np.float64)
    largest = float(np.finfo(np.float32).max)
    held: NDArray[np.float32] = np.clip(wide, -largest, largest).astype(np.float32)
    bad = ~np.isfinite(wide)
    if bad.any():
        held[bad] = 0
        said.append(f"{int(bad.sum())} of its values are NaN or infinite and count as 0.")
    return held, " ".join(said)
