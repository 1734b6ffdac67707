"""The Integer matmul page without a browser: every setting is valid, and its numbers are an integer model's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.arrays import Array
from quantlab.experiments import codec
from quantlab.experiments.matmul import ACCUMULATORS, Result, Settings, operands, readings, run, stories
from quantlab.linear import bits_needed
from quantlab.numerals import code, count

STATES = st.builds(
    Settings,
    data=st.sampled_from(list(operands.PAIRS)),
    m=st.integers(1, 12),
    k=st.integers(1, 40),
    n=st.integers(1, 12),
    seed=st.integers(0, 99),
    bits=st.integers(1, 8),
    weight_bits=st.integers(0, 8),
    symmetric=st.booleans(),
    weight_symmetric=st.booleans(),
    signed=st.booleans(),
    per=st.sampled_from(["tensor", "row"]),
    weight_per=st.sampled_from(["tensor", "column", "group"]),
    group_size=st.integers(1, 50),
    accumulator=st.sampled_from(list(ACCUMULATORS)),
    overflow=st.sampled_from(["wrap", "saturate"]),
    row=st.integers(0, 255),
    column=st.integers(0, 255),
)


def computed(state: Settings) -> Result:
    return run(state, *operands.build(state.data, state.shape, state.seed))


@given(STATES)
@settings(max_examples=150, deadline=None)
def test_every_state_has_a_sentence_and_the_sums_of_an_integer_model(state: Settings) -> None:
    result = computed(state)
    assert 5 < len(stories.sentence(result).split()) <= 40
    now, size = result.now, result.now.group_size or state.k
    x, w = (np.asarray(side.codes.codes, object) for side in (now.x, now.w))
    zero_x = np.broadcast_to(np.asarray(now.x.quantizer.zero_point, object), (state.m, 1))[result.row, 0]
    zero_w = np.atleast_2d(np.asarray(now.w.quantizer.zero_point, object))
    for group in range(len(now.accumulator)):
        part = slice(group * size, (group + 1) * size)
        row = [int(q) - int(zero_x) for q in x[result.row, part]]
        zero = zero_w[min(group, len(zero_w) - 1)]
        column = [int(q) - int(zero[min(result.column, len(zero) - 1)]) for q in w[part, result.column]]
        held = 0
        lowest, highest = -(2 ** (ACCUMULATORS[state.accumulator] - 1)), 2 ** (ACCUMULATORS[state.accumulator] - 1) - 1
        for a, b in zip(row, column, strict=True):
            held += a * b
            if state.overflow == "wrap":
                held = (held - lowest) % (highest - lowest + 1) + lowest
            held = min(max(held, lowest), highest)
        assert result.integers[group] == held
    assert readings.sum_columns(result)["accumulator"][-1] == result.integers[-1]


@given(STATES)
@settings(max_examples=60, deadline=None)
def test_every_state_comes_back_from_its_address(state: Settings) -> None:
    again, mended = codec.decode(Settings, codec.encode(state))
    assert again == state
    assert not mended


@pytest.mark.parametrize("data", ["article", "uniform"])
def test_eight_bits_of_uniform_data_err_by_about_a_hundredth(data: str) -> None:
    worst = [np.abs(computed(Settings(data=data, seed=seed)).now.errors).max() for seed in range(60)]
    assert np.mean([0.005 <= error <= 0.03 for error in worst]) > 0.95


def test_the_article_is_numpys_rand_in_its_order() -> None:
    np.random.seed(3)
    x, w = operands.build("article", (10, 5, 4), 3)
    assert (x.values == np.random.rand(10, 5).astype(np.float32)).all()
    assert (w.values == np.random.rand(5, 4).astype(np.float32)).all()


@pytest.mark.parametrize("label", stories.TRIES)
def test_every_try_makes_its_point(label: str) -> None:
    words = {
        "the article": "would overflow",
        "affine activations": ":green[zero point]",
        "int16 accumulator, K = 512": ":red[wraps around]",
        "4-bit weights": "Weights of 4",
        "one wide channel": "sets the scale for all",
    }
    said = stories.sentence(computed(stories.TRIES[label]))
    assert words[label] in said
    assert len(said.split()) <= 38


def test_a_wrapped_sum_that_ends_right_says_so() -> None:
    x, w = (Array.of(np.array(values, np.float32), "mine") for values in ([[127, 127, 127]], [[127], [127], [-127]]))
    state = Settings(accumulator="int16", symmetric=True)
    said = stories.sentence(run(state, x, w))
    total = run(state, x, w).sum
    assert total.overflowed.any() == (np.abs(total.exact) > 32767).any()
    if total.overflowed.any():
        assert "ends on the right sum" in said


def test_an_array_of_any_rank_becomes_a_matrix_and_says_how() -> None:
    cube = Array.of(np.arange(24, dtype=np.float32).reshape(2, 3, 4), "cube")
    x, w, remark = operands.beside_own(cube, "x", 5, 0)
    assert (x.values == np.arange(24).reshape(6, 4)).all()
    assert w.values.shape == (4, 5)
    assert "(2, 3, 4) is taken as 6 × 4" in remark
    large = Array.of(np.ones((2000, 300), np.float32), "large")
    _, w, remark = operands.beside_own(large, "w", 5, 0)
    assert w.values.shape == (operands.MOST_TERMS, operands.MOST_COLUMNS)
    assert "takes the first 1024 × 256" in remark


def test_values_that_are_no_numbers_count_as_nothing_and_are_counted() -> None:
    broken = Array.of(np.array([[1, np.nan], [np.inf, 2]], np.float32), "broken")
    _, w, remark = operands.beside_own(broken, "w", 3, 0)
    assert w.values.tolist() == [[1, 0], [0, 2]]
    assert remark.startswith("2 of its values")


def test_matrices_that_do_not_fit_are_refused_in_one_sentence() -> None:
    one, other = (Array.of(np.ones(shape, np.float32), "a") for shape in ((2, 3), (4, 5)))
    with pytest.raises(ValueError, match="does not fit"):
        run(Settings(), one, other)


def test_a_pin_of_another_shape_is_compared_by_what_both_have() -> None:
    state = Settings(compare="pinned", pin=Settings(m=3, k=7))
    pair = operands.build("article", state.shape, 0)
    result = run(state, *pair, pinned=operands.build("article", (3, 7, 4), 0))
    found = {reading.label: reading.delta for reading in readings.readings(result)}
    assert found["Error of this cell"] is None
    assert found["Largest error in X·W"] is not None


def test_unsigned_codes_are_of_affine_grids_only() -> None:
    assert computed(replace(Settings(), signed=False)).now.x.codes.codes.dtype == np.int8
    assert computed(replace(Settings(), signed=False, symmetric=False)).now.x.codes.codes.dtype == np.uint8


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("weight_symmetric", [True, False])
@pytest.mark.parametrize("per", ["tensor", "row"])
def test_the_sentence_on_zero_points_adds_up(signed: bool, weight_symmetric: bool, per: str) -> None:
    state = Settings(data="uniform", symmetric=False, signed=signed, weight_symmetric=weight_symmetric, per=per)
    result = computed(state)
    said = stories.sentence(result)
    raw = int(np.dot(result.sum.a_codes.astype(int), result.sum.b_codes.astype(int)))
    zero_x, zero_w = result.zero_points
    assert result.sum.a_codes[0] - result.sum.a[0] == zero_x
    assert result.sum.b_codes[0] - result.sum.b[0] == zero_w
    if zero_x and not zero_w:
        assert f"{code(zero_x)} × {count(int(result.sum.b_codes.astype(int).sum()))}" in said
        assert raw - zero_x * int(result.sum.b_codes.astype(int).sum()) == result.integers[0]
    if zero_x and zero_w:
        assert "three corrections" in said
    assert count(raw) in said or not (zero_x or zero_w)


def test_a_zero_point_of_zero_takes_nothing_away() -> None:
    said = stories.sentence(computed(Settings(symmetric=False, signed=False)))
    assert "zero point" not in said


def test_bits_on_the_way_and_bits_of_the_end_are_told_apart() -> None:
    result = computed(Settings(data="uniform"))
    final = int(bits_needed(result.integers[0]))
    assert ("on its way" in stories.sentence(result)) == (final < result.bits)


def test_one_bit_has_its_own_story() -> None:
    assert "all of X does" in stories.sentence(computed(Settings(bits=1)))
    assert "1\u00a0bits" not in stories.sentence(computed(Settings(weight_bits=1)))
    assert "of the codes" in stories.sentence(computed(Settings(data="uniform", bits=1)))
