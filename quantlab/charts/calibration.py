"""What calibration saw and what arrives, over one axis, with the range that was chosen as a bracket above."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import area, areas, line, outline, targets
from quantlab.charts.theme import figure, note
from quantlab.numerals import num, share

_FLOOR = 1e-4  # of the values: a rarer bin is drawn as rare as this
_TOP_ROOM = 0.9  # decades above the highest bar, for the bracket


def observed(
    edges: npt.ArrayLike,
    calibration: npt.ArrayLike,
    live: npt.ArrayLike,
    *,
    chosen: tuple[float, float],
    covered: tuple[float, float],
    narrow: bool = False,
) -> go.Figure:
    """Draw the shares of both on a logarithmic axis: calibration filled, live as an outline, clipped where not covered.

    Parameters
    ----------
    edges : float array (n + 1,)
    calibration, live : float arrays (n,)
        Shares of the values.
    chosen : (lo, hi)
        The range that the observer chose; an end outside of the axis is named at its edge.
    covered : (lo, hi)
        What the codes reach: live values beyond it clip.
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = observed([0, 1, 2], [1, 0], [0.5, 0.5], chosen=(0, 1), covered=(0, 1.01))
    >>> fig.layout.yaxis.type
    'log'
    """
    e = np.asarray(edges, np.float64)
    known, came = (_held(np.asarray(shares, np.float64)) for shares in (calibration, live))
    floor = np.full(len(known), _FLOOR)
    traces: list[dict[str, Any]] = [area(*areas(e, floor, known, apart=False), "float_fill", "float_fill", hatch=False)]
    middle = (e[:-1] + e[1:]) / 2
    lost = (middle < covered[0]) | (middle > covered[1])
    if (lost & (came > _FLOOR)).any():
        beyond = np.where(lost, came, floor)
        traces.append(area(*areas(e, floor, beyond, apart=False), "clipping_fill", "clipping", hatch=True))
    x, y = outline(e, np.where(came > _FLOOR, came, 0.0))
    traces.append(line(x, np.where(y == 0, _FLOOR, y), "ink", 1.5))
    top = np.log10(max(known.max(), came.max())) + _TOP_ROOM
    bracket = 10 ** (top - 0.3)
    ends = [float(np.clip(end, e[0], e[-1])) for end in chosen]
    foot = 10 ** (top - 0.45)
    traces.append(line([ends[0], ends[0], ends[1], ends[1]], [foot, bracket, bracket, foot], "rounding", 2))
    words = [
        f"{num(lo)} to {num(hi)}: {share(float(a))} of the calibration, {share(float(b))} of what arrives"
        for lo, hi, a, b in zip(e[:-1], e[1:], np.asarray(calibration), np.asarray(live), strict=True)
    ]
    traces.append(targets(middle, np.maximum(known, came), words))
    said = f"calibrated range {num(chosen[0])} to {num(chosen[1])}"
    return figure(
        traces,
        annotations=[
            note(ends[0], np.log10(bracket) + 0.05, said, "rounding", yanchor="bottom", xshift=2),
            note(1, 0.8, "filled: calibration; outline: live", anchor="right", xref="paper", yref="paper", size=12),
        ],
        margin={"l": 60, "r": 16, "t": 16, "b": 44},
        xaxis={"range": [e[0], e[-1]], "title": {"text": "input of the layer"}, "nticks": 4 if narrow else 8},
        yaxis={
            "type": "log", "range": [np.log10(_FLOOR), top], "title": {"text": "share of the values"},
            "tickvals": [1e-4, 1e-3, 1e-2, 0.1, 1], "ticktext": ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"],
        },
    )  # fmt: skip


def _held(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(shares > 0, np.maximum(shares, _FLOOR * 1.5), _FLOOR)
