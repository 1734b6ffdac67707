"""Channels: the range and the error of each, and the tensor as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import Floats, line, targets
from quantlab.charts.theme import CLEAR, ERRORS, PALE_ERRORS, PALE_SIGNED, SIGNED, c, figure, floats, note
from quantlab.numerals import code, num

_NUMBERS_FIT = (12, 12)  # rows and columns up to which the cells carry their numbers
MOST_CELLS = 400  # up to here each cell is a target of its own; more points of SVG would make the page slow


def channel_ranges(
    channels: npt.ArrayLike,
    lo: npt.ArrayLike,
    hi: npt.ArrayLike,
    sqnr_db: npt.ArrayLike,
    *,
    chosen: int | None = None,
    silent: npt.ArrayLike | None = None,
    name: str = "channel",
    narrow: bool = False,
) -> go.Figure:
    """Draw each channel's range as a hairline, and its SQNR as a dot below.

    A click selects the point whose x is the channel, anywhere above or below its number.

    Parameters
    ----------
    channels : int array, shape (n,)
        Their numbers, ascending; n up to 256.
    lo, hi : float arrays, shape (n,)
        Smallest and largest value of each.
    sqnr_db : float array, shape (n,)
        dB; infinite and NaN ones have no dot.
    chosen : int, optional
        The channel that is highlighted.
    silent : bool array, shape (n,), optional
        Which are always 0: they have no range to draw, and a mark at 0 instead.
    name : str
        "channel", "group", "row".
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = channel_ranges([0, 1], [-1, -4], [1, 4], [20.0, 21.5], chosen=1)
    >>> fig.layout.xaxis.title.text
    'channel'
    """
    at = np.asarray(channels, np.int64)
    low, high, sqnr = (np.asarray(v, np.float64) for v in (lo, hi, sqnr_db))
    finite = np.isfinite(sqnr)
    still = np.zeros(len(at), bool) if silent is None else np.asarray(silent, bool)
    bottom, top = float(low.min(initial=0.0)), float(high.max(initial=0.0))
    pad = 0.05 * (top - bottom) or 1.0
    worst_db, best_db = (float(sqnr[finite].min()), float(sqnr[finite].max())) if finite.any() else (0.0, 1.0)
    room = 0.16 * (best_db - worst_db) or 1.0
    ends = [float(at.min(initial=0)) - 0.7, float(at.max(initial=0)) + 0.7]

    traces: list[dict[str, Any]] = [
        line(np.repeat(at, 3), _hairlines(low, high), "float", 1 if len(at) > 64 else 2),
        _dots(at[finite], sqnr[finite], 4 if len(at) > 64 else 7),
    ]
    if still.any():
        traces.append(_zeros(at[still]))
    shapes: list[dict[str, Any]] = []
    if chosen is not None and (place := np.flatnonzero(at == chosen)).size:
        shapes = [_band(chosen, 1 if len(at) > 64 else 2)]
        k = int(place[0])
        traces.append(line([chosen, chosen], [low[k], high[k]], "ink", 3))
    texts = [
        f"{name} {i}<br>{'always 0' if zero else f'{num(a)} to {num(b)}'}<br>SQNR {num(d, unit='dB')}"
        for i, a, b, d, zero in zip(at.tolist(), low, high, sqnr, still, strict=True)
    ]
    # A click selects only in the panel that it lands on, so each has its points; the texts are shown for both.
    traces.append(targets(at, np.full(len(at), (bottom + top) / 2), [], hoverinfo="none"))
    traces.append(targets(at, np.where(finite, sqnr, worst_db), texts, yaxis="y2"))
    notes = [
        note(0, 1, f"range of each {name}", size=12, yanchor="bottom", xref="paper", yref="paper", yshift=4),
        note(0, 0.36, "SQNR, dB", size=12, yanchor="bottom", xref="paper", yref="paper"),
    ]
    if still.any():
        notes.append(
            note(1, 1, "× always 0", size=12, anchor="right", yanchor="bottom", xref="paper", yref="paper", yshift=4)
        )
    if finite.any():
        k = int(np.flatnonzero(finite)[np.argmin(sqnr[finite])])
        notes.append(
            note(
                1, 0.36, f"worst: {name} {at[k]}, {num(sqnr[k], unit='dB')}", "integer", size=12, anchor="right",
                yanchor="bottom", xref="paper", yref="paper",
            )
        )  # fmt: skip
    return figure(
        traces,
        annotations=notes,
        shapes=shapes,
        margin={"l": 52, "r": 16, "t": 28, "b": 44},
        hovermode="x",
        hoversubplots="axis",
        xaxis={"range": ends, "title": {"text": name}, "anchor": "y2", **_whole(int(ends[1] - ends[0]), narrow)},
        yaxis={"domain": [0.46, 1], "range": [bottom - pad, top + pad], "nticks": 5},
        yaxis2={"domain": [0, 0.34], "range": [worst_db - room, best_db + room], "nticks": 4, "anchor": "x"},
    )


def heat_map(
    z: npt.ArrayLike,
    kind: Literal["values", "codes", "errors"],
    *,
    limit: float,
    middle: float = 0.0,
    codes: tuple[int, int] | None = None,
    texts: Sequence[Sequence[str]] | None = None,
    lines: Sequence[str] | None = None,
    block: tuple[int, int] = (1, 1),
    pick: Literal["row", "column", "cell"] = "row",
    chosen: tuple[int | None, int | None] = (None, None),
    names: tuple[str, str] = ("row", "column"),
    narrow: bool = False,
) -> go.Figure:
    """Draw a matrix in colours: stone, paper and blue for what has a sign, paper to gold for the size of an error.

    A click selects a point: its x is the column and its y the row, in blocks. With `pick` "row" or "column" one point
    stands for a whole line and is found from anywhere in it; "cell" is for 400 cells at most, else it becomes "row".

    Parameters
    ----------
    z : float or int array, shape (rows, columns)
        At most 128 × 128; NaN is left blank. Colours are resolved to 255 steps.
    kind : {"values", "codes", "errors"}
    limit : float
        Values at `middle` ± `limit` have the full colour; of errors, 0 to `limit`.
    middle : float
        What is drawn as paper: 0, or the zero point of unsigned codes.
    codes : (int, int), optional
        Lowest and highest code, where the colours would go on beyond one of them.
    texts : nested sequence of str, optional
        A ready number for each cell: in the cells up to 12 × 12, and in the hover texts where cells are picked.
    lines : sequence of str, optional
        A ready hover text for each row or column that can be picked.
    block : (int, int)
        Rows and columns of the tensor in each cell; the axes count those of the tensor.
    pick : {"row", "column", "cell"}
    chosen : (row or None, column or None)
        In blocks: a row, a column or a cell that is framed.
    names : (str, str)
        What a row and a column are of.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = heat_map([[1, -2], [0, 2]], "codes", limit=2, texts=[["1", "−2"], ["0", "2"]])
    >>> fig.layout.yaxis.title.text
    'row'
    """
    cells = np.asarray(z, np.float64)
    rows, columns = cells.shape
    longest = max((len(text) for row in texts or () for text in row), default=0)
    most = 6 if narrow and longest > 3 else _NUMBERS_FIT[1]
    numbered = texts is not None and rows <= _NUMBERS_FIT[0] and columns <= most
    # Between a scale's weak and its strong end lies a colour on which neither ink nor paper can be read.
    scale = (PALE_ERRORS if numbered else ERRORS) if kind == "errors" else (PALE_SIGNED if numbered else SIGNED)
    heat: dict[str, Any] = {
        "type": "heatmap",
        "z": _steps(cells, kind, limit, middle),
        "zmin": 0 if kind == "errors" else -127,
        "zmax": 254 if kind == "errors" else 127,
        "colorscale": scale,
        "showscale": False,
        "hoverinfo": "skip",
        "hoverongaps": False,
        "xgap": 1 if columns <= 32 else 0,
        "ygap": 1 if rows <= 32 else 0,
    }
    if numbered and texts is not None:
        font = {"size": 12, "color": c("ink")}
        heat |= {"text": [list(row) for row in texts], "texttemplate": "%{text}", "textfont": font}
    if pick == "cell" and rows * columns > MOST_CELLS:
        pick = "row"
    notes = _key(kind, limit, codes or (middle - limit, middle + limit), (scale[0][1], scale[-1][1]))
    return figure(
        [heat, _picks(rows, columns, pick, texts, lines, block, names)],
        annotations=notes,
        shapes=_frames(rows, columns, *chosen),
        margin={"l": 52, "r": 16, "t": 28, "b": 44},
        hovermode={"row": "y", "column": "x", "cell": "closest"}[pick],
        xaxis={
            "range": [-0.5, columns - 0.5],
            "title": {"text": names[1]},
            "ticks": "",
            **_labels(columns, block[1], narrow),
        },
        yaxis={
            "range": [rows - 0.5, -0.5],
            "title": {"text": names[0]},
            "showgrid": False,
            **_labels(rows, block[0], narrow),
        },
    )


def _steps(cells: Floats, kind: str, limit: float, middle: float) -> npt.NDArray[Any]:
    """Reduce the matrix to the 255 steps that a colour scale can show: a byte a cell where nothing is missing."""
    reach = limit if limit > 0 else 1.0
    if kind == "errors":
        scaled = np.clip(np.abs(cells) * (254 / reach), 0, 254)
        return np.rint(scaled).astype(np.uint8 if np.isfinite(scaled).all() else np.float32)
    scaled = np.clip((cells - middle) * (127 / reach), -127, 127)
    return np.rint(scaled).astype(np.int8 if np.isfinite(scaled).all() else np.float32)


def _picks(
    rows: int,
    columns: int,
    pick: str,
    texts: Sequence[Sequence[str]] | None,
    lines: Sequence[str] | None,
    block: tuple[int, int],
    names: tuple[str, str],
) -> dict[str, Any]:
    if pick == "cell":
        down, across = np.divmod(np.arange(rows * columns), columns)
        words = [
            f"{names[0]} {i * block[0]}, {names[1]} {j * block[1]}"
            + (f"<br>{texts[i][j]}" if texts is not None else "")
            for i, j in zip(down.tolist(), across.tolist(), strict=True)
        ]
        return targets(across, down, words, size=24)
    number = rows if pick == "row" else columns
    side = 0 if pick == "row" else 1
    own = lines if lines is not None else [f"{names[side]} {i * block[side]}" for i in range(number)]
    along, fixed = np.arange(number), np.full(number, ((columns if pick == "row" else rows) - 1) / 2)
    return targets(fixed, along, own) if pick == "row" else targets(along, fixed, own)


def _frames(rows: int, columns: int, row: int | None, column: int | None) -> list[dict[str, Any]]:
    if row is None and column is None:
        return []
    x0, x1 = (-0.5, columns - 0.5) if column is None else (column - 0.5, column + 0.5)
    y0, y1 = (-0.5, rows - 0.5) if row is None else (row - 0.5, row + 0.5)
    width = 3 if row is not None and column is not None else 2
    frame = {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "fillcolor": CLEAR}
    # The halo keeps the frame visible on cells as dark as the ink.
    return [
        frame | {"line": {"color": c("highlight"), "width": width + 3}},
        frame | {"line": {"color": c("ink"), "width": width}},
    ]


def _key(kind: str, limit: float, reach: tuple[float, float], colours: tuple[Any, Any]) -> list[dict[str, Any]]:
    """Say over the map what the two ends of the colours mean."""
    low, high = colours
    if kind == "errors":
        ends = [(high, f"error {num(limit)}", 0)]
    else:

        def write(value: float) -> str:
            return code(round(value)) if kind == "codes" else num(value)

        ends = [(low, write(reach[0]), 0), (high, write(reach[1]), 76)]
    over: dict[str, Any] = {"yanchor": "bottom", "xref": "paper", "yref": "paper", "yshift": 3}
    notes = []
    for colour, words, left in ends:
        swatch = note(0, 1, "■", xshift=left, **over)
        notes.append(swatch | {"font": swatch["font"] | {"color": colour}})
        notes.append(note(0, 1, words, size=12, xshift=left + 16, **over))
    return notes


def _labels(number: int, block: int, narrow: bool) -> dict[str, Any]:
    """Label lines by their number in the tensor."""
    step = _whole(number, narrow)["dtick"]
    places = range(0, number, step)
    return {"tickvals": list(places), "ticktext": [str(i * block) for i in places]}


def _whole(number: int, narrow: bool) -> dict[str, int]:
    """Choose a whole step of ticks.

    >>> _whole(10, False), _whole(128, False), _whole(128, True)
    ({'dtick': 1}, {'dtick': 20}, {'dtick': 50})
    """
    most, step = (5 if narrow else 12), 1
    while number / step > most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return {"dtick": step}


def _hairlines(low: Floats, high: Floats) -> Floats:
    return np.column_stack((low, high, np.full(len(low), np.nan))).ravel()


def _dots(at: npt.NDArray[np.int64], sqnr: Floats, size: int) -> dict[str, Any]:
    seen = {"marker": {"opacity": 1}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": floats(at),
        "y": floats(sqnr),
        "yaxis": "y2",
        "marker": {"symbol": "circle", "size": size, "color": c("integer")},
        "selected": seen,
        "unselected": seen,
        "hoverinfo": "skip",
    }


def _zeros(at: npt.NDArray[np.int64]) -> dict[str, Any]:
    mark = {
        "symbol": "x-thin",
        "size": 7,
        "color": c("float"),
        "opacity": 1,
        "line": {"color": c("float"), "width": 1.5},
    }
    seen = {"marker": {"opacity": 1}}
    return {
        "type": "scatter", "mode": "markers", "x": floats(at), "y": np.zeros(len(at), np.float32), "marker": mark,
        "selected": seen, "unselected": seen, "hoverinfo": "skip",
    }  # fmt: skip


def _band(chosen: int, frame: int) -> dict[str, Any]:
    return {
        "type": "rect", "layer": "below", "xref": "x", "yref": "paper", "x0": chosen - 0.5, "x1": chosen + 0.5, "y0": 0,
        "y1": 1, "fillcolor": c("highlight"), "line": {"color": c("ink"), "width": frame},
    }  # fmt: skip
