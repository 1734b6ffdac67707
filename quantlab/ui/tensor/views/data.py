"""View: the values as a table, editable where they are few; how to bring one's own; and what can be taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from quantlab.arrays import Array
from quantlab.experiments.spelling import YOURS
from quantlab.experiments.tensor import Result, Settings, exports, readings
from quantlab.experiments.tensor.table import (
    MOST_COLUMNS,
    MOST_EDITED,
    MOST_ROWS,
    cut_words,
    edited,
    folded,
    folded_words,
)
from quantlab.ui import address, anatomy, uploads

_STATE = "quantlab-table"
_HEIGHT = 422  # ten rows, the heading and the row to come, with nothing to scroll
_MOST_UNDONE = 100
_EDIT_HINT = "Change a cell, paste cells, or add a row at the end: the array becomes yours."


@dataclass
class _Table:
    """The editor's state: it counts its edits from `base` on, `shown` is what they make; `past` leads back."""

    serial: int
    base: Array
    shown: Array
    past: list[tuple[Settings, Array]] = field(default_factory=list)


def draw(result: Result) -> None:
    """Draw the values, the ways in and the ways out."""
    array = result.array
    st.markdown(anatomy.plain(uploads.description(array)))
    left, right = st.columns([2, 1], gap="large")
    with left:
        if array.values.size <= MOST_EDITED:
            _editor(array)
        else:
            _excerpt(array)
    with right:
        uploads.upload("view")
        uploads.paste("view")
    _downloads(result)


def _editor(array: Array) -> None:
    import pandas as pd

    table: _Table | None = st.session_state.get(_STATE)
    if table is None or table.shown.digest != array.digest:
        # Another key, or the editor would lay its earlier edits over these values.
        table = st.session_state[_STATE] = _Table(0 if table is None else table.serial + 1, array, array)
    values = folded(table.base.values)
    key = f"table-{table.serial}"
    deep = table.base.values.ndim > 2
    st.data_editor(
        pd.DataFrame(values, columns=[str(column) for column in range(values.shape[1])]),
        key=key,
        height=_HEIGHT,
        num_rows="fixed" if deep else "dynamic",
        column_config={str(column): st.column_config.NumberColumn(format="%.6g") for column in range(values.shape[1])},
        on_change=_changed,
        args=(key, table),
        alt=f"Table of the {array.values.size} values.",
    )
    st.caption(" ".join(filter(None, [folded_words(array.values.shape), _EDIT_HINT])))
    st.button(
        "Undo edit",
        key="undo-edit",
        disabled=not table.past,
        help="Take the last change of the table back." if table.past else "Nothing has been edited in this table.",
        on_click=_undone,
        args=(table,),
    )
    uploads.refusal("table")


def _changed(key: str, table: _Table) -> None:
    state: Any = st.session_state[key]

    def row(cells: Any) -> dict[int, float | None]:
        return {int(column): value for column, value in cells.items() if column.isdecimal()}

    def make() -> Array:
        return edited(
            table.base,
            {int(number): row(cells) for number, cells in state["edited_rows"].items()},
            [row(cells) for cells in state["added_rows"]],
            state["deleted_rows"],
        )

    before: Settings = address.settings()
    array = uploads.take("table", make, known=table.shown.digest)
    if array is not None:
        table.past = [*table.past, (before, table.shown)][-_MOST_UNDONE:]
        table.shown = array
    elif uploads.refused("table"):
        # The editor would keep what was refused, and lay it under every later edit.
        table.serial, table.base = table.serial + 1, table.shown


def _undone(table: _Table) -> None:
    (before, array), past = table.past[-1], table.past[:-1]
    if before.data == YOURS and uploads.take("table", lambda: array) is None:
        return
    # What was built in is so again; all else that the visitor has set since then stays.
    back = {name: getattr(before, name) for name in ("data", "size", "seed", "parameters")}
    address.change(**back, channel=None, element=None, body=False)
    st.session_state[_STATE] = _Table(table.serial + 1, array, array, past)


def _excerpt(array: Array) -> None:
    import pandas as pd

    part = folded(array.values)[:MOST_ROWS, :MOST_COLUMNS]
    st.dataframe(
        pd.DataFrame(part, columns=[str(column) for column in range(part.shape[1])]),
        height=_HEIGHT,
        key="table-excerpt",
        column_config={str(column): st.column_config.NumberColumn(format="%.6g") for column in range(part.shape[1])},
        alt="Table of the first values.",
    )
    words = [folded_words(array.values.shape), cut_words(array.values.shape)]
    words.append(f"Arrays of up to {MOST_EDITED} values can be edited here.")
    st.caption(" ".join(filter(None, words)))


def _downloads(result: Result) -> None:
    def stem(what: str) -> str:
        return readings.file_stem(result.settings, what)

    reason = exports.no_codes(result.report)
    with st.container(key="exports", horizontal=True, gap="small"):
        _download(
            "Codes, scale, zero point (.npz)",
            lambda: exports.codes_file(result),
            f"{stem('codes')}.npz",
            reason=reason,
            help="Arrays named codes, scale and zero_point, as the library returns them.",
        )
        _download(
            "Report (CSV)", lambda: exports.report_csv(result), f"{stem('report')}.csv", help="The single figures."
        )
        _download(
            "Report (JSON)",
            lambda: exports.report_json(result),
            f"{stem('report')}.json",
            help="All figures, histograms and code counts, and those of each channel or group.",
        )
        _download("Values (.npy)", lambda: exports.array_file(result.array), f"{stem('values')}.npy", help="The array.")


def _download(label: str, make: Callable[[], bytes | str], file_name: str, *, help: str, reason: str = "") -> None:
    mime = {"csv": "text/csv", "json": "application/json"}.get(file_name.rpartition(".")[2], "application/octet-stream")
    # Made at the click, without a run of the page.
    st.download_button(
        label,
        make,
        file_name,
        mime,
        key=f"export-{file_name.rpartition('-')[2].replace('.', '-')}",
        help=reason or help,
        disabled=bool(reason),
        on_click="ignore",
    )
