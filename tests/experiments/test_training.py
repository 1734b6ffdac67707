"""The page of PTQ and QAT: what is kept is what the code computes, sentences tell it, and views hold what they say."""

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from quantlab.arrays import read_labelled
from quantlab.experiments import codec
from quantlab.experiments.training import Settings, fits, integers, run
from quantlab.experiments.training.boundary import boundaries, points_of
from quantlab.experiments.training.flows import FLOWS, running
from quantlab.experiments.training.integers import check_columns, checks, storage_columns
from quantlab.experiments.training.kept import KEPT, differing, kept, rewrite
from quantlab.experiments.training.networks import networks, off_grid
from quantlab.experiments.training.readings import beside_mean, readings, row_note, run_columns
from quantlab.experiments.training.slope import sentence as staircase
from quantlab.experiments.training.slope import slope
from quantlab.experiments.training.stories import TRIES, sentence, taken
from quantlab.experiments.training.table import entry_of
from quantlab.experiments.training.weights import change_sentence, changes, weights
from quantlab.nn import BITS, DATASETS, Job, accuracy, load, r_squared, sweep
from quantlab.nn.sweep import Floats, from_csv
from quantlab.nn.sweep import run as do

SHORT = Settings(data="moons", epochs="20:15", seeds=1)
TINY = Settings(data="moons", bits=4)


@pytest.fixture(scope="module")
def found():
    return networks(TINY)


def words(text):
    return len(re.sub(r":[a-z]+\[|\]|\*\*", "", text).replace("\xa0", " ").split())


def shown(settings):
    return run(settings, kept(settings) or (), kept=True)


@pytest.mark.parametrize("name", KEPT)
def test_every_kept_state_is_complete_and_its_float_network_well_above_guessing(name):
    result = shown(KEPT[name])
    assert result.complete
    assert result.exact.mean > 0.9
    assert {run.job for run in result.runs} == set(KEPT[name].plan().jobs)


@pytest.mark.parametrize("name", ["digits", "moons"])
def test_what_is_kept_is_what_the_code_computes(name):
    # One seed of one width, for time; on another processor sums may round otherwise, so a test row or two may move.
    plan, stored = KEPT[name].plan(), {run.job: run.quality for run in kept(KEPT[name])}
    floats = do(plan, Job("float", None, 1))
    again = [floats, *(do(plan, Job(method, 3, 1), floats.floats) for method in ("ptq", "qat", "lsq"))]
    for each in again:
        assert each.quality == pytest.approx(stored[each.job], abs=0.02)


def test_the_default_curve_has_the_shape_that_theory_and_papers_expect():
    result = shown(Settings())
    mean = {(method, bits): result.at(method, bits).mean for method in ("ptq", "qat", "lsq") for bits in BITS}
    exact = result.exact.mean
    assert all(abs(mean[method, 8] - exact) < 0.01 for method in ("ptq", "qat", "lsq"))
    assert 0.005 < exact - mean["ptq", 4] < 0.05
    assert mean["qat", 4] > exact - 0.01
    assert mean["ptq", 3] < exact - 0.05
    assert mean["qat", 3] > exact - 0.03
    assert mean["ptq", 2] < 0.4 < mean["qat", 2] < mean["lsq", 2]
    assert mean["lsq", 2] > 0.9


def test_one_more_level_lifts_two_bits_and_ends_at_eight_bits_do_too():
    plain, more, ends = (shown(KEPT[name]) for name in ("digits", "digits-one-more-level", "digits-ends-at-8"))
    assert more.at("qat", 2).mean > plain.at("qat", 2).mean + 0.15
    assert ends.at("qat", 2).mean > plain.at("qat", 2).mean + 0.2


def test_rewriting_writes_what_the_page_reads(tmp_path):
    said = []
    rewrite(said.append, tmp_path, {"short": SHORT})
    runs = from_csv((tmp_path / "short.csv").read_text(encoding="utf-8"))
    assert differing(runs, list(sweep(SHORT.plan()))) == 0
    assert said[0].startswith("short: 22 networks in ")


def test_states_that_are_not_kept_have_no_runs_and_fewer_seeds_are_a_part_of_what_is():
    assert kept(Settings(rate=0.02)) is None
    assert kept(Settings(seeds=6)) is None
    assert {run.job.seed for run in kept(Settings(seeds=2, bits=7, learned=True, layer=1, view="runs"))} == {0, 1}
    one = run(Settings(seeds=1), kept(Settings()))
    assert one.complete
    assert one.at("ptq", 2).deviation == 0


@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize("bits", BITS)
def test_a_sentence_is_short_and_names_two_colours_at_most(data, bits):
    for settings in (Settings(data=data, bits=bits), *(replace(each, bits=bits) for each in TRIES.values())):
        said = sentence(shown(settings))
        assert words(said) <= 35
        assert said.count(":blue[") + said.count(":orange[") <= 2


def test_sentences_say_when_training_gains_nothing_and_when_both_fail():
    assert "QAT] does not beat :blue[PTQ]" in sentence(shown(Settings(bits=8)))
    assert "At 2 bits both fail" in sentence(shown(Settings(data="spirals", bits=2)))
    assert "let it clip" in sentence(shown(Settings(bits=2)))
    assert sentence(run(Settings())).startswith("This curve has not been trained yet")
    assert sentence(run(SHORT, list(sweep(SHORT.plan()))[:3])).startswith("Training has begun")


@pytest.mark.parametrize("name", TRIES)
def test_every_try_is_kept_lit_where_it_leads_and_survives_its_address(name):
    state = TRIES[name]
    assert kept(state) is not None
    assert taken(state, state) == state
    assert codec.decode(Settings, codec.encode(state)) == (state, [])


def test_networks_of_the_view_are_those_of_the_curve(found):
    stored = {run.job: run.quality for run in kept(TINY)}
    assert found.quality(found.floats.twin) == pytest.approx(stored[Job("float", None, 0)], abs=0.02)
    assert found.quality(found.ptq) == pytest.approx(stored[Job("ptq", 4, 0)], abs=0.02)
    assert found.quality(found.trained) == pytest.approx(stored[Job("qat", 4, 0)], abs=0.02)


def test_networks_that_a_training_has_left_are_not_trained_again():
    runs = list(sweep(SHORT.plan()))
    again = networks(SHORT, runs, recall=lambda key, make: pytest.fail("was trained again"))
    by_job = {run.job: run for run in runs}
    assert again.trained is by_job[Job("qat", 3, 0)].simulation
    assert isinstance(by_job[Job("float", None, 0)].floats, Floats)


def test_numbers_show_the_chosen_bits_and_their_distance_from_float(found):
    result = shown(TINY)
    lead, ptq, *_ = readings(result, found)
    assert lead.label == "Float, trained as long"
    assert ptq.label == "PTQ, 4 bits"
    assert float(ptq.value.split("\xa0")[0]) == pytest.approx(100 * result.at("ptq", 4).mean, abs=0.06)
    assert "one of 200 test rows" in row_note(result, found)
    assert readings(run(TINY), found)[1].value == "–"


def test_beside_the_quality_of_one_seed_stands_the_mean_of_the_curve_where_it_is_another(found):
    result, one = shown(TINY), shown(replace(TINY, seeds=1))
    for method, mean in (("float", result.exact.mean), ("qat", result.at("qat", 4).mean)):
        assert beside_mean(result, method, 0.5) == f"50.0\u00a0% (mean of 5 seeds: {mean * 100:.3g}\u00a0%)"
        assert beside_mean(one, method, 0.5) == "50.0\u00a0%"
    own = beside_mean(result, "qat", found.quality(found.trained))
    assert integers.remark(result, found).endswith(f"QAT simulated: {own}")


def test_the_table_has_a_line_for_each_network():
    table = run_columns(shown(Settings()))
    assert {len(column) for column in table.values()} == {110}
    assert table["method"][:2] == ["float", "PTQ"]


def test_a_map_is_what_the_network_answers_at_each_place(found):
    maps = boundaries(TINY, found)
    for each, network in zip(maps, (found.floats.twin, found.ptq, found.trained), strict=True):
        for row, column in ((0, 0), (60, 31), (120, 7)):
            place = np.float32([[each.axis[column], each.axis[row]]])
            assert (each.answer[row, column] > 50) == (network(place).argmax() == 1)
        assert each.quality == accuracy(network(found.data.test.x), found.data.test.labels)
    assert sum(len(x) for x, _ in points_of(found)) == len(load("moons").test.x)


def test_a_map_of_four_classes_has_a_cut_between_each_two():
    settings = Settings(data="blobs", epochs="20:15", bits=8)
    first, *_ = boundaries(settings, networks(settings))
    assert set(np.unique(first.answer)) == {0, 33, 67, 100}
    assert all(low < cut < high for low, cut, high in zip((0, 33, 67), first.cuts, (33, 67, 100), strict=True))


def test_a_fitted_curve_is_what_the_network_says_and_has_no_more_steps_than_its_input_has_codes():
    settings = Settings(data="regression", bits=3)
    own = networks(settings)
    shown = fits.fits(settings, own)
    for each, network in zip(shown, (own.floats.twin, own.ptq, own.trained), strict=True):
        assert each.y[::100] == pytest.approx(network(each.x[::100, None])[:, 0], abs=1e-6)
        assert each.quality == r_squared(network(own.data.test.x)[:, 0], own.data.test.labels)
    assert shown[0].levels > 700
    assert {each.levels for each in shown[1:]} <= set(range(2, 9))
    assert [len(column) for column in fits.points_of(own)] == [200, 200]
    assert f"here {shown[1].levels} after rounding once and {shown[2].levels} after training" in fits.sentence(
        settings, shown
    )


def test_values_are_spoken_of_as_values():
    settings = Settings(data="regression", bits=3)
    result = shown(settings)
    said = sentence(result)
    assert said.startswith("Of the variance (R²) :blue[PTQ] explains")
    assert said.endswith("none: worse than always the mean.")
    assert "-" not in said
    assert "−" not in said
    assert re.search(r"; float, 9\d\.\d\xa0%\.$", sentence(shown(replace(settings, bits=6))))
    assert "R²" in run_columns(result)
    assert "accuracy" not in run_columns(result)
    assert result.guess == 0
    assert row_note(result, networks(settings)).startswith("R²: mean of 5 seeds; over 200 test rows")
    assert not settings.plane
    assert settings.fitted


def test_tanh_has_states_of_its_own_and_its_integers_compare_instead_of_multiplying():
    settings = Settings(data="moons", epochs="20:15", bits=4, hidden="tanh", far_apart=True)
    assert codec.decode(Settings, codec.encode(settings)) == (settings, [])
    assert not settings.plan().far_apart
    assert kept(Settings(data="moons", hidden="tanh")) is None
    own = networks(settings)
    done = checks(own)
    assert [check.arithmetic for check in done] == ["float64"]
    assert check_columns(settings, done)["requantized by"] == ["thresholds"]
    assert "compared with 15 thresholds" in integers.sentence(settings, own, done)
    assert done[0].agreement > 0.97
    # One scale a layer of 4 bytes, and 15 thresholds where tanh follows.
    assert storage_columns(own)["scales and thresholds"] == [f"{size}\u00a0B" for size in (64, 64, 4, 132)]


def rings():
    """A table that needs a network: a ring around a disc, as text."""
    rng = np.random.default_rng(3)
    angle, far = rng.uniform(0, 2 * np.pi, 200), np.repeat([0.4, 1.0], 100)
    lines = [
        f"{100 + 30 * r * np.cos(a)},{r * np.sin(a)},{'in' if r < 1 else 'out'}"
        for a, r in zip(angle, far, strict=True)
    ]
    return read_labelled("rings.csv", "\n".join(["east,north,class", *lines]).encode())


def test_a_table_of_ones_own_is_trained_on_as_any_other_and_drawn_where_it_has_two_columns():
    table = rings()
    settings = Settings(data="yours", epochs="20:15", bits=8, seeds=1, own=entry_of(table))
    assert codec.encode(settings) == {"data": "yours", "bits": "8", "epochs": "20:15", "seeds": "1"}
    assert settings.plan().entry.sizes == (2, 32, 32, 2)
    assert hash(settings.plan()) == hash(replace(settings, own=entry_of(rings())).plan())
    assert settings.plane
    own = networks(settings)
    x = np.concatenate([own.data.train.x, own.data.test.x])
    assert x.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert x.std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    assert own.quality(own.trained) > 0.9
    assert len(boundaries(settings, own)) == 3
    assert kept(settings) is None
    runs = list(sweep(settings.plan()))
    assert {each.data for each in runs} == {"yours"}
    assert run(settings, runs).complete
    assert sentence(run(settings, runs))


def test_a_plan_of_ones_own_rows_travels_to_other_processes_and_tells_nobody_what_is_in_them():
    plan = Settings(data="yours", own=entry_of(rings())).plan()
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert again.entry.make(0)[0] == pytest.approx(plan.entry.make(0)[0])
    assert "array" not in repr(plan)
    assert "rings" not in repr(plan)


def test_without_a_table_there_is_nothing_to_train_on_and_a_try_leads_away():
    settings = Settings(data="yours")
    assert settings.empty
    assert not run(settings).runs
    assert taken(replace(settings, own=entry_of(rings())), TRIES["QAT from scratch"]).own is None
    with pytest.raises(ValueError, match="There is no table yet; upload one"):
        settings.plan().entry.make(0)


def test_straight_through_passes_inside_and_the_staircase_has_a_jump_between_any_two_codes(found):
    own = slope(TINY, found)
    assert len(own.jumps) == 15
    inside = (own.x > own.levels[0]) & (own.x < own.levels[1])
    assert own.passed[inside].all()
    assert not own.passed[(own.x < own.levels[0] - own.step) | (own.x > own.levels[1] + own.step)].any()
    assert np.abs(own.x_hat - own.x)[inside].max() <= own.step / 2 + 1e-6
    assert 0 <= own.clipped < 0.2


def test_where_nothing_clips_a_hint_leads_to_the_method_that_does():
    state = replace(TINY, bits=3)
    nothing, some = (slope(each, networks(each)) for each in (state, replace(state, learned=True)))
    assert (nothing.clipped, some.clipped > 0) == (0, True)
    assert "choose **LSQ**" in staircase(state, nothing)
    assert "LSQ" not in staircase(state, some)
    assert "LSQ" not in staircase(replace(state, learned=True), nothing)


def test_from_scratch_the_codes_before_are_said_to_be_random():
    state = replace(SHORT, scratch=True)
    own = networks(state)
    assert "**random weights** that QAT began with" in change_sentence(state, own, changes(state, own))
    assert "random" not in change_sentence(SHORT, own, changes(SHORT, own))


def test_codes_that_moved_are_counted_once_and_weights_are_not_pulled_to_the_grid(found):
    own = changes(TINY, found)
    differ = sum(
        int((a.codes != b.codes).sum()) for a, b in zip(found.before.layers, found.trained.layers, strict=True)
    )
    assert own.counts.sum() == differ > 0
    assert change_sentence(TINY, found, own).startswith("QAT left")
    assert own.moved.shape == found.trained.layers[1].weight.shape
    assert 0.15 < off_grid(found.trained, 1) < 0.35
    histogram = weights(TINY, found)
    assert histogram.before.sum() == pytest.approx(1)
    assert histogram.after.sum() == pytest.approx(1)


def test_integers_store_less_and_differ_as_their_table_says(found):
    stored, done = storage_columns(found), checks(found)
    assert stored["gives"] == ["uint8", "uint8", "float32", ""]
    assert stored["weight"][0] == "16×2 int8, 4 bits used"
    assert [check.arithmetic for check in done] == ["float64", "float", "once", "twice"]
    assert done[0].agreement > 0.97
    assert len(check_columns(TINY, done)["right"]) == 4
    ours, beside, shown = stored["weights and biases"], stored["scales"], readings(run(TINY), found)[-1].value
    sizes = [*stored["as float32"], *ours, *beside, shown]
    assert ours[-1] == shown
    for column in (ours, beside):
        *each, total = (int(size.removesuffix("\u00a0B")) for size in column)
        assert sum(each) == total > 0
    assert all(re.fullmatch(r"\d{1,3}\u00a0B|[\d.]{4}\u00a0kB", size) for size in sizes)


def test_what_does_a_step_fits_into_its_box():
    assert max(len(step.does) for steps in FLOWS.values() for step in steps) <= len("observers.MinMaxObserver")


def test_a_job_lights_the_steps_that_it_is_in():
    ptq, qat = FLOWS
    assert [step.name for step in running(ptq, Job("float", None, 0))] == ["Train"]
    assert [step.name for step in running(ptq, Job("ptq", 3, 0))] == ["Observe", "Choose grids", "Round"]
    assert running(qat, Job("ptq", 3, 0)) == ()
    assert [step.name for step in running(qat, Job("qat", 3, 0))] == ["Forward", "Backward"]
