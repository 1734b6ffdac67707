"""What the Integer matmul page says of a state, in one sentence: the first of the stories below that it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import ACCUMULATORS, Result, Settings
from quantlab.linear import safe_k
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
    bits, total = result.settings.weight_bits, result.sum
    if not bits or bits >= result.settings.bits or len(result.integers) != 1:
        return None
    wide = result.again(weight_bits=0)
    here, there = _rms(result.now.errors), _rms(wide.errors)
    return (
        (
            f"Weights of {bits}{UNIT_SPACE}bits: the sum of {count(len(total.products))} products shrinks to "
            f":blue[**{result.bits}{UNIT_SPACE}bits**], the weights to {share(bits / result.settings.bits)} of their "
            f"size, but the rms error grows **{num(here / there)} times**, to {num(here)}."
        )
        if there
        else None
    )


def _corrected(result: Result) -> str | None:
    zero = int(np.ravel(result.now.x.quantizer.zero_point)[0])
    if result.settings.symmetric or len(result.integers) != 1:
        return None
    raw = int(np.dot(result.sum.a_codes.astype(np.int64), result.sum.b_codes.astype(np.int64)))
    worst, other = _worst(result), result.compared
    tail = ""
    if other is not None and result.compared_name == "symmetric":
        tail = f" It pays: the largest error is {num(worst)} instead of {num(float(np.abs(other.errors).max()))}."
        if worst >= np.abs(other.errors).max():
            tail = f" Here it does not pay: {num(worst)} against {num(float(np.abs(other.errors).max()))} without."
    return (
        f"The raw codes sum to {count(raw)}. X's :green[zero point], {code(zero)}, times W's column sum has to be "
        f"taken away: **{count(result.integers[0])}**.{tail}"
    )


def _added(result: Result) -> str | None:
    terms, bits = len(result.sum.products), result.bits
    settings, (integer,) = result.settings, result.integers
    x_bits, w_bits = settings.bits, settings.weight_bits or settings.bits
    kind = f"two int{x_bits} codes" if x_bits == w_bits else f"an int{x_bits} and an int{w_bits} code"
    many = _WORDS[terms] if terms < len(_WORDS) else count(terms)
    noun = "products" if terms > 1 else "product"
    verb = "add up to" if terms > 1 else "gives"
    beyond = next((name for name in ("int16", "int8") if bits > ACCUMULATORS[name]), None)
    verdict = f"so {beyond} would overflow" if beyond else "so even int8 would hold it"
    return (
        f"{many} {noun} of {kind} {verb} :blue[**{count(integer)}**]: the sum needs **{bits}{UNIT_SPACE}bits**, "
        f"{verdict}. Two scales bring it back to **{num(result.value)}**; the float product is {num(result.exact)}."
    )


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _worst(result: Result) -> float:
    return float(np.abs(result.now.errors).max())


STORIES: tuple[Callable[[Result], str | None], ...] = (
    _overflowed,
    _by_group,
    _wide,
    _corrected,
    _narrow_weights,
    _added,
)

TRIES: dict[str, Settings] = {
    "the article": Settings(),
    "affine activations": Settings(symmetric=False),
    "int16 accumulator, K = 512": Settings(k=512, accumulator="int16"),
    "4-bit weights": Settings(data="layer", k=8, weight_bits=4, weight_per="column"),
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
