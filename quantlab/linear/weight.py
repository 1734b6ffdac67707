"""A quantized weight and its bias, which the three modes share; and what a layer takes as input.

Checks its arguments here, once; the layers trust a QuantizedWeight.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.grid import layout_of, scale_bytes, working_type
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import PerChannel, PerGroup, Scheme

from .cost import Wire

_EACH_OUTPUT = Scheme(symmetric_scale="restricted", granularity=PerChannel(0))


@dataclass(frozen=True, eq=False)
class QuantizedWeight:
    """A weight (out, in) in codes, made by `quantize_weight`; a layer computes ``x @ weight.T + bias``.

    Attributes
    ----------
    codes : (out, in) int8 or uint8
    quantizer : Quantizer
    bias : (out,) float32, or None
    """

    codes: npt.NDArray[Any]
    quantizer: Quantizer
    bias: npt.NDArray[np.float32] | None

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.codes.shape[0], self.codes.shape[1]

    @property
    def group_size(self) -> int | None:
        """Inputs that share a scale, where scales change along the inputs."""
        granularity = self.quantizer.scheme.granularity
        return granularity.size if isinstance(granularity, PerGroup) else None

    @property
    def groups(self) -> list[slice]:
        """The runs of inputs that are summed apart: one without groups."""
        inputs = self.shape[1]
        size = self.group_size or inputs
        return [slice(start, min(start + size, inputs)) for start in range(0, inputs, size)]

    def scales(self) -> npt.NDArray[np.float32]:
        """Return (groups, 1 or out) scales."""
        return np.ascontiguousarray(np.atleast_2d(np.asarray(self.quantizer.scale, np.float32)).T)

    def zero_points(self) -> npt.NDArray[np.int64]:
        """Return (groups, 1 or out) zero points."""
        return np.ascontiguousarray(np.atleast_2d(np.asarray(self.quantizer.zero_point, np.int64)).T)

    def dequantized(self) -> npt.NDArray[np.float32]:
        """Return the weight that the codes stand for, (out, in)."""
        return self.quantizer.dequantize(self.codes)

    def wire(self, bits: int) -> Wire:
        """Return the wire of the codes, stored at `bits` each, with their scales and zero points."""
        return weight_wire(self.shape, self.quantizer.scheme, bits)


def weight_wire(shape: tuple[int, int], scheme: Scheme, bits: int) -> Wire:
    """Return the wire of a weight's codes, stored at `bits` each, with their scales and zero points.

    >>> weight_wire((32, 64), Scheme(granularity=PerChannel(0)), 8).nbytes
    2176
    """
    count = prod(layout_of(shape, scheme.granularity)[1])
    zero_bits = 0 if scheme.symmetric else 32 if scheme.affine_range == "free" else bits
    parameters = count * scale_bytes(scheme, np.dtype(np.float32)) + -(-count * zero_bits // 8)
    return Wire("weight", f"{'int' if scheme.signed else 'uint'}{bits}", shape, bits, parameters)


def quantize_weight(weight: Any, scheme: Scheme = _EACH_OUTPUT, *, bias: Any = None) -> QuantizedWeight:
    """Quantize the weight of a linear layer, once for every mode.

    Parameters
    ----------
    weight : (out, in) real numbers, 1 or more of each
        Rounded to float32 first.
    scheme : Scheme
        1 to 8 bits, per tensor, per output (PerChannel(0)) or per group of inputs (PerGroup(size, axis=1)). Default:
        8 bits from −127 to 127, one scale an output.
    bias : (out,) real numbers, finite, optional

    Raises
    ------
    TypeError, ValueError
        One sentence where shapes do not fit, or a scale would change along the inputs outside of groups.

    References
    ----------
    Krishnamoorthi 2018, section 3, on one scale an output channel.

    Examples
    --------
    >>> quantize_weight(np.array([[1.0, -0.5], [0.1, 0.2]])).codes.tolist()
    [[127, -64], [64, 127]]
    """
    values = np.asarray(weight)
    working_type(values.dtype)  # refuses what is no real number
    values = values.astype(np.float32)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"weight must have two axes (out, in) with 1 or more of each, got {values.shape}; reshape it.")
    if scheme.bits > 8:
        raise ValueError(f"bits of a weight must be 1 to 8, got {scheme.bits}; the integer kernels take no more.")
    granularity = scheme.granularity
    wanted = {PerChannel: 0, PerGroup: 1}.get(type(granularity))
    if isinstance(granularity, PerChannel | PerGroup) and granularity.axis not in (wanted, (wanted or 0) - 2):
        raise ValueError(
            f"A weight (out, in) takes PerTensor, PerChannel(0) or PerGroup(size, axis=1), got {granularity}; other "
            "scales change along the sum and cannot leave it."
        )
    quantizer = Quantizer(values, scheme)
    codes = quantizer.quantize(values)
    codes.flags.writeable = False
    return QuantizedWeight(codes, quantizer, None if bias is None else _bias(bias, len(values)))


def activations(x: Any, weight: QuantizedWeight) -> npt.NDArray[np.float32]:
    """Return the input of a layer as a float32 matrix.

    Raises
    ------
    TypeError, ValueError
        If `x` holds no real numbers, or is no (batch, in) matrix.

    Examples
    --------
    >>> activations([[1, 2]], quantize_weight([[0.5, 1.0]])).dtype.name
    'float32'
    """
    if isinstance(x, QTensor):
        raise TypeError("x must be real numbers for this layer, got a QTensor; dequantize it first.")
    values = np.asarray(x)
    working_type(values.dtype)
    _require_matrix(values, weight.shape[1])
    return np.ascontiguousarray(values, np.float32)


def received(x: QTensor, weight: QuantizedWeight) -> tuple[npt.NDArray[Any], Any, Any]:
    """Return codes, scale and zero point of an input that another layer quantized: one scale, or one a row.

    Raises
    ------
    TypeError, ValueError
        If the codes are no (batch, in) matrix of int8 or uint8, or scales change along a row.

    Examples
    --------
    >>> received(QTensor(np.ones((1, 2), np.int8), 0.5, 3), quantize_weight([[0.5, 1.0]]))
    (array([[1, 1]], dtype=int8), np.float32(0.5), 3)
    """
    codes, scale, zero = x.codes, np.asarray(x.scale, np.float32), np.asarray(x.zero_point)
    if codes.dtype not in (np.dtype(np.int8), np.dtype(np.uint8)):
        raise TypeError(f"Codes of x must be int8 or uint8, got {codes.dtype}; quantize to 8 bits or fewer.")
    _require_matrix(codes, weight.shape[1])
    for name, found in (("scale", scale), ("zero point", zero)):
        if found.size != 1 and found.shape != (len(codes), 1):
            raise ValueError(
                f"x must have one {name} or ({len(codes)}, 1), one a row, got shape {found.shape}; what changes along "
                "a row cannot leave the sum."
            )
    one = scale.size == 1, zero.size == 1
    return codes, scale.reshape(-1)[0] if one[0] else scale, int(zero.reshape(-1)[0]) if one[1] else zero


def _require_matrix(values: npt.NDArray[Any], inputs: int) -> None:
    if values.ndim != 2 or values.shape[1] != inputs:
        raise ValueError(f"x must have shape (batch, {inputs}) for this layer, got {values.shape}; reshape it.")


def _bias(bias: Any, outputs: int) -> npt.NDArray[np.float32]:
    values = np.array(bias, np.float32)
    if values.shape != (outputs,) or not np.isfinite(values).all():
        raise ValueError(f"bias must be {outputs} finite numbers, one an output, got shape {values.shape}; mend it.")
    values.flags.writeable = False
    return values
