"""What surrounds every page: configuration, look, navigation, address, and the place where our own faults end.

A page is one line in PAGES, a file in pages/ and a Settings class in its experiment.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from quantlab.experiments import codec
from quantlab.ui import address, look
from quantlab.ui.components.window import watch_window

_PAGES = Path(__file__).resolve().parents[2] / "pages"
_LOG = logging.getLogger(__name__)
_FRAMED: ContextVar[bool] = ContextVar("framed", default=False)
_FAULT = "This state led to an error of ours, which was logged; the last one that worked is shown."
_DEEP_FAULT = "The page stopped at an error of ours, which was logged; the controls above still work."


@dataclass(frozen=True)
class Page:
    """One page: its path in the address ("" is the front page), its title, its file, the module of its Settings."""

    path: str
    title: str
    file: Path
    experiment: str

    @property
    def settings(self) -> type[Any]:
        """The Settings class of the page's experiment."""
        found: type[Any] = importlib.import_module(self.experiment).Settings
        return found


PAGES = (
    Page("", "Tensor", _PAGES / "tensor.py", "quantlab.experiments.tensor"),
    Page("matmul", "Integer matmul", _PAGES / "matmul.py", "quantlab.experiments.matmul"),
    Page("modes", "Modes", _PAGES / "modes.py", "quantlab.experiments.modes"),
    Page("calibration", "Calibration", _PAGES / "calibration.py", "quantlab.experiments.calibration"),
    Page("training", "PTQ and QAT", _PAGES / "training.py", "quantlab.experiments.training"),
)


def frame(pages: Sequence[Page] = PAGES) -> None:
    """Run the app: everything around the page that the visitor's address names, and that page."""
    inside = _FRAMED.set(True)
    try:
        _frame(pages)
    finally:
        _FRAMED.reset(inside)


def framed(pages: Sequence[Page] = PAGES) -> None:
    """Make sure that a page file runs inside the frame; the first line of every page.

    On a server that nobody has opened at its front page yet, Streamlit runs a file of `pages/` bare when its link is
    opened. Then the frame runs here instead, with that page in it, and the bare run ends.
    """
    if not _FRAMED.get():
        frame(pages)
        st.stop()


def _frame(pages: Sequence[Page]) -> None:
    # No title here: it would stand in place of the pages' own.
    st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
    look.css()
    # Absolute paths, since a bare page has another main script, from whose folder relative ones would be looked up.
    known = {
        page.path: st.Page(page.file, title=f"{page.title} · QuantLab", url_path=page.path, default=not page.path)
        for page in pages
    }
    current = st.navigation(list(known.values()), position="hidden")
    address.begin({page.path: page.settings for page in pages})
    address.enter(current.url_path)
    with st.container(key="navigation", horizontal=True, gap="small"):
        for page in pages:
            st.page_link(known[page.path], label=page.title, query_params=address.link(page.path))
    _run(current)
    address.commit()
    # The last call of a run: mounted earlier, the run that it asks for would interrupt the first one.
    watch_window()


def _run(page: Any) -> None:
    try:
        # A page must not call `st.stop`: Streamlit then ends the run at the next message, which is the address's.
        page.run()
    except Exception:
        _LOG.exception("Page %r failed at %s", page.url_path, codec.encode(address.settings()))
        if address.fall_back(_FAULT):
            st.rerun()
        st.error(_DEEP_FAULT)
