"""Linear layers in integers: products, accumulators and the way from int32 back to 8 bits.

Arrays and QTensors in, frozen records out; the integers are exact, and the fast ones run on `quantlab.kernels`.
"""

from .accumulator import (
    accumulate,
    accumulator_range,
    bits_needed,
    centred_range,
    product_bits,
    safe_k,
    sum_bits,
)
from .disagreement import Disagreement, disagreement, thresholds
from .matmul import Product, ZeroPointTerms, quantized_matmul, zero_point_terms
from .requantization import FixedPoint, fixed_point, quantize_bias, requantization_multiplier, requantize
from .running_sum import RunningSum, running_sum

__all__ = [
    "Disagreement",
    "FixedPoint",
    "Product",
    "RunningSum",
    "ZeroPointTerms",
    "accumulate",
    "accumulator_range",
    "bits_needed",
    "centred_range",
    "disagreement",
    "fixed_point",
    "product_bits",
    "quantize_bias",
    "quantized_matmul",
    "requantization_multiplier",
    "requantize",
    "running_sum",
    "safe_k",
    "sum_bits",
    "thresholds",
    "zero_point_terms",
]
