"""What the modes say they move and compute, against figures worked out by hand for a layer of 64 to 32."""

import numpy as np
import pytest

from quantlab import PerGroup, Quantizer, Scheme
from quantlab.linear import Dynamic, Static, WeightOnly, quantize_weight

BATCH, INPUTS, OUTPUTS = 10, 64, 32
X, Y = 4 * BATCH * INPUTS, 4 * BATCH * OUTPUTS  # bytes in float32
CODES = BATCH * INPUTS
PRODUCTS = BATCH * INPUTS * OUTPUTS
GRID = Quantizer(np.float32([-1, 1]))
W = np.random.default_rng(0).normal(size=(OUTPUTS, INPUTS))
WEIGHT = quantize_weight(W, bias=np.ones(OUTPUTS))
BIAS = 4 * OUTPUTS  # float32, or int32 in steps of the accumulator
STORED = INPUTS * OUTPUTS + 4 * OUTPUTS  # codes of a byte, and a float32 scale an output
GROUPED = quantize_weight(W, Scheme(bits=4, symmetric=False, granularity=PerGroup(32), scale_dtype="float16"))


@pytest.mark.parametrize(
    ("layer", "read", "written", "integer", "real", "ranges"),
    [
        (WeightOnly(WEIGHT), X + STORED + BIAS, Y, 0, PRODUCTS + BATCH * OUTPUTS, "weights only"),
        # 4 bits a code, and for each group of 32 two bytes of scale and 4 bits of zero point.
        (
            WeightOnly(GROUPED),
            X + INPUTS * OUTPUTS // 2 + 5 * OUTPUTS,
            Y,
            0,
            PRODUCTS + 2 * BATCH * OUTPUTS,
            "weights only",
        ),
        (
            Dynamic(WEIGHT),
            2 * X + CODES + STORED + BIAS,
            CODES + Y,
            PRODUCTS,
            BATCH * (INPUTS + OUTPUTS),
            "each call",
        ),
        (
            Dynamic(WEIGHT, output=Scheme()),
            2 * X + CODES + STORED + BIAS + 2 * Y,
            CODES + Y + BATCH * OUTPUTS,
            PRODUCTS,
            BATCH * (INPUTS + 2 * OUTPUTS),
            "each call",
        ),
        (
            Static(WEIGHT, input=GRID),
            X + CODES + STORED + BIAS,
            CODES + Y,
            PRODUCTS,
            BATCH * (INPUTS + OUTPUTS),
            "calibration",
        ),
        (
            Static(WEIGHT, input=GRID, output=GRID, arithmetic="once"),
            X + CODES + STORED + Y + BIAS,  # the accumulator is as wide as float32
            CODES + Y + BATCH * OUTPUTS,
            PRODUCTS + BATCH * OUTPUTS,
            BATCH * INPUTS,
            "calibration",
        ),
    ],
)
def test_a_call_costs_what_its_definition_takes(layer, read, written, integer, real, ranges):
    cost = layer.cost(BATCH)
    assert (cost.bytes_read, cost.bytes_written) == (read, written)
    assert (cost.integer_multiply_adds, cost.float_multiply_adds) == (integer, real)
    assert cost.ranges_found == ranges


def test_between_quantized_layers_there_is_no_float():
    layer = Static(WEIGHT, input=GRID, output=GRID, arithmetic="twice")
    cost = layer.cost(BATCH, quantized=True)
    assert cost.float_multiply_adds == 0
    wires = [wire for step in cost.steps for wire in (*step.reads, *step.writes)]
    assert {wire.dtype for wire in wires} == {"int8", "int32"}


def test_a_dynamic_layer_finds_no_range_of_what_comes_in_codes():
    names = [[step.name for step in Dynamic(WEIGHT).cost(BATCH, quantized=q).steps] for q in (False, True)]
    assert names == [["find range", "quantize", "product"], ["product"]]


@pytest.mark.parametrize(
    "layer", [WeightOnly(GROUPED), WeightOnly(quantize_weight(W, Scheme(bits=3, granularity=PerGroup(32))))]
)
def test_the_stored_weight_is_as_large_as_it_says(layer):
    (step,) = layer.cost(1).steps
    one_for_all = 0 if layer._packed.zero_step else layer._packed.zero_point.nbytes  # nothing where it is 0
    assert layer._packed.nbytes - one_for_all == step.reads[1].nbytes
