"""Controls that several pages have, in the same words: how many bits, which grid, one choice of several, the pin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from quantlab.ui import address
from quantlab.ui.glossary import help_for

_PIN_WIDTH = 76  # both words fit, so that pinning moves nothing
_GRIDS = {True: "Symmetric", False: "Affine"}


def bits(most: int, *, width: int = 160) -> None:
    """Choose the width of the codes, 1 to `most`."""
    st.slider("Bits", 1, most, width=width, help=help_for("bits", "code"), **address.key("bits"))


def grid(field: str = "symmetric", label: str = "Grid", *, about: str = "") -> None:
    """Choose between a symmetric and an affine grid; `about` says of what."""
    st.segmented_control(
        label,
        list(_GRIDS),
        format_func=_GRIDS.__getitem__,
        required=True,
        help=" ".join(filter(None, [about, help_for("symmetric", "affine", "zero point")])),
        **address.key(field),
    )


def select(
    field: str, label: str, words: Mapping[Any, str], *, help: str, disabled: bool = False, width: Any = "stretch"
) -> None:
    """Choose one of several.

    Parameters
    ----------
    field : str
        Of the page's Settings.
    label : str
    words : mapping of value to text
        A value that is not among them is shown as the first.
    help : str
        Where the control is disabled, why; otherwise the definition, to which the default is added.
    disabled : bool
    width : int or "stretch"
    """
    default = words.get(getattr(type(address.settings())(), field))
    st.selectbox(
        label,
        list(words),
        format_func=words.__getitem__,
        disabled=disabled,
        width=width,
        help=help if disabled or default is None else f"{help} Default: {default}.",
        **address.key(field, to_widget=lambda value: value if value in words else next(iter(words))),
    )


def compare() -> None:
    """Choose what the state is compared with."""
    words = {"grid": "other grid", "pinned": "pinned", "nothing": "nothing"}
    if address.settings().pin is None:
        del words["pinned"]
    select("compare", "Compare", words, help=help_for("compare", "pin"))


def pin() -> None:
    """Hold the present state as the one that everything is compared with, or let it go."""
    if address.settings().pin is None:
        st.button("Pin", help=help_for("pin"), key="pin", on_click=_pin, width=_PIN_WIDTH)
    else:
        st.button("Unpin", help="Compare with the other grid again.", key="pin", on_click=_unpin, width=_PIN_WIDTH)


def _pin() -> None:
    address.change(pin=address.settings().state(), compare="pinned")


def _unpin() -> None:
    address.change(pin=None, compare="grid")
