"""The steps from an accumulator to a code as lines to read: floats in one column, integers alone in the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantlab.experiments.matmul.requantization import Requantized
from quantlab.numerals import UNIT_SPACE, code, count, num, power_of_two, shortest

_TIMES = f"{UNIT_SPACE}·{UNIT_SPACE}"
_MANTISSA = 31  # bits behind the point of the fixed-point multiplier


@dataclass(frozen=True)
class Line:
    """One step: its name, what stands there by each way, the rule, and the kind of number that comes out.

    `by_fixed` is empty where both ways do the same.
    """

    name: str
    by_float: str
    by_fixed: str
    rule: str
    kinds: tuple[str, str]


def lines(found: Requantized) -> tuple[Line, ...]:
    """Return the steps in their order.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> from quantlab.experiments.matmul.requantization import requantized
    >>> shown = lines(requantized(run(Settings(), *build("article", (10, 5, 4), 0))))
    >>> [line.name for line in shown]
    ['accumulator', 'multiplier M', '× M', 'round', '+ zero point', 'clamp', 'back to floats']
    """
    product, rounded = _by_float(found)
    raw, shifted, steps = _by_fixed(found)
    both, whole = ("integer", "integer"), ("float", "integer")
    zero, low, high = found.zero_point, found.lowest, found.scheme.qmax
    sums = [code(rounded + zero), code(steps + zero)]
    codes = [code(q) for q in found.codes]
    relu = f"; ReLU: from z = {code(zero)}{', which bites here' if found.bites else ''}" if found.relu else ""
    worth = [num((q - zero) * found.scales[2], 6) for q in found.codes]
    return (
        Line("accumulator", count(found.accumulator), "", "what the integer sum holds", both),
        *_bias(found),
        Line("multiplier M", *_multipliers(found), _multiplier_rule(found), whole),
        Line("× M", product, raw, "the step from the accumulator's scale to the output's", whole),
        Line("round", f"{product.split(' = ')[1]} → {code(rounded)}", shifted, _rounding_rule(found), both),
        Line("+ zero point", *_pair(sums), f"z = {code(zero)}, the output's code of real 0", both),
        Line("clamp", *_pair(codes), f"to {code(low)} … {code(high)}{relu}", both),
        Line(
            "back to floats",
            *_pair(worth),
            f"(code − z) · {shortest(found.scales[2])}: one code's worth",
            ("float",) * 2,
        ),
    )


def _bias(found: Requantized) -> tuple[Line, ...]:
    if found.bias is None:
        return ()
    added = f"{count(found.accumulator)} + {_bracketed(found.bias_code)} = {count(found.total)}"
    return (
        Line(
            "+ bias",
            added,
            "",
            f"rint({num(found.bias)} / (scale X · scale W)): in the sum's own steps",
            ("integer", "integer"),
        ),
    )


def _multipliers(found: Requantized) -> tuple[str, str]:
    held = np.asarray(found.multiplier)
    bits = int(np.finfo(held.dtype).nmant) + 1
    fraction, exponent = np.frexp(float(held))
    by_float = (
        f"{shortest(held[()])} = {count(int(np.ldexp(fraction, bits)))}{_TIMES}{power_of_two(int(exponent) - bits)}"
    )
    mantissa, shift = _fixed(found)
    return by_float, f"{count(mantissa)}{_TIMES}{power_of_two(shift - _MANTISSA)}"


def _multiplier_rule(found: Requantized) -> str:
    bits = int(np.finfo(np.asarray(found.multiplier).dtype).nmant) + 1
    same = float(found.fixed.value) == float(found.multiplier)
    held = "the same number" if same else "as near as they come"
    x, w, out = map(num, found.scales)
    kept = f"as a float of {bits} bits, or as {_MANTISSA} bits and a shift: {held}"
    return f"scale X · scale W / scale of the output: {x} · {w} / {out}; {kept}"


def _rounding_rule(found: Requantized) -> str:
    once = (
        "halves up, once" if found.fixed.rounding == "once" else "halves up at 31 bits, then away from 0 at the shift"
    )
    return f"floats: ties to even; integers: {once}"


def _by_float(found: Requantized) -> tuple[str, int]:
    working = np.asarray(found.multiplier).dtype.type
    with np.errstate(over="ignore"):
        product = working(found.total) * working(found.multiplier)
    return f"{count(found.total)} × M = {shortest(product)}", int(np.rint(product))


def _by_fixed(found: Requantized) -> tuple[str, str, int]:
    """Return the raw product, how it is rounded, and what that gives, in Python's own integers."""
    mantissa, shift = _fixed(found)
    lead = f"{count(found.total)} × {count(mantissa)}"
    if found.fixed.rounding == "once":
        behind = _MANTISSA - shift
        raw = found.total * mantissa
        steps = (raw + (1 << (behind - 1))) >> behind
        return (
            f"{lead} = {count(raw)}",
            f"({count(raw)} + {power_of_two(behind - 1)}) ≫ {behind} = {count(steps)}",
            steps,
        )
    left, right = max(shift, 0), max(-shift, 0)
    moved = min(max(found.total << left, -(2**31)), 2**31 - 1)
    high = (moved * mantissa + (1 << (_MANTISSA - 1))) >> _MANTISSA
    rest, half = high & ((1 << right) - 1), (1 << right) >> 1
    steps = (high >> right) + int(right > 0 and (rest > half or (rest == half and high >= 0)))
    raised = f"{lead} · {power_of_two(left)}" if left else lead
    shifted = (
        f"{count(high)} / {power_of_two(right)} = {num(high / (1 << right), 6)} → {code(steps)}"
        if right
        else code(steps)
    )
    return f"({raised} + 2³⁰) ≫ 31 = {count(high)}", shifted, steps


def _fixed(found: Requantized) -> tuple[int, int]:
    return int(found.fixed.multiplier), int(found.fixed.shift)


def _pair(texts: list[str]) -> tuple[str, str]:
    return texts[0], texts[1] if texts[1] != texts[0] else ""


def _bracketed(value: int) -> str:
    return f"({count(value)})" if value < 0 else count(value)
