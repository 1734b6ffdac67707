"""Sentences stay true and grammatical in the states that are easily forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantlab.arrays import Array
from quantlab.experiments.tensor import Settings, built_in, run, stories
from quantlab.numerals import decibels
from quantlab.scheme import Fixed, MinMax, MinMSE, Percentile, PerChannel

ONE_BIT = Settings(data="uniform", parameters=(("hi", 6.0), ("lo", 5.0)), bits=1, symmetric=False)
OUTLIER = Settings(data="outlier", size="100x100")


def _said(settings: Settings) -> str:
    pinned = None if settings.pin is None else built_in(settings.pin)
    return stories.sentence(run(settings, built_in(settings), pinned_array=pinned))


def _decibels(settings: Settings) -> str:
    return decibels(run(settings, built_in(settings)).report.sqnr_db)


def test_one_bit_names_the_two_levels_that_it_has() -> None:
    far = replace(ONE_BIT, affine_range="free")
    quantizer = run(far, built_in(far)).quantizer
    low, high = quantizer.dequantize(np.array([quantizer.qmin, quantizer.qmax])).tolist()
    assert low > 4
    assert f"two levels, {low:.2f} and {high:.2f}, and" in _said(far)
    assert "two levels, 0 and 0.988, and" in _said(Settings(bits=1, symmetric=False))
    assert "two levels, 0 and −0.988, and" in _said(Settings(bits=1))


def test_one_bit_compares_with_the_other_grid_by_its_name() -> None:
    assert "a :blue[symmetric] grid gives" in _said(Settings(bits=1, symmetric=False))
    assert "an :green[affine] grid gives" in _said(Settings(bits=1))
    assert "grid gives" not in _said(Settings(bits=1, compare="nothing"))


def test_a_single_value_that_wraps_is_one() -> None:
    said = _said(Settings(bits=8, overflow="wrap"))
    assert "**1** value runs" in said
    assert "hold it." in said
    assert "values run" in _said(Settings(bits=4, overflow="wrap"))


@pytest.mark.parametrize("value", [1.0, -2.5])
@pytest.mark.parametrize("symmetric", [True, False])
def test_equal_values_are_told_as_one(value: float, symmetric: bool) -> None:
    array = Array.of(np.full((2, 2), value, np.float32), "equal")
    result = run(Settings(data="yours", symmetric=symmetric), array)
    said = stories.sentence(result)
    assert f"Every value is **{value:g}**".replace("-", "−") in said
    assert ("without error" in said) == (result.report.mse == 0)


def _said_of(values: object, **fields: object) -> str:
    array = Array.of(np.array(values, np.float32), "mine")
    return stories.sentence(run(replace(Settings(data="yours"), **fields), array))


def test_only_an_array_of_zeros_is_told_as_zeros() -> None:
    rows = [[1.0, -0.3], [0.0, 0.0], [np.nan, np.nan]]
    assert "row 1**, which holds nothing but 0." in _said_of(rows, granularity=PerChannel(0), channel=1)
    assert "row 2**, which holds no number." in _said_of(rows, granularity=PerChannel(0), channel=2)
    assert "with a step of 1." in _said_of([0.0, 0.0])
    assert "with a step of 0.125." in _said_of([0.0, 0.0], range=Fixed(-1, 1))
    off = {"symmetric": False, "affine_range": "free", "range": Fixed(5, 6)}
    assert "without error" not in _said_of([0.0, 0.0], **off)


def test_chance_may_give_equal_values_several_codes() -> None:
    said = _said_of([0.3] * 100, range=Fixed(-1, 1), rounding="stochastic")
    assert "chance spreads all 100 over 2 codes" in said


def test_a_grid_that_need_not_hold_zero_is_not_told_that_it_must() -> None:
    far = replace(ONE_BIT, bits=8)
    assert "The grid must hold 0" in _said(far)
    assert "must hold 0" not in _said(replace(far, affine_range="free"))


def test_a_missing_half_is_not_blamed_for_what_a_narrow_range_clips() -> None:
    assert "act as 3" in _said(Settings())
    said = _said(Settings(range=Fixed(-0.001, 0.001)))
    assert "act as 3" not in said
    assert said.startswith("Clipping **100")


@pytest.mark.parametrize(
    ("bits", "chosen", "verdict"),
    [
        (4, MinMSE(), ", yet the finer steps win: "),
        (8, Percentile(99.9), ", and the finer steps cannot make up for it: "),
        (8, MinMSE(), " of the squared error]: "),
    ],
)
def test_clipping_is_weighed_against_the_range_that_covers_everything(
    bits: int, chosen: MinMSE | Percentile, verdict: str
) -> None:
    clipped = replace(OUTLIER, bits=bits, range=chosen)
    unclipped = replace(clipped, range=MinMax())
    weighed = f"{verdict}**{_decibels(clipped)}** against {_decibels(unclipped)} with min-max."
    assert _said(clipped).endswith(weighed)
    assert _said(replace(clipped, pin=unclipped, compare="pinned")).endswith(weighed)
    assert "min-max" not in _said(replace(clipped, compare="nothing"))


def test_a_range_wider_than_the_values_is_not_told_of_finer_steps() -> None:
    values = np.r_[np.linspace(-0.3, 0.9, 12), 1.0]
    wider = _said_of(values, bits=4, range=Fixed(-1.05, 1.05))
    assert wider.startswith("Clipping **7.7")
    assert "finer steps" not in wider
    assert ", and the wider range wins: " in wider
    # min-max itself clips the largest value here; the least squared error needs to clip nothing.
    assert "lipping" not in _said_of(values, bits=4, range=MinMSE())


def test_clipping_is_weighed_against_another_pin_instead() -> None:
    said = _said(replace(OUTLIER, range=MinMSE(), pin=replace(OUTLIER, bits=6), compare="pinned"))
    assert "than the pinned state." in said
    assert "min-max" not in said


def test_a_crowded_grid_is_told_what_clipping_would_give() -> None:
    clipped = replace(OUTLIER, range=Percentile(99.9))
    assert f"Clipping at percentile 99.9 would give **{_decibels(clipped)}**." in _said(OUTLIER)


def test_a_pin_of_another_width_is_told_by_its_codes_steps_and_errors() -> None:
    eight = Settings(bits=8, symmetric=False)
    state = replace(eight, bits=4, pin=eight, compare="pinned")
    said = _said(state)
    result = run(state, built_in(state))
    steps = float(result.quantizer.scale) / float(run(eight, built_in(eight)).quantizer.scale)
    assert steps == pytest.approx(17)
    assert "**16 codes**, the pinned 8 have 256: each step is **17.0 times wider**" in said
    assert f"**{_decibels(replace(eight, bits=4))}** instead of {_decibels(eight)}." in said
    assert "17.0 times finer" in _said(replace(eight, pin=replace(eight, bits=4), compare="pinned"))
    # Where more than the width differs, its story would not be the whole truth.
    assert "each step is" not in _said(replace(state, symmetric=True))
    assert "each step is" not in _said(replace(state, bits=8))


def test_a_try_leaves_the_visitors_pin_and_drops_one_that_another_try_has_set() -> None:
    own = Settings(bits=7)
    there = stories.TRIES["far from zero"]
    assert stories.taken(Settings(pin=own, compare="pinned"), there).pin == own
    assert stories.taken(stories.TRIES["int4 beside int8"], there) == there


def test_one_value_is_no_crowd() -> None:
    result = run(Settings(data="yours"), Array.of(np.array([5.0], np.float32), "one"))
    assert stories.sentence(result).startswith("The only value is **5**, kept")


def test_without_any_error_no_decibels_are_gained() -> None:
    result = run(Settings(data="yours"), Array.of(np.array([0.5, 1.5, 2.5], np.float32), "exact"))
    assert stories.sentence(result).endswith("An :green[affine] grid would be **without error**.")
