"""The fall, hero of the Tensor page: values stand above a line, each falls to its level, levels hang below.

The slant of a fall is its error. `picture` holds what is shown, `drawing` makes the message of it, the two scripts
draw and move it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from quantlab.ui.components.alone import alone, script
from quantlab.ui.components.fall.drawing import drawing
from quantlab.ui.components.fall.picture import (
    FLOOR,
    MOST_DOTS,
    NEAREST,
    STOCHASTIC,
    Cell,
    Few,
    Grid,
    Many,
    Picture,
    whole_axis,
)

__all__ = [
    "FLOOR",
    "MOST_DOTS",
    "NEAREST",
    "STOCHASTIC",
    "Cell",
    "Few",
    "Grid",
    "Many",
    "Picture",
    "drawing",
    "fall",
    "standalone",
    "whole_axis",
]

_HERE = Path(__file__).parent
MARKUP = "<div class='ql-fall'></div>\n<div class='ql-fall-said' aria-live='polite'></div>"
STYLE = (_HERE / "fall.css").read_text(encoding="utf-8")
SCRIPT = script(_HERE / "scene.js", _HERE / "fall.js")

# Page fonts, colour variables and the tests' queries must reach the nodes, hence no shadow root.
_FALL = st.components.v2.component("ql_fall", html=MARKUP, css=STYLE, js=SCRIPT, isolate_styles=False)


def fall(
    key: str,
    picture: Picture,
    *,
    alt: str,
    chosen: int | None = None,
    on_choose: Callable[[int | None], None] | None = None,
) -> int | None:
    """Draw a picture and say which value is chosen.

    Parameters
    ----------
    key : str
        Stable: nodes, and with them the glide, live as long as the key.
    picture : Picture
    alt : str
        What a reader who does not see the drawing should know.
    chosen : int, optional
        Flat index of the value that the page holds as chosen.
    on_choose : callable, optional
        Called before the script runs again, with the index that the visitor chose, or None when the choice was taken
        back. A page that keeps the choice in its settings stores it here, so that the whole run already knows it.

    Returns
    -------
    int or None
        The visitor's choice in the run that brings one, otherwise `chosen`.
    """

    def tell() -> None:
        picked, index = _event(key, picture.data_id)
        if picked and on_choose is not None:
            on_choose(index)

    picked, index = _event(key, picture.data_id)
    if picked:
        chosen = index
    data = drawing(picture) | {"alt": alt, "chosen": chosen}
    data["state"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=6).hexdigest()
    _FALL(key=key, data=data, height=416, on_chosen_change=tell)
    return chosen


def standalone(picture: Picture, *, title: str, alt: str, name: str = "fall", chosen: int | None = None) -> str:
    """Write a picture as one HTML file that saves itself as SVG and PNG.

    Parameters
    ----------
    picture : Picture
    title, alt : str
        Plain text: above the drawing, and what it shows in words.
    name : str
        File name of what is saved, without its ending.
    chosen : int, optional
        Flat index of the value that is chosen at first.
    """
    shown = drawing(picture) | {"chosen": chosen}
    return alone(shown, markup=MARKUP, code=SCRIPT, style=STYLE, title=title, alt=alt, name=name)


def _event(key: str, data_id: str) -> tuple[bool, int | None]:
    """Whether this run was caused by a choice among these values, and which. An older picture's choice is void."""
    state = st.session_state.get(key)
    event = state.get("chosen") if state else None
    if not event or event.get("of") != data_id:
        return False, None
    index = event.get("index")
    return True, None if index is None else int(index)
