"""Sentences stay true and grammatical in the states that are easily forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantlab.arrays import Array
from quantlab.experiments import stories
from quantlab.experiments.tensor import Settings, built_in, run

ONE_BIT = Settings(data="uniform", parameters=(("hi", 6.0), ("lo", 5.0)), bits=1, symmetric=False)


def _said(settings: Settings) -> str:
    return stories.sentence(run(settings, built_in(settings)))


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
