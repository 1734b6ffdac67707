"""View: the chosen cell's int32 sum becomes an 8-bit code, by a float multiplier and by integers alone."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.matmul import Result, readings, scaling
from quantlab.experiments.matmul.requantization import Requantized, no_common_sum, requantized, sentence, stairs
from quantlab.numerals import count, num
from quantlab.ui import address, anatomy, bar
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.glossary import help_for
from quantlab.ui.steps import Cell, steps

_HEADINGS = ("step", "float multiplier", "fixed point", "rule")
_ROUNDINGS = {"twice": "Twice", "once": "Once"}


def draw(result: Result) -> None:
    """Draw the way to the code, and where the two ways part."""
    _controls()
    if reason := no_common_sum(result):
        st.markdown(reason)
        return
    try:
        found = requantized(result)
    except ValueError as error:
        st.markdown(anatomy.plain(str(error)))
        return
    said = sentence(found)
    st.markdown(said)
    lines = [(line.name, _cells(line)) for line in scaling.lines(found)]
    steps(_HEADINGS, lines, f"From the sum of row {result.row}, column {result.column} to a code")
    show(_chart(found, said), readings.file_stem(result.settings, "requantize"))


def _controls() -> None:
    with st.container(key="requantize-controls", horizontal=True, vertical_alignment="bottom", gap="medium"):
        bar.grid("output_symmetric", "Output grid")
        st.segmented_control(
            "Fixed point rounds",
            list(_ROUNDINGS),
            format_func=_ROUNDINGS.__getitem__,
            required=True,
            help=help_for("requantize", "fixed point"),
            **address.key("rounding"),
        )
        st.toggle("Bias", help=help_for("bias"), **address.key("bias"))
        st.toggle("ReLU", help=help_for("relu"), **address.key("relu"))


def _cells(line: scaling.Line) -> tuple[Cell, ...]:
    by_float, by_fixed = (f"numbers {kind}" for kind in line.kinds)
    rule = (Cell(line.rule, "rule"),)
    if not line.by_fixed:
        return (Cell(line.by_float, by_float, span=2), *rule)
    return Cell(line.by_float, by_float, "float:"), Cell(line.by_fixed, by_fixed, "integers:"), *rule


def _chart(found: Requantized, said: str) -> Chart:
    seen = stairs(found)
    name = "accumulator" if found.bias is None else "accumulator + bias"
    where = "around this cell: nowhere do the two ways differ"
    if found.nearest is not None:
        where = "gold: accumulators that get two codes"
        if seen.cell is None:
            away = found.total - found.nearest
            where += f"; this cell lies {count(abs(away))} further {'right' if away > 0 else 'left'}"
    return Chart(
        "requantize",
        "Codes",
        f"one code is worth {num(found.scales[2])}; {where}",
        f"Two staircases of code against accumulator. {anatomy.spoken(said)}",
        lambda: charts.requantization_stairs(
            seen.by_float,
            seen.by_fixed,
            starts=seen.starts,
            stops=seen.stops,
            codes=seen.codes,
            cell=seen.cell,
            title=name,
            narrow=window().narrow,
        ),
        found.columns,
        abreast=1,
    )
