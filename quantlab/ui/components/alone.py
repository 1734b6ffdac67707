"""Any drawing as one HTML file that opens without a network, in light and dark, and saves itself as SVG and PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantlab.charts.document import document

_NODES = Path(__file__).parent / "nodes.js"

# Nobody waits for a choice here.
_SHOW = """
const figure = document.getElementById("figure")
show({parentElement: figure, data: DATA.drawing, setTriggerValue() {}})
"""

# A saved picture has no style sheet, since few programs but browsers read one with variables: every node whose look
# differs from that of the node around it says so itself.
_SAVE = """
const LOOK = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linejoin",
  "paint-order", "font-family", "font-size", "font-weight", "text-anchor"]

function dress(copy, drawn, around) {
  const style = getComputedStyle(drawn)
  const look = Object.fromEntries(LOOK.map(name => [name, style.getPropertyValue(name)]))
  for (const name of LOOK) if (look[name] !== around[name]) copy.setAttribute(name, look[name])
  ;[...copy.children].forEach((child, i) => dress(child, drawn.children[i], look))
}

globalThis.picture = () => {
  const drawn = document.querySelector("#figure svg"), copy = drawn.cloneNode(true)
  dress(copy, drawn, {})
  copy.setAttribute("width", drawn.clientWidth)
  copy.setAttribute("height", drawn.clientHeight)
  copy.setAttribute("xml:space", "preserve")      // words in bold keep the space beside them
  return copy
}
"""


def script(*files: Path) -> str:
    """Join a drawing's scripts, the last of which exports `show` by default, with what all drawings are made of.

    Parameters
    ----------
    files : paths
        In the order in which they build on each other.
    """
    return "\n".join(path.read_text(encoding="utf-8") for path in (_NODES, *files))


def alone(
    drawing: Mapping[str, Any],
    *,
    markup: str,
    code: str,
    style: str,
    title: str,
    alt: str,
    name: str,
    width: str = "75rem",
) -> str:
    """Write a drawing as one HTML file: the drawing of the page, no request to anyone, two buttons that save it.

    Parameters
    ----------
    drawing : mapping
        What the script draws: JSON-ready.
    markup, code, style : str
        What the component is made of on the page: HTML with one svg once it is drawn, script, style sheet.
    title : str
        Plain text, above the drawing and in what is saved.
    alt : str
        Plain text: what the drawing shows, in words.
    name : str
        File name of what is saved, without its ending.

    Returns
    -------
    str
        Some 300 KB of HTML, most of it fonts. It follows its reader's preference of light or dark, and answers to
        pointer and keys as it does on the page.
    """
    shown = dict(drawing) | {"alt": alt, "state": name}
    return document(
        f'<div id="figure">{markup}</div>',
        f'<script type="module">{code}{_SHOW}</script>\n<script>{_SAVE}</script>',
        {"drawing": shown},
        title=title,
        alt=alt,
        name=name,
        style=style,
        width="75rem",
    )
