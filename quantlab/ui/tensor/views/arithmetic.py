"""View: one element's way to its code and back, a line a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from quantlab.experiments.tensor import Result, arithmetic
from quantlab.experiments.tensor.trace import Trace
from quantlab.numerals import count
from quantlab.ui import address, look
from quantlab.ui.steps import Cell, steps
from quantlab.ui.tensor.views import element

_HEADINGS = ("step", "symbol", "numbers", "rule")


def draw(result: Result) -> None:
    """Draw the chosen element's arithmetic, or that of the worst one of what is charted."""
    followed = element.followed(result)
    look.title("Arithmetic", "one value, step by step, with this scheme's own rules", key="arithmetic")
    if not len(element.worst(result).index):
        st.markdown("There is no finite value here to follow.")
        return
    _choose(result, followed)
    if followed is None:
        st.markdown("This value is **NaN**: it has no code, and stays NaN when it is fake-quantized.")
        return
    st.markdown(arithmetic.verdict(followed))
    shape = result.array.values.shape
    lines = [(line.name, _cells(line)) for line in arithmetic.lines(followed, shape)]
    steps(_HEADINGS, lines, f"Arithmetic of the value at {arithmetic.place(followed, shape)}")


def _choose(result: Result, followed: Trace | None) -> None:
    """Draw the element's index, a number a dimension, and the buttons that walk from the worst element on."""
    shape = result.array.values.shape
    place = (
        followed.place if followed else tuple(map(int, np.unravel_index(result.settings.element or 0, shape or (1,))))
    )
    with st.container(key="element", horizontal=True, vertical_alignment="bottom", gap="small"):
        for axis, length in enumerate(shape):
            _index(place, shape, axis, length)
        _walk(result, followed)


def _index(place: tuple[int, ...], shape: tuple[int, ...], axis: int, length: int) -> None:
    names = ("Row", "Column") if len(shape) == 2 else tuple(f"Index {i}" for i in range(len(shape)))
    name = names[axis] if len(shape) > 1 else "Index"

    def from_widget(value: int) -> int:
        if not 0 <= value < length:
            raise ValueError(f"{name} must be 0 to {length - 1}, got {value}; choose one of these.")
        return int(np.ravel_multi_index((*place[:axis], int(value), *place[axis + 1 :]), shape))

    # Without bounds: the browser would keep showing what lies beyond them, next to another element's numbers.
    st.number_input(
        name,
        step=1,
        width=120,
        help=f"Counted from 0, up to {count(length - 1)}.",
        # Another length makes another widget, which must not inherit what this one last held.
        **address.key("element", part=f"{axis}-of-{length}", to_widget=lambda _: place[axis], from_widget=from_widget),
    )


def _walk(result: Result, followed: Trace | None) -> None:
    worst = element.worst(result)
    larger, smaller = (None, None) if followed is None else worst.neighbours(followed.index, followed.error)
    _go("Worst", "worst", None, disabled=result.settings.element is None, reason="The element with the largest error.")
    _go("‹ Larger error", "larger", larger, disabled=larger is None, reason="The element with the next larger error.")
    _go(
        "Smaller error ›",
        "smaller",
        smaller,
        disabled=smaller is None,
        reason=f"The element with the next smaller error, down to the {count(len(worst.index))}th.",
    )
    rank = None if followed is None else worst.rank(followed.index)
    where = f" in {result.part.name}" if result.part.name else ""
    st.caption(
        f"Number {rank + 1} of the {count(len(worst.index))} largest errors{where}."
        if rank is not None
        else f"Not among the {count(len(worst.index))} largest errors{where}."
    )


def _go(label: str, name: str, index: int | None, *, disabled: bool, reason: str) -> None:
    change: dict[str, Any] = {"element": index}
    st.button(label, key=f"element-{name}", disabled=disabled, help=reason, on_click=address.change, kwargs=change)


def _cells(line: arithmetic.Line) -> tuple[Cell, ...]:
    return Cell(line.symbol, "symbol"), Cell(line.numbers, f"numbers {line.kind}"), Cell(line.rule, "rule")
