"""The brackets, hero of the Calibration page: a histogram that fills batch by batch, each observer's range above it.

All batches go to the browser, which plays them without asking anybody; where it comes to rest, it tells the page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from quantlab.ui.components.alone import alone, script

_HERE = Path(__file__).parent
MARKUP = "<div class='ql-brackets'></div>\n"
STYLE = (_HERE / "brackets.css").read_text(encoding="utf-8")
SCRIPT = script(_HERE / "bars.js", _HERE / "brackets.js")

# Page fonts, colour variables and the tests' queries must reach the nodes, hence no shadow root.
_BRACKETS = st.components.v2.component("ql_brackets", html=MARKUP, css=STYLE, js=SCRIPT, isolate_styles=False)


@dataclass(frozen=True)
class Bracket:
    """One observer: sequences of one entry a batch.

    Attributes
    ----------
    name : str
        As people read it.
    lo, hi : sequences of float
        The ends of what its codes are spread over.
    scale, zero_point : sequences of number
        Of its codes.
    span, level : sequences of str
        Range and dB, ready to be read.
    best : sequence of bool
        Whether no other observer is better after that batch.
    """

    name: str
    lo: Sequence[float]
    hi: Sequence[float]
    scale: Sequence[float]
    zero_point: Sequence[int]
    span: Sequence[str]
    level: Sequence[str]
    best: Sequence[bool]


@dataclass(frozen=True)
class Picture:
    """All of it.

    Attributes
    ----------
    data_id : str
        Changes when the batches or the observers do, so that what comes from an older picture is void.
    first, last : float
        Where the bars begin and end.
    counts : sequence of sequence of int
        What each batch adds to every bar.
    odd : int
        The odd batch, from 1; 0 if there is none.
    odd_name : str
        What stands where only it has values: "only the odd 20th batch".
    brackets : sequence of Bracket
        From top to bottom.
    codes : (int, int) or None
        The first and the last code, where each has a tick.
    at : int
        How many batches have passed.
    axis : str
        What a value is.
    ticks : sequence of (float, str)
        Places on the axis and what stands there.
    """

    data_id: str
    first: float
    last: float
    counts: Sequence[Sequence[int]]
    odd: int
    odd_name: str
    brackets: Sequence[Bracket]
    codes: tuple[int, int] | None
    at: int
    axis: str
    ticks: Sequence[tuple[float, str]]


def brackets(key: str, picture: Picture, *, alt: str, on_rest: Callable[[int], None] | None = None) -> None:
    """Draw a picture.

    Parameters
    ----------
    key : str
        Stable: nodes, and what is being played, live as long as the key.
    picture : Picture
    alt : str
        What a reader who does not see the drawing should know.
    on_rest : callable, optional
        Called before the script runs again, with the number of batches at which the visitor has come to rest.
    """

    def tell() -> None:
        state = st.session_state.get(key)
        event = state.get("rest") if state else None
        if event and event.get("of") == picture.data_id and on_rest is not None:
            on_rest(int(event["batches"]))

    data = message(picture) | {"alt": alt}
    data["state"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=6).hexdigest()
    _BRACKETS(key=key, data=data, height="content", on_rest_change=tell)


def message(picture: Picture) -> dict[str, Any]:
    """Everything that the script needs to draw: JSON-ready.

    >>> one = Bracket("min-max", [0.0], [2.0], [0.5], [-2], ["0 … 2.00"], ["9.00 dB"], [True])
    >>> sent = message(Picture("id", 0.0, 2.0, [[3, 1]], 0, "", [one], (-2, 1), 1, "value", [(0.0, "0")]))
    >>> sent["brackets"][0]["span"], sent["codes"]
    (['0 … 2.00'], [-2, 1])
    """
    return {
        "of": picture.data_id,
        "first": picture.first,
        "last": picture.last,
        "counts": [list(batch) for batch in picture.counts],
        "odd": picture.odd,
        "oddName": picture.odd_name,
        "brackets": [
            {
                "name": each.name,
                "lo": list(each.lo),
                "hi": list(each.hi),
                "scale": list(each.scale),
                "zero": list(each.zero_point),
                "span": list(each.span),
                "level": list(each.level),
                "best": list(each.best),
            }
            for each in picture.brackets
        ],
        "codes": None if picture.codes is None else list(picture.codes),
        "at": picture.at,
        "axis": picture.axis,
        "ticks": [list(tick) for tick in picture.ticks],
    }


def standalone(picture: Picture, *, title: str, alt: str, name: str = "brackets") -> str:
    """Write a picture as one HTML file that plays, and saves itself as SVG and PNG.

    Parameters
    ----------
    picture : Picture
    title, alt : str
        Plain text: above the drawing, and what it shows in words.
    name : str
        File name of what is saved, without its ending.
    """
    return alone(message(picture), markup=MARKUP, code=SCRIPT, style=STYLE, title=title, alt=alt, name=name)
