"""A chart as one HTML file that opens without a network, in light and dark, and saves itself as SVG and PNG."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import orjson
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from quantlab.charts.document import document
from quantlab.charts.theme import PALETTES, TOKEN, c

_DRAW = """
const dark = matchMedia("(prefers-color-scheme: dark)"), box = document.getElementById("figure")

function painted() {
  const palette = DATA.palettes[DATA.palettes.only ? "only" : dark.matches ? "dark" : "light"]
  const paint = text => text.replace(/"(#0000[0-3]\\d)([0-9A-F]{2})?"/g, (all, token, alpha) =>
    token in DATA.tokens ? '"' + palette[DATA.tokens[token]] + (alpha || "") + '"' : all)
  return JSON.parse(paint(JSON.stringify(DATA.figure)))
}

function draw() {
  const figure = painted()
  return Plotly.react(box, figure.data, figure.layout, {displayModeBar: false, responsive: true})
}

globalThis.picture = async () => {
  const figure = painted(), size = {width: box.clientWidth, height: figure.layout.height}
  const text = await Plotly.toImage(figure, {...size, format: "svg", imageDataOnly: true})
  return new DOMParser().parseFromString(text, "image/svg+xml").documentElement
}

fonts.then(draw)
dark.addEventListener("change", draw)
"""


def standalone(
    figure: go.Figure,
    *,
    title: str,
    alt: str,
    name: str = "figure",
    colours: Mapping[str, str] | None = None,
) -> str:
    """Write a figure as one HTML file: Plotly inside, no request to anyone, two buttons that save SVG and PNG.

    Parameters
    ----------
    figure : Figure
        With tokens. It is not changed.
    title : str
        Plain text, above the figure and in what is saved.
    alt : str
        Plain text: what the figure shows, in words.
    name : str
        File name of what is saved, without its ending.
    colours : mapping of str to str, optional
        One palette for always; by default the file follows its reader's preference of light or dark.

    Returns
    -------
    str
        About 5 MB of HTML.
    """
    layout: dict[str, Any] = {"paper_bgcolor": c("paper"), "plot_bgcolor": c("paper")}
    drawn = orjson.loads(figure.to_json(validate=False, engine="orjson"))
    drawn["layout"] |= layout
    data = {
        "figure": drawn,
        "tokens": {token: token_name for token_name, token in TOKEN.items()},
        "palettes": PALETTES if colours is None else {"only": dict(colours)},
    }
    return document(
        f'<div id="figure" role="img" aria-label="{html.escape(alt)}"></div>',
        f"<script>{get_plotlyjs()}</script>\n<script>{_DRAW}</script>",
        data,
        title=title,
        alt=alt,
        name=name,
        colours=colours,
    )
