"""The fall as one HTML file that opens without a network, in light and dark, and saves itself as SVG and PNG.

Also what the drawing is made of, on a page of the app and alone: its nodes, its style sheet, its script.
"""

from __future__ import annotations

from pathlib import Path

from quantlab.charts.document import document
from quantlab.ui.components.fall.drawing import drawing
from quantlab.ui.components.fall.picture import Picture

_HERE = Path(__file__).parent
MARKUP = "<div class='ql-fall'></div>\n<div class='ql-fall-said' aria-live='polite'></div>"
STYLE = (_HERE / "fall.css").read_text(encoding="utf-8")
SCRIPT = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("scene.js", "fall.js"))

# Nobody waits for the choice of a value here.
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
  const drawn = document.querySelector(".ql-fall > svg"), copy = drawn.cloneNode(true)
  dress(copy, drawn, {})
  copy.setAttribute("width", drawn.clientWidth)
  copy.setAttribute("height", drawn.clientHeight)
  copy.setAttribute("xml:space", "preserve")      // words in bold keep the space beside them
  return copy
}
"""


def standalone(picture: Picture, *, title: str, alt: str, name: str = "fall", chosen: int | None = None) -> str:
    """Write a picture as one HTML file: the drawing of the page, no request to anyone, two buttons that save it.

    Parameters
    ----------
    picture : Picture
    title : str
        Plain text, above the drawing and in what is saved.
    alt : str
        Plain text: what the drawing shows, in words.
    name : str
        File name of what is saved, without its ending.
    chosen : int, optional
        Flat index of the value that is chosen at first.

    Returns
    -------
    str
        About 300 KB of HTML, most of it fonts. It follows its reader's preference of light or dark, and values and
        levels answer to pointer and keys as they do on the page.
    """
    shown = drawing(picture) | {"alt": alt, "chosen": chosen, "state": name}
    return document(
        f'<div id="figure">{MARKUP}</div>',
        f'<script type="module">{SCRIPT}{_SHOW}</script>\n<script>{_SAVE}</script>',
        {"drawing": shown},
        title=title,
        alt=alt,
        name=name,
        style=STYLE,
        width="75rem",
    )
