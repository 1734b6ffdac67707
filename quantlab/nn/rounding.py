"""What training sees of a rounded tensor: its values on the grid going forward, a slope that is made up going back.

The true slope of a staircase is 0 almost everywhere, and nothing would ever be learned. Straight-through lets the
gradient pass as if nothing had been rounded, except where a value was clipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.kernels.straight_through import SMALLEST_STEP

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rounded:
    """A tensor on its grid, with what the way back needs.

    Attributes
    ----------
    values : float32 array
        x̂, as `Quantizer.fake_quantize` gives it.
    quotient, steps : float32 arrays
        ``x / s``, and what it was rounded and clamped to, without the zero point.
    inside : bool array
        Where the gradient passes.
    """

    values: F32
    quotient: F32
    steps: F32
    inside: npt.NDArray[np.bool_]

    def slope_of_scale(self, slopes: F32, *, per_row: bool = False) -> Any:
        """Return the loss's slope for the scale, from its slopes for `values`; one a row where rows have their own.

        Inside it is ``rint(x / s) − x / s``, outside the end code: Esser et al. 2020, equation 3.

        Examples
        --------
        >>> found = fake_quantize(np.float32([0.3, 9.0]), np.float32(1), 0, 3, learned=True)
        >>> float(found.slope_of_scale(np.float32([1, 1])))  # (0 − 0.3) + 3
        2.700000047683716
        """
        own = self.quotient * self.inside
        np.subtract(self.steps, own, out=own)
        own *= slopes
        return own.sum(axis=1, keepdims=True) if per_row else own.sum()


def fake_quantize(x: F32, scale: Any, least: float, most: float, *, learned: bool = False) -> Rounded:
    """Round a tensor to its grid and remember what was clipped.

    Parameters
    ----------
    x : float32 array
    scale : positive float32 scalar, or array that broadcasts
    least, most : float
        The end codes minus the zero point.
    learned : bool
        Whether the scale is learned: then only what lies within the end levels counts as inside (Esser et al. 2020).
        Otherwise whatever rounds to a code does, as in PyTorch's fake_quantize.

    References
    ----------
    Bengio et al. 2013 for the straight-through estimator; Jacob et al. 2018, section 3.

    Examples
    --------
    >>> found = fake_quantize(np.float32([-0.2, 0.3, 0.6, 1.9]), np.float32(0.5), 0, 3)
    >>> found.values.tolist(), found.inside.tolist()
    ([0.0, 0.5, 0.5, 1.5], [True, True, True, False])
    """
    quotient = x / scale
    rounded = np.rint(quotient)
    steps = np.minimum(rounded, np.float32(most))
    np.maximum(steps, np.float32(least), out=steps)
    inside = (quotient >= least) & (quotient <= most) if learned else steps == rounded
    values = steps * scale
    values += np.float32(0)  # no −0
    return Rounded(values, quotient, steps, inside)


def first_step(x: F32, most: float) -> np.float32:
    """Return the step from which learning starts: ``2 · mean|x| / √most``.

    References
    ----------
    Esser et al. 2020, section 2.1.

    Examples
    --------
    >>> float(first_step(np.float32([1, -3]), 4))
    2.0
    """
    return np.float32(max(2 * float(np.abs(x).mean()) / most**0.5, float(SMALLEST_STEP)))


def step_damping(size: int, most: float) -> np.float32:
    """Return what the slope of a learned step is multiplied by, ``1 / √(size · most)``.

    So a step moves about as fast, in parts of itself, as the numbers that it serves.

    References
    ----------
    Esser et al. 2020, section 2.2.

    Examples
    --------
    >>> float(step_damping(25, 4))
    0.10000000149011612
    """
    return np.float32(1 / (size * most) ** 0.5)
