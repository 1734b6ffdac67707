"""A percentile of everything seen, from how often each number of 8 significant bits occurred."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..grid import AnyArray, Flat, checked
from ..scheme import Percentile, PerTensor
from .ends import MinMaxObserver
from .observer import Observer, Parts, channels

_LARGEST = 255 * 2.0**120  # of the finite bfloat16 numbers
_SIGN, _ALL = 0x8000, 0xFFFF


class PercentileObserver(Observer):
    """From the (100 − p)th to the p-th percentile of all values seen, each rounded to 8 significant bits.

    It counts how often every bfloat16 number occurs, at most 65,280 counts a channel. The percentiles of these are
    exact, interpolated linearly as `numpy.percentile` does, and held between the smallest and the largest value, so
    that ``p = 100`` is min-max. A value is thus off by at most 1 part in 256 of itself, whatever the outliers; equal
    bins from the smallest to the largest value would become the coarser the farther these lie.

    Parameters
    ----------
    p : float
        In percent, above 50, at most 100.
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.

    Raises
    ------
    TypeError, ValueError
        If `p` lies outside that interval.

    References
    ----------
    `quantlab.scheme.Percentile` for the percentile of a single array; HdrHistogram for counts at a fixed number of
    significant digits.

    Examples
    --------
    >>> observer = PercentileObserver(75)
    >>> for batch in ([0.0, 1.0], [2.0, 3.0], [1000.0]):
    ...     observer.update(np.float32(batch))
    >>> lo, hi = observer.range()
    >>> lo.tolist(), hi.tolist()
    ([1.0], [3.0])
    """

    def __init__(self, p: float = 99.9, granularity: Parts = PerTensor()) -> None:
        self.p = Percentile(p).p
        self.granularity = granularity
        self._ends = MinMaxObserver(granularity)
        self._keys = np.empty(0, np.int64)  # in order: which channel, and which number
        self._counts = np.empty(0, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes that the counts take."""
        return self._keys.nbytes + self._counts.nbytes

    def update(self, x: Any) -> None:
        values = checked(x)
        self._ends.update(values)
        keys, counts = np.unique(_keys(values, self.granularity), return_counts=True)
        self._keys, where = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        total = np.zeros(len(self._keys), np.int64)
        np.add.at(total, where, np.concatenate([self._counts, counts]))
        self._counts = total

    def range(self) -> tuple[Flat, Flat]:
        least, greatest = self._ends.range()
        lo, hi = least.copy(), greatest.copy()
        borders = np.searchsorted(self._keys, np.arange(len(lo) + 1) << 16)
        for part in np.flatnonzero(least <= greatest):
            own = slice(borders[part], borders[part + 1])
            numbers, seen = _numbers(self._keys[own]), np.cumsum(self._counts[own])
            lo[part], hi[part] = (_percentile(numbers, seen, percent) for percent in (100 - self.p, self.p))
        # Rounding may carry either end past either extreme. A channel that has seen nothing keeps lo > hi.
        some = least <= greatest
        return np.where(some, np.clip(lo, least, greatest), lo), np.where(some, np.clip(hi, least, greatest), hi)


def _keys(x: AnyArray, granularity: Parts) -> Flat:
    """Return the keys of the finite values: the channel, then the nearest bfloat16 by its place in their order."""
    by_channel = channels(x, granularity)
    finite = np.isfinite(by_channel)
    channel = np.broadcast_to(np.arange(len(by_channel))[:, None], finite.shape)[finite]
    held = np.clip(by_channel[finite], -_LARGEST, _LARGEST).astype(np.float32)
    bits = (held + np.float32(0)).view(np.uint32).astype(np.int64)  # + 0: one key for both zeros
    nearest = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    # Bit patterns of positive numbers rise with them, those of negative ones fall.
    return channel << 16 | np.where(nearest & _SIGN, nearest ^ _ALL, nearest | _SIGN)


def _numbers(keys: Flat) -> Flat:
    """Return the numbers that keys stand for, as float64."""
    place = keys & _ALL
    nearest = np.where(place & _SIGN, place ^ _SIGN, place ^ _ALL)
    return (nearest << 16).astype(np.uint32).view(np.float32).astype(np.float64)


def _percentile(numbers: Flat, seen: Flat, percent: float) -> float:
    """Return a percentile of numbers in order, of which ``seen[i]`` lie at or below the i-th."""
    place = percent / 100 * (int(seen[-1]) - 1)
    below = int(place)
    lower, upper = numbers[np.searchsorted(seen, [below, min(below + 1, int(seen[-1]) - 1)], side="right")]
    return float(lower + (upper - lower) * (place - below))
