"""What is asked of a quantizer: frozen values that check themselves once, when they are made.

Nothing here looks at data. A Scheme that exists is valid; everyone behind it trusts that.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

SymmetricScale = Literal["half_range", "restricted", "full"]
AffineRange = Literal["include_zero", "clamped", "free"]
ScaleDtype = Literal["working", "float32", "float16"]
Division = Literal["divide", "reciprocal"]
Rounding = Literal["half_even", "half_away", "floor", "stochastic"]
ZeroPointAdded = Literal["after_rounding", "before_rounding"]
Overflow = Literal["saturate", "wrap"]

MAX_BITS = 16
FREE_ZERO_POINT = 2**31 - 1


@dataclass(frozen=True)
class MinMax:
    """The range from the smallest to the largest finite value.

    >>> MinMax()
    MinMax()
    """


@dataclass(frozen=True)
class Percentile:
    """The range between the (100 − p)th and the p-th percentile of the finite values.

    Parameters
    ----------
    p : float
        In percent, above 50, at most 100.

    Raises
    ------
    ValueError
        If `p` lies outside that interval.

    Examples
    --------
    >>> Percentile(99.9)
    Percentile(p=99.9)
    """

    p: float

    def __post_init__(self) -> None:
        _require_number("p", self.p)
        if not 50 < self.p <= 100:
            raise ValueError(f"p must be above 50 and at most 100 percent, got {self.p}; 99.9 is a usual choice.")


@dataclass(frozen=True)
class MinMSE:
    """The range with the least mean squared error under the Scheme's own codes.

    It clips where finer steps gain more, and is wider than the values where the top code would fall short of them.

    >>> MinMSE()
    MinMSE()
    """


@dataclass(frozen=True)
class Fixed:
    """A range set by hand.

    Parameters
    ----------
    lo, hi : float
        In the units of the data; finite, lo < hi.

    Raises
    ------
    ValueError
        If an end is not finite or the ends are not in order.

    Examples
    --------
    >>> Fixed(-1.0, 1.0)
    Fixed(lo=-1.0, hi=1.0)
    """

    lo: float
    hi: float

    def __post_init__(self) -> None:
        for name in ("lo", "hi"):
            end = getattr(self, name)
            _require_number(name, end)
            if not -sys.float_info.max <= end <= sys.float_info.max:  # for integers of any length too
                raise ValueError(f"{name} must be finite, got {end}; give the range two real ends.")
        if not self.lo < self.hi:
            raise ValueError(
                f"lo must be below hi, got lo = {self.lo} and hi = {self.hi}; swap them or widen the range."
            )


@dataclass(frozen=True)
class PerTensor:
    """One scale for the whole array.

    >>> PerTensor()
    PerTensor()
    """


@dataclass(frozen=True)
class PerChannel:
    """One scale for each index along an axis.

    Parameters
    ----------
    axis : int
        May be negative. A weight (out, in) has its output channels on axis 0.

    Raises
    ------
    TypeError
        If `axis` is not an integer.

    Examples
    --------
    >>> PerChannel(axis=-1)
    PerChannel(axis=-1)
    """

    axis: int = 0

    def __post_init__(self) -> None:
        _require_integer("axis", self.axis)


@dataclass(frozen=True)
class PerGroup:
    """One scale for each run of `size` neighbours along an axis; the last run may be shorter.

    Parameters
    ----------
    size : int
        Values that share one scale, 1 or more.
    axis : int
        May be negative.

    Raises
    ------
    TypeError, ValueError
        If `size` or `axis` is not an integer, or `size` is below 1.

    Examples
    --------
    >>> PerGroup(32)
    PerGroup(size=32, axis=-1)
    """

    size: int
    axis: int = -1

    def __post_init__(self) -> None:
        _require_integer("size", self.size)
        _require_integer("axis", self.axis)
        if self.size < 1:
            raise ValueError(f"size must be 1 or more values a group, got {self.size}; 32 and 128 are usual.")


Range = MinMax | Percentile | MinMSE | Fixed
Granularity = PerTensor | PerChannel | PerGroup


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Everything that decides how values become codes.

    The defaults are the article's: symmetric, signed, ``scale = absmax / 2**(bits - 1)``, ties to even.

    Parameters
    ----------
    bits : int
        Of the code, 1 to 16; not of the NumPy type that holds it.
    symmetric : bool
        Whether the grid is centred on 0 (fixed zero point) or has a zero point of its own (affine).
    signed : bool
        Codes from −2^(bits−1), or from 0; unsigned symmetric grids have zero_point 2^(bits−1).
    narrow_range : bool
        Leave out the lowest code, as in −127..127.
    symmetric_scale : {"half_range", "restricted", "full"}
        absmax / 2^(bits−1), / (2^(bits−1) − 1), or / ((2^bits − 1) / 2).
    affine_range : {"include_zero", "clamped", "free"}
        Extend the range to 0; or take it as it is and clamp the zero point into the codes; or let the zero
        point be any integer within ±(2^31 − 1).
    range : MinMax, Percentile, MinMSE or Fixed
    granularity : PerTensor, PerChannel or PerGroup
    scale_dtype : {"working", "float32", "float16"}
        What the scale is rounded to before it is used.
    division : {"divide", "reciprocal"}
        x / s, or x · (1 / s) with 1 / s rounded to the working type.
    rounding : {"half_even", "half_away", "floor", "stochastic"}
    seed : int
        0 to 2^63 − 1, read by stochastic rounding only.
    zero_point_added : {"after_rounding", "before_rounding"}
    overflow : {"saturate", "wrap"}

    Raises
    ------
    TypeError, ValueError
        One sentence, where a value or a combination makes no sense.

    References
    ----------
    ONNX QuantizeLinear for the default order of operations; Jacob et al. 2018, equation 1; Krishnamoorthi 2018,
    section 2; TensorFlow Lite's quantization specification for "restricted".

    Examples
    --------
    >>> scheme = Scheme(bits=4)
    >>> scheme.qmin, scheme.qmax, scheme.dtype.name
    (-8, 7, 'int8')
    """

    bits: int = 8
    symmetric: bool = True
    signed: bool = True
    narrow_range: bool = False
    symmetric_scale: SymmetricScale = "half_range"
    affine_range: AffineRange = "include_zero"
    range: Range = field(default=MinMax())
    granularity: Granularity = field(default=PerTensor())
    scale_dtype: ScaleDtype = "working"
    division: Division = "divide"
    rounding: Rounding = "half_even"
    seed: int = 0
    zero_point_added: ZeroPointAdded = "after_rounding"
    overflow: Overflow = "saturate"

    def __post_init__(self) -> None:
        _require_integer("bits", self.bits)
        if not 1 <= self.bits <= MAX_BITS:
            raise ValueError(f"bits must be 1 to {MAX_BITS}, got {self.bits}; choose a width in that range.")
        for name in ("symmetric", "signed", "narrow_range"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}; pass one of the two.")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                allowed = ", ".join(choices)
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}; choose one of these.")
        if not isinstance(self.range, Range):
            raise TypeError(
                f"range must be MinMax, Percentile, MinMSE or Fixed, got {self.range!r}; make one of these."
            )
        if not isinstance(self.granularity, Granularity):
            raise TypeError(
                f"granularity must be PerTensor, PerChannel or PerGroup, got {self.granularity!r}; make one of these."
            )
        _require_integer("seed", self.seed)
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be 0 to 2^63 − 1, got {self.seed}; choose a number in that range.")
        self._refuse_combinations()

    def _refuse_combinations(self) -> None:
        if self.bits == 1 and self.narrow_range:
            raise ValueError("narrow_range would leave 1 bit with a single code; use 2 bits or the full range.")
        if self.bits == 1 and self.symmetric and self.symmetric_scale == "restricted":
            raise ValueError("symmetric_scale 'restricted' divides by 0 at 1 bit; use half_range, full or 2 bits.")
        if self.overflow == "wrap" and self.narrow_range:
            raise ValueError(
                "overflow 'wrap' needs the full code range, got narrow_range True; use saturate or all codes."
            )
        if self.narrow_range and not self.signed:
            raise ValueError("narrow_range is for signed codes only, got signed False; use signed codes or all codes.")

    @property
    def qmin(self) -> int:
        """Lowest code."""
        return -(1 << (self.bits - 1)) + int(self.narrow_range) if self.signed else 0

    @property
    def qmax(self) -> int:
        """Highest code."""
        return (1 << (self.bits - int(self.signed))) - 1

    @property
    def levels(self) -> int:
        """How many codes there are."""
        return self.qmax - self.qmin + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest NumPy type that holds a code: int8, uint8, int16 or uint16."""
        return _CODES[self.signed, self.bits <= 8]


_CODES: dict[tuple[bool, bool], np.dtype[Any]] = {
    (signed, narrow): np.dtype(f"{'' if signed else 'u'}int{8 if narrow else 16}")
    for signed in (True, False)
    for narrow in (True, False)
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "symmetric_scale": get_args(SymmetricScale),
    "affine_range": get_args(AffineRange),
    "scale_dtype": get_args(ScaleDtype),
    "division": get_args(Division),
    "rounding": get_args(Rounding),
    "zero_point_added": get_args(ZeroPointAdded),
    "overflow": get_args(Overflow),
}


def _require_integer(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, got {value!r}; pass a whole number.")


def _require_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, got {value!r}; pass a Python float.")
