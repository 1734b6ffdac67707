"""The same scheme at every width, symmetric and affine: what a bit buys, and how many of the bits the codes need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantlab.arrays import Array
from quantlab.experiments.page import Recall, compute_anew
from quantlab.experiments.tensor.experiment import Result, Settings
from quantlab.experiments.tensor.sample import Sample
from quantlab.numerals import count, num
from quantlab.ranges import Summary, find_range
from quantlab.report import error_report
from quantlab.scheme import MAX_BITS, MinMSE, Scheme

Values = np.ndarray[Any, np.dtype[Any]]

DB_A_BIT = 20 * np.log10(2.0)
_FLAT = 3.0  # dB a bit: half of what a bit should bring


@dataclass(frozen=True, eq=False)
class Sweep:
    """Figures against bits, 1 to 16, one entry a width.

    Attributes
    ----------
    bits : int array
    sqnr_symmetric, sqnr_affine : float arrays
        dB; infinite without error, NaN without signal.
    entropy_symmetric, entropy_affine : float arrays
        Of the codes, bits a value.
    values : int
        How many values were measured; `sampled` says whether these are a sample of the array.
    """

    bits: Values
    sqnr_symmetric: Values
    sqnr_affine: Values
    entropy_symmetric: Values
    entropy_affine: Values
    values: int
    sampled: bool

    @property
    def slope(self) -> Values:
        """SQNR of a uniform signal that fills the range: 6.02 dB a bit."""
        slope: Values = self.bits * DB_A_BIT
        return slope

    def sqnr(self, symmetric: bool) -> Values:
        """Return one grid's SQNR in dB."""
        return self.sqnr_symmetric if symmetric else self.sqnr_affine

    def entropy(self, symmetric: bool) -> Values:
        """Return the entropy of one grid's codes in bits."""
        return self.entropy_symmetric if symmetric else self.entropy_affine

    def sqnr_columns(self) -> dict[str, Values]:
        """Return SQNR against bits as a table."""
        return {
            "bits": self.bits,
            "symmetric, dB": self.sqnr_symmetric,
            "affine, dB": self.sqnr_affine,
            "6.02 dB a bit": self.slope,
        }

    def entropy_columns(self) -> dict[str, Values]:
        """Return entropy against bits as a table."""
        return {
            "bits": self.bits,
            "symmetric, bits a value": self.entropy_symmetric,
            "affine, bits a value": self.entropy_affine,
        }


def sweep(settings: Settings, array: Array, summary: Summary, recall: Recall = compute_anew) -> Sweep:
    """Measure a state's scheme at 1 to 16 bits on both grids; every other option stays as it is.

    The ranges are those of the whole array. The errors of more than 2^18 values are measured on a fixed sample.

    Parameters
    ----------
    settings : Settings
    array : Array
    summary : Summary
        Of the array, at the settings' granularity, with a histogram where the range's search reads one.
    recall : Recall

    Examples
    --------
    >>> from quantlab.experiments.tensor import built_in, run
    >>> result = run(Settings(), built_in(Settings()))
    >>> swept = sweep(result.settings, result.array, result.summary)
    >>> round(float(swept.sqnr_symmetric[3]), 1), swept.sampled
    (21.7, False)
    """
    bits = np.arange(1, MAX_BITS + 1)
    sample = Sample.of(array.values, settings.scheme(array).granularity)
    figures = np.full((2, 2, MAX_BITS), np.nan)
    for row, symmetric in enumerate((True, False)):
        for column, width in enumerate(bits.tolist()):
            scheme = replace(settings, bits=width, symmetric=symmetric).scheme(array)
            lo, hi = value_range(array, scheme, summary, recall)
            report = error_report(sample.values, sample.quantizer(lo, hi, scheme))
            figures[:, row, column] = report.sqnr_db, report.entropy_bits
    (sqnr_symmetric, sqnr_affine), (entropy_symmetric, entropy_affine) = figures
    return Sweep(
        bits,
        sqnr_symmetric,
        sqnr_affine,
        entropy_symmetric,
        entropy_affine,
        sample.values.size,
        sample.values.size < array.values.size,
    )


def value_range(array: Array, scheme: Scheme, summary: Summary, recall: Recall) -> tuple[Values, Values]:
    """Return the range of each part, as the page found it."""
    key = ("range", scheme if isinstance(scheme.range, MinMSE) else (scheme.range, scheme.granularity))
    lo, hi = recall(array, key, lambda: find_range(array.values, scheme, summary))
    return lo, hi


def bits_sentence(swept: Sweep, result: Result) -> str:
    r"""Say what one more bit brings here, in Markdown.

    Examples
    --------
    >>> from quantlab.experiments.tensor import built_in, run
    >>> result = run(Settings(), built_in(Settings()))
    >>> bits_sentence(sweep(result.settings, result.array, result.summary), result).split("**")[1]
    '6.75\xa0dB'
    """
    low = min(result.scheme.bits, MAX_BITS - 1)
    curve = swept.sqnr(result.scheme.symmetric)
    before, after = float(curve[low - 1]), float(curve[low])
    if np.isnan(after):
        return "There is no signal here, so no width has an SQNR."
    if np.isinf(after):
        return f"From {bits_of(low + 1)} on, nothing is lost: the grid holds these values exactly."
    gain = after - before
    text = (
        f"The bit from {low} to {low + 1} brings **{num(gain, unit='dB', sign=gain < 0)}**, where 6.02 dB is the rule"
    )
    if gain < _FLAT and result.report.mse_clipping > result.report.mse_rounding:
        text += "; :red[clipping] makes most of the error here, and finer steps do not mend that"
    return " ".join(filter(None, [f"{text}.", _int4_and_int8(curve, result.scheme), _other_grid(swept, result)]))


def _int4_and_int8(curve: Values, scheme: Scheme) -> str:
    lost = float(curve[7] - curve[3])
    if not _FLAT < lost < np.inf:
        return ""
    few, many = (replace(scheme, bits=width).levels for width in (4, 8))
    return (
        f"int4 has {few} codes where int8 has {many}: its steps are so much wider that the SQNR is "
        f"{num(lost, unit='dB')} lower."
    )


def _other_grid(swept: Sweep, result: Result) -> str:
    symmetric, at = result.scheme.symmetric, result.scheme.bits - 1
    mine, other = float(swept.sqnr(symmetric)[at]), float(swept.sqnr(not symmetric)[at])
    name = ":green[affine]" if symmetric else ":blue[symmetric]"
    gap = other - mine
    if not np.isfinite(gap):
        return ""
    if abs(gap) < 0.1:
        return f"At {bits_of(at + 1)} {name} does as well."
    return f"At {bits_of(at + 1)} {name} gets {num(abs(gap), unit='dB')} {'more' if gap > 0 else 'less'}."


def sampled_sentence(swept: Sweep, array: Array) -> str:
    """Say that the curves come from a sample; nothing where every value was measured."""
    if not swept.sampled:
        return ""
    return (
        f"Measured on a fixed sample of {count(swept.values)} of the {count(array.values.size)} values, "
        "with the ranges of them all."
    )


def bits_of(width: int) -> str:
    """Write a width.

    >>> bits_of(1), bits_of(4)
    ('1 bit', '4 bits')
    """
    return f"{width} bit{'s' * (width != 1)}"
