"""Linear layers in integers: products, accumulators and the way from int32 back to 8 bits.

Arrays and QTensors in, frozen records out; the integers are exact, and the fast ones run on `quantlab.kernels`.
"""

from .accumulator import (
    accumulate,
    accumulator_range,
    bits_needed,
    centred_range,
    product_bits,
    reached,
    safe_k,
    sum_bits,
)
from .cost import Cost, Step, Wire, dynamic_cost, float_cost, static_cost, weight_only_cost
from .disagreement import Disagreement, disagreement, thresholds
from .dynamic import Dynamic
from .matmul import Product, ZeroPointTerms, quantized_matmul, zero_point_terms
from .requantization import FixedPoint, fixed_point, quantize_bias, requantization_multiplier, requantize
from .running_sum import RunningSum, running_sum
from .static import Static
from .weight import QuantizedWeight, quantize_weight, weight_wire
from .weight_only import WeightOnly

__all__ = [
    "Cost",
    "Disagreement",
    "Dynamic",
    "FixedPoint",
    "Product",
    "QuantizedWeight",
    "RunningSum",
    "Static",
    "Step",
    "WeightOnly",
    "Wire",
    "ZeroPointTerms",
    "accumulate",
    "accumulator_range",
    "bits_needed",
    "centred_range",
    "disagreement",
    "dynamic_cost",
    "fixed_point",
    "float_cost",
    "product_bits",
    "quantize_bias",
    "quantize_weight",
    "quantized_matmul",
    "reached",
    "requantization_multiplier",
    "requantize",
    "running_sum",
    "safe_k",
    "static_cost",
    "sum_bits",
    "thresholds",
    "weight_only_cost",
    "weight_wire",
    "zero_point_terms",
]
