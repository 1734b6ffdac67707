"""What a call of a layer moves and computes, step by step: the figures behind a drawing of its dataflow.

Counted from shapes and types, not measured; each array once for each step that reads or writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

RangesFound = Literal["no codes", "weights only", "each call", "calibration"]


@dataclass(frozen=True)
class Wire:
    """An array between two steps.

    Attributes
    ----------
    name : str
    dtype : str
        "float32", "int32", or a code's type by its stored width: "int8", "uint4".
    shape : tuple of int
    bits : int
        Of one element as it is stored.
    parameter_bytes : int
        Scales and zero points that come with it.

    Examples
    --------
    >>> Wire("weight", "int4", (64, 32), 4, 128).nbytes
    1152
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    bits: int
    parameter_bytes: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes, packed, with the parameters."""
        return -(-prod(self.shape) * self.bits // 8) + self.parameter_bytes


@dataclass(frozen=True)
class Step:
    """A pass over arrays.

    Attributes
    ----------
    name : str
    reads, writes : tuples of Wire
    integer_multiply_adds, float_multiply_adds : int
        One multiplication and the addition that follows it count as one.
    """

    name: str
    reads: tuple[Wire, ...]
    writes: tuple[Wire, ...]
    integer_multiply_adds: int = 0
    float_multiply_adds: int = 0


@dataclass(frozen=True)
class Cost:
    """The steps of one call, and their sums.

    Attributes
    ----------
    steps : tuple of Step
    ranges_found : {"no codes", "weights only", "each call", "calibration"}
        When the range of the activations is found, if it is.

    Examples
    --------
    >>> x, y = Wire("x", "float32", (2, 3), 32), Wire("y", "int8", (2, 3), 8)
    >>> cost = Cost((Step("quantize", (x,), (y,), float_multiply_adds=6),), "calibration")
    >>> cost.bytes_read, cost.bytes_written, cost.float_multiply_adds, cost.integer_multiply_adds
    (24, 6, 6, 0)
    """

    steps: tuple[Step, ...]
    ranges_found: RangesFound

    @property
    def bytes_read(self) -> int:
        """Bytes that the steps read."""
        return sum(wire.nbytes for step in self.steps for wire in step.reads)

    @property
    def bytes_written(self) -> int:
        """Bytes that the steps write."""
        return sum(wire.nbytes for step in self.steps for wire in step.writes)

    @property
    def bytes_moved(self) -> int:
        """Bytes that enter and leave the layer, its weight included: each array once, what stays inside not at all.

        That is what a kernel moves that does all steps at once; `bytes_read` and `bytes_written` are those of steps
        one after the other.

        >>> x, codes, y = Wire("x", "float32", (2, 3), 32), Wire("codes", "int8", (2, 3), 8), Wire("y", "int8", (2,), 8)
        >>> Cost((Step("quantize", (x,), (codes,)), Step("product", (codes,), (y,))), "each call").bytes_moved
        26
        """
        read = {wire for step in self.steps for wire in step.reads}
        written = {wire for step in self.steps for wire in step.writes}
        return sum(wire.nbytes for wire in read ^ written)

    @property
    def integer_multiply_adds(self) -> int:
        """Multiply-adds of integers."""
        return sum(step.integer_multiply_adds for step in self.steps)

    @property
    def float_multiply_adds(self) -> int:
        """Multiply-adds of floats."""
        return sum(step.float_multiply_adds for step in self.steps)


def real(name: str, *shape: int) -> Wire:
    """Return the wire of a float32 array.

    >>> real("x", 2, 3).nbytes
    24
    """
    return Wire(name, "float32", shape, 32)


def _bias(outputs: int, dtype: str = "float32") -> Wire:
    return Wire("bias", dtype, (outputs,), 32)


def float_cost(batch: int, outputs: int, inputs: int, *, bias: bool = False) -> Cost:
    """Return what a float32 layer moves and computes: what every mode is compared with.

    >>> float_cost(2, 3, 5).bytes_read, float_cost(2, 3, 5).float_multiply_adds
    (100, 30)
    """
    sides = (real("x", batch, inputs), real("weight", outputs, inputs), *((_bias(outputs),) if bias else ()))
    return Cost(
        (Step("product", sides, (real("y", batch, outputs),), float_multiply_adds=batch * outputs * inputs),),
        "no codes",
    )


def weight_only_cost(batch: int, weight: Wire, groups: int = 1, *, bias: bool = False) -> Cost:
    """Return what a weight-only layer moves and computes: every k, and a scale that meets each group's sum.

    >>> weight_only_cost(2, Wire("weight", "int8", (3, 5), 8)).float_multiply_adds
    36
    """
    outputs, inputs = weight.shape
    multiply_adds = batch * outputs * (inputs + groups)
    sides = (real("x", batch, inputs), weight, *((_bias(outputs),) if bias else ()))
    y = real("y", batch, outputs)
    return Cost((Step("product", sides, (y,), float_multiply_adds=multiply_adds),), "weights only")


def dynamic_cost(
    batch: int,
    weight: Wire,
    groups: int = 1,
    *,
    codes: str = "int8",
    output: str | None = None,
    bias: bool = False,
    quantized: bool = False,
) -> Cost:
    """Return what a dynamic layer moves and computes.

    Parameters
    ----------
    batch : int
    weight : Wire
        (out, in), 8 bits a code.
    groups : int
        Of inputs that are summed apart.
    codes, output : str
        Types of the input's codes, and of the result's where it gives codes.
    bias : bool
        Whether a float32 bias is added to the product.
    quantized : bool
        Whether the input comes as codes.

    Examples
    --------
    >>> [step.name for step in dynamic_cost(2, Wire("weight", "int8", (3, 5), 8)).steps]
    ['find range', 'quantize', 'product']
    """
    outputs, inputs = weight.shape
    x, y, own = real("x", batch, inputs), real("y", batch, outputs), Wire("x codes", codes, (batch, inputs), 8)
    steps = []
    if not quantized:
        steps.append(Step("find range", (x,), ()))
        steps.append(Step("quantize", (x,), (own,), float_multiply_adds=batch * inputs))
    sides = (own, weight, *((_bias(outputs),) if bias else ()))
    steps.append(Step("product", sides, (y,), batch * outputs * inputs, batch * outputs * groups))
    if output is not None:
        steps.append(Step("find range of y", (y,), ()))
        given = Wire("y codes", output, (batch, outputs), 8)
        steps.append(Step("quantize y", (y,), (given,), float_multiply_adds=batch * outputs))
    return Cost(tuple(steps), "each call")


def static_cost(
    batch: int,
    weight: Wire,
    groups: int = 1,
    *,
    codes: str = "int8",
    output: str | None = None,
    bias: bool = False,
    fixed: bool = False,
    quantized: bool = False,
) -> Cost:
    """Return what a static layer moves and computes.

    Parameters
    ----------
    batch, weight, groups, codes, output, quantized
        As for `dynamic_cost`.
    bias : bool
        Whether a bias is added: an int32 one to the accumulator where there is an output grid, else a float32 one.
    fixed : bool
        Whether requantization multiplies integers.

    Examples
    --------
    >>> cost = static_cost(2, Wire("weight", "int8", (3, 5), 8), output="int8", quantized=True)
    >>> [step.name for step in cost.steps], cost.integer_multiply_adds, cost.float_multiply_adds
    (['product', 'requantize'], 30, 6)
    """
    outputs, inputs = weight.shape
    own, steps = Wire("x codes", codes, (batch, inputs), 8), []
    if not quantized:
        steps.append(Step("quantize", (real("x", batch, inputs),), (own,), float_multiply_adds=batch * inputs))
    integers, each = batch * outputs * inputs, batch * outputs
    if output is None:
        sides = (own, weight, *((_bias(outputs),) if bias else ()))
        steps.append(Step("product", sides, (real("y", batch, outputs),), integers, each * groups))
    else:
        accumulator, given = (
            Wire("accumulator", "int32", (batch, outputs), 32),
            Wire("y codes", output, (batch, outputs), 8),
        )
        more = (_bias(outputs, "int32"),) if bias else ()
        steps.append(Step("product", (own, weight), (accumulator,), integers))
        steps.append(Step("requantize", (accumulator, *more), (given,), each if fixed else 0, 0 if fixed else each))
    return Cost(tuple(steps), "calibration")
