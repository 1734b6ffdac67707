"""Curves against bits: the error, and what the codes carry, of the symmetric and of the affine grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import Floats, end_labels, line
from quantlab.charts.theme import HEIGHT, c, figure, floats, note
from quantlab.numerals import num

_TOP, _BOTTOM = 28, 44  # pixels: margins


def sqnr_against_bits(
    bits: npt.ArrayLike,
    symmetric: npt.ArrayLike,
    affine: npt.ArrayLike,
    *,
    slope: npt.ArrayLike,
    now: tuple[float, float] | None = None,
    compared: npt.ArrayLike | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw SQNR against bits for both grids, beside the 6.02 dB that each bit should bring.

    Parameters
    ----------
    bits : int array, shape (n,)
    symmetric, affine : float arrays, shape (n,)
        dB; infinite and NaN ones are gaps.
    slope : float array, shape (n,)
        The line of 6.02 dB a bit, where the caller wants it to lie.
    now : (bits, dB), optional
        This state, ringed.
    compared : float array, shape (n,), optional
        dB of the pinned or compared scheme, dashed.
    compared_name : str
        What the dashes are called.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = sqnr_against_bits([1, 2], [4.4, 9.2], [6.1, 12.0], slope=[6.02, 12.04], now=(2, 9.2))
    >>> fig.layout.yaxis.title.text
    'SQNR, dB'
    """
    return against_bits(
        bits, symmetric, affine, reference=slope, reference_name="6.02 dB a bit", title="SQNR, dB", unit="dB",
        now=now, compared=compared, compared_name=compared_name, narrow=narrow,
    )  # fmt: skip


def against_bits(
    bits: npt.ArrayLike,
    symmetric: npt.ArrayLike,
    affine: npt.ArrayLike,
    *,
    reference: npt.ArrayLike,
    reference_name: str,
    title: str,
    unit: str,
    now: tuple[float, float] | None = None,
    compared: npt.ArrayLike | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw both grids against bits: symmetric ● filled blue, affine ◇ hollow teal, and a thin named reference.

    Parameters
    ----------
    bits : int array, shape (n,)
    symmetric, affine, reference : float arrays, shape (n,)
    reference_name, title, unit : str
        Ready words: of the thin line, of the vertical axis (with its unit), of the hover texts.
    now, compared, compared_name, narrow
        As for `sqnr_against_bits`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    b, rule = np.asarray(bits, np.float64), np.asarray(reference, np.float64)
    curves = {"symmetric": floats(symmetric), "affine": floats(affine)}
    traces: list[dict[str, Any]] = [line(b, rule, "float", 1)]
    ends: list[tuple[float, str, str]] = []
    if compared is not None:
        traces.append(line(b, compared, "pinned", 1.5, dashed=True))
        ends.append((_last(floats(compared)), compared_name, "pinned"))
    for (name, values), colour, symbol in zip(
        curves.items(), ("integer", "zero"), (("circle", 6), ("diamond-open", 11)), strict=True
    ):
        traces.append(_curve(b, values, name, colour, symbol, unit))
        ends.append((_last(values), name, colour))
    shown = np.concatenate([*curves.values(), floats(rule), *([] if compared is None else [floats(compared)])])
    shown = shown[np.isfinite(shown)]
    low, high = min(0.0, float(shown.min(initial=0.0))), float(shown.max(initial=1.0))
    pad = 0.05 * (high - low)
    if now is not None and np.isfinite(now[1]):
        traces.append(_ring(*now))

    notes = [_reference_label(b, rule, list(curves.values()), reference_name, high - low)]
    notes += end_labels(ends, low - pad, high + pad, HEIGHT - _TOP - _BOTTOM)
    return figure(
        traces,
        annotations=notes,
        margin={"l": 48, "r": 84, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": [b[0] - 0.6, b[-1] + 0.6], "title": {"text": "bits"}, "tick0": 0, "dtick": 4 if narrow else 2},
        yaxis={"range": [low - pad, high + pad], "title": {"text": title}, "nticks": 6},
    )


def _curve(
    b: Floats, values: npt.NDArray[np.float32], name: str, colour: str, symbol: tuple[str, int], unit: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": floats(b),
        "y": values,
        "line": {"color": c(colour), "width": 2},
        "marker": {
            "symbol": symbol[0],
            "size": symbol[1],
            "color": c(colour),
            "line": {"width": 1.5, "color": c(colour)},
        },
        "hovertext": [
            f"{name}, {k:.0f} bit{'s' * (k != 1)}: {num(v, unit=unit)}"
            for k, v in zip(b.tolist(), values.tolist(), strict=True)
        ],
        "hoverinfo": "text",
    }


def _ring(x: float, y: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [y],
        "marker": {"symbol": "circle-open", "size": 18, "color": c("ink"), "line": {"width": 2, "color": c("ink")}},
        "hoverinfo": "skip",
    }


def _reference_label(
    b: Floats, rule: Floats, curves: Sequence[npt.NDArray[np.float32]], name: str, height: float
) -> dict[str, Any]:
    """Name the thin line on the side that the curves leave free."""
    k = int(0.7 * len(b))
    near = [float(values[k]) for values in curves if np.isfinite(values[k])]
    if all(value < rule[k] + 0.02 * height for value in near):
        return note(b[k], rule[k], name, "float", size=12, anchor="right", yanchor="bottom", xshift=-6)
    return note(b[k], min([rule[k], *near]), name, "float", size=12, yanchor="top", xshift=8, yshift=-6)


def _last(values: npt.NDArray[np.float32]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else np.nan
