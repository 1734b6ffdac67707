"""The fused training step against its NumPy twin, and the same bits however it is run."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import fences
import naive_training
import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from quantlab.kernels import training as kernels
from quantlab.kernels.straight_through import HI, LO
from quantlab.nn import DATASETS, DivergenceError, Network, Recipe, Training, epochs, load, qat_epochs
from quantlab.nn.graph import Graph
from quantlab.nn.qat import FROZEN_FROM
from quantlab.nn.train import ORDER, gradients, passes

SIZES = st.lists(st.integers(1, 19), min_size=2, max_size=6)
KINDS = {
    "sizes": SIZES,
    "rows": st.integers(1, 21),
    "hidden": st.sampled_from(["relu", "tanh"]),
    "valued": st.booleans(),
    "seed": st.integers(0, 9999),
}


def drawn(sizes, rows, hidden, valued, seed):
    """A network with biases, and rows of which some columns are negative."""
    rng = np.random.default_rng(seed)
    sizes = [*sizes[:-1], 1] if valued else sizes
    network = Network(
        [(rng.normal(0, (2 / n) ** 0.5, (m, n)), rng.normal(0, 0.2, m)) for n, m in pairwise(sizes)], hidden
    )
    x = rng.normal(size=(rows, sizes[0])).astype(np.float32)
    return network, x, rng.normal(size=rows).astype(np.float32) if valued else rng.integers(0, sizes[-1], rows)


def near(found, expected):
    """Equal but for the order of sums: to two hundred-thousandths of the largest, and of numbers about 1 before."""
    size = float(np.abs(expected).max(initial=0))
    return np.abs(found - expected).max(initial=0) <= 2e-5 * size + 3e-6


def arrays(layers):
    return [array for layer in layers for array in layer]


@settings(max_examples=150)
@given(**KINDS)
def test_slopes_of_a_float_network_are_its_twins(sizes, rows, hidden, valued, seed):
    network, x, labels = drawn(sizes, rows, hidden, valued, seed)
    loss, found = gradients(network, x, labels)
    expected_loss, expected = naive_training.gradients(network, x, labels)
    assert loss == pytest.approx(expected_loss, rel=1e-5, abs=1e-6)
    assert all(near(own, other) for own, other in zip(arrays(found), arrays(expected), strict=True))


def window(graph, number, field, rows):
    """What one layer has in the kernel's memory: input or weight, without what pads it."""
    row = graph.table[number]
    at, wide = int(row[field]), int(row[kernels.WIDE_IN])
    return graph.memory[at : at + rows * wide].reshape(rows, wide)[:, : row[kernels.INPUTS]]


def same_codes(graph, twin, rows):
    """Whether no input went to another code, as sums in another order may make it, and all that follows with it."""
    return all(
        np.abs(window(graph, number, kernels.INTO, rows) - into.values).max() < 0.5 * place
        for number, ((_, into, _), place) in enumerate(zip(twin.seen, scales(twin), strict=True))
    )


def scales(twin):
    if twin.learned:
        return [float(step[0]) for _, step in twin.learning]
    return [float(place.input_scale) for place in twin.places]


ROUNDED = {
    "bits": st.integers(2, 8),
    "per": st.sampled_from(["tensor", "channel"]),
    "scale": st.sampled_from(["restricted", "half_range", "full"]),
    "ends": st.booleans(),
    "learned": st.booleans(),
}


@settings(max_examples=300)
@given(**ROUNDED, **KINDS)
def test_slopes_through_rounding_are_its_twins(bits, per, scale, ends, learned, sizes, rows, hidden, valued, seed):
    network, x, labels = drawn(sizes, rows, hidden, valued, seed)
    recipe = Recipe(bits=bits, per=per, weight_scale=scale, ends_at_8=ends)
    twin = naive_training.Graph(network, recipe, learned=learned)
    graph = Graph(network, recipe, learned=learned, batch=rows)
    for step, watching in enumerate((True, True, False)):
        batch = x * np.float32(1 + step)
        expected, loss = (each.fill(batch, labels, watching=watching) for each in (twin, graph))
        if not same_codes(graph, twin, rows):
            event("another code")
            return
        assert loss == pytest.approx(expected, rel=1e-5, abs=1e-6)
        for place, grid in zip(twin.places, graph.grids, strict=True):
            assert grid[[LO, HI]] == pytest.approx([place.lo, place.hi], rel=1e-5, abs=1e-6)
        assert all(near(own, other) for own, other in zip(arrays(graph.gradient), arrays(twin.gradient), strict=True))
        steps = zip(arrays(graph.learning_slopes), arrays(twin.learning_slopes), strict=True)
        assert all(own.ravel() == pytest.approx(other.ravel(), rel=1e-3, abs=1e-5) for own, other in steps)


@settings(max_examples=100)
@given(**ROUNDED, **KINDS)
def test_grids_are_the_librarys_to_the_bit(bits, per, scale, ends, learned, sizes, rows, hidden, valued, seed):
    network, x, labels = drawn(sizes, rows, hidden, valued, seed)
    recipe = Recipe(bits=bits, per=per, weight_scale=scale, ends_at_8=ends)
    graph = Graph(network, recipe, learned=learned, batch=rows)
    for step in (1, 3, 2):
        graph.fill(x * np.float32(step), labels, watching=step > 2)
    for number, layer in enumerate(graph.simulation().layers):
        given_it = window(graph, number, kernels.GIVEN, rows)
        assert np.array_equal(window(graph, number, kernels.INTO, rows), layer.input_grid.fake_quantize(given_it))
        by = window(graph, number, kernels.BY, len(layer.weight))
        assert np.array_equal(by, layer.weight_hat)


def trained_by_twin(network, data, training, recipe=None, learned=False):
    """Every epoch's loss, and the parameters at the end."""
    twin = naive_training.Graph(network, recipe, learned=learned) if recipe else None
    parameters = twin.parameters if twin else naive_training.flat(network)
    layers = naive_training.views(parameters, network)
    slopes = twin.slopes if twin else np.zeros_like(parameters)
    descend = naive_training.descent(training, parameters, slopes)
    rng, losses = np.random.default_rng([training.seed, ORDER]), []
    starts = range(0, len(data.x), training.batch)
    steps, done = training.epochs * len(starts), 0
    for _ in range(training.epochs):
        order, total = rng.permutation(len(data.x)), 0.0
        for start in starts:
            batch = order[start : start + training.batch]
            x, labels = data.x[batch], data.labels[batch]
            if twin:
                loss = twin.fill(x, labels, watching=done < FROZEN_FROM * steps)
            else:
                loss, found = naive_training.gradients(Network(layers, network.hidden), x, labels)
                slopes[:] = np.concatenate([array.ravel() for array in arrays(found)])
            descend(done, training.rate_at(done, steps))
            if twin:
                twin.hold()
            total, done = total + loss * len(batch), done + 1
        losses.append(total / len(data.x))
    return losses, arrays(layers)


@pytest.mark.parametrize("rule", ["momentum", "adam"])
@pytest.mark.parametrize("hidden", ["relu", "tanh"])
@pytest.mark.parametrize("name", ["moons", "regression"])
def test_steps_lead_where_its_twins_do_the_last_batch_shorter(rule, hidden, name):
    data, network = load(name).train, Network.drawn(DATASETS[name].sizes, 3, hidden)
    training = Training(epochs=2, batch=96, rate=2e-3 if rule == "adam" else 0.02, rule=rule, momentum=0.8)
    losses, expected = trained_by_twin(network, data, training)
    found = list(epochs(network, data, training))
    assert [epoch.loss for epoch in found] == pytest.approx(losses, rel=1e-4)
    assert len(data.x) % training.batch
    for own, other in zip(arrays(found[-1].network.layers), expected, strict=True):
        assert own == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("rule", ["momentum", "adam"])
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_steps_through_rounding_lead_where_its_twins_do(rule, learned, per):
    data, network = load("blobs").train, Network.drawn((2, 16, 16, 4), 3)
    training = Training(epochs=3, batch=96, rate=1e-3 if rule == "adam" else 0.01, rule=rule)
    recipe = Recipe(bits=5, per=per)
    losses, expected = trained_by_twin(network, data, training, recipe, learned)
    found = list(qat_epochs(network, data, recipe, training, learned_steps=learned))
    assert [epoch.loss for epoch in found] == pytest.approx(losses, rel=5e-3)
    for layer, weight in zip(found[-1].simulation.layers, expected[::2], strict=True):
        assert layer.weight == pytest.approx(weight, abs=5e-3)


def digest(made):
    return [array.tobytes() for array in arrays([(layer.weight, layer.bias) for layer in made.layers])]


def job(number):
    """One of several trainings, unlike its neighbours."""
    data, training = load("digits", number).train, Training(epochs=2, batch=64, seed=number)
    start = Network.drawn((64, 24, 10), number)
    if number % 3 == 0:
        *_, last = epochs(start, data, training)
        return digest(last.network)
    *_, last = qat_epochs(start, data, Recipe(bits=4), training, learned_steps=number % 3 == 1)
    return digest(last.simulation)


def test_trainings_side_by_side_have_the_bits_that_each_has_alone():
    alone = [job(number) for number in range(6)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(job, range(6))) == alone
    assert len({tuple(each) for each in alone}) == 6


def test_what_pads_a_row_stays_zero():
    data, network = load("moons").train, Network.drawn((2, 5, 3, 2))
    graph = Graph(network, Recipe(bits=3), learned=True, batch=64)
    for _ in passes(graph, data, Training(epochs=3, batch=64, rate=0.02)):
        pass
    for row in graph.table:
        at, wide = int(row[kernels.WEIGHT]), int(row[kernels.WIDE_IN])
        weight = graph.memory[at : at + int(row[kernels.OUTPUTS]) * wide].reshape(-1, wide)
        assert not weight[:, row[kernels.INPUTS] :].any()
        assert weight[:, : row[kernels.INPUTS]].any()


@pytest.mark.parametrize("recipe", [None, Recipe(bits=4)])
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_parameter_that_is_no_number_is_seen(recipe, learned, bad):
    data, network = load("moons").train, Network.drawn((2, 8, 2))
    graph = Graph(network, recipe, learned=learned and recipe is not None, batch=64)
    graph.layers[1].weight[0, 0] = bad
    with pytest.raises(DivergenceError, match="Training diverged in epoch 1"):
        next(passes(graph, data, Training(epochs=3)))


@pytest.mark.parametrize("sizes", [(3, 9, 17, 2), (1, 1), (64, 10)])
def test_steps_stay_within_their_memory(sizes):
    rng, fence = np.random.default_rng(0), fences.Fence()
    network = Network.drawn(sizes)
    for recipe, learned in ((None, False), (Recipe(bits=3), False), (Recipe(bits=3, per="channel"), True)):
        graph = Graph(network, recipe, learned=learned, batch=13)
        graph.memory = fence.copy(graph.memory)
        x = fence.copy(rng.normal(size=(29, sizes[0])).astype(np.float32))
        graph.run(x, rng.integers(0, sizes[-1], 29), np.arange(29), np.ones((3, 2), np.float32), "adam", watching=3)
    assert fence.intact()
