"""What a stranger's file may be: how large, of which types, and how it is refused.

Every reader of this room refuses with FileError, whose text is one sentence for the visitor, and with nothing else.
"""

from __future__ import annotations

import unicodedata
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MEGABYTE = 10**6
MAX_UPLOAD = 200 * MEGABYTE
MAX_TEXT = 50 * MEGABYTE
MAX_DIMENSIONS = 4
MAX_WHOLE = 2**53
LONGEST_NAME = 80
_BLOCK = 2**20


class FileError(ValueError):
    """A file that cannot be read; its text is the one sentence for the visitor."""


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    r"""Cut a stranger's text to one short line without control, direction or other invisible characters.

    It stays plain text: whoever shows it must not read it as Markdown or HTML.

    >>> plain("a\x00b\u202e  c\n"), plain("x" * 100, 5)
    ('ab c', 'xxxx…')
    """
    seen = "".join(" " if c.isspace() else c for c in text[:4096] if c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape, shortened where a header made it absurdly long.

    >>> shape_text((3, 4)), shape_text((7,))
    ('3 × 4', '7')
    """
    return plain(" × ".join(map(str, shape[:9])), 60)


def skip(stream: BinaryIO, size_bytes: int) -> int:
    """Read past up to `size_bytes`, in bounded memory, and return how many there were."""
    passed = 0
    while passed < size_bytes and (block := stream.read(min(_BLOCK, size_bytes - passed))):
        passed += len(block)
    return passed


def accept(values: NDArray[Any]) -> NDArray[Any]:
    """Return `values`, read-only, unless nothing in them can be quantized exactly.

    Raises
    ------
    FileError
        If there is no number, no finite number, or a whole number beyond 2^53.
    """
    if values.size == 0:
        raise FileError(f"The array holds no numbers (its shape is {shape_text(values.shape)}); choose one that does.")
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        lo, hi = int(values.min()), int(values.max())
        if lo < -MAX_WHOLE or hi > MAX_WHOLE:
            raise FileError(
                f"The array holds {hi if hi > MAX_WHOLE else lo}, and whole numbers beyond 2^53 lose digits as floats; "
                "save it as float64 if that is fine."
            )
    if values.dtype.kind == "f" and not _any_finite(values):
        what = "NaN" if np.isnan(values).all() else "NaN or infinite"
        raise FileError(f"All {values.size} values of the array are {what}; choose one that holds numbers.")
    values.flags.writeable = False
    return values


def _any_finite(values: NDArray[Any]) -> bool:
    flat = values.reshape(-1)
    return any(bool(np.isfinite(flat[start : start + _BLOCK]).any()) for start in range(0, flat.size, _BLOCK))
