"""The range whose codes lose least: of all that an observer may choose, the one with the least squared error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..grid import Flat
from ..ranges import Summary, least_squared_error
from ..scheme import MinMSE, PerTensor, Scheme
from .ends import Parts
from .histogram import BINS, Histogram


class MSEObserver:
    """The range with the least squared error under the codes of one Scheme, over everything seen.

    The values are kept as counts in at most 8,192 equal bins about 0 (`Histogram`), inside which they are taken as
    spread evenly; exact zeros lie in the bin above 0. On these counts the search is that of `quantlab.scheme.MinMSE`:
    symmetric one threshold, affine each end in turn until neither moves; the wider on a tie.

    Parameters
    ----------
    scheme : Scheme
        Whose codes are counted with: bits, symmetric or affine, and everything else but its range and granularity.
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.

    References
    ----------
    The definition is this library's. PyTorch's HistogramObserver minimises the same sum of squares over 2,048 bins,
    but moves the ends inwards by quantiles and takes the first place from which they would grow worse.

    Examples
    --------
    >>> observer = MSEObserver(Scheme(bits=2, symmetric=False))
    >>> observer.update(np.repeat(np.float32([0, 1, 2, 3, 20]), [40, 500, 500, 500, 1]))
    >>> float(observer.range()[1][0]) < 5
    True
    """

    def __init__(self, scheme: Scheme = Scheme(symmetric=False), granularity: Parts = PerTensor()) -> None:
        self.granularity = granularity
        self.scheme = replace(scheme, range=MinMSE(), granularity=granularity)
        self._histogram = Histogram(granularity)

    @property
    def nbytes(self) -> int:
        """Bytes that the counts take."""
        return self._histogram.nbytes

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
        self._histogram.update(x)

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
        seen = self._histogram
        lo, hi = seen.ends.range()
        some = lo <= hi
        counts = seen.counts.copy()
        counts[:, BINS] += seen.zeros
        reach = seen.reach()
        summary = Summary(-reach, reach, np.zeros((len(lo), 3), np.int64), counts)
        found = least_squared_error(summary, self.scheme, np.where(some, lo, 0.0), np.where(some, hi, 0.0))
        least, greatest = (np.where(some, end, known) for end, known in zip(found, (lo, hi), strict=True))
        return least, greatest
