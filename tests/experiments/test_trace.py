from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import cases, examples

from quantlab import PerChannel, PerGroup, Quantizer, Scheme, numerals
from quantlab.experiments.tensor import arithmetic
from quantlab.experiments.tensor import trace as tracing
from quantlab.experiments.tensor.trace import draw, trace, worst_elements
from quantlab.report import unclamped_codes

MODERATE = ("float16", "float32", "float64", "int8", "bool")


def traces(x, scheme):
    x = np.ascontiguousarray(x).reshape(x.shape)
    quantizer = Quantizer(x, scheme)
    return x, quantizer, [trace(x, quantizer, i) for i in range(x.size) if not np.isnan(x.reshape(-1)[i].astype("f8"))]


@examples
@given(cases(finite=False))
def test_every_element_ends_where_the_library_ends(case):
    x, quantizer, found = traces(*case)
    codes = quantizer.quantize(np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf) if x.dtype.kind == "f" else x)
    x_hat, unclamped = quantizer.fake_quantize(x), unclamped_codes(x, quantizer)
    for one in found:
        at = one.place
        assert one.code == codes[at]
        assert one.unclamped == unclamped[at]
        assert one.x_hat == x_hat[at] == quantizer.dequantize(codes)[at]
        assert one.x_hat.dtype == quantizer.working
        assert one.error == float(x_hat[at]) - float(one.x)
        assert one.clipped == (not scheme_holds(one))


def scheme_holds(one):
    return one.scheme.qmin <= one.unclamped <= one.scheme.qmax


@examples
@given(cases(MODERATE, moderate=True, min_side=1))
def test_every_line_of_whole_numbers_is_a_true_equation(case):
    for one in traces(*case)[2]:
        for line in arithmetic.lines(one, case[0].shape):
            if line.kind in ("integer", "clipping") and line.name in ("add zero point", "clamp", "wrap"):
                left, right = _python(line.numbers).split(" = ")
                assert eval(left, {"clamp": lambda q, lo, hi: min(max(q, lo), hi)}) == int(right), line.numbers


def _python(numbers: str) -> str:
    return numbers.replace("−", "-").replace("mod", "%").replace("\u202f", "")


@examples
@given(cases(MODERATE, moderate=True, min_side=1))
def test_the_bits_shown_are_the_code(case):
    for one in traces(*case)[2]:
        line = next(line for line in arithmetic.lines(one, case[0].shape) if line.name == "code")
        decimal, binary, hexadecimal = _python(line.numbers).split(" = ")
        assert len(binary) == 2 + one.scheme.bits
        assert int(binary, 2) == int(hexadecimal, 16)
        sign = (int(binary, 2) >> (one.scheme.bits - 1)) * one.scheme.signed
        assert int(decimal) == int(binary, 2) - (sign << one.scheme.bits) == one.code


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_written_with_the_digits_that_bring_it_back(value):
    text = _python(numerals.shortest(np.float32(value)))
    mantissa, *power = text.split("·10")
    raised = power[0].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) if power else "0"
    assert np.float32(f"{mantissa}e{raised}") == np.float32(value)


def test_the_drawn_numbers_are_splitmix64s():
    # The first outputs of the reference implementation with seed 0.
    assert [draw(0, i) * 2**53 for i in range(2)] == [0xE220A8397B1DCDAF >> 11, 0x6E789E6AA1B965F4 >> 11]


def test_nan_is_refused_by_name():
    x = np.array([1.0, np.nan], np.float32)
    with pytest.raises(ValueError, match="element 1 is NaN"):
        trace(x, Quantizer(x), 1)


@pytest.mark.parametrize(
    ("options", "x", "said"),
    [
        ({}, [1.0, 0.3], r"\*\*Rounded down\*\* by 0.400 of a step, so x̂ is too small by 0.05"),
        ({}, [1.0, 0.34], r"\*\*Rounded up\*\* by 0.280 of a step"),
        ({}, [1.0, 0.25], "on a level"),
        ({}, [1.0, 0.3125], r"\*\*A tie\*\*: exactly half way between 2 and 3; half to even takes 2"),
        ({"rounding": "half_away"}, [1.0, 0.3125], "half away from 0 takes 3"),
        ({}, [0.5, 1.0], r":red\[\*\*Clipped\*\*\]: codes end at 7, so 8 is held there; x̂ ends up 1.00 step below x"),
        ({"overflow": "wrap"}, [0.5, 1.0], r"8 starts again at the other end as −8; x̂ ends up 16.0 steps below x"),
    ],
)
def test_the_verdict_says_what_happened(options, x, said):
    x = np.array(x, np.float32)
    assert re.search(said, arithmetic.verdict(trace(x, Quantizer(x, Scheme(bits=4, **options)), 1)))


def test_an_infinite_value_is_told_as_one():
    x = np.array([1.0, np.inf], np.float32)
    one = trace(x, Quantizer(x, bits=4), 1)
    assert "∞ is held there; x̂ ends up infinitely far below x" in arithmetic.verdict(one)
    assert all("nan" not in line.numbers for line in arithmetic.lines(one, x.shape))


@pytest.mark.parametrize("options", [{}, {"division": "reciprocal"}, {"zero_point_added": "before_rounding"}])
def test_the_steps_follow_the_scheme(options):
    x = np.array([1.0, 0.3], np.float32)
    names = [line.name for line in arithmetic.lines(trace(x, Quantizer(x, Scheme(bits=4, **options)), 1), x.shape)]
    assert ("reciprocal" in names) == ("division" in options)
    assert (names.index("add zero point") < names.index("round")) == ("zero_point_added" in options)


@pytest.mark.parametrize("granularity", [None, PerChannel(0), PerChannel(1), PerGroup(3)])
@pytest.mark.parametrize("block", [7, 1 << 18])
def test_the_worst_elements_are_those_of_a_full_sort(monkeypatch, granularity, block):
    monkeypatch.setattr(tracing, "_BLOCK", block)
    x = np.random.default_rng(1).standard_normal((8, 7)).astype(np.float32)
    x[2, 3], x[5, 1], x[1] = np.nan, np.inf, 0.25  # a row of equal errors
    scheme = Scheme(bits=3) if granularity is None else Scheme(bits=3, granularity=granularity)
    quantizer = Quantizer(x, scheme)
    error = np.abs(quantizer.fake_quantize(x).astype("f8") - x).ravel()
    parts = np.ravel(part_numbers(x.shape, granularity))
    for part in (None, 1):
        members = [i for i in range(x.size) if np.isfinite(x.flat[i]) and (part is None or parts[i] == part)]
        expected = sorted(members, key=lambda i: (-error[i], i))[:5]
        found = worst_elements(x, quantizer, part if granularity is not None else None, most=5)
        if granularity is not None or part is None:
            assert found.index.tolist() == expected
            np.testing.assert_array_equal(found.error, error[expected])


def part_numbers(shape, granularity):
    rows, columns = np.indices(shape)
    if granularity is None:
        return np.zeros(shape, int)
    if isinstance(granularity, PerGroup):
        return rows * -(-shape[1] // granularity.size) + columns // granularity.size
    return rows if granularity.axis == 0 else columns


def test_the_walk_through_the_errors_visits_each_once_and_ends():
    x = np.random.default_rng(0).random(30, np.float32)
    quantizer = Quantizer(x, bits=3)
    worst = worst_elements(x, quantizer, most=20)
    at, seen = int(worst.index[0]), []
    while at is not None:
        seen.append(at)
        larger, at = worst.neighbours(at, trace(x, quantizer, at).error)
        assert larger == (seen[-2] if len(seen) > 1 else None)
    assert seen == worst.index.tolist()
    outside = next(i for i in range(30) if worst.rank(i) is None)
    assert worst.neighbours(outside, trace(x, quantizer, outside).error) == (seen[-1], None)
