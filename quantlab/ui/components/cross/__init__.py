"""The cross, hero of the Integer matmul page: W stands on the product, X lies left of it, a row and a column meet.

Beside it the chosen cell's integer sum runs term by term on a ruler of bits. `picture` holds what is shown; here it
becomes a message; the scripts draw it, play it and say which cell was chosen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from quantlab.ui.components.alone import alone, script
from quantlab.ui.components.cross.picture import MOST_NUMBERED, Integers, Matrix, Picture, Running, shrunk

__all__ = ["MOST_NUMBERED", "Matrix", "Picture", "Running", "cross", "message", "shrunk", "standalone"]

_HERE = Path(__file__).parent
MARKUP = "<div class='ql-cross'></div>\n<div class='ql-cross-said' aria-live='polite'></div>"
STYLE = (_HERE / "cross.css").read_text(encoding="utf-8")
SCRIPT = script(*(_HERE / name for name in ("matrices.js", "ruler.js", "cross.js")))
_SHADES = 12  # on either side of 0; a path each

# Page fonts, colour variables and the tests' queries must reach the nodes, hence no shadow root.
_CROSS = st.components.v2.component("ql_cross", html=MARKUP, css=STYLE, js=SCRIPT, isolate_styles=False)


def cross(key: str, picture: Picture, *, alt: str, on_choose: Callable[[int, int], None] | None = None) -> None:
    """Draw a picture.

    Parameters
    ----------
    key : str
        Stable: nodes, and what is being played, live as long as the key.
    picture : Picture
    alt : str
        What a reader who does not see the drawing should know.
    on_choose : callable, optional
        Called before the script runs again, with row and column of the cell that the visitor chose.
    """

    def tell() -> None:
        state = st.session_state.get(key)
        event = state.get("chosen") if state else None
        if event and event.get("of") == picture.data_id and on_choose is not None:
            on_choose(int(event["row"]), int(event["column"]))

    data = message(picture) | {"alt": alt}
    data["state"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=6).hexdigest()
    _CROSS(key=key, data=data, height="content", on_chosen_change=tell)


def message(picture: Picture) -> dict[str, Any]:
    """Everything that the scripts need to draw a picture: JSON-ready.

    Numbers in the cells where all three matrices are small; otherwise shades of blocks.
    """
    sides = (picture.x, picture.w, picture.product)
    numbered = max(max(side.codes.shape) for side in sides) <= MOST_NUMBERED
    name, bits = picture.accumulator
    return {
        "of": picture.data_id,
        "numbered": numbered,
        "matrices": [_matrix(side, numbered) for side in sides],
        "row": picture.row,
        "column": picture.column,
        "cells": [_sum(running) for running in picture.sums],
        "accumulator": name,
        "accumulatorBits": bits,
        "signed": picture.signed,
        "wraps": picture.wraps,
    }


def _sum(running: Running) -> dict[str, Any]:
    return {
        "cell": f"{running.row}, {running.column}",
        "x": running.x.tolist(),
        "w": running.w.tolist(),
        "xZero": _alike(running.x_zero),
        "wZero": _alike(running.w_zero),
        "sums": running.sums.tolist(),
        # Only what differs goes along: of a hundred cells every list counts.
        "exact": None if (running.exact == running.sums).all() else running.exact.tolist(),
        "over": np.flatnonzero(running.overflowed).tolist(),
        "bits": running.bits.tolist(),
        "starts": list(running.starts),
        "finish": list(running.finish),
    }


def _alike(zeros: Integers) -> int | list[int]:
    values: list[int] = zeros.tolist()
    return values[0] if len(set(values)) == 1 else values


def _matrix(side: Matrix, numbered: bool) -> dict[str, Any]:
    rows, columns = side.codes.shape
    shades, by_row, by_column = (side.centred, 1, 1) if numbered else shrunk(side.centred)
    widest = float(np.abs(shades.astype(np.float64)).max(initial=0)) or 1.0
    return {
        "name": side.name,
        "remark": side.remark,
        "rows": rows,
        "columns": columns,
        "byRow": by_row,
        "byColumn": by_column,
        "shades": _shades(shades, widest),
        "codes": side.codes.ravel().tolist() if numbered else [],
        "words": list(side.words) if numbered else [],
    }


def _shades(values: npt.NDArray[Any], widest: float) -> list[int]:
    """Return how far from 0 each entry is, from −12 to 12; 0 for 0 alone."""
    shares = np.abs(values.astype(np.float64)) / widest
    steps: list[int] = (np.sign(values) * np.ceil(shares * _SHADES)).astype(int).ravel().tolist()
    return steps


def standalone(picture: Picture, *, title: str, alt: str, name: str = "product") -> str:
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
