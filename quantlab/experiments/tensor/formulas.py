"""Scale, zero point, quantize and dequantize as LaTeX: the formula, this state's numbers in it, and what comes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.tensor.arithmetic import whole
from quantlab.experiments.tensor.trace import Trace
from quantlab.numerals import MINUS, THIN_SPACE, shortest
from quantlab.scheme import Fixed, MinMax, MinMSE, Percentile, Range, Scheme

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_POWER = re.compile("·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_DIGITS = 6  # the view Arithmetic has them all; a phone has no room for them here
_ROUNDING = {
    "half_even": "round goes to the nearest whole number, and half way to the even one.",
    "half_away": "round goes to the nearest whole number, and half way away from 0.",
    "floor": "Always down, so the error is half a step on average.",
    "stochastic": "U is the element's own random number: up with the probability of the fraction.",
}
_Q_MIN, _Q_MAX = r"q_{\min}", r"q_{\max}"


@dataclass(frozen=True)
class Formula:
    """One formula.

    Attributes
    ----------
    name : str
    symbol : str
        LaTeX of what stands left of the first equals sign.
    lines : tuple of str
        LaTeX: the formula, then the formula with its numbers, then the result. Each is equal to the symbol.
    remark : str
        What the formula does not say, in words; "" where it says all.
    """

    name: str
    symbol: str
    lines: tuple[str, ...]
    remark: str = ""

    @property
    def latex(self) -> str:
        """All lines under each other, at their equals signs."""
        first, *others = self.lines
        rows = [f"{self.symbol} &= {first}", *(f"&= {line}" for line in others)]
        # The space counts from the line's usual depth, which a fraction exceeds.
        apart = [rf"{row} \\[{12 if 'frac' in row else 4}pt]" for row in rows[:-1]]
        return rf"\begin{{aligned}} {' '.join([*apart, rows[-1]])} \end{{aligned}}"


def latex(text: str) -> str:
    r"""Turn a number as `numerals` writes it into LaTeX.

    >>> latex("−5.65·10⁻⁵")
    '-5.65 \\cdot 10^{-5}'
    """
    raised = _POWER.sub(lambda power: rf" \cdot 10^{{{power[1].translate(_RAISED)}}}", text)
    return raised.replace(MINUS, "-").replace(THIN_SPACE, r"\,").replace("∞", r"\infty")


def formulas(trace: Trace, lo: float, hi: float) -> tuple[Formula, ...]:
    r"""Return the formulas of a scheme with the numbers of one element and of the scale that it has.

    Parameters
    ----------
    trace : Trace
        Of that element.
    lo, hi : float
        The range of its tensor, channel or group, as it was found; lo > hi where there is no finite value.

    Examples
    --------
    >>> from quantlab.quantizer import Quantizer
    >>> from quantlab.experiments.tensor.trace import trace
    >>> x = np.array([1.0, 0.3], np.float32)
    >>> print(*formulas(trace(x, Quantizer(x, bits=2), 1), 0.3, 1.0)[0].lines, sep=" = ")
    \frac{\max(|\mathrm{lo}|, |\mathrm{hi}|)}{2^{b-1}} = \frac{1}{2^{1}} = 0.5
    """
    kind = type(trace.x)
    with np.errstate(over="ignore"):
        ends = (kind(lo), kind(hi)) if lo <= hi else (kind(0), kind(0))
    return _scale(trace, *ends), _zero_point(trace, *ends), _divide(trace), _quantize(trace), _dequantize(trace)


def _scale(trace: Trace, lo: Any, hi: Any) -> Formula:
    scheme, result = trace.scheme, _number(trace.scale)
    formula = _symmetric_scale(scheme, lo, hi) if scheme.symmetric else _affine_scale(scheme, lo, hi)
    lines = [formula[0], result if formula[2] else formula[1]]
    kept = str(trace.x.dtype) if scheme.scale_dtype == "working" else scheme.scale_dtype
    if not formula[2]:
        lines.append(result)
    words = [_range_words(scheme.range, lo, hi), formula[2]]
    if kept != str(trace.x.dtype):
        words.append(f"The scale is rounded to {kept} before it is used, and held between that type's limits.")
    return Formula("Scale", "s", tuple(lines), " ".join(filter(None, words)))


def _symmetric_scale(scheme: Scheme, lo: Any, hi: Any) -> tuple[str, str, str]:
    """Return the formula, the formula with its numbers, and why these do not hold, or ""."""
    widest, b = _number(max(abs(lo), abs(hi))), scheme.bits
    below = {
        "half_range": ("2^{b-1}", f"2^{{{b - 1}}}"),
        "restricted": ("2^{b-1} - 1", f"2^{{{b - 1}}} - 1"),
        "full": (r"(2^b - 1) / 2", rf"(2^{{{b}}} - 1) / 2"),
    }[scheme.symmetric_scale]
    why = "" if max(abs(lo), abs(hi)) > 0 else "A range of nothing but 0 gets the step 1."
    above = r"\max(|\mathrm{lo}|, |\mathrm{hi}|)"
    return rf"\frac{{{above}}}{{{below[0]}}}", rf"\frac{{{widest}}}{{{below[1]}}}", why


def _affine_scale(scheme: Scheme, lo: Any, hi: Any) -> tuple[str, str, str]:
    with_zero = scheme.affine_range == "include_zero"
    lo, hi = _with_zero(scheme, lo, hi)
    if lo == hi == 0:
        why = "A range of nothing but 0 gets the step 1."
    elif lo == hi:
        why = "A range of one value gets that value's size as its step."
    else:
        why = ""
    above = r"\max(\mathrm{hi}, 0) - \min(\mathrm{lo}, 0)" if with_zero else r"\mathrm{hi} - \mathrm{lo}"
    numbers = f"{_number(hi)} - {_bracketed(_number(lo))}"
    below = f"{scheme.qmax} - {_bracketed(str(scheme.qmin))}"
    return rf"\frac{{{above}}}{{{_Q_MAX} - {_Q_MIN}}}", rf"\frac{{{numbers}}}{{{below}}}", why


def _with_zero(scheme: Scheme, lo: Any, hi: Any) -> tuple[Any, Any]:
    return (min(lo, type(lo)(0)), max(hi, type(hi)(0))) if scheme.affine_range == "include_zero" else (lo, hi)


def _range_words(range_: Range, lo: Any, hi: Any) -> str:
    ends = f"from lo = {shortest(lo, _DIGITS)} to hi = {shortest(hi, _DIGITS)}"
    if isinstance(range_, Percentile):
        return f"The range runs {ends}, the percentiles {100 - range_.p:.4g} and {range_.p:.4g}."
    if isinstance(range_, Fixed):
        return f"The range runs {ends}, set by hand."
    if isinstance(range_, MinMSE):
        return f"The range runs {ends}, where the squared error is least."
    assert isinstance(range_, MinMax)
    return f"The range runs {ends}, the smallest and the largest value."


def _zero_point(trace: Trace, lo: Any, hi: Any) -> Formula:
    scheme, z = trace.scheme, str(trace.zero_point)
    if scheme.symmetric and scheme.signed:
        return Formula(
            "Zero point", "z", ("0",), "A symmetric grid is centred on 0, so signed codes need no zero point."
        )
    if scheme.symmetric:
        remark = "Unsigned codes have no negative half: the middle one stands for 0."
        return Formula("Zero point", "z", ("2^{b-1}", f"2^{{{scheme.bits - 1}}}", z), remark)
    lo, _ = _with_zero(scheme, lo, hi)
    with np.errstate(over="ignore"):
        steps = lo / trace.scale
    raw = rf"{_Q_MIN} - \operatorname{{round}}(\mathrm{{lo}} / s)"
    numbers = rf"{scheme.qmin} - \operatorname{{round}}({_number(steps)})"
    remark = "Here lo is min(lo, 0): the grid holds 0 exactly." if scheme.affine_range == "include_zero" else ""
    if scheme.affine_range == "free":
        return Formula("Zero point", "z", (raw, numbers, z), "Any whole number will do: 0 need not have a code.")
    clamped = rf"\operatorname{{clamp}}({raw},\, {_Q_MIN},\, {_Q_MAX})"
    filled = rf"\operatorname{{clamp}}({numbers},\, {scheme.qmin},\, {scheme.qmax})"
    return Formula("Zero point", "z", (clamped, filled, z), remark)


def _divide(trace: Trace) -> Formula:
    x, s = _number(trace.x), _number(trace.scale)
    if trace.reciprocal is None:
        return Formula(
            "Divide",
            "v",
            (r"\frac{x}{s}", rf"\frac{{{x}}}{{{s}}}", _number(trace.quotient)),
            "How many steps x lies from 0.",
        )
    lines = (r"x \cdot \frac{1}{s}", rf"{x} \cdot {_number(trace.reciprocal)}", _number(trace.quotient))
    return Formula("Divide", "v", lines, f"How many steps x lies from 0. 1 / s is rounded to {trace.x.dtype} first.")


def _quantize(trace: Trace) -> Formula:
    scheme, u = trace.scheme, _unclamped(trace)
    v, z, lo, hi = _number(trace.quotient), _bracketed(str(trace.zero_point)), str(scheme.qmin), str(scheme.qmax)
    uniform = "" if trace.uniform is None else f"{trace.uniform:.6f}"
    lines = [
        _held(scheme, _rounded(scheme, "v", "z", "U"), _Q_MIN, _Q_MAX),
        _held(scheme, _rounded(scheme, v, z, uniform), lo, hi),
        _held(scheme, u, lo, hi),
    ]
    remark = _ROUNDING[scheme.rounding]
    if scheme.overflow == "wrap":
        half = 2 ** (scheme.bits - 1)
        lines.append(
            rf"({u} + {half}) \bmod {scheme.levels} - {half}" if scheme.signed else rf"{u} \bmod {scheme.levels}"
        )
        remark += " wrap goes round: after the highest code comes the lowest."
    return Formula("Quantize", "q", (*lines, str(trace.code)), remark)


def _unclamped(trace: Trace) -> str:
    return latex(whole(trace.unclamped)) if np.isfinite(trace.rounded) else latex(shortest(trace.rounded))


def _rounded(scheme: Scheme, v: str, z: str, u: str) -> str:
    """Return the code before it is held, z included."""
    before = scheme.zero_point_added == "before_rounding"
    inside, outside = (f"{v} + {z}", "") if before else (v, f" + {z}")
    if scheme.rounding == "floor":
        return rf"\lfloor {inside} \rfloor{outside}"
    if scheme.rounding == "stochastic":  # ⌊v⌋, and one more where U is below the fraction
        return rf"\lceil {inside} - {u} \rceil{outside}"
    return rf"\operatorname{{round}}({inside}){outside}"


def _held(scheme: Scheme, q: str, lo: str, hi: str) -> str:
    if scheme.overflow == "wrap":
        return rf"\operatorname{{wrap}}({q})"
    return rf"\operatorname{{clamp}}({q},\, {lo},\, {hi})"


def _dequantize(trace: Trace) -> Formula:
    filled = rf"({trace.code} - {_bracketed(str(trace.zero_point))}) \cdot {_number(trace.scale)}"
    off = _number(trace.x)
    return Formula(
        "Dequantize", r"\hat{x}", (r"(q - z) \cdot s", filled, _number(trace.x_hat)), f"It went in as $x = {off}$."
    )


def _number(value: Any) -> str:
    return latex(shortest(value, _DIGITS))


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
