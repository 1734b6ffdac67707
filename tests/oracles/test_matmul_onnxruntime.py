"""ONNX Runtime as oracle: MatMulInteger, with zero points per tensor, per row and per column."""

import functools

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from quantlab.kernels import int_matmul, pack

TYPES = {"int8": TensorProto.INT8, "uint8": TensorProto.UINT8}


@functools.cache
def session(a_type, b_type, each_column):
    inputs = [
        helper.make_tensor_value_info(name, TYPES[kind], shape)
        for name, kind, shape in (
            *(("a", a_type, [None, None]), ("b", b_type, [None, None])),
            *(("a_zero", a_type, []), ("b_zero", b_type, [None] if each_column else [])),
        )
    ]
    node = helper.make_node("MatMulInteger", ["a", "b", "a_zero", "b_zero"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.INT32, [None, None])
    graph = helper.make_graph([node], "one_operator", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=10)
    onnx.checker.check_model(model)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


# int8 activations by uint8 weights are the pair that ONNX Runtime's processor kernels leave out.
@pytest.mark.parametrize(("a_type", "b_type"), [("uint8", "int8"), ("uint8", "uint8"), ("int8", "int8")])
@pytest.mark.parametrize("each_column", [False, True])
def test_the_product_is_what_the_operator_specifies(a_type, b_type, each_column):
    rng = np.random.default_rng(0)
    for m, k, n in [(1, 3, 5), (7, 64, 33), (20, 129, 48)]:
        a, b = (
            rng.integers(np.iinfo(t).min, np.iinfo(t).max, size, dtype=t, endpoint=True)
            for t, size in ((a_type, (m, k)), (b_type, (k, n)))
        )
        a_zero, b_zero = np.array(3, a_type), np.array(7, b_type)
        if (a_type, b_type) == ("uint8", "int8"):
            a >>= 1  # without VNNI it sums pairs of this type in 16 bits, which 255 · 127 · 2 leaves: it is wrong then
        if each_column:
            b_zero = rng.integers(0, 100, n).astype(b_type)
        (expected,) = session(a_type, b_type, each_column).run(
            None, {"a": a, "b": b, "a_zero": a_zero, "b_zero": b_zero}
        )
        found = int_matmul(a, pack(b, zero_point=b_zero), a_zero=a_zero)
        assert np.array_equal(found, expected)
