"""The same product in accumulators of 8, 16 and 32 bits: what is guaranteed, and what happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import ACCUMULATORS, MOST_BITS, Result
from quantlab.linear import accumulate, accumulator_range, quantized_matmul, reached, safe_k, sum_bits
from quantlab.numerals import UNIT_SPACE, count, num, share
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import Scheme

MOST_TERMS = 2**22  # products that are added up one by one; larger ones are measured on a block of their cells
_BLOCK = 64
_OVERFLOWS = ("wrap", "saturate")


@dataclass(frozen=True)
class Width:
    """One accumulator on this product.

    Attributes
    ----------
    name : str
    bits : int
    safe : int
        Terms that it holds for certain, whatever the codes.
    leaving : float
        Share of the cells whose exact sum leaves it on the way.
    wrapped, saturated : float
        The largest error of the result, rounding included.
    """

    name: str
    bits: int
    safe: int
    leaving: float
    wrapped: float
    saturated: float


@dataclass(frozen=True, eq=False)
class Accumulators:
    """What every accumulator makes of a product.

    Attributes
    ----------
    widths : tuple of Width
        From the narrowest.
    terms : int
        Of one sum: K, or a group's.
    needed : int
        Bits that so many terms of these grids may need.
    rows, columns : int
        Of the product's block that was measured.
    sampled : bool
        Whether it is less than all of it.
    """

    widths: tuple[Width, ...]
    terms: int
    needed: int
    rows: int
    columns: int
    sampled: bool

    def of(self, name: str) -> Width:
        """Return one accumulator's figures."""
        return next(width for width in self.widths if width.name == name)


def accumulators(result: Result) -> Accumulators:
    """Add a product up in every accumulator.

    Of a large product evenly spaced rows and columns are taken, 64 of each at most.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> found = accumulators(run(Settings(), *build("article", (10, 5, 4), 0)))
    >>> [(width.name, width.safe, width.leaving) for width in found.widths]
    [('int8', 0, 1.0), ('int16', 1, 0.025), ('int32', 131071, 0.0)]
    """
    now, group_size = result.now, result.now.group_size
    (m, n), k = now.exact.shape, now.x.codes.codes.shape[1]
    sampled = m * n * k > MOST_TERMS
    rows, columns = (_spread(length) if sampled else np.arange(length) for length in (m, n))
    a, b = _taken(now.x.codes, rows, 0), _taken(now.w.codes, columns, 1)
    exact = now.exact[np.ix_(rows, columns)]
    scale = quantized_matmul(a, b, group_size=group_size).scale
    lowest, highest = reached(a, b, group_size=group_size)

    def worst(bits: int, overflow: Any) -> float:
        sums = accumulate(a, b, bits=bits, overflow=overflow, group_size=group_size)
        values = sums * scale
        return float(np.abs((values.sum(axis=0) if group_size else values) - exact).max())

    widths = []
    for name, bits in sorted(ACCUMULATORS.items(), key=lambda entry: entry[1]):
        low, high = accumulator_range(bits)
        leaving = float(np.mean((lowest < low) | (highest > high)))
        wrapped, saturated = (worst(bits, overflow) for overflow in _OVERFLOWS)
        widths.append(Width(name, bits, safe_k(now.x.quantizer, now.w.quantizer, bits), leaving, wrapped, saturated))
    terms = min(group_size or k, k)
    needed = sum_bits(now.x.quantizer, now.w.quantizer, terms)
    return Accumulators(tuple(widths), terms, needed, len(rows), len(columns), sampled and exact.size < m * n)


def _spread(length: int) -> NDArray[np.int64]:
    """Return up to 64 places, evenly spaced.

    >>> _spread(3).tolist(), len(_spread(1000))
    ([0, 1, 2], 64)
    """
    places: NDArray[np.int64] = np.unique(np.linspace(0, length - 1, min(length, _BLOCK)).astype(np.int64))
    return places


def _taken(side: QTensor, places: NDArray[np.int64], axis: int) -> QTensor:
    """Take rows or columns of codes, with their own scales and zero points where there are several."""

    def part(parameter: Any) -> Any:
        found = np.asarray(parameter)
        return np.take(found, places, axis) if found.ndim == 2 and found.shape[axis] > 1 else parameter

    return QTensor(np.take(side.codes, places, axis), part(side.scale), part(side.zero_point))


def sentence(found: Accumulators, result: Result) -> str:
    r"""Say what is guaranteed, and what happened here, in Markdown.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> result = run(Settings(), *build("article", (10, 5, 4), 0))
    >>> sentence(accumulators(result), result).split(";")[0]
    'In the worst case 5 products need 18\xa0bits'
    """
    # What is chosen and surely holds tells less than the widest that does not.
    chosen = found.of(result.settings.accumulator)
    told = chosen if chosen.safe < found.terms else max(_unsafe(found), key=lambda width: width.bits, default=chosen)
    products = "a product needs" if found.terms == 1 else f"{count(found.terms)} products need"
    lead = f"In the worst case {products} {found.needed}{UNIT_SPACE}bits"
    if told.safe >= found.terms:
        return f"{lead}; {told.name} holds **{count(told.safe)}** for certain, and so every sum here."
    sure = f"{told.name} surely holds {count(told.safe) if told.safe else 'none'}"
    if not told.leaving:
        return f"{lead}; {sure}, and yet **no sum here overflows it**: real codes seldom are all at their ends."
    return (
        f"{lead}; {sure}. Here **{share(told.leaving)}** of the sums overflow: wrapping costs an error of up to "
        f":red[**{num(told.wrapped)}**], saturating {num(told.saturated)}."
    )


def _unsafe(found: Accumulators) -> list[Width]:
    return [width for width in found.widths if width.safe < found.terms]


def sampled_sentence(found: Accumulators) -> str:
    """Say that not every cell was measured; nothing where they were.

    >>> sampled_sentence(Accumulators((), 1, 2, 64, 64, True))
    'Measured on 64 rows and 64 columns of the product, evenly spaced.'
    """
    if not found.sampled:
        return ""
    return f"Measured on {found.rows} rows and {found.columns} columns of the product, evenly spaced."


@dataclass(frozen=True, eq=False)
class SafeTerms:
    """How many products of two symmetric codes an accumulator holds for certain, against the bits of both.

    Attributes
    ----------
    bits : int array
    terms : dict of str to int64 array
        By accumulator, the widest first.
    now : (float, int)
        This state: the mean of both widths, on which alone the product of two powers of two depends; and its terms.
    own : (float, int) or None
        What this state's own grids allow the chosen accumulator, where it differs from the line.
    """

    bits: NDArray[np.int64]
    terms: dict[str, NDArray[np.int64]]
    now: tuple[float, int]
    own: tuple[float, int] | None

    def columns(self) -> dict[str, Any]:
        """Return the lines as a table."""
        return {"bits": self.bits} | {f"{name}, terms": terms for name, terms in self.terms.items()}


def safe_terms(found: Accumulators, result: Result) -> SafeTerms:
    """Compute the lines of safe lengths, and where this state stands.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> result = run(Settings(), *build("article", (10, 5, 4), 0))
    >>> curves = safe_terms(accumulators(result), result)
    >>> curves.terms["int16"].tolist(), curves.now, curves.own
    ([32767, 8191, 2047, 511, 127, 31, 7, 1], (8.0, 5), None)
    """
    bits = np.arange(1, MOST_BITS + 1)
    grids = [Quantizer.from_parameters(1.0, 0, Scheme(bits=width)) for width in bits.tolist()]
    terms = {
        name: np.array([safe_k(grid, grid, width) for grid in grids])
        for name, width in sorted(ACCUMULATORS.items(), key=lambda entry: -entry[1])
    }
    x_bits, w_bits = (side.quantizer.scheme.bits for side in (result.now.x, result.now.w))
    here = (x_bits + w_bits) / 2
    chosen = found.of(result.settings.accumulator)
    on_the_line = accumulator_range(chosen.bits)[1] // 2 ** (x_bits + w_bits - 2)
    own = None if chosen.safe == on_the_line else (here, chosen.safe)
    return SafeTerms(bits, terms, (here, found.terms), own)
