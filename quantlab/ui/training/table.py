"""The visitor's own table: where it is uploaded, where it stays, and whose cache holds what was trained on it.

It lives in the visitor's session and nowhere else; what it takes is counted with all other uploads of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from quantlab.arrays import LabelledTable, read_labelled
from quantlab.arrays.labelled import MAX_BYTES
from quantlab.experiments.spelling import YOURS
from quantlab.experiments.training import Settings
from quantlab.experiments.training.table import RULES, STEPS, description, entry_of, example
from quantlab.nn import Entry
from quantlab.ui import address, anatomy, cache, look, sources, uploads
from quantlab.ui.chart import csv

_STATE = "quantlab-own-table"
_LINES = 4  # of the example
_CONTROL = "labelled"  # whose refusal stands beside it
_STAYS = "It stays in your session: neither a link nor a reload of the page brings it along."
_HELP = f"CSV, or another table of text: commas, semicolons, tabs or bars between its columns. {RULES} {_STAYS}"


@dataclass(frozen=True, eq=False)
class _Own:
    """What the session holds: the table as data to train on, and what is said of it."""

    entry: Entry
    words: str


def owned(settings: Settings) -> Settings:
    """Return settings that know the visitor's table, where they or what is pinned are about it and it is there."""
    own: _Own | None = st.session_state.get(_STATE)
    if own is None:
        return settings
    pin = settings.pin and owned(settings.pin)
    return replace(settings, own=own.entry if settings.data == YOURS else None, pin=pin)


def recall(settings: Settings) -> Callable[[Hashable, Callable[[], Any]], Any]:
    """Return the cache that belongs to the data: everybody's, or the visitor's."""
    if settings.own is None:
        return cache.shared
    return partial(cache.result, settings.own.digest, own=True)


def ask() -> None:
    """Draw what stands in place of the picture while there is no table: how to add one, and what happens then."""
    left, right = st.columns(2, gap="large")
    with left:
        upload("hero")
        st.caption(RULES)
        st.caption(_STAYS)
        look.title("What a table looks like", "the first lines of an example", key="example")
        text = csv(example())
        st.code("\n".join(text.splitlines()[:_LINES]), language=None)
        st.download_button("Example (CSV)", text, "quantlab-example.csv", "text/csv", key="example", on_click="ignore")
    with right:
        look.title("What happens then", key="then")
        st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(STEPS, 1)))


def upload(place: str) -> None:
    """Draw the uploader and, once there is a table, what was read; `place` tells it from others on the page."""
    uploads.drop(f"table-{place}", _dropped, help=_HELP, most_bytes=MAX_BYTES)
    uploads.refusal(_CONTROL)
    own: _Own | None = st.session_state.get(_STATE)
    if own is not None:
        st.caption(anatomy.plain(own.words))


def _dropped(file: Any) -> None:
    def make() -> LabelledTable:
        sources.BUDGET.hold(file, file.size)
        return read_labelled(file.name, file)

    table = uploads.take(_CONTROL, make, keep=_keep)
    if table is not None:
        address.tell(f"{description(table)}.")


def _keep(table: LabelledTable) -> None:
    entry = entry_of(table)
    # The rows live as long as anything trains on them, be it after another table has come.
    sources.BUDGET.hold(entry.make, table.values.nbytes + table.labels.nbytes)
    st.session_state[_STATE] = _Own(entry, description(table))
