"""What a network answers, all over the plane or along a line, with the points that it was tested on.

Classes are grey and white, discs and diamonds, values grey rings: colour belongs to the method whose answer it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.marks import line
from quantlab.charts.theme import c, figure, floats
from quantlab.charts.training import STYLES

SIDE = 352
_NARROW_SIDE = 330
_BESIDE, _BELOW = 44, 44
_ROOM = 0.08  # of the points' height, above and below them
_MARKS = ("circle", "diamond", "square", "triangle-up")
_GREYS = [[0, c("panel")], [1, c("float_fill", 0.8)]]


def decision_boundary(
    axis: npt.ArrayLike,
    answer: npt.ArrayLike,
    points: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    cuts: Sequence[float] = (50.0,),
    method: str = "float",
    narrow: bool = False,
) -> go.Figure:
    """Draw one map: white to grey for the answer, the boundary in the method's colour, the test points above.

    Parameters
    ----------
    axis : float array (n,)
        Of both coordinates.
    answer : uint8 array (n, n), rows from below
        0 to 100.
    points : sequence of (x, y)
        Class by class.
    cuts : sequence of float
        Where the answer changes.
    method : str
        "float", "ptq", "qat" or "lsq".
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = decision_boundary([-1, 0, 1], np.full((3, 3), 80, np.uint8), [([0], [0.5])])
    >>> fig.layout.yaxis.scaleanchor
    'x'
    """
    token, _, _ = STYLES[method]
    across, z = floats(axis), np.asarray(answer, np.uint8)
    # Equal steps from the first cut to the last, which is where cuts between classes lie.
    size = float(cuts[1] - cuts[0]) if len(cuts) > 1 else 1.0
    answers = {
        "type": "contour", "x": across, "y": across, "z": z, "zmin": 0, "zmax": 100, "colorscale": _GREYS,
        "showscale": False, "hoverinfo": "skip", "autocontour": False,
        "contours": {"start": cuts[0], "end": cuts[-1], "size": size, "coloring": "heatmap"},
        "line": {"width": 3, "color": c(token), "smoothing": 0},
    }  # fmt: skip
    marks = [
        {
            "type": "scatter", "mode": "markers", "x": floats(x), "y": floats(y), "hoverinfo": "skip",
            "marker": {
                "symbol": _MARKS[number % len(_MARKS)], "size": 6, "color": c("ink" if number % 2 else "paper"),
                "line": {"width": 1, "color": c("paper" if number % 2 else "ink")},
            },
        }
        for number, (x, y) in enumerate(points)
    ]  # fmt: skip
    traces: list[dict[str, Any]] = [answers, *marks]
    ends = [float(across[0]), float(across[-1])]
    bare: dict[str, Any] = {"range": ends, "visible": False}
    return figure(
        traces,
        height=_NARROW_SIDE if narrow else SIDE,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=bare | {"title": {"text": "first coordinate"}},
        yaxis=bare | {"title": {"text": "second coordinate"}, "scaleanchor": "x", "constrain": "domain"},
    )


def fitted_curve(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    points: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    method: str = "float",
    narrow: bool = False,
) -> go.Figure:
    """Draw one curve over the test points; the axes are those of the points, so that several can stand abreast.

    Parameters
    ----------
    x, y : float arrays (n,)
        The curve, x ascending.
    points : (x, y), float arrays (m,) each
        One or more.
    method : str
        "float", "ptq", "qat" or "lsq".
    narrow : bool
        Whether the window is as narrow as a phone.

    Examples
    --------
    >>> fig = fitted_curve([0, 1, 2], [0, 0, 1], ([0.5, 1.5], [0.0, 1.0]), method="ptq")
    >>> [trace.mode for trace in fig.data], fig.layout.yaxis.range
    (['markers', 'lines'], (-0.08, 1.08))
    """
    token, _, name = STYLES[method]
    across, up = (floats(each) for each in points)
    low, high = float(up.min()), float(up.max())
    room = _ROOM * (high - low) or 1.0
    ends = [float(value) for value in floats(x)[[0, -1]]]
    tested: dict[str, Any] = {
        "type": "scatter", "mode": "markers", "x": across, "y": up, "hoverinfo": "skip",
        "marker": {"size": 5, "color": c("paper"), "line": {"width": 1, "color": c("float")}},
    }  # fmt: skip
    return figure(
        [tested, line(x, np.asarray(y), token, 3) | {"name": name}],
        margin={"l": _BESIDE, "r": 0, "t": 0, "b": _BELOW},
        xaxis={"range": ends, "title": {"text": "input"}, "nticks": 4 if narrow else 5},
        yaxis={"range": [low - room, high + room], "title": {"text": "value"}, "nticks": 5},
    )
