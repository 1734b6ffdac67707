"""The views of the Integer matmul page without a browser: their numbers against definitions written anew."""

from __future__ import annotations

import re
from dataclasses import replace

import integer_model
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.bench import live
from quantlab.experiments.matmul import ACCUMULATORS, Result, Settings, operands, racing, run, scaling
from quantlab.experiments.matmul import accumulators as widths
from quantlab.experiments.matmul import requantization as codes
from quantlab.experiments.matmul.corrections import corrections
from quantlab.linear import requantize
from quantlab.ui.anatomy import spoken

STATES = st.builds(
    Settings,
    data=st.sampled_from(list(operands.PAIRS)),
    m=st.integers(1, 8),
    k=st.integers(1, 40),
    n=st.integers(1, 8),
    seed=st.integers(0, 99),
    bits=st.integers(1, 8),
    weight_bits=st.none() | st.integers(1, 8),
    symmetric=st.booleans(),
    weight_symmetric=st.booleans(),
    per=st.sampled_from(["tensor", "row"]),
    weight_per=st.sampled_from(["tensor", "column", "group"]),
    group_size=st.integers(1, 50),
    accumulator=st.sampled_from(list(ACCUMULATORS)),
    overflow=st.sampled_from(["wrap", "saturate"]),
    row=st.integers(0, 7),
    column=st.integers(0, 7),
    output_symmetric=st.booleans(),
    rounding=st.sampled_from(["twice", "once"]),
    bias=st.booleans(),
    relu=st.booleans(),
)


def computed(state: Settings) -> Result:
    return run(state, *operands.build(state.data, state.shape, state.seed))


def words(sentence: str) -> int:
    """Count words; a number with its unit or its groups of three is one."""
    return len(spoken(sentence).replace("\u00a0", "").replace("\u202f", "").split())


@given(STATES)
@settings(max_examples=150, deadline=None)
def test_a_cell_gets_the_codes_of_an_integer_model_and_every_step_says_so(state: Settings) -> None:
    result = computed(state)
    if codes.no_common_sum(result):
        assert len(result.integers) > 1
        return
    found = codes.requantized(result)
    assert found.total == result.integers[0] + found.bias_code
    scale_x, scale_w, scale_out = found.scales
    if found.bias is not None:
        assert found.bias_code == round(found.bias / (scale_x * scale_w))
    mantissa, shift = integer_model.quantized_multiplier(float(found.multiplier))
    steps = integer_model.multiplied_fixed(found.total, mantissa, shift, state.rounding)
    assert found.codes[1] == integer_model.requantized(steps, found.zero_point, found.scheme, state.relu)
    rounded = int(np.rint(np.float32(found.total) * np.float32(found.multiplier)))
    assert found.codes[0] == integer_model.requantized(rounded, found.zero_point, found.scheme, state.relu)
    read = {line.name: line for line in scaling.lines(found)}
    assert read["round"].by_fixed.split(" ")[-1].replace("\u202f", "").replace("−", "-") == str(steps)
    assert read["clamp"].by_float.replace("−", "-") == str(found.codes[0])
    # The output's grid was made for what the float product holds, so the code is worth about that.
    if state.accumulator == "int32":
        error = abs(found.value - max(result.value + (found.bias or 0.0), 0.0 if state.relu else -np.inf))
        lost = abs(result.now.errors).max() + 1.01 * scale_out + scale_x * scale_w
        assert error <= lost * 1.01
    assert words(codes.sentence(found)) <= 35


@given(STATES)
@settings(max_examples=80, deadline=None)
def test_the_accumulators_that_get_two_codes_are_those_of_all_of_int32(state: Settings) -> None:
    result = computed(replace(state, weight_per="column"))
    found = codes.requantized(result)
    near = found.total if found.nearest is None else found.nearest
    totals = np.unique(np.clip(near + np.arange(-3000, 3000), -(2**31), 2**31 - 1))
    ways = [
        requantize(totals, way, found.zero_point, found.scheme, relu=found.relu)
        for way in (found.multiplier, found.fixed)
    ]
    differing = np.zeros(len(totals), bool)
    for start, stop in zip(found.differing.starts, found.differing.stops, strict=True):
        differing |= (start <= totals) & (totals < stop)
    assert np.array_equal(ways[0] != ways[1], differing)
    for mine, theirs in zip(found.codes_of(totals), ways, strict=True):
        assert np.array_equal(mine, theirs)
    if found.nearest is not None:
        away = np.abs(np.concatenate([found.differing.starts, found.differing.stops - 1]) - found.total).min()
        assert abs(found.nearest - found.total) in (0, away)
    columns = found.columns()
    assert (columns["code by the float multiplier"] != columns["code by fixed point"]).all()


@given(STATES)
@settings(max_examples=80, deadline=None)
def test_the_stairs_pass_through_the_codes_of_their_window(state: Settings) -> None:
    found = codes.requantized(computed(replace(state, weight_per="tensor")))
    seen = codes.stairs(found)
    for way, (x, y) in enumerate((seen.by_float, seen.by_fixed)):
        assert (np.diff(x) >= 0).all()
        assert len(x) == len(y) < 600
        totals = np.arange(int(x[0] + 0.5), min(int(x[-1] + 0.5), int(x[0]) + 2000))
        at = np.searchsorted(x, totals.astype(float), side="right") - 1
        assert np.array_equal(y[at], found.codes_of(totals)[way])
    if found.nearest is not None:
        assert any(start <= found.nearest < stop for start, stop in zip(seen.starts, seen.stops, strict=True))


def test_relu_is_a_clamp_at_the_zero_point_that_says_when_it_bites() -> None:
    results = [computed(Settings(data="normal", relu=True, row=row)) for row in range(10)]
    found = [codes.requantized(result) for result in results]
    assert {one.bites for one in found} == {True, False}
    for one in found:
        assert one.bites == ("cut by ReLU" in codes.sentence(one))
        assert one.bites == ("bites" in next(line.rule for line in scaling.lines(one) if line.name == "clamp"))
        assert one.codes[0] >= one.zero_point
        assert not one.bites or one.codes[0] == one.zero_point


def test_what_lies_beyond_the_last_code_is_said_to_be_clipped() -> None:
    found = codes.requantized(computed(Settings(data="uniform", k=300, bits=1, per="row")))
    assert found.codes == (found.scheme.qmax, found.scheme.qmax)
    assert "is clipped" in codes.sentence(found)
    assert "is clipped" not in codes.sentence(codes.requantized(computed(Settings())))


def test_a_bias_is_one_a_column_and_matters() -> None:
    bare, biased = (computed(Settings(data="normal", bias=bias)) for bias in (False, True))
    columns = [codes.requantized(run_at(biased, column=column)).bias for column in range(4)]
    assert len(set(columns)) == 4
    assert codes.requantized(run_at(biased, row=0)).bias == codes.requantized(run_at(biased, row=9)).bias
    assert codes.requantized(bare).bias is None
    assert np.abs(np.array(columns)).max() > codes.requantized(bare).scales[2]


def run_at(result: Result, **cell: int) -> Result:
    return computed(replace(result.settings, **cell))


@given(STATES)
@settings(max_examples=80, deadline=None)
def test_every_accumulator_is_what_the_page_computes_with_it(state: Settings) -> None:
    result = computed(state)
    found = widths.accumulators(result)
    assert [width.name for width in found.widths] == ["int8", "int16", "int32"]
    assert not found.sampled
    for width in found.widths:
        for overflow, error in (("wrap", width.wrapped), ("saturate", width.saturated)):
            errors = result.again(accumulator=width.name, overflow=overflow).errors
            assert error == pytest.approx(np.abs(errors).max(), rel=1e-6, abs=1e-9)
        if width.safe >= found.terms:
            assert width.leaving == 0
            assert found.needed <= width.bits
    assert found.of("int32").leaving == 0
    assert words(widths.sentence(found, result)) <= 35


def test_the_share_that_leaves_counts_cells_by_their_running_sums() -> None:
    state = Settings(data="uniform", m=4, n=5, k=30, accumulator="int16")
    result = computed(state)
    x, w = (np.asarray(side.codes.codes, np.int64) for side in (result.now.x, result.now.w))
    running = np.cumsum(x[:, :, None] * w[None], axis=1)
    left = ((running < -(2**15)) | (running > 2**15 - 1)).any(axis=1)
    assert widths.accumulators(result).of("int16").leaving == left.mean()


def test_of_a_large_product_a_block_is_measured_and_said() -> None:
    state = Settings(data="uniform", m=200, n=130, k=400, per="row", weight_per="column", symmetric=False)
    result = computed(state)
    found = widths.accumulators(result)
    assert (found.rows, found.columns, found.sampled) == (64, 64, True)
    assert "64 rows" in widths.sampled_sentence(found)
    rows, columns = (np.unique(np.linspace(0, n - 1, 64).astype(int)) for n in (200, 130))
    errors = np.abs(result.again(accumulator="int8", overflow="saturate").errors[np.ix_(rows, columns)])
    assert found.of("int8").saturated == pytest.approx(errors.max(), rel=1e-6)


@pytest.mark.parametrize("name", ACCUMULATORS)
def test_the_safe_length_is_that_of_the_worst_codes(name: str) -> None:
    result = computed(Settings(accumulator=name))
    curves = widths.safe_terms(widths.accumulators(result), result)
    most = 2 ** (ACCUMULATORS[name] - 1) - 1
    for bits, terms in zip(curves.bits.tolist(), curves.terms[name].tolist(), strict=True):
        worst = (2 ** (bits - 1)) ** 2
        assert terms * worst <= most < (terms + 1) * worst


def test_codes_of_two_widths_stand_between_them_and_other_grids_beside_the_line() -> None:
    result = computed(Settings(bits=8, weight_bits=4, accumulator="int16"))
    curves = widths.safe_terms(widths.accumulators(result), result)
    assert curves.now == (6.0, 5)
    assert curves.own is None
    assert curves.terms["int16"][5] == widths.accumulators(result).of("int16").safe
    affine = computed(Settings(symmetric=False))
    own = widths.safe_terms(widths.accumulators(affine), affine).own
    assert own is not None
    assert own[1] < 131_071


def test_no_term_begins_as_a_list_of_markdown_does() -> None:
    for term in corrections(computed(Settings(symmetric=False))):
        assert not re.match(r"([-+*]|\d+[.)])[ \t]", term.title)


@pytest.fixture(scope="module")
def raced() -> live.Race:
    return live.race(0.05, size=64)


def test_a_race_in_words_has_its_own_numbers(raced: live.Race) -> None:
    assert words(racing.sentence(raced)) <= 35
    table = racing.speed_columns(raced)
    assert table["operations a second"] == [raced.blas.speed, raced.naive.speed, raced.kernel.speed]
    assert raced.machine.sentence in racing.conditions(raced)
    assert "threadpoolctl" not in racing.conditions(replace(raced, alone=True))
    assert "threadpoolctl" in racing.conditions(replace(raced, alone=False))


@pytest.mark.parametrize(
    ("shape", "bound"), [((10, 5, 4), "the call"), ((256, 1, 256), "memory"), ((256, 1024, 256), "arithmetic")]
)
def test_what_binds_follows_from_the_work_for_each_byte(
    raced: live.Race, shape: tuple[int, int, int], bound: str
) -> None:
    machine = replace(raced, peak=1e11, bandwidth=1e10)
    m, k, n = shape
    found = racing.under(machine, shape)
    assert found.bound == bound
    assert found.intensity == 2 * m * k * n / (m * k + k * n + 4 * m * n)
    assert found.roof == min(1e11, found.intensity * 1e10)
    state = Settings(m=m, k=k, n=n)
    said = racing.here_sentence(machine, computed(state))
    assert ("being called" in said) == (bound == "the call")
    assert bound == "the call" or f"{bound} binds" in said
