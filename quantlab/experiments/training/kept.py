"""Runs that were computed before: the page opens on them, and training again must give the same.

Nothing in them is typed in: `rewrite` trains every state anew and writes what came of it. What comes along with the
app (``python -m quantlab train --keep``) may have been trained on another processor, whose sums round otherwise; the
state that the page opens in is trained once more on this one (``--here``) and kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from quantlab import nn
from quantlab.experiments.training.experiment import EPOCHS, Settings
from quantlab.kernels import cache_folder, describe
from quantlab.nn import DATASETS, Run, sweep
from quantlab.nn.sweep import from_csv, to_csv

OPENING = "digits"
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


def trained_here(settings: Settings) -> bool:
    """Whether the runs that are kept of a state come from this machine."""
    name = next((name for name, state in KEPT.items() if state == replace(settings.state(), seeds=Settings.seeds)), "")
    return bool(name) and (own_folder() / f"{name}.csv").is_file()


def _stored(name: str) -> tuple[Run, ...] | None:
    own = own_folder() / f"{name}.csv"
    path = own if own.is_file() else FOLDER / own.name
    return _read(path) if path.is_file() else None


@cache
def _read(path: Path) -> tuple[Run, ...]:
    return tuple(from_csv(path.read_text(encoding="utf-8")))


@cache
def own_folder() -> Path:
    """Return where this machine's own runs are kept: beside its machine code, by what computes them.

    >>> own_folder().name.startswith("training-")
    True
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(nn.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return cache_folder() / f"training-{describe()['cpu']}-{digest.hexdigest()}"


def prepare(said: Callable[[int, int], None]) -> bool:
    """Train on this machine what the page opens on, unless that was done; return whether it was done now.

    Parameters
    ----------
    said : callable
        Told how many networks of how many are finished.
    """
    settings, path = KEPT[OPENING], own_folder() / f"{OPENING}.csv"
    if path.is_file():
        return False
    runs, total = [], len(settings.plan().jobs)
    for found in sweep(settings.plan()):
        runs.append(found)
        said(len(runs), total)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever reads meanwhile sees all of it or nothing.
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(to_csv(runs), encoding="utf-8")
    half.replace(path)
    return True


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
    _read.cache_clear()
