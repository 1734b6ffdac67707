"""PTQ: what it observes, what it rounds, and what each option is good for."""

import numpy as np
import pytest

from quantlab.nn import Network, Recipe, Training, accuracy, changed_codes, load, observe, ptq, train
from quantlab.nn.ptq import convert, rescaled

DATA = load("digits")
NETWORK = train(Network.drawn(), DATA.train, Training(epochs=30, batch=64, rate=5e-3))


def right(simulation):
    return accuracy(simulation(DATA.test.x), DATA.test.labels)


def test_a_simulation_is_the_float_network_on_rounded_numbers():
    simulation = ptq(NETWORK, DATA.train.x, Recipe(bits=3))
    x = DATA.test.x
    for number, (layer, (weight, bias)) in enumerate(zip(simulation.layers, NETWORK.layers, strict=True), 1):
        scale = np.float32(np.abs(weight).max() / 3)
        hat = np.clip(np.rint(weight / scale), -4, 3) * scale
        assert np.array_equal(layer.weight_hat, hat)
        step = layer.input_grid.scale
        x = np.clip(np.rint(x / step), 0, 7) * step @ hat.T + bias
        x = np.maximum(x, 0) if number < 3 else x
    assert simulation(DATA.test.x) == pytest.approx(x, abs=1e-4)


def test_pixels_and_what_leaves_relu_need_no_zero_point_and_centred_points_do():
    assert [layer.input_grid.zero_point for layer in ptq(NETWORK, DATA.train.x).layers] == [0, 0, 0]
    moons = load("moons")
    assert ptq(Network.drawn((2, 4, 2)), moons.train.x).layers[0].input_grid.zero_point in range(5, 11)


def test_what_leaves_tanh_lies_around_zero_and_loses_as_little_to_eight_bits():
    network = train(Network.drawn(hidden="tanh"), DATA.train, Training(epochs=20, batch=64, rate=5e-3))
    simulation = ptq(network, DATA.train.x, Recipe(bits=8))
    assert simulation.hidden == "tanh"
    assert [layer.input_grid.zero_point for layer in simulation.layers[1:]] == pytest.approx([127.5, 127.5], abs=3)
    assert all(np.abs(values).max() <= 1 for values in simulation.activations(DATA.test.x)[1:-1])
    assert abs(right(simulation) - accuracy(network(DATA.test.x), DATA.test.labels)) < 0.01
    corrected = ptq(network, DATA.train.x, Recipe(bits=3), bias_correction=True)
    assert np.abs((corrected(DATA.train.x) - network(DATA.train.x)).mean(axis=0)).max() < 1e-3


def test_fewer_bits_lose_more_and_eight_lose_next_to_nothing():
    exact = accuracy(NETWORK(DATA.test.x), DATA.test.labels)
    found = {bits: right(ptq(NETWORK, DATA.train.x, Recipe(bits=bits))) for bits in (8, 3, 2)}
    assert abs(found[8] - exact) < 0.01
    assert found[2] < 0.5 < found[3] < found[8]


def test_one_scale_an_output_saves_a_network_whose_channels_lie_far_apart():
    wide = rescaled(NETWORK)
    assert wide(DATA.test.x) == pytest.approx(NETWORK(DATA.test.x), rel=1e-3, abs=1e-3)
    by_tensor, by_channel = (right(ptq(wide, DATA.train.x, Recipe(bits=8, per=per))) for per in ("tensor", "channel"))
    assert by_tensor < by_channel - 0.02


def test_eight_bits_at_both_ends_help_two_in_the_middle():
    assert right(ptq(NETWORK, DATA.train.x, Recipe(bits=3, ends_at_8=True))) > right(
        ptq(NETWORK, DATA.train.x, Recipe(bits=3))
    )
    bits = [
        layer.weight_grid.scheme.bits for layer in ptq(NETWORK, DATA.train.x, Recipe(bits=2, ends_at_8=True)).layers
    ]
    assert bits == [8, 2, 8]


def test_corrected_biases_bring_the_mean_outputs_back():
    x = DATA.train.x
    plain, corrected = (ptq(NETWORK, x, Recipe(bits=3), bias_correction=flag) for flag in (False, True))
    gaps = [np.abs((simulation(x) - NETWORK(x)).mean(axis=0)).max() for simulation in (plain, corrected)]
    assert gaps[0] > 0.1
    assert gaps[1] < 1e-3


def test_codes_are_compared_step_by_step():
    before = ptq(NETWORK, DATA.train.x, Recipe(bits=4))
    assert not any(moved.any() for moved in changed_codes(before, before))
    weight = NETWORK.layers[0].weight.copy()
    weight[3, 5] += before.layers[0].weight_grid.scale * 2
    after = convert(
        Network([(weight, NETWORK.layers[0].bias), *NETWORK.layers[1:]]), observe(NETWORK, DATA.train.x), before.recipe
    )
    moved = changed_codes(before, after)[0]
    assert np.argwhere(moved).tolist() == [[3, 5]]
    assert moved[3, 5] == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Recipe(bits=1), "bits must be 2 to 8, got 1"),
        (lambda: Recipe(per="row"), "per must be tensor or channel, got 'row'"),
        (lambda: Recipe(weight_scale="max"), "weight_scale must be restricted or half_range or full, got 'max'"),
        (lambda: rescaled(Network.drawn(hidden="tanh")), "Channels are rescaled through ReLU, got tanh"),
        (lambda: observe(NETWORK, DATA.train.x, "guess"), "observer must be minmax or .*, got 'guess'"),
        (lambda: observe(NETWORK, DATA.train.x[:0]), "Calibration with no data has no range"),
        (lambda: convert(NETWORK, [(0, 1)], Recipe()), "ranges must be one a layer, got 1 for 3 layers"),
        (lambda: ptq(NETWORK, DATA.train.x)(np.zeros((1, 3))), r"x must have shape \(batch, 64\)"),
        (
            lambda: changed_codes(ptq(NETWORK, DATA.train.x), ptq(Network.drawn((64, 10)), DATA.train.x)),
            "Both networks must have the same shapes",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
