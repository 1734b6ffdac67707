"""View: which codes training through rounding moved, and by how many steps."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.training import Result
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.experiments.training.readings import NAMES, file_stem
from quantlab.experiments.training.weights import change_sentence, changes
from quantlab.numerals import share
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window


def draw(result: Result, found: Networks) -> None:
    """Draw how far codes moved, and where in a layer they did."""
    settings = result.settings
    shown, name = changes(settings, found), NAMES[settings.method]
    said = change_sentence(settings, found, shown)
    st.markdown(said)
    left, right = st.columns(2, gap="large")
    with left:
        show(
            Chart(
                "moved",
                "Codes that moved",
                f"{WHOSE}; " + ", ".join(f"layer {layer}: {share(each)}" for layer, each in enumerate(shown.shares, 1)),
                f"How many codes moved by how many steps. {anatomy.spoken(said)}",
                lambda: charts.moved_codes(shown.steps, shown.counts, method=settings.method, narrow=window().narrow),
                shown.columns,
            ),
            file_stem(settings, "moved"),
        )
    with right:
        outputs, inputs = shown.moved.shape
        show(
            Chart(
                "moved-where",
                "Where",
                f"{WHOSE}; layer {settings.layer}, {outputs} × {inputs}, code after {name} − code before",
                f"The codes of layer {settings.layer} by how far they moved. {anatomy.spoken(said)}",
                lambda: charts.heat_map(
                    shown.moved, "codes", limit=shown.farthest, names=("output", "input"), narrow=window().narrow
                ),
                lambda: {f"input {place}": shown.moved[:, place] for place in range(inputs)},
            ),
            file_stem(settings, "moved-where"),
        )
