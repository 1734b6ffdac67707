"""Which runs the page shows: the visitor's own training, what anybody finished here, or what is kept with the app."""

from __future__ import annotations

import threading

import streamlit as st

from quantlab.experiments.page import pin_in_use
from quantlab.experiments.training import Result, Settings, run
from quantlab.experiments.training.kept import differing, kept, seconds_expected, trained_here
from quantlab.experiments.training.readings import job_name, seconds_of
from quantlab.nn import Plan, Run
from quantlab.numerals import count, num
from quantlab.ui import anatomy
from quantlab.ui.training.table import owned
from quantlab.ui.training.work import Work

_STATE = "quantlab-training"
_MOST_FINISHED = 24  # plans of some 3 MB each
_finished: dict[Plan, tuple[Run, ...]] = {}
_lock = threading.Lock()


def work() -> Work | None:
    """Return the visitor's training, under way or done."""
    found: Work | None = st.session_state.get(_STATE)
    return found


def begin(settings: Settings) -> None:
    """Train what the settings say, instead of whatever is under way for this visitor."""
    halt()
    st.session_state[_STATE] = Work(settings.plan()).start()


def halt() -> None:
    """End the visitor's training with the epoch that it is in."""
    under_way = work()
    if under_way is not None:
        under_way.stop.set()


def beat() -> None:
    """Say to the visitor's training that they are still there."""
    under_way = work()
    if under_way is not None:
        under_way.beat()


def live(settings: Settings) -> Work | None:
    """Return the visitor's training, if it is under way and is one of these settings."""
    own = work()
    return own if own is not None and not own.done and own.plan == settings.plan() else None


def result(settings: Settings) -> Result:
    """Return what is known of a state, and of the pinned one where they are compared."""
    pin: Settings | None = pin_in_use(settings)
    if pin is not None:
        pin = owned(pin)
    runs, stored = _runs(settings)
    return run(settings, runs, kept=stored, pinned=None if pin is None else run(pin, _runs(pin)[0]))


def _runs(settings: Settings) -> tuple[tuple[Run, ...], bool]:
    """Return the runs that there are, and whether they are those kept with the app."""
    own, plan = work(), settings.plan()
    if own is not None and own.plan == plan and own.runs:
        _remember(own)
        return tuple(own.runs), False
    if plan in _finished:
        return _finished[plan], False
    stored = kept(settings)
    return stored or (), stored is not None


def _remember(own: Work) -> None:
    # A visitor's table is theirs alone, and so is what was trained on it: their session holds the work.
    if own.done and len(own.runs) == own.total and isinstance(own.plan.data, str):
        with _lock:
            _finished[own.plan] = tuple(own.runs)
            while len(_finished) > _MOST_FINISHED:
                del _finished[next(iter(_finished))]


def trouble(settings: Settings) -> str:
    """Say what went wrong in the visitor's training of these settings; empty where nothing did."""
    own = work()
    if own is None or own.plan != settings.plan() or not own.error:
        return ""
    return f"{own.error} {count(len(own.runs))} of {count(own.total)} networks were finished before."


def status(settings: Settings, shown: Result) -> str:
    """Say where these runs come from, or how far their training is; Markdown without text of a visitor."""
    own = work()
    if own is not None and own.plan == settings.plan() and (own.runs or not own.done):
        return " ".join(filter(None, [_of_work(settings, own), anatomy.plain(own.remark)]))
    if shown.kept:
        before = trained_here(settings)
        where = "Trained on this machine at set-up" if before else "Kept from an earlier training by the same code"
        return (
            f"{where}, seeds 0 to {settings.seeds - 1}: "
            f"{count(len(shown.runs))} networks in {num(seconds_of(shown), 2, 's')}. "
            "**Train it here** computes it anew."
        )
    if shown.runs:
        return f"Trained on this server: {count(len(shown.runs))} networks in {num(seconds_of(shown), 2, 's')}."
    told = f"{count(len(settings.plan().jobs))} networks are to be trained"
    guess = seconds_expected(settings)
    return f"{told}." if guess is None else f"{told}: about {num(guess, 2, 's')}, as the kept ones of this data took."


def _of_work(settings: Settings, own: Work) -> str:
    ahead, finished = own.line.ahead(own), len(own.runs)
    if ahead and not own.done:
        return f"As many are training as this machine has cores; **{ahead}** to finish before yours begins."
    if not own.done:
        left = own.seconds_left
        rest = "" if left is None else f", about **{num(left, 2, 's')}** left"
        now = "" if own.job is None else f": {job_name(own.job)}, epoch {own.epoch}, loss {num(own.loss, 2)}"
        return f"Training, {count(finished)} of {count(own.total)} networks{rest}{now}."
    if finished < own.total:
        return f"Stopped after {count(finished)} of {count(own.total)} networks; what is there is shown."
    took = f"Trained here, {count(finished)} networks in {num(sum(each.seconds for each in own.runs), 2, 's')}"
    stored = kept(settings)
    if stored is None:
        return f"{took}."
    other = differing(own.runs, stored)
    if not other:
        return f"{took}: **every {settings.words.name} equals the kept one**."
    return f"{took}: {other} of them differ from the kept ones, as another processor sums in another order."
