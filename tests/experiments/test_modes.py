"""The Modes page against plain NumPy, integers to the bit and floats to their rounding; and what its tries show."""

from dataclasses import replace

import numpy as np
import pytest

from quantlab.experiments.modes import Settings, run
from quantlab.experiments.modes.experiment import OBSERVERS_HERE, distance
from quantlab.experiments.modes.modes import MODES, calibrated, chain, costs
from quantlab.experiments.modes.subject import SUBJECTS, build, calibration_rows, live_rows
from quantlab.linear import Dynamic, Static, WeightOnly, quantize_weight
from quantlab.observers import OBSERVERS
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import PerTensor, Scheme

OPENING = Settings()


def percent(settings, mode):
    return run(settings).outcomes[mode].accuracy * 100


# A model of the three modes in plain NumPy: int64 for what is integer, float32 for what is float.


def weight_codes(weight, bits, per):
    """Codes and scales of a weight, symmetric: absmax / (2^(bits − 1) − 1), or / 2^(bits − 1) for one bit."""
    top = np.abs(weight).max(axis=1, keepdims=True) if per == "channel" else np.abs(weight).max().reshape(1, 1)
    scale = (top.astype(np.float64) / (2 ** (bits - 1) - (bits > 1))).astype(np.float32)
    codes = np.clip(np.rint(weight / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return codes.astype(np.int64), scale


def affine(lo, hi, bits):
    """Scale and zero point of a range that is extended to 0, of signed codes."""
    lo, hi, bottom = min(np.float64(lo), 0.0), max(np.float64(hi), 0.0), -(2 ** (bits - 1))
    scale = np.float32((hi - lo) / (2**bits - 1))
    return scale, int(np.clip(bottom - np.rint(np.float32(lo) / scale), bottom, -bottom - 1))


def codes_of(x, scale, zero, bits):
    return np.clip(np.rint(x / scale).astype(np.int64) + zero, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def static_model(layers, rows, ranges, bits, weight_bits, per):
    """The codes between the layers and the logits."""
    grids, found = [affine(lo, hi, bits) for lo, hi in ranges], []
    codes = codes_of(rows, *grids[0], bits)
    for number, (weight, bias) in enumerate(layers):
        own, scale_w = weight_codes(weight, weight_bits, per)
        scale, zero = grids[number]
        sums = (codes - zero) @ own.T
        if number == len(layers) - 1:
            return found, sums.astype(np.float32) * (scale_w.T * scale) + bias
        steps = np.rint(bias.astype(np.float64) / (np.float64(scale) * scale_w.T.astype(np.float64))).astype(np.int64)
        scale_y, zero_y = grids[number + 1]
        multiplier = (scale * scale_w.T) / scale_y
        y = np.rint((sums + steps).astype(np.float32) * multiplier).astype(np.int64) + zero_y
        codes = np.clip(np.maximum(y, zero_y), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        found.append(codes)
    raise AssertionError


def dynamic_model(layers, rows, bits, weight_bits, per):
    """The codes that enter each layer and the logits, of one batch."""
    found, x = [], rows
    for number, (weight, bias) in enumerate(layers):
        own, scale_w = weight_codes(weight, weight_bits, per)
        scale, zero = affine(x.min(), x.max(), bits)
        codes = codes_of(x, scale, zero, bits)
        found.append(codes)
        x = ((codes - zero) @ own.T).astype(np.float32) * (scale_w.T * scale) + bias
        x = np.maximum(x, 0) if number < len(layers) - 1 else x
    return found, x


STATES = [
    OPENING,
    replace(OPENING, bits=4),
    replace(OPENING, bits=1),
    replace(OPENING, bits=7, weight_bits=3, weight_per="tensor"),
    replace(OPENING, scale=4.0, samples=500, calibration="noise"),
    replace(OPENING, offset=-0.25, loud=300.0, batch=32),
]


@pytest.mark.parametrize("settings", STATES, ids=lambda s: f"{s.bits}-{s.weight_bits}-{s.scale}-{s.offset}")
def test_static_is_a_plain_numpy_model_bit_for_bit(settings):
    result = run(settings)
    *between, logits = result.chains["static"].trace(result.live)
    layers = result.subject.network.layers
    expected, last = static_model(
        layers, result.live, result.ranges, settings.bits, settings.bits_of_weights, settings.weight_per
    )
    assert len(between) == len(expected) == 2
    for found, codes in zip(between, expected, strict=True):
        assert isinstance(found, QTensor)
        assert np.array_equal(found.codes, codes)
    assert np.array_equal(logits, last)


@pytest.mark.parametrize("settings", STATES, ids=lambda s: f"{s.bits}-{s.weight_bits}-{s.scale}-{s.offset}")
def test_dynamic_is_a_plain_numpy_model_bit_for_bit(settings):
    result = run(settings)
    batch = result.live[: settings.batch]
    expected, logits = dynamic_model(
        result.subject.network.layers, batch, settings.bits, settings.bits_of_weights, settings.weight_per
    )
    found = result.chains["dynamic"].trace(batch)
    entering = [batch, *found[:-1]]
    for x, codes in zip(entering, expected, strict=True):
        assert np.array_equal(Quantizer(x, settings.grids().activations).quantize(x), codes)
    assert np.array_equal(found[-1], logits)
    assert np.array_equal(result.chains["dynamic"](result.live)[: len(batch)], logits)


@pytest.mark.parametrize("settings", STATES, ids=lambda s: f"{s.bits}-{s.weight_bits}-{s.scale}-{s.offset}")
def test_weight_only_is_float32_with_the_weights_that_the_codes_stand_for(settings):
    result = run(settings)
    x = result.live.astype(np.float64)
    layers = result.subject.network.layers
    chained = result.chains["weight-only"].layers
    for number, (weight, bias) in enumerate(layers):
        codes, scale = weight_codes(weight, settings.bits_of_weights, settings.weight_per)
        assert np.array_equal(chained[number].weight.codes, codes)
        x = x @ (codes * scale.astype(np.float64)).T + bias
        x = np.maximum(x, 0) if number < len(layers) - 1 else x
    found = result.chains["weight-only"](result.live)
    assert np.abs(found - x).max() <= 1e-5 * max(1.0, np.abs(x).max())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("data", SUBJECTS)
def test_costs_are_those_that_the_layers_themselves_tell(data, mode):
    small = replace(build(data, 0), shapes=tuple(x.weight.shape for x in build(data, 0).network.layers))
    grids = replace(OPENING, weight_bits=4).grids()
    ranges = calibrated(small.network, small.known[:20], "minmax")
    layers = chain(mode, small.network, grids, ranges, 16).layers
    for number, (layer, cost) in enumerate(zip(layers, costs(mode, small, grids, 16), strict=True)):
        if mode == "float32":
            outputs, inputs = small.shapes[number]
            assert cost.bytes_read == 4 * (16 * inputs + outputs * inputs + outputs)
            assert (cost.integer_multiply_adds, cost.float_multiply_adds) == (0, 16 * outputs * inputs)
        else:
            quantized = {"quantized": number > 0} if mode == "static" else {}
            assert cost == layer.cost(16, **quantized)


def test_the_modes_are_the_librarys_layers():
    kinds = {"weight-only": WeightOnly, "dynamic": Dynamic, "static": Static}
    for mode, own in run(OPENING).chains.items():
        assert all(isinstance(layer, kinds[mode]) for layer in own.layers if layer is not None)


@pytest.mark.parametrize("observer", OBSERVERS_HERE)
def test_calibration_observes_what_enters_each_layer_of_the_float_network(observer):
    subject = build("digits", 0)
    rows = subject.known[:70]
    expected = []
    for values in subject.network.activations(rows)[:-1]:
        own = OBSERVERS[observer].make()
        own.update(values)
        expected.append(tuple(float(end[0]) for end in own.range()))
    assert np.allclose(calibrated(subject.network, rows, observer), expected, rtol=1e-6, atol=0)


def test_every_mode_is_within_two_images_of_float32_at_8_bits():
    result = run(OPENING)
    for outcome in result.outcomes.values():
        assert abs(outcome.accuracy - result.outcomes["float32"].accuracy) <= 2 * result.one_image
        assert outcome.error < 0.01
    assert result.one_image == 1 / 360


def test_brighter_images_clip_in_static_and_dynamic_follows():
    four = run(replace(OPENING, scale=4.0))
    assert four.clipped > 0.3
    assert four.outcomes["static"].error > 50 * four.outcomes["dynamic"].error
    assert four.outcomes["dynamic"].error == pytest.approx(run(OPENING).outcomes["dynamic"].error, rel=0.3)
    # Calibrated on dark images the same happens to ordinary ones.
    dark = run(replace(OPENING, calibration="dark"))
    assert dark.clipped == four.clipped
    assert dark.outcomes["static"].error > 50 * dark.outcomes["weight-only"].error


def test_a_loud_image_takes_the_codes_of_its_batch_and_not_of_its_row():
    loud = replace(OPENING, loud=300.0)
    result = run(loud)
    by_row = run(replace(loud, per="row")).outcomes["dynamic"]
    assert result.outcomes["dynamic"].error > 50 * by_row.error
    assert result.with_rows().error == by_row.error
    assert percent(loud, "weight-only") == percent(OPENING, "weight-only")
    # Alone in its batch it has a range to itself.
    assert run(replace(loud, batch=1)).outcomes["dynamic"].error == pytest.approx(by_row.error, rel=0.1)


def test_one_loud_image_in_calibration_costs_static_its_codes_and_a_percentile_saves_some():
    loud = replace(OPENING, loud=300.0, loud_in="calibration")
    assert run(loud).outcomes["dynamic"].error == run(OPENING).outcomes["dynamic"].error
    assert (
        percent(loud, "static") < percent(replace(loud, observer="percentile"), "static") < percent(OPENING, "static")
    )
    name, there = run(loud).otherwise()
    assert (name, there.error) == ("percentile", run(replace(loud, observer=name)).outcomes["static"].error)


@pytest.mark.parametrize("batch", [2, 16])
def test_small_batches_side_by_side_are_what_each_would_be_alone(batch):
    result = run(replace(OPENING, batch=batch, loud=300.0))
    dynamic = result.chains["dynamic"]
    apart = np.concatenate([dynamic.trace(result.live[at : at + batch])[-1] for at in range(0, 360, batch)])
    together = dynamic(result.live)
    # The scales meet the sums in another order, which moves the last bit, and through it now and then a code.
    assert np.abs(together - apart).max() <= 0.02 * np.abs(apart).max()
    assert np.median(np.abs(together - apart)) < 1e-6 * np.abs(apart).max()


def test_a_shift_hurts_float_too_and_all_are_compared_with_what_float_makes_of_it():
    shifted = run(replace(OPENING, offset=-0.25))
    assert percent(replace(OPENING, offset=-0.25), "float32") < percent(OPENING, "float32") - 5
    assert shifted.outcomes["weight-only"].agreement > 0.99
    assert shifted.outcomes["float32"].error == 0


def test_4_bit_weights_move_half_the_bytes_of_8_and_the_large_layer_is_counted_whole():
    eight, four = (run(replace(OPENING, data="layer", weight_bits=bits, batch=1)) for bits in (8, 4))
    bytes_moved = [result.outcomes["weight-only"].bytes_moved for result in (eight, four)]
    assert 4096 * 4096 < bytes_moved[0] < 1.01 * 4096 * 4096
    assert bytes_moved[0] - bytes_moved[1] == 4096 * 4096 // 2
    assert eight.outcomes["static"].integer_multiply_adds == 4096 * 4096
    assert eight.outcomes["static"].accuracy is None


def test_no_mode_moves_more_than_float32_since_what_stays_in_a_layer_is_not_moved():
    moved = {mode: outcome.bytes_moved for mode, outcome in run(OPENING).outcomes.items()}
    rows, weights = 64 * (64 + 32 + 32 + 32 + 32 + 10), 64 * 32 + 32 * 32 + 32 * 10
    # Every layer reads a bias of four bytes an output, and a quantized one a scale as well.
    bias = scales = 4 * (32 + 32 + 10)
    assert moved["float32"] == 4 * (rows + weights) + bias
    assert moved["weight-only"] == moved["dynamic"] == 4 * rows + weights + scales + bias
    # Static reads and writes floats at the ends only.
    between = 64 * (32 + 32 + 32 + 32)
    assert moved["static"] == 4 * 64 * (64 + 10) + between + weights + scales + bias


def test_live_rows_are_scaled_shifted_and_made_louder_in_this_order():
    subject = build("digits", 0)
    rows = live_rows(subject, scale=2.0, offset=0.25, batch=100, loud=10.0)
    assert np.array_equal(rows[1], subject.live.x[1] * np.float32(2) + np.float32(0.25))
    for first in (0, 100, 200, 300):
        assert np.array_equal(rows[first], (subject.live.x[first] * np.float32(2) + np.float32(0.25)) * np.float32(10))
    assert not subject.live.x.flags.writeable


def test_calibration_rows_are_no_test_rows_and_as_many_as_asked_for():
    subject = build("digits", 0)
    for kind in ("training", "noise", "dark"):
        for samples in (1, 500):
            rows = calibration_rows(subject, kind, samples, 300.0, 0)
            assert rows.shape == (samples, 64)
            assert rows.dtype == np.float32
            assert rows[0].max() > 20
    assert np.array_equal(calibration_rows(subject, "dark", 9, 1.0, 0) * 4, subject.known[:9])


def test_a_row_of_zeros_is_at_no_distance_from_itself_only():
    zero, one = np.zeros((1, 2), np.float32), np.float32([[3, 4]])
    assert distance(zero, zero) == 0
    assert distance(one, zero) == np.inf
    assert distance(zero, one) == 1


def test_compared_is_the_pin_or_the_other_grid_and_looks_do_not_change_the_numbers():
    pin = replace(OPENING, bits=3)
    pinned = run(replace(OPENING, pin=pin, compare="pinned", view="roofline", layer=3))
    assert (pinned.compared_name, pinned.layer) == ("pinned", 2)
    assert pinned.compared.outcomes["static"].error == run(pin).outcomes["static"].error
    other = run(OPENING)
    assert other.compared_name == "symmetric"
    assert other.compared.outcomes["static"].error == run(replace(OPENING, symmetric=True)).outcomes["static"].error
    assert run(replace(OPENING, symmetric=True)).compared_name == "affine"
    assert run(replace(OPENING, pin=pin, compare="nothing")).compared is None
    assert run(replace(OPENING, data="layer", layer=3)).layer == 0
    asked = []
    run(pinned.settings, recall=lambda subject, key, make: asked.append(key) or make())
    assert asked == [("modes", OPENING), ("modes", pin)]


def test_rows_share_no_range_in_static():
    grids = replace(OPENING, per="row", symmetric=True).grids()
    assert grids.calibrated == Scheme(granularity=PerTensor())
    assert quantize_weight(np.eye(3), grids.weight).codes.max() == 127
