"""A link in a field of its own: selected as soon as it is seen, with a Copy button where the browser allows it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_LINK = st.components.v2.component(
    "ql_link",
    html="<label class='ql-link'><span></span>\n<input type='text' readonly></label>"
    "<button class='ql-link-copy' hidden>Copy</button>",
    css=(_HERE / "link.css").read_text(encoding="utf-8"),
    js=(_HERE / "link.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def link(key: str, address: str, *, label: str) -> None:
    """Show `address` in a read-only field named `label`."""
    _LINK(key=key, data={"address": address, "label": label})
