"""View: the four terms of the integer product as matrices that add up, and the chosen cell's sum of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from quantlab import charts
from quantlab.experiments.matmul import Result, readings
from quantlab.experiments.matmul.corrections import (
    Term,
    cell_columns,
    corrections,
    corrections_sentence,
    term_columns,
)
from quantlab.numerals import code
from quantlab.ui import address, anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window

_MOST_LINES = 128  # of a heat map
_MOST_TEXTS = 12


def draw(result: Result) -> None:
    """Draw the four terms and their sum."""
    # Which accumulator they are put into, and which cell is looked at, changes none of them.
    schemes = (side.quantizer.scheme for side in (result.now.x, result.now.w))
    key = ("corrections", result.now.x.array.digest, *schemes)
    terms: tuple[Term, ...] = sources.recall(result.now.w.array, key, lambda: corrections(result))
    said = corrections_sentence(result, terms)
    st.markdown(said)
    limit = max(float(np.abs(term.values).max(initial=0)) for term in terms)
    places = [*st.columns(3, gap="medium"), *st.columns(3, gap="medium")]
    for place, term in zip(places, terms, strict=False):
        with place:
            show(_chart(term, result, limit, said), readings.file_stem(result.settings, term.key))
    with places[-1], st.container(key="title-term-cell"):
        st.markdown(f"Cell [{result.row}, {result.column}] *adds up*")
        st.table(cell_columns(result, terms), hide_index=True)


def _chart(term: Term, result: Result, limit: float, said: str) -> Chart:
    values = term.values[:_MOST_LINES, :_MOST_LINES]
    texts = None
    if max(values.shape) <= _MOST_TEXTS:
        texts = [[code(int(v)) for v in row] for row in values]
    row, column = result.row, result.column
    return Chart(
        key=term.key,
        title=term.title,
        remark=term.remark,
        alt=f"Heat map of {term.title}, {term.remark}. {anatomy.spoken(said)}",
        figure=partial(
            charts.heat_map,
            values,
            "codes",
            limit=limit,
            texts=texts,
            chosen=(row, column) if row < len(values) and column < values.shape[1] else (None, None),
            narrow=window().narrow,
        ),
        columns=partial(term_columns, term),
        on_pick=_choose if values.size <= charts.MOST_CELLS else None,
        abreast=3,
    )


def _choose(x: float, y: float) -> None:
    address.change(row=int(y), column=int(x))
