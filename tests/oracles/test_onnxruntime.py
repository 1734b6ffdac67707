"""ONNX Runtime as oracle: QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear do what the default order does."""

import functools

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from quantlab import PerChannel, PerGroup, PerTensor, Quantizer, Scheme

ONNX_TYPES = {
    (4, True): TensorProto.INT4,
    (4, False): TensorProto.UINT4,
    (8, True): TensorProto.INT8,
    (8, False): TensorProto.UINT8,
    (16, True): TensorProto.INT16,
    (16, False): TensorProto.UINT16,
}
GRIDS = list(ONNX_TYPES)
OPSET = 21  # the first with 4 and 16 bits and with blocks


@functools.cache
def session(op, code_type, granularity, ndim):
    """One operator; 4-bit codes leave and enter the graph through a cast, since NumPy has no such type."""
    wide = TensorProto.INT32
    axis = getattr(granularity, "axis", None)
    attributes = {} if axis is None else {"axis": axis}
    if isinstance(granularity, PerGroup):
        attributes["block_size"] = granularity.size
    free, flat = [None] * ndim, [None] * (0 if axis is None else ndim if isinstance(granularity, PerGroup) else 1)
    scale = helper.make_tensor_value_info("scale", TensorProto.FLOAT, flat)
    zero = helper.make_tensor_value_info("zero", wide, flat)
    cast_zero = helper.make_node("Cast", ["zero"], ["z"], to=code_type)
    if op == "QuantizeLinear":
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, free)
        y = helper.make_tensor_value_info("y", wide, free)
        nodes = [
            cast_zero,
            helper.make_node(op, ["x", "scale", "z"], ["q"], **attributes),
            helper.make_node("Cast", ["q"], ["y"], to=wide),
        ]
    else:
        x = helper.make_tensor_value_info("x", wide, free)
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, free)
        nodes = [
            helper.make_node("Cast", ["x"], ["q"], to=code_type),
            cast_zero,
            helper.make_node(op, ["q", "scale", "z"], ["y"], **attributes),
        ]
    return run_only(nodes, [x, scale, zero], [y])


def run_only(nodes, inputs, outputs):
    graph = helper.make_graph(nodes, "one_operator", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # A Quantize behind a Dequantize (or casts) must not be fused away: the operator itself is the oracle.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(op, values, q):
    granularity = q.scheme.granularity
    scale, zero = np.asarray(q.scale), np.asarray(q.zero_point, np.int32)
    if isinstance(granularity, PerChannel):
        scale, zero = scale.ravel(), zero.ravel()
    ort = session(op, ONNX_TYPES[q.scheme.bits, q.scheme.signed], granularity, values.ndim)
    return ort.run(None, {"x": values, "scale": scale, "zero": zero})[0]


def ties(bits):
    """Values half way between codes of a step of 1/8 (exact in float32), their neighbours, and the far ends."""
    middle = (np.arange(-(2**bits) - 3, 2**bits + 3, max(1, 2**bits // 512)) + 0.5).astype(np.float32) / 8
    largest = np.finfo(np.float32).max
    around = [np.nextafter(middle, np.float32(end)) for end in (-np.inf, np.inf)]
    return np.concatenate([middle, *around, np.float32([0, -0.0, largest, -largest])])


@pytest.mark.parametrize(("bits", "signed"), GRIDS)
@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_codes_of_ties_are_onnx_runtimes(bits, signed, share):
    scheme = Scheme(bits=bits, signed=signed, symmetric=False)
    zero_point = scheme.qmin + round(share * (scheme.levels - 1))
    q = Quantizer.from_parameters(np.float32(1 / 8), zero_point, scheme)
    assert np.array_equal(q.quantize(ties(bits)), run("QuantizeLinear", ties(bits), q))


@pytest.mark.parametrize(("bits", "signed"), GRIDS)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(
    "granularity", [PerTensor(), PerChannel(0), PerChannel(1), PerGroup(16, axis=1), PerGroup(4, axis=0)], ids=str
)
def test_codes_and_values_of_random_arrays_are_onnx_runtimes(bits, signed, symmetric, granularity):
    rng = np.random.default_rng(bits)
    x = (rng.normal(size=(12, 64)) * rng.lognormal(size=(12, 1)) + 0.3).astype(np.float32)
    q = Quantizer(x, Scheme(bits=bits, signed=signed, symmetric=symmetric, granularity=granularity))
    far = x * np.float32(1.5)  # so that a part clips
    codes = q.quantize(far)
    assert np.array_equal(codes, run("QuantizeLinear", far, q))
    x_hat = run("DequantizeLinear", codes.astype(np.int32), q)
    assert np.array_equal(q.dequantize(codes), x_hat)
    assert np.array_equal(q.fake_quantize(far), x_hat)


def test_onnx_runtime_divides_and_does_not_multiply_by_the_reciprocal():
    x, scale = np.float32([2.3053942]), np.float32(0.5123098)
    divided = Quantizer.from_parameters(scale, 0, Scheme())
    assert run("QuantizeLinear", x, divided).tolist() == divided.quantize(x).tolist() == [4]
    assert Quantizer.from_parameters(scale, 0, Scheme(division="reciprocal")).quantize(x).tolist() == [5]


def test_onnx_runtime_rounds_before_it_adds_the_zero_point():
    x = np.float32([0.5])
    after, before = (
        Quantizer.from_parameters(np.float32(1), 1, Scheme(symmetric=False, zero_point_added=when))
        for when in ("after_rounding", "before_rounding")
    )
    assert run("QuantizeLinear", x, after).tolist() == after.quantize(x).tolist() == [1]
    assert before.quantize(x).tolist() == [2]


@functools.cache
def dynamic():
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    outputs = [
        helper.make_tensor_value_info("y", TensorProto.UINT8, [None]),
        helper.make_tensor_value_info("scale", TensorProto.FLOAT, []),
        helper.make_tensor_value_info("zero", TensorProto.UINT8, []),
    ]
    return run_only([helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])], [x], outputs)


def dynamic_arrays():
    rng = np.random.default_rng(0)
    for i in range(300):
        n = int(rng.integers(1, 300))
        spread, shift = 10.0 ** rng.uniform(-6, 6), rng.choice([0, 0.5, -0.5, 3, -3])
        values = rng.normal(size=n) if i % 2 else rng.uniform(-1, 1, n)
        yield ((values + shift) * spread).astype(np.float32)
    # Steps of 1/8 exactly: from −8 to 23.875, with all the ties between.
    yield np.concatenate([np.float32([-8, 23.875]), (np.arange(-70, 200) + np.float32(0.5)) / np.float32(8)])


def test_dynamic_quantize_linear_finds_the_same_parameters_and_codes():
    scheme = Scheme(symmetric=False, signed=False)
    for x in dynamic_arrays():
        codes, scale, zero_point = dynamic().run(None, {"x": x.astype(np.float32)})
        q = Quantizer(x.astype(np.float32), scheme)
        assert abs(float(q.scale) - float(scale)) <= np.spacing(scale)
        assert q.zero_point == zero_point
        same = Quantizer.from_parameters(np.float32(scale), int(zero_point), scheme)
        assert np.array_equal(same.quantize(x), codes)
        if q.scale == scale:
            assert np.array_equal(q.quantize(x), codes)
        else:  # a step that differs in its last bit moves a value that lies on a tie, and no other
            assert np.abs(q.quantize(x).astype(int) - codes).max() <= 1
            assert (q.quantize(x) == codes).mean() > 0.98


def test_dynamic_quantize_linear_of_zeros_has_a_scale_of_one_too():
    x = np.zeros(5, np.float32)
    codes, scale, zero_point = dynamic().run(None, {"x": x})
    q = Quantizer(x, Scheme(symmetric=False, signed=False))
    assert (q.scale, q.zero_point) == (scale, zero_point) == (1, 0)
    assert np.array_equal(q.quantize(x), codes)
