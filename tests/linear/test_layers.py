"""The three modes against plain NumPy models: integers bit for bit, floats to rounding."""

from itertools import pairwise

import hypothesis.strategies as st
import integer_model
import numpy as np
import pytest
from hypothesis import given, settings
from operand_cases import grids

from quantlab import PerChannel, PerGroup, PerTensor, QTensor, Quantizer, Scheme
from quantlab.linear import Dynamic, Static, WeightOnly, quantize_bias, quantize_weight


@st.composite
def layers(draw, *, grouped=True, biased=None):
    """A batch, a quantized weight and the float weight it stands for."""
    batch, inputs, outputs = draw(st.integers(1, 6)), draw(st.integers(1, 40)), draw(st.integers(1, 20))
    kinds = [PerTensor(), PerChannel(0), PerChannel(-2)]
    if grouped:
        kinds += [PerGroup(draw(st.integers(1, 40)), axis=draw(st.sampled_from([1, -1])))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    w = rng.normal(0.2, 1, (outputs, inputs)) * rng.lognormal(size=(outputs, 1))
    bias = rng.normal(size=outputs) if (draw(st.booleans()) if biased is None else biased) else None
    weight = quantize_weight(w, draw(grids(draw(st.sampled_from(kinds)))), bias=bias)
    x = rng.normal(draw(st.sampled_from([0.0, 2.0])), 1, (batch, inputs)) * rng.lognormal(size=(batch, 1))
    return x.astype(np.float32), weight


def float_layer(x, weight, relu):
    y = x.astype(np.float64) @ weight.dequantized().astype(np.float64).T
    y = y if weight.bias is None else y + weight.bias
    return np.maximum(y, 0) if relu else y


def size(x, weight):
    """What a result's rounding is relative to."""
    y = np.abs(x.astype(np.float64)) @ np.abs(weight.dequantized().astype(np.float64)).T
    return y + (0 if weight.bias is None else np.abs(weight.bias))


@settings(max_examples=120)
@given(layer=layers(), relu=st.booleans())
def test_weight_only_is_the_float_layer_of_the_dequantized_weight(layer, relu):
    x, weight = layer
    found = WeightOnly(weight, relu=relu)(x)
    assert found.dtype == np.float32
    assert (np.abs(found - float_layer(x, weight, relu)) <= 3e-6 * size(x, weight).max()).all()


def test_weight_only_stores_up_to_four_bits_as_nibbles_and_float16_scales_as_two_bytes():
    w = np.random.default_rng(0).normal(size=(32, 64))
    for bits, stored in ((1, 4), (4, 4), (5, 8), (8, 8)):
        scheme = Scheme(bits=bits, granularity=PerGroup(32), scale_dtype="float16")
        layer = WeightOnly(quantize_weight(w, scheme))
        assert layer.stored_bits == stored
        (step,) = layer.cost(1).steps
        assert step.reads[1].nbytes == 32 * 64 * stored // 8 + 2 * 64
        assert step.reads[1].dtype == f"int{stored}"


def integers(codes, zero_point, weight):
    """The accumulators of each group, as Python integers."""
    own = weight.quantizer
    a = QTensor(codes, np.float32(1), zero_point)
    b = QTensor(weight.codes.T, np.float32(1), np.asarray(own.zero_point).T)
    return integer_model.quantized_matmul(a, b, weight.group_size)[0]


@settings(max_examples=120)
@given(
    layer=layers(),
    scheme=st.sampled_from([PerTensor(), PerChannel(0)]).flatmap(grids),
    relu=st.booleans(),
    threads=st.sampled_from([1, 2]),
)
def test_dynamic_scales_the_exact_integers_of_its_own_codes(layer, scheme, relu, threads):
    x, weight = layer
    found = Dynamic(weight, scheme, relu=relu)(x, threads=threads)
    own = Quantizer(x, scheme)
    sums = integers(own.quantize(x), own.zero_point, weight)
    scales = np.atleast_2d(np.asarray(weight.quantizer.scale, np.float32)).T
    by_row = isinstance(scheme.granularity, PerChannel) and len(x) > 1
    expected = np.float32(0)
    for group, step in zip(sums, scales, strict=True):
        step = step if by_row else step * own.scale.ravel()[0]
        expected = expected + group.astype(np.float32) * step
    expected = expected * own.scale if by_row else expected
    expected = expected if weight.bias is None else expected + weight.bias
    assert found.dtype == np.float32
    assert np.array_equal(found, np.maximum(expected, 0) if relu else expected)


def test_dynamic_follows_its_input_and_static_clips_it():
    rng = np.random.default_rng(0)
    x, weight = rng.random((50, 64), dtype=np.float32), quantize_weight(rng.normal(size=(10, 64)))
    scheme = Scheme(symmetric=False)
    modes = {"dynamic": Dynamic(weight, scheme), "static": Static(weight, input=Quantizer(x, scheme))}
    error = {
        (name, times): np.abs(layer(x * times) / times - float_layer(x, weight, False)).mean()
        for name, layer in modes.items()
        for times in (1, 4)
    }
    assert error["dynamic", 1] == pytest.approx(error["static", 1], rel=1e-3)
    assert error["dynamic", 4] == pytest.approx(error["dynamic", 1], rel=1e-3)
    assert error["static", 4] > 50 * error["static", 1]


def test_a_loud_row_hurts_dynamic_per_tensor_and_not_by_row():
    rng = np.random.default_rng(0)
    x, weight = rng.random((50, 64), dtype=np.float32), quantize_weight(rng.normal(size=(10, 64)))
    loud = x.copy()
    loud[7] *= 300
    others = np.arange(50) != 7
    truth = float_layer(x, weight, False)[others]
    error = {
        kind: np.abs(Dynamic(weight, Scheme(granularity=kind))(loud)[others] - truth).mean()
        for kind in (PerTensor(), PerChannel(0))
    }
    assert error[PerTensor()] > 50 * error[PerChannel(0)]


def test_dynamic_can_give_codes_with_a_scale_from_its_own_result():
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=(5, 30)), quantize_weight(rng.normal(size=(7, 30)), bias=rng.normal(size=7))
    for scheme in (Scheme(), Scheme(symmetric=False, signed=False, granularity=PerChannel(0))):
        real, codes = Dynamic(weight, relu=True)(x), Dynamic(weight, output=scheme, relu=True)(x)
        own = Quantizer(real, scheme)
        assert np.array_equal(codes.codes, own.quantize(real))
        assert np.array_equal(codes.scale, own.scale)
        assert np.array_equal(codes.zero_point, own.zero_point)


@pytest.mark.parametrize("kind", [PerTensor(), PerChannel(0)])
def test_a_dynamic_layer_takes_the_codes_of_another_with_their_own_scale(kind):
    rng = np.random.default_rng(1)
    x, first = rng.normal(size=(5, 30)), quantize_weight(rng.normal(size=(7, 30)))
    scheme = Scheme(symmetric=False, signed=False, granularity=kind)
    between = Dynamic(first, output=scheme, relu=True)(x)
    second = Dynamic(quantize_weight(rng.normal(size=(4, 7)), bias=rng.normal(size=4)), scheme)
    real = Dynamic(first, relu=True)(x)
    assert np.array_equal(second(between), second(real))  # which finds the same range again
    assert second(QTensor(between.codes[:1], 0.5, 3)).shape == (1, 4)


def static_model(codes, layer):
    """A static layer's codes in Python's integers, and in NumPy's float32 for the float multiplier."""
    weight, out = layer.weight, layer.output
    (sums,) = integers(codes, layer.input.zero_point, weight)
    scales = np.broadcast_to(np.ravel(weight.quantizer.scale), weight.shape[0])
    found = np.empty(sums.shape, int)
    for (i, j), total in np.ndenumerate(sums):
        if weight.bias is not None:
            total += round(float(weight.bias[j]) / (float(layer.input.scale) * float(scales[j])))
        real = layer.input.scale * scales[j] / out.scale
        assert isinstance(real, np.float32)
        if layer.arithmetic == "float":
            steps = round(float(np.float32(total) * real))
        else:
            steps = integer_model.multiplied_fixed(
                total, *integer_model.quantized_multiplier(float(real)), layer.arithmetic
            )
        found[i, j] = integer_model.requantized(steps, out.zero_point, out.scheme, layer.relu)
    return found


@st.composite
def chains(draw):
    """Two or three static layers, each calibrated on the float output of the one before, and their input."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    widths = [draw(st.integers(1, 20)) for _ in range(draw(st.integers(3, 4)))]
    x = rng.normal(0.3, 1, (draw(st.integers(1, 5)), widths[0])).astype(np.float32)
    arithmetic = draw(st.sampled_from(["float", "twice", "once"]))
    each = Scheme(bits=draw(st.integers(2, 8)), symmetric=False, signed=draw(st.booleans()))
    real, grid, chain = x, Quantizer(x, each), []
    for inputs, outputs in pairwise(widths):
        bias = rng.normal(size=outputs) if draw(st.booleans()) else None
        kind = draw(st.sampled_from([PerTensor(), PerChannel(0)]))
        weight = quantize_weight(rng.normal(size=(outputs, inputs)), draw(grids(kind)), bias=bias)
        relu = draw(st.booleans())
        real = float_layer(real, weight, relu)
        output = Quantizer(real.astype(np.float32), each)
        chain.append(Static(weight, input=grid, output=output, relu=relu, arithmetic=arithmetic))
        grid = output
    return x, chain


@settings(max_examples=100)
@given(chains())
def test_a_chain_of_static_layers_passes_the_integers_of_the_model_along(chain):
    x, layers = chain
    found, expected = x, layers[0].input.quantize(x)
    for layer in layers:
        found, expected = layer(found), static_model(expected, layer)
        assert isinstance(found, QTensor)
        assert found.codes.dtype == layer.output.dtype
        assert np.array_equal(found.codes, expected)
        assert (found.scale, found.zero_point) == (layer.output.scale, layer.output.zero_point)


@settings(max_examples=60)
@given(layer=layers(), relu=st.booleans())
def test_static_without_an_output_grid_gives_floats(layer, relu):
    x, weight = layer
    own = Quantizer(x, Scheme(symmetric=False))
    found = Static(weight, input=own, relu=relu)(x)
    assert found.dtype == np.float32
    assert np.array_equal(
        found, Static(weight, input=own, relu=relu)(QTensor(own.quantize(x), own.scale, own.zero_point))
    )
    x_hat = own.fake_quantize(x)
    assert (np.abs(found - float_layer(x_hat, weight, relu)) <= 3e-6 * size(x_hat, weight).max()).all()


def test_a_static_layer_keeps_its_bias_in_steps_of_the_accumulator():
    rng = np.random.default_rng(2)
    grid, bias = Quantizer(np.float32([-1, 1])), rng.normal(size=4)
    weight = quantize_weight(rng.normal(size=(4, 6)), bias=bias)
    layer = Static(weight, input=grid, output=grid)
    assert np.array_equal(layer.bias_codes, quantize_bias(weight.bias, grid.scale, weight.quantizer.scale))
    assert Static(weight, input=grid).bias_codes is None


def test_no_mode_writes_to_its_input_and_an_empty_batch_gives_an_empty_result():
    weight, grid = quantize_weight(np.eye(3), bias=np.ones(3)), Quantizer(np.float32([-1, 1]))
    x = np.float32([[0.1, 0.2, 0.3]])
    x.flags.writeable = False
    by_row = Scheme(granularity=PerChannel(0))
    for layer in (WeightOnly(weight), Dynamic(weight), Dynamic(weight, by_row), Static(weight, input=grid)):
        assert np.allclose(layer(x), x + 1, atol=0.02)
        assert layer(np.empty((0, 3))).shape == (0, 3)


W, GRID = quantize_weight(np.eye(3)), Quantizer(np.float32([-1, 1]))
STATIC = Static(W, input=GRID)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: quantize_weight(np.ones(3)), ValueError, r"weight must have two axes .* got \(3,\)"),
        (lambda: quantize_weight(np.ones((0, 3))), ValueError, r"with 1 or more of each, got \(0, 3\)"),
        (lambda: quantize_weight(np.ones((2, 3), complex)), TypeError, "must be real numbers .* got dtype complex128"),
        (lambda: quantize_weight(np.eye(3), Scheme(bits=9)), ValueError, "bits of a weight must be 1 to 8, got 9"),
        (
            lambda: quantize_weight(np.eye(3), Scheme(granularity=PerChannel(1))),
            ValueError,
            r"takes PerTensor, PerChannel\(0\) or PerGroup\(size, axis=1\), got PerChannel\(axis=1\)",
        ),
        (
            lambda: quantize_weight(np.eye(3), Scheme(granularity=PerGroup(2, axis=0))),
            ValueError,
            "change along the sum and cannot leave it",
        ),
        (lambda: quantize_weight(np.eye(3), bias=np.ones(2)), ValueError, "bias must be 3 finite numbers, one an outp"),
        (lambda: quantize_weight(np.eye(3), bias=[1, 2, np.inf]), ValueError, "bias must be 3 finite numbers"),
        (
            lambda: WeightOnly(W)(np.ones((2, 4))),
            ValueError,
            r"x must have shape \(batch, 3\) for this layer, got \(2, 4",
        ),
        (lambda: Dynamic(W)(np.ones(3)), ValueError, r"x must have shape \(batch, 3\) for this layer, got \(3,\)"),
        (lambda: Dynamic(W)(np.ones((1, 3)) * np.nan), ValueError, "x must not hold NaN"),
        (lambda: Dynamic(W, Scheme(bits=9)), ValueError, "bits of activations must be 1 to 8, got 9"),
        (lambda: Dynamic(W, output=Scheme(bits=16)), ValueError, "bits of output must be 1 to 8, got 16"),
        (
            lambda: Dynamic(W, Scheme(granularity=PerGroup(2))),
            ValueError,
            r"activations must be PerTensor or PerChannel\(0\), got PerGroup",
        ),
        (
            lambda: Static(W, input=Quantizer(np.eye(3), Scheme(granularity=PerChannel(0)))),
            ValueError,
            r"input must be PerTensor, got PerChannel\(axis=0\)",
        ),
        (
            lambda: Static(W, input=GRID, output=Quantizer([1.0], bits=9)),
            ValueError,
            "output must have 1 to 8 bits, got 9",
        ),
        (
            lambda: Static(W, input=GRID, arithmetic="up"),
            ValueError,
            "arithmetic must be float, float64, twice or once, got 'up'",
        ),
        (
            lambda: Static(quantize_weight(np.eye(4), Scheme(granularity=PerGroup(2))), input=GRID, output=GRID),
            ValueError,
            "Weights in groups of 2 have no common accumulator",
        ),
        (
            lambda: STATIC(QTensor(np.ones((1, 3), np.int8), 0.5, 0)),
            ValueError,
            "x has scale 0.5, zero point 0 and int8, but this layer was calibrated for scale 0.0078125, zero point 0",
        ),
        (
            lambda: STATIC(QTensor(np.ones((1, 3), np.int8), GRID.scale, 1)),
            ValueError,
            "zero point 1 and int8, but this",
        ),
        (
            lambda: STATIC(QTensor(np.ones((1, 3), np.uint8), GRID.scale, 0)),
            ValueError,
            "zero point 0 and uint8, but thi",
        ),
        (lambda: WeightOnly(W)(QTensor(np.ones((1, 3), np.int8), 1.0, 0)), TypeError, "got a QTensor; dequantize it"),
        (
            lambda: Dynamic(W)(QTensor(np.ones((2, 3), np.int8), np.ones(3), 0)),
            ValueError,
            r"x must have one scale or \(2, 1\), one a row, got shape \(3,\)",
        ),
        (
            lambda: Dynamic(W)(QTensor(np.ones((2, 3), np.int8), 1.0, np.zeros((1, 3), int))),
            ValueError,
            r"x must have one zero point or \(2, 1\), one a row",
        ),
        (lambda: Dynamic(W)(QTensor(np.ones((2, 3), np.int16), 1.0, 0)), TypeError, "must be int8 or uint8, got int16"),
        (
            lambda: STATIC(QTensor(np.ones((2, 3), np.int8), np.ones((2, 1)), 0)),
            ValueError,
            "x must have one scale, got 2; this layer was calibrated per tensor",
        ),
        (
            lambda: STATIC(QTensor(np.ones((1, 2), np.int8), GRID.scale, 0)),
            ValueError,
            r"x must have shape \(batch, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()
