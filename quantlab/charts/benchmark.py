"""The benchmark as one SVG file for a README: ratios as bars, and the roofline that the kernels stand under.

Written as text, since a picture in a README has neither scripts nor the page's fonts: it follows its reader's light or
dark by itself and asks nobody for anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import product
from typing import NamedTuple

from quantlab.charts.theme import PALETTES
from quantlab.numerals import num

WIDTH = 880
_LEFT, _RIGHT = 430, 812  # between them a bar can lie
_ROW, _BAR = 26, 12
_TOP, _ROOF_HEIGHT = 92, 300
_MARGIN, _FONT = 20, 13
Box = tuple[float, float, float, float]  # left, top, right, bottom
_LETTER, _DIGIT = 0.5, 0.64  # of the font's size, where a wide font stands in for Inter
_INKS = ("ink", "text", "rule", "paper", "integer", "float", "memory", "compute")


class Bar(NamedTuple):
    """How many times as fast as a peer, with its quartiles, and the line that it has to reach, if one is asked."""

    figure: str
    peer: str
    ratio: float
    lower: float
    upper: float
    must: float | None


class Point(NamedTuple):
    """A product: operations for each byte, and operations a second."""

    name: str
    intensity: float
    speed: float


class Roof(NamedTuple):
    """What the machine can do: operations a second, and bytes a second."""

    peak: float
    bandwidth: float


def benchmark(bars: Sequence[Bar], points: Sequence[Point], roof: Roof, *, caption: str) -> str:
    """Draw a run of the benchmark.

    Parameters
    ----------
    bars : sequence of Bar
        From top to bottom.
    points : sequence of Point
    roof : Roof
    caption : str
        The machine, in words.

    Returns
    -------
    str
        One SVG document, readable in light and in dark.

    Examples
    --------
    >>> bars, points = [Bar("64³", "BLAS", 2.0, 1.9, 2.1, 1.0)], [Point("64³", 20, 1e10)]
    >>> text = benchmark(bars, points, Roof(peak=1e11, bandwidth=1e10), caption="one machine")
    >>> text.startswith("<svg"), "http" in text.replace("http://www.w3.org/2000/svg", "")
    (True, False)
    """
    first = _TOP + _ROW * len(bars) + 70
    height = first + _ROOF_HEIGHT + 112 if points else first - 40
    said = "; ".join(f"{bar.figure} {num(bar.ratio)} times as fast as {bar.peer}" for bar in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(said)}">',
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>',
        _text(_MARGIN, 32, "How many times as fast as each peer, on one thread", "title"),
        _text(_MARGIN, 52, caption, "small"),
        *_bars(bars),
        *(_roofline(points, roof, first) if points else ()),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _style() -> str:
    def rules(scheme: str) -> str:
        ink = {name: PALETTES[scheme][name] for name in _INKS}
        fills = "".join(f".{name}{{fill:{ink[name]}}}" for name in ("ink", "text", "integer", "memory"))
        strokes = "".join(f".l-{name}{{stroke:{ink[name]}}}" for name in _INKS)
        return (
            f"text{{fill:{ink['ink']}}}.small,.peer{{fill:{ink['text']}}}.page{{fill:{ink['paper']}}}{fills}{strokes}"
        )

    return (
        f"text{{font:{_FONT}px Inter,system-ui,sans-serif}}.title{{font-size:15px;font-weight:600}}"
        ".end{text-anchor:end}.middle{text-anchor:middle}.bold{font-weight:600}path{fill:none}"
        f"{rules('light')}"
        f"@media(prefers-color-scheme:dark){{{rules('dark')}}}"
    )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text class="{kind.strip()}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _line(kind: str, width: float, *places: tuple[float, float]) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path class="l-{kind}" stroke-width="{width:g}" d="M{path}"/>'


def _ticks(low: float, high: float, steps: Sequence[int] = (1, 2, 5)) -> list[float]:
    """Return 1, 2, 5, 10, … from low to high.

    >>> _ticks(0.5, 12)
    [0.5, 1.0, 2.0, 5.0, 10.0]
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = (float(f"{step}e{decade}") for decade in decades for step in steps)
    return [tick for tick in every if low * 0.999 <= tick <= high * 1.001]


def _bars(bars: Sequence[Bar]) -> Iterator[str]:
    values = [v for bar in bars for v in (bar.ratio, bar.lower, bar.upper, bar.must or 1.0)]
    low, high = min(0.8, *values) if values else 0.8, max(2.0, *values) if values else 2.0

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * math.log(value / low) / math.log(high / low)

    bottom = _TOP + _ROW * len(bars)
    steps = (1, 2, 5) if high / low < 300 else (1, 3) if high / low < 3000 else (1,)
    for tick in _ticks(low, high, steps):
        yield _text(x(tick), _TOP - 12, f"{tick:g}×", "small middle")
    yield _line("ink", 1, (x(1), _TOP - 6), (x(1), bottom))
    for n, bar in enumerate(bars):
        middle = _TOP + _ROW * n + _ROW / 2
        base = middle + 4.5
        yield (
            f'<text x="{_MARGIN}" y="{base:.1f}">{escape(bar.figure)} '
            f'<tspan class="peer">against {escape(bar.peer)}</tspan></text>'
        )
        start, end = sorted((x(1), x(bar.ratio)))
        yield (
            f'<rect class="integer" x="{start:.1f}" y="{middle - _BAR / 2:.1f}" width="{max(1.0, end - start):.1f}" '
            f'height="{_BAR}"/>'
        )
        yield _line("float", 1.5, (x(bar.lower), middle), (x(bar.upper), middle))
        if bar.must is not None:
            yield _line("paper", 5, (x(bar.must), middle - 9), (x(bar.must), middle + 9))
            yield _line("ink", 2.5, (x(bar.must), middle - 9), (x(bar.must), middle + 9))
        yield _text(WIDTH - _MARGIN, base, f"{num(bar.ratio)}×", "bold end")
    yield _text(
        *(_MARGIN, bottom + 20),
        "Bar: the median. Thin line in it: the quartiles. Upright mark: what it must reach, where that is asked.",
        "small",
    )


def _roofline(points: Sequence[Point], roof: Roof, top: float) -> Iterator[str]:
    left, right, bottom = 76.0, float(WIDTH - _MARGIN), top + 64 + _ROOF_HEIGHT
    ridge = roof.peak / roof.bandwidth
    x_low, x_high = min(0.5, *(p.intensity for p in points)) / 1.3, max(2 * ridge, *(p.intensity for p in points)) * 1.5
    y_low = min(roof.peak / 10, *(p.speed for p in points)) / 1.3
    y_high = max(roof.peak, *(p.speed for p in points)) * 1.5

    def x(value: float) -> float:
        return left + (right - left) * math.log(value / x_low) / math.log(x_high / x_low)

    def y(value: float) -> float:
        return bottom - _ROOF_HEIGHT * math.log(value / y_low) / math.log(y_high / y_low)

    speed, moved = num(roof.peak / 1e9, unit="GOPS"), num(roof.bandwidth / 1e9, unit="GB/s")
    yield _text(_MARGIN, top, "What bounds them: memory under the slope, arithmetic under the roof", "title")
    yield _text(_MARGIN, top + 20, f"One thread. The roof is the bare loop of the instruction, {speed}.", "small")
    slope = f"The slope is a copy larger than the caches, {moved}; what lies above it came out of the caches."
    yield _text(_MARGIN, top + 38, slope, "small")
    for tick in _ticks(y_low, y_high):
        yield _line("rule", 1, (left, y(tick)), (right, y(tick)))
        yield _text(left - 8, y(tick) + 4.5, num(tick / 1e9, 1), "small end")
    yield _text(left - 8, top + 60, "GOPS", "small end")
    for tick in _ticks(x_low, x_high, (1,)):
        yield _text(x(tick), bottom + 20, f"{tick:g}", "small middle")
    yield _text((left + right) / 2, bottom + 38, "operations for each byte", "small middle")
    start = max(x_low, y_low / roof.bandwidth)
    foot, top_left, top_right = (x(start), y(start * roof.bandwidth)), (x(ridge), y(roof.peak)), (right, y(roof.peak))
    yield _line("memory", 2.5, foot, top_left)
    yield _line("compute", 2.5, top_left, top_right)
    spots = [(point.name, x(point.intensity), y(point.speed)) for point in points]
    for _, across, down in spots:
        yield f'<circle class="integer" cx="{across:.1f}" cy="{down:.1f}" r="4.5"/>'
    for name, across, down, anchor in _placed(spots, right, [*_along(foot, top_left), *_along(top_left, top_right)]):
        yield _text(across, down, name, anchor)


def _along(start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Return small boxes that together cover a straight line."""
    steps = max(1, math.ceil(math.dist(start, end) / 4))
    places = [tuple(a + (b - a) * n / steps for a, b in zip(start, end, strict=True)) for n in range(steps + 1)]
    return [(across - 2, down - 2, across + 2, down + 2) for across, down in places]


def _placed(
    spots: Sequence[tuple[str, float, float]], right: float, lines: Sequence[Box]
) -> Iterator[tuple[str, float, float, str]]:
    """Yield where names stand so that they meet neither one another nor a mark; what finds no place is left out.

    Where there is one, a place is taken that no line crosses.
    """
    taken = [(across - 6, down - 6, across + 6, down + 6) for _, across, down in spots]
    for name, across, down in spots:
        wide = _FONT * sum(_LETTER if letter.isalpha() or letter in " ·," else _DIGIT for letter in name)
        places = (
            *((across, down + 20, across - wide / 2, "middle"), (across, down - 10, across - wide / 2, "middle")),
            *((across + 9, down + 4.5, across + 9, ""), (across - 9, down + 4.5, across - 9 - wide, "end")),
            (across, down - 26, across - wide / 2, "middle"),
        )
        for barred, (at, base, start, anchor) in product(([*taken, *lines], taken), places):
            box = (start, base - 11, start + wide, base + 3)
            free = all(box[2] < t[0] or t[2] < box[0] or box[3] < t[1] or t[3] < box[1] for t in barred)
            if free and start > 0 and box[2] < right + 8:
                taken.append(box)
                yield name, at, base, anchor
                break
