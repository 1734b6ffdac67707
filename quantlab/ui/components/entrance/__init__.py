"""The way into a popover by keyboard.

Streamlit hangs what a popover holds at the document's end and leaves the focus on the button: who opened it by keyboard
would come by everything else on the page first.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_ENTRANCE = st.components.v2.component(
    "ql_entrance",
    html="<i hidden></i>",
    js=(Path(__file__).parent / "entrance.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def entrance(key: str) -> None:
    """Take the focus from the button into the popover that this is drawn in, once each time it opens."""
    _ENTRANCE(key=f"entrance-{key}")
