"""What the Modes page says and draws: sentences, numbers, dataflows, curves and times follow from the state."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from quantlab.bench.timing import Spread
from quantlab.experiments import codec
from quantlab.experiments.modes import Settings, bounds, run, speed
from quantlab.experiments.modes.experiment import BATCHES
from quantlab.experiments.modes.flows import flows
from quantlab.experiments.modes.modes import MODES
from quantlab.experiments.modes.readings import LABELS, beside, image_note, readings
from quantlab.experiments.modes.stories import STORIES, TRIES, sentence, taken
from quantlab.experiments.modes.subject import build
from quantlab.experiments.modes.sweep import QUANTIZED, marks, sweep
from quantlab.numerals import size_text
from quantlab.ui.anatomy import spoken

OPENING = Settings()
CORNERS = [
    replace(OPENING, data=data, bits=bits, weight_bits=weights, batch=batch, **other)
    for (data, (bits, weights), batch), other in zip(
        product(("digits", "layer"), ((8, None), (1, None), (3, 8), (8, 2)), (1, 256)),
        [
            {},
            {"scale": 10.0},
            {"offset": -0.25},
            {"offset": 0.25, "scale": 0.1},
            {"loud": 300.0},
            {"loud": 7.5, "per": "row"},
            {"loud": 300.0, "loud_in": "calibration", "observer": "percentile"},
            {"calibration": "noise", "samples": 1},
        ]
        * 2,
        strict=True,
    )
]


@pytest.mark.parametrize("settings", [*TRIES.values(), *CORNERS], ids=lambda s: str(codec.encode(s)))
def test_a_sentence_has_at_most_35_words_two_colours_and_the_states_own_numbers(settings):
    result = run(settings)
    said = sentence(result)
    assert len(spoken(said).replace("\u202f", "").split(" ")) <= 35
    assert said.endswith(".")
    assert len(re.findall(r":\w+\[", said)) <= 2
    assert "nan" not in said
    assert re.search(r"\d", said)


def test_every_story_is_told_by_some_state():
    told = {next(story for story in STORIES if story(result)) for result in map(run, [*TRIES.values(), *CORNERS])}
    told |= {next(story for story in STORIES if story(run(state))) for state in (replace(OPENING, bits=3), CORNERS[6])}
    assert {story.__name__ for story in STORIES} - {story.__name__ for story in told} == set()


def test_the_opening_says_what_is_integer_in_each_mode():
    real = run(OPENING).outcomes["float32"].accuracy
    assert spoken(sentence(run(OPENING))).replace("\u00a0", " ") == (
        f"At 8 bits all three match float32 ({real * 100:.1f} %). Weights take 27 % of the bytes; only static "
        "carries integers between layers: 2.05 kB, not float32's 8.19 kB."
    )


def test_a_contrast_is_told_only_where_dynamic_reads_more_than_one_image_more():
    dark = run(replace(OPENING, scale=0.25))
    static, dynamic = (dark.outcomes[mode] for mode in ("static", "dynamic"))
    assert dynamic.accuracy - static.accuracy <= dark.one_image
    assert "of its codes unused; its outputs are off by" in sentence(dark)
    assert f"{static.error * 100:.1f}" in sentence(dark)
    bright = run(replace(OPENING, scale=4.0))
    assert bright.outcomes["dynamic"].accuracy - bright.outcomes["static"].accuracy > bright.one_image
    assert "finds the new range" in sentence(bright)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"calibration": "dark", "scale": 0.25},
            "four times darker; the live input scaled by 0.25:",
        ),
        (
            {"loud": 300.0, "loud_in": "calibration", "offset": 0.1},
            "300 times louder; the live input shifted",
        ),
        ({"scale": 4.0, "offset": 0.1}, "The live input scaled by 4 and shifted by +0.1 of its width:"),
        ({"data": "layer", "scale": 4.0, "loud": 2.0, "calibration": "noise"}, "changed in 3 ways:"),
        ({"data": "layer", "calibration": "dark"}, "Calibrated on rows four times smaller"),
        ({"data": "layer", "scale": 4.0}, "Live data are 4 times larger"),
    ],
)
def test_where_several_things_are_changed_none_is_said_to_be_the_cause(changed, said):
    assert said in spoken(sentence(run(replace(OPENING, **changed))))


def test_4_bit_weights_tell_what_they_save_and_what_they_cost():
    result = run(replace(OPENING, weight_bits=4))
    real, only = (result.outcomes[mode] for mode in ("float32", "weight-only"))
    assert (real.weight_bytes, only.weight_bytes) == (4 * 3392, 3392 // 2 + 4 * 74)
    said = sentence(result)
    assert f"from {size_text(real.weight_bytes)} in float32 to **{size_text(only.weight_bytes)}**" in said
    cost = (real.accuracy - only.accuracy) * 100
    assert (f"{abs(cost):.1f}\u00a0pp" if cost else "no image") in said


def test_a_sentence_compares_with_the_numbers_of_the_other_state():
    loud = replace(OPENING, loud=300.0)
    assert f"{run(replace(loud, per='row')).outcomes['dynamic'].accuracy * 100:.1f}\u00a0%" in sentence(run(loud))
    calibrated = replace(OPENING, loud=300.0, loud_in="calibration")
    for observer in ("minmax", "percentile"):
        right = run(replace(calibrated, observer=observer)).outcomes["static"].accuracy
        assert f"{right * 100:.1f}\u00a0%" in sentence(run(calibrated))


def test_tries_are_plain_states_that_survive_the_address():
    assert len(TRIES) == 6
    for state in TRIES.values():
        assert codec.decode(Settings, codec.encode(state)) == (state, [])
        assert taken(OPENING, state) == state
    mine = replace(OPENING, pin=replace(OPENING, bits=3))
    assert taken(mine, TRIES["one loud image"]).pin == mine.pin


@pytest.mark.parametrize("text", ["3", "257", "0", "-1", "64.0", "x", "９"])
def test_a_batch_that_is_not_offered_is_mended(text):
    assert codec.decode(Settings, {"batch": text}) == (OPENING, ["batch"])
    assert [codec.decode(Settings, {"batch": str(size)})[0].batch for size in BATCHES] == list(BATCHES)


def test_six_numbers_each_with_its_difference_to_the_pin():
    plain, pinned = (
        readings(run(replace(OPENING, pin=replace(OPENING, bits=3), compare=name))) for name in ("nothing", "pinned")
    )
    assert tuple(reading.label for reading in plain) == ("Float32 accuracy", *LABELS[1:])
    assert {reading.delta for reading in plain} == {None}
    deltas = {reading.label: reading.delta for reading in pinned}
    assert deltas["Static moves"] == "same"
    wider = readings(run(replace(OPENING, pin=replace(OPENING, batch=128), compare="pinned")))[0]
    assert (wider.label, wider.delta[0]) == ("Static moves", "−")
    assert deltas["Static error"].startswith("−")
    assert deltas["Static agrees"].startswith("+")
    assert readings(run(replace(OPENING, data="layer")))[0].label == "Float32 moves"
    unlike = readings(run(replace(OPENING, pin=replace(OPENING, data="layer"), compare="pinned")))[0]
    assert (unlike.label, unlike.delta) == ("Float32 accuracy", None)


def test_beside_a_flow_stands_what_the_outcome_counts():
    result = run(OPENING)
    for mode in MODES:
        own = dict(beside(result.outcomes[mode], None))
        assert own["Moves"] == size_text(result.outcomes[mode].bytes_moved)
        assert own["Time"] == "…"
        assert own["Int MACs"] == ("0" if mode in ("float32", "weight-only") else "217k")
    assert beside(run(replace(OPENING, data="layer")).outcomes["static"], 1.0)[0][0] == "Error"


def test_one_images_worth_is_that_of_the_test_images():
    assert "360" in image_note(run(OPENING))
    assert "0.28" in image_note(run(OPENING))
    assert "256" in image_note(run(replace(OPENING, data="layer")))


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("data", ["digits", "layer"])
def test_a_flow_leads_from_the_layers_input_to_its_output(data, layer):
    result = run(replace(OPENING, data=data, layer=layer, bits=5, weight_bits=3))
    outputs, inputs = result.subject.shapes[result.layer]
    for flow in flows(result):
        assert len(flow.lines) == len(flow.stations) + 1
        assert flow.lines[0].wire.shape == (64, inputs)
        assert flow.lines[-1].wire.shape == (64, outputs)
        assert flow.weight.wire.shape == (outputs, inputs)
        assert flow.weight.bits == 3
        assert flow.stations[flow.into].name == "×"
        for line in (*flow.lines, flow.weight):
            assert line.integer == (line.wire.dtype != "float32")
            assert line.bits <= line.wire.bits


def test_the_only_notes_are_where_a_range_rounds():
    result = run(replace(OPENING, layer=1))
    notes = {flow.mode: [station.note for station in flow.stations if station.note] for flow in flows(result)}
    assert notes == {
        "weight-only": [],
        "dynamic": ["range of this batch"],
        "static": ["calibrated range", "calibrated range"],
    }
    assert "range of each row" in str(flows(run(replace(OPENING, per="row"))))


def test_between_static_layers_nothing_is_float():
    between = flows(run(OPENING))[2]
    assert all(line.integer for line in between.lines)
    last = flows(run(replace(OPENING, layer=3)))[2]
    assert [line.integer for line in last.lines] == [True, True, False, False]


def test_4_bit_weights_are_packed_in_weight_only_and_a_byte_each_elsewhere():
    only, *others = flows(run(replace(OPENING, weight_bits=4)))
    assert (only.weight.wire.dtype, only.weight.wire.nbytes) == ("int4", 32 * 32 // 2 + 4 * 32)
    assert {flow.weight.wire.nbytes for flow in others} == {32 * 32 + 4 * 32}


@pytest.mark.parametrize("data", ["digits", "layer"])
def test_curves_are_the_states_of_their_widths(data):
    state = replace(OPENING, data=data, calibration="noise")
    swept = sweep(run(replace(state, bits=5, weight_bits=2)))
    assert swept.bits.tolist() == list(range(1, 9))
    for bits in (1, 4, 8):
        there = run(replace(state, bits=bits))
        for mode in QUANTIZED:
            assert swept.error[mode][bits - 1] == there.outcomes[mode].error
            if data == "digits":
                assert swept.accuracy[mode][bits - 1] == there.outcomes[mode].accuracy
            assert marks(there)[mode][0] == bits
    assert (swept.accuracy is None) == (data == "layer")
    assert len(swept.columns()) == (4 if data == "layer" else 7)
    assert {mode: bits for mode, (bits, _) in marks(run(replace(state, bits=5, weight_bits=2))).items()} == {
        "weight-only": 2
    }


def test_curves_are_asked_for_once_for_all_widths_and_layers():
    asked = []
    for settings in (OPENING, replace(OPENING, bits=2), replace(OPENING, weight_bits=3, layer=1)):
        sweep(run(settings), lambda subject, key, make: asked.append(key) or make())
    assert len(set(asked)) == 1


def test_times_are_of_the_modes_own_layers_and_counted_for_the_same_batch():
    subject, grids = build("digits", 0), OPENING.grids()
    chains = run(OPENING).chains
    sides = {mode: speed._side(chains[mode].trace, subject.live.x[:2]) for mode in MODES}
    found = speed.race("digits", subject, grids, 2, sides, 0.02)
    assert [timing.mode for timing in found] == list(MODES)
    for timing in found:
        assert timing.multiply_adds == 2 * (64 * 32 + 32 * 32 + 32 * 10)
        assert timing.bytes_moved == run(replace(OPENING, batch=2)).outcomes[timing.mode].bytes_moved
        assert timing.seconds.median > 0
        assert timing.speed == 2 * timing.multiply_adds / timing.seconds.median


def test_measuring_begins_with_the_smallest_batch_of_the_small_network():
    first = [timing for timing, _ in zip(speed.measure(0.001), range(8), strict=False)]
    assert [(timing.data, timing.batch) for timing in first] == [("digits", 1)] * 4 + [("digits", 2)] * 4


def test_a_roof_is_the_slope_of_memory_until_arithmetic_is_full():
    found = speed.roofs(0.03)
    assert found.at(1e-3, "static") == pytest.approx(found.bandwidth / 1e3)
    assert found.at(1e9, "static") == found.int8
    assert found.at(1e9, "weight-only") == found.float32
    one = speed.Timing("layer", "static", 1, Spread(0.5, 0.5, 0.5, 1), 100, 50)
    assert (one.speed, one.intensity) == (400, 4)
    assert np.isfinite(found.bandwidth)


def test_what_binds_is_read_off_the_ceilings_and_the_measured_time():
    roofs = speed.Roofs(8e10, 16e10, 2e10)  # arithmetic binds int8 from 8 operations a byte on
    large = run(replace(OPENING, data="layer", batch=64))

    def at(seconds, batch=64, data="layer"):
        moved = run(replace(OPENING, data=data, batch=batch)).outcomes["static"].bytes_moved
        adds = batch * (4096**2 if data == "layer" else 3392)
        return [speed.Timing(data, "static", batch, Spread(seconds, seconds, seconds, 3), adds, moved)]

    assert "still being measured" in bounds.sentence(large, roofs, [])
    assert "**arithmetic binds**" in bounds.sentence(large, roofs, at(0.02))
    one = run(replace(OPENING, data="layer", batch=1))
    assert "**memory binds**" in bounds.sentence(one, roofs, at(1.5e-3, batch=1))
    assert "**calls bind**" in bounds.sentence(run(OPENING), roofs, at(5e-4, data="digits"))
    assert "at its roof" in bounds.sentence(large, roofs, at(0.01))
    assert bounds.crossing(run(OPENING), speed.Roofs(8e10, 16e10, 2e9)) is None  # no batch reaches 80 operations a byte


def test_times_are_told_with_their_batches_and_what_is_missing_is_a_gap():
    times = [speed.Timing("digits", mode, 2, Spread(2e-3, 1e-3, 3e-3, 3), 100, 50) for mode in MODES]
    assert bounds.curves(times)["static"] == [None, 2.0, *[None] * 7]
    assert bounds.columns(times)["upper quartile"] == [3.0] * 4
    assert bounds.now(run(replace(OPENING, batch=2)), times) == [own[0] for own in bounds.places(times).values()]
    assert bounds.now(run(OPENING), times) == []
    whole = [
        speed.Timing("layer", mode, batch, Spread(9e-3 if mode == "float32" else 3e-3, 0, 0, 3), 100, 50)
        for mode in MODES
        for batch in BATCHES
    ]
    assert "3.0 times as fast" in bounds.time_remark(run(replace(OPENING, data="layer")), whole)
    assert "calls bind" in bounds.time_remark(run(OPENING), whole)
