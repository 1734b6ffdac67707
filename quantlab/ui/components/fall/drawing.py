"""A picture of the fall as a message: plain lists and ready strings.

Places are shares of the axis (0 its left end, 1 its right end), so that the script needs no arithmetic on values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab import numerals
from quantlab.numerals import num
from quantlab.ui.components.fall.picture import Few, Floats, Grid, Integers, Many, Picture

MOST_LINES = 512  # more codes than this are drawn in groups
MOST_PINNED_BARS = 128
QUANTILE_LINES = 24  # slants in the wedge of the clipped values
FAR = 1e4  # axis widths; farther places would leave the numbers that SVG can hold


@np.errstate(over="ignore")  # levels of a coarse scale may leave float64; they are drawn nowhere
def drawing(picture: Picture) -> dict[str, Any]:
    """Everything that the script needs to draw a picture: JSON-ready, under 60 KB."""
    axis = _Axis(*picture.axis)
    grid = picture.grid
    return {
        "of": picture.data_id,
        "part": picture.part,
        "axis": list(picture.axis),
        "n": int(picture.n),
        "origin": _place(axis, 0.0),
        "ticks": _ticks(axis, 9),
        "shortTicks": _ticks(axis, 5),
        "low": int(grid.qmin),
        "high": int(grid.qmax),
        "zero": int(grid.zero_point),
        "step": axis.length(grid.scale),
        "first": float(axis.place(grid.level(np.array([grid.qmin])), far=math.inf)[0]),
        "cell": list(picture.cell),
        "note": "" if picture.n else "no values",
        "clips": _clips(picture, axis),
        "edges": _edges(picture, axis),
        "beyond": _beyond(picture),
        "unused": _unused(picture, axis),
        **_levels(picture, axis),
        **_values(picture, axis),
    }


class _Axis:
    """Turns values into shares of the axis. Halves first: the width of a float64 axis may overflow."""

    def __init__(self, lo: float, hi: float) -> None:
        self.lo, self.hi = float(lo), float(hi)
        self._half_width = self.hi / 2 - self.lo / 2

    def place(self, values: Floats, far: float = FAR) -> npt.NDArray[np.float64]:
        shares = (np.asarray(values, np.float64) / 2 - self.lo / 2) / self._half_width
        return np.clip(shares, -min(far, 1e300), min(far, 1e300))

    def length(self, width: float) -> float:
        return min(float(width) / 2 / self._half_width, 1e300)

    def holds(self, values: Floats) -> npt.NDArray[np.bool_]:
        return (values >= self.lo) & (values <= self.hi)


def _levels(picture: Picture, axis: _Axis) -> dict[str, Any]:
    grid, n = picture.grid, max(picture.n, 1)
    codes = np.arange(grid.qmin, grid.qmax + 1)
    by = math.ceil(len(codes) / MOST_LINES)
    heads = np.arange(0, len(codes), by)
    counts = np.add.reduceat(grid.code_counts, heads)
    share = counts / n
    pinned = None if picture.pinned is None else _pinned(picture.pinned, axis)
    room = _bar_room(share, np.zeros(0) if pinned is None else pinned["bars"])
    if pinned is not None:
        pinned["bars"] = _short(np.minimum(pinned["bars"] / room, 1))

    span = round(picture.cell.hi - picture.cell.lo)
    heads = np.append(heads, len(codes) + np.arange(span))  # where the last cells end, the next ones would begin
    levels = grid.level(grid.qmin + heads)
    write = _writer(max(abs(grid.qmin - grid.zero_point), abs(grid.qmax - grid.zero_point)) / by)
    # A cell's words are its two ends, and only what the pointer can reach has words.
    ends = levels + picture.cell.lo * grid.scale
    reached = (ends[:-span] <= axis.hi) & (ends[span:] >= axis.lo)
    named = np.zeros(len(ends), bool)
    named[:-span] = reached
    named[span:] |= reached
    x_hat = levels[: len(counts)] if by == 1 else levels[:0]
    return {
        "by": by,
        "counts": counts.tolist(),
        "bars": _short(np.minimum(share / room, 1)),
        "cut": np.flatnonzero(share > room).tolist(),
        "percent": [numerals.share(p).rstrip("%\u00a0") if p else "" for p in share.tolist()],
        "xHat": [write(v) if near else "" for v, near in zip(x_hat.tolist(), reached, strict=by == 1)],
        "ends": [write(v) if near else "" for v, near in zip(ends.tolist(), named, strict=True)],
        "openEnds": not picture.wraps,
        "pinned": pinned,
    }


def _bar_room(share: Floats, pinned: Floats) -> float:
    """Return the share that fills the room below the codes: the largest, unless it dwarfs all others and is cut."""
    largest = max(share.max(initial=0.0), pinned.max(initial=0.0))
    if len(share) > 2:
        # With many codes both ends may tower, since clipped values collect there.
        rank = 3 if len(share) > 8 else 2
        rest = float(np.partition(share, -rank)[-rank])
        others_matter = share.sum() - share.max() > 0.1
        if largest > 3 * rest > 0 and others_matter:
            return 1.5 * rest
    return float(largest) or 1.0


def _pinned(grid: Grid, axis: _Axis) -> dict[str, Any]:
    codes = np.arange(grid.qmin, grid.qmax + 1)
    by = math.ceil(len(codes) / MOST_LINES)
    lines = np.add.reduceat(grid.code_counts, codes[::by] - grid.qmin) / max(int(grid.code_counts.sum()), 1)
    # Neighbours share an outline as high as the tallest of them.
    together = math.ceil(len(lines) / MOST_PINNED_BARS)
    bars = np.maximum.reduceat(lines, np.arange(0, len(lines), together))
    wide = by * together
    centre = grid.level(codes[::wide]) + (wide - 1) / 2 * grid.scale
    seen = (bars > 0) & axis.holds(centre)
    return {
        "step": axis.length(grid.scale * wide),
        "places": _short(axis.place(centre[seen])),
        "bars": bars[seen],
    }


def _values(picture: Picture, axis: _Axis) -> dict[str, Any]:
    if isinstance(picture.values, Few):
        order = np.argsort(picture.values.x, kind="stable")
        return {"few": True} | _items(picture, axis, picture.values, order[axis.holds(picture.values.x[order])])
    bins = picture.values
    tallest = int(bins.counts.max(initial=0))
    second = int(np.partition(bins.counts, -2)[-2]) if len(bins.counts) > 1 else 0
    is_cut = tallest > 3 * second > 0
    room = max(second * 1.25 if is_cut else tallest, 1)
    width = (bins.hi / 2 - bins.lo / 2) / len(bins.counts) * 2
    centre = bins.lo + (np.arange(len(bins.counts)) + 0.5) * width
    write = _writer(max(abs(bins.lo), abs(bins.hi)) / width)
    occupied = np.flatnonzero(bins.counts)
    middles = {i: write(c) if abs(c) > width else "0" for i, c in zip(occupied.tolist(), centre[occupied], strict=True)}
    examples = bins.examples or _NOBODY
    found: dict[str, Any] = {
        "few": False,
        "binSpan": [_place(axis, bins.lo), _place(axis, bins.hi)],
        "heights": _short(np.minimum(bins.counts, room) / room),
        "lost": _short(np.minimum(bins.clipped, room) / room),
        "occupied": occupied.tolist(),
        "near": [f"{_values_text(int(bins.counts[i]))} near {middle}" for i, middle in middles.items()],
    }
    if is_cut:
        i = int(bins.counts.argmax())
        part = numerals.share(tallest / picture.n)
        found["cutBin"] = {"bin": i, "text": f"**{part}** are near {middles[i]},\nbar cut"}
    return found | _items(picture, axis, examples, np.arange(len(examples.x)))


_NOBODY = Few(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool))


def _items(picture: Picture, axis: _Axis, values: Few, order: Integers) -> dict[str, Any]:
    """Values that can be chosen, from left to right."""
    x, x_hat = values.x[order].astype(np.float64), values.x_hat[order].astype(np.float64)
    write = _writer(float(np.abs(x).max(initial=0.0) / picture.grid.scale))
    return {
        "index": values.flat_index()[order].tolist(),
        "x": _short(axis.place(x)),
        "land": _short(axis.place(x_hat)),
        "clipped": values.clipped[order].astype(int).tolist(),
        "code": values.codes[order].tolist(),
        "texts": [(write(a), write(b), num(b - a)) for a, b in zip(x.tolist(), x_hat.tolist(), strict=True)],
    }


def _clips(picture: Picture, axis: _Axis) -> list[dict[str, Any]]:
    """For each end that clips: its words, and the wedge from the farthest value to the end's level."""
    inside_low, inside_high = picture.clipped_inside()
    found = []
    for side, n, code, far in (
        ("low", picture.clipped_low, picture.grid.qmin, picture.x_min),
        ("high", picture.clipped_high, picture.grid.qmax, picture.x_max),
    ):
        if not n:
            continue
        if isinstance(picture.values, Few):
            clipped = np.sort(picture.values.x[picture.values.clipped]).astype(np.float64)
            lines = clipped[:n] if side == "low" else clipped[::-1][:n]
        elif side == "low":
            lines = _quantiles(picture.values, 0, inside_low)
        else:
            lines = _quantiles(picture.values, inside_low, inside_high)[::-1]
        if len(lines) and axis.holds(np.array([far]))[0]:
            lines[0] = far
        verb = ("wrap" if picture.wraps else "fall") + ("s" if n == 1 else "")
        target = "around" if picture.wraps else f"to code **{numerals.code(code)}**"
        found.append(
            {
                "side": side,
                "n": int(n),
                "far": _place(axis, far),
                "wedge": not picture.wraps,
                "lines": [] if picture.wraps else _short(axis.place(lines)),
                "words": [
                    f"{_values_text(n, bold=True)} beyond\n{verb} {target}",
                    f"**{numerals.count(n)}** beyond\n{verb} {target}",
                ],
            }
        )
    return found


def _quantiles(bins: Many, skip: int, n: int) -> npt.NDArray[np.float64]:
    """Where up to `QUANTILE_LINES` of `n` clipped values lie, evenly chosen, after the first `skip` from the left."""
    if n <= 0:
        return np.zeros(0)
    ranks = skip + np.linspace(0, n - 1, min(n, QUANTILE_LINES)) + 0.5
    passed = np.cumsum(bins.clipped)
    at = np.searchsorted(passed, ranks)
    inside = (ranks - (passed[at] - bins.clipped[at])) / bins.clipped[at]
    share: npt.NDArray[np.float64] = (at + inside) / len(bins.counts)
    return bins.lo * (1 - share) + bins.hi * share


def _edges(picture: Picture, axis: _Axis) -> list[dict[str, Any]]:
    """Say at each end of the axis how many values it leaves out."""
    if isinstance(picture.values, Few):
        below = int(np.count_nonzero(picture.values.x < axis.lo))
        above = int(np.count_nonzero(picture.values.x > axis.hi))
    else:
        below, above = picture.below, picture.above
    found = []
    for side, n, word, end in (("low", below, "below", axis.lo), ("high", above, "above", axis.hi)):
        if n:
            values = _values_text(n, bold=True)
            head = f"← {values}" if side == "low" else f"{values} →"
            found.append({"side": side, "n": n, "words": [f"{head}\n{word} {num(end)}"]})
    return found


def _beyond(picture: Picture) -> list[dict[str, Any]]:
    """Shares that fall to levels outside the axis."""
    grid = picture.grid
    level = grid.level(np.arange(grid.qmin, grid.qmax + 1))
    lo, hi = picture.axis
    found = []
    for side, outside in (("low", level < lo), ("high", level > hi)):
        part = int(grid.code_counts[outside].sum()) / max(picture.n, 1)
        if part:
            text = f"{numerals.share(part)} beyond"
            found.append({"side": side, "share": part, "text": f"← {text}" if side == "low" else f"{text} →"})
    return found


def _unused(picture: Picture, axis: _Axis) -> list[dict[str, Any]]:
    """Find runs of unused codes at the ends that are long enough to be worth a word."""
    grid = picture.grid
    used = np.flatnonzero(grid.code_counts)
    codes = len(grid.code_counts)
    if not len(used):
        return []
    found = []
    for first, last in ((0, int(used[0]) - 1), (int(used[-1]) + 1, codes - 1)):
        if last - first + 1 < max(2, codes / 6):
            continue
        ends = grid.level(np.array([first, last]) + grid.qmin) + np.array(picture.cell) * grid.scale
        lo, hi = np.clip(axis.place(ends), 0, 1).tolist()
        if lo < hi:
            a, b = numerals.code(grid.qmin + first), numerals.code(grid.qmin + last)
            words = [f"codes {a} to {b}\nare never used", f"{a} to {b}\nnever used"]
            found.append({"lo": lo, "hi": hi, "first": grid.qmin + first, "last": grid.qmin + last, "words": words})
    return found


def _ticks(axis: _Axis, most: int) -> list[tuple[float, str]]:
    """At most `most` round numbers on the axis: place and text."""
    exponent = math.floor(math.log10(axis.hi / most - axis.lo / most))
    for mantissa in (1, 2, 5, 10, 20, 50):
        unit = float(f"{mantissa}e{exponent}")
        multiples = range(math.ceil(axis.lo / unit), math.floor(axis.hi / unit) + 1)
        if len(multiples) <= most:
            break
    return [_tick(axis, k * mantissa, exponent) for k in multiples]


def _tick(axis: _Axis, mantissa: int, exponent: int) -> tuple[float, str]:
    value = float(f"{mantissa}e{exponent}")
    digits = len(str(abs(mantissa)).rstrip("0")) or 1
    return _place(axis, value), num(value, digits)


def _writer(steps: float) -> Callable[[float], str]:
    """Return `num` with the digits that tell neighbours apart where the largest is `steps` of them from 0."""
    digits = 3 if steps < 100 else min(9, math.ceil(math.log10(min(steps, 1e12))) + 1)
    return lambda value: num(value, digits)


def _place(axis: _Axis, value: float) -> float:
    return _short(axis.place(np.array([value])))[0]


def _short(places: Floats) -> list[float]:
    # A hundredth of a pixel.
    rounded: list[float] = np.round(places, 5).tolist()
    return rounded


def _values_text(n: int, bold: bool = False) -> str:
    text = numerals.count(n)
    return f"{f'**{text}**' if bold else text} {'value' if n == 1 else 'values'}"
