"""One array as the rest of the house sees it: values that nobody can change, and a digest that names them.

Everything that is kept per data (ranges, histograms, reports) is kept by the digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

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
