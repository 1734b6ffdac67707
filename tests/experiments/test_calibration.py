"""The Calibration page's numbers against the library's, one batch a time; and what its tries show."""

import re
from dataclasses import replace

import numpy as np
import pytest

from quantlab.experiments import calibration, codec
from quantlab.experiments.calibration import Settings
from quantlab.experiments.calibration.experiment import BARS
from quantlab.experiments.calibration.readings import bars, courses, readings
from quantlab.experiments.calibration.stories import STORIES, TRIES, sentence
from quantlab.experiments.calibration.stream import BATCHES, STREAMS, build
from quantlab.nn import Network, accuracy, load, train
from quantlab.observers import OBSERVERS, MovingAverageObserver, PercentileObserver
from quantlab.quantizer import Quantizer

OPENING = Settings()
KEPT = {}


def recall(array, key, make):
    """Compute each state once for all tests."""
    if key not in KEPT:
        KEPT[key] = make()
    return KEPT[key]


def run(settings):
    return calibration.run(settings, recall=recall)


RESULT = run(OPENING)


def activations(rows, layer=1):
    return train(Network.drawn(seed=0), load("digits", 0).train).activations(rows)[layer]


def test_the_batches_are_what_the_trained_network_makes_of_the_training_images():
    images = load("digits", 0).train.x
    for number in (1, 20, 32):
        rows = images[(number - 1) * 32 : number * 32] * np.float32(4 if number == 20 else 1)
        assert np.array_equal(RESULT.stream.batches[number - 1], activations(rows))
    assert np.array_equal(RESULT.stream.held, activations(load("digits", 0).test.x))


@pytest.mark.parametrize("name", [each.name for each in RESULT.courses])
def test_each_range_is_that_of_the_observer_that_saw_these_batches(name):
    known = {"percentile": PercentileObserver(99.9), "average": MovingAverageObserver(0.1)}
    observer = known.get(name) or OBSERVERS[name].new(OPENING.scheme())
    course = RESULT.course(name)
    for at, batch in enumerate(RESULT.stream.batches):
        observer.update(batch)
        lo, hi = observer.range()
        assert (course.lo[at], course.hi[at]) == (lo[0], hi[0])
        grid = Quantizer.from_range(batch, lo, hi, OPENING.scheme())
        assert (course.scale[at], course.zero_point[at]) == (grid.scale, grid.zero_point)


@pytest.mark.parametrize("data", ["first", "second", "outputs"])
def test_sqnr_and_accuracy_are_those_of_the_held_images_with_one_layer_quantized(data):
    result = run(Settings(data=data))
    network, test = train(Network.drawn(seed=0), load("digits", 0).train), load("digits", 0).test
    layer = STREAMS[data].layer
    for course in result.courses:
        held = network.activations(test.x)[layer]
        ends = (np.array([course.lo[-1]]), np.array([course.hi[-1]]))
        values = Quantizer.from_range(held, *ends, result.settings.scheme()).fake_quantize(held)
        noise = ((values - held.astype(np.float64)) ** 2).sum()
        assert course.sqnr_db[-1] == pytest.approx(10 * np.log10((held.astype(np.float64) ** 2).sum() / noise))
        for number, (weight, bias) in enumerate(network.layers[layer:], layer + 1):
            values = values @ weight.T + bias
            values = np.maximum(values, 0) if number < len(network.layers) else values
        assert course.accuracy[-1] == accuracy(values, test.labels)


@pytest.mark.parametrize("data", STREAMS)
def test_more_data_only_ever_widens_min_max(data):
    course = run(Settings(data=data, odd=1.0)).course("minmax")
    assert (np.diff(course.hi) >= 0).all()
    assert (np.diff(course.lo) <= 0).all()
    assert course.hi[-1] > course.hi[0]


def test_a_hundred_times_more_data_carries_min_max_away_but_not_the_percentile():
    many = run(TRIES["a hundred times more data"])
    few = many.compared
    assert many.course("minmax").hi[-1] > 1.5 * few.course("minmax").hi[-1]
    assert abs(many.course("percentile").hi[-1] / few.course("percentile").hi[-1] - 1) < 0.1
    assert many.course("minmax").sqnr_db[-1] < few.course("minmax").sqnr_db[-1] - 2


def test_every_value_is_counted_once():
    assert RESULT.fill.counts.shape == (BATCHES, BARS)
    assert RESULT.fill.counts.sum(axis=1).tolist() == [batch.size for batch in RESULT.stream.batches]
    table = bars(run(replace(OPENING, batches=7)))
    assert table["values"].sum() == 7 * RESULT.stream.batches[0].size
    assert not table["of the odd batch"].any()


def test_one_odd_batch_costs_min_max_ten_decibels_that_the_moving_average_keeps():
    assert RESULT.best().name == "average"
    assert 8 < RESULT.best().sqnr_db[-1] - RESULT.course("minmax").sqnr_db[-1] < 13
    before = RESULT.course("minmax").sqnr_db[18]
    assert before - RESULT.course("minmax").sqnr_db[19] > 8


def test_a_course_is_the_same_however_many_batches_are_looked_at():
    some = run(replace(OPENING, batches=5))
    for mine, whole in zip(some.courses, RESULT.courses, strict=True):
        assert np.array_equal(mine.hi, whole.hi)
    assert some.best(31).name == RESULT.best().name


def test_results_are_recalled_whatever_batch_view_or_pin_is_looked_at():
    kept = set()

    def remember(array, key, make):
        kept.add(key)
        return recall(array, key, make)

    for state in (OPENING, replace(OPENING, batches=3), replace(OPENING, view="code")):
        calibration.run(replace(state, compare="nothing"), recall=remember)
    assert len(kept) == 1


STATES = {
    **TRIES,
    **{f"{data}, {bits} bits, odd × {odd:g}": Settings(data=data, bits=bits, odd=odd, compare="nothing")
       for data in STREAMS for bits, odd in ((1, 1.0), (8, 100.0))},
    "before the odd batch": replace(OPENING, batches=12),
    "the first batch": replace(OPENING, batches=1),
    "odd at the first": replace(OPENING, odd_at=1, batches=1),
    "nothing to compare with": replace(OPENING, compare="nothing", symmetric=True),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_every_state_has_a_sentence_of_at_most_35_words_and_six_numbers(name):
    result = run(STATES[name])
    said = sentence(result)
    assert len(said.split()) <= 35
    assert "nan" not in said
    assert len(readings(result)) == 6
    assert len(courses(result)["observer"]) == 160
    told = [story for story in STORIES if story(result) is not None]
    assert told


def test_every_try_tells_another_story():
    stories = [next(story.__name__ for story in STORIES if story(run(state)) is not None) for state in TRIES.values()]
    assert len(set(stories)) == len(TRIES)


@pytest.mark.parametrize("state", TRIES.values(), ids=TRIES)
def test_a_try_is_the_same_after_its_address(state):
    assert codec.decode(Settings, codec.encode(state)) == (state, [])


def test_a_network_s_batches_do_not_depend_on_the_drawn_ones_knobs():
    plain, other = (build("first", 0, odd=1, odd_at=3, size=size, tail=tail) for size, tail in ((1, 4.0), (100, 2.0)))
    assert all(np.array_equal(a, b) for a, b in zip(plain.batches, other.batches, strict=True))


@pytest.mark.parametrize("batches", [1, 20, 32])
def test_the_other_grid_is_tried_after_the_present_batch_as_if_it_were_the_page_s_own(batches):
    compared = run(replace(OPENING, batches=batches)).compared
    own = run(replace(OPENING, batches=batches, symmetric=True))
    for there, here in zip(compared.courses, own.courses, strict=True):
        assert (there.lo[batches - 1], there.hi[batches - 1]) == (here.lo[batches - 1], here.hi[batches - 1])
        assert there.sqnr_db[batches - 1] == here.sqnr_db[batches - 1]
    assert compared.best().name == own.best().name


def test_an_odd_batch_that_stretches_nothing_is_not_named_as_the_cause():
    assert "odd" not in sentence(run(replace(Settings(), odd=1.05)))
    assert "The odd" in sentence(run(replace(Settings(), odd=4.0, odd_at=1)))


def test_observers_are_called_near_to_each_other_only_where_they_are():
    near, far = (sentence(run(replace(Settings(), batches=10, **more))) for more in ({}, {"data": "tail"}))
    for said in (near, far):
        found = re.search(r"lie within ([\d.]+)", said)
        assert found is None or float(found[1]) < 2
        assert said.endswith("play on.")
    assert "min-max" in far
