"""Codes against accumulators, by floats and by integers alone, where the two ways give different ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import area, line, targets
from quantlab.charts.theme import c, figure, note
from quantlab.numerals import code, count, rounded_up

_MOST_MARKED = 60  # runs of differing accumulators; more would be one smear
_TICKS, _TICKS_NARROW = 7, 3

Corners = tuple[npt.ArrayLike, npt.ArrayLike]


def requantization_stairs(
    by_float: Corners,
    by_fixed: Corners,
    *,
    starts: npt.ArrayLike,
    stops: npt.ArrayLike,
    codes: Corners,
    cell: tuple[int, int] | None = None,
    title: str = "accumulator",
    narrow: bool = False,
) -> go.Figure:
    """Draw both staircases over one another, what differs filled in gold.

    Parameters
    ----------
    by_float, by_fixed : (x, code)
        Corners; x in accumulators, each step from half an accumulator before its first to half a one behind its last.
    starts, stops : int arrays, shape (n,)
        Runs of accumulators that get two codes, up to and without each stop.
    codes : (by float, by fixed), int arrays, shape (n,)
        What each run gets.
    cell : (accumulator, code), optional
        The chosen one, ringed.
    title : str
        Of the horizontal axis.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> steps = [-0.5, 1.5, 1.5, 3.5], [0, 0, 1, 1]
    >>> fig = requantization_stairs(steps, steps, starts=[], stops=[], codes=([], []), cell=(3, 1))
    >>> fig.layout.xaxis.title.text, fig.layout.yaxis.title.text
    ('accumulator', 'code')
    """
    # Far from 0, float32 no longer tells accumulators apart; so places are counted from the window's middle.
    x, x_fixed = (np.asarray(corners[0], np.float64) for corners in (by_float, by_fixed))
    origin = round(float(x[0] + x[-1]) / 2)
    traces: list[dict[str, Any]] = [
        line(x_fixed - origin, by_fixed[1], "integer", 5, opacity=0.6),
        line(x - origin, by_float[1], "float", 1.5),
    ]
    traces += _differing(np.asarray(starts), np.asarray(stops), codes, origin)
    notes = [
        note(0.0, 0.97, "float multiplier", "float", xref="paper", yref="paper", xshift=8),
        note(0.0, 0.87, "fixed point", "integer", xref="paper", yref="paper", xshift=8),
    ]
    if cell is not None:
        traces.append(_ring(cell, origin))
        notes.append(_cell_label(cell, origin, float(x[0]), float(x[-1])))
    drawn = np.concatenate([np.asarray(by_float[1]), np.asarray(by_fixed[1])])
    low, high = int(drawn.min()), int(drawn.max())
    return figure(
        traces,
        annotations=notes,
        margin={"l": 48, "r": 16, "t": 12, "b": 44},
        xaxis={
            "range": [float(x[0]) - origin, float(x[-1]) - origin],
            "title": {"text": title},
            **_ticks(float(x[0]), float(x[-1]), origin, _TICKS_NARROW if narrow else _TICKS),
        },
        yaxis={
            "range": [low - 0.6, max(high, low + 1) + 0.6],
            "title": {"text": "code"},
            "tick0": 0,
            "dtick": max(1, round(rounded_up((high - low) / 10))),
        },
    )


def _differing(
    starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64], codes: Corners, origin: int
) -> list[dict[str, Any]]:
    if not len(starts):
        return []
    kept = slice(0, _MOST_MARKED)
    starts, stops = starts[kept], stops[kept]
    one, other = (np.asarray(values, np.int64)[kept] for values in codes)
    across: list[float | None] = []
    up: list[float | None] = []
    for start, stop, a, b in zip(starts.tolist(), stops.tolist(), one.tolist(), other.tolist(), strict=True):
        left, right = start - 0.5 - origin, stop - 0.5 - origin
        across += [left, right, right, left, left, None]
        up += [a, a, b, b, a, None]
    texts = [_hover(*run) for run in zip(starts.tolist(), stops.tolist(), one.tolist(), other.tolist(), strict=True)]
    marks = targets((starts + stops - 1) / 2 - origin, (one + other) / 2, texts, size=9)
    # Visible, since a run of one accumulator is as thin as a line.
    marks["marker"] = {"size": 9, "symbol": "square", "color": c("rounding_fill"), "line": _EDGE}
    for state in ("selected", "unselected"):
        marks[state] = {"marker": {"opacity": 1}}
    return [area(across, up, "rounding_fill", "rounding", hatch=False), marks]


_EDGE = {"width": 1.5, "color": c("rounding")}


def _hover(start: int, stop: int, one: int, other: int) -> str:
    where = count(start) if stop == start + 1 else f"{count(start)} to {count(stop - 1)}"
    return f"{where}<br>code {code(one)} by the float multiplier<br>code {code(other)} by fixed point"


def _ring(cell: tuple[int, int], origin: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [cell[0] - origin],
        "y": [cell[1]],
        "marker": {"symbol": "circle-open", "size": 16, "color": c("ink"), "line": {"width": 2, "color": c("ink")}},
        "hovertext": [f"this cell: {count(cell[0])} becomes code {code(cell[1])}"],
        "hoverinfo": "text",
    }


def _cell_label(cell: tuple[int, int], origin: int, left: float, right: float) -> dict[str, Any]:
    """Name the ring below and behind it, where the stairs leave room; at the right end before it."""
    late = cell[0] > left + 0.75 * (right - left)
    anchor, shift = ("right", -12) if late else ("left", 12)
    return note(cell[0] - origin, cell[1], "this cell", "ink", anchor=anchor, xshift=shift, yshift=-12)


def _ticks(left: float, right: float, origin: int, most: int) -> dict[str, Any]:
    step = max(1, round(rounded_up((right - left) / most)))
    first = -(-int(np.ceil(left)) // step)
    places = [n * step for n in range(first, int(right // step) + 1)]
    return {"tickvals": [place - origin for place in places], "ticktext": [count(place) for place in places]}
