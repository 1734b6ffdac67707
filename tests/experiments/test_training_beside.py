"""The page of PTQ and QAT beside other trainings: what is pinned, what this machine trained, where weights began."""

from quantlab.experiments.training import Settings, run
from quantlab.experiments.training import kept as store
from quantlab.experiments.training.kept import kept
from quantlab.experiments.training.networks import networks
from quantlab.experiments.training.readings import compared_with, curve_columns, readings, row_note
from quantlab.experiments.training.stories import TRIES, taken
from quantlab.experiments.training.weights import grid_sentence
from quantlab.nn import BITS
from quantlab.numerals import points


def test_a_pin_is_compared_with_where_it_is_measured_alike_and_has_runs():
    state = Settings(scratch=True, bits=4)
    there = run(Settings(), kept(Settings()))
    shown = run(state, kept(state), pinned=there)
    assert compared_with(shown) == "pinned"
    _, ptq, qat, lsq = readings(shown, networks(Settings(data="blobs", epochs="20:15")))[:4]
    for reading, method in ((ptq, "ptq"), (qat, "qat"), (lsq, "lsq")):
        assert reading.delta == points(shown.at(method, 4).mean, there.at(method, 4).mean)
    assert (
        curve_columns(shown)["method"].count("pinned QAT") == curve_columns(there)["method"].count("QAT") == len(BITS)
    )
    assert row_note(shown, networks(Settings(data="blobs", epochs="20:15"))).endswith("; dashed: pinned")
    for other in (run(Settings(rate=0.02)), run(Settings(data="regression"), kept(Settings(data="regression")))):
        alone = run(state, kept(state), pinned=other)
        assert alone.ghost is None
        assert compared_with(alone) == "float"
        assert "pinned" in row_note(alone, networks(Settings(data="blobs", epochs="20:15")))


def test_an_accuracy_that_reads_otherwise_than_float_s_is_not_called_the_same():
    state = Settings(data="spirals", bits=4)
    shown = run(state, kept(state))
    lead, *found = readings(shown, networks(Settings(data="blobs", epochs="20:15")))[:4]
    assert 0 < shown.exact.mean - shown.at("lsq", 4).mean < 5e-3
    assert [reading.delta == "same" for reading in found] == [reading.value == lead.value for reading in found]


def test_six_tries_lead_away_from_the_opening():
    assert len({taken(Settings(), state) for state in TRIES.values()} - {Settings()}) == len(TRIES) == 6


def test_tries_keep_a_pin_and_a_pin_holds_no_look():
    pinned = Settings(pin=Settings(scratch=True).state(), compare="pinned", view="runs")
    reached = taken(pinned, TRIES["QAT from scratch"])
    assert (reached.pin, reached.compare, reached.view) == (pinned.pin, "pinned", "runs")
    assert pinned.state() == Settings()


def test_what_this_machine_trained_itself_comes_before_what_the_app_brings_along(tmp_path, monkeypatch):
    state = Settings(data="moons", epochs="20:15", seeds=Settings.seeds)
    monkeypatch.setattr(store, "own_folder", lambda: tmp_path / "own")
    monkeypatch.setitem(store.KEPT, store.OPENING, state)
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    assert kept(state) is None
    assert not store.trained_here(state)
    told = []
    assert store.prepare(lambda done, total: told.append((done, total)))
    assert told[-1] == (len(state.plan().jobs),) * 2
    assert store.trained_here(state)
    assert {each.job for each in kept(state)} == set(state.plan().jobs)
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["digits.csv"]
    assert not store.prepare(lambda done, total: told.append("again"))
    assert "again" not in told


def test_where_weights_gather_between_levels_it_is_said():
    scratch, usual = Settings(scratch=True), Settings()
    assert "gathers weights half-way" in grid_sentence(scratch, networks(scratch))
    assert "does not pull" in grid_sentence(usual, networks(usual))
