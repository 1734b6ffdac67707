"""A chart as every page shows it: its title, the figure, and behind a button its table and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantlab import charts
from quantlab.ui import anatomy, look

if TYPE_CHECKING:
    import plotly.graph_objects as go


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
    """

    key: str
    title: str
    remark: str
    alt: str
    figure: Callable[[], go.Figure]
    columns: Callable[[], Mapping[str, Any]]
    on_pick: Callable[[float, float], None] | None = None


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
    look.show_figure(figure, key=chart.key, alt=chart.alt, on_pick=chart.on_pick)
    anatomy.chart_table(
        chart.columns,
        key=chart.key,
        file_name=stem,
        picture=lambda: charts.standalone(figure, title=chart.title, alt=chart.alt, name=stem),
    )
