"""How a table of numbers is written: delimiter, decimal sign, header, index; found in its first lines.

A guess is kept only where the numbers bear it out, and is told to the visitor in words.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

MAX_CELL = 400
_SAMPLE_LINES = 100
_SAMPLE_CELLS = 1000

_BLANKS = ("", "-", "--", "?", "na", "NA", "n/a", "N/A", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "<NA>")
_EXCEL_ERRORS = ("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")
MISSING = frozenset((*_BLANKS, *_EXCEL_ERRORS))
_INDEX_NAMES = frozenset(("", "index", "idx", "id", "nr", "no", "row", "name", "label", "unnamed: 0"))
_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space"}
# Without groups of three first: they are read as such only where nothing simpler fits.
_NOTATIONS = ((".", ""), (",", ""), (".", ","), (",", "."), (".", "'"))
# Excel's error values begin like a comment.
_COMMENT = re.compile(rb"(?m)(?:^|(?<=[ \t]))#(?!N/A|DIV/0!|NAME\?|NULL!|NUM!|REF!|VALUE!)[^\n]*")
_BLANK = re.compile(rb"(?m)^[ \t]+$")
_WIDE_SPACES = re.compile(rb"(?<=[0-9])(?:\xc2\xa0|\xe2\x80\xaf|\xe2\x80\x89)(?=[0-9])")
_OTHER_SPACES = re.compile(rb"\xc2\xa0|\xe2\x80\xaf|\xe2\x80\x89")


@dataclass(frozen=True)
class Dialect:
    """How cells are separated and numbers written, and what stands around the numbers.

    Attributes
    ----------
    delimiter : str
        One character; a space stands for any run of spaces and tabs, and nothing for one number a line.
    decimal, thousands : str
        `thousands` is empty where digits are not grouped.
    columns : int
        Cells of numbers in a row.
    header, index, trailing : bool
        First row holds names; first column holds labels; every row ends with a delimiter.
    """

    delimiter: str
    decimal: str
    thousands: str
    columns: int
    header: bool
    index: bool
    trailing: bool

    @property
    def words(self) -> str:
        """The same, for the visitor."""
        found = [f"{_DELIMITERS[self.delimiter]}-separated" if self.delimiter else "one number a line"]
        found += ["decimal comma"] * (self.decimal == ",")
        found += ["digits in groups"] * bool(self.thousands)
        found += ["first row is a header"] * self.header
        found += ["first column is an index"] * self.index
        return ", ".join(found)


def clean(text: bytes) -> bytes:
    r"""Make line ends, signs and spaces alike, and empty the lines that hold no cells; none is removed.

    >>> clean(b"1\r\n# note\r\n\xe2\x88\x922 # two\r\n")
    b'1\n\n-2 \n'
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\xe2" in text or b"\xc2" in text:
        # The page writes a true minus and thin spaces, and people copy from it.
        text = _OTHER_SPACES.sub(b" ", _WIDE_SPACES.sub(b"", text.replace(b"\xe2\x88\x92", b"-")))
    if b"#" in text:
        text = _COMMENT.sub(b"", text)
    return _BLANK.sub(b"", text)


def is_number(cell: str, decimal: str = ".", thousands: str = "") -> bool:
    """Tell whether `cell` is a number in this notation, or stands for a missing one.

    >>> is_number("-1.5e3"), is_number("1,5"), is_number("1,5", ","), is_number("1,234.5", ".", ","), is_number("NaN")
    (True, False, True, True, True)
    """
    return len(cell) <= MAX_CELL and (cell in MISSING or bool(_pattern(decimal, thousands).fullmatch(cell)))


@lru_cache(maxsize=8)
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+" if thousands else "[0-9]+"
    after = re.escape(decimal) + ("[0-9]*" if decimal == "." else "[0-9]+")
    return re.compile(
        rf"[+-]?(?:(?:(?:{whole})(?:{after})?|{re.escape(decimal)}[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?)", re.I
    )


def find_dialect(lines: list[str], cut: bool) -> Dialect:
    """Find how the table is written: by the reading that makes most cells numbers, in rows of one length.

    Parameters
    ----------
    lines : list of str
        The first lines that hold anything, after `clean`; at least one.
    cut : bool
        Whether they are one line that goes on; its last cell is then left out, and `columns` is too small.
    """
    lines = lines[:_SAMPLE_LINES]
    quoted = any('"' in line for line in lines)
    best: tuple[float, Dialect] | None = None
    for delimiter in (*_DELIMITERS, ""):
        if delimiter and not any(delimiter in line.strip(" ") for line in lines):
            continue
        rows = _rows(lines, delimiter)
        if cut and len(rows[0]) > 1:
            rows[0].pop()
        trailing = delimiter not in ("", " ") and _ends_empty(rows)
        if trailing:
            rows = [row[:-1] if len(row) > 1 and not row[-1] else row for row in rows]
        for decimal, thousands in _NOTATIONS:
            # Commas that neither separate nor stand in quotes would be decimal ones in a single column; a table that
            # lost a cell looks the same, and reading that as numbers would hide it.
            if decimal == "," and not delimiter:
                continue
            if delimiter and delimiter in (decimal, thousands) and not quoted:
                continue
            score, dialect = _scored(rows, delimiter, decimal, thousands, trailing)
            if best is None or score > best[0]:
                best = score, dialect
    assert best is not None, "the empty delimiter always gives a reading"
    return best[1]


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    if delimiter == " ":
        return [[cell.strip('"') for cell in line.split()] or [""] for line in lines]
    if not delimiter:
        return [[line.strip().strip('"')] for line in lines]
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]
    except csv.Error:
        return [[cell.strip() for cell in line.split(delimiter)] for line in lines]


def _scored(
    rows: list[list[str]], delimiter: str, decimal: str, thousands: str, trailing: bool
) -> tuple[float, Dialect]:
    def number(cell: str) -> bool:
        return is_number(cell, decimal, thousands)

    first, body = rows[0], rows[1:]
    width = Counter([*map(len, body), len(first)]).most_common(1)[0][0]
    seen = [row[:_SAMPLE_CELLS] for row in body]
    labelled = width > 1 and bool(body) and all(row[0] and not number(row[0]) for row in body)
    named = first[0].lower() in _INDEX_NAMES
    names = first[1:_SAMPLE_CELLS]
    if len(first) == width > 1 and all(map(number, names)):
        # Numbers as names: under one that is none, years over labels, or columns counted from 0 over rows so counted.
        over_numbers = _is_name(first[0]) and not number(first[0]) and all(number(row[0]) for row in body)
        years = _run(names) and len(names[0]) == 4
        counted = named and _run(names) and _counts(body)
        header = bool(body) and (over_numbers or (labelled and (named or years)) or counted)
    else:
        header = bool(body) and any(_is_name(cell) and not number(cell) for cell in first[:_SAMPLE_CELLS])
    data = seen if header else [first[:_SAMPLE_CELLS], *seen]
    labels = width > 1 and all(row[0] and not number(row[0]) for row in data)
    shifted = header and len(first) == width - 1
    index = labels or shifted or (header and named and width > 1 and _counts(data))
    cells = [cell for row in data for cell in row[index:]]
    fitting = sum(map(number, cells)) / max(1, len(cells))
    even = sum(len(row) == width for row in (body if header else rows)) / len(data)
    # Almost any line can be taken for names, or for a label and some numbers; a reading that needs neither goes first.
    score = fitting * even - 0.01 * (header + labels)
    return score, Dialect(delimiter, decimal, thousands, width - index, header, index, trailing)


def _ends_empty(rows: list[list[str]]) -> bool:
    """Tell whether every row ends with a delimiter; names above the columns may do without."""
    first, body = rows[0], rows[1:]
    if not all(len(row) > 1 and not row[-1] for row in body):
        return False
    return (len(first) > 1 and not first[-1]) or (bool(body) and len(first) == len(body[0]) - 1)


def _is_name(cell: str) -> bool:
    # Without a letter it is rather numbers in another notation, or a row that went wrong.
    return any(character.isalpha() for character in cell)


def _run(cells: list[str]) -> bool:
    """Tell whether the cells are whole numbers that count upwards by one."""
    whole = [int(cell) for cell in cells if re.fullmatch("[0-9]{1,9}", cell)]
    return len(whole) == len(cells) > 1 and whole == list(range(whole[0], whole[0] + len(whole)))


def _counts(rows: list[list[str]]) -> bool:
    """Tell whether the first cells count upwards from 0 or 1."""
    start = int(bool(rows) and rows[0][0] == "1")
    return bool(rows) and [row[0] for row in rows] == [str(n) for n in range(start, start + len(rows))]
