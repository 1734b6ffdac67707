"""Strangers' `.npy`: the header is read first and held against the bytes that are there; then memory is taken.

The header is matched as text, never evaluated, and pickled objects are never opened. The format is NumPy's NEP 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays.limits import MAX_DIMENSIONS, MAX_UPLOAD, FileError, accept, plain, shape_text, skip
from quantlab.numerals import size_text

MAGIC = b"\x93NUMPY"
MAX_HEADER = 2**16
_BLOCK = 2**20

_ENTRY = re.compile(
    r"""\s*(?P<q>['"])(?P<key>descr|fortran_order|shape)(?P=q)\s*:\s*
    (?:(?P<t>['"])(?P<text>[^'"]*)(?P=t)|(?P<flag>True|False)|\((?P<shape>[-+0-9L,\s]*)\)|(?P<fields>\[.*\]))\s*,?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LENGTH = re.compile(r"\s*-?[0-9]{1,19}L?\s*", re.ASCII)
_NUMBER = re.compile(r"([<>=|]?)(b1|[iu][1248]|f[248])", re.ASCII)
_REFUSED = {
    "O": "pickled Python objects, which could run code and are never opened; save plain numbers",
    "S": "text; convert it to numbers",
    "a": "text; convert it to numbers",
    "U": "text; convert it to numbers",
    "T": "text; convert it to numbers",
    "c": "complex numbers; save real and imaginary part as two arrays",
    "m": "time differences; convert them to numbers",
    "M": "dates; convert them to numbers",
    "V": "bytes without a number type (bfloat16 and float8 are saved so); save them as float32",
    "f": "a float type other than 16, 32 or 64 bits; save it as float32 or float64",
    "g": "long doubles, which differ between machines; save them as float64",
}


@dataclass(frozen=True)
class Header:
    """What a `.npy` says of itself: dtype, shape, order, and where its numbers begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    size_bytes: int

    @property
    def claim(self) -> int:
        """Bytes of numbers that must follow."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: BinaryIO) -> Header:
    """Read the header and leave the stream at the first number.

    Takes at most `MAX_HEADER` bytes. That what it claims is there and within the limit, `read_array` checks.

    Raises
    ------
    FileError
        If it is not the header of a non-empty array of up to four dimensions of plain real numbers.
    """
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise FileError("The array does not begin like a .npy; save it again with numpy.save.")
    version = start[6], start[7]
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise FileError(f"The array has .npy version {version[0]}.{version[1]}, known are 1.0 to 3.0; save it again.")
    width = 2 if version == (1, 0) else 4
    field = stream.read(width)
    length = int.from_bytes(field, "little")
    if length > MAX_HEADER:
        raise FileError(
            f"The array's header claims {size_text(length)}, at most {size_text(MAX_HEADER)} are read; "
            "save a plain array."
        )
    text = stream.read(length)
    if len(field) < width or len(text) < length:
        raise FileError("The file ends within the array's header; it is cut off, so save and upload it again.")
    return _header(text.decode("latin-1"), len(start) + width + length)


def read_array(stream: BinaryIO, available: int) -> tuple[NDArray[Any], str]:
    """Read one array, C-contiguous, read-only, in this machine's byte order.

    Parameters
    ----------
    stream : binary stream
        At the beginning of the `.npy`.
    available : int
        Bytes from there to the end; no more is taken than these and the limit allow.

    Returns
    -------
    values : array
        In the file's own dtype.
    remark : str
        What was unusual, in words; otherwise empty.

    Raises
    ------
    FileError
    """
    header = read_header(stream)
    there = available - header.size_bytes
    if header.claim > there:
        raise FileError(
            f"The array's header claims {size_text(header.claim)} of numbers ({shape_text(header.shape)}), "
            f"but {size_text(there) if there > 0 else 'nothing'} follows; it is cut off, so save and upload it again."
        )
    if header.claim > MAX_UPLOAD:
        raise FileError(
            f"The array takes {size_text(header.claim)} ({shape_text(header.shape)}), "
            f"the limit is {size_text(MAX_UPLOAD)}; save a part of it."
        )
    raw = np.empty(header.claim, np.uint8)
    _fill(stream, raw)
    # Draining is what makes a zip check the checksum of its member.
    rest = skip(stream, there - header.claim)
    remarks = [f"{size_text(rest)} after the array left unread"] if rest else []
    if header.dtype.kind == "b":
        # A byte other than 0 and 1 is no Boolean for NumPy's loops.
        flat: NDArray[Any] = raw != 0
    else:
        flat = raw.view(header.dtype)
        if not header.dtype.isnative:
            flat = flat.byteswap(inplace=True).view(header.dtype.newbyteorder("="))
            remarks.append("byte order swapped")
    if header.fortran_order and len(header.shape) > 1:
        values = np.ascontiguousarray(flat.reshape(header.shape[::-1]).T)
    else:
        values = flat.reshape(header.shape)
    return accept(values), ", ".join(remarks)


def _fill(stream: BinaryIO, raw: NDArray[np.uint8]) -> None:
    filled = 0
    while filled < raw.size:
        block = stream.read(min(_BLOCK, raw.size - filled))
        if not block:
            raise FileError("The array ends before its last number; it is cut off, so save and upload it again.")
        raw[filled : filled + len(block)] = np.frombuffer(block, np.uint8)
        filled += len(block)


def _header(text: str, size_bytes: int) -> Header:
    broken = FileError("The array's header cannot be read; save it again with numpy.save.")
    body = text.strip(" \n\0")
    if not (body.startswith("{") and body.endswith("}")):
        raise broken
    entries: dict[str, re.Match[str]] = {}
    place = 1
    while entry := _ENTRY.match(body, place):
        entries[entry["key"]] = entry
        place = entry.end()
    if body[place:].strip() != "}" or set(entries) != {"descr", "fortran_order", "shape"}:
        raise broken
    if entries["descr"]["fields"] is not None:
        raise FileError("The array holds records with named fields; save one field as a plain array.")
    descr, flag, lengths = entries["descr"]["text"], entries["fortran_order"]["flag"], entries["shape"]["shape"]
    if descr is None or flag is None or lengths is None:
        raise broken
    return Header(_dtype(descr), _shape(lengths), flag == "True", size_bytes)


def _dtype(descr: str) -> np.dtype[Any]:
    if _NUMBER.fullmatch(descr):
        return np.dtype(descr)
    kind = descr.lstrip("<>=|")[:1]
    why = _REFUSED.get(kind, "a type that is not known here; save it as float32")
    raise FileError(f"The array's type {plain(descr, 24)!r} means {why}.")


def _shape(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not parts[-1].strip():
        del parts[-1]
    if not parts:
        raise FileError("The array is a single number without dimensions; save at least a list of them.")
    if len(parts) > MAX_DIMENSIONS:
        raise FileError(f"The array has {len(parts)} dimensions, at most {MAX_DIMENSIONS} are read; reshape it.")
    wrong = next((part for part in parts if not _LENGTH.fullmatch(part)), None)
    if wrong is not None:
        raise FileError(f"The array's header claims a length of {plain(wrong, 24)!r}; save it again with numpy.save.")
    shape = tuple(int(part.strip().rstrip("L")) for part in parts)
    if min(shape) < 0:
        raise FileError(f"The array's header claims the negative length {min(shape)}; save it again with numpy.save.")
    if min(shape) == 0:
        raise FileError(f"The array holds no numbers (its shape is {shape_text(shape)}); choose one that does.")
    return shape
