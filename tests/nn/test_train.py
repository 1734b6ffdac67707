"""Training: gradients against finite differences, rules of descent against their papers, and what a seed decides."""

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.nn import DivergenceError, Labelled, Network, Training, accuracy, epochs, load, train
from quantlab.nn.train import gradients

TWO = Labelled(np.float32([[-1, 0.5], [1, 2], [0, -1]]), np.array([0, 1, 1]))


BENT = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}


def loss_of(layers, x, labels, hidden="relu"):
    """Mean cross-entropy, or mean squared error, in float64 from its definition."""
    for number, (weight, bias) in enumerate(layers, 1):
        x = x @ weight.T + bias
        x = BENT[hidden](x) if number < len(layers) else x
    if labels.dtype.kind == "f":
        return ((x[:, 0] - labels) ** 2).mean()
    share = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    return -np.log(share[np.arange(len(x)), labels]).mean()


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    rows=st.integers(1, 5),
    seed=st.integers(0, 999),
    hidden=st.sampled_from(["relu", "tanh"]),
    valued=st.booleans(),
)
def test_gradients_are_finite_differences_of_the_loss(sizes, rows, seed, hidden, valued):
    rng = np.random.default_rng(seed)
    sizes = [*sizes[:-1], 1] if valued else sizes
    network = Network([(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in pairwise(sizes)], hidden)
    x, labels = rng.normal(size=(rows, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], rows)
    labels = rng.normal(size=rows).astype(np.float32) if valued else labels
    loss, found = gradients(network, x, labels)
    wide = [tuple(array.astype(np.float64) for array in layer) for layer in network.layers]
    assert loss == pytest.approx(loss_of(wide, x.astype(np.float64), labels, hidden), rel=1e-5, abs=1e-6)
    step = 1e-6
    for layer, slopes in zip(wide, found, strict=True):
        for array, slope in zip(layer, slopes, strict=True):
            for index in np.ndindex(array.shape):
                kept, ends = array[index], []
                for moved in (kept + step, kept - step):
                    array[index] = moved
                    ends.append(loss_of(wide, x.astype(np.float64), labels, hidden))
                array[index] = kept
                assert slope[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3, abs=2e-5)


def by_the_book(network, data, training):
    """One parameter at a time in float64, all rows in every step."""
    layers = [[array.astype(np.float64) for array in layer] for layer in network.layers]
    memory = [[np.zeros((2, *array.shape)) for array in layer] for layer in layers]
    for step in range(training.epochs):
        _, found = gradients(Network(layers), *data)
        rate = training.rate
        if training.schedule == "cosine":
            rate *= (1 + np.cos(np.pi * step / training.epochs)) / 2
        for layer, slopes, kept in zip(layers, found, memory, strict=True):
            for array, slope, (first, second) in zip(layer, slopes, kept, strict=True):
                if training.rule == "momentum":
                    first[...] = training.momentum * first + slope
                    array -= rate * first
                    continue
                first[...] = 0.9 * first + 0.1 * slope
                second[...] = 0.999 * second + 0.001 * slope.astype(np.float64) ** 2
                mean, square = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.999 ** (step + 1))
                array -= rate * mean / (np.sqrt(square) + 1e-8)
    return layers


@pytest.mark.parametrize("rule", ["momentum", "adam"])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_rule_descends_as_its_paper_says(rule, schedule):
    training = Training(epochs=12, batch=9, rate=0.05, schedule=schedule, rule=rule, momentum=0.8)
    network = Network.drawn((2, 4, 2), seed=3)
    found = train(network, TWO, training)
    for layer, expected in zip(found.layers, by_the_book(network, TWO, training), strict=True):
        for array, values in zip(layer, expected, strict=True):
            assert array == pytest.approx(values, rel=1e-3, abs=1e-4)


def test_the_same_seed_trains_the_same_network_to_the_bit_and_another_does_not():
    data = load("digits")
    few = Training(epochs=2, seed=5)
    first, again, other = (train(Network.drawn(), data.train, t) for t in (few, few, Training(epochs=2, seed=6)))
    for a, b, c in zip(first.layers, again.layers, other.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)
        assert not np.array_equal(a.weight, c.weight)


@pytest.mark.parametrize("seed", range(3))
def test_the_default_network_reads_nearly_all_digits_that_it_never_saw(seed):
    data = load("digits", seed)
    network = train(Network.drawn(seed=seed), data.train, Training(seed=seed))
    assert 0.94 < accuracy(network(data.test.x), data.test.labels) < 1
    # The weights have learned it: those of another unit do not do.
    first, *others = network.layers
    turned = Network([(np.roll(first.weight, 1, axis=0), first.bias), *others])
    assert accuracy(turned(data.test.x), data.test.labels) < 0.5


def test_tanh_learns_digits_and_trains_the_same_network_for_the_same_seed():
    data, few = load("digits"), Training(epochs=15, batch=64, rate=5e-3)
    first, again = (train(Network.drawn(hidden="tanh"), data.train, few) for _ in range(2))
    assert first.hidden == "tanh"
    assert 0.94 < accuracy(first(data.test.x), data.test.labels) < 1
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(first.layers, again.layers, strict=True))


def test_momentum_learns_digits_too():
    data = load("digits")
    network = train(Network.drawn(), data.train, Training(epochs=20, rule="momentum", rate=0.05))
    assert accuracy(network(data.test.x), data.test.labels) > 0.93


def test_an_epoch_sees_every_row_once_and_tells_its_mean_loss():
    network, rate = Network.drawn((2, 4, 2), seed=3), 1e-30  # at which nothing moves
    seen = list(epochs(network, TWO, Training(epochs=3, batch=2, rate=rate)))
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    for epoch in seen:
        assert epoch.loss == pytest.approx(gradients(network, *TWO)[0], rel=1e-6)


def test_an_epochs_network_stays_while_training_goes_on_and_stopping_keeps_it():
    network = Network.drawn((2, 4, 2), seed=3)
    first = network.layers[0].weight.copy()
    running = epochs(network, TWO, Training(epochs=9, rate=0.1))
    one, two = islice(running, 2)
    kept = one.network.layers[0].weight.copy()
    next(running)
    assert np.array_equal(one.network.layers[0].weight, kept)
    assert not np.array_equal(two.network.layers[0].weight, kept)
    assert np.array_equal(network.layers[0].weight, first)


def test_training_that_diverges_says_so_and_what_came_before_is_sound():
    seen = []
    running = epochs(Network.drawn(), load("digits").train, Training(epochs=30, rule="momentum", rate=1e12))
    with pytest.raises(
        DivergenceError, match=r"^Training diverged in epoch \d+ at a rate of 1e\+12; choose a lower rate"
    ):
        seen.extend(running)
    assert all(np.isfinite(layer.weight).all() for epoch in seen for layer in epoch.network.layers)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Training(epochs=0), "epochs must be 1 or more, got 0"),
        (lambda: Training(batch=0), "batch must be 1 or more, got 0"),
        (lambda: Training(seed=-1), "seed must be 0 or more, got -1"),
        (lambda: Training(rate=0.0), r"rate must be positive and finite, got 0\.0; 0\.003 is the default"),
        (lambda: Training(rate=float("nan")), "rate must be positive and finite, got nan"),
        (lambda: Training(momentum=1.0), r"momentum must be 0 or more and below 1, got 1\.0"),
        (lambda: Training(schedule="linear"), "schedule must be constant or cosine, got 'linear'"),
        (lambda: Training(rule="lion"), "rule must be momentum or adam, got 'lion'"),
        (
            lambda: train(Network.drawn((3, 2)), TWO),
            r"x and labels must be \(n, 3\) and \(n,\) with a row or more for this network, got \(3, 2\) and \(3,\)",
        ),
        (lambda: train(Network.drawn((2, 2)), Labelled(TWO.x[:0], TWO.labels[:0])), r"got \(0, 2\)"),
        (lambda: train(Network.drawn((2, 1)), TWO), "labels must lie below the 1 outputs, got 1; widen the last layer"),
        (
            lambda: gradients(Network.drawn((2, 2)), TWO.x, np.float32([1, np.nan, 0])),
            "must be finite and need one output, got 2 outputs and 1 values that are not finite",
        ),
        (lambda: gradients(Network.drawn((2, 2)), TWO.x, -TWO.labels), "labels must lie below the 2 outputs, got -1"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
