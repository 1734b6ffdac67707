"""Tanh without a float: the integer sum is compared with thresholds, and how many it reaches is the next code.

Tanh never falls, and neither does rounding, so between sum and code lies a staircase; a grid of b bits has 2^b − 1
steps, wherever the sums go. Not a step is rounded twice, unlike with a table over 8-bit codes of the sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab import kernels
from quantlab.linear import QuantizedWeight, quantize_bias
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor

_LEAST, _MOST = -(2**31), 2**31 - 1


@dataclass(frozen=True, eq=False)
class Staircase:
    """A linear layer followed by tanh, in integers: codes in, sums in int32, codes out.

    Parameters
    ----------
    weight : QuantizedWeight
        Per tensor or per output, with a bias.
    input, output : Quantizer
        Per tensor, 1 to 8 bits; of the next layer's input.

    Attributes
    ----------
    bias_codes : (out,) int32
        The bias in steps of the sum.
    thresholds : (1 or out, levels − 1) int32
        Rows of ascending sums, one for each scale of the weight: the code is the lowest one plus the number of
        thresholds at or below the sum. What no sum reaches stands at 2^31 − 1.

    References
    ----------
    Umuroglu and Jahre 2017, section 2: streamlined thresholds.

    Examples
    --------
    >>> from quantlab.linear import quantize_weight
    >>> from quantlab.scheme import Scheme
    >>> grid = Quantizer(np.float32([-1, 1]), Scheme(bits=2, symmetric=False, signed=False))
    >>> layer = Staircase(quantize_weight([[1.0]], bias=[0.0]), input=grid, output=grid)
    >>> layer(QTensor(np.uint8([[0], [2], [3]]), grid.scale, grid.zero_point)).codes.tolist()
    [[1], [2], [3]]
    """

    weight: QuantizedWeight
    input: Quantizer
    output: Quantizer
    bias_codes: npt.NDArray[np.int32] = field(init=False)
    thresholds: npt.NDArray[np.int32] = field(init=False)
    _packed: kernels.PackedWeights = field(init=False, repr=False)

    def __post_init__(self) -> None:
        scale = self.weight.scales()[0]
        step = np.float64(self.input.scale) * scale.astype(np.float64)
        zeros = self.weight.zero_points()
        for name, value in (
            ("bias_codes", quantize_bias(self.weight.bias, self.input.scale, scale)),
            ("thresholds", _thresholds(step, self.output)),
            ("_packed", kernels.pack(self.weight.codes.T, zero_point=zeros[0])),
        ):
            object.__setattr__(self, name, value)

    def __call__(self, x: QTensor) -> QTensor:
        """Return the next layer's codes.

        Parameters
        ----------
        x : QTensor, (batch, in)
            On the grid `input`.
        """
        sums = kernels.int_matmul(x.codes, self._packed, a_zero=self.input.zero_point).astype(np.int64)
        sums += self.bias_codes
        reached = np.empty(sums.shape, np.int64)
        if len(self.thresholds) == 1:
            reached[:] = np.searchsorted(self.thresholds[0], sums, side="right")
        else:
            for output, own in enumerate(self.thresholds):
                reached[:, output] = np.searchsorted(own, sums[:, output], side="right")
        codes: npt.NDArray[Any] = (reached + self.output.qmin).astype(self.output.dtype)
        return QTensor(codes, self.output.scale, self.output.zero_point)


def _thresholds(step: npt.NDArray[np.float64], output: Quantizer) -> npt.NDArray[np.int32]:
    """Return for each step of a sum, and each code but the lowest, the least sum that gives this code or a higher one.

    Found by halving all of int32, against the definition in float64: exact, however wide or narrow a step is.
    """
    wanted = np.arange(output.qmin + 1, output.qmax + 1)
    least = np.full((len(step), len(wanted)), _LEAST, np.int64)
    most = np.full_like(least, _MOST)
    while (least < most).any():
        middle = (least + most) >> 1
        steps = np.rint(np.tanh(middle * step[:, None]) / np.float64(output.scale)) + output.zero_point
        enough = steps >= wanted
        most = np.where(enough, middle, most)
        least = np.where(enough, least, np.minimum(middle + 1, most))
    return most.astype(np.int32)
