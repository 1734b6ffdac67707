"""How the error of a product grows with the length of its sums, and shrinks with every bit, beside what theory says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array
from quantlab.experiments.matmul.errors import expected_rms
from quantlab.experiments.matmul.experiment import MOST_BITS, Result, Settings, beside_floats, float_product
from quantlab.experiments.matmul.operands import MOST_TERMS, build
from quantlab.experiments.spelling import YOURS
from quantlab.numerals import UNIT_SPACE, num

_CELLS = 64  # rows and columns of the products that are measured: enough for a steady mean
_FIRST_FITTED = {"k": 4, "bits": 3}  # below, a few values and their ends decide
K_SLOPE = 0.5
_NEAR = 0.1  # of a slope


@dataclass(frozen=True, eq=False)
class Growth:
    """The rms error along one quantity, measured and expected: equally long arrays.

    Attributes
    ----------
    along : int array
        K, or bits.
    measured, expected : float arrays
        In the units of the product.
    """

    along: NDArray[np.int64]
    measured: NDArray[np.float64]
    expected: NDArray[np.float64]

    def columns(self, name: str) -> dict[str, Any]:
        """Return both as a table; `name` heads the first column."""
        return {name: self.along, "rms error": self.measured, "rms error, expected": self.expected}


def against_terms(result: Result) -> Growth:
    """Measure the error for K of 1, 2, 4 … under this state's schemes.

    A built-in pair is drawn anew for each K, 64 × K · K × 64; of the visitor's array the first rows or columns are
    taken. The accumulator is wide enough throughout.
    """
    settings, x, w = _wide(result.settings), result.now.x.array, result.now.w.array
    most = len(w.values) if settings.data == YOURS else MOST_TERMS
    lengths = [2**power for power in range(11) if 2**power <= most]
    found = []
    for k in lengths:
        if settings.data == YOURS:
            pair = _first(x, (slice(None), slice(k))), _first(w, (slice(k), slice(None)))
        else:
            pair = build(settings.data, (_CELLS, k, _CELLS), settings.seed)
        found.append(_measured(settings, *pair, float_product(*pair)))
    return Growth(np.array(lengths), *(np.array(each) for each in zip(*found, strict=True)))


def against_bits(result: Result) -> Growth:
    """Measure the error at 1 to 8 bits of X, and of W where it has as many, for this state's K."""
    settings, x, w = _wide(result.settings), result.now.x.array, result.now.w.array
    if settings.data != YOURS:
        x, w = build(settings.data, (_CELLS, settings.k, _CELLS), settings.seed)
    widths = range(1, MOST_BITS + 1)
    exact = float_product(x, w)
    found = [_measured(replace(settings, bits=bits), x, w, exact) for bits in widths]
    return Growth(np.array(widths), *(np.array(each) for each in zip(*found, strict=True)))


def slope(growth: Growth, *, logarithmic: bool) -> float:
    """Return the measured slope by least squares: of log₂ error against log₂ K, or against bits.

    Parameters
    ----------
    growth : Growth
    logarithmic : bool
        Whether the quantity along counts by its logarithm (K) or by itself (bits).

    Returns
    -------
    float
        Theory: ½ against log₂ K, −1 against bits. NaN where nothing can be fitted.

    Examples
    --------
    >>> ks = np.array([4, 16, 64])
    >>> slope(Growth(ks, np.sqrt(ks), np.sqrt(ks)), logarithmic=True)
    0.5
    """
    used = (growth.along >= _FIRST_FITTED["k" if logarithmic else "bits"]) & (growth.measured > 0)
    if used.sum() < 2:
        return float("nan")
    along = np.log2(growth.along[used]) if logarithmic else growth.along[used].astype(np.float64)
    return round(float(np.polyfit(along, np.log2(growth.measured[used]), 1)[0]), 12)


def growth_sentence(terms: Growth, bits: Growth) -> str:
    """Say what a longer sum and another bit do, measured, beside what rounding alone predicts; in Markdown."""
    by_k, by_bit = slope(terms, logarithmic=True), slope(bits, logarithmic=False)
    said = []
    if np.isfinite(by_k):
        said.append(f"Twice the terms make **{num(2**by_k)} times** the error{_predicted(terms, logarithmic=True)}")
    if np.isfinite(by_bit):
        said.append(f"each bit leaves **{num(2**by_bit)}** of it{_predicted(bits, logarithmic=False)}")
    if not said:
        return "These sums are too short, or too exact, for a slope."
    text = "; ".join(said)
    if abs(by_k - K_SLOPE) <= _NEAR:
        return f"{text}: independent rounding errors partly cancel, and grow as √K."
    return f"{text[0].upper()}{text[1:]}."


def _predicted(growth: Growth, *, logarithmic: bool) -> str:
    predicted = slope(Growth(growth.along, growth.expected, growth.expected), logarithmic=logarithmic)
    return f", where rounding predicts {num(2**predicted)}" if np.isfinite(predicted) else ""


def slope_remark(growth: Growth, *, logarithmic: bool) -> str:
    """Return what stands beside a chart's title: the slope that was measured, and the predicted one."""
    measured = slope(growth, logarithmic=logarithmic)
    predicted = slope(Growth(growth.along, growth.expected, growth.expected), logarithmic=logarithmic)
    if not np.isfinite(measured):
        return "too few points for a slope"
    if logarithmic:
        return f"grows as K to the power **{num(measured)}**; predicted {num(predicted)}, ideally ½"
    by_bit = -20 * np.log10(2)
    return f"**{num(by_bit * measured)}**{UNIT_SPACE}dB a bit; predicted {num(by_bit * predicted)}, ideally 6.02"


def _wide(settings: Settings) -> Settings:
    return replace(settings.state(), accumulator="int32")


def _measured(settings: Settings, x: Array, w: Array, exact: NDArray[np.float64]) -> tuple[float, float]:
    now = beside_floats(settings, x, w, exact)
    return float(np.sqrt(np.mean(now.errors**2))), expected_rms(now.x, now.w)


def _first(array: Array, part: tuple[slice, slice]) -> Array:
    return Array.of(np.ascontiguousarray(array.values[part]), array.name)
