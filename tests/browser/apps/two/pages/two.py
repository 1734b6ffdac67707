import streamlit as st
from registry import PAGES

from quantlab.charts import theme
from quantlab.ui import address, anatomy, look
from quantlab.ui.frame import framed

framed(PAGES)

settings = address.settings()
with anatomy.control_bar():
    st.slider("Bits", 2, 8, width=170, **address.key("bits"))
    st.slider("Rows", 1, 9, width=170, **address.key("rows"))
anatomy.notice()
anatomy.sentence(f"two bits={settings.bits} symmetric={settings.symmetric} data={settings.data} rows={settings.rows}")
look.title("Rows", "as bars", key="rows")
look.show_figure(
    theme.figure([{"type": "bar", "y": list(range(1, settings.rows + 1)), "marker": {"color": theme.c("integer")}}]),
    key="rows",
    alt="One bar a row.",
)
