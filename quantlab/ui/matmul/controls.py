"""The control bar of the Integer matmul page, and what stands behind More; each control names its default there."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from quantlab.arrays import Array
from quantlab.experiments.matmul import ACCUMULATORS, Settings, operands
from quantlab.experiments.matmul.experiment import LARGEST_SEED, MOST_BITS
from quantlab.experiments.matmul.operands import MOST_COLUMNS, MOST_ROWS, MOST_TERMS, PAIRS
from quantlab.experiments.spelling import YOURS
from quantlab.ui import address, anatomy, bar, sources, uploads
from quantlab.ui.glossary import help_for

NAMES = {name: pair.label for name, pair in PAIRS.items()} | {YOURS: "your own array…"}
_ROLE_HELP = "The other matrix is drawn, normal, in a shape that fits."
_NO_PRODUCT = "There is no product yet."
EMPTY = {
    "w": "Here goes **your own W**, K × N: upload a file or paste numbers, and a normal X is drawn that fits it.",
    "x": "Here goes **your own X**, M × K: upload a file or paste numbers, and a normal W is drawn that fits it.",
}
_ROLES = {"w": "W, the weights", "x": "X, the activations"}
_PER = {"tensor": "per tensor", "row": "per row"}
_WEIGHT_PER = {"tensor": "per tensor", "column": "per column", "group": "per group of rows"}
_OVERFLOWS = {"wrap": "wrap around", "saturate": "saturate"}


def operands_of(settings: Settings | None) -> tuple[Array, Array, str] | None:
    """Return X, W and what was done to the visitor's array; None where there is none yet."""
    if settings is None:
        return None
    if settings.data != YOURS:
        key = ("pair", settings.data, settings.shape, settings.seed)
        return sources.built_in(key, lambda: (*operands.build(settings.data, settings.shape, settings.seed), ""))
    own = sources.own()
    if own is None:
        return None
    others = settings.m if settings.own == "w" else settings.n

    def make() -> tuple[Array, Array, str]:
        x, w, remark = operands.beside_own(own, settings.own, others, settings.seed)
        return sources.owned(x), sources.owned(w), remark

    found: tuple[Array, Array, str] = sources.recall(own, ("pair", settings.own, others, settings.seed), make)
    return found


def data(*, width: int = 168) -> None:
    """Choose the two matrices."""
    about = "\n\n".join(f"**{pair.label}**: {pair.help}" for pair in PAIRS.values())
    st.selectbox("Data", list(NAMES), format_func=NAMES.__getitem__, width=width, help=about, **address.key("data"))


def ask() -> None:
    """Draw what stands in place of the picture while there is no array: how to add one, and which matrix it is."""
    bar.select("own", "Your array is", _ROLES, help=_ROLE_HELP, width=240)
    uploads.ask()


def accumulator(*, width: int = 130) -> None:
    """Choose what the sum is held in."""
    names = {name: name for name in ACCUMULATORS}
    bar.select("accumulator", "Accumulator", names, help=help_for("accumulator"), width=width)


def cell(shape: tuple[int, int] | None, *, width: int = 104) -> None:
    """Choose the cell whose sum is shown; the drawing's click and arrow keys do the same."""
    for field, label, length in zip(("row", "column"), ("Row", "Column"), shape or (1, 1), strict=True):
        st.number_input(
            label,
            0,
            length - 1,
            disabled=shape is None,
            step=1,
            width=width,
            help=f"Of the chosen cell of X·W, counted from 0: here 0 to {length - 1}."
            if shape
            else _NO_PRODUCT,
            **address.key(field, to_widget=partial(_held, most=length - 1)),
        )


def _held(value: int, most: int) -> int:
    return min(value, most)


def more() -> None:
    """Draw the button behind which the rest of the controls stand, and those while it is open."""
    anatomy.popover("More", _groups, key="more", width="content")


def _groups() -> None:
    settings: Settings = address.settings()
    data_side, x_side, w_side = st.columns(3, gap="medium")
    with data_side:
        st.markdown("**Data**")
        _data_group(settings)
        bar.compare()
    with x_side:
        st.markdown("**X, the activations**")
        bar.select("per", "Granularity of X", _PER, help=help_for("granularity", "per tensor", "per row"))
        reason = "A symmetric grid is signed here: its zero point is 0." if settings.symmetric else ""
        st.toggle(
            "Signed codes",
            disabled=bool(reason),
            help=reason or help_for("signed") + " Default on.",
            **address.key("signed"),
        )
        st.markdown("**Accumulator**")
        reason = "An int32 accumulator does not end here." if settings.accumulator == "int32" else ""
        bar.select(
            "overflow",
            "Overflow",
            _OVERFLOWS,
            help=reason or help_for("overflow", "saturate", "wrap"),
            disabled=bool(reason),
        )
    with w_side:
        st.markdown("**W, the weights**")
        widths: dict[Any, str] = {0: "as X"} | {bits: str(bits) for bits in range(1, MOST_BITS + 1)}
        bar.select("weight_bits", "Bits of W", widths, help=help_for("bits"))
        bar.grid("weight_symmetric", "Grid of W")
        bar.select("weight_per", "Granularity of W", _WEIGHT_PER, help=help_for("granularity", "per channel", "group"))
        if settings.weight_per == "group":
            st.number_input(
                "Group size",
                1,
                MOST_TERMS,
                step=1,
                help=help_for("group") + " Default 32.",
                **address.key("group_size"),
            )


def _data_group(settings: Settings) -> None:
    own = settings.data == YOURS
    if own and sources.own() is not None:
        bar.select("own", "Your array is", _ROLES, help=_ROLE_HELP)
    for field, label, most, about, its in (
        ("m", "M, rows of X", MOST_ROWS, "Default 10.", own and settings.own == "x"),
        ("k", "K, terms of each sum", MOST_TERMS, "Columns of X, and rows of W. Default 5.", own),
        ("n", "N, columns of W", MOST_COLUMNS, "Default 4.", own and settings.own == "w"),
    ):
        st.number_input(
            label,
            1,
            most,
            step=1,
            disabled=its,
            help="Your array brings its own." if its else f"{about} At most {most}.",
            **address.key(field),
        )
    st.number_input("Seed", 0, LARGEST_SEED, step=1, help=help_for("seed") + " Default 0.", **address.key("seed"))
    uploads.upload("more")
