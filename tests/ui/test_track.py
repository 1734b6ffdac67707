"""One race at a time on a server, the last one for everybody, and a page that goes on meanwhile."""

from __future__ import annotations

import threading

import pytest
from training_steps import opened, until

from quantlab.bench import live
from quantlab.ui.matmul.views import track as tracks
from quantlab.ui.matmul.views.track import Track


def run(track: Track) -> None:
    track.start()
    until(lambda: not track.busy)


def test_who_comes_meanwhile_joins_that_race_and_sees_the_last_one() -> None:
    found = live.race(0.02, size=32)
    go = threading.Event()
    begun: list[bool] = []

    def race() -> live.Race:
        begun.append(len(begun) == 0 or go.wait(10))
        return found

    track = Track(race)
    assert (track.last, track.busy) == (None, False)
    run(track)
    first = track.last
    assert first is not None
    track.start()
    track.start()
    assert track.busy
    assert track.last is first
    go.set()
    until(lambda: not track.busy)
    assert track.last is not first
    assert begun == [True, True]


def test_a_race_that_fails_leaves_the_track_free_and_the_last_race_standing(caplog: pytest.LogCaptureFixture) -> None:
    found = live.race(0.02, size=32)
    results = iter([found, None, found])

    def race() -> live.Race:
        result = next(results)
        if result is None:
            raise RuntimeError("fell")
        return result

    track = Track(race)
    run(track)
    last = track.last
    run(track)
    assert track.last is last
    assert (track.failed, track.busy) == (True, False)
    assert "fell" in caplog.text
    run(track)
    assert track.last is not last
    assert not track.failed


def test_while_a_race_is_under_way_the_page_answers_and_at_its_end_it_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found, go = live.race(0.02, size=32), threading.Event()
    track = Track(lambda: (go.wait(10), found)[1])
    monkeypatch.setattr(tracks, "TRACK", track)
    app = opened("matmul", view="this-machine")
    before = len(app.get("plotly_chart"))
    app.button(key="race-start").click().run()
    assert track.busy
    assert app.button(key="race-start").disabled
    assert any("Racing, about" in each.value for each in app.caption)
    app.selectbox(key="control-data").set_value("normal").run()
    assert track.busy
    assert len(app.get("plotly_chart")) == before
    go.set()
    until(lambda: not track.busy)
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == before + 2
    assert not app.button(key="race-start").disabled
    assert not any("Racing, about" in each.value for each in app.caption)


def test_the_time_of_a_race_is_words() -> None:
    track = Track(lambda: live.race(0.02, size=32))
    run(track)
    assert track.last is not None
    assert track.last.when.startswith(str(track.last.at.day))
    assert f"{track.last.at:%H:%M}" in track.last.when
