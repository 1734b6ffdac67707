"""Which element the views Arithmetic and Formulas follow: the chosen one, or the worst of what is charted."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from quantlab.experiments.tensor import Result
from quantlab.experiments.tensor.trace import Trace, Worst, trace, worst_elements
from quantlab.ui import sources


def worst(result: Result) -> Worst:
    """Return the elements with the largest errors in what the hero shows."""
    found: Worst = sources.recall(
        result.array,
        ("worst", result.scheme, result.index),
        lambda: worst_elements(result.array.values, result.quantizer, result.index),
    )
    return found


def followed(result: Result) -> Trace | None:
    """Return the element to follow; None where there is none with a code."""
    size, chosen = math.prod(result.array.values.shape), result.settings.element
    if chosen is not None and chosen < size:
        if np.isnan(result.array.values.reshape(-1)[chosen].astype(result.quantizer.working)):
            return None
        return trace(result.array.values, result.quantizer, chosen)
    ranked = worst(result).index
    return trace(result.array.values, result.quantizer, int(ranked[0])) if len(ranked) else None


def style() -> None:
    """Put the look of an element's formulas on the page."""
    st.html(_style())


@cache
def _style() -> str:
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"
