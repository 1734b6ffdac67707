"""The control bar of the Tensor page, widget by widget: what a Scheme and an array can be, in the words of the field.

A control that cannot act in this state is disabled, with the reason as its help; its value is kept.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from quantlab.arrays import Array
from quantlab.arrays.builtin import SOURCES
from quantlab.experiments.spelling import YOURS
from quantlab.experiments.tensor import MOST_SCALES, MOST_SEARCHED_IN_GROUPS, Settings, built_in, can_search, fitting
from quantlab.experiments.tensor.part import part_kind
from quantlab.numerals import count, num
from quantlab.scheme import (
    Fixed,
    Granularity,
    MinMax,
    MinMSE,
    Percentile,
    PerChannel,
    PerGroup,
    PerTensor,
    Range,
)
from quantlab.ui import address, sources
from quantlab.ui.glossary import help_for

NAMES = {name: source.label for name, source in SOURCES.items()} | {YOURS: "your own array…"}
_GROUP = 32
_AXES = {False: "Whole", True: "Body"}


def array_of(settings: Settings | None) -> Array | None:
    """Return the array that settings name; None for one that the visitor has not given yet."""
    if settings is None:
        return None
    if settings.data == YOURS:
        return sources.own()
    key = (settings.data, settings.size, settings.seed, settings.parameters)
    return sources.built_in(key, lambda: built_in(settings))


def data(*, width: int = 200) -> None:
    """Choose the array."""
    chosen: Any = {"from_widget": _fresh_data}
    st.selectbox(
        "Data",
        list(NAMES),
        format_func=NAMES.__getitem__,
        width=width,
        help=help_for("data"),
        **address.key("data", **chosen),
    )


def _fresh_data(name: str) -> str:
    # Another array has other channels, elements and a body of its own.
    address.adopt(address.settings().with_data(name))
    return name


def value_range(array: Array | None, *, width: int = 158) -> None:
    """Choose how the range is found; numbers of its own are set under More."""
    settings: Settings = address.settings()
    kinds: dict[str, Range] = {
        "minmax": MinMax(),
        "percentile": Percentile(99.9),
        "mse": MinMSE(),
        "fixed": Fixed(-1.0, 1.0),
    }
    kinds[_kind(settings.range)] = settings.range
    reason = ""
    if array is not None and not can_search(settings.granularity, array):
        del kinds["mse"]
        reason = f"\n\nNo MSE-optimal range here: in groups it takes at most {count(MOST_SEARCHED_IN_GROUPS)} values."
    st.selectbox(
        "Range",
        list(kinds),
        format_func=lambda kind: range_words(kinds[kind]),
        width=width,
        help=help_for("range", "min-max", "percentile", "mse-optimal", "fixed range") + reason,
        # What may not be searched is computed as min-max, and comes back with another granularity.
        **address.key(
            "range",
            to_widget=lambda value: _kind(value) if _kind(value) in kinds else "minmax",
            from_widget=kinds.__getitem__,
        ),
    )


def _kind(value: Range) -> str:
    return {MinMax: "minmax", Percentile: "percentile", MinMSE: "mse", Fixed: "fixed"}[type(value)]


def range_words(value: Range) -> str:
    """Write a range in a few words.

    >>> range_words(Percentile(99.9))
    'percentile 99.9'
    """
    if isinstance(value, Percentile):
        return f"percentile {value.p:g}"
    if isinstance(value, Fixed):
        return f"{num(value.lo)} to {num(value.hi)}"
    return "MSE-optimal" if isinstance(value, MinMSE) else "min-max"


def granularity(array: Array | None, *, width: int = 138) -> None:
    """Choose what shares one scale: axes that the array has, and groups along the last."""
    shape = (1, 1) if array is None else array.values.shape
    now = fitting(address.settings().granularity, shape)
    size = now.size if isinstance(now, PerGroup) else _GROUP
    usual: tuple[Granularity, ...] = (PerTensor(), *(PerChannel(axis) for axis in range(len(shape))), PerGroup(size))
    words = {granularity_words(kind, shape): kind for kind in (*(fitting(kind, shape) for kind in usual), now)}
    names = {kind: name for name, kind in words.items()}
    all_fit = all(fitting(kind, shape) == kind for kind in usual)
    reason = "" if all_fit else f"\n\nOffered is what makes at most {count(MOST_SCALES)} scales of this array."
    st.selectbox(
        "Granularity",
        list(words),
        width=width,
        help=help_for("granularity", "per tensor", "per channel", "group", "scale") + reason,
        **address.key("granularity", to_widget=lambda kind: names[fitting(kind, shape)], from_widget=words.__getitem__),
    )


def granularity_words(value: Granularity, shape: tuple[int, ...]) -> str:
    """Write a granularity in a few words, for an array of this shape.

    >>> granularity_words(PerChannel(0), (4, 6)), granularity_words(PerGroup(32), (4, 6))
    ('per row', 'groups of 32')
    """
    if isinstance(value, PerGroup):
        along = "" if value.axis in (-1, len(shape) - 1) else f", axis {value.axis}"
        return f"groups of {value.size}{along}"
    if isinstance(value, PerChannel):
        kind = part_kind(shape, value)
        return f"per {kind}" if kind in ("row", "column") else f"per channel, axis {value.axis}"
    return "per tensor"


def axis(body: bool) -> None:
    """Choose between the whole axis and the body of the values; nothing where they are nearly the same."""
    if body:
        st.segmented_control(
            "Axis",
            list(_AXES),
            format_func=_AXES.__getitem__,
            required=True,
            label_visibility="collapsed",
            help=help_for("axis"),
            **address.key("body"),
        )
