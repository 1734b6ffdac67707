"""What the Integer matmul page says of a state, in one sentence: the first of the stories below that it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import ACCUMULATORS, Result, Settings
from quantlab.linear import bits_needed, safe_k
from quantlab.numerals import UNIT_SPACE, code, count, num, share

_FAR = 8  # times the usual column from which on one is wide
_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def sentence(result: Result) -> str:
    """Return what the picture shows, in Markdown, at most 35 words.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import run
    >>> from quantlab.experiments.matmul.operands import build
    >>> sentence(run(Settings(), *build("article", (10, 5, 4), 0))).split(":")[0]
    'Five products of two int8 codes add up to '
    """
    return next(text for story in STORIES if (text := story(result)) is not None)


def _overflowed(result: Result) -> str | None:
    total, settings = result.sum, result.settings
    if not total.overflowed.any():
        return None
    first, terms = int(np.argmax(total.overflowed)) + 1, len(total.products)
    verb = "wraps around" if settings.overflow == "wrap" else "saturates"
    truth, holds = int(total.exact[-1]), int(total.sums[-1])
    safe = safe_k(result.now.x.quantizer, result.now.w.quantizer, ACCUMULATORS[settings.accumulator])
    plural = "" if safe == 1 else "s"
    room = f"Only {count(safe)} product{plural} would fit for certain" if safe else "Not one is sure to fit"
    lead = f"The {settings.accumulator} accumulator :red[{verb}] at term **{count(first)}** of {count(terms)}"
    if holds == truth:
        return f"{lead}, and yet ends on the right sum, **{count(truth)}**: wrapping is arithmetic modulo 2ⁿ. {room}."
    return f"{lead}: the sum should be {count(truth)} and reads **{count(holds)}**. {room}."


def _by_group(result: Result) -> str | None:
    size, parts = result.now.group_size, result.integers
    if size is None or len(parts) < 2:
        return None
    return (
        f"W has a scale for every {count(size)} rows, so no one sum can hold: **{count(len(parts))} sums**, each "
        f"scaled by itself, add up to **{num(result.value)}**; the float product is {num(result.exact)}."
    )


def _wide(result: Result) -> str | None:
    settings, w = result.settings, result.now.w
    widths = np.abs(w.array.values).max(axis=0)
    usual = float(np.median(widths))
    if settings.weight_per != "tensor" or usual == 0 or widths.max() < _FAR * usual:
        return None
    column = int(widths.argmax())
    mine = int(np.abs(np.delete(w.codes.codes.astype(int), column, axis=1)).max())
    here, there = _rms(result.now.errors), _rms(result.again(weight_per="column").errors)
    return (
        f"Column {column} of W is **{num(float(widths[column]) / usual, 2)} times** as wide as most and sets the scale "
        f"for all: elsewhere no code passes {mine} of {w.quantizer.qmax}. One per column cuts the rms error from "
        f"**{num(here)}** to {num(there)}."
    )


def _narrow_weights(result: Result) -> str | None:
    bits = result.settings.weight_bits
    if not bits or bits >= result.settings.bits or len(result.integers) != 1:
        return None
    # With accumulators that never end: an overflow would drown what the weights do.
    now, wide = (result.again(accumulator="int32", weight_bits=bits) for bits in (bits, 0))
    here, there = _rms(now.errors), _rms(wide.errors)
    narrow_sum, wide_sum = (int(bits_needed(each.product.accumulator).max()) for each in (now, wide))
    if not there or here <= there or narrow_sum >= wide_sum:
        return None
    return (
        f"Weights of {bits_of(bits)} take {share(bits / result.settings.bits)} of the room, and the widest sum in X·W "
        f"needs :blue[**{bits_of(narrow_sum)}**] instead of {wide_sum}; but the rms error grows "
        f"**{num(here / there)} times**, to {num(here)}."
    )


def _one_bit(result: Result) -> str | None:
    if result.settings.bits > 1 or not result.settings.symmetric:
        return None
    codes = np.asarray(result.now.x.codes.codes)
    if codes.any():
        part = share(float((codes == 0).mean()))
        return (
            f"One signed bit has the codes −1 and 0, so every positive value of X becomes **0**: {part} of the codes "
            f"are. This cell ends at **{num(result.value)}**; the float product is {num(result.exact)}."
        )
    return (
        "One signed bit has the codes −1 and 0: every positive value becomes **0**, and so all of X does. Nothing is "
        f"left of the float product, here {num(result.exact)}; an :green[affine] grid keeps two levels."
    )


def _corrected(result: Result) -> str | None:
    zero_x, zero_w = result.zero_points
    if len(result.integers) != 1 or not (zero_x or zero_w):
        return None
    raw = int(np.dot(result.sum.a_codes.astype(np.int64), result.sum.b_codes.astype(np.int64)))
    ends, worst, other = f"**{count(result.integers[0])}**", _worst(result), result.compared
    if zero_x and zero_w:
        lead = (
            f"The raw codes sum to {count(raw)}; three corrections, for the :green[zero points] of X, "
            f"{code(zero_x)}, of W, {code(zero_w)}, and for both, bring it to {ends}."
        )
    else:
        name, zero, codes, sums = (
            ("X", zero_x, result.sum.b_codes, "W's column sum")
            if zero_x
            else ("W", zero_w, result.sum.a_codes, "X's row sum")
        )
        lead = (
            f"The raw codes sum to {count(raw)}; taking away {name}'s :green[zero point] times {sums}, "
            f"{code(zero)} × {count(int(codes.astype(np.int64).sum()))}, leaves {ends}."
        )
    if other is None or result.compared_name != "symmetric":
        return lead
    there = float(np.abs(other.errors).max())
    verdict = "It pays: the" if worst < there else "Here it does not pay: the"
    return f"{lead} {verdict} largest error is {num(worst)} instead of {num(there)}."


def _added(result: Result) -> str | None:
    terms, bits = len(result.sum.products), result.bits
    settings, (integer,) = result.settings, result.integers
    x_bits, w_bits = settings.bits, settings.weight_bits or settings.bits
    kind = f"two int{x_bits} codes" if x_bits == w_bits else f"an int{x_bits} and an int{w_bits} code"
    many = _WORDS[terms] if terms < len(_WORDS) else count(terms)
    noun, verb = ("products", "add up to") if terms > 1 else ("product", "gives")
    beyond = next((name for name in ("int16", "int8") if bits > ACCUMULATORS[name]), None)
    verdict = f"so {beyond} would overflow" if beyond else "so even int8 would hold it"
    needs = "the sum needs" if bits_needed(integer) == bits else "on its way the sum needs"
    return (
        f"{many} {noun} of {kind} {verb} :blue[**{count(integer)}**]: {needs} **{bits_of(bits)}**, "
        f"{verdict}. Two scales bring it back to **{num(result.value)}**; the float product is {num(result.exact)}."
    )


def bits_of(bits: int) -> str:
    """Write a width.

    >>> bits_of(1).replace(chr(160), " "), bits_of(4).replace(chr(160), " ")
    ('1 bit', '4 bits')
    """
    return f"{bits}{UNIT_SPACE}bit{'s' * (bits != 1)}"


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _worst(result: Result) -> float:
    return float(np.abs(result.now.errors).max())


STORIES: tuple[Callable[[Result], str | None], ...] = (
    _overflowed,
    _by_group,
    _one_bit,
    _wide,
    _corrected,
    _narrow_weights,
    _added,
)

TRIES: dict[str, Settings] = {
    "the article": Settings(),
    "affine activations": Settings(symmetric=False),
    "int16 accumulator, K = 512": Settings(k=512, accumulator="int16"),
    "4-bit weights": Settings(data="relu", k=8, weight_bits=4, weight_per="column", row=8, column=1),
    "one wide channel": Settings(data="wide"),
}
"""From label to state."""


def taken(settings: Settings, state: Settings) -> Settings:
    """Return the settings that a try leads to: its state, with view and pin as they are.

    Examples
    --------
    >>> taken(Settings(bits=4), TRIES["the article"]) == Settings()
    True
    """
    return replace(state, view=settings.view, pin=settings.pin, compare=settings.compare)
