"""One element's arithmetic in words: a line a step, each with its symbol, its numbers and its rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantlab.experiments.tensor.part import part_kind, part_name
from quantlab.experiments.tensor.trace import Trace
from quantlab.numerals import MINUS, code, num, shortest
from quantlab.scheme import PerTensor

_LARGEST_WHOLE = 2**53  # beyond it a whole number is no longer exact, and not worth its digits
_NEAREST = {
    "half_even": "to the nearest whole number, ties to the even one",
    "half_away": "to the nearest whole number, ties away from 0",
}


@dataclass(frozen=True)
class Line:
    """One step: what it is called, its symbol, its numbers, its rule, and what kind of number it ends with.

    `kind` is "float", "integer", "zero", "rounding" or "clipping": the colour's name.
    """

    name: str
    symbol: str
    numbers: str
    rule: str
    kind: str


def whole(value: float) -> str:
    """Write a whole number with all its digits where they are exact.

    >>> whole(-300.0), whole(2.0**62)
    ('−300', '4.61·10¹⁸')
    """
    return code(int(value)) if abs(value) <= _LARGEST_WHOLE else num(value)


def place(trace: Trace, shape: tuple[int, ...]) -> str:
    """Say where an element stands.

    >>> from quantlab.quantizer import Quantizer
    >>> from quantlab.experiments.tensor.trace import trace
    >>> x = np.ones((2, 3), np.float32)
    >>> place(trace(x, Quantizer(x), 5), x.shape)
    'row 1, column 2'
    """
    if len(shape) == 2:
        return "row {}, column {}".format(*trace.place)
    return f"index {', '.join(map(str, trace.place))}" if trace.place else "the only value"


def lines(trace: Trace, shape: tuple[int, ...]) -> tuple[Line, ...]:
    """Return the steps from a value to its code and back, in the order in which this scheme takes them.

    Parameters
    ----------
    trace : Trace
    shape : tuple of int
        Of the whole array.

    Examples
    --------
    >>> from quantlab.quantizer import Quantizer
    >>> from quantlab.experiments.tensor.trace import trace
    >>> x = np.array([1.0, 0.3], np.float32)
    >>> [line.numbers for line in lines(trace(x, Quantizer(x, bits=2), 0), x.shape)][3:6]
    ['1 / 0.5 = 2', 'rint(2) = 2', '2 + 0 = 2']
    """
    scheme = trace.scheme
    first = [_value(trace, shape), *_grid(trace, shape), *_divided(trace)]
    if scheme.zero_point_added == "before_rounding":
        middle = [_added_before(trace), _round(trace)]
    else:
        middle = [_round(trace), _added_after(trace)]
    return (*first, *middle, _held(trace), _stored(trace), _restored(trace), _error(trace))


def verdict(trace: Trace) -> str:
    """Say in one sentence, in Markdown, what happened to the element.

    >>> from quantlab.quantizer import Quantizer
    >>> from quantlab.experiments.tensor.trace import trace
    >>> x = np.array([1.0, 0.3], np.float32)
    >>> verdict(trace(x, Quantizer(x, bits=2), 1))
    '**Rounded up** by 0.400 of a step, so x̂ is too large by 0.2.'
    """
    if trace.clipped:
        return _clipped(trace)
    if trace.error == 0:
        return "x lies **on a level** of the grid: it comes back without error."
    off = f"x̂ is too {'large' if trace.error > 0 else 'small'} by {_small(abs(trace.error))}"
    if trace.tie and trace.scheme.rounding in _NEAREST:
        low, high = int(np.floor(trace.before)), int(np.ceil(trace.before))
        way = "half to even" if trace.scheme.rounding == "half_even" else "half away from 0"
        taken = f"{way} takes {whole(trace.rounded)}"
        return f"**A tie**: exactly half way between {code(low)} and {code(high)}; {taken}, so {off}."
    if trace.moved == 0:
        return f"Nothing is rounded here; {off}, which {trace.x.dtype} loses on the way."
    return f"**Rounded {'up' if trace.moved > 0 else 'down'}** by {num(abs(trace.moved))} of a step, so {off}."


def _clipped(trace: Trace) -> str:
    scheme = trace.scheme
    off = f"{num(abs(trace.error_steps))} steps" if np.isfinite(trace.error) else "infinitely far"
    off = f"x̂ ends up {off.replace('1.00 steps', '1.00 step')} {'above' if trace.error > 0 else 'below'} x"
    lead = f"codes end at {code(scheme.qmax if trace.unclamped > scheme.qmax else scheme.qmin)}"
    if trace.wraps:
        return (
            f":red[**Wrapped**]: {lead}, so {_code(trace)} starts again at the other end as {code(trace.code)}; {off}."
        )
    return f":red[**Clipped**]: {lead}, so {_code(trace)} is held there; {off}."


def _code(trace: Trace) -> str:
    if np.isinf(trace.rounded):
        return num(trace.rounded)
    return whole(trace.unclamped)


def _value(trace: Trace, shape: tuple[int, ...]) -> Line:
    return Line("value", "x", shortest(trace.x), f"{place(trace, shape)}, as {trace.x.dtype}", "float")


def _grid(trace: Trace, shape: tuple[int, ...]) -> tuple[Line, Line]:
    granularity = trace.scheme.granularity
    if isinstance(granularity, PerTensor):
        owner = "one for the whole array"
    else:
        owner = f"of {part_name(shape, granularity, trace.part)}; every {part_kind(shape, granularity)} has its own"
    held = {"float16": ", kept as float16", "float32": ", kept as float32"}.get(trace.scheme.scale_dtype, "")
    free = not trace.scheme.symmetric and trace.scheme.affine_range == "free"
    nature = "the code of real 0, here any whole number" if free else "the code of real 0"
    return (
        Line("scale", "s", shortest(trace.scale), f"the width of a step, {owner}{held}", "float"),
        Line("zero point", "z", code(trace.zero_point), nature, "zero"),
    )


def _divided(trace: Trace) -> tuple[Line, ...]:
    x, s, v = shortest(trace.x), _divisor(shortest(trace.scale)), shortest(trace.quotient)
    rule = "how many steps x lies from 0"
    if trace.reciprocal is None:
        return (Line("divide", "x / s", f"{x} / {s} = {v}", rule, "float"),)
    r = shortest(trace.reciprocal)
    return (
        Line("reciprocal", "1 / s", f"1 / {s} = {r}", f"rounded to {trace.x.dtype} before it is used", "float"),
        Line("multiply", "x · (1 / s)", f"{x} · {r} = {v}", rule, "float"),
    )


def _added_before(trace: Trace) -> Line:
    sum_ = f"{shortest(trace.quotient)} + {_bracketed(code(trace.zero_point))} = {shortest(trace.before)}"
    return Line("add zero point", "+ z", sum_, f"before rounding, in {trace.x.dtype}", "float")


def _added_after(trace: Trace) -> Line:
    sum_ = f"{whole(trace.rounded)} + {_bracketed(code(trace.zero_point))} = {_code(trace)}"
    return Line("add zero point", "+ z", sum_, "an exact sum of whole numbers", "integer")


def _round(trace: Trace) -> Line:
    v, r, rounding = shortest(trace.before), whole(trace.rounded), trace.scheme.rounding
    if np.isinf(trace.rounded):
        return Line("round", "rint(v)", f"{v} stays", "an infinite value has no nearest whole number", "rounding")
    if rounding in _NEAREST:
        way = f"a tie: {_NEAREST[rounding].split(', ')[1]}" if trace.tie else _NEAREST[rounding]
        name = "rint" if rounding == "half_even" else "round"
        return Line("round", f"{name}(v)", f"{name}({v}) = {r}", way, "rounding")
    if rounding == "floor":
        return Line("round", "⌊v⌋", f"⌊{v}⌋ = {r}", "always down", "rounding")
    fraction = float(trace.before - np.floor(trace.before))
    assert trace.uniform is not None  # stochastic rounding draws
    up = trace.uniform < fraction
    compared = f"U({trace.index}) = {num(trace.uniform, 6)} {'<' if up else '≥'} {num(fraction, 6)}"
    rule = f"{compared}, the fraction of v: {'up' if up else 'down'}"
    return Line("round", "⌊v⌋ + [U < v − ⌊v⌋]", f"⌊{v}⌋ + {int(up)} = {r}", rule, "rounding")


def _held(trace: Trace) -> Line:
    scheme, u, q = trace.scheme, _code(trace), code(trace.code)
    lo, hi = code(scheme.qmin), code(scheme.qmax)
    kind = "clipping" if trace.clipped else "integer"
    if scheme.overflow == "wrap" and (trace.wraps or not trace.clipped):
        # Adding −qmin, so that the remainder is counted from the lowest code.
        numbers = f"({u} + {-scheme.qmin}) mod {scheme.levels} {MINUS} {-scheme.qmin}"
        numbers = f"{numbers if scheme.signed else f'{u} mod {scheme.levels}'} = {q}"
        symbol = "(q + 2ᵇ⁻¹) mod 2ᵇ − 2ᵇ⁻¹" if scheme.signed else "q mod 2ᵇ"
        rule = f"goes round: after {hi} comes {lo}" if trace.clipped else f"already within {lo} … {hi}"
        return Line("wrap", symbol, numbers, rule, kind)
    if not trace.clipped:
        rule = f"already within {lo} … {hi}"
    elif scheme.overflow == "wrap":
        rule = "so far out that even a wrapping code saturates"
    else:
        rule = (
            "saturates: beyond the last code" if trace.unclamped > scheme.qmax else "saturates: before the first code"
        )
    return Line("clamp", "clamp(q, qmin, qmax)", f"clamp({u}, {lo}, {hi}) = {q}", rule, kind)


def _stored(trace: Trace) -> Line:
    bits = trace.scheme.bits
    binary, hexadecimal = f"{trace.pattern:0{bits}b}", f"{trace.pattern:0{-(-bits // 4)}x}"
    nature = "two's complement" if trace.scheme.signed else "unsigned"
    unit = "bit" if bits == 1 else "bits"
    numbers = f"{code(trace.code)} = 0b{binary} = 0x{hexadecimal}"
    return Line("code", "q", numbers, f"what is stored: {bits} {unit}, {nature}", "integer")


def _restored(trace: Trace) -> Line:
    levels = f"({code(trace.code)} {MINUS} {_bracketed(code(trace.zero_point))})"
    numbers = f"{levels} · {shortest(trace.scale)} = {shortest(trace.x_hat)}"
    return Line("dequantize", "x̂ = (q − z) · s", numbers, "what comes back: a level of the grid", "integer")


def _error(trace: Trace) -> Line:
    numbers = f"{shortest(trace.x_hat)} {MINUS} {_bracketed(shortest(trace.x))} = {_small(trace.error)}"
    steps = f"{num(trace.error_steps)} s" if np.isfinite(trace.error) else "without bound"
    rule = f"{steps}: {'clipping' if trace.clipped else 'rounding'}" if trace.error else "no error"
    return Line("error", "x̂ − x", numbers, rule, "clipping" if trace.clipped else "rounding")


def _small(value: float) -> str:
    """Write a difference of two float32 numbers: digits beyond the sixth are those of the subtraction alone."""
    text = num(value, 6)
    mantissa, dot, power = text.partition("·")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return mantissa + dot + power


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text


def _divisor(text: str) -> str:
    return f"({text})" if "·" in text else text
