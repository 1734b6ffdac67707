"""What the Modes page's views tell: arrays, steps, calibration and a forgotten scale are those of what ran."""

import re
from dataclasses import replace

import numpy as np
import pytest

from quantlab.experiments.modes import Settings, forgotten, run
from quantlab.experiments.modes.inside import columns, stages, steps
from quantlab.experiments.modes.modes import MODES, weight_scheme, without_scales
from quantlab.experiments.modes.seen import seen, sentence
from quantlab.nn import accuracy
from quantlab.numerals import factor
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.ui.anatomy import spoken

OPENING = Settings()


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_the_last_stage_is_what_the_layer_gives_and_each_follows_from_the_one_before(mode, layer):
    result = run(replace(OPENING, layer=layer, bits=6))
    found = stages(result, mode)
    y = result.chains[mode].trace(result.live[:64])[layer - 1]
    assert np.array_equal(found[-1].values, y.codes if isinstance(y, QTensor) else y)
    by_name = {stage.name: stage.values for stage in found}
    weight, bias = result.subject.network.layers[layer - 1]
    if mode in ("float32", "weight-only"):
        y = by_name["x"].astype(np.float64) @ by_name["w"].astype(np.float64).T + bias
        y = np.maximum(y, 0) if layer < 3 else y
        assert np.abs(found[-1].values - y).max() < 1e-4
        return
    scale = np.ravel(result.chains[mode].layers[layer - 1].weight.quantizer.scale)
    assert by_name["sums"].dtype == np.int32
    if mode == "dynamic" or layer == 3:
        x = by_name.get("x")
        step = (
            result.chains[mode].layers[layer - 1].input.scale
            if mode == "static"
            else Quantizer(x, replace(OPENING, bits=6).grids().activations).scale
        )
        y = by_name["sums"] * (step * scale) + bias
        y = np.maximum(y, 0) if layer < 3 else y
        assert np.abs(found[-1].values - y).max() < 1e-4
    assert weight.shape == (found[-1].values.shape[1], found[0].values.shape[1])


def test_a_table_of_stages_has_a_row_for_each_and_types_in_words():
    table = columns(stages(run(OPENING), "static"))
    assert table["array"] == ["x codes", "sums", "sums + bias", "y codes"]
    assert table["type"] == ["int8", "int32", "int32", "int8"]
    assert len({len(column) for column in table.values()}) == 1
    assert "to" in table["range"][0]


def test_rows_with_ranges_of_their_own_are_said_so():
    assert "each row" in str(columns(stages(run(replace(OPENING, per="row")), "dynamic")))


@pytest.mark.parametrize("data", ["digits", "layer"])
def test_steps_are_those_of_the_costs(data):
    result = run(replace(OPENING, data=data))
    table = steps(result)
    expected = [(mode, step.name) for mode in MODES for step in result.outcomes[mode].costs[result.layer].steps]
    assert list(zip(table["mode"], table["step"], strict=True)) == expected
    assert table["is float"][0] == "everything"
    assert table["integer MACs"][0] == "0"


def test_calibration_is_seen_beside_what_arrives():
    result = run(replace(OPENING, layer=1, scale=4.0))
    found = seen(result)
    assert found.calibration.sum() == pytest.approx(1)
    assert found.live.sum() == pytest.approx(1)
    assert found.clipped == result.clipped
    assert (found.lo, found.hi) == result.ranges[0]
    assert f"{result.outcomes['static'].accuracy * 100:.1f}" in sentence(result, found)
    quiet = run(replace(OPENING, layer=1))
    assert sentence(quiet, seen(quiet)).endswith("everything that arrives lies inside.")


def test_one_loud_image_does_not_leave_a_single_bar():
    found = seen(run(replace(OPENING, layer=1, loud=300.0, loud_in="calibration")))
    assert found.edges[-1] < 10
    assert (found.calibration > 0).sum() > 5
    assert found.hi > 100


@pytest.mark.parametrize(
    "settings", [OPENING, replace(OPENING, weight_bits=4), replace(OPENING, weight_bits=1), Settings(data="layer")]
)
def test_a_forgotten_scale_is_told_in_35_words_and_three_digits(settings):
    found = forgotten.forgotten(run(settings))
    said = spoken(forgotten.sentence(found))
    assert len(said.split(" ")) <= 35
    assert f"largest output is {factor(found.times)} times" in said
    assert not re.search(r"\d{4}", said)
    assert ("survives" in said) == (settings.bits_of_weights > 1 and settings.data == "digits")


def test_a_forgotten_scale_makes_outputs_a_million_times_too_large_and_labels_survive_it():
    result = run(OPENING)
    x, labels = result.live, result.subject.live.labels
    for per in ("tensor", "channel"):
        scheme = weight_scheme(8, per)
        found = without_scales(result.subject.network, scheme, x)
        assert np.abs(found).max() > 1e5 * np.abs(result.subject.network(x)).max()
        assert 0.9 < accuracy(found, labels) < result.outcomes["weight-only"].accuracy
