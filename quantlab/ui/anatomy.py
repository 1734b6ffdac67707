"""The parts that every page has, in the order in which it has them, each under its stable name.

Heights are reserved, so that a change moves nothing below it; see look.css.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from quantlab.experiments import codec
from quantlab.experiments.page import Reading
from quantlab.ui import address, look
from quantlab.ui.components.entrance import entrance
from quantlab.ui.glossary import help_for

T = TypeVar("T")

_HEAD_START_S = 0.04

_COLOURED = re.compile(r":[a-z]+\[((?:[^\[\]]|\[[^\]]*\])*)\]")
_MARKED = re.compile(r"([!-/:-@\[-`{-~])")


def control_bar() -> DeltaGenerator:
    """Open the row of controls, to be used with ``with``."""
    return st.container(key="control-bar", horizontal=True, vertical_alignment="bottom", gap="small")


def notice(text: str = "", news: str = "") -> None:
    """Say what went well, and what is wrong, in the colour of the latter: `text`, or what the address has to report."""
    said = text or address.notice()
    with st.container(key="notice"):
        if said:
            said = " ".join(filter(None, [news, said]))
        elif news:
            with st.container(key="news"):
                st.markdown(f":material/check: {plain(news)}")
            return
        # Streamlit drops an empty container, and its reserved height with it.
        st.markdown(f":material/info: {plain(said)}" if said else "&nbsp;")


def sentence(text: str) -> None:
    """Say what the hero shows, in Markdown; what came from outside must have gone through `plain`."""
    with st.container(key="sentence"):
        st.markdown(text)


def plain(text: str) -> str:
    r"""Escape a text that came from outside, so that Markdown shows it as it is.

    >>> print(plain("*a*_b.npy"))
    \*a\*\_b\.npy
    """
    return _MARKED.sub(r"\\\1", " ".join(text.split()))


def spoken(text: str) -> str:
    """Strip a sentence of its Markdown, for a text alternative.

    >>> spoken("A :blue[symmetric] grid: **4 bits act as 3**.")
    'A symmetric grid: 4 bits act as 3.'
    """
    bare = _COLOURED.sub(r"\1", text).replace("**", "")
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", bare)


def tries(
    states: Mapping[str, T],
    settings: Any,
    apply: Callable[[Any, T], Any] | None = None,
    beside: Callable[[], None] | None = None,
) -> None:
    """Draw the one-click states; the one that the page is in is lit.

    Parameters
    ----------
    states : mapping of label to state
    settings : the page's Settings
    apply : callable, optional
        ``(settings, state) -> settings``. By default a state is a complete Settings, of which all but an open view and
        a pin are taken.
    beside : callable, optional
        Draws what stands at the row's other end: how the hero below is looked at.
    """
    # Buttons, not pills: what is lit follows from the settings, so the browser must not hold an opinion of its own.
    with st.container(key="tries", horizontal=True, gap="small"):
        for index, (label, state) in enumerate(states.items()):
            reached = (apply or _taken)(settings, state)
            st.button(label, key=f"try-{index}", on_click=address.adopt, args=(reached,))
            if reached == settings:
                look.light(f"try-{index}")
        if beside is not None:
            beside()


def _taken(settings: Any, state: Any) -> Any:
    own = {entry.field for entry in codec.entries(type(settings))} & {"view", "pin"}
    return replace(state, **{name: getattr(settings, name) for name in own})


def hero() -> DeltaGenerator:
    """Open the place of the main drawing, to be used with ``with``."""
    return st.container(key="hero")


@contextmanager
def before_all_else(place: DeltaGenerator) -> Iterator[None]:
    """Draw into `place` what the eye waits for, and give the browser the time to show it.

    What follows at once would be drawn in the same go, and since the browser draws charts first, the eye would wait for
    them. A run that draws the hero takes some 15 ms, the charts another 35; with this pause the hero moves while the
    server still works, and all is at rest earlier, not later.
    """
    with place:
        yield
    time.sleep(_HEAD_START_S)


def numbers(readings: Sequence[Reading], than: str = "") -> None:
    """Draw a row of numbers, each with its difference to the state that `than` names."""
    with st.container(key="numbers", horizontal=True, gap="small"):
        for reading in readings:
            st.metric(
                reading.label,
                reading.value,
                reading.delta,
                delta_color="off",
                delta_arrow="off",
                delta_description=f"vs {than}" if reading.delta else None,
                help=help_for(reading.word) if reading.word else None,
                width=176,
            )


def no_numbers(labels: Sequence[str]) -> None:
    """Keep the place of the numbers while there is nothing to measure."""
    numbers([Reading(label, "–", None, "") for label in labels])


def supporting() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Open the two places of the supporting charts, left and right, one under the other on a phone."""
    with st.container(key="supporting"):
        left, right = st.columns(2, gap="large")
    return left, right


def views(drawn: Mapping[str, Callable[[], None]], *, name: str = "view") -> None:
    """Draw the row of views and the one that is open; the others are neither computed nor sent.

    Parameters
    ----------
    drawn : mapping of label to callable
        What draws each view.
    name : str
        The field of Settings that says which is open: a label in lower case, without spaces and question mark, or None.
    """
    labels = {label.lower().replace(" ", "-").strip("?"): label for label in drawn}
    with st.container(key="views"):
        st.segmented_control(
            "View", list(labels), format_func=labels.__getitem__, label_visibility="collapsed", **address.key(name)
        )
    opened = getattr(address.settings(), name)
    if opened is not None:
        with st.container(key="view"):
            drawn[labels[opened]]()


def popover(label: str, draw: Callable[[], None], *, key: str, **button: Any) -> None:
    """Draw a button and, while it is open, what `draw` draws behind it; the keyboard goes in with it.

    Parameters
    ----------
    label : str
    draw : callable
        Not called before the button is opened.
    key : str
    button : options of Streamlit's popover
    """
    place = st.popover(label, key=key, on_change="rerun", **button)
    if place.open:
        with place:
            entrance(key)
            draw()
