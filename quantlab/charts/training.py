"""PTQ and QAT: accuracy or R² as bits fall, losses as epochs pass. A method has one colour and one mark everywhere.

Float is a bare line; PTQ a blue disc, QAT an orange square, learned steps (LSQ) a russet diamond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import end_labels, line, spread
from quantlab.charts.theme import HEIGHT, c, figure, floats, note
from quantlab.numerals import num

HERO_HEIGHT = 416
STYLES = {
    "float": ("float", None, "float"),
    "ptq": ("integer", "circle", "PTQ"),
    "qat": ("trained", "square", "QAT"),
    "lsq": ("lsq", "diamond", "LSQ"),
}
"""Of each method: its token, its mark, its name."""
_SAYS = {"ptq": "rounds once", "qat": "trains through rounding", "lsq": "learns the step, too"}
_TOP, _BOTTOM, _LEFT = 16, 44, 64
_TOP_SHARE, _LOW_SHARE = 103.0, -3.0
_HEIGHT = HERO_HEIGHT - _TOP - _BOTTOM
_PERCENT = _HEIGHT / (_TOP_SHARE - _LOW_SHARE)  # pixels
_BESIDE = {"ptq": 0.07, "qat": 0.0, "lsq": -0.07}  # bits by which a seed's mark stands aside
_LINE = 18  # pixels of a line of a name
_NUDGED = 6  # pixels from its curve's end, from which on a name is tied to it
_LETTER = 7  # pixels across, about
_LAST = 2  # bits: at the end of the axis seeds stand, too
_BIT, _BIT_NARROW = 140, 37  # pixels from bit to bit, about
_NEAR = 3  # percent below float's line that its name leaves free
_ROOM = 8  # percent below float's line that its name needs


class Accuracy(NamedTuple):
    """One point of a curve, in percent: bits, mean, standard deviation, each seed."""

    bits: int
    mean: float
    deviation: float
    each: tuple[float, ...]


def accuracy_against_bits(
    curves: Mapping[str, Sequence[Accuracy]],
    *,
    reference: float | None,
    guess: float,
    chosen: int | None = None,
    pinned: Mapping[str, Sequence[Accuracy]] | None = None,
    bits: Sequence[int] = (8, 7, 6, 5, 4, 3, 2),
    measure: str = "accuracy",
    least: str = "guessing",
    narrow: bool = False,
) -> go.Figure:
    """Draw accuracy, or R², in percent as bits fall: the mean as a line, one deviation as a band, a mark for each seed.

    Parameters
    ----------
    curves : mapping of method to points
        From many bits to few; a curve may be empty or short while it grows.
    reference : float, optional
        Float's, trained just as long.
    guess : float
        What a network gets that has learned nothing. Curves may fall below; what lies under the axis is not drawn.
    chosen : int, optional
        The bits that the page looks at, marked by a line.
    pinned : mapping of method to points, optional
        Means of the pinned state, dashed and named so.
    bits : sequence of int
        The axis, from many to few.
    measure, least : str
        Words beside the axis, and on the line of `guess`.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = accuracy_against_bits({"ptq": [Accuracy(8, 97, 1, (96, 98))]}, reference=97, guess=10)
    >>> fig.layout.xaxis.range
    (8.35, 1.75)
    """
    left, right = bits[0] + 0.35, bits[-1] - 0.25
    known = {method: points for method, points in curves.items() if points and method in _SAYS}
    across = [left, right, *([] if chosen is None else [np.nan, chosen, chosen])]
    up = [guess, guess, *([] if chosen is None else [np.nan, _LOW_SHARE, _TOP_SHARE])]
    traces: list[dict[str, Any]] = [line(across, up, "rule", 1.5)]
    shapes = [_band(method, points) for method, points in known.items()]
    notes = [note(left, guess, least, anchor="left", yanchor="bottom", xshift=6, size=12)]
    if reference is not None:
        shapes.append(_stroke((left, reference), (right, reference), c("float"), 1.5))
        words = f"<b>float</b> {num(reference, 3, '%')}" + ("" if narrow else ", trained just as long")
        # Where no curve falls through it: those that fall at once are far below at the other end.
        first = all(point.mean > reference - _NEAR for points in known.values() for point in points[:2])
        place, anchor, shift = (left, "left", 6) if first else (right, "right", -6)
        notes.append(note(place, reference - _ROOM / 2, words, "float", anchor=anchor, yanchor="top", xshift=shift))
    ghosts = {method: points for method, points in (pinned or {}).items() if points and method in _SAYS}
    if ghosts:
        traces.append(_ghost(ghosts))
    if known:
        traces.append(_dots(known))
    traces += [_means(method, points) for method, points in known.items()]
    names, ties = _names(known, ghosts, right, guess, narrow=narrow)
    return figure(
        traces,
        height=HERO_HEIGHT,
        annotations=[*notes, *names],
        shapes=[*shapes, *ties],
        margin={"l": _LEFT, "r": 48 if narrow else 160, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": [left, right], "title": {"text": "bits of weights and activations"}, "dtick": 1},
        yaxis={"range": [_LOW_SHARE, _TOP_SHARE], "title": {"text": measure}, **_shares(guess)},
    )


def _shares(guess: float) -> dict[str, Any]:
    values = sorted({25.0, 50.0, 75.0, 100.0, round(guess, 6)})
    words = [f"{value:.0f}" for value in values]
    return {"tickvals": values, "ticktext": [*words[:-1], f"{words[-1]} %"]}


def _band(method: str, points: Sequence[Accuracy]) -> dict[str, Any]:
    # R² has no least value: where a few seeds fall off the chart their deviation says nothing, and would cover it all.
    points = list(takewhile(lambda point: point.mean - point.deviation > _LOW_SHARE, points)) or points[:1]
    ends = [(point.bits, min(point.mean + point.deviation, 100.0)) for point in points]
    ends += [(point.bits, point.mean - point.deviation) for point in reversed(points)]
    path = " L ".join(f"{bits},{value:.3f}" for bits, value in ends)
    # A shape and no trace: it needs no hover, and traces are what costs.
    return {
        "type": "path", "path": f"M {path} Z", "layer": "below", "line": {"width": 0},
        "fillcolor": c(STYLES[method][0], 0.14),
    }  # fmt: skip


def _stroke(start: tuple[float, float], stop: tuple[float, float], colour: str, width: float) -> dict[str, Any]:
    return {
        "type": "line", "x0": start[0], "y0": start[1], "x1": stop[0], "y1": stop[1], "layer": "below",
        "line": {"color": colour, "width": width},
    }  # fmt: skip


def _dots(curves: Mapping[str, Sequence[Accuracy]]) -> dict[str, Any]:
    """Return one mark for each seed of all curves."""
    seeds = [
        (method, point.bits, value, seed)
        for method, points in curves.items()
        for point in points
        for seed, value in enumerate(point.each)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": floats([bits - _BESIDE[method] for method, bits, _, _ in seeds]),
        "y": floats([value for _, _, value, _ in seeds]),
        "marker": {
            "symbol": [STYLES[method][1] for method, *_ in seeds],
            "color": [c(STYLES[method][0], 0.55) for method, *_ in seeds],
            "size": 6,
        },
        "hovertext": [
            f"{STYLES[method][2]}, {bits} bits, seed {seed}: {num(value, 3, '%')}"
            for method, bits, value, seed in seeds
        ],
        "hoverinfo": "text",
    }


def _means(method: str, points: Sequence[Accuracy]) -> dict[str, Any]:
    token, symbol, name = STYLES[method]
    words = [
        f"{name}, {point.bits} bits: {num(point.mean, 3, '%')} ± {num(point.deviation, 2)} over {len(point.each)}"
        for point in points
    ]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": floats([point.bits for point in points]),
        "y": floats([point.mean for point in points]),
        "line": {"color": c(token), "width": 2.8},
        "marker": {"symbol": symbol, "size": 10, "color": c(token), "line": {"width": 1.5, "color": c("paper")}},
        "hovertext": words,
        "hoverinfo": "text",
    }


def _ghost(curves: Mapping[str, Sequence[Accuracy]]) -> dict[str, Any]:
    """Return all pinned means as one trace with gaps; which is which its hover says."""
    x: list[float] = []
    y: list[float] = []
    words: list[str] = []
    for method, points in curves.items():
        x += [*(point.bits for point in points), np.nan]
        y += [*(point.mean for point in points), np.nan]
        name = STYLES[method][2]
        words += [*(f"pinned {name}, {point.bits} bits: {num(point.mean, 3, '%')}" for point in points), ""]
    return line(x, y, "pinned", 1.5, dashed=True) | {"hovertext": words, "hoverinfo": "text"}


class _End(NamedTuple):
    """Where a curve ends, in bits and percent, and what is written there."""

    y: float
    own: bool  # rather than pinned; of two at one height the pinned one stands below
    x: float
    token: str
    lines: tuple[str, ...]


def _names(
    curves: Mapping[str, Sequence[Accuracy]],
    ghosts: Mapping[str, Sequence[Accuracy]],
    right: float,
    guess: float,
    *,
    narrow: bool,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Write each curve's name at its end, and draw the lines that tie to it those which had to make room."""
    found: list[dict[str, Any]] = []
    behind: list[_End] = []
    taken: list[tuple[float, float]] = []
    for method, points in curves.items():
        end = _end(points, STYLES[method][0], (f"<b>{STYLES[method][2]}</b>", *([] if narrow else [_SAYS[method]])))
        others = [each for each in (*curves.values(), *ghosts.values()) if each is not points]
        side = _side(end, others, taken, narrow=narrow) if end.y == _LOW_SHARE else None
        if side is None:
            behind.append(end)
        else:
            anchor, room = side
            taken.append(room)
            found.append(
                note(
                    end.x, max(guess, _LOW_SHARE), "<br>".join(end.lines), end.token, anchor=anchor, yanchor="bottom",
                    xshift=6 if anchor == "left" else -6, yshift=3, align="left", bgcolor=c("paper"),
                )
            )  # fmt: skip
    for method, points in ghosts.items():
        words = f"pinned {STYLES[method][2]}"
        behind.append(_end(points, "pinned", tuple(words.split()) if narrow else (words,), own=False))
    behind.sort()
    true = [(end.y - _LOW_SHARE) * _PERCENT for end in behind]
    middles = spread(true, [_LINE * len(end.lines) for end in behind], -_LINE, _HEIGHT + _TOP / 2)
    ties: list[dict[str, Any]] = []
    for end, at, place in zip(behind, true, middles, strict=True):
        size = 11 if narrow and not end.own else 13
        label = note(1.012, end.y, "<br>".join(end.lines), end.token, xref="paper", yshift=round(place - at), size=size)
        found.append(label | {"align": "left"})
        # A curve that still grows has its name far behind it, where its end will be.
        if (abs(place - at) > _NUDGED or end.y == _LOW_SHARE) and end.x < right + 1:
            ties.append(_stroke((end.x, end.y), (right, _LOW_SHARE + place / _PERCENT), c(end.token, 0.6), 1))
    return found, ties


def _end(points: Sequence[Accuracy], token: str, lines: tuple[str, ...], *, own: bool = True) -> _End:
    """Find where a curve ends, or leaves the chart."""
    inside = list(takewhile(lambda point: point.mean >= _LOW_SHARE, points))
    if len(inside) == len(points):
        return _End(points[-1].mean, own, points[-1].bits, token, lines)
    below = points[len(inside)]
    above = inside[-1] if inside else below
    part = (above.mean - _LOW_SHARE) / (above.mean - below.mean) if inside else 0.0
    return _End(_LOW_SHARE, own, above.bits + part * (below.bits - above.bits), token, lines)


def _side(
    end: _End, others: Sequence[Sequence[Accuracy]], taken: Sequence[tuple[float, float]], *, narrow: bool
) -> tuple[str, tuple[float, float]] | None:
    """Choose on which side of a curve that leaves the chart its name has room, and from where to where in bits."""
    letters = max(len(line.removeprefix("<b>").removesuffix("</b>")) for line in end.lines)
    wide = (_LETTER * letters + 8) / (_BIT_NARROW if narrow else _BIT)
    high = _LINE * len(end.lines) / _PERCENT
    for anchor, few, many in (("left", end.x - wide, end.x), ("right", end.x, end.x + wide)):
        across = np.linspace(few, many, 10)
        heights = (
            np.interp(-across, [-each.bits for each in other], [each.mean for each in other]) for other in others
        )
        clear = all(((each > high) | (each < _LOW_SHARE + _NEAR)).all() for each in heights)
        if clear and few > _LAST and all(many <= start or stop <= few for start, stop in taken):
            return anchor, (few, many)
    return None


def loss_curves(curves: Mapping[str, npt.ArrayLike], *, unit: str = "loss, nats", narrow: bool = False) -> go.Figure:
    """Draw the mean loss of each epoch, on a logarithmic axis.

    Parameters
    ----------
    curves : mapping of method to float array (epochs,)
    unit : str
        Beside the axis.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> loss_curves({"float": [1.0, 0.5], "qat": [2.0, 1.0]}).layout.yaxis.type
    'log'
    """
    shown = {method: np.maximum(np.asarray(values, np.float64), 1e-6) for method, values in curves.items()}
    every = np.log10(np.concatenate(list(shown.values())))
    low, high = float(np.floor(every.min() * 2) / 2), float(np.ceil(every.max() * 2) / 2)
    high = max(high, low + 0.5)
    traces: list[dict[str, Any]] = []
    ends: list[tuple[float, str, str]] = []
    longest = max(len(values) for values in shown.values())
    for method, values in shown.items():
        token, _, name = STYLES[method]
        epochs = np.arange(1, len(values) + 1)
        words = [f"{name}, epoch {epoch}: {num(value)}" for epoch, value in zip(epochs, values.tolist(), strict=True)]
        traces.append(
            line(epochs, values, token, 2 if token == "float" else 2.5) | {"hovertext": words, "hoverinfo": "text"}
        )
        ends.append((float(np.log10(values[-1])), name, token))
    marks = [
        mantissa * 10.0**power
        for power in range(int(np.floor(low)) - 1, int(np.ceil(high)) + 1)
        for mantissa in (1, 3)
        if low - 1e-9 <= np.log10(mantissa * 10.0**power) <= high + 1e-9
    ]
    return figure(
        traces,
        annotations=end_labels(ends, low, high, HEIGHT - _TOP - _BOTTOM),
        margin={"l": 60, "r": 52, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": [0, longest + 1], "title": {"text": "epoch"}, "nticks": 4 if narrow else 8},
        yaxis={
            "type": "log", "range": [low, high], "title": {"text": unit}, "tickvals": marks,
            "ticktext": [f"{mark:g}" for mark in marks],
        },
    )  # fmt: skip
