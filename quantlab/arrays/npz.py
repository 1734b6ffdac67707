"""Strangers' `.npz`: everything that the list of members claims is checked before one of them is opened.

Names in the archive are labels to choose by; nothing is ever written, and no path is followed.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray

from quantlab.arrays.limits import MAX_UPLOAD, MEGABYTE, FileError, plain
from quantlab.arrays.npy import MAX_HEADER, read_array, read_header
from quantlab.numerals import size_text

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS = 1000
MAX_UNPACKED = 1_000 * MEGABYTE
MAX_DIRECTORY = MEGABYTE
# Deflate cannot pack more than 1032 to 1, so whoever claims more lies about one of the two sizes.
MAX_RATIO = 1100
_END = struct.Struct("<4s4H2LH")
_LOCATOR_BYTES = 20
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    LookupError,
    ValueError,
)


@dataclass(frozen=True)
class Member:
    """One array of a `.npz`.

    Attributes
    ----------
    name : str
        To choose by; unique within the file.
    shape : tuple of int
    dtype : str
        As NumPy names it.
    size_bytes : int
        Of its numbers, unpacked.
    problem : str
        Empty, or the sentence with which `read` would refuse it; shape and dtype are empty then.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    size_bytes: int
    problem: str = ""


def list_members(stream: BinaryIO, size: int) -> list[Member]:
    """List the arrays of a `.npz` by their headers.

    Parameters
    ----------
    stream : seekable binary stream
    size : int
        Bytes in it.

    Raises
    ------
    FileError
        If the archive as a whole is refused, or holds no array.
    """
    with _intact(), _archive(stream, size) as archive:
        return [_member(archive, name, entry) for name, entry in _arrays(archive).items()]


def read_member(stream: BinaryIO, size: int, name: str | None) -> tuple[str, NDArray[Any], str]:
    """Read one array of a `.npz`; without a name the first that can be read.

    Returns
    -------
    name : str
    values : array
    remark : str

    Raises
    ------
    FileError
    """
    with _intact(), _archive(stream, size) as archive:
        arrays = _arrays(archive)
        remarks = []
        if name is None:
            listed = [_member(archive, each, entry) for each, entry in arrays.items()]
            name = next((member.name for member in listed if not member.problem), listed[0].name)
            if len(arrays) > 1:
                remarks.append(f"{name}, one of {len(arrays)} arrays")
        elif name not in arrays:
            raise FileError(f"The file holds no array named {plain(name, 40)!r}; choose one of its {len(arrays)}.")
        entry = arrays[name]
        with _opened(archive, entry) as opened:
            values, remark = read_array(opened, entry.file_size)
        return name, values, ", ".join([*remarks, remark] if remark else remarks)


@contextmanager
def _intact() -> Iterator[None]:
    try:
        yield
    except FileError:
        raise
    except _BROKEN as error:
        raise FileError("The .npz is damaged and cannot be unpacked; save and upload it again.") from error


def _archive(stream: BinaryIO, size: int) -> zipfile.ZipFile:
    # zipfile reads the whole list of members into memory, so the list's own claim comes first.
    reach = min(size, _END.size + 2**16)
    stream.seek(size - reach)
    tail = stream.read(reach)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > len(tail):
        raise FileError("The .npz has no list of members at its end; it is cut off, so save and upload it again.")
    _, disk, first_disk, _, count, directory_bytes, _, comment_bytes = _END.unpack_from(tail, place)
    if place + _END.size + comment_bytes != len(tail) or disk or first_disk:
        raise FileError("The .npz does not end with its list of members; save and upload it again.")
    if count > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY:
        raise FileError(f"The .npz lists more than {MAX_MEMBERS} members; save fewer arrays in one file.")
    if tail[max(0, place - _LOCATOR_BYTES) : place].startswith(b"PK\x06\x07"):
        # It would replace the numbers that were just checked, and no file within the limit needs it.
        raise FileError("The .npz has the layout for archives above 4 GB; save it again with numpy.savez.")
    stream.seek(0)
    return zipfile.ZipFile(stream)


def _arrays(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    if len(names) > MAX_MEMBERS:
        raise FileError(
            f"The .npz holds {len(names)} members, the limit is {MAX_MEMBERS}; save fewer arrays in one file."
        )
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise FileError(f"The .npz holds two members named {plain(twice, 40)!r}; give each array its own name.")
    for entry in entries:
        _check(entry)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED:
        raise FileError(
            f"The .npz unpacks to {size_text(unpacked)}, the limit is {size_text(MAX_UNPACKED)}; save fewer arrays."
        )
    if "[Content_Types].xml" in names:
        raise FileError("The file is an Office document; export the sheet as CSV and upload that.")
    arrays: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if entry.filename.endswith(".npy"):
            # Two names may differ in invisible characters only.
            label = plain(entry.filename.removesuffix(".npy")) or "unnamed"
            number = next(n for n in range(1, MAX_MEMBERS + 2) if _numbered(label, n) not in arrays)
            arrays[_numbered(label, number)] = entry
    if not arrays:
        raise FileError("The archive holds no .npy array; save one with numpy.savez.")
    return arrays


def _numbered(label: str, number: int) -> str:
    return label if number == 1 else f"{label} ({number})"


def _check(entry: zipfile.ZipInfo) -> None:
    name = plain(entry.orig_filename, 40)
    # zipfile itself cuts names at a NUL, so the name as it was written is looked at too.
    written = entry.orig_filename.replace("\\", "/")
    if "\0" in written or written.startswith("/") or ".." in written.split("/") or re.match(r"[A-Za-z]:", written):
        raise FileError(f"The .npz names a member {name!r}, which points out of it; save it again with numpy.savez.")
    if entry.flag_bits & 0x1:
        raise FileError(f"The member {name!r} is encrypted; save it without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"The member {name!r} is packed in a way that NumPy does not use; save it with numpy.savez.")
    if entry.filename.lower().endswith((".zip", ".npz")):
        raise FileError(f"The .npz holds another archive, {name!r}; unpack it and upload that one.")
    if entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        raise FileError(
            f"The member {name!r} claims to unpack {size_text(entry.compress_size)} to {size_text(entry.file_size)}, "
            "which no real array does; save it again with numpy.savez."
        )


def _member(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo) -> Member:
    try:
        with _intact(), _opened(archive, entry) as opened:
            header = read_header(opened)
    except FileError as error:
        return Member(name, (), "", entry.file_size, str(error))
    return Member(name, header.shape, header.dtype.newbyteorder("=").name, header.claim)


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    if entry.file_size > MAX_UPLOAD + MAX_HEADER:
        raise FileError(
            f"The array takes {size_text(entry.file_size)}, the limit is {size_text(MAX_UPLOAD)}; save a part of it."
        )
    return cast(BinaryIO, archive.open(entry))
