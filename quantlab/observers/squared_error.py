"""The range whose codes lose least: of all that an observer may choose, the one with the least squared error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..grid import Flat
from ..ranges import Summary, error_on_counts, least_squared_error
from ..scheme import MinMSE, PerTensor, Scheme
from .histogram import BINS, CountingObserver
from .observer import Parts

_LEAST, _A_CODE = 512, 4  # bins that the search looks at, at the least: altogether, and for each code


class MSEObserver(CountingObserver):
    """The range with the least squared error under the codes of one Scheme, over everything seen.

    The values are kept as counts in at most 8,192 equal bins about 0 (`Histogram`), inside which they are taken as
    spread evenly; exact zeros lie in the bin above 0. Neighbours are joined as long as 512 bins, and 4 a code, are
    left. On these counts the search is that of `quantlab.scheme.MinMSE`: symmetric one threshold, affine each end in
    turn until neither moves; the wider on a tie.

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
        super().__init__(replace(scheme, range=MinMSE(), granularity=granularity), granularity)

    def range(self) -> tuple[Flat, Flat]:
        lo, hi = self._histogram.ends.range()
        scheme = replace(self.scheme, granularity=PerTensor())
        for part in np.flatnonzero(lo <= hi).tolist():
            own = slice(part, part + 1)
            lo[own], hi[own] = least_squared_error(self._counts(part), scheme, lo[own], hi[own])
        return lo, hi

    def error(self, lo: float, hi: float, part: int = 0) -> float:
        """Return the mean squared error of the codes over a range, as the search takes it.

        Parameters
        ----------
        lo, hi : float
            The range.
        part : int
            Which part's values.

        Examples
        --------
        >>> observer = MSEObserver(Scheme(bits=1, symmetric=False))
        >>> observer.update(np.linspace(0, 1, 10_000))
        >>> round(observer.error(0.0, 1.0), 3)  # half of the values are up to ½ away from 0, half from 1
        0.083
        """
        summary = self._counts(part)
        measure = error_on_counts(summary, np.dtype(np.float64), replace(self.scheme, granularity=PerTensor()))
        total, _ = measure(np.array([lo]), np.array([hi]))
        counted = int(self._histogram.counts[part].sum() + self._histogram.zeros[part])
        return float(total[0]) / counted

    def _counts(self, part: int) -> Summary:
        """Return a part's counts between the outermost that are not 0, neighbours joined where bins are many."""
        counts = self._histogram.counts[part].copy()
        counts[BINS] += self._histogram.zeros[part]
        used = np.flatnonzero(counts)
        joined, least = 1, max(_LEAST, _A_CODE << self.scheme.bits)
        while used[-1] - used[0] >= 2 * joined * least:
            joined *= 2
        first, last = int(used[0]) // joined, int(used[-1]) // joined + 1
        window = counts.reshape(1, -1, joined).sum(axis=2)[:, first:last]
        width, middle = self._histogram.reach()[part : part + 1] / BINS * joined, BINS // joined
        ends = (first - middle) * width, (last - middle) * width
        return Summary(*ends, np.zeros((1, 3), np.int64), np.ascontiguousarray(window))
