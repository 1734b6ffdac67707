"""For which accumulators two ways to requantize give different codes: all of int32, without trying all of int32.

Both ways never fall as the accumulator grows, so each is known by where its codes begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.scheme import Scheme

from .requantization import FixedPoint, requantize

_LEAST, _END = -(2**31), 2**31


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Accumulators whose codes differ.

    Attributes
    ----------
    starts, stops : int64 arrays
        Runs of accumulators, from each start up to and without its stop; in order, apart from one another.
    unclipped : (int, int)
        The first accumulator that the first way does not give qmin, and the first that it gives qmax; between them a
        change of the accumulator can change the code.
    """

    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    unclipped: tuple[int, int]

    @property
    def count(self) -> int:
        """How many accumulators there are."""
        return int((self.stops - self.starts).sum())

    @property
    def share(self) -> float:
        """`count` among those between the ends of `unclipped`; NaN where there are none."""
        width = self.unclipped[1] - self.unclipped[0]
        return self.count / width if width else float("nan")


def thresholds(multiplier: Any, zero_point: int, scheme: Scheme = Scheme()) -> npt.NDArray[np.int64]:
    """Return the least accumulator of each code from qmin + 1 to qmax.

    Parameters
    ----------
    multiplier : one positive float, or a FixedPoint of one
    zero_point : int
    scheme : Scheme
        As for `requantize`.

    Returns
    -------
    (qmax − qmin,) int64, never falling; 2^31 where no int32 reaches the code, −2^31 where all do

    Raises
    ------
    TypeError, ValueError
        As `requantize`, and where there is more than one multiplier.

    Examples
    --------
    >>> thresholds(0.5, 0, Scheme(bits=2)).tolist()  # −3 · 0.5 is −1.5, and ties go to even: −2
    [-2, -1, 2]
    """
    number = multiplier.multiplier if isinstance(multiplier, FixedPoint) else np.asarray(multiplier)
    if number.size != 1:
        raise ValueError(f"There must be one multiplier, got {number.size}; compare one column at a time.")
    if number.ndim:
        multiplier = (
            FixedPoint(multiplier.multiplier.reshape(()), multiplier.shift.reshape(()), multiplier.rounding)
            if isinstance(multiplier, FixedPoint)
            else number.reshape(())
        )
    codes = np.arange(scheme.qmin + 1, scheme.qmax + 1)
    low, high = np.full(len(codes), _LEAST, np.int64), np.full(len(codes), _END, np.int64)
    while (low < high).any():
        middle = (low + high) >> 1  # below `high`, and so within int32 wherever the search goes on
        reached = requantize(np.minimum(middle, _END - 1), multiplier, zero_point, scheme) >= codes
        going = low < high
        high = np.where(going & reached, middle, high)
        low = np.where(going & ~reached, middle + 1, low)
    return low


def disagreement(first: Any, second: Any, zero_point: int, scheme: Scheme = Scheme()) -> Disagreement:
    """Return the accumulators for which two multipliers give different codes.

    Parameters
    ----------
    first, second : one positive float, or a FixedPoint of one, each
        As for `requantize`; one column of several at a time.
    zero_point : int
        Of the output.
    scheme : Scheme

    Raises
    ------
    TypeError, ValueError
        As `thresholds`.

    Examples
    --------
    >>> from quantlab.linear.requantization import fixed_point
    >>> found = disagreement(0.25, fixed_point(0.25), 0, Scheme(bits=3))
    >>> list(zip(found.starts.tolist(), found.stops.tolist())), found.unclipped
    ([(-10, -9), (-2, -1), (1, 3), (5, 6), (9, 11)], (-13, 11))
    """
    one, other = thresholds(first, zero_point, scheme), thresholds(second, zero_point, scheme)
    starts, stops = np.minimum(one, other), np.maximum(one, other)
    apart = starts < stops
    starts, stops = starts[apart], stops[apart]
    # Thresholds are in order and so are both ends of the runs; where codes lie close, runs can meet.
    first_of_run = np.ones(len(starts), bool)
    first_of_run[1:] = starts[1:] > stops[:-1]
    last_of_run = np.roll(first_of_run, -1)
    return Disagreement(starts[first_of_run], stops[last_of_run], (int(one[0]), int(one[-1])))
