"""The errors of a product: over all its cells, cell against cell, and along K or bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import FEW_BINS, area, areas, line, outline, targets
from quantlab.charts.theme import c, figure, floats, note, ticks
from quantlab.numerals import count, num

_NEAR = 0.2  # of the axis: a label at a mark nearer to an end than this turns inwards


def product_errors(
    counts: npt.ArrayLike,
    lost: npt.ArrayLike,
    reach: float,
    *,
    expected: float,
    chosen: float,
    compared: npt.ArrayLike | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the histogram of the errors of a product's cells, and the bell that rounding theory expects.

    Parameters
    ----------
    counts : int array, shape (n,)
        Cells in n equal bins from −reach to reach.
    lost : int array, shape (n,)
        Those among them whose accumulator overflowed, hatched.
    reach : float
        End of the axis, a round number, in the units of the product.
    expected : float
        Standard deviation of the bell; 0 or NaN leaves it out.
    chosen : float
        Error of the chosen cell, marked.
    compared : int array, shape (n,), optional
        The pinned state's cells in the same bins, dashed.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> product_errors([1, 5, 2], [0, 0, 0], 0.03, expected=0.01, chosen=0.004).layout.xaxis.title.text
    'error of a cell'
    """
    heights = np.asarray(counts, np.float64)
    edges = np.linspace(-reach, reach, len(heights) + 1)
    width = edges[1] - edges[0]
    top = float(heights.max(initial=1.0))
    whole, apart = heights - np.asarray(lost, np.float64), len(heights) <= FEW_BINS
    traces: list[dict[str, Any]] = []
    for low, high, colour, hatch in (
        (np.zeros_like(whole), whole, "rounding", False),
        (whole, heights, "clipping", True),
    ):
        if (high > low).any():
            traces.append(area(*areas(edges, low, high, apart=apart), f"{colour}_fill", colour, hatch=hatch))
    if compared is not None:
        other = np.asarray(compared, np.float64)
        top = max(top, float(other.max(initial=0.0)))
        ox, oy = outline(edges, other)
        traces.append(line(ox, oy, "pinned", 1.5, dashed=True))
    if expected > 0:
        at = np.linspace(-reach, reach, 161)
        bell = heights.sum() * width / (expected * np.sqrt(2 * np.pi)) * np.exp(-((at / expected) ** 2) / 2)
        if bell.max() <= 4 * top:
            top = max(top, float(bell.max()))
            traces.append(line(at, bell, "ink", 1.2))
    words = [
        f"{count(int(n))} cell{'s' * (n != 1)} with errors {num(a)} to {num(b)}"
        for n, a, b in zip(heights.tolist(), edges[:-1], edges[1:], strict=True)
    ]
    traces.append(targets((edges[:-1] + edges[1:]) / 2, heights / 2, words, size=18))
    traces.append(_ring(chosen, 0.0))
    right = chosen < reach * (1 - 2 * _NEAR)
    label = note(chosen, 0, "this cell", "ink", size=12, anchor="left" if right else "right", yanchor="bottom")
    label |= {"xshift": 9 if right else -9, "yshift": 3, "bgcolor": c("paper", 0.7)}
    return figure(
        traces,
        annotations=[label],
        margin={"l": 16, "r": 16, "t": 16, "b": 46},
        hovermode="x",
        xaxis={"range": [-1.02 * reach, 1.02 * reach], "title": {"text": "error of a cell"}, **_ends(reach, narrow)},
        yaxis={"range": [-0.06 * top, 1.08 * top], "visible": False},
    )


def product_against_float(
    exact: npt.ArrayLike,
    values: npt.ArrayLike,
    lost: npt.ArrayLike,
    *,
    chosen: tuple[float, float],
    names: list[str],
    narrow: bool = False,
) -> go.Figure:
    """Draw the integer result of each cell against its float product: on the diagonal they agree.

    Parameters
    ----------
    exact, values : float arrays, shape (n,)
    lost : bool array, shape (n,)
        Cells whose accumulator overflowed.
    chosen : (float, float)
        The chosen cell, ringed.
    names : list of str
        A ready name for each cell.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = product_against_float([0, 1], [0.1, 0.9], [False, False], chosen=(0, 0.1), names=["[0, 0]", "[0, 1]"])
    >>> fig.layout.yaxis.title.text
    'integer result'
    """
    x, y, off = np.asarray(exact, np.float64), np.asarray(values, np.float64), np.asarray(lost, np.bool_)
    both = np.concatenate((x, y))
    lo, hi = float(both.min(initial=0.0)), float(both.max(initial=0.0))
    pad = 0.05 * (hi - lo) or 1.0
    ends = [lo - pad, hi + pad]
    traces: list[dict[str, Any]] = [line(ends, ends, "float", 1)]
    for kind, colour, symbol in ((~off, "integer", "circle"), (off, "clipping", "diamond")):
        if kind.any():
            marker = {"symbol": symbol, "size": 6 if symbol == "circle" else 8, "color": c(colour, 0.65)}
            texts = [
                f"cell {names[i]}<br>float {num(x[i])}, integer {num(y[i])}<br>error {num(y[i] - x[i])}"
                for i in np.flatnonzero(kind)
            ]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": floats(x[kind]),
                    "y": floats(y[kind]),
                    "marker": marker,
                    "hovertext": texts,
                    "hoverinfo": "text",
                }
            )
    traces.append(_ring(*chosen))
    notes = [note(ends[1], ends[1], "equal", "float", size=12, anchor="right", yanchor="bottom", xshift=-14, yshift=-4)]
    if off.any():
        place = float(np.median(x[off])), float(np.median(y[off]))
        right = place[0] > (lo + hi) / 2
        side: dict[str, Any] = {"anchor": "right", "xshift": -10} if right else {"xshift": 10}
        notes.append(note(*place, "overflowed", "clipping", size=12, yanchor="top", yshift=-6, **side))
    return figure(
        traces,
        annotations=notes,
        margin={"l": 60, "r": 16, "t": 16, "b": 46},
        xaxis={"range": ends, "title": {"text": "float product"}, "nticks": 5 if narrow else 8},
        yaxis={"range": ends, "title": {"text": "integer result"}, "nticks": 6},
    )


def error_growth(
    along: npt.ArrayLike,
    measured: npt.ArrayLike,
    expected: npt.ArrayLike,
    *,
    title: str,
    logarithmic: bool,
    now: float,
    narrow: bool = False,
) -> go.Figure:
    """Draw the rms error along K or bits, on a logarithmic axis, beside the line that theory expects.

    Parameters
    ----------
    along : int array, shape (n,)
    measured, expected : float arrays, shape (n,)
        Zeros are gaps.
    title : str
        Of the horizontal axis.
    logarithmic : bool
        Whether that axis is logarithmic too.
    now : float
        This state's place along, ringed.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = error_growth([1, 2, 4], [1.0, 1.4, 2.0], [1.0, 1.4, 2.0], title="K", logarithmic=True, now=2)
    >>> fig.layout.xaxis.type
    'log'
    """
    at = np.asarray(along, np.float64)
    seen, theory = (np.where(np.asarray(v, np.float64) > 0, v, np.nan) for v in (measured, expected))
    x = np.log10(at) if logarithmic else at
    with np.errstate(all="ignore"):
        heights = np.log10(np.concatenate((seen, theory)).astype(np.float64))
    heights = heights[np.isfinite(heights)]
    low, high = (float(heights.min()), float(heights.max())) if len(heights) else (-1.0, 1.0)
    pad = max(0.08 * (high - low), 0.05)
    texts = [f"{title} {count(int(k))}: rms error {num(v)}" for k, v in zip(at, np.asarray(seen), strict=True)]
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": floats(at),
        "y": floats(seen),
        "line": {"color": c("rounding"), "width": 2},
        "marker": {"symbol": "circle", "size": 7, "color": c("rounding")},
        "hovertext": texts,
        "hoverinfo": "text",
    }
    traces = [line(at, theory, "ink", 1.2), points]
    if np.isfinite(np.interp(np.log2(max(now, 1)), np.log2(at), seen)):
        traces.append(_ring(now, float(2 ** np.interp(np.log2(max(now, 1)), np.log2(at), np.log2(seen)))))
    shown = at[::2] if narrow and logarithmic else at
    return figure(
        traces,
        annotations=[
            note(0, 1, "thin: expected from these scales", "ink", size=12, xref="paper", yref="paper", yanchor="bottom")
        ],
        margin={"l": 64, "r": 16, "t": 24, "b": 46},
        xaxis={
            "type": "log" if logarithmic else "linear",
            "range": [x[0] - 0.05 * (x[-1] - x[0] or 1), x[-1] + 0.05 * (x[-1] - x[0] or 1)],
            "title": {"text": title},
            **ticks(*shown.tolist()),
        },
        yaxis={
            "type": "log",
            "range": [low - pad, high + pad],
            "title": {"text": "rms error"},
            **_decades(low - pad, high + pad),
        },
    )


def _ring(x: float, y: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [y],
        "marker": {"symbol": "circle", "size": 11, "color": c("highlight"), "line": {"width": 2, "color": c("ink")}},
        "hoverinfo": "skip",
    }


def _ends(reach: float, narrow: bool) -> dict[str, Any]:
    return ticks(-reach, 0, reach) if narrow else ticks(-reach, -reach / 2, 0, reach / 2, reach)


def _decades(low: float, high: float) -> dict[str, Any]:
    """Label the powers of ten within an axis, and 2 and 5 between them where there is room."""
    parts = (1.0,) if high - low > 2.5 else (1.0, 3.0) if high - low > 1 else (1.0, 2.0, 5.0)
    places = [m * 10.0**e for e in range(int(np.floor(low)), int(np.ceil(high)) + 1) for m in parts]
    kept = [place for place in places if low <= np.log10(place) <= high]
    return {"tickvals": kept, "ticktext": [num(place, 1) for place in kept]}
