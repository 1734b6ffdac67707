"""What the Integer matmul page's views compute, beside independent definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantlab.experiments.matmul import Result, Settings, errors, operands, run
from quantlab.experiments.matmul.corrections import cell_columns, corrections, corrections_sentence
from quantlab.experiments.matmul.growth import against_bits, against_terms, growth_sentence, slope, slope_remark


def computed(state: Settings) -> Result:
    return run(state, *operands.build(state.data, state.shape, state.seed))


AFFINE = Settings(symmetric=False, weight_symmetric=False)
STATES = [
    Settings(),
    AFFINE,
    replace(AFFINE, signed=False, weight_per="column", per="row"),
    replace(AFFINE, k=10, weight_per="group", group_size=4),
]


@pytest.mark.parametrize("state", STATES)
def test_four_terms_add_up_to_the_sum_of_centred_products(state: Settings) -> None:
    result = computed(state)
    terms = corrections(result)
    total = np.zeros_like(terms[-1].values)
    for row in range(state.m):
        for column in range(state.n):
            cell = run(replace(state, row=row, column=column), result.now.x.array, result.now.w.array)
            total[row, column] = cell.sum.products.sum()
    assert (terms[-1].values == total).all()
    assert (sum(term.values for term in terms[:-1]) == total).all()
    assert len(cell_columns(result, terms)["term"]) == 5


def test_only_a_zero_point_that_is_not_zero_costs_anything() -> None:
    result = computed(Settings())
    assert "vanish" in corrections_sentence(result, corrections(result))
    result = computed(replace(Settings(), symmetric=False))
    # 10 · 5 · 4 products, 10 · 4 results; W's column sums take K · N = 20 additions, X's row sums M · K = 50.
    said = corrections_sentence(result, corrections(result))
    assert "beside 200 multiplications" in said
    assert "each of the **40** results; W's column sums, 20 additions" in said
    result = computed(AFFINE)
    assert "X's row sums, 50 more" in corrections_sentence(result, corrections(result))


@pytest.mark.parametrize("state", STATES)
def test_every_cell_is_counted_once_and_the_lost_ones_are_those_that_differ(state: Settings) -> None:
    state = replace(state, accumulator="int16", k=20)
    result = computed(state)
    counted = errors.error_counts(result)
    assert counted.counts.sum() == state.m * state.n
    wrong = np.abs(result.now.errors - result.again(accumulator="int32").errors) > 1e-9
    assert (errors.lost(result.now) == wrong).all()
    assert counted.lost.sum() == wrong.sum()


def test_theory_expects_what_many_draws_of_rounding_errors_give() -> None:
    # Affine, where nothing clips: under "absmax / 2^(b−1)" the largest value is off by a whole step.
    state = replace(AFFINE, data="uniform", m=40, k=30, n=40, weight_per="column", per="row")
    measured = [np.mean(computed(replace(state, seed=seed)).now.errors ** 2) for seed in range(8)]
    now = computed(state).now
    assert errors.expected_rms(now.x, now.w) == pytest.approx(np.sqrt(np.mean(measured)), rel=0.05)


def test_slopes_are_those_of_theory_where_its_assumptions_hold() -> None:
    result = computed(Settings(data="uniform", k=64))
    assert slope(against_terms(result), logarithmic=True) == pytest.approx(0.5, abs=0.05)
    assert slope(against_bits(result), logarithmic=False) == pytest.approx(-1, abs=0.15)
    said = growth_sentence(against_terms(result), against_bits(result))
    assert "grow as √K" in said
    narrow = computed(Settings(data="uniform", k=64, weight_bits=2))
    assert "predicted 0.1" in slope_remark(against_bits(narrow), logarithmic=False)


def test_a_sample_of_cells_holds_the_chosen_one() -> None:
    result = computed(Settings(data="normal", m=100, n=100, row=57, column=31))
    sample = errors.pairs(result)
    at = np.flatnonzero((sample.rows == 57) & (sample.columns == 31))
    assert len(at) == 1
    assert sample.values[at[0]] == result.value
    assert len(sample.rows) <= 401
