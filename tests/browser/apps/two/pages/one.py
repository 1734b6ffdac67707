import streamlit as st
from registry import PAGES
from settings_one import TRIES

from quantlab.experiments.page import Reading
from quantlab.ui import address, anatomy, sharing
from quantlab.ui.chart import chart_table
from quantlab.ui.frame import framed

framed(PAGES)


def table() -> None:
    chart_table(lambda: {"code": list(range(2_000))}, key="codes", file_name="codes", picture=lambda: "<p>")


def fault() -> None:
    raise RuntimeError("a fault of ours")


def typed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"clip must be a number, got {text}; write one such as 0.5.") from None


settings = address.settings()
with anatomy.control_bar():
    st.selectbox("Data", ["article", "normal", "yours"], **address.key("data"))
    st.slider("Bits", 1, 16, width=170, **address.key("bits"))
    st.segmented_control(
        "Grid",
        ["Symmetric", "Affine"],
        required=True,
        **address.key(
            "symmetric",
            to_widget=lambda symmetric: "Symmetric" if symmetric else "Affine",
            from_widget=lambda label: label == "Symmetric",
        ),
    )
    if not settings.symmetric:
        st.slider("Clip", 0.1, 4.0, step=0.1, width=120, **address.key("clip"))
    st.text_input("Typed", width=80, **address.key("clip", part="typed", to_widget=str, from_widget=typed))
    sharing.share(yours=settings.data == "yours")
anatomy.notice()
anatomy.sentence(f"one bits={settings.bits} symmetric={settings.symmetric} data={settings.data} clip={settings.clip}")
anatomy.tries(TRIES, settings)
with anatomy.hero():
    st.html("<div style='height:380px'></div>")
anatomy.numbers([Reading("SQNR", "21.7 dB", "−7.9 dB", "sqnr"), Reading("Bits a value", "4.32", None, "")], "affine")
anatomy.views({"Table": table, "Fault": fault})
