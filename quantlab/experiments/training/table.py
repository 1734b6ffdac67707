"""A visitor's own table as data to train on: its rows standardised, and what the page says of it and of its absence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.arrays import LabelledTable
from quantlab.arrays.labelled import LEAST_ROWS, MOST_CLASSES, MOST_FEATURES, MOST_ROWS, NAMES
from quantlab.experiments.spelling import YOURS
from quantlab.nn import BITS, DATASETS, Entry
from quantlab.nn.datasets import TEST_SHARE
from quantlab.numerals import count, share

LABEL = "your own table"
WIDTHS, RATE = (32, 32), 5e-3
EMPTY = (
    "Here goes **your own table**: upload a CSV with a column of labels, and see how many bits a network needs that "
    "tells its classes apart."
)
"""The sentence of the page whose data is `yours`, before there is a table."""
RULES = (
    f"Names in the first row, one of them {', '.join(NAMES[:-1])} or {NAMES[-1]}; numbers in every other column, none "
    f"missing. {LEAST_ROWS} to {count(MOST_ROWS)} rows, up to {MOST_FEATURES} columns and {MOST_CLASSES} classes."
)
STEPS = (
    f"Each column is brought to mean 0 and deviation 1, and {share(TEST_SHARE)} of the rows are kept to test on.",
    f"A network with {WIDTHS[0]} and {WIDTHS[1]} hidden units learns it at once, at the chosen bits, for charts and "
    "views.",
    f"**Train it here** adds the curve: float, PTQ, QAT and LSQ at {max(BITS)} to {min(BITS)} bits, each seed a dot. "
    "Two columns of numbers give decision boundaries, too.",
)
"""What becomes of a table, step by step, in Markdown."""


def example() -> dict[str, list[Any]]:
    """Return a table as it may be uploaded: two moons, their classes by name.

    >>> table = example()
    >>> list(table), sorted(set(table["label"])), len(table["east"])
    (['east', 'north', 'label'], ['lower', 'upper'], 1000)
    """
    rows, labels = DATASETS["moons"].make(0)
    # One class follows the other there; by turns, the first lines show both.
    turns = np.arange(len(labels)).reshape(2, -1).T.reshape(-1)
    east, north = (np.round(column, 3).tolist() for column in np.asarray(rows, np.float64)[turns].T)
    return {"east": east, "north": north, "label": [("upper", "lower")[label] for label in labels[turns]]}


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table, as a data set's `make`: the same for every seed, each column with mean 0 and deviation 1.

    Attributes
    ----------
    values : (n, features) float32
    labels : (n,) int64

    Examples
    --------
    >>> x, labels = Rows(np.float32([[1, 5], [3, 5]]), np.array([0, 1]))(0)
    >>> x.tolist()  # what never changes says nothing
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    values: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]

    def __call__(self, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """Return standardised rows, and the class of each."""
        wide = self.values.astype(np.float64)
        deviation = wide.std(axis=0)
        return (wide - wide.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0), self.labels


def _nothing(seed: int) -> tuple[Any, Any]:
    raise ValueError("There is no table yet; upload one.")


NOTHING = Entry(YOURS, LABEL, "", _nothing, WIDTHS, RATE)
"""What stands in the place of a table before there is one; nothing can be trained on it."""


def entry_of(table: LabelledTable) -> Entry:
    r"""Return a table as an entry beside those of the menu.

    It is named like every other table, for it goes where a name is read as Markdown; its digest tells it from others.

    >>> from quantlab.arrays import read_labelled
    >>> text = "a,label\n" + "1,x\n2,y\n" * 20
    >>> entry = entry_of(read_labelled("a.csv", text.encode()))
    >>> entry.sizes, entry.loss
    ((1, 32, 32, 2), 'cross_entropy')
    """
    features, classes = table.values.shape[1], len(table.classes)
    rows = Rows(table.values, table.labels)
    return Entry(YOURS, LABEL, "", rows, WIDTHS, RATE, features, classes, table.digest)


def description(table: LabelledTable) -> str:
    r"""Say what was read; plain text, part of which is a stranger's.

    >>> from quantlab.arrays import read_labelled
    >>> text = "a,label\n" + "1,x\n2,y\n" * 20
    >>> description(read_labelled("a.csv", text.encode()))
    'a.csv: 40 rows, 1 column of numbers, classes x, y'
    """
    columns = len(table.columns)
    shown = ", ".join(table.classes[:4]) + (f" and {len(table.classes) - 4} more" if len(table.classes) > 4 else "")
    words = f"{table.name}: {count(len(table.labels))} rows, {columns} column{'' if columns == 1 else 's'} of numbers"
    return ", ".join(filter(None, [words, f"classes {shown}", table.remark]))
