"""The times of the modes: measured once however many look, shown while they come, and a failure is nobody's page."""

import threading
from dataclasses import replace

import pytest

from quantlab.bench.timing import Spread
from quantlab.experiments.modes import Settings, bounds, run
from quantlab.experiments.modes.experiment import BATCHES
from quantlab.experiments.modes.modes import MODES
from quantlab.experiments.modes.speed import Roofs, Timing
from quantlab.numerals import size_text
from quantlab.ui.components.dataflow import message
from quantlab.ui.modes import hero
from quantlab.ui.modes.clock import Clock

ROOFS = Roofs(10.0, 40.0, 2.0)


def timing(mode, batch, seconds=None):
    return Timing("digits", mode, batch, Spread(seconds or batch * 1e-3, 0.0, 0.0, 3), 100, 50)


def finished(clock):
    clock.start()
    clock._thread.join(5)
    return clock


def test_times_are_measured_once_however_often_they_are_asked_for():
    begun = []
    clock = Clock(lambda: iter([timing("static", 1)]), lambda: begun.append(1) or ROOFS)
    threads = [threading.Thread(target=clock.start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finished(clock)
    assert begun == [1]
    assert clock.seconds("digits", "static", 1) == 1e-3
    assert clock.seconds("digits", "static", 2) is None
    assert clock.seconds("layer", "static", 1) is None


def test_what_is_known_is_shown_before_the_rest_is_there():
    go_on = threading.Event()

    def measure():
        yield timing("static", 1)
        go_on.wait(5)
        yield from (timing(mode, batch) for mode in MODES for batch in BATCHES if (mode, batch) != ("static", 1))

    clock = Clock(measure, lambda: ROOFS)
    clock.start()
    while clock.seconds("digits", "static", 1) is None:
        pass
    assert not clock.complete("digits")
    assert clock.ceilings == ROOFS
    go_on.set()
    finished(clock)
    assert clock.complete("digits")


def test_a_busy_start_does_not_leave_the_times_long():
    rounds = [timing("static", batch, seconds) for batch, seconds in ((1, 5.0), (2, 1.0), (1, 2.0), (2, 3.0))]
    clock = finished(Clock(lambda: iter(rounds), lambda: ROOFS))
    assert [clock.seconds("digits", "static", batch) for batch in (1, 2)] == [2.0, 1.0]
    assert len(clock.times("digits")) == 2


def test_a_busy_start_does_not_leave_the_roofs_low():
    found = iter([Roofs(1.0, 2.0, 3.0), *[Roofs(4.0, 1.0, 9.0)] * 9])
    clock = finished(Clock(lambda: iter([timing("static", batch) for batch in BATCHES * 2]), lambda: next(found)))
    assert clock.ceilings == Roofs(4.0, 2.0, 9.0)


def test_a_measurement_that_fails_ends_and_says_so_in_the_log(caplog):
    def measure():
        yield timing("static", 1)
        raise RuntimeError("no clock")

    clock = finished(Clock(measure, lambda: ROOFS))
    assert clock.complete("digits")
    assert clock.failed
    assert bounds.time_remark(run(Settings()), clock.times("digits"), failed=True) == "could not be measured here"
    assert "could not be measured" in caplog.text


@pytest.mark.parametrize("settings", [Settings(), Settings(data="layer"), replace(Settings(), layer=1, bits=2)])
def test_the_drawing_and_its_table_hold_the_same_wires(settings):
    result = run(settings)
    drawn = hero.lines(result)
    sent = message(drawn, hero.head(result))["lines"]
    table = hero.columns(drawn, hero.head(result))
    assert [line["mode"] for line in sent] == ["Weight-only", "Dynamic", "Static"]
    kinds = [wire["kind"] for line in sent for wire in (line["weight"], *line["wires"])]
    assert table["type"] == ["float32", *kinds]
    assert {len(column) for column in table.values()} == {1 + len(kinds)}
    assert table["Moves"][-1] == size_text(result.outcomes["static"].bytes_moved)
    for line in sent:
        assert len(line["wires"]) == len(line["stations"]) + 1
        assert [label for label, _ in line["figures"]][1:] == ["Moves", "Int MACs", "Float MACs", "Time"]
