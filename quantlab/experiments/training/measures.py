"""What the page calls the quality of a network: accuracy where rows have classes, R² where they have values.

Both are shares of 1 and are written in percent: of answers that are right, or of the variance that is explained.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantlab.nn import Entry
from quantlab.nn.quality import MEASURES, Measure
from quantlab.numerals import num


@dataclass(frozen=True)
class Words:
    """How one measure is spoken of.

    Attributes
    ----------
    name : str
        Of the measure, inside a sentence.
    title : str
        At its beginning.
    axis : str
        Beside an axis.
    least : str
        What a network gets that has learned nothing, in two or three words.
    loss, nats : str
        What training makes small, in a sentence; and beside an axis.
    same : str
        Head of the column that holds two networks against each other.
    good : str
        Head of the column of the measure itself.
    """

    name: str
    title: str
    axis: str
    least: str
    loss: str
    nats: str
    same: str
    good: str


WORDS: dict[Measure, Words] = {
    "accuracy": Words(
        name="accuracy",
        title="Accuracy",
        axis="accuracy",
        least="guessing",
        loss="cross-entropy",
        nats="loss, nats",
        same="same answer",
        good="right",
    ),
    "r2": Words(
        name="R²",
        title="R²",
        axis="R², variance explained",
        least="always the mean",
        loss="squared error",
        nats="squared error",
        same="of the simulation explained",
        good="R²",
    ),
}
"""The words of each measure."""


def measure_of(entry: Entry) -> Measure:
    """Return the measure of a data set.

    >>> from quantlab.nn import DATASETS
    >>> measure_of(DATASETS["digits"]), measure_of(DATASETS["regression"])
    ('accuracy', 'r2')
    """
    return MEASURES[entry.loss]


def worth(measure: Measure, rows: int) -> str:
    """Say what one of so many test rows is worth; of R² only how many there are.

    >>> worth("accuracy", 200).replace(chr(160), " "), worth("r2", 200)
    ('one of 200 test rows: 0.50 pp of a seed', 'over 200 test rows')
    """
    return (
        f"over {rows} test rows"
        if measure == "r2"
        else f"one of {rows} test rows: {num(100 / rows, 2, 'pp')} of a seed"
    )
