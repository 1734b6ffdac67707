"""One product several ways on one machine: operations a second as bars, and the roofline that they stand under."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from quantlab.charts.marks import line
from quantlab.charts.theme import c, figure, floats, note
from quantlab.numerals import num

_GIGA = 1e9
_BAR = 0.34  # of a row's height; its words stand above it


@dataclass(frozen=True)
class Speed:
    """One way to multiply.

    Attributes
    ----------
    name, remark : str
        Ready words: who it is, and how it did beside ours.
    median, lower, upper : float
        Operations a second.
    integer : bool
        Whether it multiplies integers.
    """

    name: str
    remark: str
    median: float
    lower: float
    upper: float
    integer: bool


def race_bars(speeds: Sequence[Speed], *, narrow: bool = False) -> go.Figure:
    """Draw operations a second as lying bars with their quartiles, the names above them.

    Parameters
    ----------
    speeds : sequence of Speed
        From top to bottom.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = race_bars([Speed("our kernel", "", 1.4e11, 1.3e11, 1.5e11, True)])
    >>> fig.data[0].x.tolist(), fig.layout.xaxis.title.text
    ([140.0], 'billion operations a second')
    """
    median, lower, upper = (
        np.array([getattr(speed, name) for speed in speeds]) / _GIGA for name in ("median", "lower", "upper")
    )
    rows = np.arange(len(speeds), dtype=np.float64)[::-1]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": floats(median),
        "y": floats(rows),
        "width": _BAR,
        "marker": {
            "color": [c("integer" if speed.integer else "float_fill") for speed in speeds],
            "line": {"width": 1, "color": [c("integer" if speed.integer else "float") for speed in speeds]},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": floats(upper - median),
            "arrayminus": floats(median - lower),
            "color": c("ink"),
            "thickness": 1.5,
            "width": 5,
        },
        "hovertext": [
            f"{speed.name}: {num(speed.median / _GIGA)} billion operations a second<br>"
            f"half of the rounds from {num(speed.lower / _GIGA)} to {num(speed.upper / _GIGA)}"
            for speed in speeds
        ],
        "hoverinfo": "text",
    }
    notes = [
        note(0, row + 0.36, f"<b>{speed.name}</b>  {speed.remark}", "ink", size=12 if narrow else 13)
        for row, speed in zip(rows.tolist(), speeds, strict=True)
    ]
    return figure(
        [bars],
        annotations=notes,
        margin={"l": 8, "r": 16, "t": 8, "b": 44},
        xaxis={
            "range": [0, float(upper.max(initial=1e-3)) * 1.06],
            "title": {"text": "billion operations a second"},
            "nticks": 5,
        },
        yaxis={"range": [-0.4, len(speeds) - 0.4], "visible": False},
    )


def race_roofline(
    peak: float,
    bandwidth: float,
    *,
    point: tuple[float, float],
    point_name: str,
    now: float | None = None,
    now_name: str = "this product",
    narrow: bool = False,
) -> go.Figure:
    """Draw what a machine can do against the work for each byte: the slope of its memory, the roof of its arithmetic.

    Parameters
    ----------
    peak, bandwidth : float
        Operations a second, bytes a second.
    point : (operations for each byte, operations a second)
        What was measured.
    point_name, now_name : str
    now : float, optional
        Operations for each byte of this state's product: where it meets the roof is ringed, for it was not measured.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = race_roofline(1e11, 1e10, point=(85.0, 9e10), point_name="256³", now=1.5)
    >>> fig.data[0].y.tolist()[-1]  # the ridge
    100.0
    """
    ridge = peak / bandwidth
    marks = [point[0], ridge] + ([] if now is None else [now])
    left, right = min(0.5, *marks) / 1.6, max(*marks) * 4
    low = min(left * bandwidth, point[1]) / _GIGA
    high = max(peak, point[1]) / _GIGA
    traces: list[dict[str, Any]] = [
        line([left, ridge], [left * bandwidth / _GIGA, peak / _GIGA], "memory", 2.5),
        line([ridge, right], [peak / _GIGA] * 2, "compute", 2.5),
    ]
    # Each on its side of the roof: on a busy machine what was measured may lie above what was measured to be possible.
    above = point[1] > peak
    # Along the slope, where nothing is marked.
    places = [left * (ridge / left) ** part for part in (0.8, 0.55)]
    near = now is not None and abs(math.log(now / places[0])) < 0.2 * math.log(right / left)
    middle = places[1] if near else places[0]
    notes = [
        note(
            math.log10(middle),
            math.log10(middle * bandwidth / _GIGA),
            ("" if narrow else "memory, ") + num(bandwidth / _GIGA, unit="GB/s"),
            "memory",
            anchor="right",
            xshift=-6,
            yshift=8,
        ),
        note(
            1.0,
            math.log10(peak / _GIGA),
            f"arithmetic, {num(peak / _GIGA)}",
            anchor="right",
            xref="paper",
            yshift=-12 if above else 12,
        ),
    ]
    if now is not None:
        top = min(peak, now * bandwidth) / _GIGA
        traces.append(line([now, now], [low / 2, top], "ink", 1))
        traces.append(_mark(now, top, "circle-open", f"{now_name}: {num(top)} billion operations a second at most"))
        late = math.log(now / left) > 0.6 * math.log(right / left)
        anchor, shift = ("right", -8) if late else ("left", 8)
        notes.append(note(math.log10(now), math.log10(low), now_name, "ink", anchor=anchor, xshift=shift))
    speed = point[1] / _GIGA
    traces.append(_mark(point[0], speed, "circle", f"{point_name}: {num(speed)} billion operations a second"))
    notes.append(
        note(
            math.log10(point[0]),
            math.log10(speed),
            point_name,
            "integer",
            anchor="left",
            xshift=8,
            yshift=0 if above else -12,
        )
    )
    return figure(
        traces,
        annotations=notes,
        margin={"l": 56, "r": 16, "t": 20, "b": 44},
        xaxis={
            "type": "log",
            "range": [math.log10(left), math.log10(right)],
            "title": {"text": "operations for each byte"},
            **_powers(left, right, 2 if narrow else 1, 2),
        },
        yaxis={
            "type": "log",
            "range": [math.log10(low / 2), math.log10(high * 1.6)],
            "title": {"text": "billion operations a second"},
            **_powers(low / 2, high * 1.6, 1, 10),
        },
    )


def _powers(low: float, high: float, every: int, base: int) -> dict[str, Any]:
    first, last = math.ceil(math.log(low, base)), math.floor(math.log(high, base))
    places = [float(base) ** n for n in range(first, last + 1, every)]
    return {"tickvals": places, "ticktext": [num(place, 1) for place in places]}


def _mark(x: float, y: float, symbol: str, text: str) -> dict[str, Any]:
    colour = c("integer" if symbol == "circle" else "ink")
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [y],
        "marker": {"symbol": symbol, "size": 12 if symbol == "circle" else 16, "color": colour,
                   "line": {"width": 2, "color": colour}},
        "hovertext": [text],
        "hoverinfo": "text",
    }  # fmt: skip
