"""Training through rounding, drawn: the staircase with the slopes of it, weights over their grid, codes that moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import area, areas, line, targets
from quantlab.charts.theme import c, figure, floats, note
from quantlab.charts.training import STYLES
from quantlab.numerals import count, num, share

_SLOPE_HEIGHT = 416
_MANY_LEVELS = 40
_FEW_TICKS = 6
_RARE = 0.004  # of the tallest bar


def straight_through(
    x: npt.ArrayLike,
    x_hat: npt.ArrayLike,
    passed: npt.ArrayLike,
    jumps: npt.ArrayLike,
    *,
    of_step: npt.ArrayLike | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the staircase of rounding above, and below it its true slope and the one that training uses.

    Parameters
    ----------
    x, x_hat : float arrays (n,)
        In order of x.
    passed : float array (n,)
        Straight-through's slope.
    jumps : float array
        Where the true slope is infinite: drawn as arrows out of the figure.
    of_step : float array (n,), optional
        The slope by a learned step.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = straight_through([0, 0.4, 0.6, 1.5], [0, 0, 1, 1], [1, 1, 1, 0], [0.5])
    >>> fig.layout.yaxis2.title.text
    'slope'
    """
    across, stairs, through, at = (np.asarray(values, np.float64) for values in (x, x_hat, passed, jumps))
    ends = [across[0], across[-1]]
    learned = np.asarray([0.0, 1.0] if of_step is None else of_step, np.float64)
    low, high = min(-0.25, float(learned.min()) - 0.2), max(1.5, float(learned.max()) + 0.4)
    # The true slope: 0, and out of the figure at each jump.
    true_x = np.concatenate([ends, *([np.nan, jump, jump] for jump in at)])
    true_y = np.concatenate([[0, 0], *([np.nan, 0, high] for _ in at)])
    traces = [
        line(ends, ends, "float", 1.5),
        line(*_corners(across, stairs), "integer", 2.5),
        line(true_x, true_y, "float", 1.5, yaxis="y2"),
        line(*_corners(across, through), "trained", 2.5, yaxis="y2"),
    ]
    notes = [
        _beside(0, 1, "<b>x̂ out</b>", "integer", "top"),
        _beside(1, 0.9, "x in", "float", "top"),
        _beside(0, 0.43, "<b>straight-through</b>: 1, or 0 where it clips", "trained", "bottom"),
    ]
    if not narrow:
        notes.append(_beside(1, 0.43, "true slope: 0, and ∞ at each jump", "float", "bottom"))
    if of_step is not None:
        traces.append(line(across, learned, "lsq", 2, yaxis="y2"))
        notes.append(_beside(1, 0.2, "<b>by the learned step</b>", "lsq", "bottom"))
    return figure(
        traces,
        height=_SLOPE_HEIGHT,
        annotations=notes,
        margin={"l": 52, "r": 16, "t": 16, "b": 44},
        xaxis={"range": ends, "title": {"text": "x, input of the layer"}, "anchor": "y2", "nticks": 4 if narrow else 9},
        yaxis={
            "domain": [0.56, 1],
            "range": [min(ends[0], stairs.min()), max(ends[1], stairs.max())],
            "nticks": 5,
            "title": {"text": "x̂"},
        },
        yaxis2={
            "domain": [0, 0.42],
            "range": [low, high],
            "title": {"text": "slope"},
            "dtick": 1 if high - low < _FEW_TICKS else None,
            "nticks": 4,
        },
    )


def _beside(x: float, y: float, words: str, colour: str, side: str) -> dict[str, Any]:
    """Write words at the left or right edge, at a height of the whole figure."""
    anchor, shift = ("right", -4) if x else ("left", 4)
    return note(x, y, words, colour, size=12, anchor=anchor, yanchor=side, xref="paper", yref="paper", xshift=shift)


def _corners(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Return the corners of a function that is constant in pieces: a few points where samples would be a thousand."""
    change = np.flatnonzero(np.diff(y)) + 1
    starts = np.concatenate(([0], change))
    middle = np.concatenate(([x[0]], (x[change - 1] + x[change]) / 2, [x[-1]]))
    return np.repeat(middle, 2)[1:-1], np.repeat(y[starts], 2)


def weights_over_grid(
    edges: npt.ArrayLike,
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    levels_before: npt.ArrayLike,
    levels_after: npt.ArrayLike,
    *,
    method: str = "qat",
    narrow: bool = False,
) -> go.Figure:
    """Draw a layer's weights before training through rounding above, and after it below, each over its levels.

    Parameters
    ----------
    edges : float array (n + 1,)
    before, after : float arrays (n,)
        Shares of the weights.
    levels_before, levels_after : float arrays
    method : {"qat", "lsq"}
        Whose colour the lower half has.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = weights_over_grid([-1, 0, 1], [0.5, 0.5], [0.2, 0.8], [-1, 0, 1], [-0.5, 0, 0.5])
    >>> fig.layout.xaxis.title.text
    'weight'
    """
    e = np.asarray(edges, np.float64)
    token, _, name = STYLES[method]
    tallest = max(float(np.max(before)), float(np.max(after))) or 1.0
    traces: list[dict[str, Any]] = []
    halves = ((before, levels_before, "integer", "y"), (after, levels_after, token, "y2"))
    middle = (e[:-1] + e[1:]) / 2
    for values, levels, colour, axis in halves:
        shares = np.asarray(values, np.float64)
        seen = np.where(shares > 0, np.maximum(shares, _RARE * tallest), 0.0)
        traces.append(
            area(*areas(e, np.zeros(len(seen)), seen, apart=False), "float_fill", "float_fill", hatch=False)
            | {"yaxis": axis}
        )
        grid = np.asarray(levels, np.float64)
        wide = 1.5 if len(grid) <= _MANY_LEVELS else 0.5
        upright = np.ravel([[level, level, np.nan] for level in grid])
        traces.append(line(upright, np.ravel([[0, tallest * 1.1, np.nan] for _ in grid]), colour, wide, yaxis=axis))
        words = [
            f"{num(lo)} to {num(hi)}: {share(each)}"
            for lo, hi, each in zip(e[:-1], e[1:], shares.tolist(), strict=True)
        ]
        traces.append(targets(middle, seen, words, size=8, yaxis=axis))
    place: dict[str, Any] = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "size": 12}
    hidden = {"range": [0, tallest * 1.12], "visible": False}
    return figure(
        traces,
        annotations=[
            note(0, 1, "<b>before</b>", "integer", **place),
            note(0, 0.42, f"<b>after {name}</b>", token, **place),
        ],
        margin={"l": 16, "r": 16, "t": 20, "b": 44},
        xaxis={"range": [e[0], e[-1]], "title": {"text": "weight"}, "anchor": "y2", "nticks": 4 if narrow else 8},
        yaxis=hidden | {"domain": [0.56, 1]},
        yaxis2=hidden | {"domain": [0, 0.42]},
    )


def moved_codes(steps: npt.ArrayLike, counts: npt.ArrayLike, *, method: str = "qat", narrow: bool = False) -> go.Figure:
    """Draw how many codes moved by how many steps; those that stayed are said in words beside it.

    Parameters
    ----------
    steps : int array (n,)
        Without 0; the ends stand for everything beyond, too.
    counts : int array (n,)
    method : {"qat", "lsq"}
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> moved_codes([-1, 1], [3, 9]).layout.xaxis.title.text
    'steps by which a code moved'
    """
    token, _, _ = STYLES[method]
    at, height = np.asarray(steps), np.asarray(counts)
    highest = max(1, int(height.max(initial=0)))
    end = int(np.abs(at).max(initial=1))
    labels = [f"{'≤ ' if s == -end else '≥ ' if s == end else ''}{'+' if s > 0 else '−'}{abs(s)}" for s in at.tolist()]
    words = [f"{label} steps: {count(each)} codes" for label, each in zip(labels, height.tolist(), strict=True)]
    bars = {
        "type": "bar", "x": floats(at), "y": floats(height), "width": 0.7, "marker": {"color": c(token)},
        "hovertext": words, "hoverinfo": "text",
    }  # fmt: skip
    every = 2 if narrow else 1
    return figure(
        [bars],
        annotations=[
            note(float(s), float(n), count(int(n)), anchor="center", yanchor="bottom", size=12)
            for s, n in zip(at, height, strict=True)
            if n
        ],
        margin={"l": 52, "r": 16, "t": 28, "b": 44},
        xaxis={
            "range": [-end - 0.6, end + 0.6], "title": {"text": "steps by which a code moved"},
            "tickvals": at.tolist()[::every], "ticktext": labels[::every],
        },
        yaxis={"range": [0, highest * 1.12], "title": {"text": "codes"}, "nticks": 5},
    )  # fmt: skip
