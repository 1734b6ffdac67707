"""A stranger's table to learn from: columns of numbers, and one that says the class of each row.

Sizes are held against limits before memory is taken. Whatever is wrong is a FileError, one sentence.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays.dialect import MAX_CELL, MISSING, clean, is_number
from quantlab.arrays.files import text_of
from quantlab.arrays.limits import MEGABYTE, FileError, plain
from quantlab.numerals import count

NAMES = ("label", "class", "target", "y")
MAX_BYTES = 20 * MEGABYTE
LEAST_ROWS, MOST_ROWS = 40, 10_000
MOST_FEATURES, MOST_CELLS = 256, 400_000
MOST_CLASSES = 20
_MOST_LINE = 2**16
_DELIMITERS = ("\t", ";", "|", ",")
_INDEX = frozenset(("", "index", "unnamed: 0"))
_SHOWN = 24
_NO_LABEL = frozenset(("", "na", "n/a", "nan", "null", "<na>"))
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """Rows with a class each.

    Attributes
    ----------
    values : (n, features) float32, finite, read-only
    labels : (n,) int64, read-only
        Places in `classes`.
    classes : tuple of str
        In the order of numbers, or of the alphabet; plain text of a stranger, as are `columns` and `name`.
    columns : tuple of str
        Of the features.
    name : str
    digest : str
        32 hexadecimal digits, equal exactly where values and labels are.
    remark : str
        What was left out, in words; empty where nothing was.
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    name: str
    digest: str
    remark: str = ""


def read_labelled(name: str, data: bytes | BinaryIO) -> LabelledTable:
    r"""Read a table whose first row names its columns, one of them as one of NAMES.

    Parameters
    ----------
    name : str
        As the visitor's browser gave it; shown as plain text, never used as a path.
    data : bytes or seekable binary stream
        UTF-8 text of up to 20 MB, separated by commas, semicolons, tabs or bars.

    Raises
    ------
    FileError
        If it is no such text, has no column of labels or several, one class only or too many, too few rows or too
        many, too many columns, or a cell that is no finite number.

    Examples
    --------
    >>> rows = "".join(f"{n};{n / 2};{'odd' if n % 2 else 'even'}\n" for n in range(60))
    >>> table = read_labelled("rows.csv", f"a;b;class\n{rows}".encode())
    >>> table.values.shape, table.classes, table.labels[:3].tolist()
    ((60, 2), ('even', 'odd'), [0, 1, 0])
    """
    label, text = text_of(name, data, MAX_BYTES)
    lines = _lines(text)
    delimiter = max(_DELIMITERS, key=lines[0][1].count)
    rows = _rows(lines, delimiter)
    heads = next(rows)[1]
    at = _label_column(heads)
    index = 0 if at and heads[0].lower() in _INDEX else None
    features = [place for place in range(len(heads)) if place not in (at, index)]
    _require_size(len(lines) - 1, len(features))
    values, words = np.empty((len(lines) - 1, len(features)), np.float32), list[str]()
    for row, (line, cells) in enumerate(rows):
        if len(cells) != len(heads):
            raise FileError(
                f"Line {line} has {len(cells)} cells where the first row has {len(heads)}; give every row as many."
            )
        for place, column in enumerate(features):
            values[row, place] = _number(cells[column], line, heads[column], delimiter)
        words.append(_label(cells[at], line, heads[at]))
    classes = _classes(words, heads[at])
    numbers = {word: number for number, word in enumerate(classes)}
    labels = np.array([numbers[word] for word in words], np.int64)
    digest = hashlib.blake2b(f"{values.shape}".encode() + values.tobytes() + labels.tobytes(), digest_size=16)
    values.flags.writeable = labels.flags.writeable = False
    return LabelledTable(
        values,
        labels,
        tuple(plain(each, _SHOWN) for each in classes),
        tuple(plain(heads[column], _SHOWN) for column in features),
        label,
        digest.hexdigest(),
        "the first column is an index and left out" if index is not None else "",
    )


def _lines(text: bytes) -> list[tuple[int, str]]:
    """Return the table's lines with their numbers, those that hold nothing left out; refuse more than could be rows."""
    whole = clean(text)
    found = whole.strip()
    first = 1 + whole[: whole.find(found[:1])].count(b"\n") if found else 1
    many = found.count(b"\n")
    if many > MOST_ROWS:
        raise FileError(f"The table has {count(many)} rows, at most {count(MOST_ROWS)} are trained on; bring a part.")
    lines = [(number, line) for number, line in enumerate(found.decode("utf-8", "replace").split("\n"), first) if line]
    if not lines:
        raise FileError("The file holds no table; choose one with names above its columns.")
    number, longest = max(((number, len(line)) for number, line in lines), key=lambda pair: pair[1])
    if longest > _MOST_LINE:
        raise FileError(
            f"Line {number} has {count(longest)} characters, at most {count(_MOST_LINE)} are read; bring fewer columns."
        )
    return lines


def _rows(lines: list[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's line number and its cells."""
    for number, line in lines:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
        except csv.Error:
            raise FileError(
                f"Line {number} has a quotation mark that is not closed, or closed too early; mend or remove it."
            ) from None
        yield number, [cell.strip() for cell in cells]


def _label_column(heads: list[str]) -> int:
    if all(is_number(head) for head in heads):
        raise FileError(
            f"The first row holds numbers, {_listed(heads)}, and no names; put names above, one of them {NAMES[0]}."
        )
    found = [place for place, head in enumerate(heads) if head.lower() in NAMES]
    if not found:
        raise FileError(
            f"No column is named {', '.join(NAMES[:-1])} or {NAMES[-1]}, got {_listed(heads)}; name that of the "
            "classes so."
        )
    if len(found) > 1:
        raise FileError(
            f"The columns {_listed([heads[place] for place in found])} are all named as labels are; rename all but one."
        )
    return found[0]


def _require_size(rows: int, features: int) -> None:
    if not features:
        raise FileError("The table has a column of labels and no other; add columns of numbers to tell them from.")
    if features > MOST_FEATURES:
        raise FileError(
            f"The table has {count(features)} columns of numbers, at most {MOST_FEATURES} are trained on; bring fewer."
        )
    if rows < LEAST_ROWS:
        raise FileError(
            f"The table has {rows} row{'' if rows == 1 else 's'}, and training needs {LEAST_ROWS}; bring more."
        )
    if rows * features > MOST_CELLS:
        raise FileError(
            f"The table has {count(rows)} × {count(features)} numbers, at most {count(MOST_CELLS)} are trained on; "
            "bring fewer rows or columns."
        )


def _number(cell: str, line: int, head: str, delimiter: str) -> float:
    where = f"Line {line}, column {plain(head, _SHOWN)!r},"
    if cell in MISSING:
        raise FileError(f"{where} has {f'{cell!r} for a' if cell else 'no'} number; fill it in, or leave the row out.")
    decimal = "," if delimiter != "," and "," in cell else "."
    held = float(cell.replace(",", ".")) if is_number(cell, decimal) else float("nan")
    if not abs(held) <= _LARGEST:
        raise FileError(
            f"{where} holds {plain(cell, _SHOWN)!r}, which is no finite number; correct it, or leave the column out."
        )
    return held


def _label(cell: str, line: int, head: str) -> str:
    if cell.lower() in _NO_LABEL or len(cell) > MAX_CELL:
        raise FileError(
            f"Line {line}, column {plain(head, _SHOWN)!r}, has {plain(cell, _SHOWN)!r} for a label; name its class, or "
            "leave the row out."
        )
    return cell


def _classes(words: list[str], head: str) -> list[str]:
    found = sorted(set(words))
    if len(found) == 1:
        raise FileError(
            f"All {count(len(words))} rows have the label {plain(found[0], _SHOWN)!r}; bring two classes or more."
        )
    if len(found) > MOST_CLASSES:
        raise FileError(
            f"Column {plain(head, _SHOWN)!r} has {count(len(found))} different labels, at most {MOST_CLASSES} are told "
            "apart; bring classes, not values."
        )
    return sorted(found, key=float) if all(is_number(word) for word in found) else found


def _listed(heads: list[str]) -> str:
    shown = [plain(head, _SHOWN) or "''" for head in heads[:4]]
    return ", ".join(shown) + (f" and {count(len(heads) - 4)} more" if len(heads) > 4 else "")
