"""The page around a picture that stands alone: one HTML file, no request to anyone, two buttons that save SVG and PNG.

What is drawn on it gives `globalThis.picture`, a function that returns the present picture as an SVG element with a
width and a height, or a promise of one. Its own data are in the constant DATA of all scripts, and `fonts` is a promise
of the fonts in which words can be measured.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import orjson

from quantlab.charts.theme import variables

_FONTS = {"Inter": "Inter.woff2", "JetBrains Mono": "JetBrainsMono.woff2"}
_FONTS_AT = Path(__file__).resolve().parents[2] / "static"

# The policy makes the promise binding: the browser itself refuses every request.
_PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:;
 font-src data:">
<title>$title</title>
<style id="fonts">$fonts</style>
<style>
:root { color-scheme: $scheme; font: 16px/1.4 Inter, system-ui, sans-serif; $variables }
body { max-width: $width; margin: 1.5rem auto; padding: 0 1rem; background: var(--ql-paper); color: var(--ql-ink); }
h1 { font-size: 1.0625rem; font-weight: 600; margin: 0 0 .25rem; }
p { color: var(--ql-text); font-size: .875rem; margin: .75rem 0; }
button { font: inherit; font-size: .875rem; padding: .375rem .75rem; margin-right: .5rem; cursor: pointer;
 color: var(--ql-ink); background: var(--ql-panel); border: 1px solid var(--ql-text); border-radius: 6px; }
:focus-visible { outline: 3px solid var(--ql-ink); outline-offset: 2px; }
$style
</style>
</head>
<body>
<main>
<h1>$title</h1>
$figure
<p>$alt</p>
<button type="button" data-format="svg">Save SVG</button><button type="button" data-format="png">Save PNG</button>
</main>
<script type="application/json" id="data">$data</script>
<script>
const DATA = JSON.parse(document.getElementById("data").textContent)
const fonts = Promise.all(["13px Inter", "12px 'JetBrains Mono'"].map(font => document.fonts.load(font)))

{
  const TITLE_ROW = 30, PIXELS = 2

  const make = (tag, parent, attributes, text = "") => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
    node.textContent = text
    parent?.append(node)
    return node
  }

  // A saved picture leaves the page, so it takes title, words, paper and fonts with it.
  async function saved() {
    await fonts
    const picture = await globalThis.picture(), page = getComputedStyle(document.body)
    const width = +picture.getAttribute("width"), height = +picture.getAttribute("height") + TITLE_ROW
    const whole = make("svg", null, {width, height, viewBox: `0 0 $${width} $${height}`})
    make("title", whole, {}, DATA.title)
    make("desc", whole, {}, DATA.alt)
    make("style", whole, {}, document.getElementById("fonts").textContent)
    make("rect", whole, {width, height, fill: page.backgroundColor})
    make("text", whole, {x: 16, y: 22, fill: page.color, "font-family": page.fontFamily, "font-size": 15,
      "font-weight": 600}, DATA.title)
    picture.setAttribute("y", TITLE_ROW)
    whole.append(picture)
    return {text: new XMLSerializer().serializeToString(whole), width, height}
  }

  async function pixels({text, width, height}) {
    const image = new Image()
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text)
    await image.decode()
    const canvas = Object.assign(document.createElement("canvas"), {width: PIXELS * width, height: PIXELS * height})
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return new Promise(done => canvas.toBlob(done))
  }

  async function save(format) {
    const picture = await saved()
    const file = format === "png" ? await pixels(picture) : new Blob([picture.text], {type: "image/svg+xml"})
    const href = URL.createObjectURL(file), download = `$${DATA.name}.$${format}`
    Object.assign(document.createElement("a"), {href, download}).click()
    setTimeout(() => URL.revokeObjectURL(href), 60_000)
  }

  for (const button of document.querySelectorAll("[data-format]"))
    button.addEventListener("click", () => save(button.dataset.format))
}
</script>
$scripts
</body>
</html>
"""
)


def document(
    figure: str,
    scripts: str,
    data: Mapping[str, Any],
    *,
    title: str,
    alt: str,
    name: str,
    style: str = "",
    width: str = "60rem",
    colours: Mapping[str, str] | None = None,
) -> str:
    """Write the page around a picture.

    Parameters
    ----------
    figure : str
        HTML that the picture is drawn in.
    scripts : str
        HTML of the scripts that draw it; see the module.
    data : mapping
        What they draw: JSON, in which text from outside is welcome.
    title : str
        Plain text, above the figure and in what is saved.
    alt : str
        Plain text: what the figure shows, in words.
    name : str
        File name of what is saved, without its ending.
    style : str
        Further CSS, in the colours ``var(--ql-<token>)``.
    width : str
        The page's largest, in CSS.
    colours : mapping of str to str, optional
        One palette for always; by default the page follows its reader's preference of light or dark.
    """
    return _PAGE.substitute(
        title=html.escape(title),
        alt=html.escape(alt),
        scheme="light dark" if colours is None else "normal",
        variables=variables(colours),
        fonts=_faces(),
        style=style,
        width=width,
        figure=figure,
        # In a script "</script>" would end it and "<!--" would change its meaning.
        data=orjson.dumps({"title": title, "alt": alt, "name": name, **data}).decode().replace("<", "\\u003c"),
        scripts=scripts,
    )


@cache
def _faces() -> str:
    # The fonts come with the app, not with the library: where they are missing, the reader's own ones serve.
    files = {family: _FONTS_AT / name for family, name in _FONTS.items() if (_FONTS_AT / name).is_file()}
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: 100 800; '
        f'src: url("data:font/woff2;base64,{b64encode(file.read_bytes()).decode()}") format("woff2"); }}'
        for family, file in files.items()
    )
