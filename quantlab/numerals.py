"""Numbers as people read them: three significant digits, a true minus, thin spaces.

One function feeds sentence, figures, labels, hover texts and text alternatives, so that they never disagree; one the
ends of axes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MINUS, THIN_SPACE, UNIT_SPACE = "\u2212", "\u202f", "\u00a0"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NO_DECIBELS = 5e-4
_NO_POINTS = 5e-5  # of 1: what rounds away at a hundredth of a percent
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7
_LARGER_UNITS, _ROUNDS_TO_A_THOUSAND = ("kB", "MB", "GB", "TB", "PB"), 999.5
_MOST_DIGITS = 9  # tell any two float32 apart
_NEAR_THE_LAST = 1e300  # from here on a rounder number may be infinite


def num(value: float | None, digits: int = 3, unit: str = "", sign: bool = False) -> str:
    """Write a number with `digits` significant digits.

    Below 10⁻³ and from 10⁷ on it is written with a power of ten. NaN and None become an en dash.

    Parameters
    ----------
    value : float or None
    digits : int
        Significant digits; figures before the decimal point are never dropped.
    unit : str
        Appended behind a no-break space.
    sign : bool
        Whether positive numbers carry a plus.

    Examples
    --------
    >>> num(21.6549, unit="dB").replace(chr(160), " ")
    '21.7 dB'
    >>> num(-0.0125), num(0.0000565), num(float("nan"))
    ('−0.0125', '5.65·10⁻⁵', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    magnitude = abs(value)
    if math.isinf(value):
        text = "∞"
    elif magnitude == 0:
        text = "0"
    else:
        text = _digits(magnitude, digits)
    prefix = MINUS if value < 0 else "+" if sign and value > 0 else ""
    return prefix + text + (UNIT_SPACE + unit if unit else "")


def _digits(magnitude: float, digits: int) -> str:
    # Rounding may carry into the next decade (9.999 to 10.0), so the exponent is read from the rounded text.
    mantissa, exponent = f"{magnitude:.{digits - 1}e}".split("e")
    if not _PLAIN_FROM <= float(f"{mantissa}e{exponent}") < _PLAIN_BELOW:
        return f"{mantissa}·10{str(int(exponent)).translate(_RAISED)}"
    decimals = max(0, digits - 1 - int(exponent))
    return f"{magnitude:,.{decimals}f}".replace(",", THIN_SPACE)


def factor(value: float, digits: int = 3) -> str:
    """Write how many times as large something is, with no more than `digits` significant digits.

    >>> factor(3_152_904), factor(545.4), factor(999.7)
    ('3.15·10⁶', '545', '1.00·10³')
    """
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e") if math.isfinite(value) else ("", "0")
    if int(exponent) < digits:
        return num(value, digits)
    return f"{mantissa}·10{str(int(exponent)).translate(_RAISED)}"


def count(n: int) -> str:
    """Write a whole number exactly, in groups of three.

    >>> count(12400) == "12" + THIN_SPACE + "400"
    True
    """
    return f"{int(n):,}".replace(",", THIN_SPACE).replace("-", MINUS)


def size_text(nbytes: int, sign: bool = False) -> str:
    """Write a number of bytes: up to 999 exactly, from there on with three digits in kB of 1,000 bytes, MB and so on.

    Parameters
    ----------
    nbytes : int
    sign : bool
        Whether positive numbers carry a plus.

    Examples
    --------
    >>> print(size_text(680), size_text(1_580), size_text(999_600), size_text(-64_500_000), size_text(12, sign=True))
    680 B 1.58 kB 1.00 MB −64.5 MB +12 B
    """
    value, unit = float(abs(nbytes)), "B"
    for larger in _LARGER_UNITS:
        if value < _ROUNDS_TO_A_THOUSAND:
            break
        value, unit = value / 1_000, larger
    prefix = MINUS if nbytes < 0 else "+" if sign and nbytes > 0 else ""
    return prefix + (f"{count(int(value))}{UNIT_SPACE}B" if unit == "B" else num(value, 3, unit))


def share(part: float) -> str:
    """Write a share of 1 as a percentage with two significant digits.

    >>> share(0.08).replace(chr(160), " "), share(1.0).replace(chr(160), " ")
    ('8.0 %', '100 %')
    """
    return num(part * 100, 3 if 0.995 <= part < 1 else 2, "%")


def decibels(value: float) -> str:
    """Write a level in dB; what rounds away in every figure is 0.

    >>> decibels(-1e-15) == "0" + UNIT_SPACE + "dB"
    True
    """
    return num(0.0 if abs(value) < _NO_DECIBELS else value, unit="dB")


def code(q: int) -> str:
    """Write a code: a true minus and no grouping, since codes stand under each other.

    >>> code(-128)
    '−128'
    """
    return str(int(q)).replace("-", MINUS)


def power_of_two(exponent: int) -> str:
    """Write a power of two as one.

    >>> power_of_two(-31), power_of_two(8)
    ('2⁻³¹', '2⁸')
    """
    return f"2{str(exponent).translate(_RAISED)}"


def difference(now: float, other: float, *, digits: int = 2, unit: str = "") -> str:
    """Write `now − other` with its sign, or "same" where it is under half a percent of `now`.

    >>> difference(21.7, 29.6, unit="dB").replace(chr(160), " "), difference(4.0, 4.001), difference(1.0, float("nan"))
    ('−7.9 dB', 'same', '–')
    """
    if now == other:
        return "same"
    gap = now - other
    if abs(gap) < 5e-3 * abs(now):
        return "same"
    return num(gap, digits, unit, sign=True)


def points(now: float, other: float) -> str:
    """Write the difference of two shares of 1 in percentage points, or "same" where it is under a hundredth of one.

    >>> points(0.996, 1.0).replace(chr(160), " "), points(0.9, 0.90001)
    ('−0.40 pp', 'same')
    """
    return "same" if abs(now - other) < _NO_POINTS else num((now - other) * 100, 2, "pp", sign=True)


def rounded_up(value: float) -> float:
    """Return the next 1, 2 or 5 · 10^k: an end of an axis that moves in few steps; 1 where there is nothing to hold.

    >>> rounded_up(0.124), rounded_up(0.0), rounded_up(3.0)
    (0.2, 1.0, 5.0)
    """
    if not 0 < value < _NEAR_THE_LAST:
        return 1.0 if value <= 0 else value
    power = math.floor(math.log10(value))
    # A product with a power of ten may be off by a bit; the text is not.
    steps = (float(f"{first}e{power}") for first in (1, 2, 5, 10, 20))
    return next(step for step in steps if step >= value * (1 - 1e-9))


def shortest(value: Any, most: int = _MOST_DIGITS) -> str:
    """Write a number with as few digits as its type needs to bring it back, `most` at most.

    >>> shortest(np.float32(0.1)), shortest(np.float32(1 / 3)), shortest(-2.0)
    ('0.1', '0.33333334', '−2')
    """
    number = float(value)
    if not np.isfinite(number):
        return num(number)
    kind = np.dtype(type(value)).type
    with np.errstate(over="ignore"):  # rounded up, the largest number has no neighbour
        enough = next((d for d in range(1, most) if kind(f"{number:.{d - 1}e}") == value), most)
    return num(number, enough)
