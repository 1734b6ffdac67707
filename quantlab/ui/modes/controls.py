"""The control bar of the Modes page, and what stands behind More; each control names its default there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from quantlab.experiments.modes import Settings, built_in
from quantlab.experiments.modes.experiment import (
    BATCHES,
    BRIGHTEST,
    DARKEST,
    FARTHEST,
    LARGEST_SEED,
    MOST_BITS,
    OBSERVERS_HERE,
)
from quantlab.experiments.modes.subject import CALIBRATIONS, LOUDEST, MOST_SAMPLES, SUBJECTS, Subject, of_weight
from quantlab.experiments.spelling import YOURS
from quantlab.observers import OBSERVERS
from quantlab.ui import address, anatomy, bar, cache, sources, uploads
from quantlab.ui.glossary import help_for

_PER = {"tensor": "per tensor", "row": "per row"}
_WEIGHT_PER = {"tensor": "per tensor", "channel": "per output"}
_LOUD_IN = {"batch": "in every batch", "calibration": "in the calibration"}
_AS_BITS = 0


def subject_of(settings: Settings | None) -> Subject | None:
    """Return what settings run in the three modes; None for a weight that the visitor has not given yet."""
    if settings is None:
        return None
    if settings.data != YOURS:
        return built_in(settings)
    own = sources.own()
    if own is None:
        return None
    found: Subject = sources.recall(own, ("subject", settings.seed), lambda: of_weight(own, settings.seed))
    return found


def recall(subject: Subject, key: Hashable, make: Callable[[], Any]) -> Any:
    """Return a result from the cache that belongs to the subject: everybody's, or the visitor's."""
    return cache.result(f"subject {subject.digest}", key, make, own=subject.name == YOURS)


def data(*, width: int = 172) -> None:
    """Choose what is run in the three modes."""
    about = "\n\n".join(f"**{entry.label}**: {entry.help}" for entry in SUBJECTS.values())
    names = {name: entry.label for name, entry in SUBJECTS.items()} | {YOURS: "your own weight…"}
    st.selectbox("Data", list(names), format_func=names.__getitem__, width=width, help=about, **address.key("data"))


def weight_bits(*, width: int = 96) -> None:
    """Choose the bits of the weights, where they shall differ."""
    words = {_AS_BITS: "as Bits"} | {bits: str(bits) for bits in range(1, MOST_BITS + 1)}
    st.selectbox(
        "Bits of W",
        list(words),
        format_func=words.__getitem__,
        width=width,
        help=f"{help_for('bits')} Default: as Bits.",
        # A menu takes None for nothing chosen.
        **address.key("weight_bits", to_widget=lambda bits: bits or _AS_BITS, from_widget=lambda bits: bits or None),
    )


def batch(*, width: int = 124) -> None:
    """Choose how many rows go through together."""
    st.select_slider("Batch", BATCHES, width=width, help=help_for("batch"), **address.key("batch"))


def live_scale(*, width: int = 124) -> None:
    """Choose how much brighter the data are than calibration saw them."""
    st.slider(
        "Live shift ×",
        DARKEST,
        BRIGHTEST,
        step=0.1,
        width=width,
        help=help_for("live shift"),
        **address.key("scale"),
    )


def more() -> None:
    """Draw the button behind which the rest of the controls stand, and those while it is open."""
    anatomy.popover("More", _groups, key="more", width="content")


def _groups() -> None:
    settings: Settings = address.settings()
    live_side, calibration_side, grid_side = st.columns(3, gap="medium")
    with live_side:
        st.markdown("**Live data**")
        _live_group()
        st.markdown("**Comparison**")
        bar.compare()
        uploads.upload("more")
    with calibration_side:
        st.markdown("**Calibration**")
        _calibration_group()
    with grid_side:
        st.markdown("**Granularity**")
        bar.select(
            "weight_per", "Granularity of W", _WEIGHT_PER, help=help_for("granularity", "per tensor", "per channel")
        )
        about = help_for("per tensor", "per row")
        bar.select("per", "Granularity of X", _PER, help=f"{about}\n\nStatic has one for all rows: none is known yet.")
        st.markdown("**Network**")
        _layer(settings)
        st.number_input(
            "Seed",
            0,
            LARGEST_SEED,
            step=1,
            help="Splits the data, draws the first weights and trains from there. Default 0.",
            **address.key("seed"),
        )


def _live_group() -> None:
    st.slider(
        "Offset",
        -FARTHEST,
        FARTHEST,
        step=0.05,
        help="Added to the live data, in parts of their width. Default 0.",
        **address.key("offset"),
    )
    st.number_input(
        "One loud row ×",
        1.0,
        float(LOUDEST),
        step=1.0,
        format="%g",
        help="What one row is multiplied by. Default 1.",
        **address.key("loud"),
    )
    bar.select("loud_in", "The loud row is", _LOUD_IN, help="The first row of every batch, or of the calibration set.")


def _calibration_group() -> None:
    bar.select("calibration", "Calibration set", CALIBRATIONS, help=help_for("calibrate"))
    st.slider(
        "Samples", 1, MOST_SAMPLES, help="Rows that the observer is shown. Default 128.", **address.key("samples")
    )
    offered = [OBSERVERS[name] for name in OBSERVERS_HERE]
    kinds = {kind.name: kind.label for kind in offered}
    about = "\n\n".join(f"**{kind.label}**: {kind.help}" for kind in offered)
    bar.select("observer", "Observer", kinds, help=f"{help_for('observer')}\n\n{about}\n\n")


def _layer(settings: Settings) -> None:
    one = settings.data != "digits"
    st.slider(
        "Layer",
        1,
        3,
        disabled=one,
        help="There is only one." if one else "Which layer is drawn and opened in the views. Default 2.",
        **address.key("layer"),
    )
