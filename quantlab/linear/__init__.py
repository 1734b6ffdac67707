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
from .matmul import Product, ZeroPointTerms, quantized_matmul, zero_point_terms
from .running_sum import RunningSum, running_sum

__all__ = [
    "Product",
    "RunningSum",
    "ZeroPointTerms",
    "accumulate",
    "accumulator_range",
    "bits_needed",
    "centred_range",
    "product_bits",
    "quantized_matmul",
    "running_sum",
    "safe_k",
    "sum_bits",
    "zero_point_terms",
]
