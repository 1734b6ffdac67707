"""A figure as one HTML file that opens without a network, in light and dark, and saves itself as SVG and PNG."""

from __future__ import annotations

import html
from collections.abc import Mapping
from string import Template
from typing import Any

import orjson
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from quantlab.charts.theme import PALETTES, TOKEN, c

# The policy makes the promise binding: the browser itself refuses every request.
_PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>$title</title>
<style>
:root { color-scheme: $scheme; font: 16px/1.4 Inter, system-ui, sans-serif; }
body { max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink); }
h1 { font-size: 1.0625rem; font-weight: 600; margin: 0 0 .25rem; }
p { color: var(--text); font-size: .875rem; margin: .75rem 0; }
button { font: inherit; font-size: .875rem; padding: .375rem .75rem; margin-right: .5rem; cursor: pointer;
 color: var(--ink); background: var(--panel); border: 1px solid var(--text); border-radius: 6px; }
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<div id="figure" role="img" aria-label="$alt"></div>
<p>$alt</p>
<button type="button" data-format="svg">Save SVG</button><button type="button" data-format="png">Save PNG</button>
</main>
<script>$plotly</script>
<script>
const DATA = $data
const dark = matchMedia("(prefers-color-scheme: dark)"), box = document.getElementById("figure")

function painted() {
  const palette = DATA.palettes[DATA.palettes.only ? "only" : dark.matches ? "dark" : "light"]
  const page = document.documentElement.style
  for (const name of ["paper", "panel", "ink", "text"]) page.setProperty("--" + name, palette[name])
  const paint = text => text.replace(/"(#0000[0-3]\\d)([0-9A-F]{2})?"/g, (all, token, alpha) =>
    token in DATA.tokens ? '"' + palette[DATA.tokens[token]] + (alpha || "") + '"' : all)
  return JSON.parse(paint(JSON.stringify(DATA.figure)))
}

function draw() {
  const figure = painted()
  return Plotly.react(box, figure.data, figure.layout, {displayModeBar: false, responsive: true})
}

// A saved picture leaves the page, so it takes the title with it.
function save(format) {
  const {data, layout} = painted(), margin = {...layout.margin, t: layout.margin.t + 30}
  const title = {text: DATA.title, x: 0, xref: "container", xanchor: "left", pad: {l: 16, t: 12}, y: 1, yanchor: "top",
    font: {size: 15, color: getComputedStyle(document.body).color}}
  return Plotly.downloadImage({data, layout: {...layout, title, margin, height: layout.height + 30}},
    {format, filename: DATA.name, width: box.clientWidth, height: layout.height + 30, scale: format === "png" ? 2 : 1})
}

draw()
dark.addEventListener("change", draw)
for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", () => save(button.dataset.format))
</script>
</body>
</html>
"""
)


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
        "title": html.escape(title, quote=False),  # Plotly reads tags in a title, and only the entities of & < >
        "name": name,
    }
    return _PAGE.substitute(
        title=html.escape(title),
        alt=html.escape(alt),
        scheme="light dark" if colours is None else "normal",
        plotly=get_plotlyjs(),
        # In a script "</script>" would end it and "<!--" would change its meaning.
        data=orjson.dumps(data).decode().replace("<", "\\u003c"),
    )
