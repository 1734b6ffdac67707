"""Points in the plane: small enough to train on in a second, and a network's answer can be drawn.

Every maker takes a seed and gives as many points of every class, or the points of a curve; each coordinate with mean 0
and standard deviation 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

POINTS = 1_000
_SPREAD = 7  # a stream of random numbers of its own: the seed also draws the split and the first weights
_TURNS = 1.75  # of each spiral; more would need a wider network
_CENTRES = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))

F64 = npt.NDArray[np.float64]
Points = tuple[F64, npt.NDArray[np.int64]]


def moons(seed: int) -> Points:
    """Return two half circles that reach into each other.

    Examples
    --------
    >>> x, labels = moons(0)
    >>> x.shape, np.bincount(labels).tolist()
    ((1000, 2), [500, 500])
    """
    rng, half = _rng(seed), POINTS // 2
    angle = np.pi * rng.random(POINTS)
    x = np.column_stack([np.cos(angle), np.sin(angle)])
    x[half:] = [1.0, 0.5] - x[half:]
    return _standardised(x + rng.normal(0, 0.12, x.shape), 2)


def spirals(seed: int) -> Points:
    """Return two spirals around each other, which no straight line tells apart.

    Examples
    --------
    >>> bool(np.allclose(spirals(0)[0].std(axis=0), 1))
    True
    """
    rng = _rng(seed)
    along = np.sqrt(0.02 + 0.98 * rng.random(POINTS))  # as dense at the end as in the middle
    angle = 2 * np.pi * _TURNS * along
    angle[POINTS // 2 :] += np.pi
    x = along[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return _standardised(x + rng.normal(0, 0.015, x.shape), 2)


def circles(seed: int) -> Points:
    """Return a ring inside of a ring.

    Examples
    --------
    >>> x, labels = circles(0)
    >>> size = np.hypot(*x.T)
    >>> bool(size[labels == 1].mean() < size[labels == 0].mean())
    True
    """
    rng = _rng(seed)
    angle = 2 * np.pi * rng.random(POINTS)
    x = np.column_stack([np.cos(angle), np.sin(angle)])
    x[POINTS // 2 :] *= 0.5
    return _standardised(x + rng.normal(0, 0.09, x.shape), 2)


def blobs(seed: int) -> Points:
    """Return four round clouds, a class each, that overlap a little.

    Examples
    --------
    >>> np.bincount(blobs(0)[1]).tolist()
    [250, 250, 250, 250]
    """
    rng = _rng(seed)
    x = np.repeat(np.array(_CENTRES), POINTS // len(_CENTRES), axis=0)
    return _standardised(x + rng.normal(0, 0.42, x.shape), len(_CENTRES))


def curve(seed: int) -> tuple[F64, F64]:
    """Return points near a curve with bends, their first coordinate and the second, which is to be told from it.

    Examples
    --------
    >>> x, y = curve(0)
    >>> x.shape, y.shape, round(float(y.std()), 6)
    ((1000, 1), (1000,), 1.0)
    """
    rng = _rng(seed)
    x = 2 * rng.random(POINTS) - 1
    points = np.column_stack([x, np.sin(4 * x) + x / 2 + rng.normal(0, 0.12, POINTS)])
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    return points[:, :1], points[:, 1]


def _rng(seed: int) -> Any:
    return np.random.default_rng([seed, _SPREAD])


def _standardised(x: F64, classes: int) -> Points:
    """Return points that lie class by class, centred and scaled, with their labels."""
    return (x - x.mean(axis=0)) / x.std(axis=0), np.repeat(np.arange(classes), len(x) // classes)
