"""QAT: its slopes against their definition, its grids against the library's, and what it is good for."""

from itertools import islice, pairwise

import naive_training
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.kernels.straight_through import HI
from quantlab.nn import DivergenceError, Network, Recipe, Training, accuracy, load, ptq, qat, qat_epochs, train
from quantlab.nn.graph import Graph
from quantlab.nn.rounding import fake_quantize
from quantlab.quantizer import Quantizer
from quantlab.scheme import Scheme

DATA = load("digits")
START = train(Network.drawn(), DATA.train, Training(epochs=30, batch=64, rate=5e-3))
AGAIN = Training(epochs=20, batch=64, rate=1.5e-3)


@given(bits=st.integers(2, 8), symmetric=st.booleans(), seed=st.integers(0, 999))
def test_rounding_in_training_is_that_of_the_library(bits, symmetric, seed):
    x = np.random.default_rng(seed).normal(size=50).astype(np.float32)
    scheme = Scheme(bits=bits, symmetric=symmetric, signed=symmetric, symmetric_scale="restricted")
    grid = Quantizer(x[:20], scheme)
    found = fake_quantize(x, grid.scale, grid.qmin - grid.zero_point, grid.qmax - grid.zero_point)
    assert np.array_equal(found.values, grid.fake_quantize(x))
    unclamped = np.rint(x / grid.scale) + grid.zero_point
    assert np.array_equal(found.inside, (unclamped >= grid.qmin) & (unclamped <= grid.qmax))


def test_a_learned_step_has_the_slope_of_its_paper():
    x = np.float32([-7.0, -0.9, 0.2, 0.7, 2.9, 3.2, 8.0])
    found = fake_quantize(x, np.float32(1), -4, 3, learned=True)
    by_hand = [-4, -1 + 0.9, 0 - 0.2, 1 - 0.7, 3 - 2.9, 3, 3]
    for index, slope in enumerate(by_hand):
        chosen = np.zeros(7, np.float32)
        chosen[index] = 1
        assert found.slope_of_scale(chosen) == pytest.approx(slope, abs=1e-6)
    assert found.inside.tolist() == [False, True, True, True, True, False, False]


BENT = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}


def surrogate(graph, points, moved, x, labels):
    """Loss in float64 where each rounding is held at what it added, and each scale enters linearly."""
    for number, (layer, point) in enumerate(zip(moved["layers"], points, strict=True)):
        into, by, x0, w0 = point
        x_hat = into.values + (x - x0) * into.inside
        w_hat = by.values + (layer[0] - w0) * by.inside
        if graph.learned:
            steps, kept = moved["steps"][number], graph.learning[number]
            w_hat = w_hat + (steps[0] - kept[0]) * (by.steps - by.quotient * by.inside)
            x_hat = x_hat + (steps[1] - kept[1]) * (into.steps - into.quotient * into.inside)
        x = x_hat @ w_hat.T + layer[1]
        if number < len(points) - 1:
            x = BENT[graph.hidden](x)
    if labels.dtype.kind == "f":
        return ((x[:, 0] - labels) ** 2).mean()
    share = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    return -np.log(share[np.arange(len(x)), labels]).mean()


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 5), min_size=2, max_size=4),
    bits=st.integers(2, 6),
    per=st.sampled_from(["tensor", "channel"]),
    learned=st.booleans(),
    rule=st.sampled_from(["restricted", "half_range"]),
    hidden=st.sampled_from(["relu", "tanh"]),
    valued=st.booleans(),
    seed=st.integers(0, 999),
)
def test_slopes_are_finite_differences_with_each_rounding_held(sizes, bits, per, learned, rule, hidden, valued, seed):
    rng = np.random.default_rng(seed)
    sizes = [*sizes[:-1], 1] if valued else sizes
    network = Network([(rng.normal(size=(m, n)), 0.5 + rng.random(size=m)) for n, m in pairwise(sizes)], hidden)
    x, labels = rng.normal(size=(6, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], 6)
    labels = rng.normal(size=6).astype(np.float32) if valued else labels
    recipe = Recipe(bits=bits, per=per, weight_scale=rule)
    # The twin tells where each rounding stands; what is held against the differences are the kernel's slopes.
    graph, found = (
        naive_training.Graph(network, recipe, learned=learned),
        Graph(network, recipe, learned=learned, batch=6),
    )
    for each in (graph, found):
        each.fill(x[:3], labels[:3], watching=True)  # the range of half of the batch, so that some of it clips
        each.fill(x, labels, watching=False)
    points, values = [], x
    for number, (weight, bias) in enumerate(graph.layers):
        into = graph._input(number, values, watching=False)
        place = graph.places[number]
        by = fake_quantize(weight, graph._weight_scale(number), place.least, place.most, learned=learned)
        points.append((into, by, values, weight.copy()))
        values = into.values @ by.values.T + bias
        values = BENT[hidden](values) if number < len(graph.layers) - 1 else values
    moved = {
        "layers": [[array.astype(np.float64) for array in layer] for layer in graph.layers],
        "steps": [[array.astype(np.float64) for array in pair] for pair in graph.learning],
    }
    damped = [
        [
            1 / np.sqrt(weight.size / (len(weight) if per == "channel" else 1) * place.most),
            1 / np.sqrt(weight.shape[1] * place.input_most),
        ]
        for (weight, _), place in zip(graph.layers, graph.places, strict=True)
    ]
    for kind, slopes in (("layers", found.gradient), ("steps", found.learning_slopes)):
        for number, (arrays, own) in enumerate(zip(moved[kind], slopes, strict=True)):
            for which, (array, slope) in enumerate(zip(arrays, own, strict=True)):
                for index in np.ndindex(array.shape):
                    kept, ends = array[index], []
                    for step in (1e-6, -1e-6):
                        array[index] = kept + step
                        ends.append(surrogate(graph, points, moved, x.astype(np.float64), labels))
                    array[index] = kept
                    factor = damped[number][which] if kind == "steps" else 1
                    expected = factor * (ends[0] - ends[1]) / 2e-6
                    assert slope[index] == pytest.approx(expected, rel=5e-3, abs=1e-4)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("hidden", ["relu", "tanh"])
def test_what_comes_out_computes_what_was_trained(learned, per, hidden):
    graph = Graph(Network(START.layers, hidden), Recipe(bits=3, per=per), learned=learned, batch=len(DATA.train.x))
    loss = graph.fill(DATA.train.x, DATA.train.labels, watching=True)
    logits = graph.simulation()(DATA.train.x).astype(np.float64)
    chosen = logits[np.arange(len(logits)), DATA.train.labels]
    assert loss == pytest.approx((np.log(np.exp(logits).sum(axis=1)) - chosen).mean(), rel=1e-5)


def test_ranges_follow_the_batches_and_then_stand_still():
    graph = Graph(START, Recipe(bits=4), batch=64)
    x, labels = DATA.train.x[:64], DATA.train.labels[:64]
    graph.fill(x, labels, watching=True)
    first = graph.grids[0, HI]
    graph.fill(x * 2, labels, watching=True)
    assert graph.grids[0, HI] == pytest.approx(first * 1.01)
    graph.fill(x * 9, labels, watching=False)
    assert graph.grids[0, HI] == pytest.approx(first * 1.01)


def test_the_same_seed_trains_the_same_codes_and_another_does_not():
    few = Training(epochs=2, seed=5)
    first, again, other = (
        qat(START, DATA.train, Recipe(bits=4), t, learned_steps=True) for t in (few, few, Training(epochs=2, seed=6))
    )
    for a, b, c in zip(first.layers, again.layers, other.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert a.weight_grid.scale == b.weight_grid.scale
        assert not np.array_equal(a.weight, c.weight)


def test_an_epochs_network_stays_while_training_goes_on_and_the_start_is_left_alone():
    kept = START.layers[0].weight.copy()
    running = qat_epochs(START, DATA.train, Recipe(), AGAIN)
    (one,) = islice(running, 1)
    own = one.simulation.layers[0].weight.copy()
    *_, last = running
    assert np.array_equal(one.simulation.layers[0].weight, own)
    assert not np.array_equal(last.simulation.layers[0].weight, own)
    assert (one.number, last.number) == (1, AGAIN.epochs)
    assert last.loss < one.loss
    assert np.array_equal(START.layers[0].weight, kept)


def test_training_through_three_bits_beats_rounding_once_and_two_bits_need_learned_steps():
    def right(simulation):
        return accuracy(simulation(DATA.test.x), DATA.test.labels)

    three = right(ptq(START, DATA.train.x, Recipe(bits=3))), right(qat(START, DATA.train, Recipe(bits=3), AGAIN))
    assert three[0] + 0.03 < three[1]
    assert three[1] > 0.93
    two = [right(qat(START, DATA.train, Recipe(bits=2), AGAIN, learned_steps=learned)) for learned in (False, True)]
    assert two[0] < 0.8
    assert two[1] > 0.88


@pytest.mark.parametrize("learned", [False, True])
def test_tanh_trains_through_three_bits_with_its_zero_points_in_the_middle(learned):
    start = train(Network.drawn(hidden="tanh"), DATA.train, Training(epochs=20, batch=64, rate=5e-3))
    simulation = qat(start, DATA.train, Recipe(bits=3), AGAIN, learned_steps=learned)
    assert accuracy(simulation(DATA.test.x), DATA.test.labels) > 0.9
    assert [layer.input_grid.zero_point in (3, 4) for layer in simulation.layers] == [False, True, True]


def test_training_that_diverges_says_so():
    with pytest.raises(DivergenceError, match=r"^Training diverged in epoch \d+ at a rate of 1e\+12; choose a lower"):
        qat(START, DATA.train, Recipe(), Training(epochs=3, rule="momentum", rate=1e12))


def test_a_layer_of_nothing_but_zeros_trains():
    empty = Network([(np.zeros((3, 2)), np.zeros(3)), (np.zeros((2, 3)), np.zeros(2))])
    data = load("moons").train
    for learned in (False, True):
        assert np.isfinite(qat(empty, data, Recipe(bits=2), Training(epochs=1), learned_steps=learned)(data.x)).all()
