"""The mode that quantizes weights only: less to read, the arithmetic in floats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab import kernels

from .cost import Cost, weight_only_cost
from .weight import QuantizedWeight, activations

_NIBBLE = 4


@dataclass(frozen=True, eq=False)
class WeightOnly:
    """A linear layer whose weights are codes and whose activations are float32: ``y = x @ weight.T + bias``.

    The codes become floats in registers or in the cache, multiplied by their scales; float weights never exist as a
    whole. What is saved is memory and its traffic, which is what binds where the batch is small.

    Parameters
    ----------
    weight : QuantizedWeight
        Of up to 4 bits it is packed two codes a byte, otherwise one a byte.
    relu : bool

    Attributes
    ----------
    stored_bits : int
        4 or 8.

    References
    ----------
    Frantar et al. 2023 (GPTQ), section 4, for weights alone; ONNX Runtime MatMulNBits for the kernel.

    Examples
    --------
    >>> from quantlab.linear import quantize_weight
    >>> layer = WeightOnly(quantize_weight([[127.0, -64.0]], bias=[1.0]))
    >>> layer(np.array([[1.0, 0.5]])).tolist()
    [[96.0]]
    """

    weight: QuantizedWeight
    relu: bool = False
    stored_bits: int = field(init=False)
    _packed: kernels.ScaledWeights = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weight, scheme = self.weight, self.weight.quantizer.scheme
        zeros, scales = weight.zero_points(), weight.scales()
        among = scheme.qmin <= int(zeros.min()) and int(zeros.max()) <= scheme.qmax
        bits = _NIBBLE if scheme.bits <= _NIBBLE and among else 8  # nibbles hold no zero point outside of their codes
        if scheme.scale_dtype == "float16":
            scales = scales.astype(np.float16)  # exact: they were rounded to it
        packed = kernels.pack_scaled(
            weight.codes.T,
            scales.reshape(()) if scales.size == 1 else scales,
            zeros.flat[0] if (zeros == zeros.flat[0]).all() else zeros,
            bits=bits,
            group_size=weight.group_size,
        )
        object.__setattr__(self, "stored_bits", bits)
        object.__setattr__(self, "_packed", packed)

    def __call__(self, x: Any, *, threads: int = 1) -> npt.NDArray[np.float32]:
        """Return the layer's output.

        Parameters
        ----------
        x : (batch, in) real numbers
        threads : int
            At most so many at once.

        Returns
        -------
        (batch, out) float32
        """
        y = kernels.scaled_matmul(activations(x, self.weight), self._packed, threads=threads)
        if self.weight.bias is not None:
            y += self.weight.bias
        return np.maximum(y, 0, out=y) if self.relu else y

    def cost(self, batch: int) -> Cost:
        """Return what a call with `batch` rows moves and computes."""
        stored, bias = self.weight.wire(self.stored_bits), self.weight.bias is not None
        return weight_only_cost(batch, stored, len(self.weight.groups), bias=bias)
