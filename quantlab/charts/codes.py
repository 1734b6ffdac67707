"""The codes: how often each occurs, and how many of the bits they carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from quantlab.charts.bits import against_bits
from quantlab.charts.marks import FEW_BINS, RARE, Floats, area, areas, line, outline, runs, targets
from quantlab.charts.theme import MONO, c, figure, floats, note
from quantlab.numerals import code, count, share

_NAMED_RUN = 0.12  # of the axis: shorter runs of unused codes leave no room for the words
_MOST_TEXTS = 320  # bins with a hover text of their own, within the budget of bytes


def code_counts(
    counts: npt.ArrayLike,
    *,
    first: int,
    width: int = 1,
    zero_point: int | None = None,
    compared: npt.ArrayLike | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw the share of the values that each code carries.

    Parameters
    ----------
    counts : int array, shape (n,)
        Values a code, or a run of `width` codes; n up to about 512.
    first : int
        The lowest code.
    width : int
        Codes in each entry of `counts`.
    zero_point : int, optional
        Marked where it lies among the codes.
    compared : int array, shape (n,), optional
        Counts of the pinned or compared state over the same codes, dashed.
    compared_name : str
        What the dashes are called.
    narrow : bool
        Whether the window is as narrow as a phone.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> fig = code_counts([0, 0, 3, 1], first=-2, zero_point=0)
    >>> fig.layout.yaxis.title.text
    'share of the values, %'
    """
    numbers = np.asarray(counts, np.float64)
    n = float(numbers.sum())
    percent = numbers * (100 / n if n else 0)
    edges = first - 0.5 + width * np.arange(len(numbers) + 1, dtype=np.float64)
    other = np.zeros(0) if compared is None else np.asarray(compared, np.float64)
    other = other * (100 / other.sum() if other.sum() else 0)
    ceiling = max(float(percent.max(initial=0)), float(other.max(initial=0))) * 1.06 or 1.0

    bars = areas(edges, np.zeros_like(percent), percent, apart=len(percent) <= FEW_BINS)
    # Dashes would drown in the full blue.
    traces: list[dict[str, Any]] = [area(*bars, "integer", "integer", hatch=False, alpha=0.45 if len(other) else 1.0)]
    if rare := _rare(edges, percent, ceiling):
        traces.append(rare)
    if len(other):
        traces.append(line(*outline(edges, other), "pinned", 1.5, dashed=True))
    notes: list[dict[str, Any]] = []
    over: dict[str, Any] = {"size": 12, "yanchor": "bottom"}
    if zero_point is not None and edges[0] < zero_point < edges[-1]:
        traces.append(line([zero_point, zero_point], [0, ceiling], "zero", 1))
        notes.append(
            note(zero_point, 1, f"<b>z = {code(zero_point)}</b>", "zero", anchor="center", yref="paper", **over)
        )
    traces.append(_hover(edges, numbers, percent, n, first, width))
    notes += _unused(edges, numbers, other, ceiling, first, width)
    if len(other):
        notes.append(note(1, 1, compared_name, "pinned", anchor="right", xref="paper", yref="paper", yshift=16, **over))
    if n == 0:
        notes.append(note(0.5, 0.5, "no values", anchor="center", xref="paper", yref="paper"))
    return figure(
        traces,
        annotations=notes,
        margin={"l": 52, "r": 16, "t": 36, "b": 44},
        hovermode="x",
        xaxis={
            "range": [edges[0], edges[-1]],
            "title": {"text": "code"},
            **_ticks(first, len(numbers) * width, narrow),
        },
        yaxis={"range": [0, ceiling], "title": {"text": "share of the values, %"}, "nticks": 5},
    )


def entropy_against_bits(
    bits: npt.ArrayLike,
    symmetric: npt.ArrayLike,
    affine: npt.ArrayLike,
    *,
    now: tuple[float, float] | None = None,
    compared: npt.ArrayLike | None = None,
    compared_name: str = "compared",
    narrow: bool = False,
) -> go.Figure:
    """Draw the entropy of the codes against bits, beside the most that the bits could carry.

    Parameters
    ----------
    bits : int array, shape (n,)
    symmetric, affine : float arrays, shape (n,)
        Entropy in bits a value.
    now : (bits, entropy), optional
        This state, ringed.
    compared, compared_name, narrow
        As for `quantlab.charts.bits.sqnr_against_bits`.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> entropy_against_bits([1, 2], [0.9, 1.7], [1.0, 1.9]).layout.yaxis.title.text
    'entropy, bits a value'
    """
    return against_bits(
        bits, symmetric, affine, reference=bits, reference_name="every code as often", title="entropy, bits a value",
        unit="bits", now=now, compared=compared, compared_name=compared_name, narrow=narrow,
    )  # fmt: skip


def _rare(edges: Floats, percent: Floats, ceiling: float) -> dict[str, Any] | None:
    low = (percent > 0) & (percent < RARE * ceiling / 2)
    if not low.any():
        return None
    middle = (edges[:-1] + edges[1:])[low] / 2
    return {
        "type": "scatter",
        "mode": "markers",
        "x": floats(middle),
        "y": floats(np.full(len(middle), RARE * ceiling / 2)),
        "marker": {"symbol": "circle", "size": 4, "color": c("integer")},
        "hoverinfo": "skip",
    }


def _unused(
    edges: Floats, numbers: Floats, other: Floats, ceiling: float, first: int, width: int
) -> list[dict[str, Any]]:
    """Say that a run of codes at an end is never used: the blank is the lesson."""
    notes = []
    for start, stop in runs(numbers == 0):
        if (start > 0 and stop < len(numbers)) or stop - start == len(numbers):
            continue
        low, high = first + start * width, first + stop * width - 1
        if (stop - start) / len(numbers) < _NAMED_RUN or low == high:
            continue
        words = f"codes {code(low)} to {code(high)}<br>are never used"
        dashes = float(other[start:stop].max(initial=0.0))  # of the compared state: the words stand over them
        height = 0.5 * ceiling if dashes == 0 else min(dashes + 0.12 * ceiling, 0.9 * ceiling)
        notes.append(note((edges[start] + edges[stop]) / 2, height, words, anchor="center", size=12))
    return notes


def _ticks(first: int, codes: int, narrow: bool) -> dict[str, Any]:
    """Label codes in steps of a power of two counted from 0; none is left out where all fit."""
    widest = max(len(code(first)), len(code(first + codes - 1)))
    most = (250 if narrow else 410) / (8 * widest + 8)  # pixels, of a digit in the mono font 8
    step = 1
    while codes / step > most:
        step *= 2
    places = np.arange(-(-first // step) * step, first + codes, step)
    return {
        "tickvals": places.tolist(),
        "ticktext": [code(q) for q in places.tolist()],
        "tickfont": {"family": MONO},
    }


def _codes(low: int, width: int) -> str:
    return f"code {code(low)}" if width == 1 else f"codes {code(low)} to {code(low + width - 1)}"


def _hover(edges: Floats, numbers: Floats, percent: Floats, n: float, first: int, width: int) -> dict[str, Any]:
    used = np.flatnonzero(numbers)
    if len(used) > _MOST_TEXTS:
        used = np.sort(used[np.argsort(-numbers[used], kind="stable")[:_MOST_TEXTS]])
    texts = [
        f"{_codes(first + i * width, width)}<br>{count(int(numbers[i]))}, {share(numbers[i] / n)}"
        for i in used.tolist()
    ]
    return targets(((edges[:-1] + edges[1:]) / 2)[used], percent[used], texts)
