"""What binds a mode on this machine: its measured places under the ceilings, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantlab.experiments.modes.experiment import BATCHES, Result
from quantlab.experiments.modes.modes import FLOAT, MODES, STATIC, costs
from quantlab.experiments.modes.readings import duration
from quantlab.experiments.modes.speed import Roofs, Timing
from quantlab.experiments.spelling import YOURS
from quantlab.numerals import num, share

Place = tuple[float, float, str]
_CALLS_BIND = 0.1  # of the roof: below it neither memory nor arithmetic is what takes the time


def places(times: Sequence[Timing]) -> dict[str, list[Place]]:
    """Return for each mode operations a byte, operations a second and their words, in the order of the batches."""
    return {mode: [_place(timing) for timing in times if timing.mode == mode] for mode in MODES}


def now(result: Result, times: Sequence[Timing]) -> list[Place]:
    """Return the places of this state's batch."""
    return [_place(timing) for timing in times if timing.batch == result.settings.batch]


def _place(timing: Timing) -> Place:
    words = f"{timing.mode}, {timing.batch} row{'' if timing.batch == 1 else 's'}: {_speed(timing.speed)}"
    return timing.intensity, timing.speed, words


def _speed(speed: float) -> str:
    return num(speed / 1e9, 3, "billion operations a second")


def curves(times: Sequence[Timing]) -> dict[str, list[float | None]]:
    """Return milliseconds of each mode for every batch size; None where nothing is measured yet.

    >>> curves([])["static"][0] is None
    True
    """
    found = {(timing.mode, timing.batch): timing.seconds.median * 1e3 for timing in times}
    return {mode: [found.get((mode, batch)) for batch in BATCHES] for mode in MODES}


def columns(times: Sequence[Timing]) -> dict[str, list[Any]]:
    """Return the times as a table, with their quartiles."""
    return {
        "mode": [timing.mode for timing in times],
        "rows": [timing.batch for timing in times],
        "ms": [timing.seconds.median * 1e3 for timing in times],
        "lower quartile": [timing.seconds.lower * 1e3 for timing in times],
        "upper quartile": [timing.seconds.upper * 1e3 for timing in times],
        "operations a byte": [timing.intensity for timing in times],
        "operations a second": [timing.speed for timing in times],
    }


def time_remark(result: Result, times: Sequence[Timing], *, failed: bool = False) -> str:
    """Return what stands beside the chart of times: what binds, from what was measured, or that it could not be.

    >>> from quantlab.experiments.modes import Settings, run
    >>> time_remark(run(Settings()), [])
    'one thread, at 8 bits; being measured'
    """
    if result.settings.data == YOURS:
        return "measured for the built-in networks only"
    if len(times) < len(BATCHES) * len(MODES):
        return "could not be measured here" if failed else "one thread, at 8 bits; being measured"
    if result.settings.data == "layer":
        by = {(timing.mode, timing.batch): timing.seconds.median for timing in times}
        few, many = (by[FLOAT, batch] / by[STATIC, batch] for batch in (1, BATCHES[-1]))
        times_as_fast = f"{num(few, 2)} times as fast at 1 row, {num(many, 2)} at 256"
        return f"one thread, at 8 bits; beside float32 static is {times_as_fast}"
    return "one thread, at 8 bits; on so small a network calls bind, not arithmetic"


def crossing(result: Result, roofs: Roofs) -> float | None:
    """Return the batch from which on arithmetic binds static on this machine, and memory no longer does.

    None where the same binds at every batch size. Between two batch sizes it is read off a straight line on
    logarithmic axes.

    >>> from quantlab.experiments.modes import Settings, run
    >>> round(crossing(run(Settings(data="layer")), Roofs(8e10, 16e10, 2e10)), 1)
    4.0
    """
    grids, ridge = result.settings.grids(), roofs.int8 / roofs.bandwidth
    found = []
    for batch in BATCHES:
        spent = costs(STATIC, result.subject, grids, batch)
        moved = sum(cost.bytes_moved for cost in spent)
        found.append(2 * sum(cost.integer_multiply_adds for cost in spent) / moved)
    if not found[0] < ridge < found[-1]:
        return None
    return float(np.exp(np.interp(np.log(ridge), np.log(found), np.log(BATCHES))))


def sentence(result: Result, roofs: Roofs, times: Sequence[Timing], *, failed: bool = False) -> str:
    """Say for this state's batch what binds static, and how near it comes to its roof."""
    own = {timing.mode: timing for timing in times if timing.batch == result.settings.batch}
    ridge = roofs.int8 / roofs.bandwidth
    lead = (
        f"Below **{num(ridge, 2)} operations a byte** this machine's memory binds an integer product, above it "
        "arithmetic does."
    )
    if STATIC not in own:
        missing = "This batch could not be measured" if failed else "This batch is still being measured"
        return f"{lead} {'Your own weight is not timed' if result.settings.data == YOURS else missing}."
    timing = own[STATIC]
    reached = timing.speed / roofs.at(timing.intensity, STATIC)
    what = (
        f"Static at {_rows(timing.batch)} does {num(timing.intensity, 2)} and takes {duration(timing.seconds.median)}"
    )
    if reached < _CALLS_BIND:
        return f"{lead} {what}, {share(reached)} of its roof: **calls bind**, neither memory nor arithmetic."
    binds = "memory" if timing.intensity < ridge else "arithmetic"
    # Two measurements at two moments: a roof may have been taken in a busier one.
    near = f"{share(reached)} of its roof" if reached < 1 else "at its roof"
    return f"{lead} {what}, {near}: **{binds} binds**."


def _rows(batch: int) -> str:
    return "1 row" if batch == 1 else f"{batch} rows"
