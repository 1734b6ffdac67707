"""The dataflow, hero of the Modes page: a layer's line from x to y in each mode, one under the other.

Colour says whether a wire is integer or float, width how many bits it carries; weights come from above. Ready strings
in, nothing out: the drawing has no choice to make.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from quantlab.ui.components.alone import alone, script

_HERE = Path(__file__).parent
MARKUP = "<div class='ql-dataflow'></div>\n"
STYLE = (_HERE / "dataflow.css").read_text(encoding="utf-8")
SCRIPT = script(_HERE / "dataflow.js")

# Page fonts, colour variables and the tests' queries must reach the nodes, hence no shadow root.
_DATAFLOW = st.components.v2.component("ql_dataflow", html=MARKUP, css=STYLE, js=SCRIPT, isolate_styles=False)


@dataclass(frozen=True)
class Wire:
    """What flows between two stations, as ready strings.

    Attributes
    ----------
    kind, short : str
        The type, in full and for a phone.
    shape, size : str
        Rows × columns, and bytes.
    integer : bool
    bits : int
        Of an element as it is stored: the wire's width.
    """

    kind: str
    short: str
    shape: str
    size: str
    integer: bool
    bits: int


@dataclass(frozen=True)
class Station:
    """What a wire goes through: its name, in full and for a phone, and the range that it rounds with, if it does."""

    name: str
    short: str
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One mode.

    Attributes
    ----------
    mode, claim : str
        Its name and what it is, above the line.
    stations : sequence of Station
    wires : sequence of Wire, one more than there are stations
    weight : Wire
        From above.
    into : int
        The station that it comes to.
    scaled : bool
        Whether it meets its scale, and becomes float, before it gets there.
    figures : sequence of (label, value)
        Beside the line; on a phone below it.
    """

    mode: str
    claim: str
    stations: Sequence[Station]
    wires: Sequence[Wire]
    weight: Wire
    into: int
    scaled: bool
    figures: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Head:
    """What stands above the lines.

    Attributes
    ----------
    title : str
        What is drawn.
    scope : str
        What the figures are of, and what the first of them are compared with.
    figures : sequence of (label, value)
        Of what the modes are compared with.
    """

    title: str
    scope: str
    figures: Sequence[tuple[str, str]]


def dataflow(key: str, lines: Sequence[Line], *, head: Head, alt: str) -> None:
    """Draw the lines.

    Parameters
    ----------
    key : str
        Stable: nodes live as long as the key.
    lines : sequence of Line
    head : Head
        What stands above them.
    alt : str
        What a reader who does not see the drawing should know.
    """
    data = message(lines, head) | {"alt": alt}
    data["state"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=6).hexdigest()
    _DATAFLOW(key=key, data=data, height="content")


def message(lines: Sequence[Line], head: Head) -> dict[str, Any]:
    """Everything that the script needs to draw: JSON-ready.

    >>> wire = Wire("int8", "i8", "2×3", "6 B", True, 8)
    >>> line = Line("static", "integers", [Station("×", "×")], [wire, wire], wire, 0, False, [("Accuracy", "97 %")])
    >>> message([line], Head("Layer 1", "all", []))["lines"][0]["wires"][0]["bits"]
    8
    """
    return {
        "head": {"title": head.title, "scope": head.scope, "figures": [list(pair) for pair in head.figures]},
        "lines": [
            {
                "mode": line.mode,
                "claim": line.claim,
                "stations": [{"name": each.name, "short": each.short, "note": each.note} for each in line.stations],
                "wires": [_wire(wire) for wire in line.wires],
                "weight": _wire(line.weight),
                "into": line.into,
                "scaled": line.scaled,
                "figures": [list(pair) for pair in line.figures],
            }
            for line in lines
        ],
    }


def _wire(wire: Wire) -> dict[str, Any]:
    return {
        "kind": wire.kind,
        "short": wire.short,
        "shape": wire.shape,
        "size": wire.size,
        "integer": wire.integer,
        "bits": wire.bits,
    }


def standalone(lines: Sequence[Line], *, head: Head, title: str, alt: str, name: str = "dataflow") -> str:
    """Write the drawing as one HTML file that saves itself as SVG and PNG.

    Parameters
    ----------
    lines : sequence of Line
    head : Head
    title, alt : str
        Plain text: above the drawing, and what it shows in words.
    name : str
        File name of what is saved, without its ending.
    """
    return alone(message(lines, head), markup=MARKUP, code=SCRIPT, style=STYLE, title=title, alt=alt, name=name)
