"""Observers beside each other: their ranges while batches pass, what each range costs, and how it was chosen.

The best is blue and carries a square; the others are slate, each with a mark of its own and its name at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import end_labels, line, targets
from quantlab.charts.theme import HEIGHT, c, figure, floats, note, ticks
from quantlab.numerals import UNIT_SPACE, num

_TOP, _BOTTOM, _RIGHT = 16, 44, 116
_SYMBOLS = ("circle-open", "diamond", "triangle-up", "circle", "triangle-down-open")
_PLACES = range(len(_SYMBOLS))
_MARK_EVERY = 6  # batches
_MOST_NAMES = 8
_WORDS, _WORDS_NARROW = 0.2, 0.42  # of the width of the levels: what a value beside its mark takes
_FAINT = 0.7  # of what is to come, covered by the page's colour
_BELOW = 0.3  # of a row: the pinned state's mark
_MANY_DECADES, _MOST_PLACES = 2.0, 6


class Range(NamedTuple):
    """An observer's ends after each batch, and whether it is the best of all."""

    lo: npt.ArrayLike
    hi: npt.ArrayLike
    best: bool


def ranges_over_batches(
    ranges: Mapping[str, Range],
    *,
    now: int,
    odd: int = 0,
    pinned: npt.ArrayLike | None = None,
    places: Sequence[int] = _PLACES,
    narrow: bool = False,
) -> go.Figure:
    """Draw each observer's range as steps over the batches, faint after the present one, the odd one as a band.

    Parameters
    ----------
    ranges : mapping of name to Range
        At most five. Lower ends are drawn where one of them leaves 0, and named where there is room for all; of five
        observers' the lowest, the highest and the best one's are.
    now : int
        The batch that is looked at, from 1.
    odd : int
        The odd batch, from 1; 0 for none.
    pinned : float array, optional
        The upper end of the pinned state's widest observer, dashed; it may have seen fewer batches, or more.
    places : sequence of int
        Where each stands among all observers, 0 to 4: its mark, whoever is left out.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = ranges_over_batches({"min-max": Range([0, 0], [1, 4], True)}, now=2, odd=2)
    >>> fig.layout.xaxis.title.text, len(fig.layout.shapes)
    ('batch', 2)
    """
    ends = {name: (floats(each.lo), floats(each.hi)) for name, each in ranges.items()}
    both = any((lo < 0).any() for lo, _ in ends.values())
    traces: list[dict[str, Any]] = []
    n = max((len(hi) for _, hi in ends.values()), default=1)
    if pinned is not None:
        there = floats(pinned)
        traces.append(line(np.arange(1, len(there) + 1), there, "pinned", 1.5, dashed=True, line_shape="hv"))
    # The best last, so that it lies on top.
    for place, (name, each) in sorted(zip(places, ranges.items(), strict=False), key=lambda item: item[1][1].best):
        lo, hi = ends[name]
        traces.append(_steps(name, lo if both else None, hi, place, each.best))
    values = np.concatenate([end for pair in ends.values() for end in (pair if both else pair[1:])])
    if pinned is not None:
        values = np.append(values, floats(pinned))
    low, high = min(0.0, float(np.nanmin(values)) * 1.08), max(0.0, float(np.nanmax(values)) * 1.08) or 1.0
    colours = {name: "integer" if each.best else "float" for name, each in ranges.items()}
    labels = [(float(hi[-1]), name, colours[name]) for name, (_, hi) in ends.items()]
    if both:
        labels += [(float(ends[name][0][-1]), name, colours[name]) for name in _named_below(ranges)]
    step, last = (8 if n > 16 else 2) * (2 if narrow else 1), n + 0.6
    shapes: list[dict[str, Any]] = [_upright(now, now, "rule")]
    if now < n:
        shapes.append(_upright(now + 0.5, last, "paper", _FAINT, layer="above"))
    if odd:
        shapes.insert(0, _upright(odd - 0.5, odd + 0.5, "highlight"))
    return figure(
        traces,
        shapes=shapes,
        annotations=end_labels(labels, low, high, HEIGHT - _TOP - _BOTTOM),
        margin={"l": 52, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
        xaxis={
            "range": [0.4, last], "title": {"text": "batch"},
            "tickvals": [1, *range(step, n + 1, step)],
        },
        yaxis={"range": [low, high], "nticks": 5, "title": {"text": "range"}},
    )  # fmt: skip


def _named_below(ranges: Mapping[str, Range]) -> list[str]:
    if 2 * len(ranges) <= _MOST_NAMES:
        return list(ranges)
    last = {name: float(floats(each.lo)[-1]) for name, each in ranges.items()}
    best = [name for name, each in ranges.items() if each.best]
    return list(dict.fromkeys([min(last, key=last.__getitem__), max(last, key=last.__getitem__), *best]))


def _upright(x0: float, x1: float, colour: str, alpha: float = 1.0, *, layer: str = "below") -> dict[str, Any]:
    own = {"line": {"color": c(colour), "width": 1.5 if x0 == x1 else 0}, "layer": layer}
    kind = {"type": "line"} if x0 == x1 else {"type": "rect", "fillcolor": c(colour, alpha)}
    return {"x0": x0, "x1": x1, "y0": 0, "y1": 1, "yref": "paper", **kind, **own}


def _steps(name: str, lo: npt.NDArray[Any] | None, hi: npt.NDArray[Any], place: int, best: bool) -> dict[str, Any]:
    batches = np.arange(1, len(hi) + 1)
    x, y = (
        (batches, hi) if lo is None else (np.concatenate([batches, [0], batches]), np.concatenate([hi, [np.nan], lo]))
    )
    sizes = np.where(x % _MARK_EVERY == place % _MARK_EVERY, 7, 0)
    spans = [num(end) for end in hi.tolist()]
    if lo is not None:
        spans = [f"{num(end)} to {span}" for end, span in zip(lo.tolist(), spans, strict=True)]
    said = [f"{name}, batch {batch}: {span}" for batch, span in enumerate(spans, 1)]
    words = said if lo is None else [*said, "", *said]
    colour = "integer" if best else "float"
    return {
        "type": "scatter", "mode": "lines+markers", "x": floats(x), "y": floats(y), "hovertext": words,
        "hoverinfo": "text",
        "line": {"color": c(colour), "width": 2.5 if best else 1.75, "shape": "hv"},
        "marker": {
            "symbol": "square" if best else _SYMBOLS[place], "size": sizes.tolist(), "color": c(colour),
            "opacity": 1, "line": {"color": c(colour), "width": 1.25},
        },
    }  # fmt: skip


def level_of_each(
    names: Sequence[str],
    levels: npt.ArrayLike,
    *,
    words: Sequence[str],
    pinned: npt.ArrayLike | None = None,
    places: Sequence[int] = _PLACES,
    narrow: bool = False,
) -> go.Figure:
    """Draw one level for each observer, the best on top, as a mark on a hairline with its value beside it.

    Parameters
    ----------
    names : sequence of str
    levels : float array (n,)
        In dB.
    words : sequence of str
        The same, ready to be read.
    pinned : float array (n,), optional
        The pinned state's, hollow.
    places : sequence of int
        Where each stands among all observers, 0 to 4: its mark, whoever is left out.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = level_of_each(["min-max", "MSE"], [14.0, 17.8], words=["14.0 dB", "17.8 dB"])
    >>> [note.text for note in fig.layout.annotations]
    ['min-max', 'MSE']
    """
    values = floats(levels)
    # An undefined level (no signal) is no better than the lowest.
    order = np.argsort(np.nan_to_num(values, nan=-np.inf), kind="stable")
    y = floats(np.arange(len(order)))
    known = values[np.isfinite(values)]
    low = min(0.0, float(known.min(initial=0)))
    high = max(1.0, float(known.max(initial=0)))
    if pinned is not None:
        high = max(high, float(np.nanmax(floats(pinned))))
    hairs = np.stack([np.full(len(y), low), values[order], np.full(len(y), np.nan)], axis=1).ravel()
    best = y == len(y) - 1
    colours = [c("integer" if each else "float") for each in best]
    symbols = ["square" if each else _SYMBOLS[places[row]] for each, row in zip(best, order.tolist(), strict=True)]
    traces: list[dict[str, Any]] = [line(hairs, np.repeat(y, 3), "float_fill", 1)]
    written = values[order].astype(np.float64)
    if pinned is not None:
        # The pinned mark, where it lies just beyond the present one, pushes the words on.
        there, wide = floats(pinned)[order], (_WORDS_NARROW if narrow else _WORDS) * (high - low)
        written = np.where((there > written) & (there < written + wide), there, written)
        then: dict[str, Any] = {"symbol": "circle-open", "size": 12, "color": c("pinned"), "opacity": 1}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": floats(pinned)[order],
                "y": y,
                "marker": then,
                "cliponaxis": False,
                "hoverinfo": "skip",
            }
        )
    traces.append({
        "type": "scatter", "mode": "text", "x": floats(written), "y": y, "hoverinfo": "skip",
        "text": [f"{3 * UNIT_SPACE}<b>{words[place]}</b>" for place in order], "textposition": "middle right",
        "textfont": {"color": colours, "size": 13}, "cliponaxis": False,
    })  # fmt: skip
    traces.append({
        "type": "scatter", "mode": "markers", "x": values[order], "y": y, "hoverinfo": "text",
        "hovertext": [f"{names[place]}: {words[place]}" for place in order],
        "marker": {
            "symbol": symbols, "size": 12, "color": colours, "opacity": 1, "line": {"width": 1.5, "color": colours},
        },
        "cliponaxis": False,
    })  # fmt: skip
    return figure(
        traces,
        annotations=[
            note(0, float(row), names[place], anchor="right", xref="paper", xshift=-8)
            for row, place in zip(y, order, strict=True)
        ],
        margin={"l": 108 if narrow else 116, "r": 76, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": [low, high * 1.02], "title": {"text": "dB"}, "nticks": 4 if narrow else 6},
        yaxis={"range": [-0.6, len(y) - 0.4], "visible": False},
    )


def criterion(
    clips: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    unit: str,
    chosen: float,
    level: float | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw what an observer looks at against the clip, on a logarithmic axis, and where it stops.

    Parameters
    ----------
    clips, values : float arrays (n,)
        Values of 0, and NaN, are gaps.
    unit : str
        Of the values.
    chosen : float
        The clip that it chose.
    level : float, optional
        The value that it looks for, as a line across; otherwise it looks for the least.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = criterion([1, 2, 4], [3.0, 1.0, 2.0], unit="mean squared error", chosen=2.0)
    >>> fig.layout.yaxis.title.text, fig.layout.annotations[0].text
    ('mean squared error', '2.00')
    """
    x, y = floats(clips), floats(values)
    y = np.where(y > 0, y, np.nan).astype(np.float32)
    known = y[np.isfinite(y)]
    if level is not None and level > 0:
        known = np.append(known, level)
    low, high = (np.log10(known.min()), np.log10(known.max())) if len(known) else (-1.0, 1.0)
    room = max(0.05 * (high - low), 0.05)
    low, high = float(low - room), float(high + 3 * room)
    across = [0.0, max(float(x.max(initial=0)), chosen) * 1.03 or 1.0]
    traces: list[dict[str, Any]] = [line(x, y, "float", 2)]
    if level is not None and level > 0:
        traces.append(line(across, [level, level], "float_fill", 1.5))
    traces.append(line([chosen, chosen], [10**low, 10**high], "integer", 2))
    traces.append(targets(x, y, [f"clip {num(float(a))}: {num(float(b))}" for a, b in zip(x, y, strict=True)]))
    right = chosen > across[1] * 0.75
    return figure(
        traces,
        annotations=[
            note(chosen, high, num(chosen), "integer", anchor="right" if right else "left", xshift=-5 if right else 5,
                 yanchor="top"),
        ],
        margin={"l": 68, "r": 12, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": across, "title": {"text": "clip"}, "nticks": 4 if narrow else 6},
        yaxis={"type": "log", "range": [low, high], "title": {"text": unit}, **_round_places(low, high)},
    )  # fmt: skip


def _round_places(low: float, high: float) -> dict[str, Any]:
    """Label powers of ten of a logarithmic axis, and where these are few also twice and five times them."""
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    several = high - low > _MANY_DECADES
    some = [power for power in powers if power % max(1, round((high - low) / _MOST_PLACES)) == 0]
    places = [step * 10.0**power for power in some for step in ((1,) if several else (1, 2, 5))]
    return ticks(*(float(f"{place:.1g}") for place in places if low <= np.log10(place) <= high))


def levels_over_batches(
    levels: Mapping[str, npt.ArrayLike],
    *,
    best: str,
    now: int,
    odd: int = 0,
    places: Sequence[int] = _PLACES,
    narrow: bool = False,
) -> go.Figure:
    """Draw each observer's level as steps over the batches.

    Parameters
    ----------
    levels : mapping of name to float array
        In dB; at most five.
    best : str
        The name of the best.
    now : int
        The batch that is looked at, from 1.
    odd : int
        The odd batch, from 1; 0 for none.
    places : sequence of int
        Where each stands among all observers, 0 to 4: its mark, whoever is left out.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = levels_over_batches({"min-max": [20, 9], "MSE": [21, 15]}, best="MSE", now=2, odd=2)
    >>> fig.layout.yaxis.title.text, [trace.line.shape for trace in fig.data]
    ('SQNR, dB', ['hv', 'hv'])
    """
    ends = {name: (np.zeros(len(floats(each)), np.float32), each) for name, each in levels.items()}
    drawn = ranges_over_batches(
        {name: Range(lo, each, name == best) for name, (lo, each) in ends.items()},
        now=now,
        odd=odd,
        places=places,
        narrow=narrow,
    )
    known = np.concatenate([floats(each) for each in levels.values()])
    known = known[np.isfinite(known)]
    if len(known) and known.min() < 0:
        drawn.layout.yaxis.range = [float(known.min()) * 1.08, drawn.layout.yaxis.range[1]]
    drawn.layout.yaxis.title.text = "SQNR, dB"
    return drawn
