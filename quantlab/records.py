"""What is handed on frozen: quantized activations, and a report's figures and histograms with their form in JSON."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

AnyArray = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts over equal bins of [lo, hi]; what lies outside is counted at the ends.

    >>> Histogram(np.array([1, 2]), 0.0, 1.0).edges.tolist()
    [0.0, 0.5, 1.0]
    """

    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    lo: float
    hi: float

    @property
    def edges(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Ends of the bins, one more than there are bins, in the units of the values."""
        return np.linspace(self.lo, self.hi, len(self.counts) + 1)


@dataclass(frozen=True, eq=False)
class ErrorParts:
    """The error figures of each channel or group: arrays in C order of the quantizer's scales."""

    n: AnyArray
    nan_count: AnyArray
    inf_count: AnyArray
    mse: AnyArray
    mse_rounding: AnyArray
    mse_clipping: AnyArray
    max_abs_error: AnyArray
    max_abs_error_steps: AnyArray
    mean_abs_error: AnyArray
    sqnr_db: AnyArray
    cosine: AnyArray
    clipped: AnyArray
    codes_used: AnyArray
    entropy_bits: AnyArray


@dataclass(frozen=True, eq=False)
class ErrorReport:
    """Errors ``e = x_hat − x`` of the finite values, and what the codes take.

    Attributes
    ----------
    n, nan_count, inf_count : int
        Finite values, NaN, infinities; the latter two stay out of every other figure.
    mse, mse_rounding, mse_clipping : float
        Mean e², in the square of the values' unit. A value whose code had to be held to the code range gives its whole
        e² to clipping, every other one to rounding: the two add up.
    max_abs_error, mean_abs_error : float
        In the values' unit.
    max_abs_error_steps : float
        Largest error in units of its own scale.
    sqnr_db : float
        10 · log10(Σx² / Σe²): NaN without signal, infinite without error.
    cosine : float
        Of x and x_hat.
    clipped : float
        Share of the finite values that were held to the code range; `clipped_low` and `clipped_high` count them.
    codes_used : int
        How many of the qmax − qmin + 1 codes occur.
    code_counts : int64 array
        How often each code occurs, from qmin to qmax.
    entropy_bits : float
        Of the codes.
    nbytes : int
        Packed codes, scales and zero points.
    bits_per_value, compression_ratio : float
        From `nbytes`; the ratio is to the input's own type.
    value_histogram, value_histogram_clipping : Histogram
        Of the finite values, and of those that were clipped.
    error_histogram_rounding, error_histogram_clipping : Histogram
    scales_held : int
        Scales that had to be held at their type's limits.
    parts : ErrorParts or None
        The same figures for each channel or group, where there are several.
    """

    n: int
    nan_count: int
    inf_count: int
    mse: float
    mse_rounding: float
    mse_clipping: float
    max_abs_error: float
    max_abs_error_steps: float
    mean_abs_error: float
    sqnr_db: float
    cosine: float
    clipped: float
    clipped_low: int
    clipped_high: int
    codes_used: int
    code_counts: AnyArray
    entropy_bits: float
    nbytes: int
    bits_per_value: float
    compression_ratio: float
    value_histogram: Histogram
    value_histogram_clipping: Histogram
    error_histogram_rounding: Histogram
    error_histogram_clipping: Histogram
    scales_held: int
    parts: ErrorParts | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain Python values that JSON can hold.

        A figure that is infinite or NaN becomes None, with the reason in a field "<name>_reason" beside it.

        Examples
        --------
        >>> from quantlab import Quantizer, error_report
        >>> x = np.zeros(2, np.float32)
        >>> error_report(x, Quantizer(x)).as_dict()["sqnr_db_reason"]
        'not a number: there is no signal or nothing to measure'
        """
        return _plain(self)


def _plain(record: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in (f.name for f in fields(record)):
        value = getattr(record, name)
        if isinstance(value, Histogram | ErrorParts):
            out[name] = _plain(value)
        elif isinstance(value, np.ndarray):
            out[name] = [_finite(v) for v in value.tolist()]
            if None in out[name]:
                out[f"{name}_reason"] = "null where there is no signal, no error or nothing to measure"
        else:
            out[name] = _finite(value)
            if out[name] is None and value is not None:
                out[f"{name}_reason"] = (
                    "not a number: there is no signal or nothing to measure"
                    if np.isnan(value)
                    else "infinite: there is no error, or it is beyond float64"
                )
    return out


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


@dataclass(frozen=True, eq=False)
class QTensor:
    """Quantized activations on their way between layers.

    Attributes
    ----------
    codes : integer array
    scale : float or array
    zero_point : int or array
        Real values are ``(codes − zero_point) · scale``.

    Examples
    --------
    >>> QTensor(np.array([3], np.int8), 0.5, 1).codes.tolist()
    [3]
    """

    codes: AnyArray
    scale: Any
    zero_point: Any
