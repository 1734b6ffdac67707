"""The integer-only network: bit for bit its definition in float64, and near to the float32 simulation."""

from itertools import pairwise

import numpy as np
import pytest

from quantlab.nn import (
    Network,
    Recipe,
    Training,
    accuracy,
    agreement,
    gaps,
    load,
    ptq,
    qat,
    to_integer,
    train,
    with_whole_biases,
)
from quantlab.nn.staircase import Staircase
from quantlab.quantizer import Quantizer

DATA = load("digits")
START = train(Network.drawn(), DATA.train, Training(epochs=30, batch=64, rate=5e-3))
AGAIN = Training(epochs=4, batch=64, rate=1.5e-3)


BENT = train(Network.drawn(hidden="tanh"), DATA.train, Training(epochs=10, batch=64, rate=5e-3))


def simulation(method, bits, per):
    recipe = Recipe(bits=bits, per=per)
    if method == "ptq":
        return ptq(START, DATA.train.x, recipe)
    return qat(START, DATA.train, recipe, AGAIN, learned_steps=method == "lsq")


def by_definition(simulated, x):
    """Codes of each layer's input where every accumulator becomes codes by rint(acc · M) in float64."""
    layers = simulated.layers
    q = layers[0].input_grid.quantize(x).astype(np.float64)
    found = [q]
    for layer, after in pairwise(layers):
        s_x, s_w, s_y = (
            np.asarray(grid.scale, np.float64) for grid in (layer.input_grid, layer.weight_grid, after.input_grid)
        )
        s_w = s_w.reshape(-1)
        bias = np.rint(layer.bias.astype(np.float64) / (s_x * s_w))
        total = (q - layer.input_grid.zero_point) @ layer.codes.astype(np.float64).T + bias
        z = after.input_grid.zero_point
        q = np.clip(np.rint(total * (s_x * s_w / s_y)) + z, max(z, 0), after.input_grid.qmax)
        found.append(q)
    return found


@pytest.mark.parametrize("method", ["ptq", "qat", "lsq"])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_codes_are_those_of_the_definition_in_float64_bit_for_bit(method, bits, per):
    simulated = simulation(method, bits, per)
    network = to_integer(simulated)
    for ours, defined in zip(network.codes(DATA.test.x), by_definition(simulated, DATA.test.x), strict=True):
        assert ours.dtype == np.uint8
        assert np.array_equal(ours, defined)


@pytest.mark.parametrize("arithmetic", ["float64", "float", "twice", "once"])
def test_few_codes_differ_from_the_float32_simulation_and_answers_hardly_ever(arithmetic):
    simulated = simulation("qat", 8, "tensor")
    network = to_integer(simulated, arithmetic)
    first, *others = gaps(network, simulated, DATA.test.x)
    assert first == (0.0, 0)
    # A bias in steps of the accumulator is off by up to half a step of it, which moves a code near a tie.
    assert all(gap.share < 0.02 for gap in others)
    assert all(gap.steps <= 1 for gap in others)
    logits = network(DATA.test.x)
    assert agreement(logits, simulated(DATA.test.x)) > 0.99
    assert accuracy(logits, DATA.test.labels) > 0.93


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("method", ["ptq", "lsq"])
def test_biases_in_whole_steps_are_all_that_parts_integers_from_the_float32_simulation(method, bits):
    simulated = simulation(method, bits, "tensor")
    network = to_integer(simulated)
    apart, left = gaps(network, simulated, DATA.test.x), gaps(network, with_whole_biases(simulated), DATA.test.x)
    assert max(gap.share for gap in apart) > 0
    # float32 sums may still be off at an exact tie.
    assert max(gap.share for gap in left) < 1e-3


def test_rounding_once_gives_the_same_codes_and_rounding_twice_some_that_are_a_step_apart():
    simulated = simulation("ptq", 4, "channel")
    exact = to_integer(simulated)
    assert all(gap == (0.0, 0) for gap in gaps(to_integer(simulated, "once"), exact, DATA.test.x))
    _, hidden, _ = gaps(to_integer(simulated, "twice"), exact, DATA.test.x)
    assert 0 < hidden.share < 0.03
    assert hidden.steps == 1


def test_points_of_the_plane_need_a_zero_point_and_go_through_integers_too():
    moons = load("moons")
    simulated = ptq(Network.drawn((2, 16, 16, 2)), moons.train.x, Recipe(bits=6))
    network = to_integer(simulated)
    assert network.layers[0].input.zero_point > 0
    assert np.array_equal(network.codes(moons.test.x)[1], by_definition(simulated, moons.test.x)[1])
    assert agreement(network(moons.test.x), simulated(moons.test.x)) > 0.97


def bent_by_definition(simulated, x):
    """Codes of each layer's input where tanh is computed of every sum in float64 and rounded once."""
    q = simulated.layers[0].input_grid.quantize(x).astype(np.float64)
    found = [q]
    for layer, after in pairwise(simulated.layers):
        step = np.float64(layer.input_grid.scale) * np.asarray(layer.weight_grid.scale, np.float64).reshape(-1)
        sums = (q - layer.input_grid.zero_point) @ layer.codes.astype(np.float64).T
        sums += np.rint(layer.bias.astype(np.float64) / step)
        own = after.input_grid
        q = np.clip(np.rint(np.tanh(sums * step) / np.float64(own.scale)) + own.zero_point, own.qmin, own.qmax)
        found.append(q)
    return found


@pytest.mark.parametrize("method", ["ptq", "lsq"])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_behind_tanh_a_staircase_gives_the_codes_of_the_definition_bit_for_bit(method, bits, per):
    recipe, x = Recipe(bits=bits, per=per), DATA.test.x
    simulated = (
        ptq(BENT, DATA.train.x, recipe) if method == "ptq" else qat(BENT, DATA.train, recipe, AGAIN, learned_steps=True)
    )
    network = to_integer(simulated)
    for ours, defined in zip(network.codes(x), bent_by_definition(simulated, x), strict=True):
        assert ours.dtype == np.uint8
        assert np.array_equal(ours, defined)
    left = gaps(network, with_whole_biases(simulated), x)
    assert max(gap.share for gap in left) < 1e-3
    # Of 2 bits a step of the sum is wide, and so is what a bias in whole steps is off by.
    assert bits == 2 or agreement(network(x), simulated(x)) > 0.97
    assert {layer.thresholds.shape[1] for layer in network.layers[:-1]} == {2**bits - 1}


def test_thresholds_ascend_and_what_no_sum_reaches_stands_at_the_end():
    simulated = ptq(BENT, DATA.train.x, Recipe(bits=4))
    own = to_integer(simulated).layers[0]
    assert (np.diff(own.thresholds[0].astype(np.int64)) >= 0).all()
    wide = Quantizer.from_parameters(np.float32(0.5), 8, own.output.scheme)  # levels −4 to 3.5: most are out of reach
    few = Staircase(own.weight, input=own.input, output=wide).thresholds[0]
    assert (few == 2**31 - 1).sum() == 5
    assert (few == -(2**31)).sum() == 6
