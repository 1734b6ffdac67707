"""The control bar of the Calibration page, and what stands behind More; each control names its default there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from quantlab.arrays import Array, FileError
from quantlab.experiments.calibration import Settings, stream_of
from quantlab.experiments.calibration.course import OBSERVERS, label
from quantlab.experiments.calibration.experiment import HIGHEST_P, LARGEST_SEED, LOUDEST, LOWEST_P
from quantlab.experiments.calibration.own import CUT
from quantlab.experiments.calibration.stream import BATCHES, SIZES, STREAMS, THICKEST, THINNEST, VALUES
from quantlab.experiments.spelling import YOURS
from quantlab.numerals import count
from quantlab.observers import OBSERVERS as KINDS
from quantlab.ui import address, anatomy, bar, cache, sources, uploads
from quantlab.ui.glossary import help_for

_NO_TAIL = "Of the heavy tail only: other data are as they are."
_NO_SIZE = "Of the heavy tail only: of other data there are no more."
_NOTHING_ODD = "Your own data pass as they are: no batch is multiplied."
_NOTHING_DRAWN = "Of your own data nothing is drawn at random."
_YOURS = "your own array…"


def own(settings: Settings) -> tuple[Array | None, str]:
    """Return the visitor's array where the settings or their pin show it, and otherwise None, and why it cannot be."""
    array = sources.own()
    if array is None or YOURS not in (settings.data, settings.pin and settings.pin.data):
        return None, ""
    try:
        stream_of(array, sources.recall)
    except FileError as error:
        return None, str(error) if settings.data == YOURS else ""
    return array, ""


def recall(array: Array | None, key: Hashable, make: Callable[[], Any]) -> Any:
    """Return a result from the cache that belongs to the data: the visitor's, or everybody's."""
    return cache.shared(key, make) if array is None else sources.recall(array, key, make)


def data(*, width: int = 232) -> None:
    """Choose what passes in batches."""
    names = {name: entry.label for name, entry in STREAMS.items()} | {YOURS: _YOURS}
    helps = {name: entry.help for name, entry in STREAMS.items()} | {YOURS: CUT}
    about = "\n\n".join(f"**{names[name]}**: {helps[name]}" for name in names)
    st.selectbox("Data", list(names), format_func=names.__getitem__, width=width, help=about, **address.key("data"))


def odd(*, width: int = 124) -> None:
    """Choose how large the odd batch is."""
    yours = address.settings().data == YOURS
    about = "What one batch is multiplied by: its images, or its values. 1: none is odd. Default 4."
    st.number_input(
        "Odd batch ×",
        1.0,
        LOUDEST,
        step=1.0,
        format="%g",
        width=width,
        disabled=yours,
        help=_NOTHING_ODD if yours else about,
        **address.key("odd"),
    )


def odd_at(*, width: int = 124) -> None:
    """Choose which batch is the odd one."""
    settings: Settings = address.settings()
    none = _NOTHING_ODD if settings.data == YOURS else "None is odd: Odd batch × is 1."
    about = "Which one is odd. Default 20." if settings.odd_batch else none
    st.slider(
        "It is batch",
        1,
        BATCHES,
        width=width,
        disabled=not settings.odd_batch,
        help=about,
        **address.key("odd_at"),
    )


def _tail() -> None:
    """Choose how heavy the tail is."""
    settings: Settings = address.settings()
    st.slider(
        "Degrees of freedom",
        THICKEST,
        THINNEST,
        step=0.5,
        disabled=not settings.drawn,
        help="The fewer, the heavier the tail: at 30 it is nearly a bell. Default 4." if settings.drawn else _NO_TAIL,
        **address.key("tail"),
    )


def observers() -> None:
    """Choose which observers are shown; one stays at least."""
    settings: Settings = address.settings()
    names = {name: label(name, settings.knobs()) for name in OBSERVERS}
    about = "\n\n".join(f"**{names[name]}**: {KINDS[name].help}" for name in OBSERVERS)
    st.pills(
        "Observers",
        OBSERVERS,
        format_func=names.__getitem__,
        selection_mode="multi",
        wrap=True,
        help=f"Those that the page shows and compares; one stays at least. Default: all.\n\n{about}",
        **address.key(
            "observers", to_widget=list, from_widget=lambda chosen: tuple(each for each in OBSERVERS if each in chosen)
        ),
    )


def more() -> None:
    """Draw the button behind which the rest of the controls stand, and those while it is open."""
    anatomy.popover("More", _groups, key="more", width="content")


def _groups() -> None:
    settings: Settings = address.settings()
    yours = settings.data == YOURS
    data_side, observer_side = st.columns(2, gap="medium")
    with data_side:
        st.markdown("**Data**")
        _tail()
        sizes = {size: count(size * VALUES) for size in SIZES}
        bar.select(
            "size",
            "Values a batch",
            sizes,
            help="How many values each batch has." if settings.drawn else _NO_SIZE,
            disabled=not settings.drawn,
        )
        st.number_input(
            "Seed",
            0,
            LARGEST_SEED,
            step=1,
            disabled=yours,
            help=_NOTHING_DRAWN
            if yours
            else "Splits the digits and trains the network, or draws the values. Default 0.",
            **address.key("seed"),
        )
        st.markdown("**Comparison**")
        bar.compare()
    with observer_side:
        st.markdown("**Observers**")
        st.number_input(
            "Percentile, %",
            LOWEST_P,
            HIGHEST_P,
            step=0.1,
            format="%g",
            help=f"{help_for('percentile')} Default 99.9.",
            **address.key("p"),
        )
        st.number_input(
            "New batch's share of the average",
            0.001,
            1.0,
            step=0.01,
            format="%g",
            help=f"{help_for('moving average')} Default 0.1; PyTorch's is 0.01, which 32 batches hardly move.",
            **address.key("constant"),
        )
        st.markdown("**Your own array**")
        uploads.upload("more", stream_of)
