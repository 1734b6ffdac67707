"""What follows each hidden layer, ReLU or tanh: its values going forward, its slope going back, its first weights.

ReLU lets a positive factor pass and leaves nothing negative, so a grid behind it needs no zero point. Tanh holds
everything within −1 and 1: no range behind it grows, and its grid has the zero point in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Hidden = Literal["relu", "tanh"]


class Unit(NamedTuple):
    """One kind of hidden unit.

    Attributes
    ----------
    apply : callable
        Turns sums into what the unit gives, float32 in place, and returns them.
    slope : callable
        From what the unit gave, the factor for what comes back: bool or float32 of the same shape.
    gain : float
        Of random first weights, variance times inputs that keeps the size of activations from layer to layer.
    """

    apply: Callable[[F32], F32]
    slope: Callable[[F32], npt.NDArray[Any]]
    gain: float


def relu(sums: F32) -> F32:
    """Hold sums at 0 from below, in place.

    >>> relu(np.float32([-1, 2])).tolist()
    [0.0, 2.0]
    """
    return np.maximum(sums, 0, out=sums)


def relu_slope(given: F32) -> npt.NDArray[np.bool_]:
    """Return where ReLU let its sum pass; at exactly 0 its slope counts as 0.

    >>> relu_slope(np.float32([0, 2])).tolist()
    [False, True]
    """
    return given > 0


def tanh(sums: F32) -> F32:
    """Bend sums into −1 to 1, in place.

    >>> tanh(np.float32([0, 20])).tolist()
    [0.0, 1.0]
    """
    return np.tanh(sums, out=sums)


def tanh_slope(given: F32) -> F32:
    """Return ``1 − y²``, the slope of tanh where it gives y.

    >>> tanh_slope(np.float32([0, 0.5])).tolist()
    [1.0, 0.75]
    """
    return 1 - given * given


# He et al. 2015, equation 10, for ReLU, of which half is 0; LeCun et al. 1998, section 4.6, for tanh.
HIDDEN: dict[Hidden, Unit] = {"relu": Unit(relu, relu_slope, 2.0), "tanh": Unit(tanh, tanh_slope, 1.0)}
"""Each kind by its name."""


def require_hidden(name: str) -> None:
    """Refuse, in one sentence, a name that is none of HIDDEN.

    >>> require_hidden("tanh")
    """
    if name not in HIDDEN:
        raise ValueError(f"hidden must be {' or '.join(HIDDEN)}, got {name!r}; choose one.")
