"""Linear layers in integers: products, accumulators and the way from int32 back to 8 bits.

Arrays and QTensors in, frozen records out; the integers are exact, and the fast ones run on `quantlab.kernels`.
"""

from .matmul import Product, ZeroPointTerms, quantized_matmul, zero_point_terms
from .operands import Operands, operands

__all__ = ["Operands", "Product", "ZeroPointTerms", "operands", "quantized_matmul", "zero_point_terms"]
