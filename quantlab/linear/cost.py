"""What a call of a layer moves and computes, step by step: the figures behind a drawing of its dataflow.

Counted from shapes and types, not measured; each array once for each step that reads or writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

RangesFound = Literal["weights only", "each call", "calibration"]


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
    ranges_found : {"weights only", "each call", "calibration"}
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
