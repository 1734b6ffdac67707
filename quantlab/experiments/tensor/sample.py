"""A fixed sample of a large array that keeps what belongs to one scale together."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantlab.quantizer import Quantizer
from quantlab.scheme import Granularity, PerChannel, PerGroup, PerTensor, Scheme

Values = np.ndarray[Any, np.dtype[Any]]

MOST_VALUES = 2**18
_SEED = 0


@dataclass(frozen=True, eq=False)
class Sample:
    """Some values of an array, evenly spread over it and over its channels or groups.

    Attributes
    ----------
    values : array
        The array itself where it is small enough; otherwise with the parts along the first axis.
    granularity : PerTensor, PerChannel or PerGroup
        Of `values`.
    scales : int array or None
        Where in the whole array's scales, in C order, those of the sample stand; None where all do.
    """

    values: Values
    granularity: Granularity
    scales: Values | None

    @classmethod
    def of(cls, values: Values, granularity: Granularity, most: int = MOST_VALUES) -> Sample:
        """Take the same sample of the same shape, always.

        Parameters
        ----------
        values : array, C-contiguous
        granularity : PerTensor, PerChannel or PerGroup
            With an axis that the array has.
        most : int
            How many values at most.

        Examples
        --------
        >>> Sample.of(np.zeros((8, 100)), PerChannel(0), most=64).values.shape
        (8, 8)
        """
        if values.size <= most:
            return cls(values, granularity, None)
        if isinstance(granularity, PerTensor):
            return cls(values.reshape(-1)[_spread(values.size, most)], granularity, None)
        axis = granularity.axis % values.ndim
        length, after = values.shape[axis], math.prod(values.shape[axis + 1 :])
        before = values.size // (length * after)
        # Whole groups, as long as one is no longer than the sample; of each channel at least one value.
        size = min(granularity.size, length) if isinstance(granularity, PerGroup) else 1
        kept = _spread(size, most)
        parts = _spread(-(-length // size), most // len(kept))
        along = (parts[:, None] * size + kept).reshape(-1)
        along = along[along < length]
        o, i = np.divmod(_spread(before * after, max(1, most // len(along))), after)
        chosen = np.ascontiguousarray(values.reshape(before, length, after)[o, along[:, None], i])
        if isinstance(granularity, PerChannel):
            return cls(chosen, PerChannel(0), along[:, None])
        groups = -(-length // size)
        return cls(chosen, PerGroup(len(kept), 0), (o * groups + parts[:, None]) * after + i)

    def quantizer(self, lo: Values, hi: Values, scheme: Scheme) -> Quantizer:
        """Return the quantizer of the sample, from the ranges of all of the array's parts.

        Parameters
        ----------
        lo, hi : float arrays, one entry a part of the whole array
        scheme : Scheme
            Of the whole array.
        """
        if self.scales is not None:
            lo, hi = lo[self.scales.reshape(-1)], hi[self.scales.reshape(-1)]
        return Quantizer.from_range(self.values, lo, hi, replace(scheme, granularity=self.granularity))


def _spread(n: int, most: int) -> Values:
    """Return up to `most` places among n, one at random in each of equal stretches: no stride can fall in step."""
    if n <= most:
        return np.arange(n)
    drawn = np.random.default_rng(_SEED).random(most)
    return np.unique(((np.arange(most) + drawn) * (n / most)).astype(np.int64))
