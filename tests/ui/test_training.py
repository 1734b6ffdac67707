"""Training in the background: who waits for whom, what a stop leaves, what goes with its visitor, and the page."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from training_steps import opened, until

from quantlab.experiments.training import VIEWS, Settings
from quantlab.nn import DATASETS, DivergenceError, Plan
from quantlab.nn.cluster import LostError, Place
from quantlab.ui.training import work as module
from quantlab.ui.training.ahead import Ahead
from quantlab.ui.training.work import Line, Work

SMALL = Plan(data="moons", bits=(4,), seeds=2, epochs=2, again=2)
LONG = Plan(data="moons", bits=(4,), seeds=1, epochs=5_000)


def test_a_training_finishes_every_network_of_its_plan_and_leaves_the_line():
    line = Line(1)
    own = Work(SMALL, line).start()
    until(lambda: own.done)
    assert [run.job for run in own.runs] == SMALL.jobs
    assert own.error == ""
    assert own.seconds_left == pytest.approx(0)
    assert line.ahead(own) == 0


def test_as_many_train_as_there_are_places_and_the_others_say_theirs():
    line = Line(2)
    first, second, third, fourth = (Work(LONG, line).start() for _ in range(4))
    until(lambda: first.began and second.began)
    assert [line.ahead(each) for each in (first, second, third, fourth)] == [0, 0, 1, 2]
    assert third.began is None
    first.stop.set()
    until(lambda: third.began)
    assert line.ahead(fourth) == 1
    for each in (second, third, fourth):
        each.stop.set()
    until(lambda: all(each.done for each in (first, second, third, fourth)))
    assert fourth.began is None


def test_a_stop_ends_training_within_its_epoch_and_what_is_finished_stands():
    plan = Plan(data="moons", bits=(8, 4), seeds=1, epochs=2, again=2_000)
    own = Work(plan, Line(1))
    own.start()
    until(lambda: own.epoch > 2)
    own.stop.set()
    until(lambda: own.done, 5)
    assert own.error == ""
    assert len(own.runs) < own.total


def test_training_ends_with_its_visitor(monkeypatch):
    ahead = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + ahead.seconds))
    kept, left = Work(LONG, Line(2)).start(), Work(LONG, Line(2)).start()
    ahead.seconds = module.HEARTBEAT_S / 2
    kept.beat()
    ahead.seconds = module.HEARTBEAT_S + 1
    until(lambda: left.done)
    assert not kept.done
    kept.stop.set()
    until(lambda: kept.done)


def test_a_rate_that_diverges_is_said_and_leaves_what_came_before():
    own = Work(Plan(data="moons", bits=(4,), seeds=1, epochs=2, again=2, rate=1e30), Line(1)).start()
    until(lambda: own.done)
    assert own.error.startswith("Training diverged in epoch 1 at a rate of 1e+30; choose a lower rate")
    assert own.runs == []


def test_where_the_configured_cluster_does_not_answer_it_says_so_and_trains_here(monkeypatch):
    monkeypatch.setenv("QUANTLAB_DASK", "tcp://127.0.0.1:9")
    own = Work(SMALL, Line(1)).start()
    until(lambda: own.done)
    assert own.error == ""
    assert own.remark.startswith("No Dask scheduler answers at tcp://127.0.0.1:9, as QUANTLAB_DASK says")
    assert [run.job for run in own.runs] == SMALL.jobs


def test_jobs_that_run_elsewhere_count_beside_each_other_and_end_with_their_visitor(monkeypatch):
    @contextmanager
    def elsewhere(said):
        with ThreadPoolExecutor(2) as pool:
            yield Place(pool, 2)

    monkeypatch.setattr(module, "placed", elsewhere)
    monkeypatch.setattr(module, "HEARTBEAT_S", 1.5)
    own = Work(replace(SMALL, seeds=1, again=200), Line(1)).start()
    until(lambda: own.abreast == 2)
    until(lambda: own.done)
    assert own.error == ""
    assert own.given_up or len(own.runs) == own.total
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.0)
    left = Work(SMALL, Line(1)).start()
    until(lambda: left.done)
    assert left.runs == []


def test_a_cluster_that_breaks_off_is_one_sentence(monkeypatch):
    def broken(*args, **more):
        raise LostError("The Dask cluster at tcp://10.0.0.1:8786 broke off.")

    monkeypatch.setattr(module, "sweep", broken)
    own = Work(SMALL, Line(1)).start()
    until(lambda: own.done)
    assert own.error == "The Dask cluster at tcp://10.0.0.1:8786 broke off."


def test_a_fault_of_ours_is_one_sentence_and_frees_the_place(monkeypatch):
    def broken(*args, **more):
        raise RuntimeError("boom")

    monkeypatch.setattr(module, "sweep", broken)
    line = Line(1)
    own = Work(SMALL, line).start()
    until(lambda: own.done)
    assert own.error.startswith("Training stopped at an error of ours")
    assert line.ahead(Work(SMALL, line)) == 0


def test_the_next_steps_of_the_bits_are_trained_once_and_one_state_at_a_time():
    seen, go = [], threading.Event()

    def train(state, recall):
        go.wait(5)
        seen.append((state.bits, state.learned))

    ahead = Ahead(train, delay=0, line=Line(1))
    thread = ahead.prepare(Settings(bits=8), None)
    assert ahead.prepare(Settings(data="moons"), None) is None
    go.set()
    thread.join(5)
    assert seen[:2] == [(7, False), (6, False)]
    assert len(set(seen)) == len(seen) == 13
    assert ahead.prepare(Settings(bits=2, seeds=1), None) is None
    ahead.prepare(Settings(data="moons"), None).join(5)
    assert len(seen) == 26


def test_training_ahead_gives_way_to_a_training_that_somebody_watches():
    line, seen = Line(1), []
    watched = Work(LONG, line).start()
    thread = Ahead(lambda state, recall: seen.append(state), delay=0, line=line).prepare(Settings(), None)
    until(lambda: watched.began)
    time.sleep(0.05)
    assert seen == []
    watched.stop.set()
    thread.join(10)
    assert len(seen) == 13


def test_a_fault_while_training_ahead_is_nobodys_page(caplog):
    def broken(state, recall):
        raise RuntimeError("boom")

    ahead = Ahead(broken, delay=0, line=Line(1))
    ahead.prepare(Settings(), None).join(5)
    assert "could not be trained ahead" in caplog.text
    assert ahead.prepare(Settings(data="moons"), None) is not None


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens(view):
    assert any("nothing is lost" in each.value for each in opened(view=view).markdown)


@pytest.mark.parametrize(("view", "of_one_seed"), [("straight-through", 1), ("what-changed", 2), ("integer-only", 2)])
def test_whatever_shows_one_network_says_of_which_seed_it_is(view, of_one_seed):
    titles = [each.value for each in opened(data="spirals", view=view).markdown if each.value.endswith("*")]
    # Boundaries, losses and weights above the view.
    assert sum("seed 0" in title for title in titles) == 3 + of_one_seed
    assert sum("mean of 5 seeds" in title for title in titles) == 3 + (view == "integer-only")


@pytest.mark.parametrize("data", DATASETS)
def test_points_of_the_plane_have_three_maps_a_curve_three_fits_and_digits_none(data):
    charts = opened(data=data, bits="4").get("plotly_chart")
    assert len(charts) == (3 if data == "digits" else 6)


def test_where_rows_have_values_nobody_speaks_of_accuracy():
    app = opened(data="regression", view="integer-only")
    words = " ".join(each.value for kind in (app.markdown, app.caption) for each in kind)
    assert "Fitted curves" in words
    assert "accurac" not in words.lower()
    assert "answers right" not in words
    assert [table.value.columns[-1] for table in app.table][-1] == "R²"


def test_tanh_is_a_control_and_takes_the_rescaled_channels_away():
    app = opened(data="moons", hidden="tanh", epochs="20:15", seeds="1")
    assert any("This curve has not been trained yet" in each.value for each in app.markdown)
    assert len(app.get("plotly_chart")) == 6


def test_training_here_starts_stops_and_shows_what_there_is():
    app = opened(data="moons", epochs="100:80")
    assert any("This curve has not been trained yet" in each.value for each in app.markdown)
    app.button(key="train").click().run()
    assert not app.exception
    assert app.button(key="train").label == "Stop"
    own = app.session_state["quantlab-training"]
    until(lambda: len(own.runs) > 2)
    app.button(key="train").click().run()
    until(lambda: own.done)
    app.run()
    assert app.button(key="train").label == "Train it here"
    assert any("Stopped after" in each.value for each in app.caption)
    assert not app.exception


def test_other_settings_meanwhile_show_theirs_and_leave_training_alone():
    app = opened(data="moons", epochs="100:80")
    app.button(key="train").click().run()
    own = app.session_state["quantlab-training"]
    app.selectbox(key="control-data").set_value("digits").run()
    assert any("seeds 0 to" in each.value for each in app.caption) or not own.done
    assert not own.stop.is_set()
    assert not app.exception
    own.stop.set()


def test_two_visitors_train_beside_each_other():
    works = [Work(SMALL, Line(2)).start() for _ in range(2)]
    until(lambda: all(each.done for each in works))
    assert [run.quality for run in works[0].runs] == [run.quality for run in works[1].runs]


def test_what_went_wrong_stands_in_the_notice(monkeypatch):
    def broken(*args, **more):
        raise DivergenceError("Training diverged in epoch 1 at a rate of 1; choose a lower rate.")

    monkeypatch.setattr(module, "sweep", broken)
    app = opened(data="moons")
    app.button(key="train").click().run()
    until(lambda: app.session_state["quantlab-training"].done)
    app.run()
    said = "Training diverged in epoch 1 at a rate of 1; choose a lower rate"
    assert any(said in each.value.replace("\\", "") for each in app.markdown)
    assert any("nothing is lost" in each.value for each in app.markdown)


def test_the_page_says_where_it_did_not_train(monkeypatch):
    monkeypatch.setenv("QUANTLAB_DASK", "tcp://127.0.0.1:9")
    app = opened(data="moons", seeds="1", epochs="20:15")
    app.button(key="train").click().run()
    until(lambda: app.session_state["quantlab-training"].done)
    app.run()
    assert any("so training runs on threads here" in each.value.replace("\\", "") for each in app.caption)
    assert any("Trained here, 22 networks" in each.value for each in app.caption)


def test_what_has_not_been_trained_says_how_long_it_would_take():
    app = opened(data="moons", epochs="100:80", seeds="2")
    assert any("44 networks are to be trained: about" in each.value for each in app.caption)
