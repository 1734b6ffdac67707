"""View: one batch through one layer, every array on the way with its type, its range and a few of its values."""

from __future__ import annotations

import streamlit as st

from quantlab.experiments.modes import Result, inside
from quantlab.experiments.modes.modes import MODES
from quantlab.ui import look
from quantlab.ui.steps import Cell, steps

_WIDTHS = (9.5, 33, 7.5, 9, 14.5, 26.5)  # of the columns, in percent: the tables stand under each other


def draw(result: Result) -> None:
    """Draw a table a mode."""
    look.title("Step by step", f"the first batch through layer {result.layer + 1}", key="steps")
    for mode in MODES:
        st.markdown(f"**{mode.capitalize()}**")
        found = inside.stages(result, mode)
        told = f"The arrays of {mode}, in the order they come about."
        steps(inside.HEADS, [_row(stage) for stage in found], told, _WIDTHS)
    if result.subject.sampled:
        outputs = result.subject.network.sizes[-1]
        st.caption(f"Of the layer's outputs the first {outputs} are computed here; each is a sum of its own.")


def _row(stage: inside.Stage) -> tuple[str, list[Cell]]:
    name, how, kind, shape, ends, some = stage.columns()
    colour = "integer" if stage.values.dtype.kind in "iu" else "float"
    return name, [
        Cell(how, "rule"),
        Cell(kind, f"numbers {colour}"),
        Cell(shape, "numbers", "shape"),
        Cell(ends, "numbers", "range"),
        Cell(some, "numbers", "first row"),
    ]
