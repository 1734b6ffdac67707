"""Strangers' tables of numbers: what is found in the first lines decides how the whole is read.

Read block by block into one array that was measured before, so that a file takes little more memory than its numbers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays.dialect import MISSING, Dialect, clean, find_dialect, is_number
from quantlab.arrays.limits import MAX_TEXT, FileError, accept, plain
from quantlab.numerals import size_text

_BLOCK = 2**20
_SAMPLE, _LONG_SAMPLE = 2**16, 2**20
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]")
_NEWLINE = ord("\n")
_QUOTE = ord('"')
_SPACE = ord(" ")
# Stands between cells for the parser, and cannot occur: control characters are refused.
_NOWHERE = "\x01"
F = NDArray[np.floating[Any]]


def read_table(data: bytes) -> tuple[F, str]:
    r"""Read a table of numbers from text.

    Text becomes float32, as typed numbers rarely carry more; where one of them lies outside float32's range, float64.
    A single row or column becomes one dimension, everything else two.

    Parameters
    ----------
    data : bytes
        UTF-8 with or without its mark, or another encoding that keeps ASCII.

    Returns
    -------
    values : float32 or float64 array, read-only
    remark : str
        How it was read, in words.

    Raises
    ------
    FileError

    Examples
    --------
    >>> values, remark = read_table(b"name;a;b\nx;1,5;2\ny;3;4,25\n")
    >>> values.tolist(), remark
    ([[1.5, 2.0], [3.0, 4.25]], 'semicolon-separated, decimal comma, first row is a header, first column is an index')
    """
    if len(data) > MAX_TEXT:
        raise FileError(f"The text takes {size_text(len(data))}, the limit is {size_text(MAX_TEXT)}; save it as .npy.")
    require_text(data)
    dialect = _dialect(data)
    rows = sum(block.rows for block in _blocks(data, dialect))
    if rows == 0:
        raise FileError("The file holds no numbers below its header; choose one that does.")
    values, missing = _filled(data, dialect, rows, np.float32)
    if values is None:
        values, missing = _filled(data, dialect, rows, np.float64)
    assert values is not None
    remarks = [dialect.words]
    if missing:
        remarks.append(f"{missing} cell{'s' if missing > 1 else ''} without a number read as NaN")
    if values.dtype == np.float64:
        remarks.append("float64, since float32 cannot hold every value")
    return accept(values.reshape(-1) if 1 in values.shape else values), ", ".join(filter(None, remarks))


def require_text(data: bytes) -> None:
    """Refuse what is no text in UTF-8 or another encoding that keeps ASCII.

    Raises
    ------
    FileError
    """
    if data.startswith(_MARKS_16):
        raise FileError("The text is in UTF-16; save it as UTF-8 (in Excel: CSV UTF-8).")
    if b"\0" in data:
        raise FileError("The file holds NUL bytes, so it is UTF-16 or no text at all; save it as UTF-8.")
    if _CONTROL.search(data):
        raise FileError("The file holds control characters, so it is no table of numbers; save it as CSV.")


def _dialect(data: bytes) -> Dialect:
    start = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
    for reach in (_SAMPLE, _LONG_SAMPLE):
        cut = len(data) - start > reach
        lines = _lines(data[start : start + reach])
        if len(lines) > 2 or not cut:
            break
    if not lines:
        if cut:
            raise FileError("The file begins with more than 1 MB of blank lines and comments; remove them.")
        raise FileError("The file holds no numbers; choose one that does.")
    if not cut:
        return find_dialect(lines, cut=False)
    if len(lines) > 1:
        return find_dialect(lines[:-1], cut=False)
    # One line, longer than any sample: the notation is found in its beginning, and its cells are counted.
    dialect = find_dialect([lines[0][:_SAMPLE]], cut=True)
    line = next(line for line in clean(data[start:]).split(b"\n") if line).strip()
    delimiter = dialect.delimiter.encode()
    trailing = delimiter.strip() != b"" and line.endswith(delimiter)
    count = len(line.split()) if delimiter == b" " else line.count(delimiter) + 1 - trailing if delimiter else 1
    return replace(dialect, columns=count - dialect.index, trailing=trailing)


def _lines(part: bytes) -> list[str]:
    return [line for line in clean(part).decode("utf-8", "replace").split("\n") if line]


@dataclass(frozen=True)
class _Block:
    """Some lines of the file, one cell a line, without header and index; `lines` are the rows' line numbers."""

    cells: bytes
    lines: NDArray[np.int64]

    @property
    def rows(self) -> int:
        return len(self.lines)


def _filled(data: bytes, dialect: Dialect, rows: int, dtype: type[np.floating[Any]]) -> tuple[F | None, int]:
    """Parse into a new array; None where float32 was asked for and is too narrow."""
    values = np.empty(rows * dialect.columns, dtype)
    place = missing = 0
    for block in _blocks(data, dialect):
        first = 0
        for piece in _pieces(block.cells):
            parsed = _parsed(piece, first, block, dialect)
            with np.errstate(over="ignore", under="ignore"):
                held = parsed.astype(dtype)
            if dtype is np.float32 and not _same_kind(held, parsed):
                return None, 0
            missing += int(np.isnan(held).sum())
            values[place : place + held.size] = held
            place += held.size
            first += held.size
    return values.reshape(rows, dialect.columns), missing


def _pieces(cells: bytes) -> Iterator[bytes]:
    # A block is a single line where that is long, and the parser takes several times the memory of what it parses.
    place = 0
    while place < len(cells):
        end = cells.find(b"\n", place + _BLOCK) + 1 or len(cells)
        yield cells[place:end]
        place = end


def _same_kind(held: F, parsed: F) -> bool:
    return bool(((held == 0) == (parsed == 0)).all() and (np.isinf(held) == np.isinf(parsed)).all())


def _parsed(piece: bytes, first: int, block: _Block, dialect: Dialect) -> F:
    """Parse some of a block's cells, of which `first` stand before."""
    import pandas as pd

    try:
        column = pd.read_csv(
            io.BytesIO(piece),
            sep=_NOWHERE,
            header=None,
            names=[0],
            index_col=False,
            dtype=np.float64,
            decimal=dialect.decimal,
            thousands=dialect.thousands or None,
            na_values=list(MISSING),
            skipinitialspace=True,
            skip_blank_lines=False,
            encoding="latin-1",
            engine="c",
        )[0]
    except (ValueError, OverflowError) as error:
        raise _textual(piece, first, block, dialect) from error
    if column.size != piece.count(b"\n"):
        raise _textual(piece, first, block, dialect)
    parsed: F = column.to_numpy()
    return parsed


def _textual(piece: bytes, first: int, block: _Block, dialect: Dialect) -> FileError:
    """Find the first cell that is no number."""
    for place, cell in enumerate(piece.decode("utf-8", "replace").split("\n"), first):
        content = cell.strip().strip('"').strip()
        if not is_number(content, dialect.decimal, dialect.thousands):
            line, column = block.lines[place // dialect.columns], place % dialect.columns + 1 + dialect.index
            return FileError(
                f"Line {line}, column {column} holds {plain(content, 24)!r}, which is not a number; correct it."
            )
    return FileError(f"The numbers from line {block.lines[0]} on cannot be read; save them as plain CSV.")


def _blocks(data: bytes, dialect: Dialect) -> Iterator[_Block]:
    """Yield the file in blocks of whole lines, each checked to have as many cells in every row as the first."""
    newline = b"\n" if b"\n" in data else b"\r"
    place = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
    line, header = 1, dialect.header
    while place < len(data):
        end = len(data)
        if end - place > _BLOCK:
            end = data.rfind(newline, place, place + _BLOCK) + 1 or data.find(newline, place) + 1 or end
        text = clean(data[place:end])
        place = end
        if not text.endswith(b"\n"):
            text += b"\n"
        lines = text.count(b"\n")
        if header:
            # The first line with anything in it; a block may hold only comments.
            body = text.lstrip(b"\n")
            if body:
                above = len(text) - len(body)
                text = text[:above] + body[body.index(b"\n") :]
                header = False
        block = _cells(text, line, dialect)
        line += lines
        if block.rows:
            yield block


def _cells(text: bytes, first_line: int, dialect: Dialect) -> _Block:
    if dialect.trailing:
        text = re.sub(re.escape(dialect.delimiter.encode()) + rb" *\n", b"\n", text)
    if dialect.delimiter == " ":
        text = _collapsed(text)
    buffer = np.frombuffer(text, np.uint8)
    is_delimiter = buffer == ord(dialect.delimiter or _NOWHERE)
    ends = np.flatnonzero(buffer == _NEWLINE)
    if b'"' in text:
        quoted = np.logical_xor.accumulate(buffer == _QUOTE)
        if quoted[ends].any():
            bad = first_line + int(quoted[ends].argmax())
            raise FileError(f"Line {bad} opens a quotation mark that it does not close; close or remove it.")
        is_delimiter &= ~quoted
    starts = np.concatenate(([0], ends[:-1] + 1))
    counts = np.add.reduceat(is_delimiter, starts, dtype=np.int64) + 1
    filled = ends > starts
    expected = dialect.columns + dialect.index
    ragged = np.flatnonzero(filled & (counts != expected))
    if ragged.size:
        found = int(counts[ragged[0]])
        raise FileError(
            f"Line {first_line + ragged[0]} has {found} cell{'s' if found > 1 else ''} where others have {expected}; "
            "give every row as many."
        )
    cells = buffer.copy()
    cells[is_delimiter] = _NEWLINE
    keep = np.repeat(filled, ends - starts + 1)
    if dialect.index:
        # From each row's start to its first delimiter: +1 where the label begins, −1 behind it.
        marks = np.flatnonzero(is_delimiter)
        change = np.zeros(len(buffer) + 1, np.int8)
        change[starts[filled]] = 1
        change[marks[np.searchsorted(marks, starts[filled])] + 1] = -1
        keep &= np.cumsum(change[:-1], dtype=np.int8) == 0
    return _Block(cells[keep].tobytes(), first_line + np.flatnonzero(filled))


def _collapsed(text: bytes) -> bytes:
    """Leave one space between cells and none around a line."""
    text = text.replace(b"\t", b" ")
    buffer, before = np.frombuffer(text, np.uint8), np.frombuffer(b"\n" + text, np.uint8)[:-1]
    kept = buffer[(buffer != _SPACE) | ((before != _SPACE) & (before != _NEWLINE))]
    collapsed: bytes = kept.tobytes()
    return collapsed.replace(b" \n", b"\n")
