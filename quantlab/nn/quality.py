"""How good a network's answers are: the share of right classes, or the share of the variance that its values explain.

Both are 1 where a network errs nowhere. Where it has learned nothing they are 1 / classes, or 0 for always the mean.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .datasets import Loss

Measure = Literal["accuracy", "r2"]
MEASURES: dict[Loss, Measure] = {"cross_entropy": "accuracy", "squared_error": "r2"}
"""What is said of a network that was trained for a loss."""


def quality(outputs: npt.NDArray[Any], labels: npt.NDArray[Any]) -> float:
    """Return the accuracy where labels are classes, R² where they are values.

    Parameters
    ----------
    outputs : (n, classes) or (n, 1) real numbers
    labels : (n,) integers or floats

    Raises
    ------
    ValueError
        If there is no row, or all values are equal.

    Examples
    --------
    >>> quality(np.array([[0, 1], [2, 1]]), np.array([1, 1]))
    0.5
    >>> quality(np.array([[1.0], [2.0]]), np.array([1.0, 3.0]))
    0.5
    """
    return r_squared(outputs[:, 0], labels) if labels.dtype.kind == "f" else accuracy(outputs, labels)


def accuracy(logits: npt.NDArray[Any], labels: npt.NDArray[Any]) -> float:
    """Return the share of rows whose largest logit is that of their label; of equal ones the first counts.

    >>> accuracy(np.array([[0, 1], [2, 1], [3, 3]]), np.array([1, 1, 0]))
    0.6666666666666666
    """
    return _share(logits.argmax(axis=1) == labels)


def agreement(logits: npt.NDArray[Any], others: npt.NDArray[Any]) -> float:
    """Return the share of rows for which two networks choose the same class.

    >>> agreement(np.array([[0, 1], [2, 1]]), np.array([[5, 6], [5, 6]]))
    0.5
    """
    return _share(logits.argmax(axis=1) == others.argmax(axis=1))


def _share(same: npt.NDArray[np.bool_]) -> float:
    if not same.size:
        raise ValueError("A share of no rows has no value; give at least one row.")
    return float(same.mean())


def r_squared(values: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> float:
    """Return 1 − Σ(value − wanted)² / Σ(wanted − mean)², in float64; below 0 for worse than the mean alone.

    Parameters
    ----------
    values, wanted : (n,) real numbers

    Raises
    ------
    ValueError
        If there is no row, or what is wanted does not vary.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0, 6.0]), np.array([1.0, 2.0, 3.0]))
    -3.5
    """
    exact = np.asarray(wanted, np.float64)
    spread = float(((exact - exact.mean()) ** 2).sum()) if exact.size else 0.0
    if not spread:
        raise ValueError("R² needs values that vary, got none; give at least two rows that differ.")
    return 1 - float(((np.asarray(values, np.float64) - exact) ** 2).sum()) / spread
