"""A run of the benchmark: every row set up, checked, timed beside its peer, and judged."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from quantlab import kernels
from quantlab.kernels import tiers
from quantlab.numerals import share

from . import elementwise, peers, products, reports, training, weights
from .ceilings import Ceilings
from .machine import Machine, machine
from .rows import Duel, Line, Row, WrongResultError
from .timing import Spread, alternate, keep_freed_memory, ratios

ROWS: dict[str, Row] = {
    row.name: row for room in (products, weights, elementwise, reports, training) for row in room.rows()
}
SECONDS, QUICK_SECONDS = 2.0, 0.05
_COPIED = ("name", "family", "figure", "peer", "label", "operations", "bytes", "line", "drawn")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a row gave.

    Attributes
    ----------
    name, family, figure, peer : str
    tier : str
        On which it was measured.
    threads : int
    ours, theirs : Spread or None
        Seconds a call.
    ratio : Spread or None
        Their time by ours, round by round; None where the row was not measured.
    share : float
        Of its ceiling that ours reached; NaN where there is none.
    operations, bytes : int
        Of one call.
    line : Line or None
    verdict : str
        "aim", "must" or "missed" where the line is asked; "wrong" if our own result is; otherwise empty.
    note : str
        Why a row was not measured, its line not asked, or its peer not to be trusted.
    wrong : float
        Share of the peer's results that are wrong: who is wrong can be as fast as it likes.
    label : str
        The figure in a few letters.
    drawn : bool
        Whether the README's chart has it.
    """

    name: str
    family: str
    figure: str
    peer: str
    tier: str
    threads: int
    operations: int
    bytes: int
    line: Line | None
    ours: Spread | None = None
    theirs: Spread | None = None
    ratio: Spread | None = None
    share: float = math.nan
    verdict: str = ""
    note: str = ""
    wrong: float = 0.0
    label: str = ""
    drawn: bool = False

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Outcome:
        """Return what `as_dict` wrote."""
        spreads = {name: found[name] and Spread(**found[name]) for name in ("ours", "theirs", "ratio")}
        line = found["line"]
        if line:
            line = Line(**line | {name: tuple(line[name]) for name in ("tiers", "unless")})
        reached = math.nan if found["share"] is None else found["share"]
        return cls(**found | spreads | {"line": line, "share": reached})

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON has it: NaN is null."""
        return asdict(self) | {"share": None if math.isnan(self.share) else self.share}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run: where, how long a row had, what the ceilings are and what each row gave.

    Attributes
    ----------
    machine : Machine
    seconds : float
        That a row had.
    complete : bool
        Whether every row that was asked for was reached.
    outcomes : tuple of Outcome
    ceilings : Ceilings
    """

    machine: Machine
    seconds: float
    complete: bool
    outcomes: tuple[Outcome, ...]
    ceilings: Ceilings

    @property
    def quick(self) -> bool:
        """Whether a row had less time than its figure is worth."""
        return self.seconds < SECONDS

    def as_dict(self) -> dict[str, Any]:
        """Return the run as JSON has it; times in seconds, rates in operations and bytes a second."""
        about = asdict(self.machine)
        about["features"] = sorted(self.machine.features)
        about["load"] = None if math.isnan(self.machine.load) else self.machine.load
        return {
            "machine": about,
            "seconds_a_row": self.seconds,
            "complete": self.complete,
            "ceilings": self.ceilings.as_list(),
            "rows": [outcome.as_dict() for outcome in self.outcomes],
        }


Progress = Callable[[Row | None, int, int, float], None]


def choose(only: Sequence[str]) -> list[Row]:
    """Return the rows whose name, family, figure or peer holds one of the words; all without any.

    Raises
    ------
    ValueError
        If a word is in none of them.

    Examples
    --------
    >>> [row.name for row in choose(["matmul-2048-threads"])]
    ['matmul-2048-threads']
    """
    found = []
    for word in only:
        its = [row for row in ROWS.values() if word.lower() in _words(row)]
        if not its:
            families = ", ".join(dict.fromkeys(row.name.split("-")[0] for row in ROWS.values()))
            raise ValueError(f"--only {word!r} names no row of the benchmark; try one of {families}.")
        found += its
    return list(dict.fromkeys(found)) if only else list(ROWS.values())


def _words(row: Row) -> str:
    return " ".join((row.name, row.family, row.figure, row.peer)).lower()


def run(rows: Iterable[Row], seconds: float = SECONDS, progress: Progress = lambda row, done, total, left: None) -> Run:
    """Measure rows one after the other; Ctrl-C ends it with those that are done.

    Parameters
    ----------
    rows : iterable of Row
    seconds : float
        That a row's two sides have together, warm-up aside.
    progress : callable
        Told the row that comes next (None at the end), how many are done, how many there are, and the seconds that the
        rest will take if it goes on like this.
    """
    peers.hold_instructions(tiers.chosen())
    keep_freed_memory()
    here, ceilings = machine(), Ceilings(seconds / 4)
    todo, outcomes, complete = list(rows), list[Outcome](), True
    start = time.monotonic()
    try:
        for done, row in enumerate(todo):
            a_row = (time.monotonic() - start) / done if done else 2 * seconds
            progress(row, done, len(todo), a_row * (len(todo) - done))
            outcomes.append(measure(row, seconds, here, ceilings))
        ceilings.peak("int8"), ceilings.copied()
    except KeyboardInterrupt:
        complete = False
    progress(None, len(outcomes), len(todo), 0.0)
    return Run(machine=here, seconds=seconds, complete=complete, outcomes=tuple(outcomes), ceilings=ceilings)


def measure(row: Row, seconds: float, here: Machine, ceilings: Ceilings) -> Outcome:
    """Measure one row, in a process of its own where it needs another environment."""
    threads = row.threads or here.cores
    blank = Outcome(
        **{name: getattr(row, name) for name in _COPIED},
        tier=here.tier,
        threads=threads,
    )
    lacking = _lacking(row, here)
    if lacking:
        return replace(blank, note=lacking)
    if any(os.environ.get(name) != value for name, value in row.environment):
        return _elsewhere(row, seconds, blank)
    try:
        if row.measure:
            value = row.measure()
            return judged(replace(blank, ratio=Spread(value, value, value, 1)), here)
        assert row.make is not None
        with peers.held_to(threads):
            duel = row.make()
            with peers.held_to(threads):  # once more, for a PyTorch that was not there before
                return _raced(row, duel, seconds, blank, here, ceilings)
    except ImportError as missing:
        return replace(blank, note=f"{missing.name} is not installed")
    except WrongResultError as wrong:
        return replace(blank, verdict="wrong", note=str(wrong))


def _lacking(row: Row, here: Machine) -> str:
    """Return what this machine lacks for a row; nothing if it has all."""
    if row.here_only and row.line and here.tier not in row.line.tiers:
        return f"needs the tier {row.line.tiers[0]}"
    wanted = dict(row.environment).get(tiers.VARIABLE)
    if wanted and tiers.TIERS[wanted] not in tiers.available(here.features):
        return f"needs {' and '.join(tiers.TIERS[wanted].needs)}"
    if here.cores < 2 and row.threads != 1:
        return "one core here"
    return ""


def _raced(row: Row, duel: Duel, seconds: float, blank: Outcome, here: Machine, ceilings: Ceilings) -> Outcome:
    duel.check()
    wrong = duel.wrong()
    ours, theirs = alternate([duel.ours, duel.theirs], seconds)
    its = Spread.of(ours)
    reached = ceilings.share(
        its.median, operations=row.operations, size=row.bytes, roof=row.roof, threads=blank.threads
    )
    ratio = Spread.of(ratios(theirs, ours))
    return judged(replace(blank, ours=its, theirs=Spread.of(theirs), ratio=ratio, share=reached, wrong=wrong), here)


def judged(outcome: Outcome, here: Machine) -> Outcome:
    """Return an outcome with its verdict, or with the reason why its line is not asked on this machine."""
    line, ratio = outcome.line, outcome.ratio
    if outcome.wrong:
        return replace(outcome, note=f"peer wrong: {share(outcome.wrong)} of its results")
    if line is None or ratio is None:
        return outcome
    if line.tiers and outcome.tier not in line.tiers:
        return replace(outcome, note="not this tier")
    if here.features & set(line.unless):
        return replace(outcome, note="the peer has matrix units here")
    return replace(outcome, verdict=line.met(ratio.median))


def _elsewhere(row: Row, seconds: float, blank: Outcome) -> Outcome:
    """Measure a row in a process with its environment, by the same command."""
    root = str(Path(kernels.__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "quantlab", "bench", "--only", row.name, "--seconds", str(seconds), "--json", "-"]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": path} | dict(row.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or not done.stdout:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        return replace(blank, note=f"its process failed: {reason[0]}")
    (found,) = (each for each in json.loads(done.stdout)["rows"] if each["name"] == row.name)
    return Outcome.from_dict(found)
