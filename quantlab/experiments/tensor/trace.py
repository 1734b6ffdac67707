"""One element on its way to a code and back, every number as the kernels form it; and which elements lose the most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.grid import largest_of, layout_of
from quantlab.kernels import Layout, box
from quantlab.quantizer import Quantizer
from quantlab.scheme import Scheme

Values = np.ndarray[Any, np.dtype[Any]]

WORST = 100  # elements that can be walked through, from the largest error down
_BLOCK = 1 << 18
_WRAPS_WITHIN = 2**53
_FAR = 2**62
_WORD = 2**64 - 1


@dataclass(frozen=True)
class Trace:
    """The numbers between a value and what comes back of it.

    Attributes
    ----------
    scheme : Scheme
    index : int
        In C order; `place` is the same as one index a dimension.
    part : int
        The channel or group that gives scale and zero point; 0 where there is one for all.
    x, scale, reciprocal, quotient, before, x_hat : scalars of the working type
        `reciprocal` is None where x is divided; `before` is what is rounded: the quotient, with the zero point where
        that is added first.
    rounded : float
        A whole number, or infinite.
    uniform : float or None
        U(i), which stochastic rounding compares with the fraction.
    unclamped, code, zero_point : int
        The code before and after it is held to the codes that exist.
    error : float
        x_hat − x.
    """

    scheme: Scheme
    index: int
    place: tuple[int, ...]
    part: int
    x: Any
    scale: Any
    zero_point: int
    reciprocal: Any
    quotient: Any
    before: Any
    uniform: float | None
    rounded: float
    unclamped: int
    code: int
    x_hat: Any
    error: float

    @property
    def clipped(self) -> bool:
        """Whether the code had to be held to the codes that exist."""
        return not self.scheme.qmin <= self.unclamped <= self.scheme.qmax

    @property
    def wraps(self) -> bool:
        """Whether it was held by wrapping around."""
        return self.clipped and self.scheme.overflow == "wrap" and abs(self.unclamped) <= _WRAPS_WITHIN

    @property
    def tie(self) -> bool:
        """Whether what is rounded lies exactly half way between two whole numbers."""
        return bool(abs(self.before - np.trunc(self.before)) == 0.5)

    @property
    def moved(self) -> float:
        """By how much of a step rounding moved the value; positive upwards."""
        return self.rounded - float(self.before) if np.isfinite(self.rounded) else 0.0

    @property
    def error_steps(self) -> float:
        """The error in steps of its own scale."""
        return self.error / float(self.scale)

    @property
    def pattern(self) -> int:
        """The code's bits as a number from 0: two's complement where codes are signed."""
        return self.code & ((1 << self.scheme.bits) - 1)


def trace(values: Values, quantizer: Quantizer, index: int) -> Trace:
    """Follow one element through the scheme's arithmetic.

    Parameters
    ----------
    values : array, C-contiguous
    quantizer : Quantizer
        Of this array.
    index : int
        In C order.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If the element is NaN, which has no code.

    Examples
    --------
    >>> x = np.array([1.0, 0.3], np.float32)
    >>> step = trace(x, Quantizer(x, bits=2), 1)
    >>> float(step.scale), step.rounded, step.code, float(step.x_hat)
    (0.5, 1.0, 1, 0.5)
    """
    scheme, working = quantizer.scheme, quantizer.working
    x = np.asarray(values.reshape(-1)[index]).astype(working)[()]
    if np.isnan(x):
        raise ValueError(f"element {index} is NaN, which has no code; choose another element.")
    layout, _ = layout_of(values.shape, scheme.granularity)
    part = part_of(layout, index)
    s, z = np.ravel(quantizer.scale)[part], int(np.ravel(quantizer.zero_point)[part])
    added_before = scheme.zero_point_added == "before_rounding"
    uniform = draw(scheme.seed, index) if scheme.rounding == "stochastic" else None
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        reciprocal = working.type(1) / s if scheme.division == "reciprocal" else None
        quotient = x / s if reciprocal is None else x * reciprocal
        before = quotient + working.type(z) if added_before else quotient
        rounded = float(_rounded(before, scheme.rounding, uniform))
        unclamped = int(np.clip(rounded, -_FAR, _FAR)) + (0 if added_before else z)
        code = _held(unclamped, scheme)
        largest = largest_of(working)[0]
        x_hat = np.clip(working.type(code - z) * s, -largest, largest)
    place = tuple(int(i) for i in np.unravel_index(index, values.shape))
    return Trace(
        scheme, index, place, part, x, s, z, reciprocal, quotient, before, uniform, rounded, unclamped, code, x_hat,
        float(x_hat) - float(x),
    )  # fmt: skip


def _rounded(v: Any, rounding: str, uniform: float | None) -> Any:
    if rounding == "half_even":
        return np.rint(v)
    if rounding == "half_away":
        whole = np.trunc(v)
        return whole + np.copysign(1.0, v) if abs(v - whole) >= 0.5 else whole
    whole = np.floor(v)
    return whole + 1 if uniform is not None and uniform < float(v - whole) else whole


def _held(unclamped: int, scheme: Scheme) -> int:
    if scheme.overflow == "wrap" and abs(unclamped) <= _WRAPS_WITHIN:
        return scheme.qmin + (unclamped - scheme.qmin) % scheme.levels
    return min(max(unclamped, scheme.qmin), scheme.qmax)


def draw(seed: int, index: int) -> float:
    """Return U(i), the number in [0, 1) that stochastic rounding has for an element.

    References
    ----------
    Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators" (splitmix64).

    Examples
    --------
    >>> round(draw(0, 0), 6)
    0.883311
    """
    z = (seed + 0x9E3779B97F4A7C15 * (index + 1)) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return float((z ^ (z >> 31)) >> 11) * 2.0**-53


def part_of(layout: Layout, index: int) -> int:
    """Return which scale belongs to an element, by its index in C order.

    >>> part_of(layout_of((4, 6), Scheme().granularity)[0], 23)
    0
    """
    rest, inner = divmod(index, layout.inner)
    outer, middle = divmod(rest, layout.middle)
    return outer * layout.step_outer + middle // layout.size * layout.step_middle + inner * layout.step_inner


@dataclass(frozen=True, eq=False)
class Worst:
    """The elements with the largest errors, largest first: equally long arrays.

    Attributes
    ----------
    index : int array
        In C order; among equal errors the first comes first.
    error : float array
        |x_hat − x|.
    """

    index: Values
    error: Values

    def rank(self, index: int) -> int | None:
        """Return which place an element has, counted from 0; None where it is not among these."""
        at = np.flatnonzero(self.index == index)
        return int(at[0]) if len(at) else None

    def neighbours(self, index: int, error: float) -> tuple[int | None, int | None]:
        """Return the elements with the next larger and the next smaller error; None where these end."""
        here = self.rank(index)
        above = int((self.error > abs(error)).sum()) if here is None else here
        below = above if here is None else here + 1
        return (
            int(self.index[above - 1]) if above > 0 else None,
            int(self.index[below]) if below < len(self.index) else None,
        )


def worst_elements(values: Values, quantizer: Quantizer, part: int | None = None, most: int = WORST) -> Worst:
    """Find the finite elements with the largest errors.

    Parameters
    ----------
    values : array, C-contiguous
    quantizer : Quantizer
        Of this array.
    part : int, optional
        Look only at this channel or group.
    most : int

    Returns
    -------
    Worst

    Examples
    --------
    >>> x = np.array([0.1, 1.0, 0.25, np.nan], np.float32)
    >>> worst_elements(x, Quantizer(x, bits=2)).index.tolist()
    [1, 2, 0]
    """
    layout, _ = layout_of(values.shape, quantizer.scheme.granularity)
    # Of the whole array, since stochastic rounding draws by an element's place in it.
    x_hat = quantizer.fake_quantize(values)
    x, back = values.reshape(-1), x_hat.reshape(-1)
    where = None if part is None else _members(layout, part)
    size = x.size if where is None else len(where)
    index, error = np.zeros(0, np.int64), np.zeros(0)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        at = slice(start, stop) if where is None else where[start:stop]
        with np.errstate(over="ignore", invalid="ignore"):
            off = np.abs(back[at].astype(np.float64) - x[at].astype(np.float64))
        finite = np.isfinite(x[at].astype(quantizer.working, copy=False))
        near = np.flatnonzero(finite & (off >= (error[-1] if len(error) == most else 0.0)))
        if len(near) > most:
            least = np.partition(off[near], -most)[-most]
            near = near[off[near] >= least]
        found = near + start if where is None else where[start:stop][near]
        index, error = np.concatenate([index, found]), np.concatenate([error, off[near]])
        best = np.lexsort((index, -error))[:most]
        index, error = index[best], error[best]
    return Worst(index, error)


def _members(layout: Layout, part: int) -> Values:
    outer, middle, inner = box(layout, part)
    o, m, i = np.ogrid[outer, middle, inner]
    flat: Values = ((o * layout.middle + m) * layout.inner + i).reshape(-1)
    return flat
