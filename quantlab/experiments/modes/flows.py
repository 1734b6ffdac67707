"""The dataflow of a layer in each mode: stations, and between them wires with type, shape and bytes.

What is computed step by step is drawn step by step, also where a kernel does several of them at once; the bytes that a
mode really moves are those of its cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantlab.experiments.modes.experiment import Result
from quantlab.experiments.modes.modes import DYNAMIC, STATIC, WEIGHT_ONLY, stored_bits
from quantlab.linear import Wire, weight_wire
from quantlab.scheme import Scheme


@dataclass(frozen=True)
class Line:
    """A wire of the drawing: what flows, how wide, and whether it is integer.

    Attributes
    ----------
    wire : Wire
    integer : bool
    bits : int
        Of the codes, where they have fewer than their type; otherwise those of the type.
    """

    wire: Wire
    integer: bool
    bits: int


@dataclass(frozen=True)
class Station:
    """A box that a wire goes through, and what it needs to know where it rounds: "range of this batch"."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Flow:
    """One mode's line from x to y.

    Attributes
    ----------
    mode, claim : str
        Its name, and in a few words what it is good for.
    stations : tuple of Station
    lines : tuple of Line, one more than there are stations
    weight : Line
        From above.
    into : int
        The station that it comes to.
    scaled : bool
        Whether it becomes float on its way.
    """

    mode: str
    claim: str
    stations: tuple[Station, ...]
    lines: tuple[Line, ...]
    weight: Line
    into: int
    scaled: bool = False


def flows(result: Result) -> tuple[Flow, ...]:
    """Return the three dataflows of the layer that is shown.

    >>> from quantlab.experiments.modes import Settings, run
    >>> [[line.wire.dtype for line in flow.lines] for flow in flows(run(Settings()))][2]
    ['int8', 'int32', 'int32', 'int8']
    """
    return weight_only(result), dynamic(result), static(result)


def weight_only(result: Result) -> Flow:
    """Return the dataflow that has float32 everywhere but in the weight."""
    batch, outputs, inputs, last = _shape(result)
    scheme = result.settings.grids().weight
    wire = weight_wire((outputs, inputs), scheme, stored_bits(scheme))
    stations = [Station("×"), Station("+ bias")] + ([] if last else [Station("ReLU")])
    lines = [_real(batch, inputs)] + [_real(batch, outputs)] * len(stations)
    weight = Line(wire, True, scheme.bits)
    claim = "small in memory, float in arithmetic"
    return Flow(WEIGHT_ONLY, claim, tuple(stations), tuple(lines), weight, 0, scaled=True)


def dynamic(result: Result) -> Flow:
    """Return the dataflow that finds a range in every call."""
    batch, outputs, inputs, last = _shape(result)
    grids = result.settings.grids()
    each = "row" if result.settings.per == "row" else "batch"
    stations = [Station("quantize", f"range of {'each row' if each == 'row' else 'this batch'}"), Station("×")]
    stations += [Station("× scales"), Station("+ bias" if last else "+ bias, ReLU")]
    lines = (
        _real(batch, inputs),
        _codes(grids.activations, batch, inputs),
        _sums(batch, outputs),
        _real(batch, outputs),
        _real(batch, outputs),
    )
    claim = f"integer product, range found on every {each}"
    return Flow(DYNAMIC, claim, tuple(stations), lines, _weight(result), 1)


def static(result: Result) -> Flow:
    """Return the dataflow whose ranges are known: integers from layer to layer."""
    batch, outputs, inputs, last = _shape(result)
    scheme, first = result.settings.grids().calibrated, result.layer == 0
    stations, lines = [Station("×"), Station("+ bias")], [_codes(scheme, batch, inputs)]
    if first:
        stations.insert(0, Station("quantize", "calibrated range"))
        lines.insert(0, _real(batch, inputs))
    lines += [_sums(batch, outputs), _sums(batch, outputs)]
    if last:  # nobody follows that would read codes
        stations[-1:] = [Station("× scales"), Station("+ bias")]
        lines[-1:] = [_real(batch, outputs), _real(batch, outputs)]
        claim = "integer product, range fixed beforehand"
    else:
        stations.append(Station("requantize, ReLU", "calibrated range"))
        lines.append(_codes(scheme, batch, outputs))
        claim = "integers from layer to layer, range fixed beforehand"
    return Flow(STATIC, claim, tuple(stations), tuple(lines), _weight(result), int(first))


def _shape(result: Result) -> tuple[int, int, int, bool]:
    outputs, inputs = result.subject.shapes[result.layer]
    return result.settings.batch, outputs, inputs, result.layer == len(result.subject.shapes) - 1


def _real(*shape: int) -> Line:
    return Line(Wire("x", "float32", shape, 32), False, 32)


def _sums(*shape: int) -> Line:
    return Line(Wire("accumulator", "int32", shape, 32), True, 32)


def _codes(scheme: Scheme, *shape: int) -> Line:
    return Line(Wire("codes", scheme.dtype.name, shape, 8), True, scheme.bits)


def _weight(result: Result) -> Line:
    scheme, shape = result.settings.grids().weight, result.subject.shapes[result.layer]
    return Line(weight_wire(shape, scheme, 8), True, scheme.bits)
