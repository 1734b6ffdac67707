"""The control bar of the page of PTQ and QAT, and what stands behind More; each control names its default there."""

from __future__ import annotations

import streamlit as st

from quantlab.experiments.spelling import YOURS
from quantlab.experiments.training import Settings
from quantlab.experiments.training.experiment import EPOCHS, LAYERS, MOST_SEEDS, RATES
from quantlab.experiments.training.table import LABEL
from quantlab.nn import BITS, DATASETS
from quantlab.ui import address, anatomy, bar
from quantlab.ui.glossary import help_for
from quantlab.ui.training import desk, table

_PER = {"tensor": "per tensor", "channel": "per output"}
_RULES = {
    "restricted": "absmax / (2ᵇ⁻¹ − 1)",
    "half_range": "absmax / 2ᵇ⁻¹, one more level",
    "full": "absmax / ((2ᵇ − 1) / 2)",
}
_STARTS = {False: "a trained network", True: "random weights"}
_HIDDEN = {"relu": "ReLU", "tanh": "tanh"}
_ENDS = {False: "the same bits", True: "8 bits"}
_CHANNELS = {False: "as trained", True: "rescaled by 2⁻⁴ to 2⁴"}
_OWN_RATE = 0.0
_TRAIN_WIDTH = 128  # both words fit, so that pressing moves nothing
_METHODS = {False: "QAT", True: "LSQ"}


def data(*, width: int = 184) -> None:
    """Choose what the networks learn."""
    about = "\n\n".join(f"**{entry.label}**: {entry.help}" for entry in DATASETS.values())
    names = {name: entry.label for name, entry in DATASETS.items()} | {YOURS: f"{LABEL}…"}
    st.selectbox("Data", list(names), format_func=names.__getitem__, width=width, help=about, **address.key("data"))


def bits(*, width: int = 160) -> None:
    """Choose the bits that charts and views look at; the curve has them all."""
    st.slider(
        "Bits",
        min(BITS),
        max(BITS),
        width=width,
        help=f"{help_for('bits')} Here of weights and activations; which point of the curve is looked at.",
        **address.key("bits"),
    )


def method() -> None:
    """Choose between QAT and LSQ for charts and views."""
    st.segmented_control(
        "Looked at",
        list(_METHODS),
        format_func=_METHODS.__getitem__,
        required=True,
        help=help_for("qat", "lsq"),
        **address.key("learned"),
    )


OTHERS = {"float": "float", "pinned": "pinned"}


def seeds(*, width: int = 88) -> None:
    """Choose how many networks of each kind are trained."""
    st.selectbox(
        "Seeds",
        list(range(1, MOST_SEEDS + 1)),
        width=width,
        help=f"How many networks of each kind, one dot each. {help_for('seed')} Default: 5.",
        **address.key("seeds"),
    )


def epochs(*, width: int = 128) -> None:
    """Choose how long networks are trained, and how long again."""
    words = {name: f"{first} + {again}" for name, (first, again) in EPOCHS.items()}
    bar.select("epochs", "Epochs", words, help=help_for("epoch"), width=width)


def train(settings: Settings) -> None:
    """Draw the button that trains what the settings say; while it does, the one that stops it, in the same place."""
    if desk.live(settings) is None:
        st.button(
            "Train it here",
            type="primary",
            key="train",
            width=_TRAIN_WIDTH,
            help="Trains every network of the curve anew, in the background.",
            on_click=desk.begin,
            args=(settings,),
            disabled=settings.empty,
        )
    else:
        st.button(
            "Stop",
            type="primary",
            key="train",
            width=_TRAIN_WIDTH,
            help="Ends training after this epoch; what is finished stays.",
            on_click=desk.halt,
        )


def more() -> None:
    """Draw the button behind which the rest of the controls stand, and those while it is open."""
    anatomy.popover("More", _groups, key="more", width="content")


def _groups() -> None:
    settings: Settings = address.settings()
    grid_side, training_side, look_side = st.columns(3, gap="medium")
    with grid_side:
        st.markdown("**Grid of the weights**")
        bar.select("weight_scale", "Scale", _RULES, help=help_for("symmetric scale"))
        bar.select("per", "Granularity", _PER, help=help_for("granularity", "per tensor", "per channel"))
        bar.select("ends_at_8", "First and last layer", _ENDS, help=help_for("ends at eight"))
    with training_side:
        st.markdown("**Training**")
        bar.select("scratch", "QAT starts from", _STARTS, help=help_for("qat"))
        own = settings.entry.rate
        rates = {_OWN_RATE: f"{own:g}, the data's own"} | {rate: f"{rate:g}" for rate in RATES}
        st.selectbox(
            "Rate",
            list(rates),
            format_func=rates.__getitem__,
            help=f"{help_for('rate')} Default: the data's own.",
            # A menu takes None for nothing chosen.
            **address.key("rate", to_widget=lambda rate: rate or _OWN_RATE, from_widget=lambda rate: rate or None),
        )
        bar.select("hidden", "Hidden units", _HIDDEN, help=help_for("hidden units"))
        why = _not_rescaled(settings)
        bar.select("far_apart", "Channels", _CHANNELS, help=why or help_for("far apart"), disabled=bool(why))
    with look_side:
        st.markdown("**Looked at**")
        st.slider(
            "Layer",
            1,
            LAYERS,
            help="Whose weights and input are drawn. Default 2.",
            **address.key("layer"),
        )
        bar.compare(OTHERS)
        if settings.data == YOURS:
            table.upload("more")
        st.caption("Activations: affine, unsigned, min-max. A network's layers all have the same bits.")


def _not_rescaled(settings: Settings) -> str:
    """Say why channels cannot be rescaled; empty where they can."""
    if settings.scratch:
        return "There are no trained channels yet."
    return "Tanh lets no factor pass: what reads a channel could not undo it." if settings.hidden == "tanh" else ""
