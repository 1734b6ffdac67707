"""The fall alone on a page, or several under each other: ``?show=article,4,symmetric;relu,4,affine``."""

import streamlit as st
from states import picture

from quantlab.ui.components.fall import fall
from quantlab.ui.components.window import watch_window, window
from quantlab.ui.look import css

css()
st.session_state.setdefault("chosen", None)
st.session_state["runs"] = st.session_state.get("runs", 0) + 1


def _choose(index: int | None) -> None:
    st.session_state["chosen"] = index


first, *others = (each.split(",") for each in st.query_params.get("show", "article,4,symmetric").split(";"))
with st.container(key="control-bits"):
    # A slider of its own for each visit, which begins where the address says.
    first[1] = st.slider("Bits", 1, 16, int(first[1]), key=f"bits-{st.query_params.get('visit')}")
state = picture(*first)
alt = f"{state.n} values on {first[1]} bits"
chosen = fall("fall", state, alt=alt, chosen=st.session_state["chosen"], on_choose=_choose)
with st.container(key="sentence"):
    now = window()
    st.text(f"chosen {chosen}, runs {st.session_state['runs']}, {'narrow' if now.narrow else 'wide'}, {now.theme}")
for i, (name, bits, grid) in enumerate(others):
    fall(f"fall-{i}", picture(name, int(bits), grid), alt=f"{name}, {bits} bits, {grid}")
watch_window()
