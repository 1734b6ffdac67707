"""The error histogram: rounding in gold, clipping in crimson, and the outline of what ideal rounding would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import FEW_BINS, RARE, Floats, area, areas, line, outline, targets
from quantlab.charts.theme import c, figure, floats, note, ticks
from quantlab.numerals import count, num, share

# What ideal rounding of evenly spread values gives: corners in steps and in its peak, and the names of the two ends.
_NEAREST = ((-0.5, -0.5, 0.5, 0.5), (0.0, 1.0, 1.0, 0.0), ("−s/2", "s/2", "±s/2"))
_IDEAL = {
    "half_even": _NEAREST,
    "half_away": _NEAREST,
    "floor": ((-1.0, -1.0, 0.0, 0.0), (0.0, 1.0, 1.0, 0.0), ("−s", "0", "−s to 0")),
    "stochastic": ((-1.0, 0.0, 1.0), (0.0, 1.0, 0.0), ("−s", "s", "±s")),
}
_DOMINATES = 3.0  # a bar this many times the next is cut and says so, or nothing else could be seen
_LONG = 6  # characters: five such labels would touch on a phone
_SLIM = 0.03  # of the axis: an outline narrower than this goes behind the bars
_CLOSE = 0.14  # of the axis: nearer than this the names of the two ends become one


def error_histogram(
    counts_rounding: npt.ArrayLike,
    counts_clipping: npt.ArrayLike,
    lo: float,
    hi: float,
    *,
    scale: float | None,
    reach: float | None = None,
    ideal: float = 0.0,
    rounding: str = "half_even",
    beyond_low: int = 0,
    beyond_high: int = 0,
    compared: npt.ArrayLike | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw the histogram of x̂ − x, the clipped part hatched and stacked on the rounded one.

    Parameters
    ----------
    counts_rounding, counts_clipping : arrays of int, shape (n,)
        Values in n equal bins of [lo, hi], by what caused their error.
    lo, hi : float
        Ends of the bins, in the units of the values.
    reach : float, optional
        The axis goes from −reach to reach, a round number; by default it has the ends of the bins.
    scale : float or None
        The step s, whose ends are marked; None where several scales are at work.
    ideal : float
        Height of the ideal density's peak, in values a bin: (1 − clipped)·n·(bin width)/s. With 0 it is left out.
    rounding : {"half_even", "half_away", "floor", "stochastic"}
        Decides the shape of the ideal density and the two ends.
    beyond_low, beyond_high : int
        Clipped values whose error lies beyond the axis: one labelled bar at each end.
    compared : array of int, shape (n,), optional
        Both parts together of the pinned or compared state, in the same bins: a dashed outline.
    compared_name : str
        What the dashes are called.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = error_histogram([2, 5, 4], [1, 0, 0], -0.1, 0.1, scale=0.125, ideal=3.7)
    >>> fig.layout.xaxis.title.text
    'error x̂ − x'
    """
    rounded, clipped = np.asarray(counts_rounding, np.float64), np.asarray(counts_clipping, np.float64)
    total, n = rounded + clipped, float(np.sum(counts_rounding) + np.sum(counts_clipping) + beyond_low + beyond_high)
    edges = np.linspace(lo, hi, len(total) + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    lo, hi = (lo, hi) if reach is None else (-reach, reach)
    other = np.zeros(0) if compared is None else np.asarray(compared, np.float64)

    cut, top = _height(total, ideal)
    peak = float(other.max(initial=0.0))
    ceiling = max(top, min(peak, 2 * top)) * 1.06
    shown_rounded, shown_clipped = np.minimum(rounded, ceiling), np.minimum(total, ceiling)
    apart = len(total) <= FEW_BINS

    rare = total < RARE * ceiling  # drawn as marks instead
    shown_rounded[rare] = shown_clipped[rare] = 0.0
    gold_x, gold_y = areas(edges, np.zeros_like(total), shown_rounded, apart=apart)
    red_x, red_y = areas(edges, shown_rounded, shown_clipped, apart=apart)
    ends = _ends(lo, hi, beyond_low, beyond_high, ceiling)
    for x0, x1, height, _, _ in ends:
        red_x += [x0, x0, x1, x1, x0, None]
        red_y += [0.0, height, height, 0.0, 0.0, None]
    traces: list[dict[str, Any]] = [area(gold_x, gold_y, "rounding_fill", "rounding", hatch=False)]
    if red_x:
        traces.append(area(red_x, red_y, "clipping_fill", "clipping", hatch=True))
    if (rare & (total > 0)).any():
        traces.append(_marks(middle, clipped, rare & (total > 0), RARE * ceiling))
    if len(other):
        traces.append(line(*outline(edges, np.minimum(other, 2 * ceiling)), "pinned", 1.5, dashed=True))
    notes: list[dict[str, Any]] = []
    if scale is not None and scale > 0:
        corners, heights, names = _IDEAL[rounding]
        if ideal > 0:
            # Over the bars, or under them where its two sides would hide what they enclose.
            slim = (corners[-1] - corners[0]) * scale < _SLIM * (hi - lo)
            shape = line(np.array(corners) * scale, np.array(heights) * ideal, "ink", 1.5)
            traces.insert(0 if slim else len(traces), shape)
        notes += _step_ends(corners[0] * scale, corners[-1] * scale, lo, hi, names)
    traces.append(_hover(edges, middle, rounded, clipped, n, ceiling, ends))

    for x0, x1, height, words, anchor in ends:
        x = x0 if anchor == "left" else x1
        notes.append(
            note(x, height, f"{words}<br>beyond", "clipping", size=12, anchor=anchor, yanchor="bottom", align=anchor)
        )
    if cut is not None:
        words = f"{share(total[cut] / n)} {'in' if narrow else 'are in'} this bin, bar cut"
        notes.append(_above(middle[cut], words, "rounding" if rounded[cut] >= clipped[cut] else "clipping", lo, hi, 17))
    if len(other):
        words = compared_name if peak < ceiling else f"{compared_name}, cut"
        # Above the row of the step's ends, and at the end that a cut bar leaves free.
        place, anchor = (0, "left") if cut is not None and middle[cut] > (lo + hi) / 2 else (1, "right")
        above: dict[str, Any] = {"yanchor": "bottom", "xref": "paper", "yref": "paper", "yshift": 17}
        notes.append(note(place, 1, words, "pinned", size=12, anchor=anchor, **above))
    if n == 0:
        notes.append(note(0.5, 0.5, "no values", anchor="center", xref="paper", yref="paper"))

    places = ticks(lo, lo / 2, 0, hi / 2, hi)
    if max(map(len, places["ticktext"])) > _LONG:
        places = ticks(lo, 0, hi)
    room = 0.05 * (hi - lo)  # always there, so that a bar at an end moves nothing
    return figure(
        traces,
        annotations=notes,
        margin={"l": 16, "r": 16, "t": 44, "b": 46},
        hovermode="x",
        xaxis={"range": [lo - room, hi + room], "title": {"text": "error x̂ − x"}, **places},
        yaxis={"visible": False, "range": [0, ceiling]},
    )


def _height(total: Floats, ideal: float) -> tuple[int | None, float]:
    """Find the bin to cut, if one dominates, and the height that the others need."""
    if not total.any():
        return None, 1.0
    tallest = int(np.argmax(total))
    rest = max(float(np.delete(total, tallest).max(initial=0.0)), ideal)
    if rest > 0 and total[tallest] > _DOMINATES * rest:
        return tallest, 1.35 * rest
    return None, max(float(total[tallest]), ideal)


def _ends(lo: float, hi: float, low: int, high: int, ceiling: float) -> list[tuple[float, float, float, str, str]]:
    gap, width = 0.012 * (hi - lo), 0.03 * (hi - lo)
    places = ((low, lo - gap - width, lo - gap, "left"), (high, hi + gap, hi + gap + width, "right"))
    ends = []
    for number, x0, x1, anchor in places:
        if number:
            height = min(max(float(number), 0.04 * ceiling), 0.75 * ceiling)
            ends.append((x0, x1, height, f"{count(number)} value{'s' * (number != 1)}", anchor))
    return ends


def _marks(middle: Floats, clipped: Floats, rare: npt.NDArray[np.bool_], height: float) -> dict[str, Any]:
    red = clipped[rare] > 0
    return {
        "type": "scatter",
        "mode": "markers",
        "x": floats(middle[rare]),
        "y": floats(np.full(len(red), height)),
        "marker": {
            "symbol": ["diamond" if r else "circle" for r in red],
            "size": [7 if r else 4 for r in red],
            "color": [c("clipping") if r else c("rounding") for r in red],
            "line": {"width": 0},  # sizes of their own would make Plotly outline them
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _step_ends(left: float, right: float, lo: float, hi: float, names: tuple[str, str, str]) -> list[dict[str, Any]]:
    if right - left < _CLOSE * (hi - lo):
        return [_above((left + right) / 2, names[2], "ink", lo, hi, 0)]
    return [
        _above(place, name, "ink", lo, hi, 0)
        for place, name in ((left, names[0]), (right, names[1]))
        if lo <= place <= hi
    ]


def _above(x: float, text: str, colour: str, lo: float, hi: float, yshift: int) -> dict[str, Any]:
    """Write over the plot; near an end the text grows inwards."""
    place = (x - lo) / (hi - lo)
    anchor = "left" if place < 0.3 and len(text) > 8 else "right" if place > 0.7 and len(text) > 8 else "center"
    return note(x, 1, text, colour, size=12, anchor=anchor, yanchor="bottom", yref="paper", yshift=yshift)


def _hover(
    edges: Floats,
    middle: Floats,
    rounded: Floats,
    clipped: Floats,
    n: float,
    ceiling: float,
    ends: list[tuple[float, float, float, str, str]],
) -> dict[str, Any]:
    x, y, texts = [], [], []
    for i in np.flatnonzero(rounded + clipped):
        number = rounded[i] + clipped[i]
        text = f"error {num(edges[i])} to {num(edges[i + 1])}<br>"
        text += f"{count(int(number))} of {count(int(n))}, {share(number / n)}"
        if clipped[i]:
            text += f"<br>clipped: {count(int(clipped[i]))}"
        x.append(middle[i])
        y.append(min(number, ceiling))
        texts.append(text)
    for x0, x1, height, words, _ in ends:
        x.append((x0 + x1) / 2)
        y.append(height)
        texts.append(f"{words} clipped beyond the axis")
    return targets(x, y, texts)
