"""Marks that several figures share: areas as one path, dashed comparisons, points that only hover and click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.charts.theme import CLEAR, c, floats, note

Floats = npt.NDArray[np.float64]
FEW_BINS = 48  # up to here bars stand apart, each with its outline; beyond they close up into one area
_LINE = 16  # pixels: the least distance of two labels
RARE = 0.02  # of the figure's height; a lower bar would not be seen


def runs(on: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Find the half-open intervals in which `on` holds.

    >>> runs(np.array([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    change = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(change[::2], change[1::2], strict=True)]


def areas(edges: Floats, base: Floats, top: Floats, *, apart: bool) -> tuple[list[float | None], list[float | None]]:
    """Outline the bars between `base` and `top` as closed paths, to be filled with "toself".

    Parameters
    ----------
    edges : float64 array, shape (n + 1,)
    base, top : float64 arrays, shape (n,)
        Bars of no height are left out.
    apart : bool
        Whether each bar is a path of its own, narrower by a gap; otherwise neighbours join into one.

    Returns
    -------
    x, y : lists of float and None
        Corners; None ends a path.
    """
    on = top > base
    pieces = [(i, i + 1) for i in np.flatnonzero(on)] if apart else runs(on)
    x: list[float | None] = []
    y: list[float | None] = []
    for start, stop in pieces:
        gap = 0.04 * (edges[stop] - edges[start]) if apart else 0.0
        across = np.repeat(edges[start : stop + 1], 2)[1:-1]
        across = np.clip(across, edges[start] + gap, edges[stop] - gap)
        up, down = np.repeat(top[start:stop], 2), np.repeat(base[start:stop], 2)
        x += [*across.tolist(), *across[::-1].tolist(), float(across[0]), None]
        y += [*up.tolist(), *down[::-1].tolist(), float(up[0]), None]
    return x, y


def area(
    x: Sequence[float | None],
    y: Sequence[float | None],
    fill: str,
    line: str,
    *,
    hatch: bool,
    alpha: float = 1.0,
) -> dict[str, Any]:
    """Draw closed paths as one filled trace; `hatch` is the second sign of clipping."""
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": _gapped(x),
        "y": _gapped(y),
        "fill": "toself",
        "fillcolor": c(fill, alpha),
        "line": {"color": c(line), "width": 1},
        "hoverinfo": "skip",
    }
    if hatch:
        trace["fillpattern"] = {
            "shape": "/", "fgcolor": c("paper", 0.8), "bgcolor": c(fill), "size": 5, "solidity": 0.25,
            "fillmode": "replace",
        }  # fmt: skip
    return trace


def line(
    x: npt.ArrayLike, y: npt.ArrayLike, colour: str, width: float, *, dashed: bool = False, **more: Any
) -> dict[str, Any]:
    """Draw a line that does not hover. Only what is pinned or compared is dashed."""
    style: dict[str, Any] = {"color": c(colour), "width": width}
    if dashed:
        style["dash"] = "4px,3px"
    return {
        "type": "scatter", "mode": "lines", "x": floats(x), "y": floats(y), "line": style, "hoverinfo": "skip",
    } | more  # fmt: skip


def outline(edges: Floats, heights: Floats) -> tuple[Floats, Floats]:
    """Trace the steps over a histogram; bins without any count are gaps."""
    x: list[float] = []
    y: list[float] = []
    for start, stop in runs(heights > 0):
        x += [*np.repeat(edges[start : stop + 1], 2), np.nan]
        y += [0.0, *np.repeat(heights[start:stop], 2), 0.0, np.nan]
    return np.array(x), np.array(y)


def targets(x: npt.ArrayLike, y: npt.ArrayLike, texts: Sequence[str], *, size: int = 12, **more: Any) -> dict[str, Any]:
    """Place invisible points that show a ready text under the pointer and that a click selects.

    A selection must not change how they look. A hover template would make Plotly print the coordinate on the axis too.
    """
    unseen = {"marker": {"opacity": 0.01}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": floats(x),
        "y": floats(y),
        "marker": {"size": size, "color": CLEAR, "opacity": 0.01},
        "selected": unseen,
        "unselected": unseen,
        "hovertext": list(texts),
        "hoverinfo": "text",
    } | more


def end_labels(ends: Sequence[tuple[float, str, str]], low: float, high: float, height: float) -> list[dict[str, Any]]:
    """Write each curve's name behind its end, pushed apart where two ends are close.

    Parameters
    ----------
    ends : sequence of (value, name, colour)
        Ends that are not finite get no name.
    low, high : float
        Ends of the axis.
    height : float
        Of the plot in pixels.
    """
    known = sorted(end for end in ends if np.isfinite(end[0]))
    true = [(value - low) * height / (high - low) for value, _, _ in known]
    # Half a line beyond the plot a name is still within the figure.
    places = spread(true, [_LINE] * len(true), -_LINE, height + _LINE)
    return [
        note(1.012, value, name, colour, xref="paper", yshift=round(place - at))
        for (value, name, colour), place, at in zip(known, places, true, strict=True)
    ]


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Place labels as near to where they belong as they can be without covering each other.

    Parameters
    ----------
    wanted : sequence of float
        The middle of each, ascending.
    heights : sequence of float
        Of each.
    low, high : float
        Between which all shall lie; where they do not fit, they run over `high`.

    Returns
    -------
    list of float
        The middles, with the least sum of squared moves.

    Examples
    --------
    >>> spread([20.0, 22.0, 90.0], [16.0, 16.0, 16.0], 0.0, 100.0)
    [13.0, 29.0, 90.0]
    >>> spread([99.0], [16.0], 0.0, 100.0)
    [92.0]
    """
    above = np.concatenate(([0.0], np.cumsum(heights)))
    # Less what stands below each, places only have to ascend: those that do not share their mean (Ayer et al. 1955).
    pools: list[tuple[float, int]] = []
    for want, below, height in zip(wanted, above[:-1].tolist(), heights, strict=True):
        mean, size = want - below - height / 2, 1
        while pools and pools[-1][0] > mean:
            last, others = pools.pop()
            mean, size = (mean * size + last * others) / (size + others), size + others
        pools.append((mean, size))
    starts = [max(min(mean, high - float(above[-1])), low) for mean, size in pools for _ in range(size)]
    return [
        start + below + height / 2 for start, below, height in zip(starts, above[:-1].tolist(), heights, strict=True)
    ]


def _gapped(values: Sequence[float | None]) -> npt.NDArray[np.float32]:
    return floats([np.nan if v is None else v for v in values])
