"""Values to codes and back, with one Scheme and the scales that were found for an array.

Arguments are checked here, once; the kernels trust them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import kernels
from .grid import (
    Grid,
    checked,
    checked_parameters,
    hold_scale,
    largest_of,
    layout_of,
    order_of,
    parameters,
    receiver,
    sweep,
    working_type,
)
from .ranges import Summary, find_range
from .scheme import PerTensor, Scheme

AnyArray = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, init=False, eq=False)
class Quantizer:
    """A grid of codes for an array: ``q = clamp(rint(x / scale) + zero_point, qmin, qmax)``, ``x_hat = (q − z) · s``.

    Parameters
    ----------
    x : array_like
        float16, bfloat16, float32, float64, integers or bool, any shape. Its finite values give the range.
    scheme : Scheme, optional
        Default: the article's, symmetric and signed with ``scale = absmax / 2**(bits - 1)``.
    bits : int, optional
        Short for ``Scheme(bits=bits)``.
    summary : Summary, optional
        Of x at the scheme's granularity (`quantlab.ranges.summarise`); spares a pass over it.

    Attributes
    ----------
    scheme : Scheme
    scale : NumPy scalar, or array that broadcasts over x (per group: with the grouped axis ceil(n / size) long)
        Width of one step in the units of x; in the working type.
    zero_point : int, or int64 array shaped as scale
        The code of real 0.
    working : dtype
        float32 or float64: the type of the quotient and of x_hat.
    held : int
        How many scales had to be held at their type's smallest normal or largest finite number.

    Raises
    ------
    TypeError
        If x holds no real numbers, or a type that neither float32 nor float64 can hold.
    ValueError
        If an integer lies beyond ±2^53, or the array has no such axis.

    References
    ----------
    ONNX QuantizeLinear and DequantizeLinear; Jacob et al. 2018, equation 1.

    Examples
    --------
    >>> x = np.array([-1.0, 0.1, 0.99], np.float32)
    >>> quantizer = Quantizer(x, bits=4)
    >>> quantizer.quantize(x).tolist(), quantizer.dequantize(quantizer.quantize(x)).tolist()
    ([-8, 1, 7], [-1.0, 0.125, 0.875])
    """

    scheme: Scheme
    scale: Any
    zero_point: Any
    working: np.dtype[Any]
    held: int
    _grid: Grid = field(repr=False)  # of every shape, but for the layout

    def __init__(
        self, x: Any, scheme: Scheme | None = None, *, bits: int | None = None, summary: Summary | None = None
    ) -> None:
        if scheme is not None and bits is not None:
            raise ValueError(f"bits {bits} and a Scheme of {scheme.bits} bits were both given; give one of them.")
        scheme = scheme or (Scheme() if bits is None else Scheme(bits=bits))
        x = checked(x)
        self._set_from_range(*find_range(x, scheme, summary), scheme, x.shape, working_type(x.dtype))

    @classmethod
    def from_range(cls, x: Any, lo: Any, hi: Any, scheme: Scheme) -> Quantizer:
        """Make a quantizer for arrays like `x` from ranges that are known already.

        Parameters
        ----------
        x : array
            Gives shape and type; its values are not looked at.
        lo, hi : float arrays, one entry a part
            As `quantlab.ranges.find_range` returns them.
        scheme : Scheme

        Examples
        --------
        >>> float(Quantizer.from_range(np.zeros(3), np.array([-2.0]), np.array([1.0]), Scheme(bits=2)).scale)
        1.0
        """
        self = object.__new__(cls)
        self._set_from_range(lo, hi, scheme, x.shape, working_type(x.dtype))
        return self

    @classmethod
    def from_parameters(cls, scale: Any, zero_point: Any, scheme: Scheme) -> Quantizer:
        """Make a quantizer from a scale and a zero point that somebody else chose.

        Parameters
        ----------
        scale : float or float array
            Positive and finite. Its type is the working type, float16 counting as float32.
        zero_point : int or integer array, shaped as scale
        scheme : Scheme
            Its `range` is not used.

        Raises
        ------
        TypeError
            If scale is no float, or zero_point no integer.
        ValueError
            If a scale is not positive and finite, or a zero point does not belong to the scheme.

        Examples
        --------
        >>> Quantizer.from_parameters(np.float32(0.5), 3, Scheme(bits=4, symmetric=False)).quantize([1.0]).tolist()
        [5]
        """
        s, z = checked_parameters(scale, zero_point, scheme)
        self = object.__new__(cls)
        working = working_type(s.dtype)
        held_scale, held = hold_scale(s.astype(np.float64).reshape(-1), scheme, working)
        self._set(scheme, held_scale, z.astype(np.int64).reshape(-1), s.shape, working, int(held.sum()))
        return self

    def _set_from_range(self, lo: Any, hi: Any, scheme: Scheme, shape: tuple[int, ...], working: np.dtype[Any]) -> None:
        scale, zero_point, held = parameters(lo, hi, scheme, working)
        self._set(scheme, scale, zero_point, layout_of(shape, scheme.granularity)[1], working, int(held.sum()))

    def _set(self, scheme: Scheme, scale: Any, zero_point: Any, shape: Any, working: Any, held: int) -> None:
        flat = np.ascontiguousarray(scale), zero_point.astype(np.int32)
        grid = Grid(*flat, kernels.per_tensor(()), order_of(scheme, zero_point), largest_of(working))
        if isinstance(scheme.granularity, PerTensor):
            scale, zero_point = scale[0], int(zero_point[0])
        else:
            scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
            for array in (scale, zero_point):
                array.flags.writeable = False
        names = ("scheme", "scale", "zero_point", "working", "held", "_grid")
        for name, value in zip(names, (scheme, scale, zero_point, working, held, grid), strict=True):
            object.__setattr__(self, name, value)

    @property
    def qmin(self) -> int:
        """Lowest code."""
        return self.scheme.qmin

    @property
    def qmax(self) -> int:
        """Highest code."""
        return self.scheme.qmax

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the codes: int8, uint8, int16 or uint16."""
        return self.scheme.dtype

    def grid(self, shape: tuple[int, ...]) -> Grid:
        """Return what the kernels need for an array of this shape.

        Raises
        ------
        ValueError
            If the scales do not belong to an array of this shape.
        """
        if isinstance(self.scheme.granularity, PerTensor):
            return Grid(self._grid.scale, self._grid.zero_point, kernels.per_tensor(shape), *self._grid[3:])
        scale = np.asarray(self.scale)
        try:
            layout, scales = layout_of(shape, self.scheme.granularity)
        except ValueError as error:
            raise ValueError(f"scales of shape {scale.shape} do not fit an array of shape {shape}: {error}") from None
        if layout.parts != scale.size or (scale.ndim > 1 and scale.ndim == len(scales) and scale.shape != scales):
            raise ValueError(
                f"scales of shape {scale.shape} do not fit an array of shape {shape}, which needs {scales}; "
                "quantize an array like the one that gave the range."
            )
        return self._grid._replace(layout=layout)

    def quantize(self, x: Any, *, out: AnyArray | None = None) -> AnyArray:
        """Return the codes of values.

        ``clamp(rint(x / scale) + zero_point, qmin, qmax)``, ties to even, unless the scheme says otherwise. ±inf
        saturates.

        Parameters
        ----------
        x : array_like
            Any real type and memory order; of the shape that gave the range, or with a matching axis.
        out : array of `dtype`, optional
            Shaped as x, C-contiguous, writable, apart from x: filled and returned. Making one can take longer than
            the codes.

        Returns
        -------
        array of `dtype`, shaped as x, C-contiguous

        Raises
        ------
        TypeError, ValueError
            If x holds NaN, its shape does not fit the scales, or `out` cannot take the codes.

        Examples
        --------
        >>> Quantizer([1.0], bits=2).quantize([0.25, 0.26, -9.0]).tolist()
        [0, 1, -2]
        """
        x = checked(x)
        grid = self.grid(x.shape)
        out = receiver(out, x.shape, self.dtype, "out", x)
        flat = out.reshape(-1)

        def fill(own: list[tuple[int, int]], values: AnyArray, origin: int, start: int, stop: int) -> None:
            piece = flat[origin : origin + len(values)]
            own.append(kernels.elementwise.quantize(values, origin, start, stop, *grid[:4], piece))

        found = [pair for own in sweep(x, self.working, list, fill) for pair in own if pair[0]]
        if found:
            nans, first = sum(n for n, _ in found), found[0][1]
            where = tuple(int(i) for i in np.unravel_index(first, x.shape))
            raise ValueError(
                f"x must not hold NaN, got {nans}, the first at index {where}; replace them or use fake_quantize."
            )
        return out

    def dequantize(self, codes: Any, *, out: AnyArray | None = None) -> AnyArray:
        """Return the values that codes stand for.

        ``(codes − zero_point) · scale``, held to the working type's largest finite number.

        Parameters
        ----------
        codes : integer array_like
            Of the shape that gave the range, or with a matching axis.
        out : array of `working`, optional
            As for `quantize`.

        Returns
        -------
        array of `working`, shaped as codes, C-contiguous

        Raises
        ------
        TypeError
            If codes are no integers.
        ValueError
            If their shape does not fit the scales, or `out` cannot take the values.

        Examples
        --------
        >>> Quantizer([1.0], bits=2).dequantize([-2, 1]).tolist()
        [-1.0, 0.5]
        """
        q = np.asarray(codes)
        if q.dtype.kind not in "iu":
            raise TypeError(f"codes must be integers, got dtype {q.dtype}; quantize the values first.")
        grid = self.grid(q.shape)
        flat = np.ascontiguousarray(q).reshape(-1)
        if flat.dtype.itemsize > 2 or not flat.dtype.isnative:
            flat = flat.astype(np.int64)
        out = receiver(out, q.shape, self.working, "out", q)
        target = out.reshape(-1)

        def fill(start: int, stop: int) -> None:
            kernels.elementwise.dequantize(flat, start, stop, *grid, target)

        kernels.over_ranges(fill, flat.size)
        return out

    def fake_quantize(self, x: Any, *, out: AnyArray | None = None, mask: AnyArray | None = None) -> AnyArray:
        """Return ``dequantize(quantize(x))`` in one pass, without the codes; NaN stays NaN.

        Parameters
        ----------
        x : array_like
            As for `quantize`.
        out : array of `working`, optional
            As for `quantize`.
        mask : bool array, optional
            Shaped as x, C-contiguous, writable: filled with whether the code needed no holding to the code range,
            ``qmin <= rint(x / scale) + zero_point <= qmax``, where the straight-through
            estimator (Bengio et al. 2013) lets a gradient pass, as in PyTorch. False for NaN.

        Returns
        -------
        array of `working`, shaped as x, C-contiguous

        Raises
        ------
        TypeError, ValueError
            If the shape of x does not fit the scales, or `out` or `mask` cannot take the results.

        Examples
        --------
        >>> Quantizer([1.0], bits=2).fake_quantize([0.3, float("nan")]).tolist()
        [0.5, nan]
        """
        x = checked(x)
        grid = self.grid(x.shape)
        out = receiver(out, x.shape, self.working, "out", x)
        flat, no_mask = out.reshape(-1), np.empty(0, bool)
        inside = no_mask if mask is None else receiver(mask, x.shape, no_mask.dtype, "mask", x).reshape(-1)

        def fill(_: None, values: AnyArray, origin: int, start: int, stop: int) -> None:
            here = slice(origin, origin + len(values))
            kernels.elementwise.fake_quantize(values, origin, start, stop, *grid, flat[here], inside[here])

        sweep(x, self.working, lambda: None, fill)
        return out
