"""ONNX Runtime as oracle: MatMulInteger for the accumulator, QLinearMatMul for the float multiplier, and two modes.

Without VNNI its uint8 by int8 kernel sums pairs of products in 16 bits, which saturate (255 · 127 · 2 does not fit): it
is wrong then on AVX2, so activations of that pair have 7 bits here.
"""

import functools

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from quantlab import PerChannel, PerTensor, QTensor, Quantizer, Scheme
from quantlab.linear import Dynamic, Static, quantize_weight, quantized_matmul, requantization_multiplier, requantize

TYPES = {"int8": TensorProto.INT8, "uint8": TensorProto.UINT8}
# int8 activations by uint8 weights are the pair that ONNX Runtime's processor kernels leave out.
PAIRS = [("uint8", "int8"), ("uint8", "uint8"), ("int8", "int8")]


def run_only(op, values, y_type):
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
        for name, v in values.items()
    ]
    node, output = helper.make_node(op, list(values), ["y"]), helper.make_tensor_value_info("y", y_type, [None, None])
    model = helper.make_model(
        helper.make_graph([node], "one_operator", inputs, [output]),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, values)[0]


@functools.cache
def operands(a_type, b_type, each_column, seed):
    """X and W, quantized in float32 and affine wherever ONNX Runtime lets them."""
    rng = np.random.default_rng(seed)
    m, k, n = rng.integers(1, 70, 3)
    x = (rng.normal(0.4, 1, (m, k)) * rng.lognormal()).astype(np.float32)
    w = (rng.normal(-0.2, 1, (k, n)) * rng.lognormal(size=n)).astype(np.float32)
    bits = 7 if (a_type, b_type) == ("uint8", "int8") else 8
    schemes = (
        Scheme(bits=bits, symmetric=False, signed=a_type == "int8"),
        Scheme(symmetric=False, signed=b_type == "int8", granularity=PerChannel(1) if each_column else PerTensor()),
    )
    quantizers = [Quantizer(values, scheme) for values, scheme in zip((x, w), schemes, strict=True)]
    return [QTensor(q.quantize(values), q.scale, q.zero_point) for q, values in zip(quantizers, (x, w), strict=True)]


def flat(parameter, dtype):
    """A column's parameters along one axis, and one for all as a scalar, as the operators want them."""
    return np.asarray(parameter, dtype).reshape(() if np.size(parameter) == 1 and np.ndim(parameter) == 0 else -1)


@pytest.mark.parametrize(("a_type", "b_type"), PAIRS)
@pytest.mark.parametrize("each_column", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_accumulator_is_mat_mul_integers(a_type, b_type, each_column, seed):
    a, b = operands(a_type, b_type, each_column, seed)
    values = {"a": a.codes, "b": b.codes, "a_zero": flat(a.zero_point, a_type), "b_zero": flat(b.zero_point, b_type)}
    found = quantized_matmul(a, b).accumulator
    assert np.array_equal(found, run_only("MatMulInteger", values, TensorProto.INT32))


@pytest.mark.parametrize(("a_type", "b_type"), PAIRS)
@pytest.mark.parametrize("each_column", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_codes_are_q_linear_mat_muls(a_type, b_type, each_column, seed):
    a, b = operands(a_type, b_type, each_column, seed)
    product = quantized_matmul(a, b)
    out = Quantizer(product.values * np.float32(0.8), Scheme(symmetric=False, signed=a_type == "int8"))
    values = {
        "a": a.codes, "a_scale": flat(a.scale, np.float32), "a_zero": flat(a.zero_point, a_type),
        "b": b.codes, "b_scale": flat(b.scale, np.float32), "b_zero": flat(b.zero_point, b_type),
        "y_scale": flat(out.scale, np.float32), "y_zero": flat(out.zero_point, a_type),
    }  # fmt: skip
    multiplier = requantization_multiplier(a.scale, b.scale, out.scale)
    assert multiplier.dtype == np.float32
    found = requantize(product.accumulator, multiplier, out.zero_point, out.scheme)
    assert np.array_equal(found, run_only("QLinearMatMul", values, TYPES[a_type]))
    assert (found == out.qmin).any() or (found == out.qmax).any()  # a part clips


def test_ties_go_to_even_before_the_zero_point_is_added():
    a, b = np.arange(-8, 8, dtype=np.int8)[:, None], np.ones((1, 1), np.int8)
    for zero_point in (0, 1, -3):
        one, half, zero = np.float32(1), np.float32(0.5), np.int8(0)
        values = {
            "a": a, "a_scale": one, "a_zero": zero, "b": b, "b_scale": half, "b_zero": zero,
            "y_scale": one, "y_zero": np.int8(zero_point),
        }  # fmt: skip
        expected = run_only("QLinearMatMul", {name: np.asarray(v) for name, v in values.items()}, TensorProto.INT8)
        found = requantize(a.astype(np.int32), half, zero_point, Scheme(symmetric=False))
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("signed", [True, False])
def test_a_static_layer_is_quantize_linear_and_q_linear_mat_mul(signed):
    rng = np.random.default_rng(3)
    x, w = rng.normal(0.3, 1, (9, 50)).astype(np.float32), rng.normal(size=(20, 50))
    scheme = Scheme(symmetric=False, signed=signed)
    weight = quantize_weight(w, Scheme(symmetric=False, signed=signed, granularity=PerChannel(0)))
    own, out = Quantizer(x, scheme), Quantizer((x @ w.T * 0.8).astype(np.float32), scheme)
    kind = own.dtype.name
    values = {
        "a": own.quantize(x), "a_scale": flat(own.scale, np.float32), "a_zero": flat(own.zero_point, kind),
        "b": np.ascontiguousarray(weight.codes.T), "b_scale": flat(weight.quantizer.scale, np.float32),
        "b_zero": flat(weight.quantizer.zero_point, kind),
        "y_scale": flat(out.scale, np.float32), "y_zero": flat(out.zero_point, kind),
    }  # fmt: skip
    found = Static(weight, input=own, output=out)(x)
    assert np.array_equal(found.codes, run_only("QLinearMatMul", values, TYPES[kind]))


def test_a_dynamic_layer_scales_what_mat_mul_integer_gives():
    """uint8 by uint8, so that all 8 bits of the activations are right on every processor."""
    rng = np.random.default_rng(4)
    x, scheme = rng.normal(0.3, 1, (9, 50)).astype(np.float32), Scheme(symmetric=False, signed=False)
    weight = quantize_weight(rng.normal(size=(20, 50)), scheme)
    own, grid = Quantizer(x, scheme), weight.quantizer
    values = {
        "a": own.quantize(x), "b": np.ascontiguousarray(weight.codes.T),
        "a_zero": flat(own.zero_point, np.uint8), "b_zero": flat(grid.zero_point, np.uint8),
    }  # fmt: skip
    accumulator = run_only("MatMulInteger", values, TensorProto.INT32)
    assert np.array_equal(Dynamic(weight, scheme)(x), accumulator.astype(np.float32) * (own.scale * grid.scale))
