"""The look of every chart: colours by name, and the house values of a figure.

A figure holds tokens, never colours: `c("integer")` is the text "#000002". So a figure is right in light and in dark,
can be kept without knowing who looks at it, and gets its colours from `paint` at the very end. The tokens are the
spelling that Streamlit itself replaces by the theme's thirty chart colours, in the order of `SLOTS`; a figure that
reaches it unpainted is still drawn rightly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import plotly.graph_objects as go

from quantlab.numerals import num

SLOTS: dict[str, tuple[str, ...]] = {
    "chartCategoricalColors": (
        "float", "integer", "rounding", "clipping", "zero", "trained", "lsq", "weights", "activations", "pinned",
    ),
    "chartSequentialColors": (
        "text", "ink", "rule", "paper", "panel", "warning", "memory", "compute", "spare1", "spare2",
    ),
    "chartDivergingColors": (
        "neg2", "neg1", "nil", "pos1", "pos2", "float_fill", "rounding_fill", "clipping_fill", "highlight", "band",
    ),
}  # fmt: skip
"""Streamlit's three lists of chart colours, and the name of the token in each of their places."""

TOKEN: dict[str, str] = {
    name: f"#{place:06d}" for place, name in enumerate((name for names in SLOTS.values() for name in names), 1)
}
"""From a token's name to the text that stands for it in a figure."""

PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "float": "#33415C", "integer": "#1D4ED8", "rounding": "#946200", "clipping": "#9C0C31", "zero": "#006B5E",
        "trained": "#B8530A", "lsq": "#6E260B", "weights": "#5B1F73", "activations": "#08789E", "pinned": "#697484",
        "text": "#5B6575", "ink": "#1B2433", "rule": "#E3DFD5", "paper": "#FCFBF8", "panel": "#F2F0EA",
        "warning": "#9A3412", "memory": "#57534E", "compute": "#8C857D", "spare1": "#FCFBF8", "spare2": "#FCFBF8",
        "neg2": "#8A7560", "neg1": "#D9CEBF", "nil": "#F6F3EC", "pos1": "#A9C1F5", "pos2": "#1D4ED8",
        "float_fill": "#8A97AC", "rounding_fill": "#F2C14E", "clipping_fill": "#D9587C", "highlight": "#FFE58A",
        "band": "#E6EDFC",
    },
    "dark": {
        "float": "#D3DCE9", "integer": "#7EA6FF", "rounding": "#F0C04A", "clipping": "#FF7A93", "zero": "#4ED3BC",
        "trained": "#FFA45C", "lsq": "#D0643A", "weights": "#B463D2", "activations": "#7CD4F6", "pinned": "#94A0B2",
        "text": "#A3AEBF", "ink": "#E8EBF0", "rule": "#2A323D", "paper": "#12161C", "panel": "#1C222B",
        "warning": "#FDBA74", "memory": "#E7E2DA", "compute": "#968E84", "spare1": "#12161C", "spare2": "#12161C",
        "neg2": "#BBA68A", "neg1": "#574C3F", "nil": "#1C222B", "pos1": "#33508F", "pos2": "#7EA6FF",
        "float_fill": "#56647C", "rounding_fill": "#C2962A", "clipping_fill": "#E8638A", "highlight": "#5A4A12",
        "band": "#1A2742",
    },
}  # fmt: skip
"""The colours of the two themes; the one place in Python where a hue is written."""

CLEAR = "rgba(0,0,0,0)"
FONT, MONO = "Inter, sans-serif", "JetBrains Mono, monospace"
HEIGHT = 300  # pixels, of every supporting chart

# A token is the whole of a JSON string, so that a text that merely mentions one stays as it is.
_TOKEN = re.compile(rb'"#0000(0[1-9]|[12]\d|30)([0-9A-F]{2})?"')
_NAMES = tuple(TOKEN)


def c(name: str, alpha: float = 1.0) -> str:
    """Name a colour: the token of `name`, with its opacity as two more hex digits.

    Parameters
    ----------
    name : str
        A key of `TOKEN`.
    alpha : float
        Opacity, 0 to 1.

    Examples
    --------
    >>> c("integer"), c("integer", 0.2)
    ('#000002', '#00000233')
    """
    return TOKEN[name] + ("" if alpha >= 1 else f"{round(alpha * 255):02X}")


def variables(colours: Mapping[str, str] | None = None) -> str:
    """Write the tokens as CSS variables ``--ql-<token>``.

    Parameters
    ----------
    colours : mapping of str to str, optional
        One palette for always; by default both, by ``light-dark()``, which follows the page's ``color-scheme``.

    Examples
    --------
    >>> variables({"ink": "#000", "float_fill": "#FFF"})
    '--ql-ink:#000;--ql-float-fill:#FFF;'
    """
    light, dark = PALETTES["light"], PALETTES["dark"]
    values = colours or {name: f"light-dark({light[name]},{dark[name]})" for name in light}
    return "".join(f"--ql-{name.replace('_', '-')}:{value};" for name, value in values.items())


SIGNED = [[place / 4, c(name)] for place, name in enumerate(("neg2", "neg1", "nil", "pos1", "pos2"))]
"""Colour scale of signed numbers: stone, paper, blue."""
ERRORS = [[0, c("paper")], [0.5, c("rounding_fill")], [1, c("rounding")]]
"""Colour scale of the size of an error: paper to gold."""
PALE_SIGNED = [[place / 2, c(name)] for place, name in enumerate(("neg1", "nil", "pos1"))]
PALE_ERRORS = [[0, c("paper")], [1, c("rounding_fill", 0.5)]]
"""The same as far as ink can be read on them, in light and in dark: for cells that carry their numbers."""

AXIS: dict[str, Any] = {
    "showgrid": False,
    "zeroline": False,
    "showline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": c("rule"),
    "tickfont": {"size": 13, "color": c("text")},
    "title": {"font": {"size": 13, "color": c("text")}, "standoff": 8},
    "fixedrange": True,
    "automargin": False,
    "tickangle": 0,
    "exponentformat": "power",
    "minexponent": 4,
    "separatethousands": True,
}
Y_AXIS: dict[str, Any] = AXIS | {"showgrid": True, "gridcolor": c("rule"), "ticks": ""}
TEMPLATE: dict[str, Any] = {
    "paper_bgcolor": CLEAR,
    "plot_bgcolor": CLEAR,
    "font": {"family": FONT, "size": 13, "color": c("text")},
    "margin": {"l": 48, "r": 16, "t": 28, "b": 44, "pad": 0},
    "showlegend": False,
    "dragmode": False,
    "hovermode": "closest",
    "hoverdistance": 30,
    "hoverlabel": {
        "align": "left",
        "font": {"size": 13, "color": c("ink"), "family": FONT},
        "bgcolor": c("paper"),
        "bordercolor": c("rule"),
    },
    "bargap": 0,
    "uirevision": "keep",
    "separators": ".\u202f",
}
"""Layout values that every figure starts from."""


def figure(
    traces: Sequence[Mapping[str, Any]],
    *,
    height: int = HEIGHT,
    annotations: Sequence[Mapping[str, Any]] = (),
    shapes: Sequence[Mapping[str, Any]] = (),
    **layout: Any,
) -> go.Figure:
    """Build a figure of the house.

    The house values are set on the layout itself and the template is left empty: a template of the host (Streamlit
    registers one of its own as the default) would otherwise bring its fonts, its margins and its colours.

    Parameters
    ----------
    traces : sequence of mappings
        Plotly traces as dictionaries.
    height : int
        Pixels.
    annotations, shapes : sequences of mappings
        What `note` returns, and Plotly shapes.
    **layout
        Further layout values. `xaxis`, `yaxis`, … are laid over `AXIS` and `Y_AXIS`.
    """
    own = {name: _over(_axis(name), value) if _is_axis(name) else value for name, value in layout.items()}
    for name in ("xaxis", "yaxis"):
        own.setdefault(name, _axis(name))
    full = _over(TEMPLATE, own) | {
        "height": height,
        "annotations": list(annotations),
        "shapes": list(shapes),
        "template": {},
    }
    # Plotly's own check takes five times as long as all else here, and whoever shows the figure checks it once more.
    return go.Figure(data=list(traces), layout=full, _validate=False)


def _is_axis(name: str) -> bool:
    return name.startswith(("xaxis", "yaxis"))


def _axis(name: str) -> dict[str, Any]:
    return AXIS if name[0] == "x" else Y_AXIS


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def note(
    x: float,
    y: float,
    text: str,
    colour: str = "text",
    *,
    size: int = 13,
    anchor: str = "left",
    yanchor: str = "middle",
    xref: str = "x",
    yref: str = "y",
    mono: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """Describe a label without an arrow, to be given to `figure`.

    Parameters
    ----------
    x, y : float
        Place in the units of `xref` and `yref`. Plotly hides a label outside an axis's range; use "paper" at the ends.
    text : str
        Ready to print; `<b>` is allowed, so text of a visitor must not come here.
    colour : str
        A key of `TOKEN`.
    """
    font: dict[str, Any] = {"size": size, "color": c(colour)}
    if mono:
        font["family"] = MONO
    return {
        "x": x, "y": y, "text": text, "showarrow": False, "xref": xref, "yref": yref, "xanchor": anchor,
        "yanchor": yanchor, "font": font, **more,
    }  # fmt: skip


def floats(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Copy numbers to what Plotly sends in half the bytes: 1-D float32, infinities as gaps.

    >>> floats([1, float("inf")])
    array([ 1., nan], dtype=float32)
    """
    with np.errstate(over="ignore"):
        out = np.array(values, dtype=np.float32).ravel()
    out[np.isinf(out)] = np.nan
    return out


def ticks(*places: float) -> dict[str, Any]:
    """Label an axis at given places, each with as few digits as it needs.

    >>> ticks(-0.25, 0, 0.5)
    {'tickvals': [-0.25, 0, 0.5], 'ticktext': ['−0.25', '0', '0.5']}
    """
    return {"tickvals": list(places), "ticktext": [_shortest(place) for place in places]}


def _shortest(value: float) -> str:
    return num(value, next((d for d in (1, 2, 3) if math.isclose(float(f"{value:.{d}g}"), value)), 4))


def paint(figure: go.Figure | Mapping[str, Any] | str, colours: Mapping[str, str]) -> dict[str, Any]:
    """Turn a figure's tokens into one visitor's colours.

    Parameters
    ----------
    figure : Figure, mapping or str
        A figure, what its `to_plotly_json` gives, or its JSON. It is not changed.
    colours : mapping of str to str
        From each name of `TOKEN` to "#RRGGBB", for example `PALETTES["dark"]`.

    Returns
    -------
    dict
        The figure as Plotly's JSON, in which only colours stand; a token's two digits of opacity follow its colour.

    Examples
    --------
    >>> paint('{"layout": {"font": {"color": "#00000233"}}}', PALETTES["light"])
    {'layout': {'font': {'color': '#1D4ED833'}}}
    """
    if isinstance(figure, str):
        text = figure.encode()
    elif isinstance(figure, go.Figure):
        text = figure.to_json(validate=False, engine="orjson").encode()
    else:
        text = orjson.dumps(figure, option=orjson.OPT_SERIALIZE_NUMPY)

    def colour(match: re.Match[bytes]) -> bytes:
        return b'"' + colours[_NAMES[int(match[1]) - 1]].encode() + (match[2] or b"") + b'"'

    painted: dict[str, Any] = orjson.loads(_TOKEN.sub(colour, text))
    return painted
