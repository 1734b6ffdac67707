"""How data, ranges, granularities and parameters are spelled in an address."""

from __future__ import annotations

from quantlab.experiments.codec import Codec, choice, parsed, real, whole
from quantlab.scheme import Fixed, Granularity, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Range

YOURS = "yours"  # the data of a visitor, on every page
LARGEST = 3e38  # what a range by hand may reach: finite in float32
_AXIS, _SIZE, _NUMBER = whole(-4, 3), whole(1, 10**9), real(-LARGEST, LARGEST)
_MOST_PARAMETERS = 8


def read_range(text: str) -> Range:
    """Read a range: ``minmax``, ``percentile:99.9``, ``mse`` or ``fixed:-1:1``.

    >>> read_range("percentile:99.9")
    Percentile(p=99.9)
    """
    kind, *numbers = text.split(":")
    values = [_NUMBER.read(number) for number in numbers]
    if kind == "percentile":
        (p,) = values
        return Percentile(p)
    if kind == "fixed":
        lo, hi = values
        return Fixed(lo, hi)
    return MinMSE() if choice("minmax", "mse").read(text) == "mse" else MinMax()


def show_range(value: Range) -> str:
    """Spell a range.

    >>> show_range(Fixed(-1.0, 0.5))
    'fixed:-1:0.5'
    """
    if isinstance(value, Percentile):
        return f"percentile:{_NUMBER.show(value.p)}"
    if isinstance(value, Fixed):
        return f"fixed:{_NUMBER.show(value.lo)}:{_NUMBER.show(value.hi)}"
    return "mse" if isinstance(value, MinMSE) else "minmax"


def read_granularity(text: str) -> Granularity:
    """Read a granularity: ``tensor``, ``channel:0`` or ``group:32:-1``.

    >>> read_granularity("channel:0")
    PerChannel(axis=0)
    """
    kind, *numbers = text.split(":")
    if kind == "channel":
        (axis,) = numbers
        return PerChannel(_AXIS.read(axis))
    if kind == "group":
        size, axis = numbers
        return PerGroup(_SIZE.read(size), _AXIS.read(axis))
    choice("tensor").read(text)
    return PerTensor()


def show_granularity(value: Granularity) -> str:
    """Spell a granularity.

    >>> show_granularity(PerGroup(32))
    'group:32:-1'
    """
    if isinstance(value, PerChannel):
        return f"channel:{value.axis}"
    if isinstance(value, PerGroup):
        return f"group:{value.size}:{value.axis}"
    return "tensor"


def read_parameters(text: str) -> tuple[tuple[str, float], ...]:
    """Read an array's parameters: ``share:0.001,factor:50``; nothing where all have their defaults.

    >>> read_parameters("factor:50"), read_parameters("")
    ((('factor', 50.0),), ())
    """
    if not text:
        return ()
    pairs = [pair.partition(":") for pair in text.split(",")]
    if len(pairs) > _MOST_PARAMETERS:
        raise ValueError(f"an array has at most {_MOST_PARAMETERS} parameters, got {len(pairs)}; leave some out.")
    values = {name: _NUMBER.read(number) for name, _, number in pairs}
    return tuple(sorted(values.items()))


def show_parameters(values: tuple[tuple[str, float], ...]) -> str:
    """Spell an array's parameters.

    >>> show_parameters((("factor", 50.0),))
    'factor:50'
    """
    return ",".join(f"{name}:{_NUMBER.show(value)}" for name, value in values)


RANGE: Codec[Range] = parsed(read_range, show_range)
GRANULARITY: Codec[Granularity] = parsed(read_granularity, show_granularity)
PARAMETERS: Codec[tuple[tuple[str, float], ...]] = parsed(read_parameters, show_parameters)
