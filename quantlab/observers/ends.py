"""Ranges from the ends of what was seen: of everything, or of each batch and averaged."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from ..grid import Flat, checked
from ..ranges import summarise
from ..scheme import PerTensor
from .observer import Observer, Parts, require_parts

NO_DATA = "Calibration with no data has no range; feed the observer at least one finite value first."


class EndsObserver(Observer):
    """What keeps two ends of each part, and merges those of every batch into them.

    Parameters
    ----------
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.
    """

    def __init__(self, granularity: Parts) -> None:
        self.granularity = granularity
        self._lo: Flat | None = None
        self._hi: Flat | None = None

    def update(self, x: Any) -> None:
        summary = summarise(checked(x), self.granularity)
        lo, hi = summary.lo.astype(np.float64), summary.hi.astype(np.float64)
        if self._lo is not None and self._hi is not None:
            require_parts(len(lo), len(self._lo))
            lo, hi = self._merged((self._lo, self._hi), (lo, hi))
        self._lo, self._hi = lo, hi

    @abstractmethod
    def _merged(self, known: tuple[Flat, Flat], new: tuple[Flat, Flat]) -> tuple[Flat, Flat]:
        """Return lo and hi of each part from the known ones and a batch's; lo > hi where there are none."""

    def range(self) -> tuple[Flat, Flat]:
        if self._lo is None or self._hi is None or not (self._lo <= self._hi).any():
            raise ValueError(NO_DATA)
        return self._lo.copy(), self._hi.copy()


class MinMaxObserver(EndsObserver):
    """From the smallest to the largest value seen: more data only ever widens it.

    Parameters
    ----------
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.

    References
    ----------
    Krishnamoorthi 2018, section 2.1; PyTorch's MinMaxObserver.

    Examples
    --------
    >>> observer = MinMaxObserver()
    >>> observer.update(np.float32([0.5, 2.0]))
    >>> observer.update(np.float32([-1.0, np.nan]))
    >>> lo, hi = observer.range()
    >>> lo.tolist(), hi.tolist()
    ([-1.0], [2.0])
    """

    def __init__(self, granularity: Parts = PerTensor()) -> None:
        super().__init__(granularity)

    def _merged(self, known: tuple[Flat, Flat], new: tuple[Flat, Flat]) -> tuple[Flat, Flat]:
        return np.minimum(known[0], new[0]), np.maximum(known[1], new[1])


class MovingAverageObserver(EndsObserver):
    """Smallest and largest value of each batch, averaged: every batch moves the range by a share of the way.

    The first batch's ends count in full; after that ``end += constant * (end of the batch - end)``. So late batches
    count more than early ones, and their order matters. One odd batch moves the range by `constant` of its distance,
    after which the range finds back. A batch without a finite value in a part leaves that part as it is.

    Parameters
    ----------
    constant : float
        Above 0, at most 1: a new batch's share. PyTorch's default is 0.01.
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.

    Raises
    ------
    ValueError
        If `constant` lies outside that interval.

    References
    ----------
    PyTorch's MovingAverageMinMaxObserver, whose definition this is; Jacob et al. 2018, section 3.1.

    Examples
    --------
    >>> observer = MovingAverageObserver(0.25)
    >>> for batch in ([0.0, 2.0], [-1.0, 10.0]):
    ...     observer.update(batch)
    >>> lo, hi = observer.range()
    >>> lo.tolist(), hi.tolist()
    ([-0.25], [4.0])
    """

    def __init__(self, constant: float = 0.01, granularity: Parts = PerTensor()) -> None:
        if not 0 < constant <= 1:
            raise ValueError(
                f"constant must be above 0 and at most 1, got {constant:g}; it is a new batch's share of the average."
            )
        super().__init__(granularity)
        self.constant = float(constant)

    def _merged(self, known: tuple[Flat, Flat], new: tuple[Flat, Flat]) -> tuple[Flat, Flat]:
        some, before = new[0] <= new[1], known[0] <= known[1]
        lo, hi = (_moved(end, fresh, some, before, self.constant) for end, fresh in zip(known, new, strict=True))
        return lo, hi


def _moved(end: Flat, new: Flat, some: Flat, known: Flat, constant: float) -> Flat:
    old, fresh = np.where(known, end, 0.0), np.where(some, new, 0.0)
    # Two products, not a product of the difference, which may be too large for a float.
    average = old * (1 - constant) + fresh * constant
    moved: Flat = np.where(some, np.where(known, average, new), end)
    return moved
