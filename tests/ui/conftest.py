"""What every test of a page runs under: nothing that a page begins in the background goes on into the next test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from quantlab.experiments.modes.speed import Roofs
from quantlab.ui.modes import clock
from quantlab.ui.training import ahead
from quantlab.ui.training.work import Work


@pytest.fixture(autouse=True)
def nothing_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End what a test began: left alone it would take time and memory from whatever is measured next."""
    before, begun, start = set(threading.enumerate()), [], Work.start

    def noted(work: Work) -> Work:
        begun.append(work)
        return start(work)

    monkeypatch.setattr(Work, "start", noted)
    # What pages begin for the visit after this one, and tell nobody about.
    monkeypatch.setattr(ahead, "AHEAD", ahead.Ahead(lambda state, recall: None, delay=0))
    monkeypatch.setattr(clock, "CLOCK", clock.Clock(lambda: iter(()), lambda: Roofs(10.0, 40.0, 2.0)))
    yield
    for work in begun:
        work.stop.set()
    # The kernels' threads are everybody's: they wait for work, and do none by themselves.
    left = [
        each for each in threading.enumerate() if each not in before and not each.name.startswith("quantlab-kernels")
    ]
    for thread in left:
        thread.join(10)
    assert [thread.name for thread in left if thread.is_alive()] == []
