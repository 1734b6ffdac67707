"""Counts in bins whose width is a power of two, so that they can grow without losing what was counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..grid import AnyArray, Flat, checked
from ..scheme import PerTensor, Scheme
from .ends import MinMaxObserver
from .observer import Observer, Parts, channels

BINS = 4096  # on either side of 0; of the longer side at least half are in use
_HALVINGS = 12
_WIDEST = 1023  # exponent: the ends of the bins stay finite

Counts = npt.NDArray[np.int64]


class Histogram:
    """How many values of each part fell into each of 2 · 4,096 equal bins about 0, over any number of batches.

    Bin i holds the values from i · 2^k up to (i + 1) · 2^k, for −4,096 ≤ i < 4,096, with the smallest k that reaches
    all values seen. A larger k merges neighbours exactly, so that the counts depend on the values alone, never on how
    they were cut into batches or in which order these came. Exact zeros are counted apart.

    Parameters
    ----------
    granularity : PerTensor or PerChannel
        What has counts of its own: 64 KB a part.

    Examples
    --------
    >>> histogram = Histogram()
    >>> histogram.update([0.0, 0.5, -3.0])
    >>> histogram.update([1e6])
    >>> int(histogram.counts.sum()), histogram.zeros.tolist(), histogram.exponents.tolist()
    (3, [1], [8])
    """

    def __init__(self, granularity: Parts = PerTensor()) -> None:
        self.granularity = granularity
        self.ends = MinMaxObserver(granularity)
        self.counts: Counts = np.zeros((0, 2 * BINS), np.int64)
        self.zeros: Counts = np.zeros(0, np.int64)
        self.exponents: Counts = np.zeros(0, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes that the counts take."""
        return self.counts.nbytes + self.zeros.nbytes + self.exponents.nbytes

    def update(self, x: Any) -> None:
        """Count one more batch.

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
        values = checked(x)
        self.ends.update(values)
        rows = channels(values, self.granularity)
        if not len(self.counts):
            parts = len(rows)
            self.counts = np.zeros((parts, 2 * BINS), np.int64)
            self.zeros, self.exponents = np.zeros(parts, np.int64), np.full(parts, -2000)
        for part, row in enumerate(rows):
            self._add(part, row[np.isfinite(row)].astype(np.float64))

    def _add(self, part: int, values: AnyArray) -> None:
        real = values[values != 0]
        self.zeros[part] += len(values) - len(real)
        if not len(real):
            return
        widest = min(int(np.frexp(np.abs(real).max())[1]), _WIDEST) - _HALVINGS
        wider = widest - int(self.exponents[part])
        if wider > 0:
            bins = np.flatnonzero(self.counts[part])
            merged = (bins - BINS >> min(wider, 63)) + BINS
            counts = np.bincount(merged, self.counts[part, bins], 2 * BINS)
            self.counts[part], self.exponents[part] = counts.astype(np.int64), widest
        places = np.floor(np.ldexp(real, -int(self.exponents[part])))
        places = np.where(real < 0, np.minimum(places, -1.0), places)  # a quotient may be too small for a float
        places = np.clip(places, -BINS, BINS - 1).astype(np.int64) + BINS
        self.counts[part] += np.bincount(places, minlength=2 * BINS)

    def reach(self) -> Flat:
        """Return for each part where its last bin ends, float64; the first begins at the same distance below 0."""
        ends: Flat = np.ldexp(1.0, np.maximum(self.exponents, -1000) + _HALVINGS)
        return ends


class CountingObserver(Observer):
    """What keeps everything seen as a `Histogram`, and searches its range on the counts.

    Parameters
    ----------
    scheme : Scheme
        Whose codes the search counts with.
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.
    """

    def __init__(self, scheme: Scheme, granularity: Parts) -> None:
        self.scheme, self.granularity = scheme, granularity
        self._histogram = Histogram(granularity)

    @property
    def nbytes(self) -> int:
        """Bytes that the counts take."""
        return self._histogram.nbytes

    def update(self, x: Any) -> None:
        self._histogram.update(x)
