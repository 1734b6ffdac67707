"""What a network answers all over the plane, with the points that it was tested on.

Classes are grey and white, discs and diamonds: colour belongs to the method whose boundary it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.theme import c, figure, floats
from quantlab.charts.training import STYLES

SIDE = 352
_NARROW_SIDE = 330
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
