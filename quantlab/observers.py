"""The range of activations, found from batches as they pass: what calibration looks with.

Each observer's range depends on the values alone, never on how they were cut into batches or in which order these came,
and each keeps a bounded number of bytes however much it has seen. Only finite values count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .grid import AnyArray, Flat, checked
from .ranges import summarise
from .scheme import Percentile, PerChannel, PerTensor

Parts = PerTensor | PerChannel
_LARGEST = 255 * 2.0**120  # of the finite bfloat16 numbers
_SIGN, _ALL = 0x8000, 0xFFFF


class Observer(Protocol):
    """What watches batches and chooses a range: ``update(x)``, as often as there are batches, then ``range()``."""

    def update(self, x: Any) -> None:
        """Look at one more batch."""

    def range(self) -> tuple[Flat, Flat]:
        """Return lo and hi of each part."""


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
        _require_parts(len(lo), len(self._lo))
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
            raise ValueError(_NO_DATA)
        return self._lo.copy(), self._hi.copy()


class PercentileObserver:
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
        values = checked(x)
        self._ends.update(values)
        keys, counts = np.unique(_keys(values, self.granularity), return_counts=True)
        self._keys, where = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        total = np.zeros(len(self._keys), np.int64)
        np.add.at(total, where, np.concatenate([self._counts, counts]))
        self._counts = total

    def range(self) -> tuple[Flat, Flat]:
        """Return the range of each part.

        Returns
        -------
        lo, hi : float64 arrays, one entry a part
            As `Quantizer.from_range` takes them; lo > hi for a channel without a finite value beside others with one.

        Raises
        ------
        ValueError
            If no finite value was seen at all.
        """
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
    by_channel = x.reshape(1, -1) if isinstance(granularity, PerTensor) else np.moveaxis(x, granularity.axis, 0)
    by_channel = by_channel.reshape(len(by_channel), -1) if by_channel.size else np.empty((1, 0), x.dtype)
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


_NO_DATA = "Calibration with no data has no range; feed the observer at least one finite value first."


def _require_parts(found: int, known: int) -> None:
    if found != known:
        raise ValueError(
            f"A batch of {found} channels came after batches of {known}; give the observer batches that are alike."
        )


@dataclass(frozen=True)
class Kind:
    """One entry of the menu of observers.

    Attributes
    ----------
    name, label, help : str
        In an address; in the menu; one sentence of definition.
    make : callable
        ``make(granularity=...)`` gives a new observer that has seen nothing.
    """

    name: str
    label: str
    help: str
    make: Callable[..., Observer]


_KINDS = (
    Kind("minmax", "min-max", "From the smallest to the largest value seen.", MinMaxObserver),
    Kind(
        "percentile",
        "percentile 99.9",
        "Leaves out the thousandth of the values that lies highest, and the one that lies lowest.",
        PercentileObserver,
    ),
)
OBSERVERS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
