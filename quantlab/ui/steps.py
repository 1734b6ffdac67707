"""A computation as a table, a line a step; on a phone each line's cells stand under each other."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st


@dataclass(frozen=True)
class Cell:
    """One cell of a line.

    Attributes
    ----------
    text : str
        Ready to read; shown as it is.
    kind : str
        Space-separated: "symbol", "numbers" or "rule" for its place and type, and for numbers "float", "integer",
        "zero", "rounding" or "clipping", the name of their colour.
    label : str
        Said before it on a phone, where no heading stands above it.
    span : int
        How many columns it takes.
    """

    text: str
    kind: str
    label: str = ""
    span: int = 1


def steps(
    headings: Sequence[str], lines: Sequence[tuple[str, Sequence[Cell]]], caption: str, widths: Sequence[float] = ()
) -> None:
    """Draw a table of steps.

    Parameters
    ----------
    headings : sequence of str
        Of all columns, that of the names first.
    lines : sequence of (name, cells)
    caption : str
        What the table is of, for those who hear it.
    widths : sequence of float, optional
        Of the columns, in percent, so that tables under each other have theirs at the same places; otherwise as wide
        as what they hold.
    """
    st.html(_style())
    st.html(table(headings, lines, caption, widths))


def table(
    headings: Sequence[str], lines: Sequence[tuple[str, Sequence[Cell]]], caption: str, widths: Sequence[float] = ()
) -> str:
    """Write the table; the roles keep it one where a phone's layout unmakes its rows.

    Examples
    --------
    >>> written = table(["step", "numbers"], [("a < b", ())], "c", (20, 80))
    >>> 'role="rowheader">a &lt; b</th>' in written, '<col style="width: 80%">' in written
    (True, True)
    """
    places = "".join(f'<col style="width: {width:g}%">' for width in widths)
    head = "".join(f'<th scope="col" role="columnheader">{html.escape(name)}</th>' for name in headings)
    rows = "".join(_row(name, cells) for name, cells in lines)
    return (
        f'<table class="ql-steps" role="table"><caption>{html.escape(caption)}</caption>'
        f'<colgroup>{places}</colgroup><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _row(name: str, cells: Sequence[Cell]) -> str:
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{html.escape(name)}</th>'
        f"{''.join(_cell(cell) for cell in cells)}</tr>"
    )


def _cell(cell: Cell) -> str:
    text, kind, label = map(html.escape, (cell.text, cell.kind, cell.label))
    span = f' colspan="{cell.span}" aria-colspan="{cell.span}"' if cell.span > 1 else ""
    label = f' data-label="{label}"' if label else ""
    return f'<td role="cell" class="{kind}"{span}{label}>{text}</td>'


@cache
def _style() -> str:
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"
