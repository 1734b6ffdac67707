"""View: the same codes from NumPy, ONNX Runtime or PyTorch."""

from __future__ import annotations

import streamlit as st

from quantlab.experiments.tensor import Result, readings
from quantlab.experiments.tensor.snippets import LIBRARIES, snippet
from quantlab.ui import address, look


def draw(result: Result) -> None:
    """Draw the lines of the chosen library, or the sentence that says why it has none."""
    look.title("Code", "these codes, to the last one, without QuantLab", key="code")
    st.segmented_control(
        "Library",
        list(LIBRARIES),
        format_func=lambda name: LIBRARIES[name].label,
        required=True,
        label_visibility="collapsed",
        **address.key("library"),
    )
    quantizer, values = result.quantizer, result.array.values
    found = snippet(
        result.settings.library,
        quantizer.scheme,
        quantizer.scale,
        quantizer.zero_point,
        values.shape,
        values.dtype,
        export=f"{readings.file_stem(result.settings, 'codes')}.npz",
    )
    if found.code is None:
        st.markdown(found.reason)
    else:
        # On a phone the lines are longer than the page, and what scrolls sideways is out of the keyboard's reach.
        st.code(found.code, language="python", wrap_lines=True)
    if found.remark:
        st.caption(found.remark)
