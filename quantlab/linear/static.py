"""The mode whose ranges are known before the first call: codes in, codes out, and integers all the way between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from quantlab import kernels
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import PerTensor

from .cost import Cost, static_cost
from .dynamic import packed_by_group, scaled_product
from .requantization import (
    FixedPoint,
    FixedPointRounding,
    fixed_point,
    quantize_bias,
    requantization_multiplier,
    requantize,
)
from .weight import QuantizedWeight, activations, received

Arithmetic = Literal["float", "float64"] | FixedPointRounding


@dataclass(frozen=True, eq=False)
class Static:
    """A linear layer whose input and output ranges were found by calibration.

    With an output grid the int32 accumulator takes the bias as integers and goes straight to 8 bits; a chain of such
    layers passes codes along. Without one the accumulator is scaled to float32.

    Parameters
    ----------
    weight : QuantizedWeight
        With an output grid per tensor or per output: groups of inputs have no common accumulator.
    input : Quantizer
        Per tensor, 1 to 8 bits: the range that calibration found, as a grid.
    output : Quantizer, optional
        The same for the result; of the next layer's input.
    relu : bool
        With an output grid a clamp, which costs nothing.
    arithmetic : {"float", "float64", "twice", "once"}
        Of requantization: a float32 multiplier, a float64 one, in which the product is nearly exact, or a fixed-point
        one that rounds so (`fixed_point`).

    Attributes
    ----------
    bias_codes : (out,) int32, or None
        The bias in steps of the accumulator, where there is an output grid.
    multiplier : float32 or float64 array or FixedPoint, or None
        ``scale_x · scale_w / scale_y``, where there is an output grid.

    Raises
    ------
    ValueError
        If a grid is not per tensor or has more than 8 bits, or weights by group shall give codes.

    References
    ----------
    Jacob et al. 2018, section 2; ONNX QLinearMatMul.

    Examples
    --------
    >>> from quantlab.linear import quantize_weight
    >>> grid = Quantizer(np.float32([-1, 1]))
    >>> layer = Static(quantize_weight([[1.0, 0.5]]), input=grid, output=grid)
    >>> y = layer(np.array([[0.25, 0.5]]))
    >>> y.codes.tolist(), float(y.scale)
    ([[64]], 0.0078125)
    >>> layer(QTensor(np.array([[32, 64]], np.int8), grid.scale, 0)).codes.tolist()
    [[64]]
    """

    weight: QuantizedWeight
    input: Quantizer
    output: Quantizer | None = None
    relu: bool = False
    arithmetic: Arithmetic = "float"
    bias_codes: npt.NDArray[np.int32] | None = field(init=False)
    multiplier: Any = field(init=False)
    _packed: tuple[kernels.PackedWeights, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, grid in (("input", self.input), ("output", self.output)):
            if grid is None:
                continue
            if not isinstance(grid.scheme.granularity, PerTensor):
                raise ValueError(f"{name} must be PerTensor, got {grid.scheme.granularity}; rows have no ranges yet.")
            if grid.scheme.bits > 8:
                raise ValueError(f"{name} must have 1 to 8 bits, got {grid.scheme.bits}; integer kernels take no more.")
        if self.arithmetic not in ("float", "float64", *get_args(FixedPointRounding)):
            raise ValueError(
                f"arithmetic must be float, float64, twice or once, got {self.arithmetic!r}; choose one of these."
            )
        bias_codes, multiplier = None, None
        if self.output is not None:
            if self.weight.group_size is not None:
                raise ValueError(
                    f"Weights in groups of {self.weight.group_size} have no common accumulator to requantize; quantize "
                    "them by output, or leave the output in float32."
                )
            scale = self.weight.scales()[0]
            if self.weight.bias is not None:
                bias_codes = quantize_bias(self.weight.bias, self.input.scale, scale)
            wide = np.float64 if self.arithmetic == "float64" else np.float32
            scales = (wide(each) for each in (self.input.scale, scale, self.output.scale))
            multiplier = requantization_multiplier(*scales)
            if self.arithmetic == "twice" or self.arithmetic == "once":
                multiplier = fixed_point(multiplier, self.arithmetic)
        for name, value in (
            ("bias_codes", bias_codes),
            ("multiplier", multiplier),
            ("_packed", packed_by_group(self.weight)),
        ):
            object.__setattr__(self, name, value)

    def __call__(self, x: Any, *, threads: int = 1) -> npt.NDArray[np.float32] | QTensor:
        """Return the layer's output.

        Parameters
        ----------
        x : (batch, in) real numbers, no NaN; or a QTensor of the input's own scale and zero point
            Real numbers are quantized to `input`; what lies outside of its range clips.
        threads : int
            At most so many at once.

        Returns
        -------
        QTensor with codes (batch, out) where there is an output grid, otherwise float32

        Raises
        ------
        ValueError
            If a QTensor has another scale or zero point.
        """
        codes = self._codes(x)
        zero = self.input.zero_point
        if self.output is None:
            y = scaled_product(codes, zero, self.input.scale, self.weight, self._packed, threads)
            return np.maximum(y, 0, out=y) if self.relu else y
        accumulator = kernels.int_matmul(codes, self._packed[0], a_zero=zero, threads=threads)
        out = requantize(
            accumulator,
            self.multiplier,
            self.output.zero_point,
            self.output.scheme,
            bias=self.bias_codes,
            relu=self.relu,
        )
        return QTensor(out, self.output.scale, self.output.zero_point)

    def _codes(self, x: Any) -> npt.NDArray[Any]:
        if not isinstance(x, QTensor):
            return self.input.quantize(activations(x, self.weight))
        own = self.input
        codes, scale, zero = received(x, self.weight)
        if np.size(scale) != 1 or np.size(zero) != 1:
            raise ValueError(f"x must have one scale, got {len(codes)}; this layer was calibrated per tensor.")
        if scale != own.scale or zero != own.zero_point or codes.dtype != own.dtype:
            raise ValueError(
                f"x has scale {scale:.9g}, zero point {zero} and {codes.dtype}, but this layer was calibrated for "
                f"scale {float(own.scale):.9g}, zero point {own.zero_point} and {own.dtype}; requantize it."
            )
        return codes

    def cost(self, batch: int, *, quantized: bool = False) -> Cost:
        """Return what a call with `batch` rows moves and computes.

        Parameters
        ----------
        batch : int
        quantized : bool
            Whether the input comes as a QTensor.
        """
        return static_cost(
            batch,
            self.weight.wire(8),
            len(self.weight.groups),
            codes=self.input.dtype.name,
            output=None if self.output is None else self.output.dtype.name,
            bias=self.weight.bias is not None,
            fixed=isinstance(self.multiplier, FixedPoint),
            quantized=quantized,
        )
