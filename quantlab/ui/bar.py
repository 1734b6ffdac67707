"""Controls that several pages have, in the same words: how many bits, which grid, one choice of several, the pin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from quantlab.ui import address
from quantlab.ui.glossary import help_for

_PIN_WIDTH = 76  # both words fit, so that pinning moves nothing
OTHERS = {"grid": "other grid", "pinned": "pinned", "nothing": "nothing"}
"""What most pages can be compared with, the default first."""
_NOTHING = "There is nothing to pin yet; add your own data first."
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


def compare(words: Mapping[str, str] = OTHERS) -> None:
    """Choose what the state is compared with; the pin can be chosen once there is one."""
    pinned = address.settings().pin is not None
    offered = {name: word for name, word in words.items() if pinned or name != "pinned"}
    select("compare", "Compare", offered, help=help_for("compare", "pin"))


def pin(words: Mapping[str, str] = OTHERS, *, empty: bool = False) -> None:
    """Hold the present state as the one that everything is compared with, or let it go.

    Parameters
    ----------
    words : mapping of value to text
        Of the page's field `compare`; the first is gone back to.
    empty : bool
        Whether nothing is shown that could be held.
    """
    if address.settings().pin is None:
        about = _NOTHING if empty else help_for("pin")
        st.button("Pin", help=about, key="pin", on_click=_pin, width=_PIN_WIDTH, disabled=empty)
    else:
        name, word = next(iter(words.items()))
        about = f"Compare with {'the ' if ' ' in word else ''}{word} again."
        st.button("Unpin", help=about, key="pin", on_click=_unpin, args=(name,), width=_PIN_WIDTH)


def _pin() -> None:
    address.change(pin=address.settings().state(), compare="pinned")


def _unpin(name: str) -> None:
    address.change(pin=None, compare=name)
