"""Runs that were computed before: the page opens on them, and training again must give the same.

Nothing in them is typed in: `rewrite` trains every state anew and writes what came of it, ``python -m quantlab train
--keep`` from the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from quantlab.experiments.training.experiment import EPOCHS, Settings
from quantlab.nn import DATASETS, Run, sweep
from quantlab.nn.sweep import from_csv, to_csv

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "training"

KEPT: dict[str, Settings] = {
    **{name: Settings(data=name) for name in DATASETS},
    "digits-one-more-level": Settings(weight_scale="half_range"),
    "digits-from-scratch": Settings(scratch=True),
    "digits-rescaled": Settings(far_apart=True),
    "digits-rescaled-by-channel": Settings(far_apart=True, per="channel"),
    "digits-ends-at-8": Settings(ends_at_8=True),
}
"""The states whose runs are stored, by the name of their file."""


def kept(settings: Settings) -> tuple[Run, ...] | None:
    """Return the stored runs of a state, those of its seeds; None where none are stored.

    >>> len(kept(Settings(seeds=2))), kept(Settings(rate=0.02)) is None
    (44, True)
    """
    blank = replace(settings.state(), seeds=Settings.seeds)
    name = next((name for name, state in KEPT.items() if state == blank), None)
    if name is None or settings.seeds > blank.seeds:
        return None
    found = _stored(name)
    # Runs of another plan would be a curve of something else: then it is as if none were kept.
    if found is None or {run.job for run in found} != set(blank.plan().jobs):
        return None
    return tuple(run for run in found if run.job.seed < settings.seeds)


@cache
def _stored(name: str) -> tuple[Run, ...] | None:
    path = FOLDER / f"{name}.csv"
    return tuple(from_csv(path.read_text(encoding="utf-8"))) if path.is_file() else None


def differing(runs: Sequence[Run], stored: Sequence[Run]) -> int:
    """Return how many runs have another quality than the stored ones; what is in one of them only does not count.

    Parameters
    ----------
    runs, stored : sequences of Run

    Examples
    --------
    >>> differing(kept(Settings()), kept(Settings()))
    0
    """
    known = {run.job: run.quality for run in stored}
    return sum(run.job in known and run.quality != known[run.job] for run in runs)


def seconds_expected(settings: Settings) -> float | None:
    """Return how long a state's training should take, from that of the kept networks of its data set.

    >>> once, twice = (seconds_expected(Settings(seeds=seeds, rate=0.02)) for seeds in (4, 8))
    >>> round(twice / once, 6)
    2.0
    """
    usual = Settings(data=settings.data)
    stored = kept(usual)
    if not stored:
        return None
    longer = sum(EPOCHS[settings.epochs]) / sum(EPOCHS[usual.epochs])
    return longer * len(settings.plan().jobs) * sum(run.seconds for run in stored) / len(stored)


def rewrite(said: Callable[[str], None] = print, folder: Path = FOLDER, states: Mapping[str, Settings] = KEPT) -> None:
    """Train every kept state anew and write its runs.

    Parameters
    ----------
    said : callable
        Told a line about each.
    folder : Path
    states : mapping of name to Settings
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, settings in states.items():
        runs = list(sweep(settings.plan()))
        (folder / f"{name}.csv").write_text(to_csv(runs), encoding="utf-8")
        said(f"{name}: {len(runs)} networks in {sum(run.seconds for run in runs):.0f} s")
    _stored.cache_clear()
