"""Arrays from strangers' files: what a file is, its first bytes say; its name only helps to say it.

Everything is refused with FileError, one sentence for the visitor. Nothing is unpickled, executed or written.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from quantlab.arrays import npy, npz
from quantlab.arrays.array import Array
from quantlab.arrays.limits import MAX_TEXT, MAX_UPLOAD, FileError, plain
from quantlab.arrays.npz import Member
from quantlab.arrays.text import read_table, require_text
from quantlab.numerals import size_text

__all__ = ["FileError", "Member", "members", "parse_text", "read"]

_FOREIGN = (
    (b"\x1f\x8b", "is packed with gzip; unpack it and upload what is inside"),
    (b"\x89HDF", "is HDF5; save the array with numpy.save"),
    (b"PAR1", "is Parquet; save the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old Office document; export the sheet as CSV"),
    (b"%PDF", "is a PDF; upload the numbers as CSV"),
    (b"\x89PNG", "is a picture; save its pixels with numpy.save"),
    (b"\xff\xd8\xff", "is a picture; save its pixels with numpy.save"),
    (b"BZh", "is packed with bzip2; unpack it and upload what is inside"),
    (b"\xfd7zXZ", "is packed with xz; unpack it and upload what is inside"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_ROW = re.compile(r"\[([^\[\]]*)\]")


def read(name: str, data: bytes | BinaryIO, *, member: str | None = None) -> Array:
    r"""Read an array from a `.npy`, `.npz` or text file.

    Parameters
    ----------
    name : str
        As the visitor's browser gave it; shown as plain text, never used as a path.
    data : bytes or seekable binary stream
        The whole file, up to 200 MB (text: 50 MB).
    member : str, optional
        Which array of a `.npz`, by a name from `members`; without it the first that can be read.

    Returns
    -------
    Array
        `.npy` and `.npz` in the file's own dtype; text in float32, or float64 where float32 cannot hold it.
        One to four dimensions, at least one finite value.

    Raises
    ------
    FileError
        Whatever is wrong with the file, in one sentence.

    Examples
    --------
    >>> array = read("a.csv", b"x;y\n0,5;1\n2;3\n")
    >>> array.values.tolist(), array.remark
    ([[0.5, 1.0], [2.0, 3.0]], 'semicolon-separated, decimal comma, first row is a header')
    """
    stream, size = _opened(data)
    label, ending = _label(name), name.lower().rpartition(".")[2]
    kind = _kind(stream, ending)
    if kind == "npy":
        values, remark = npy.read_array(stream, size)
    elif kind == "npz":
        inner, values, remark = npz.read_member(stream, size, member)
        label = f"{label}: {inner}"
    else:
        if size > MAX_TEXT:
            raise FileError(f"The text takes {size_text(size)}, the limit is {size_text(MAX_TEXT)}; save it as .npy.")
        values, remark = read_table(stream.read(MAX_TEXT + 1))
    if kind != "text" and ending != kind:
        remark = ", ".join(filter(None, (f"a .{kind} by its content", remark)))
    return Array.of(values, label, remark)


def text_of(name: str, data: bytes | BinaryIO, most_bytes: int) -> tuple[str, bytes]:
    r"""Return the label and the bytes of a file that is text, without UTF-8's mark.

    Parameters
    ----------
    name : str
        As the visitor's browser gave it.
    data : bytes or seekable binary stream
    most_bytes : int
        Looked at before anything is read.

    Raises
    ------
    FileError
        If it is larger, or no text.

    Examples
    --------
    >>> text_of("folder/a.csv", b"x,y\n1,2\n", 1_000)
    ('a.csv', b'x,y\n1,2\n')
    """
    stream, size = _opened(data)
    kind = _kind(stream, name.lower().rpartition(".")[2])
    if kind != "text":
        raise FileError(f"The file is an array (.{kind}) and names no columns; save it as a table, CSV.")
    if size > most_bytes:
        raise FileError(f"The table takes {size_text(size)}, the limit is {size_text(most_bytes)}; save a part of it.")
    text = stream.read(most_bytes + 1)
    require_text(text)
    return _label(name), text.removeprefix(b"\xef\xbb\xbf")


def members(name: str, data: bytes | BinaryIO) -> list[Member]:
    """List the arrays of a `.npz`, in the file's order, by their headers alone.

    Raises
    ------
    FileError
        If the file as a whole cannot be read, or is no `.npz`. What is wrong with one array stands in its `problem`.

    Examples
    --------
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, weight=np.zeros((2, 3), np.float32))
    >>> members("layer.npz", file)
    [Member(name='weight', shape=(2, 3), dtype='float32', size_bytes=24, problem='')]
    """
    stream, size = _opened(data)
    if _kind(stream, name.lower().rpartition(".")[2]) != "npz":
        raise FileError("The file is no .npz and holds one array at most; read it as it is.")
    return npz.list_members(stream, size)


def parse_text(text: str, name: str = "pasted numbers") -> Array:
    """Read numbers that were typed or pasted: a table as in a file, or lists as Python and NumPy print them.

    Parameters
    ----------
    text : str
        At most 50 MB; where there are brackets, each innermost pair is a row.
    name : str

    Raises
    ------
    FileError

    Examples
    --------
    >>> parse_text("[[1, 2], [3, 4.5]]").values.tolist()
    [[1.0, 2.0], [3.0, 4.5]]
    >>> parse_text("0.5 −2").values.tolist()
    [0.5, -2.0]
    """
    rows = _ROW.findall(text)
    if rows:
        text = "\n".join(" ".join(row.split()).strip(", ") for row in rows)
    # Lone surrogates can be typed into a text field, though not written as UTF-8.
    data = text.encode("utf-8", "replace")
    if not data.strip():
        raise FileError("There are no numbers yet; type or paste some.")
    values, remark = read_table(data)
    return Array.of(values, _label(name), remark)


def _opened(data: bytes | BinaryIO) -> tuple[BinaryIO, int]:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if size > MAX_UPLOAD:
        raise FileError(f"The file takes {size_text(size)}, the limit is {size_text(MAX_UPLOAD)}; save a part of it.")
    if size == 0:
        raise FileError("The file is empty; choose another.")
    return stream, size


def _kind(stream: BinaryIO, ending: str) -> str:
    start = stream.read(8)
    stream.seek(0)
    if start.startswith(npy.MAGIC):
        return "npy"
    if start.startswith(npz.MAGICS):
        return "npz"
    if _PICKLE.match(start):
        raise FileError("The file is a pickle, which could run code and is never opened; use numpy.save instead.")
    foreign = next((why for magic, why in _FOREIGN if start.startswith(magic)), None)
    if foreign:
        raise FileError(f"The file {foreign}.")
    if ending in ("npy", "npz"):
        raise FileError(f"The file is named .{ending} but does not begin like one; save it again with numpy.save.")
    return "text"


def _label(name: str) -> str:
    return plain(name.replace("\\", "/").rpartition("/")[2]) or "upload"
