"""What networks learn from: rows with a class or a value each, split by a seed into those that train and that test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from . import plane

F32 = npt.NDArray[np.float32]
Labels = npt.NDArray[Any]  # int64 or float32
Loss = Literal["cross_entropy", "squared_error"]
ASSETS = Path(__file__).resolve().parents[2] / "assets"
TEST_SHARE = 0.2


class Labelled(NamedTuple):
    """Rows and what each should give: x (n, features) float32, labels (n,). Both are read-only.

    Labels are int64 from 0 where they are classes, float32 where they are values to come near to: the loss follows.
    """

    x: F32
    labels: Labels


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set that has been split.

    Attributes
    ----------
    name : str
        As people read it.
    train, test : Labelled
        No row is in both.
    classes : int
        How many there are; labels lie below it. 0 where labels are values.

    Examples
    --------
    >>> digits = load("digits")
    >>> digits.train.x.shape, digits.test.x.shape, digits.classes
    ((1437, 64), (360, 64), 10)
    """

    name: str
    train: Labelled
    test: Labelled
    classes: int

    @property
    def features(self) -> int:
        """Numbers a row."""
        return int(self.train.x.shape[1])

    @property
    def outputs(self) -> int:
        """Numbers that a network gives a row: one a class, or the value."""
        return self.classes or 1

    @property
    def loss(self) -> Loss:
        """What training makes small."""
        return _loss(self.classes)


@dataclass(frozen=True)
class Entry:
    """One entry of the menu of data sets.

    Attributes
    ----------
    name, label, help : str
        In an address; in the menu; one sentence of definition.
    make : callable
        ``make(seed)`` gives rows and labels, not yet split.
    widths : tuple of int
        Widths of the hidden layers that learn it well.
    rate : float
        At which Adam learns it well in batches of 64.
    features, classes : int
        As in its `Dataset`.
    digest : str
        Names the rows of an entry that is not of the menu: entries are equal by what they say, not by `make`.
    """

    name: str
    label: str
    help: str
    make: Callable[[int], tuple[Any, Any]] = field(compare=False, repr=False)
    widths: tuple[int, ...] = (32, 32)
    rate: float = 1e-2
    features: int = 2
    classes: int = 2
    digest: str = ""

    @property
    def loss(self) -> Loss:
        """What training makes small: squared error where labels are values."""
        return _loss(self.classes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features, the widths of the hidden layers, outputs."""
        return (self.features, *self.widths, self.classes or 1)


def _loss(classes: int) -> Loss:
    return "cross_entropy" if classes else "squared_error"


def entry_of(data: str | Entry) -> Entry:
    """Return an entry by its name, or as it is.

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> entry_of("blobs").sizes
    (2, 16, 16, 4)
    """
    if isinstance(data, Entry):
        return data
    if data not in DATASETS:
        raise ValueError(f"data set must be {' or '.join(DATASETS)}, got {data!r}; choose one of these.")
    return DATASETS[data]


def load(data: str | Entry, seed: int = 0) -> Dataset:
    """Return a data set, split by a seed.

    Parameters
    ----------
    data : str or Entry
        A key of DATASETS, or an entry of one's own.
    seed : int
        0 or more; the same seed gives the same rows to train with.

    Raises
    ------
    ValueError
        If there is no such data set, or the seed is negative.

    Examples
    --------
    >>> float(load("digits", seed=1).train.x.max())
    1.0
    """
    return _split(data, seed) if isinstance(data, Entry) else _built_in(data, seed)


@lru_cache(maxsize=16)  # every job of a seed begins with it; nobody can write to its arrays
def _built_in(name: str, seed: int) -> Dataset:
    return _split(entry_of(name), seed)


def _split(entry: Entry, seed: int) -> Dataset:
    return split(entry.label, *entry.make(seed), seed=seed, loss=entry.loss)


def split(
    name: str, x: Any, labels: Any, *, seed: int, test_share: float = TEST_SHARE, loss: Loss = "cross_entropy"
) -> Dataset:
    """Split labelled rows at random into those that train and those that test.

    Parameters
    ----------
    name : str
    x : (n, features) finite real numbers
        As the network shall see them: nothing is scaled here.
    labels : (n,) integers, 0 or more; for squared error (n,) finite real numbers
    seed : int
        0 or more.
    test_share : float
        Above 0 and below 1; rounded up to whole rows.
    loss : {"cross_entropy", "squared_error"}
        Whether labels are classes, or values to come near to.

    Raises
    ------
    ValueError
        If rows and labels do not match, values are not finite, a class is negative or no whole number, or a part
        would stay empty.

    Examples
    --------
    >>> data = split("pairs", np.eye(5), [0, 1, 0, 1, 0], seed=0)
    >>> len(data.train.x), len(data.test.x), data.classes
    (4, 1, 2)
    """
    rows, valued = np.array(x, np.float32), loss == "squared_error"
    wanted = np.array(labels, np.float32) if valued else np.asarray(labels)
    if rows.ndim != 2 or wanted.shape != rows.shape[:1]:
        raise ValueError(
            f"x and labels must be (n, features) and (n,), got {rows.shape} and {wanted.shape}; match them."
        )
    for what, values in (("x", rows), ("labels", wanted)):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(
                f"{what} must be finite, got {int((~np.isfinite(values)).sum())} values that are not; leave them out."
            )
    if not valued and (wanted.dtype.kind not in "iu" or (wanted.size and wanted.min() < 0)):
        raise ValueError(f"labels must be whole numbers from 0, got {wanted.dtype} from {wanted.min()}; number them.")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}; choose another.")
    tests = -int(-len(rows) * test_share // 1)
    if not 0 < tests < len(rows):
        raise ValueError(
            f"{len(rows)} rows leave none to train or to test with at a share of {test_share:g}; bring more."
        )
    order = np.random.default_rng(seed).permutation(len(rows))
    return Dataset(
        name,
        _frozen(rows[order[tests:]], wanted[order[tests:]]),
        _frozen(rows[order[:tests]], wanted[order[:tests]]),
        0 if valued else int(wanted.max()) + 1,
    )


def _frozen(x: F32, labels: npt.NDArray[Any]) -> Labelled:
    part = Labelled(x, labels.astype(np.float32 if labels.dtype.kind == "f" else np.int64))
    for array in part:
        array.flags.writeable = False
    return part


@cache
def _stored_digits() -> Labelled:
    with np.load(ASSETS / "digits" / "digits.npz", allow_pickle=False) as stored:
        # Divided by the brightest pixel and not standardised: a pixel that is black in all images stays 0.
        return _frozen(stored["images"] / np.float32(16), stored["labels"])


def _digits(seed: int) -> Labelled:
    return _stored_digits()


_ENTRIES = (
    Entry(
        "digits",
        "handwritten digits",
        "1,797 digits of 8 × 8 pixels from 0 to 1, a fifth of them kept to test.",
        _digits,
        rate=5e-3,
        features=64,
        classes=10,
    ),
    Entry(
        "moons",
        "two moons",
        "1,000 points on two half circles that reach into each other, with some noise.",
        plane.moons,
        (16, 16),
    ),
    Entry(
        "spirals",
        "two spirals",
        "1,000 points on two spirals around each other, which need fine boundaries.",
        plane.spirals,
    ),
    Entry(
        "circles",
        "circles",
        "1,000 points on a ring inside of a ring.",
        plane.circles,
        (16, 16),
    ),
    Entry(
        "blobs",
        "four blobs",
        "1,000 points in four round clouds that overlap a little.",
        plane.blobs,
        (16, 16),
        classes=4,
    ),
    Entry(
        "regression",
        "a noisy curve",
        "1,000 points near a curve, for regression: from the first coordinate the second is to be told.",
        plane.curve,
        (16, 16),
        features=1,
        classes=0,
    ),
)
DATASETS: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
