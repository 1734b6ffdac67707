"""An array of one's own on the Calibration page: cut in order, tested on what is kept back, kept with its visitor."""

import json
from dataclasses import replace

import numpy as np
import pytest

from quantlab.arrays import Array, FileError
from quantlab.experiments import calibration, codec
from quantlab.experiments.calibration import Settings, criteria, readings, stories, widening
from quantlab.experiments.calibration import channels as by_channel
from quantlab.experiments.calibration.own import CUT, MOST_CHANNELS, MOST_VALUES, of_array
from quantlab.quantizer import Quantizer
from quantlab.ui.calibration.hero import picture
from quantlab.ui.components.brackets import message

YOURS = Settings(data="yours")
DRAWN = np.random.default_rng(3)


def mine(values):
    return Array.of(np.asarray(values), "mine")


def test_four_rows_of_five_pass_in_order_in_thirty_two_equal_batches_and_the_fifth_is_kept_back():
    rows = DRAWN.standard_normal((400, 6)).astype(np.float32)
    stream = of_array(mine(rows))
    assert [batch.shape for batch in stream.batches] == [(10, 6)] * 32
    assert np.array_equal(stream.held, rows[4::5])
    assert np.array_equal(np.concatenate(stream.batches), rows[np.arange(400) % 5 != 4])
    assert stream.cut == "320 of 400 rows pass in 32 batches of 10"
    assert stream.finish is None


def test_a_list_is_cut_into_equal_stretches_and_a_short_array_into_fewer_batches():
    stretch = of_array(mine(np.arange(201.0)))
    assert {len(batch) for batch in stretch.batches} == {5, 6}
    assert stretch.cut.endswith("161 of 201 values pass in 32 batches of 5 or 6")
    short = of_array(mine(np.arange(36.0).reshape(12, 3)))
    assert [batch.shape for batch in short.batches] == [(1, 3)] * 10
    assert short.held.tolist() == [[12, 13, 14], [27, 28, 29]]
    assert "32" in CUT


def test_leading_axes_of_one_are_no_observations_and_further_axes_are_channels():
    assert of_array(mine(np.ones((1, 1, 40, 3)))).batches[0].shape == (1, 3)
    assert of_array(mine(np.ones((40, 3, 2)))).batches[0].shape == (1, 6)


@pytest.mark.parametrize(("values", "said"), [(np.ones((9, 50)), "9 × 50 has 9"), (np.float32(3), "no axis has 1"),
                                              (np.ones((1, 4)), "1 × 4 has 4")])  # fmt: skip
def test_too_few_observations_are_refused_in_one_sentence_with_their_number(values, said):
    with pytest.raises(FileError, match=said):
        calibration.run(YOURS, mine(values))


def test_what_is_done_to_an_array_is_said():
    assert "count as 0" in of_array(mine([np.nan, np.inf, *range(20)])).remark
    assert "beyond ±10³⁰" in of_array(mine([1e35, *range(20)])).remark
    wide = of_array(mine(np.ones((10, MOST_CHANNELS + 1), np.float32)))
    assert f"first 10 × {MOST_CHANNELS}" in wide.remark
    long = of_array(mine(np.ones(MOST_VALUES + 1, np.int8)))
    assert sum(map(len, long.batches)) + len(long.held) == MOST_VALUES
    assert of_array(mine(np.ones((20, 2)))).remark == ""


def test_nothing_is_multiplied_drawn_or_read_by_a_network():
    rows = DRAWN.standard_normal((200, 4)).astype(np.float32)
    result = calibration.run(YOURS, mine(rows))
    assert YOURS.odd_batch == 0
    assert not result.odd_seen
    assert not YOURS.drawn
    assert result.course("minmax").hi[-1] == rows[np.arange(200) % 5 != 4].max()
    assert all(each.accuracy is None for each in result.courses)
    assert [each.label for each in readings.readings(result)] == list(readings.LABELS)
    assert "accuracy" not in readings.courses(result)


def test_the_error_is_that_of_the_rows_kept_back():
    rows = DRAWN.standard_t(3, (500, 4)).astype(np.float32)
    result = calibration.run(YOURS, mine(rows))
    held = rows[4::5]
    for course in result.courses:
        ends = np.array([course.lo[-1]]), np.array([course.hi[-1]])
        noise = Quantizer.from_range(held, *ends, YOURS.scheme()).fake_quantize(held).astype(np.float64) - held
        expected = 10 * np.log10((held.astype(np.float64) ** 2).sum() / (noise**2).sum())
        assert course.sqnr_db[-1] == pytest.approx(expected)
    assert "100 rows kept back" in stories.sentence(result)
    assert "400 of 500 rows pass in 32 batches" in readings.note(result)


ARRAYS = {
    "normal": DRAWN.standard_normal(400), "heavy": DRAWN.standard_t(2, (400, 8)), "ten rows": DRAWN.random((10, 10)),
    "zeros": np.zeros((50, 3)), "constant": np.full(40, -3.5), "tiny": np.full((20, 2), 1e-42),
    "huge": DRAWN.standard_normal((40, 4)) * 1e300, "one huge": np.r_[DRAWN.standard_normal(100), 1e38],
    "whole": np.arange(1000).reshape(100, 10), "yes or no": DRAWN.random((100, 3)) > 0.5, "negative": -DRAWN.random(99),
    "silent where tested": np.r_[1.0, np.zeros(99)], "one channel silent": np.ones((40, 2)) * [0, 1],
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("name", ARRAYS)
def test_any_array_has_a_sentence_numbers_a_drawing_and_views(name, symmetric):
    for batches in (1, 32):
        result = calibration.run(Settings(data="yours", symmetric=symmetric, batches=batches), mine(ARRAYS[name]))
        said = stories.sentence(result)
        assert 5 < len(said.split()) <= 35
        assert "–" not in said
        assert len(readings.readings(result)) == 6
        json.dumps(message(picture(result)), allow_nan=False)
        assert len(criteria.criteria(result)) == 3
        assert "–" not in by_channel.sentence(by_channel.channels(result))
        assert len(widening.columns(result)["observer"]) == 5


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([1, 1000], "With a range for each channel **nothing is lost**; with one for all, min-max has **6"),
        ([1, 1], "With one range for all, or one for each channel, **nothing is lost**"),
    ],
)
def test_what_a_range_for_each_channel_saves_is_said_where_it_loses_nothing(columns, said):
    rows = np.random.default_rng(0).integers(0, 2, (100, 2)) * np.float32(columns)
    result = calibration.run(Settings(data="yours", bits=1), mine(rows))
    assert by_channel.sentence(by_channel.channels(result)).startswith(said)


def test_what_a_symmetric_grid_loses_is_said_where_the_affine_one_loses_nothing():
    said = stories.sentence(calibration.run(Settings(data="yours", symmetric=True, bits=1), mine(np.ones((40, 3)))))
    assert said.endswith("The best, min-max, loses what the best affine one keeps **whole**.")


def test_where_nothing_changes_that_is_said_in_words():
    result = calibration.run(
        Settings(data="yours", symmetric=True, bits=1, observers=("minmax", "mse")), mine(np.ones((40, 3)))
    )
    assert by_channel.sentence(by_channel.channels(result)).startswith(
        "A range for each channel instead of one for all is worth **nothing** to min-max"
    )
    assert "min-max **kept its range**: more data can only widen it. MSE never narrowed." in widening.sentence(result)
    alone = replace(result, settings=replace(result.settings, observers=("mse",)))
    assert "MSE **never widened and never narrowed**" in widening.sentence(alone)


def test_a_short_array_has_been_seen_when_its_last_batch_has():
    result = calibration.run(YOURS, mine(np.arange(10.0)))
    assert result.seen == len(result.stream.batches) == 8
    assert message(picture(result))["at"] == 8
    assert len(readings.now(result)["observer"]) == 5
    assert "After 8 batches" in stories.sentence(result)


def test_two_arrays_are_two_drawings():
    one, other = (picture(calibration.run(YOURS, mine(ARRAYS[name]))) for name in ("normal", "negative"))
    assert one.data_id != other.data_id


def test_an_array_s_results_are_kept_with_it_and_built_in_ones_with_nobody():
    kept = []

    def remember(array, key, make):
        kept.append((array, key[1]))
        return make()

    array = mine(ARRAYS["normal"])
    calibration.run(Settings(compare="pinned", pin=YOURS), array, recall=remember)
    assert {array for array, key in kept if isinstance(key, Settings) and key.data == "yours"} == {array}
    assert {array for array, key in kept if isinstance(key, Settings) and key.data != "yours"} == {None}
    assert (array, "batches") in kept
    kept.clear()
    by_channel.channels(calibration.run(YOURS, array), remember)
    by_channel.channels(calibration.run(Settings(), array), remember)
    assert kept == [(array, "channels"), (None, "channels")]


def test_a_pin_of_an_array_that_is_not_there_is_not_compared_with():
    pinned = Settings(compare="pinned", pin=YOURS)
    assert calibration.run(pinned).compared is None
    assert calibration.run(pinned, mine(ARRAYS["normal"])).compared.settings.data == "yours"
    with pytest.raises(ValueError, match="pass it as `array`"):
        calibration.run(YOURS)


def test_an_address_names_the_data_and_never_holds_them():
    assert codec.encode(YOURS) == {"data": "yours"}
    assert codec.decode(Settings, {"data": "yours"}) == (YOURS, [])
