"""A chart as every page shows it: its title, the figure, and behind a button its table and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from quantlab import charts
from quantlab.ui import anatomy, look

if TYPE_CHECKING:
    import plotly.graph_objects as go

TABLE_ROWS = 1_000
_SMALL_TABLE_ROWS = 50


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes
    ----------
    key : str
        Stable, unlike any other on the page.
    title, remark : str
        Above the figure, the remark in Markdown.
    alt : str
        What is drawn, then what the sentence says.
    figure : callable
        Gives the figure; called at once.
    columns : callable
        Gives the table by its headings; called when somebody opens it.
    on_pick : callable, optional
        Takes x and y of the point that the visitor clicks; runs before the page does.
    abreast : int
        How many charts stand side by side, this one among them.
    """

    key: str
    title: str
    remark: str
    alt: str
    figure: Callable[[], go.Figure]
    columns: Callable[[], Mapping[str, Any]]
    on_pick: Callable[[float, float], None] | None = None
    abreast: int = 2


def show(chart: Chart, stem: str) -> None:
    """Draw a chart under its title, with its table and downloads.

    Parameters
    ----------
    chart : Chart
    stem : str
        Name of the downloads without their ending, from page and state.
    """
    look.title(chart.title, chart.remark, key=chart.key)
    figure = chart.figure()
    look.show_figure(figure, key=chart.key, alt=chart.alt, abreast=chart.abreast, on_pick=chart.on_pick)
    chart_table(
        chart.columns,
        key=chart.key,
        file_name=stem,
        picture=lambda: charts.standalone(figure, title=chart.title, alt=chart.alt, name=stem),
    )


def chart_table(
    columns: Callable[[], Mapping[str, Any]],
    *,
    key: str,
    file_name: str,
    picture: Callable[[], str] | None = None,
    label: str = "Table",
) -> None:
    """Draw the button under a chart that opens its data; nothing of it is computed before.

    Parameters
    ----------
    columns : callable
        Gives the columns by their headings: sequences or arrays, all of one length.
    key : str
        The chart's.
    file_name : str
        Of the downloads, without its ending; from page and state.
    picture : callable, optional
        Gives the chart as a page that stands alone, in HTML.
    label : str
        Of the button.
    """

    def draw() -> None:
        # Above the table, whose end may lie below the window's.
        with st.container(horizontal=True):
            _download("CSV", lambda: csv(columns()), f"{file_name}.csv", "text/csv", key=f"csv-{key}")
            if picture:
                _download("Picture (HTML)", picture, f"{file_name}.html", "text/html", key=f"html-{key}")
        _table(columns(), key=key)

    anatomy.popover(label, draw, key=f"table-{key}", type="tertiary")


def _table(columns: Mapping[str, Any], *, key: str) -> None:
    import pandas as pd

    count = max((len(column) for column in columns.values()), default=0)
    frame = pd.DataFrame({name: column[:TABLE_ROWS] for name, column in columns.items()})
    if count > TABLE_ROWS:
        st.caption(f"The first {TABLE_ROWS} of {count} rows; the CSV has all.")
    # A screen reader gets more from a plain table, a long one is quicker as a canvas.
    if count <= _SMALL_TABLE_ROWS:
        st.table(frame, height=320)
    else:
        st.dataframe(frame, height=320, hide_index=True, key=f"rows-{key}")


def _download(label: str, data: Callable[[], str], file_name: str, mime: str, *, key: str) -> None:
    # Computed at the click, without a run of the page.
    st.download_button(label, data, file_name, mime, key=key, on_click="ignore")


def csv(columns: Mapping[str, Any]) -> str:
    """Write columns as CSV, every number with all its digits.

    >>> print(csv({"code": [-1, 2], "share": [0.25, 0.75]}), end="")
    code,share
    -1,0.25
    2,0.75
    """
    import pandas as pd

    return str(pd.DataFrame(dict(columns)).to_csv(index=False, lineterminator="\n"))
