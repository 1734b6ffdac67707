"""View: the same product in accumulators of 8, 16 and 32 bits, and how long a sum they hold for certain."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.matmul import Result, readings
from quantlab.experiments.matmul.accumulators import (
    Accumulators,
    Width,
    accumulators,
    safe_terms,
    sampled_sentence,
    sentence,
)
from quantlab.numerals import count, num, share
from quantlab.ui import anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.steps import Cell, steps

_LABELS = ("terms that always fit", "sums that overflow", "worst error, wraps", "worst error, saturates")


def draw(result: Result) -> None:
    """Draw what narrow accumulators guarantee, and what they do here."""
    found = measured(result)
    said = sentence(found, result)
    st.markdown(said)
    chosen = result.settings.accumulator
    lines = [(f"{width.name}, chosen" * (width.name == chosen) or width.name, _cells(width)) for width in found.widths]
    steps(("accumulator", *_LABELS), lines, "Accumulators")
    if sampled := sampled_sentence(found):
        st.caption(sampled)
    curves = safe_terms(found, result)
    odd = result.now.x.quantizer.scheme.bits != result.now.w.quantizer.scheme.bits
    remarks = [
        "two symmetric codes of equal width",
        "the ring lies between the widths of X and W" if odd else "",
        "the bar: what this state's grids allow" if curves.own and curves.own[1] else "",
    ]
    show(
        Chart(
            "accumulator",
            "Safe length of a sum",
            "; ".join(filter(None, remarks)),
            f"Lines of the safe number of terms against 1 to 8 bits for int8, int16 and int32. {anatomy.spoken(said)}",
            lambda: charts.safe_terms(
                curves.bits,
                curves.terms,
                chosen=chosen,
                now=curves.now,
                own=curves.own,
                narrow=window().narrow,
            ),
            curves.columns,
            abreast=1,
        ),
        readings.file_stem(result.settings, "accumulator"),
    )


def measured(result: Result) -> Accumulators:
    """Return the figures of all accumulators, computed once for all of them."""
    # Neither the cell nor the accumulator that is looked at changes them.
    schemes = (side.quantizer.scheme for side in (result.now.x, result.now.w))
    key = ("accumulators", result.now.x.array.digest, *schemes)
    found: Accumulators = sources.recall(result.now.w.array, key, lambda: accumulators(result))
    return found


def _cells(width: Width) -> tuple[Cell, ...]:
    leaves = "numbers clipping" if width.leaving else "numbers"
    texts = (
        count(width.safe),
        share(width.leaving) if width.leaving else "none",
        num(width.wrapped),
        num(width.saturated),
    )
    kinds = ("numbers integer", leaves, "numbers", "numbers")
    return tuple(Cell(*cell) for cell in zip(texts, kinds, (f"{label}:" for label in _LABELS), strict=True))
