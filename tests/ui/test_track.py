"""One race at a time on a server, and the last one for everybody."""

from __future__ import annotations

import threading

import pytest

from quantlab.bench import live
from quantlab.ui.matmul.views.track import Track


def test_who_comes_meanwhile_is_refused_and_sees_the_last_race() -> None:
    found = live.race(0.02, size=32)
    begun, go = threading.Event(), threading.Event()
    waits = iter([False, True, False])

    def race() -> live.Race:
        if next(waits):
            begun.set()
            go.wait(10)
        return found

    track = Track(race)
    assert track.last is None
    assert track.run()
    first = track.last
    runner = threading.Thread(target=track.run)
    runner.start()
    assert begun.wait(10)
    assert not track.run()
    assert track.last is first
    go.set()
    runner.join(10)
    assert track.last is not None
    assert track.last is not first
    assert track.last.race is found
    assert track.run()


def test_a_race_that_fails_leaves_the_track_free_and_the_last_race_standing() -> None:
    found = live.race(0.02, size=32)
    results = iter([found, None, found])

    def race() -> live.Race:
        result = next(results)
        if result is None:
            raise RuntimeError("fell")
        return result

    track = Track(race)
    assert track.run()
    last = track.last
    with pytest.raises(RuntimeError, match="fell"):
        track.run()
    assert track.last is last
    assert track.run()


def test_the_time_of_a_race_is_words() -> None:
    track = Track(lambda: live.race(0.02, size=32))
    track.run()
    assert track.last is not None
    assert track.last.when.startswith(str(track.last.at.day))
    assert f"{track.last.at:%H:%M}" in track.last.when
