"""The modes beside each other: curves against bits, times against batches, and where both meet the machine's ceilings.

A mode has the same mark everywhere: float32 a bare line, weight-only a hollow diamond, dynamic a hollow circle, static
a full one; blue are those whose product is one of integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import end_labels, line
from quantlab.charts.theme import HEIGHT, c, figure, floats, note, ticks
from quantlab.numerals import num

_TOP, _BOTTOM, _RIGHT = 28, 44, 92
_FEW_DECADES, _HAIR = 1.5, 1 + 1e-9
_AIR = 1.6  # times: what a logarithmic axis leaves beside its outermost mark
_WIDTHS = "bits of weights and activations"
_STYLES = {
    "float32": ("float", None),
    "weight-only": ("ink", "diamond-open"),
    "dynamic": ("integer", "circle-open"),
    "static": ("integer", "circle"),
}


class Place(NamedTuple):
    """One point under a roof: operations a byte, operations a second, and its ready words."""

    intensity: float
    speed: float
    words: str


def quality_against_bits(
    bits: npt.ArrayLike,
    curves: Mapping[str, npt.ArrayLike],
    *,
    title: str,
    reference: float | None = None,
    now: Mapping[str, tuple[float, float]] | None = None,
    pinned: Mapping[str, npt.ArrayLike] | None = None,
    pinned_bits: float | None = None,
    logarithmic: bool = False,
    narrow: bool = False,
) -> go.Figure:
    """Draw a share in percent against bits for each mode, and float32's as a line across.

    Parameters
    ----------
    bits : int array (n,)
    curves : mapping of mode to float array (n,)
        In percent.
    title : str
        Of the vertical axis.
    reference : float, optional
        Float32's, in percent.
    now : mapping of mode to (bits, percent), optional
        This state, ringed.
    pinned : mapping of mode to float array (n,), optional
        The pinned state's curves in percent, dashed.
    pinned_bits : float, optional
        The bits of the pinned state, marked by a dashed line.
    logarithmic : bool
        For errors, which shrink by half with every bit.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = quality_against_bits([1, 2], {"static": [50, 90]}, title="accuracy, %", reference=97.0)
    >>> fig.layout.yaxis.title.text
    'accuracy, %'
    """
    b = np.asarray(bits, np.float64)
    traces: list[dict[str, Any]] = []
    ends: list[tuple[float, str, str]] = []
    scale = np.log10 if logarithmic else np.asarray
    if reference is not None:
        traces.append(line([b[0] - 0.6, b[-1] + 0.6], [reference, reference], "float", 1.5))
        ends.append((reference, "float32", "float"))
    if pinned:
        traces.append(_ghost(b, [floats(values) for values in pinned.values()]))
    for mode, values in curves.items():
        shown = floats(values)
        traces.append(_series(mode, b, shown, [_at(mode, k, v) for k, v in zip(b, shown.tolist(), strict=True)]))
        with np.errstate(divide="ignore"):
            ends.append((float(scale(shown[-1])), mode, _STYLES[mode][0]))
    if now:
        traces.append(_rings(list(now.values())))
    if logarithmic:
        drawn = (*curves.values(), *(pinned or {}).values())
        every = np.concatenate([floats(values) for values in drawn])
        heights = np.log10(every[np.isfinite(every) & (every > 0)].astype(np.float64))
        # Without any error to draw the axis is a decade around one percent; a single height gets one on either side.
        low, high = (float(np.floor(heights.min())), float(np.ceil(heights.max()))) if len(heights) else (-1.0, 1.0)
        if low == high:
            low, high = low - 1, high + 1
    else:
        low, high = 0.0, 104.0
    notes = end_labels(ends, low, high, HEIGHT - _TOP - _BOTTOM)
    if pinned_bits is not None:
        bottom, top = (10**low, 10**high) if logarithmic else (low, high)
        traces.insert(0, line([pinned_bits, pinned_bits], [bottom, top], "pinned", 1.5, dashed=True))
        notes.append(_pinned(pinned_bits, late=pinned_bits > b.mean()))
    yaxis: dict[str, Any] = {"range": [low, high], "title": {"text": title}}
    yaxis |= {"type": "log", **_decades(low, high)} if logarithmic else {"dtick": 20}
    return figure(
        traces,
        annotations=notes,
        margin={"l": 52, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
        xaxis={"range": [b[0] - 0.6, b[-1] + 0.6], "title": {"text": _WIDTHS}, "dtick": 2 if narrow else 1},
        yaxis=yaxis,
    )


def _ghost(x: npt.NDArray[np.float64], curves: Sequence[npt.NDArray[np.float32]]) -> dict[str, Any]:
    """Draw curves over the same x as one dashed trace."""
    across = np.concatenate([np.append(x, np.nan) for _ in curves])
    return line(across, np.concatenate([np.append(values, np.nan) for values in curves]), "pinned", 1.5, dashed=True)


def _pinned(x: float, *, late: bool) -> dict[str, Any]:
    """Name the dashed line at x at its foot, on the side that has room."""
    side: dict[str, Any] = {"anchor": "right", "xshift": -6} if late else {"anchor": "left", "xshift": 6}
    return note(x, 0, "pinned", "pinned", yref="paper", yanchor="bottom", **side)


def _at(mode: str, bits: float, value: float) -> str:
    return f"{mode}, {bits:.0f} bit{'' if bits == 1 else 's'}: {num(value, unit='%')}"


def time_against_batch(
    batches: Sequence[int],
    curves: Mapping[str, Sequence[float | None]],
    *,
    now: int | None = None,
    crossing: float | None = None,
    pinned: int | None = None,
    span: tuple[float, float] | None = None,
    awaited: bool = True,
    narrow: bool = False,
) -> go.Figure:
    """Draw the time of a batch in milliseconds against its rows, both on logarithmic axes.

    Parameters
    ----------
    batches : sequence of int
    curves : mapping of mode to sequence of float or None
        Milliseconds; None where nothing is measured yet.
    now : int, optional
        The batch of this state, marked by a line.
    crossing : float, optional
        The batch up to which memory binds, and beyond which arithmetic does.
    pinned : int, optional
        The batch of the pinned state, marked by a dashed line.
    span : (low, high), optional
        Milliseconds that the axis shows at least.
    awaited : bool
        Whether times are still to come, which an empty chart says.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> time_against_batch([1, 2], {"float32": [0.5, None]}).layout.xaxis.title.text
    'rows a batch'
    """
    traces: list[dict[str, Any]] = []
    ends: list[tuple[float, str, str]] = []
    known = [value for curve in curves.values() for value in curve if value]
    held = [*known, *(span or (() if known else (1e-2, 1e2)))]
    low, high = np.floor(np.log10(min(held))), np.ceil(np.log10(max(held)))
    high = max(high, low + 1)
    across = [np.log10(batches[0]) - 0.06, np.log10(batches[-1]) + 0.06]
    if now is not None:
        traces.append(line([now, now], [10**low, 10**high], "rule", 1.5))
    for mode, curve in curves.items():
        values = floats([np.nan if value is None else value for value in curve])
        words = [
            f"{mode}, {size} row{'' if size == 1 else 's'}: {num(value, unit='ms')}"
            for size, value in zip(batches, values.tolist(), strict=True)
        ]
        traces.append(_series(mode, floats(batches), values, words))
        finite = values[np.isfinite(values)]
        if finite.size:
            ends.append((float(np.log10(finite[-1])), mode, _STYLES[mode][0]))
    notes, every = end_labels(ends, low, high, HEIGHT - _TOP - _BOTTOM), 2 if narrow else 1
    if pinned is not None:
        traces.insert(0, line([pinned, pinned], [10**low, 10**high], "pinned", 1.5, dashed=True))
        notes.append(_pinned(np.log10(pinned), late=pinned > np.sqrt(batches[0] * batches[-1])))
    if crossing is not None:
        traces.append(line([crossing, crossing], [10**low, 10**high], "memory", 1))
        for side, anchor, shift in (("memory binds", "right", -6), ("arithmetic binds", "left", 6)):
            beside: dict[str, Any] = {"anchor": anchor, "yanchor": "bottom", "yref": "paper", "xshift": shift}
            notes.append(note(np.log10(crossing), 1, side, "memory", **beside))
    if not known and awaited:
        notes.append(note(0.5, 0.5, "being measured …", anchor="center", xref="paper", yref="paper"))
    return figure(
        traces,
        annotations=notes,
        margin={"l": 60, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
        xaxis={
            "type": "log", "range": across, "title": {"text": "rows a batch"},
            "tickvals": list(batches)[::every], "ticktext": [str(size) for size in batches][::every],
        },
        yaxis={"type": "log", "range": [low, high], "title": {"text": "time, ms"}, **_decades(low, high)},
    )  # fmt: skip


def modes_roofline(
    places: Mapping[str, Sequence[Place]],
    *,
    float32: float,
    int8: float,
    bandwidth: float,
    now: Sequence[Place] = (),
    narrow: bool = False,
) -> go.Figure:
    """Draw operations a second against operations a byte, under what memory and arithmetic allow.

    Parameters
    ----------
    places : mapping of mode to sequence of Place
        In the order of their batches.
    float32, int8 : float
        Peaks in operations a second.
    bandwidth : float
        Bytes a second.
    now : sequence of Place
        This state's, drawn larger.
    narrow : bool
        Whether the window is as narrow as a phone.

    References
    ----------
    Williams, Waterman and Patterson 2009.

    Examples
    --------
    >>> fig = modes_roofline({"static": [Place(2.0, 1e9, "static, 1 row")]}, float32=1e11, int8=2e11, bandwidth=2e10)
    >>> fig.layout.xaxis.title.text
    'operations a byte'
    """
    # In billions: an axis of 10¹¹ says nothing to anybody.
    float32, int8, bandwidth = float32 / 1e9, int8 / 1e9, bandwidth / 1e9
    points = [place for own in places.values() for place in own]
    # The axes begin and end at what there is to see: the marks, and both corners of the roof.
    ridges = [float32 / bandwidth, int8 / bandwidth]
    left = min([*ridges, *(place.intensity for place in points)]) / _AIR
    right = max([*ridges, *(place.intensity for place in points)]) * _AIR
    speeds = [float32, int8, *(place.speed / 1e9 for place in points)]
    bottom, top = np.log10(min([*speeds, left * bandwidth]) / _AIR), np.log10(max(speeds) * _AIR)
    flat = [[peak / bandwidth, right, np.nan] for peak in (int8, float32)]
    roofs = [[peak, peak, np.nan] for peak in (int8, float32)]
    traces = [
        line([left, int8 / bandwidth], [left * bandwidth, int8], "memory", 2),
        line(np.ravel(flat), np.ravel(roofs), "compute", 2),
    ]
    edge, start = np.log10(right), np.log10(left)
    slope = start + 0.4 * (np.log10(int8 / bandwidth) - start)
    high = np.log10(10**slope * bandwidth)
    words = "memory" if narrow else "memory binds"  # left of the slope a phone has no room for more
    notes = [note(slope, high, words, "memory", anchor="right", yanchor="bottom", xshift=-8, size=12)]
    for name, peak in (("int8", int8), ("float32", float32)):
        side = "bottom" if (name == "int8") == (int8 >= float32) else "top"
        words = name if narrow else f"{name} peak"
        notes.append(note(edge, np.log10(peak), words, anchor="right", yanchor=side, size=12))
    for mode, own in places.items():
        trace = _series(
            mode, [p.intensity for p in own], [p.speed / 1e9 for p in own], [p.words for p in own], marks=True
        )
        trace["marker"]["size"] = [15 if place in now else 4 if mode == "float32" else 8 for place in own]
        traces.append(trace)
    ends = [(float(np.log10(own[-1].speed / 1e9)), mode, _STYLES[mode][0]) for mode, own in places.items() if own]
    notes += end_labels(ends, bottom, top, HEIGHT - _TOP - _BOTTOM)
    return figure(
        traces,
        annotations=notes,
        margin={"l": 60, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
        xaxis={
            "type": "log",
            "range": [start, edge],
            "title": {"text": "operations a byte"},
            **_decades(start, edge),
        },
        yaxis={
            "type": "log",
            "range": [bottom, top],
            "title": {"text": "billion operations a second"},
            **_decades(bottom, top),
        },
    )


def _decades(low: float, high: float) -> dict[str, Any]:
    """Label the powers of ten of an axis that runs from 10^low to 10^high as plain numbers; where few, 2 and 5 too."""
    steps = (1,) if high - low > _FEW_DECADES else (1, 2, 5)
    places = [float(f"{step}e{power}") for power in range(int(np.floor(low)), int(high) + 1) for step in steps]
    return ticks(*(place for place in places if 10**low <= place * _HAIR and place <= 10**high * _HAIR))


def _series(
    mode: str, x: npt.ArrayLike, y: npt.ArrayLike, words: Sequence[str], *, marks: bool = False
) -> dict[str, Any]:
    colour, symbol = _STYLES[mode]
    symbol = symbol or ("circle" if marks else None)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers" if symbol else "lines",
        "x": floats(x),
        "y": floats(y),
        "line": {"color": c(colour), "width": 2},
        "hovertext": list(words),
        "hoverinfo": "text",
    }
    if symbol:
        trace["marker"] = {"symbol": symbol, "size": 8, "color": c(colour), "line": {"width": 1.5, "color": c(colour)}}
    return trace


def _rings(points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "marker": {"symbol": "circle-open", "size": 16, "color": c("ink"), "line": {"width": 2, "color": c("ink")}},
        "hoverinfo": "skip",
    }
