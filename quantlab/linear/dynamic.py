"""The mode that quantizes activations as they come: integers multiply, and a range is found in every call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab import kernels
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import PerChannel, PerTensor, Scheme

from .cost import Cost, dynamic_cost
from .weight import QuantizedWeight, activations, received

_AFFINE = Scheme(symmetric=False)


@dataclass(frozen=True, eq=False)
class Dynamic:
    """A linear layer that finds the range of its input in each call, then multiplies integers.

    ``y = (x_codes − z) · (w_codes − z_w) · scale_x · scale_w + bias``, in float32 after the exact integer sum.

    Parameters
    ----------
    weight : QuantizedWeight
    activations : Scheme
        Of the input: 1 to 8 bits, per tensor or per row (PerChannel(0)). Default: affine, 8 bits, per tensor.
    output : Scheme, optional
        Quantize the result too, with a scale found from the result itself.
    relu : bool

    Raises
    ------
    ValueError
        If a scheme has more than 8 bits, or scales that change along the sum.

    References
    ----------
    ONNX DynamicQuantizeLinear and MatMulInteger; Dettmers et al. 2022 (LLM.int8), section 2, for one scale a row.

    Examples
    --------
    >>> from quantlab.linear import quantize_weight
    >>> layer = Dynamic(quantize_weight([[127.0, -64.0]]), Scheme(symmetric_scale="restricted"))
    >>> layer(np.array([[127.0, 64.0]])).tolist()
    [[12033.0]]
    """

    weight: QuantizedWeight
    activations: Scheme = _AFFINE
    output: Scheme | None = None
    relu: bool = False
    _packed: tuple[kernels.PackedWeights, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, scheme in (("activations", self.activations), ("output", self.output)):
            if scheme is None:
                continue
            if scheme.bits > 8:
                raise ValueError(f"bits of {name} must be 1 to 8, got {scheme.bits}; the integer kernels take no more.")
            if scheme.granularity not in (PerTensor(), PerChannel(0), PerChannel(-2)):
                raise ValueError(f"{name} must be PerTensor or PerChannel(0), got {scheme.granularity}; choose a row.")
        object.__setattr__(self, "_packed", packed_by_group(self.weight))

    def __call__(self, x: Any, *, threads: int = 1) -> npt.NDArray[np.float32] | QTensor:
        """Return the layer's output.

        Parameters
        ----------
        x : (batch, in) real numbers, no NaN; or a QTensor with one scale, or one a row
            A QTensor's own scale is taken, and no range is found.
        threads : int
            At most so many at once.

        Returns
        -------
        (batch, out) float32, or a QTensor where `output` is a Scheme
        """
        if isinstance(x, QTensor):
            codes, scale, zero = received(x, self.weight)
        else:
            values = activations(x, self.weight)
            found = Quantizer(values, self.activations)
            codes, scale, zero = found.quantize(values), found.scale, found.zero_point
        y = scaled_product(codes, zero, scale, self.weight, self._packed, threads)
        if self.relu:
            np.maximum(y, 0, out=y)
        if self.output is None:
            return y
        own = Quantizer(y, self.output)
        return QTensor(own.quantize(y), own.scale, own.zero_point)

    def cost(self, batch: int, *, quantized: bool = False) -> Cost:
        """Return what a call with `batch` rows moves and computes.

        Parameters
        ----------
        batch : int
        quantized : bool
            Whether the input comes as a QTensor.
        """
        return dynamic_cost(
            batch,
            self.weight.wire(8),
            len(self.weight.groups),
            codes=self.activations.dtype.name,
            output=None if self.output is None else self.output.dtype.name,
            bias=self.weight.bias is not None,
            quantized=quantized,
        )


def packed_by_group(weight: QuantizedWeight) -> tuple[kernels.PackedWeights, ...]:
    """Return a weight packed for the integer kernel, each group of inputs apart.

    >>> from quantlab.linear import quantize_weight
    >>> [packed.shape for packed in packed_by_group(quantize_weight(np.eye(3)))]
    [(3, 3)]
    """
    zeros = weight.zero_points()
    return tuple(
        kernels.pack(weight.codes[:, part].T, zero_point=zero) for part, zero in zip(weight.groups, zeros, strict=True)
    )


def scaled_product(
    codes: npt.NDArray[Any],
    zero_point: Any,
    scale: Any,
    weight: QuantizedWeight,
    packed: tuple[kernels.PackedWeights, ...],
    threads: int,
) -> npt.NDArray[np.float32]:
    """Return the float32 values of an integer product, bias included.

    Each group's exact sum is rounded to float32 and multiplied by its scale.

    >>> from quantlab.linear import quantize_weight
    >>> weight = quantize_weight([[127.0, 1.0]], bias=[0.5])
    >>> scaled_product(np.array([[2, 4]], np.int8), 0, np.float32(0.5), weight, packed_by_group(weight), 1).tolist()
    [[129.5]]
    """
    zeros = zero_point if isinstance(zero_point, int) else np.ravel(zero_point)
    scales, by_row = weight.scales(), np.ndim(scale) > 0 and np.size(scale) > 1
    first = scales if by_row or np.size(scale) == 0 else scales * np.float32(np.ravel(scale)[0])
    y: npt.NDArray[np.float32] | None = None
    for part, own, step in zip(weight.groups, packed, first, strict=True):
        of_group = kernels.int_matmul(codes[:, part], own, a_zero=zeros, scale=step, threads=threads)
        y = of_group if y is None else np.add(y, of_group, out=y)
    assert y is not None  # a weight has one input or more
    if by_row:
        y *= scale
    if weight.bias is not None:
        y += weight.bias
    return y
