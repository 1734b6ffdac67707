"""The snippets for ONNX Runtime, run by it; and what it refuses or does otherwise where there is none."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto
from snippet_cases import disagreement, draw, run, written

from quantlab import Fixed, MinMSE, PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.experiments.tensor.snippets import snippet

DEFAULT_ORDER = {
    "division": "divide",
    "rounding": "half_even",
    "zero_point_added": "after_rounding",
    "overflow": "saturate",
    "narrow_range": False,
}
TYPES = ["float32", "float16", "int8", "uint16", "bool"]


def code_for(x, scheme):
    q = Quantizer(x, scheme)
    return snippet("onnxruntime", scheme, q.scale, q.zero_point, x.shape, x.dtype)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("granularity", ["tensor", "channel", "group"])
def test_the_snippet_gives_our_codes(bits, signed, granularity, tmp_path):
    fields = DEFAULT_ORDER | {"bits": bits, "signed": signed, "granularity": granularity}
    for x, scheme in draw(12, bits, dtypes=TYPES, **fields):
        assert not disagreement("onnxruntime", x, scheme, tmp_path)


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(-1), PerGroup(32), PerGroup(100, 0)], ids=str)
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_there_is_a_snippet_for_the_default_order_and_it_gives_our_codes(bits, granularity, tmp_path):
    x = np.random.default_rng(bits).normal(size=(33, 70)).astype(np.float32)
    x[3, 5], x[4, 6] = np.inf, -np.inf
    for symmetric in (True, False):
        q = Quantizer(x, Scheme(bits=bits, symmetric=symmetric, granularity=granularity))
        found = written("onnxruntime", x, q, tmp_path)
        assert found.reason is None
        assert np.array_equal(run(found.code, x), q.quantize(x))


def test_whatever_scheme_is_drawn_it_gets_the_right_codes_or_a_reason(tmp_path):
    for x, scheme in draw(200, 1):
        assert not disagreement("onnxruntime", x, scheme, tmp_path)


@pytest.mark.parametrize("bits", sorted(set(range(1, 17)) - {2, 4, 8, 16}))
def test_onnx_has_no_type_for_the_widths_that_get_a_reason(bits):
    found = code_for(np.float32([1.0, -0.3]), Scheme(bits=bits))
    assert found.code is None
    assert f"no {bits}-bit type" in found.reason
    assert not {f"INT{bits}", f"UINT{bits}"} & set(TensorProto.DataType.keys())


def test_onnx_runtime_refuses_float64():
    assert "float64" in code_for(np.array([1.0]), Scheme()).reason
    text = code_for(np.float32([1.0, -0.3]), Scheme()).code.split('"""')[1].replace("float[", "double[")
    model = onnx.parser.parse_model(text.replace("float s", "double s"))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    with pytest.raises(Exception, match="double"):
        onnxruntime.InferenceSession(model.SerializeToString(), options)


@pytest.mark.parametrize(
    ("fields", "x", "word"),
    [
        ({"narrow_range": True}, [-3, 3, 1], "every code"),
        ({"division": "reciprocal", "range": Fixed(0, 0.5123098 * 128)}, [2.3053942], "divides"),
        ({"rounding": "half_away"}, [64, -64, 0.25], "away from 0"),
        ({"rounding": "floor"}, [64, -64, 0.3], "down"),
        ({"rounding": "stochastic"}, [64, -64, *[0.23] * 20], "at random"),
        (
            {"symmetric": False, "range": Fixed(-127.0, 128.0), "zero_point_added": "before_rounding"},
            [0.5],
            "zero point after",
        ),
        ({"overflow": "wrap"}, [-3, 3, 1], "saturates"),
    ],
)
def test_an_option_with_a_reason_has_codes_that_quantize_linear_does_not_give(fields, x, word):
    x, scheme = np.float32(x), Scheme(**fields)
    q = Quantizer(x, scheme)
    assert word in code_for(x, scheme).reason
    # MinMSE: so that the code states this scale and zero point instead of its own rule.
    nearest = Scheme(symmetric=scheme.symmetric, range=MinMSE())
    theirs = snippet("onnxruntime", nearest, q.scale, q.zero_point, x.shape, x.dtype).code
    assert not np.array_equal(run(theirs, x), q.quantize(x))


def test_a_zero_point_beyond_the_codes_has_no_onnx_type():
    x, scheme = np.float32([5, 6]), Scheme(symmetric=False, affine_range="free")
    zero_point = Quantizer(x, scheme).zero_point
    assert f"{zero_point} is no int8" in code_for(x, scheme).reason
    with pytest.raises(OverflowError):
        np.int8(zero_point)
    # The same option with a zero point among the codes has a snippet.
    assert code_for(np.float32([-5, 6]), scheme).code


def test_dynamic_quantize_linear_is_only_a_remark_since_a_tie_may_fall_otherwise():
    scheme, rng = Scheme(symmetric=False, signed=False), np.random.default_rng(0)
    assert "DynamicQuantizeLinear" in code_for(np.float32([-1, 2]), scheme).remark
    text = """
        <ir_version: 10, opset_import: ["": 21]>
        dynamic (float[N] x) => (uint8[N] codes) { codes, scale, zero = DynamicQuantizeLinear (x) }
    """
    session = onnxruntime.InferenceSession(onnx.parser.parse_model(text).SerializeToString())
    others = 0
    for _ in range(300):
        lo, hi = np.sort(rng.normal(size=2).astype(np.float32))
        q = Quantizer(np.float32([lo, hi]), scheme)
        x = np.concatenate([[lo, hi], (np.arange(255) + 0.5 - q.zero_point) * q.scale]).astype(np.float32)
        x = np.clip(x, lo, hi)
        others += int((session.run(["codes"], {"x": x})[0] != Quantizer(x, scheme).quantize(x)).sum())
    assert others > 0
