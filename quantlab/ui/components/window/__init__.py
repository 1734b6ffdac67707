"""What the browser knows and Python must: whether the window is phone-wide, and whether the page is dark.

`window()` says it at any place of a run; `watch_window()` is the last call of every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

_KEY = "window"
_WINDOW = st.components.v2.component(
    "ql_window",
    html="<i hidden></i>",
    js=(Path(__file__).parent / "window.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Window:
    """A visitor's window as the browser last told.

    Parameters
    ----------
    narrow : bool
        At most 640 CSS px wide.
    theme : "light" or "dark"
    """

    narrow: bool
    theme: Literal["light", "dark"]


def window() -> Window:
    """Say what is known of this visitor's window; wide until the browser reports otherwise."""
    told = st.session_state.get(_KEY) or {}
    dark = told.get("dark")
    if dark is None:
        dark = st.context.theme.type == "dark"
    return Window(narrow=bool(told.get("narrow")), theme="dark" if dark else "light")


def watch_window() -> None:
    """Ask the browser to report changes: one rerun each, none for a wide window that keeps its theme.

    Must be the last call of a page: mounted earlier, its rerun would interrupt the first one.
    """
    now = window()
    _WINDOW(
        key=_KEY,
        data={"narrow": now.narrow, "dark": now.theme == "dark"},
        on_narrow_change=lambda: None,
        on_dark_change=lambda: None,
    )
