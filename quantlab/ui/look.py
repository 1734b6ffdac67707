"""How the pages look: the tokens as CSS variables, chart titles, and figures in this visitor's colours."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import streamlit as st

from quantlab.charts.theme import PALETTES, paint, variables
from quantlab.ui.components.window import window

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LIT = "background: var(--ql-panel); border-color: var(--ql-ink)"
_CONFIG = {"displayModeBar": False, "responsive": True}
_CONTENT_WIDTH = 1168  # px, as in look.css, where the window is no narrower
_COLUMN_GAP = 64


def css() -> None:
    """Put the style sheet on the page, with every token as ``--ql-<token>``."""
    st.html(_style())


@cache
def _style() -> str:
    # light-dark() follows Streamlit's theme without a run, since .stApp sets color-scheme.
    return f"<style>.stApp{{{variables()}}}{Path(__file__).with_name('look.css').read_text(encoding='utf-8')}</style>"


def light(key: str) -> None:
    """Light the button in the container `key`."""
    # By a rule of its own, because another type of button is another node in the browser, and the focus would be lost.
    st.html(f"<style>.st-key-{key} button {{ {_LIT} }}</style>")


def title(name: str, remark: str = "", *, key: str) -> None:
    """Write a chart's title above it: a name and, lighter, a remark (Markdown, without text of a visitor)."""
    with st.container(key=f"title-{key}"):
        st.markdown(f"{name} *{remark}*" if remark else name)


def show_figure(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    abreast: int = 1,
    on_pick: Callable[[float, float], None] | None = None,
) -> None:
    """Draw a figure that holds tokens in this visitor's colours.

    Parameters
    ----------
    figure : Figure
        With a height of its own, in pixels. It is not changed.
    key : str
        Stable over runs, so that the browser redraws in place.
    alt : str
        What is drawn, then what the sentence says; plain words.
    abreast : int
        How many charts stand side by side in the page's column.
    on_pick : callable, optional
        Takes x and y of the point that the visitor clicks; runs before the page does.
    """
    # Painted here, because Streamlit's own theme costs the browser some 20 ms a chart. The figure was checked when it
    # was built, and checking it again would cost 10 ms.
    spec = paint(figure, PALETTES[window().theme])
    width = None if window().narrow else (_CONTENT_WIDTH - _COLUMN_GAP * (abreast - 1)) // abreast
    drawn = type(figure)(_drawn_once(spec, width, clickable=on_pick is not None), _validate=False)
    drawn.layout.template = None
    more: dict[str, Any] = {"height": figure.layout.height, "theme": None, "alt": alt, "config": _CONFIG}
    if on_pick is not None:
        more |= {"selection_mode": "points", "on_select": partial(_picked, key, on_pick)}
    st.plotly_chart(drawn, key=key, **more)


def _drawn_once(spec: dict[str, Any], width: int | None, *, clickable: bool) -> dict[str, Any]:
    """Return `spec` such that the browser has nothing to draw again when Streamlit hands it over once more.

    Streamlit gives each chart to Plotly two or three times: without a width, with the width that it measured, and with
    clicks and drags as it wants them. Plotly draws again where it sees a difference, and in encoded arrays, an empty
    template and data without a revision it cannot see that there is none. That was half of a chart's cost.
    """
    layout: dict[str, Any] = spec["layout"]
    layout["datarevision"] = 0  # every figure gets a node of its own
    if width is not None:
        layout["width"] = width
    if not clickable:
        layout |= {"clickmode": "none", "dragmode": "pan"}  # all axes are fixed: there is nothing to pan
    for trace in spec["data"]:
        for name, value in trace.items():
            if isinstance(value, dict) and "bdata" in value and "shape" not in value:
                flat = np.frombuffer(b64decode(value["bdata"]), value["dtype"])
                trace[name] = orjson.loads(orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY))
    return spec


def _picked(key: str, on_pick: Callable[[float, float], None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points:
        on_pick(points[0]["x"], points[0]["y"])
