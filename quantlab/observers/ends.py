"""Ranges from the ends of what was seen: of everything, or of each batch and averaged."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..grid import AnyArray, Flat, checked
from ..ranges import summarise
from ..scheme import PerChannel, PerTensor

Parts = PerTensor | PerChannel
NO_DATA = "Calibration with no data has no range; feed the observer at least one finite value first."


def require_parts(found: int, known: int) -> None:
    """Refuse a batch that has another number of channels than those before."""
    if found != known:
        raise ValueError(
            f"A batch of {found} channels came after batches of {known}; give the observer batches that are alike."
        )


def channels(x: AnyArray, granularity: Parts) -> AnyArray:
    """Return the values of each part as a row.

    >>> channels(np.array([[1, 2], [3, 4]]), PerChannel(1)).tolist()
    [[1, 3], [2, 4]]
    """
    rows = x.reshape(1, -1) if isinstance(granularity, PerTensor) else np.moveaxis(x, granularity.axis, 0)
    return rows.reshape(len(rows), -1) if rows.size else np.empty((1, 0), x.dtype)


class MinMaxObserver:
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
        self.granularity = granularity
        self._lo: Flat | None = None
        self._hi: Flat | None = None

    def update(self, x: Any) -> None:
        """Look at one more batch.

        Parameters
        ----------
        x : array_like
            Real numbers, any shape that has the granularity's axis.

        Raises
        ------
        TypeError
            If x holds no real numbers.
        ValueError
            If it has another number of channels than the batches before.
        """
        summary = summarise(checked(x), self.granularity)
        lo, hi = summary.lo.astype(np.float64), summary.hi.astype(np.float64)
        if self._lo is None or self._hi is None:
            self._lo, self._hi = lo, hi
            return
        require_parts(len(lo), len(self._lo))
        self._lo, self._hi = np.minimum(lo, self._lo), np.maximum(hi, self._hi)

    def range(self) -> tuple[Flat, Flat]:
        """Return the range of each part.

        Returns
        -------
        lo, hi : float64 arrays, one entry a part
            As `Quantizer.from_range` takes them; lo > hi for a part without a finite value beside others that have one.

        Raises
        ------
        ValueError
            If no finite value was seen at all.
        """
        if self._lo is None or self._hi is None or not (self._lo <= self._hi).any():
            raise ValueError(NO_DATA)
        return self._lo.copy(), self._hi.copy()


class MovingAverageObserver:
    """Smallest and largest value of each batch, averaged: every batch moves the range by a share of the way.

    The first batch's ends count in full; after that ``end += constant * (end of the batch - end)``. So late batches
    count more than early ones, and their order matters. One odd batch moves the range by `constant` of its distance,
    after which the range finds back.

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
        self.constant, self.granularity = float(constant), granularity
        self._lo: Flat | None = None
        self._hi: Flat | None = None

    def update(self, x: Any) -> None:
        """Look at one more batch.

        Parameters
        ----------
        x : array_like
            Real numbers, any shape that has the granularity's axis. A part without a finite value stays as it is.

        Raises
        ------
        TypeError
            If x holds no real numbers.
        ValueError
            If it has another number of channels than the batches before.
        """
        summary = summarise(checked(x), self.granularity)
        lo, hi = summary.lo.astype(np.float64), summary.hi.astype(np.float64)
        if self._lo is None or self._hi is None:
            self._lo, self._hi = lo, hi
            return
        require_parts(len(lo), len(self._lo))
        some, known = lo <= hi, self._lo <= self._hi
        self._lo = _moved(self._lo, lo, some, known, self.constant)
        self._hi = _moved(self._hi, hi, some, known, self.constant)

    def range(self) -> tuple[Flat, Flat]:
        """Return the range of each part.

        Returns
        -------
        lo, hi : float64 arrays, one entry a part
            As `Quantizer.from_range` takes them; lo > hi for a part without a finite value beside others that have one.

        Raises
        ------
        ValueError
            If no finite value was seen at all.
        """
        if self._lo is None or self._hi is None or not (self._lo <= self._hi).any():
            raise ValueError(NO_DATA)
        return self._lo.copy(), self._hi.copy()


def _moved(end: Flat, new: Flat, some: Flat, known: Flat, constant: float) -> Flat:
    old, fresh = np.where(known, end, 0.0), np.where(some, new, 0.0)
    # Two products, not a product of the difference, which may be too large for a float.
    average = old * (1 - constant) + fresh * constant
    moved: Flat = np.where(some, np.where(known, average, new), end)
    return moved
