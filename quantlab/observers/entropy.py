"""The range whose codes tell most: the clip after which the distribution of the codes is nearest to that of the values.

Source: Migacz 2017, "8-bit Inference with TensorRT" (GTC), slides 28 to 39, with the levels of NVIDIA's
pytorch-quantization (HistogramCalibrator, method "entropy").
"""

from __future__ import annotations

import numpy as np

from ..grid import Flat
from ..scheme import PerTensor, Scheme
from .histogram import BINS, CountingObserver, Counts
from .observer import Parts

MAGNITUDES = 2048  # bins of |x|
NARROWEST = 128  # the narrowest clip that is tried, in bins


def divergences(counts: Counts, levels: int) -> tuple[Counts, Flat]:
    """Return what every clip would lose: the Kullback-Leibler divergence of the codes from the values, in nats.

    A clip behind bin i makes P of the first i bins, the last of which also takes everything beyond; and Q of the same
    bins without that, merged into `levels` runs (run j begins at bin ⌈j·i / levels⌉) and spread evenly again over those
    bins of each run that are not empty. Both are made to sum to 1; the divergence is Σ P·ln(P / Q), infinite where Q is
    0 and P is not.

    Parameters
    ----------
    counts : int64 array (n,)
        Of |x|, the last not 0.
    levels : int

    Returns
    -------
    clips : int64 array
        Numbers of bins, from 128 (or `levels`, or n) to n.
    nats : float64 array of the same length

    Examples
    --------
    >>> clips, nats = divergences(np.full(256, 10), 128)
    >>> int(clips[0]), int(clips[-1]), float(np.abs(nats[-1])) < 1e-12
    (128, 256, True)
    """
    n = len(counts)
    clips = np.arange(min(n, max(NARROWEST, levels)), n + 1)
    below = np.concatenate(([0], np.cumsum(counts)))
    filled = np.concatenate(([0], np.cumsum(counts > 0)))
    information = np.concatenate(([0.0], np.cumsum(_xlogx(counts))))
    # First bins of the runs, and where the last one ends: (clips, levels + 1).
    borders = -(-np.arange(levels + 1) * clips[:, None] // levels)
    masses, spread = (np.diff(running[borders], axis=1) for running in (below, filled))
    with np.errstate(divide="ignore", invalid="ignore"):
        nats_of_run = np.where(masses > 0, np.log(masses / spread), 0.0)
    total, kept, last = below[-1], below[clips], counts[clips - 1]
    beyond = total - kept
    p = information[clips - 1] + _xlogx(last + beyond) - total * np.log(total)
    # A clip's last bin lies in the last run that has any: with fewer bins than levels some have none.
    ends = np.maximum((borders[:, :-1] < clips[:, None]).sum(axis=1) - 1, 0)
    q = (masses * nats_of_run).sum(axis=1) + beyond * nats_of_run[np.arange(len(clips)), ends]
    with np.errstate(divide="ignore"):
        q -= total * np.log(kept)
    return clips, np.where((beyond > 0) & (last == 0), np.inf, (p - q) / total)


def _xlogx(counts: Counts) -> Flat:
    return counts * np.log(np.maximum(counts, 1))


class EntropyObserver(CountingObserver):
    """The clip with the least Kullback-Leibler divergence, over everything seen: calibration as TensorRT does it.

    |x| is counted in at most 2,048 equal bins (`Histogram`, its pairs joined), exact zeros left out, since every grid
    holds them. Every clip from the 128th bin on is tried (`divergences`); of equal ones the widest is taken. With the
    threshold t the range is that of the values, held between −t and t. As many levels as the grid has codes on one
    side of 0: 2^(b−1), or 2^b for an affine grid of values that have one sign.

    Parameters
    ----------
    scheme : Scheme
        Its bits, and whether it is symmetric.
    granularity : PerTensor or PerChannel
        What has a range of its own. Every batch must have as many channels as the first.

    References
    ----------
    Migacz 2017, "8-bit Inference with TensorRT", slides 28 to 39 (128 levels, 2,048 bins); pytorch-quantization for
    other widths, for unsigned codes, for where a run begins and for the widest of equal clips. It leaves out zeros by
    giving their bin the next one's count.

    Examples
    --------
    >>> observer = EntropyObserver(Scheme(bits=4, symmetric=False))
    >>> observer.update(np.append(np.random.default_rng(0).exponential(size=5000), 60.0))
    >>> float(observer.range()[1][0]) < 30
    True
    """

    def __init__(self, scheme: Scheme = Scheme(symmetric=False), granularity: Parts = PerTensor()) -> None:
        super().__init__(scheme, granularity)

    def levels(self, lo: float, hi: float) -> int:
        """Return the number of levels on one side of 0 for values from `lo` to `hi`."""
        one_sided = not self.scheme.symmetric and (lo >= 0 or hi <= 0)
        return int(2 ** (self.scheme.bits - (0 if one_sided else 1)))

    def magnitudes(self, part: int = 0) -> tuple[Counts, float]:
        """Return the counts of |x| of a part, up to the last that is not 0, and the width of a bin."""
        counts = self._histogram.counts[part]
        folded = counts[BINS:] + counts[:BINS][::-1]
        joined = folded.reshape(MAGNITUDES, -1).sum(axis=1)
        used = int(np.flatnonzero(joined)[-1]) + 1 if joined.any() else 0
        return joined[:used], float(self._histogram.reach()[part]) / MAGNITUDES

    def range(self) -> tuple[Flat, Flat]:
        lo, hi = self._histogram.ends.range()
        for part in np.flatnonzero(lo <= hi).tolist():
            counts, width = self.magnitudes(part)
            if len(counts):
                clips, nats = divergences(counts, self.levels(lo[part], hi[part]))
                # Of equal ones the widest.
                threshold = int(clips[len(nats) - 1 - np.argmin(nats[::-1])]) * width
                lo[part], hi[part] = max(lo[part], -threshold), min(hi[part], threshold)
        return lo, hi
