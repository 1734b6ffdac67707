"""How long a sum may be: the terms that an accumulator holds for certain, against the bits of the codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.theme import c, figure, floats, note
from quantlab.numerals import count, num, power_of_two

_LOW, _HIGH = -0.3, 9.8  # powers of ten: below one term, above 2^31
_POWERS = (0, 5, 10, 15, 20, 25, 30)
_POWERS_NARROW = (0, 10, 20, 30)


def safe_terms(
    bits: npt.ArrayLike,
    safe: Mapping[str, npt.ArrayLike],
    *,
    chosen: str = "",
    now: tuple[float, int] | None = None,
    own: tuple[float, int] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the safe length of a sum against bits, a line an accumulator, on a logarithmic axis.

    Parameters
    ----------
    bits : int array, shape (n,)
        Of both codes.
    safe : mapping of str to int arrays, shape (n,)
        By the accumulator's name, the widest first; 0, which has no place on such an axis, is a gap.
    chosen : str
        Whose line is strong.
    now : (bits, terms), optional
        This state, ringed; between two widths where the two codes differ.
    own : (bits, terms), optional
        How many terms this state's own grids allow, where that is not on the line: a bar.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = safe_terms([1, 2], {"int16": [32767, 8191]}, chosen="int16", now=(2, 512))
    >>> fig.layout.yaxis.type, [note.text for note in fig.layout.annotations]
    ('log', ['int16', 'K = 512'])
    """
    b = np.asarray(bits, np.float64)
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for name, terms in safe.items():
        values = np.asarray(terms, np.float64)
        traces.append(_line(b, values, name, strong=name == chosen))
        notes += _end(b, values, name, " ends" if narrow else ": none beyond")
    if own is not None and own[1] > 0:
        traces.append(_mark(own, "line-ew-open", 22, f"{count(own[1])} terms surely fit on these grids"))
    if now is not None:
        traces.append(_mark(now, "circle-open", 18, f"this state: {count(now[1])} terms"))
        # The lines fall to the right, so above the ring there is room.
        said = f"K = {count(now[1])}"
        notes.append(note(now[0], np.log10(now[1]), said, "ink", anchor="center", yanchor="bottom", yshift=10))
    powers = _POWERS_NARROW if narrow else _POWERS
    return figure(
        traces,
        annotations=notes,
        margin={"l": 48, "r": 52, "t": 12, "b": 44},
        xaxis={"range": [b[0] - 0.4, b[-1] + 0.4], "title": {"text": "bits"}, "tick0": 1, "dtick": 1},
        yaxis={
            "type": "log",
            "range": [_LOW, _HIGH],
            "title": {"text": "terms that surely fit"},
            "tickvals": [2.0**n for n in powers],
            "ticktext": [count(2**n) if n < 10 else power_of_two(n) for n in powers],
        },
    )


def _line(b: npt.NDArray[np.float64], values: npt.NDArray[np.float64], name: str, *, strong: bool) -> dict[str, Any]:
    shown = np.where(values > 0, values, np.nan)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": floats(b),
        "y": floats(shown),
        "line": {"color": c("integer"), "width": 3 if strong else 1.5},
        "marker": {"size": 7 if strong else 5, "color": c("integer")},
        "hovertext": [
            f"{name}, codes of {num(k, 1)} bit{'s' * (k != 1)}: {count(int(v))} terms"
            for k, v in zip(b.tolist(), values.tolist(), strict=True)
        ],
        "hoverinfo": "text",
    }


def _end(b: npt.NDArray[np.float64], values: npt.NDArray[np.float64], name: str, early: str) -> list[dict[str, Any]]:
    """Name a line behind its end; one that ends early says that no term is sure to fit from there on."""
    fits = np.flatnonzero(values > 0)
    if not len(fits):
        return []
    last = int(fits[-1])
    height = float(np.log10(values[last]))
    if last == len(values) - 1:
        return [note(1.012, height, name, "integer", xref="paper")]
    return [note(b[last], height, f"{name}{early}", "integer", xshift=8)]


def _mark(place: tuple[float, int], symbol: str, size: int, text: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place[0]],
        "y": [place[1]],
        "marker": {"symbol": symbol, "size": size, "color": c("ink"), "line": {"width": 2, "color": c("ink")}},
        "hovertext": [text],
        "hoverinfo": "text",
    }
