"""The benchmark's table for a terminal: a line a row, a heading a family, what was missed at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quantlab.numerals import count, num, share

from .ceilings import BEYOND_CACHES
from .run import Outcome, Run
from .timing import Spread

HEAD = ("figure", "peer", "ours", "theirs", "ratio", "quartiles", "must", "aim", "of ceiling", "")
_RIGHT = range(2, 9)
# Words, not colours: a log keeps them.
VERDICTS = {"aim": "aim met", "must": "must met", "missed": "MISSED", "wrong": "WRONG RESULT", "": ""}
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def duration(seconds: float) -> str:
    """Write a time with three digits in the unit that suits it.

    >>> duration(0.0123).replace(chr(160), " "), duration(4.2e-6).replace(chr(160), " ")
    ('12.3 ms', '4.20 µs')
    """
    size, unit = next((each for each in _UNITS if seconds >= each[0] * 0.9995), _UNITS[-1])
    return num(seconds / size, unit=unit)


def clock(seconds: float) -> str:
    """Write how long something takes, for people who wait.

    >>> clock(5), clock(65)
    ('5 s', '1 min 5 s')
    """
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def rate(per_second: float, unit: str) -> str:
    """Write operations or bytes a second, in 10⁹.

    >>> rate(4.3e11, "GOPS").replace(chr(160), " ")
    '430 GOPS'
    """
    return num(per_second / 1e9, unit=unit)


def table(run: Run) -> str:
    """Return the whole table, with the machine above it and what was missed below.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        Lines, the longest some 130 characters.
    """
    blocks = ["\n".join(_about(run))]
    cells = {outcome.name: _cells(outcome, run.machine.tier) for outcome in run.outcomes}
    widths = [max(map(len, column)) for column in zip(HEAD, *cells.values(), strict=True)]
    for family in dict.fromkeys(outcome.family for outcome in run.outcomes):
        its = [outcome for outcome in run.outcomes if outcome.family == family]
        blocks.append("\n".join([family, _line(HEAD, widths), *(_line(cells[o.name], widths) for o in its)]))
    return "\n\n".join([*blocks, "\n".join(_summary(run))])


def _about(run: Run) -> Iterator[str]:
    here = run.machine
    yield here.sentence
    yield f"{here.system}; " + ", ".join(f"{name} {number}" for name, number in here.packages.items())
    yield here.reason + (f" torch._int_mm is held to {here.held}." if here.held else "")
    for rates in run.ceilings.as_list():
        if rates["kind"] != "copy" or rates["bytes"] == BEYOND_CACHES:
            what = "A copy larger than the caches" if rates["kind"] == "copy" else f"The bare loop, {rates['kind']}"
            on = "1 thread" if rates["threads"] == 1 else f"{rates['threads']} threads"
            yield f"{what}, {on}: {rate(rates['median'], 'GB/s' if rates['kind'] == 'copy' else 'GOPS')}"
    if here.busy:
        yield f"Not a quiet machine: others kept {num(here.load, 2)} cores busy. Ratios hold better than times."
    if run.quick:
        yield f"A quick run, {duration(run.seconds)} a row: a look, no figures to pass on."


def _cells(outcome: Outcome, tier: str) -> tuple[str, ...]:
    line, ratio = outcome.line, outcome.ratio
    sign = "≤" if line and line.at_most else "≥"
    other = outcome.ratio is not None and outcome.tier != tier
    digits = 5 if line and line.at_most else 3
    return (
        outcome.figure,
        outcome.peer,
        duration(outcome.ours.median) if outcome.ours else "",
        duration(outcome.theirs.median) if outcome.theirs else "",
        num(ratio.median, digits) if ratio else "",
        _quartiles(ratio) if outcome.ours and ratio else "",
        f"{sign} {line.must:g}" if line else "",
        f"{sign} {line.aim:g}" if line else "",
        share(outcome.share) if outcome.share == outcome.share else "",
        ", ".join(filter(None, [VERDICTS[outcome.verdict], f"tier {outcome.tier}" if other else "", outcome.note])),
    )


def _quartiles(ratio: Spread) -> str:
    return f"{num(ratio.lower)} to {num(ratio.upper)}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        f"{cell:>{w}}" if n in _RIGHT else f"{cell:<{w}}" for n, (cell, w) in enumerate(zip(cells, widths, strict=True))
    )
    return "  " + "  ".join(padded).rstrip()


def _summary(run: Run) -> Iterator[str]:
    judged = [outcome for outcome in run.outcomes if outcome.verdict in ("aim", "must", "missed")]
    met, aims = (sum(o.verdict in names for o in judged) for names in (("aim", "must"), ("aim",)))
    asked = sum(outcome.line is not None for outcome in run.outcomes)
    yield (
        f"{count(met)} of {count(len(judged))} lines that are asked here are met, {count(aims)} of them with their aim;"
        f" {count(asked - len(judged))} are not asked here."
    )
    for outcome in run.outcomes:
        if outcome.verdict == "missed" and outcome.ratio and outcome.line:
            yield (
                f"Missed: {outcome.name}, {outcome.figure} against {outcome.peer}:"
                f" {num(outcome.ratio.median)} instead of {outcome.line.must:g}."
            )
        if outcome.verdict == "wrong":
            yield f"Wrong: {outcome.name}: {outcome.note}"
    if not run.complete:
        yield "Broken off: the rows above are those that were done."
