"""The two matrices of a product: pairs that come with the house, or the visitor's array and a drawn partner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array, as_matrix

F32 = NDArray[np.float32]

MOST_ROWS, MOST_TERMS, MOST_COLUMNS = 256, 1024, 256
WIDE_FACTOR = 30  # how many times wider the wide channel is


@dataclass(frozen=True)
class Pair:
    """One entry of the Data menu.

    Attributes
    ----------
    label, help : str
        In the menu; one sentence of definition.
    make : callable
        ``make((m, k, n), seed)`` gives X (m, k) and W (k, n), new float32 arrays.
    """

    label: str
    help: str
    make: Callable[[tuple[int, int, int], int], tuple[F32, F32]]


def build(name: str, shape: tuple[int, int, int], seed: int) -> tuple[Array, Array]:
    """Build X and W of one of the PAIRS.

    Parameters
    ----------
    name : str
        A key of PAIRS.
    shape : (int, int, int)
        M, K, N.
    seed : int
        0 to 2^31 − 1; the same gives the same bytes.

    Examples
    --------
    >>> x, w = build("article", (10, 5, 4), 0)
    >>> x.values.shape, w.values.shape, round(float(x.values[0, 0]), 4)
    ((10, 5), (5, 4), 0.5488)
    """
    x, w = PAIRS[name].make(shape, seed)
    return _kept(x, "X"), _kept(w, "W")


def beside_own(array: Array, role: str, others: int, seed: int) -> tuple[Array, Array, str]:
    """Take the visitor's array as one matrix and draw a normal partner for it.

    Parameters
    ----------
    array : Array
        Of any rank and size. Reshaped to two axes, NaN and infinities set to 0, and cut to what the page takes.
    role : "w" or "x"
        Which of the two it is.
    others : int
        Rows of X or columns of W, whichever is drawn.
    seed : int

    Returns
    -------
    x, w : Array
    remark : str
        What was done to the array, a sentence each; empty where nothing was.

    Examples
    --------
    >>> x, w, remark = beside_own(Array.of(np.ones(6, np.float32), "six"), "w", 3, 0)
    >>> x.values.shape, w.values.shape, remark
    ((3, 6), (6, 1), 'An array of shape (6,) is taken as 6 × 1.')
    """
    most = (MOST_TERMS, MOST_COLUMNS) if role == "w" else (MOST_ROWS, MOST_TERMS)
    matrix, remark = as_matrix(array.values, most, rows="all but last", alone="column" if role == "w" else "row")
    draw = np.random.default_rng(seed)
    if role == "w":
        other = draw.standard_normal((others, len(matrix)), np.float32)
        return _kept(other, "X"), _kept(matrix, "W"), remark
    other = draw.standard_normal((matrix.shape[1], others), np.float32)
    return _kept(matrix, "X"), _kept(other, "W"), remark


def _kept(values: F32, name: str) -> Array:
    values = np.ascontiguousarray(values)
    values.flags.writeable = False
    return Array.of(values, name)


def _article(shape: tuple[int, int, int], seed: int) -> tuple[F32, F32]:
    m, k, n = shape
    draw = np.random.RandomState(seed)  # the stream of the article's np.random.rand
    return draw.rand(m, k).astype(np.float32), draw.rand(k, n).astype(np.float32)


def _uniform(shape: tuple[int, int, int], seed: int) -> tuple[F32, F32]:
    m, k, n = shape
    draw = np.random.default_rng(seed)
    return draw.uniform(-1, 1, (m, k)).astype(np.float32), draw.uniform(-1, 1, (k, n)).astype(np.float32)


def _normal(shape: tuple[int, int, int], seed: int) -> tuple[F32, F32]:
    m, k, n = shape
    draw = np.random.default_rng(seed)
    return draw.standard_normal((m, k), np.float32), draw.standard_normal((k, n), np.float32)


def _layer(shape: tuple[int, int, int], seed: int) -> tuple[F32, F32]:
    x, w = _normal(shape, seed)
    return np.maximum(x, 0), w * np.float32((2 / shape[1]) ** 0.5)


def _wide(shape: tuple[int, int, int], seed: int) -> tuple[F32, F32]:
    x, w = _normal(shape, seed)
    w[:, shape[2] // 2] *= WIDE_FACTOR
    return x, w


PAIRS: dict[str, Pair] = {
    "article": Pair("article rand", "Both uniform in [0, 1) from NumPy's rand: the article's example.", _article),
    "uniform": Pair("uniform", "Both equally likely everywhere in [−1, 1).", _uniform),
    "normal": Pair("normal", "Both bell-shaped around 0.", _normal),
    "relu": Pair("ReLU × weights", "X after a ReLU, W normal: what a layer of a network multiplies.", _layer),
    "wide": Pair("one wide channel", f"Both normal, but one column of W is {WIDE_FACTOR} times wider.", _wide),
}
