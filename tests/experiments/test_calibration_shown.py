"""Which observers the Calibration page shows: everything it says follows, and no range depends on it."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from quantlab.experiments import calibration, codec
from quantlab.experiments.calibration import Settings, criteria, widening
from quantlab.experiments.calibration.course import OBSERVERS
from quantlab.experiments.calibration.readings import courses, now, readings
from quantlab.experiments.calibration.stories import TRIES, sentence
from quantlab.ui.calibration.hero import picture

KEPT = {}


def recall(array, key, make):
    """Compute each state once for all tests."""
    if key not in KEPT:
        KEPT[key] = make()
    return KEPT[key]


OPENING = Settings()


def run(settings=OPENING, **fields):
    return calibration.run(replace(settings, **fields), recall=recall)


CHOICES = [names for number in range(1, 6) for names in combinations(OBSERVERS, number)]
LABELS = {each.name: each.label for each in run().courses}
STATES = {**TRIES, "before the odd batch": Settings(batches=12), "odd at the first": Settings(odd_at=1, batches=1)}


def test_a_link_holds_who_is_shown_in_the_order_of_the_menu():
    some = Settings(observers=("minmax", "mse"))
    assert codec.encode(some) == {"observers": "minmax,mse"}
    assert codec.decode(Settings, {"observers": "mse,minmax"}) == (some, [])


@pytest.mark.parametrize("text", ["", "mse,mse", "mse,nobody", ",", "mse,", "min-max"])
def test_a_link_that_names_nobody_or_somebody_unknown_shows_all(text):
    assert codec.decode(Settings, {"observers": text}) == (Settings(), ["observers"])


def test_the_last_observer_cannot_be_left_out():
    with pytest.raises(ValueError, match="keep at least one"):
        codec.change(Settings(), observers=())


@pytest.mark.parametrize("name", STATES)
def test_nobody_who_is_left_out_is_named(name):
    for names in CHOICES:
        result = run(STATES[name], observers=names)
        hidden = {LABELS[each].split()[0].lower() for each in OBSERVERS if each not in names}
        said = [sentence(result), criteria.sentence(result), widening.sentence(result)]
        said += [f"{each.label} {each.value}" for each in readings(result)]
        words = " ".join(said).lower().replace("only min-max cannot narrow", "")
        assert not [each for each in hidden if re.search(rf"\b{each}\b", words)], words
        assert len(said[0].split()) <= 35
        assert len(readings(result)) == 6
        assert "nan" not in words


def test_drawing_tables_and_criteria_hold_those_who_are_shown():
    result = run(observers=("percentile", "mse"))
    shown = {"percentile 99.9", "MSE"}
    assert {each.name for each in picture(result).brackets} == shown
    assert set(courses(result)["observer"]) == set(now(result)["observer"]) == shown
    assert {each.label for each in widening.widenings(result)} == shown
    assert [each.name for each in criteria.criteria(result)] == ["mse", "percentile"]
    assert result.places == (1, 3)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("minmax", "mse"), "MSE looks at"),
        (("percentile", "entropy"), "Percentile 99.9 and entropy look at"),
        (("percentile", "average", "mse", "entropy"), "Three observers look at"),
    ],
)
def test_a_name_is_written_large_only_where_the_sentence_begins(names, said):
    assert criteria.sentence(run(observers=names)).startswith(said)


def test_the_best_is_the_best_of_those_shown_on_both_grids():
    result = run(observers=("minmax", "mse"))
    assert result.best().name == result.compared.best().name == "mse"
    assert result.rival().name == "minmax"
    rest = run(observers=("percentile", "average", "mse"))
    levels = {each.name: each.sqnr_db[-1] for each in rest.courses}
    assert rest.rival().name == min(levels, key=levels.get)


def test_no_range_depends_on_who_is_shown_and_none_is_computed_again():
    kept = set()

    def remember(array, key, make):
        kept.add(key)
        return recall(array, key, make)

    for names in (OBSERVERS, ("mse",), ("minmax", "entropy")):
        result = calibration.run(Settings(observers=names), recall=remember)
        for each in result.courses:
            assert np.array_equal(each.hi, run().course(each.name).hi)
    assert len(kept) == 2  # this grid, and the other
