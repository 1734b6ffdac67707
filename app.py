"""The front door: `streamlit run app.py` opens QuantLab."""

from quantlab.ui.frame import frame

frame()
