"""The transfer curve: what comes out for what goes in, and the error as a saw-tooth under it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import Floats, line, runs, targets
from quantlab.charts.theme import c, figure, note, ticks
from quantlab.numerals import num

_MOST_TREADS = 256  # beyond that a step is under two pixels and its text cannot be aimed at


def transfer_curve(
    x: npt.ArrayLike,
    x_hat: npt.ArrayLike,
    clipped: npt.ArrayLike,
    *,
    value_range: tuple[float, float],
    error_range: float | None = None,
    compared: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw the staircase x → x̂ over the identity, and x̂ − x under it on the same x.

    Corners, not samples: a grid of 16 levels takes 36 points. Each level contributes the two ends of its cell, so that
    a riser is a pair of equal x with two x̂; where clipping begins, the corner stands twice, once of each kind. Of a
    fine grid the caller gives the two ends of some 300 cells: the joined error then still reaches the right height.

    Parameters
    ----------
    x, x_hat : float arrays, shape (n,)
        Corners from left to right; n up to about 600.
    clipped : bool array, shape (n,)
        Whether the corner belongs to a clipped piece.
    value_range : (float, float)
        The axis of x and of x̂, fixed by the data.
    error_range : float, optional
        The error's axis is ± this; by default the largest error here, rounded up to 1, 2 or 5·10^k.
    compared : (x, x_hat), optional
        Corners of the pinned or compared staircase, dashed.
    compared_name : str
        What the dashes are called.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = transfer_curve([-1, 0, 0, 1], [0, 0, 0.5, 0.5], [False] * 4, value_range=(-1, 1))
    >>> fig.layout.xaxis.title.text
    'x'
    """
    into, out = np.asarray(x, np.float64), np.asarray(x_hat, np.float64)
    clips = np.asarray(clipped, np.bool_)
    error = out - into
    lo, hi = value_range
    most = _round_up(float(np.abs(error).max(initial=0.0))) if error_range is None else float(error_range)

    traces: list[dict[str, Any]] = [line([lo, hi], [lo, hi], "float", 1.5)]
    if compared is not None:
        traces.append(line(compared[0], compared[1], "pinned", 1.5, dashed=True))
    traces.append(line(into, out, "integer", 2.5))
    for kind, colour in ((~clips, "rounding"), (clips, "clipping")):
        if kind.any():
            traces.append(_error(into, error, kind, colour))
    if hover := _hover(into, out, error, clips):
        traces.append(hover)

    notes = [*_names(into, out, lo, hi, narrow), note(0, 0.345, "error x̂ − x", size=12, xref="paper", yref="paper")]
    if compared is not None:
        notes.append(_compared_name(np.asarray(compared[1], np.float64), out, lo, hi, compared_name))
    return figure(
        traces,
        annotations=notes,
        margin={"l": 52, "r": 16, "t": 22, "b": 46},
        hovermode="x",
        hoversubplots="axis",
        xaxis={"range": [lo, hi], "title": {"text": "x"}, "nticks": 5 if narrow else 7, "anchor": "y2"},
        yaxis={"domain": [0.40, 1], "range": [lo, hi], "nticks": 5},
        yaxis2={
            "domain": [0, 0.30],
            "range": [-1.05 * most, 1.05 * most],
            **ticks(-most, 0, most),
            "anchor": "x",
        },
    )


def _round_up(value: float) -> float:
    """Round up to 1, 2 or 5·10^k.

    >>> _round_up(0.124), _round_up(5.0), _round_up(0.0)
    (0.2, 5.0, 1.0)
    """
    if value <= 0:
        return 1.0
    power = math.floor(math.log10(value))
    return next(float(f"{first}e{power}") for first in (1, 2, 5, 10) if value <= float(f"{first}e{power}") * (1 + 1e-9))


def _names(x: Floats, out: Floats, lo: float, hi: float, narrow: bool) -> list[dict[str, Any]]:
    """Name the two lines where neither runs through the words."""
    span, end = hi - lo, float(out[-1])
    if end < lo + 0.75 * span:
        side: dict[str, Any] = {"yanchor": "bottom", "yshift": 2}
    else:
        side = {"yanchor": "top", "yshift": -26 if narrow else -18}
    upper = note(hi - 0.01 * span, min(max(end, lo), hi), "<b>x̂</b> out", "integer", anchor="right", **side)
    under = np.interp(np.linspace(lo + 0.24 * span, lo + 0.42 * span, 16), x, out)
    place = (0.24, 0.06) if under.min() > lo + 0.16 * span else (0.04, 0.40)
    return [upper, note(lo + place[0] * span, lo + place[1] * span, "<b>x</b> in", "float")]


def _compared_name(other: Floats, out: Floats, lo: float, hi: float, name: str) -> dict[str, Any]:
    """Name the dashes at the end where they leave the staircase, or over the plot where they never do."""
    apart = 0.15 * (hi - lo)
    style: dict[str, Any] = {"colour": "pinned", "size": 12, "yanchor": "bottom", "yshift": 2}
    if lo + apart <= other[0] <= hi - apart and abs(other[0] - out[0]) > apart:
        return note(lo + 0.01 * (hi - lo), float(other[0]), name, **style)
    if lo <= other[-1] <= hi - 2 * apart and abs(other[-1] - out[-1]) > apart:
        return note(hi - 0.01 * (hi - lo), float(other[-1]), name, anchor="right", **style)
    return note(1, 1, name, anchor="right", xref="paper", yref="paper", **style)


def _error(x: Floats, error: Floats, kind: npt.NDArray[np.bool_], colour: str) -> dict[str, Any]:
    # Plotly fills across a gap along a straight line; each run begins and ends at 0, where that line shows nothing.
    across: list[Floats] = []
    height: list[Floats] = []
    for start, stop in runs(kind):
        across.append(np.concatenate((x[start : start + 1], x[start:stop], x[stop - 1 : stop], [np.nan])))
        height.append(np.concatenate(([0.0], error[start:stop], [0.0], [np.nan])))
    return line(np.concatenate(across), np.concatenate(height), colour, 1.2) | {
        "yaxis": "y2",
        "fill": "tozeroy",
        "fillcolor": c(f"{colour}_fill", 0.6),
    }


def _hover(x: Floats, out: Floats, error: Floats, clips: npt.NDArray[np.bool_]) -> dict[str, Any] | None:
    treads = np.flatnonzero((out[1:] == out[:-1]) & (x[1:] > x[:-1]))
    if not 0 < len(treads) <= _MOST_TREADS:
        return None
    texts = [
        f"x {num(x[i])} to {num(x[i + 1])} → x̂ {num(out[i])}<br>"
        f"error {num(error[i])} to {num(error[i + 1])}{', clipped' if clips[i] and clips[i + 1] else ''}"
        for i in treads
    ]
    return targets((x[treads] + x[treads + 1]) / 2, out[treads], texts)
