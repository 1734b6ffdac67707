"""The brackets without a browser: their message is plain JSON of a bounded size and holds the numbers of the result."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from quantlab.experiments.calibration import Result, Settings, run
from quantlab.ui.calibration.hero import picture, ticks
from quantlab.ui.components.brackets import message, standalone

MOST_BYTES = 60_000
STATES = {
    "opening": Settings(),
    "symmetric, of both signs": Settings(data="outputs", symmetric=True, bits=8),
    "a far tail": Settings(data="tail", tail=1.5, odd=100.0),
    "nothing odd, one batch": Settings(odd=1.0, batches=1),
}


@cache
def found(name: str) -> Result:
    return run(STATES[name])


@pytest.mark.parametrize("name", STATES)
def test_a_message_is_json_of_at_most_sixty_kilobytes(name: str) -> None:
    assert len(json.dumps(message(picture(found(name)))).encode()) < MOST_BYTES


@pytest.mark.parametrize("name", STATES)
def test_a_message_holds_every_value_and_every_range_of_all_batches(name: str) -> None:
    sent, result = message(picture(found(name))), found(name)
    assert np.array_equal(sent["counts"], result.fill.counts)
    assert sent["at"] == result.settings.batches
    by_name = {each["name"]: each for each in sent["brackets"]}
    for course in result.courses:
        drawn = by_name[course.label]
        if result.settings.symmetric:
            assert drawn["hi"] == pytest.approx(np.maximum(np.abs(course.lo), np.abs(course.hi)), rel=1e-5)
            assert drawn["lo"] == [-end for end in drawn["hi"]]
        else:
            assert drawn["hi"] == pytest.approx(np.maximum(course.hi, 0), rel=1e-5)
            assert drawn["lo"] == pytest.approx(np.minimum(course.lo, 0), rel=1e-5)
    assert np.array(sorted(sum(each["best"]) for each in sent["brackets"])).sum() == 32


@pytest.mark.parametrize("name", STATES)
def test_the_longest_bracket_stands_on_top_at_the_end(name: str) -> None:
    widths = [each["hi"][-1] - each["lo"][-1] for each in message(picture(found(name)))["brackets"]]
    assert widths == sorted(widths, reverse=True)


def test_codes_have_ticks_up_to_five_bits_and_an_odd_batch_its_number() -> None:
    assert message(picture(found("opening")))["codes"] == [-8, 7]
    assert message(picture(found("symmetric, of both signs")))["codes"] is None
    assert message(picture(found("opening")))["odd"] == 20
    assert message(picture(found("nothing odd, one batch")))["odd"] == 0


def test_the_same_batches_bear_the_same_name_whichever_of_them_is_looked_at() -> None:
    one, other = (picture(run(Settings(batches=batches, compare="nothing"))) for batches in (3, 30))
    assert one.data_id == other.data_id != picture(found("a far tail")).data_id


@pytest.mark.parametrize("ends", [(0.0, 16.7), (-3e-5, 4e-5), (-1e6, 2.0), (0.0, 1.0), (-9.99, 9.99)])
def test_an_axis_has_a_few_round_ticks_between_its_ends(ends: tuple[float, float]) -> None:
    places = [place for place, _ in ticks(*ends)]
    assert 3 <= len(places) <= 10
    assert ends[0] <= places[0] < places[-1] <= ends[1]
    assert np.allclose(np.diff(places), places[1] - places[0])


def test_it_stands_alone_in_one_file_that_asks_nobody_for_anything() -> None:
    page = standalone(picture(found("opening")), title="What each observer chose", alt="five ranges")
    assert "five ranges" in page
    assert not [
        word for word in ("http://", "https://", "src=", "@import") if word in page.replace("http://www.w3.org", "")
    ]
