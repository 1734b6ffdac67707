"""Perceptrons against their definition in float64, one row at a time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.nn import Network

SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=5)


BENT = {"relu": lambda value: max(value, 0.0), "tanh": np.tanh}


def defined(layers, row, hidden):
    """What enters each layer, and the logits, for one row."""
    seen = [row.astype(np.float64)]
    for number, (weight, bias) in enumerate(layers, 1):
        y = [sum(w * v for w, v in zip(line, seen[-1], strict=True)) + b for line, b in zip(weight, bias, strict=True)]
        seen.append(np.array([BENT[hidden](value) for value in y] if number < len(layers) else y))
    return seen


@settings(max_examples=60)
@given(sizes=SIZES, seed=st.integers(0, 99), hidden=st.sampled_from(["relu", "tanh"]))
def test_a_network_is_linear_layers_with_hidden_units_in_between(sizes, seed, hidden):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in pairwise(sizes)]
    network, x = Network(layers, hidden), rng.normal(size=(3, sizes[0])).astype(np.float32)
    assert network.sizes == tuple(sizes)
    found = network.activations(x)
    assert [array.dtype for array in found] == [np.float32] * len(sizes)
    for row in range(3):
        for values, expected in zip(found, defined(layers, x[row], hidden), strict=True):
            assert values[row] == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert np.array_equal(network(x), found[-1])


def test_first_weights_follow_the_seed_and_keep_the_size_of_activations():
    network = Network.drawn((256, 256, 256, 256, 1), seed=1)
    assert np.array_equal(network.layers[2].weight, Network.drawn((256, 256, 256, 256, 1), seed=1).layers[2].weight)
    assert not np.array_equal(network.layers[2].weight, Network.drawn((256, 256, 256, 256, 1)).layers[2].weight)
    x = np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32)
    sizes = [float((values**2).mean()) for values in network.activations(x)[:-1]]
    assert all(0.25 < after / before < 1.6 for before, after in pairwise(sizes))
    assert not any(layer.bias.any() for layer in network.layers)


def test_tanh_starts_from_weights_that_keep_small_activations_as_they_are():
    network = Network.drawn((256, 256, 256, 1), seed=1, hidden="tanh")
    sizes = [float((layer.weight**2).mean()) * 256 for layer in network.layers[:2]]
    assert sizes == pytest.approx([1, 1], rel=0.02)
    assert network.hidden == "tanh"


def test_the_default_is_64_32_32_10_and_weights_are_outputs_by_inputs():
    network = Network.drawn()
    assert network.sizes == (64, 32, 32, 10)
    assert [layer.weight.shape for layer in network.layers] == [(32, 64), (32, 32), (10, 32)]


def test_a_network_copies_what_it_is_given_and_gives_nothing_to_write_to():
    weight = np.ones((1, 2), np.float32)
    network = Network([(weight, [0.0])])
    weight[:] = 5
    assert network([[1, 1]]).tolist() == [[2.0]]
    with pytest.raises(ValueError, match="read-only"):
        network.layers[0].weight[0] = 3
    x = np.float32([[-1.0, 2.0]])
    Network.drawn((2, 3, 1))(x)
    assert x.tolist() == [[-1.0, 2.0]]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Network([]), "A network must have a layer, got none"),
        (
            lambda: Network([(np.ones((2, 3)), np.ones(3))]),
            r"layer 1 must have a weight \(out, 3\) and a bias \(out,\)",
        ),
        (lambda: Network([(np.ones(3), np.ones(3))]), r"got \(3,\) and \(3,\)"),
        (
            lambda: Network([(np.ones((2, 3)), np.ones(2)), (np.ones((1, 3)), np.ones(1))]),
            r"layer 2 must have a weight \(out, 2\)",
        ),
        (lambda: Network([([[1.0]], [0.0])], "sine"), "hidden must be relu or tanh, got 'sine'"),
        (lambda: Network.drawn((3, 2), hidden="sine"), "hidden must be relu or tanh, got 'sine'"),
        (lambda: Network.drawn((3,)), r"sizes must be two or more numbers from 1, got \(3,\)"),
        (lambda: Network.drawn((3, 0, 2)), r"from 1, got \(3, 0, 2\)"),
        (lambda: Network.drawn()(np.ones((2, 63))), r"x must have shape \(batch, 64\) for this network, got \(2, 63\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
