from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given
from strategies import cases, examples

from quantlab import Quantizer, Scheme
from quantlab.experiments.tensor.formulas import formulas, latex
from quantlab.experiments.tensor.trace import trace
from quantlab.ranges import find_range

NAMES = ["Scale", "Zero point", "Divide", "Quantize", "Dequantize"]


def filled(x, scheme, index=0):
    x = np.ascontiguousarray(x).reshape(x.shape)
    quantizer = Quantizer(x, scheme)
    one = trace(x, quantizer, index)
    lo, hi = find_range(x, scheme)
    return one, quantizer, formulas(one, float(lo[one.part]), float(hi[one.part]))


def value(text: str) -> float:
    """Compute what a line of LaTeX says."""
    text = re.sub(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"((\1)/(\2))", text)
    text = re.sub(r"\\operatorname\{(\w+)\}", r"\1", text)
    text = text.replace(r"\,", "").replace(r"\cdot", "*").replace(r"\bmod", "%").replace("^", "**")
    text = text.replace(r"\lfloor", "floor(").replace(r"\lceil", "ceil(")
    text = text.replace(r"\rfloor", ")").replace(r"\rceil", ")").replace("{", "(").replace("}", ")")
    names = {"clamp": lambda q, lo, hi: min(max(q, lo), hi), "round": round, "floor": math.floor, "ceil": math.ceil}
    return float(eval(text, names))


@examples
@given(cases(("float32", "float64"), moderate=True, min_side=1))
def test_each_formula_ends_with_the_library_s_number(case):
    one, quantizer, found = filled(*case)
    assert [formula.name for formula in found] == NAMES
    scale, zero_point, divided, quantized, restored = (value(formula.lines[-1]) for formula in found)
    part = one.part
    assert scale == pytest.approx(float(np.ravel(quantizer.scale)[part]), rel=1e-5)
    assert zero_point == np.ravel(quantizer.zero_point)[part]
    assert divided == pytest.approx(float(one.quotient), rel=1e-5)
    assert quantized == quantizer.quantize(case[0]).reshape(-1)[0]
    assert restored == pytest.approx(float(quantizer.fake_quantize(case[0]).reshape(-1)[0]), rel=1e-5)


@examples
@given(cases(("float32",), moderate=True, min_side=1, scale_dtype="working", with_mse=False))
def test_the_numbers_of_the_scale_give_the_scale(case):
    one, _, (scale, *_) = filled(*case)
    assume(len(scale.lines) == 3)  # an empty range has a rule of its own
    # Six digits of either end, of which a difference may lose some.
    numbers = [abs(float(n)) for n in re.findall(r"\d+\.\d+", scale.lines[1])]
    slack = 1e-5 * max(numbers, default=0) / max(one.scheme.levels - 1, 1)
    assert value(scale.lines[1]) == pytest.approx(float(one.scale), rel=1e-5, abs=4 * slack)


@examples
@given(cases(("float32",), moderate=True, min_side=1))
def test_holding_the_code_to_the_range_is_a_true_equation(case):
    one, _, found = filled(*case)
    quantize = found[3]
    last = quantize.lines[-2]
    if one.scheme.overflow == "saturate" or one.wraps:
        assert value(last) == one.code


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"symmetric_scale": "restricted"}, "2^{b-1} - 1"),
        ({"symmetric_scale": "full"}, "(2^b - 1) / 2"),
        ({"symmetric": False}, r"\min(\mathrm{lo}, 0)"),
        ({"symmetric": False, "affine_range": "clamped"}, r"\mathrm{hi} - \mathrm{lo}"),
        ({"division": "reciprocal"}, r"x \cdot \frac{1}{s}"),
        ({"zero_point_added": "before_rounding"}, r"\operatorname{round}(v + z)"),
        ({"rounding": "floor"}, r"\lfloor v \rfloor"),
        ({"rounding": "stochastic"}, r"\lceil v - U \rceil"),
        ({"overflow": "wrap"}, r"\bmod 16"),
        ({"signed": False}, "2^{b-1}"),
    ],
)
def test_each_option_has_its_formula(options, part):
    _, _, found = filled(np.array([0.3, 1.0], np.float32), Scheme(bits=4, **options))
    assert part in " ".join(formula.latex for formula in found)


def test_a_scale_kept_in_another_type_says_so():
    _, _, found = filled(np.array([0.3, 1.0], np.float32), Scheme(scale_dtype="float16"))
    assert "rounded to float16" in found[0].remark


@pytest.mark.parametrize("scheme", [Scheme(), Scheme(symmetric=False)])
def test_a_range_of_zeros_says_why_the_step_is_one(scheme):
    _, _, found = filled(np.zeros(2, np.float32), scheme)
    assert found[0].lines[-1] == "1"
    assert "step 1" in found[0].remark


def test_infinity_is_latex():
    assert latex("−∞") == r"-\infty"
