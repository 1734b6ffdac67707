"""View: scale, zero point, quantize and dequantize, with this state's numbers in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from quantlab.experiments.tensor import Result, arithmetic, formulas
from quantlab.experiments.tensor.part import part_name
from quantlab.experiments.tensor.sweep import value_range
from quantlab.experiments.tensor.trace import Trace
from quantlab.scheme import PerTensor
from quantlab.ui import look, sources
from quantlab.ui.tensor.views import element


def draw(result: Result) -> None:
    """Draw the formulas of this scheme, filled in for the element that Arithmetic follows."""
    followed = element.followed(result)
    look.title("Formulas", "of this scheme, with this state's numbers", key="formulas")
    if followed is None:
        st.markdown("The chosen value is not a number, so the formulas have nothing to be filled in with.")
        return
    st.markdown(_whose(result, followed))
    lo, hi = value_range(result.array, result.scheme, result.summary, sources.recall)
    filled = formulas.formulas(followed, float(np.ravel(lo)[followed.part]), float(np.ravel(hi)[followed.part]))
    element.style()
    with st.container(key="formulas"):
        found, used = st.columns(2, gap="large")
        with found:
            _block(filled[:2])
        with used:
            _block(filled[2:])


def _block(filled: Sequence[formulas.Formula]) -> None:
    for formula in filled:
        st.markdown(f"**{formula.name}**")
        st.latex(formula.latex)
        if formula.remark:
            st.caption(formula.remark)


def _whose(result: Result, followed: Trace) -> str:
    shape, granularity = result.array.values.shape, result.scheme.granularity
    where = f" of {result.part.name}" if result.part.name else ""
    chosen = "the chosen value" if result.settings.element is not None else f"the value{where} with the largest error"
    lead = f"x is {chosen}, at {arithmetic.place(followed, shape)}"
    if isinstance(granularity, PerTensor):
        return f"{lead}; the scale is that of the whole array."
    return f"{lead}; scale and zero point are those of {part_name(shape, granularity, followed.part)}."
