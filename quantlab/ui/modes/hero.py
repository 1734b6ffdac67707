"""The Modes page's main drawing: a Result as the lines that the dataflow draws, and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quantlab.experiments.modes import Result, readings
from quantlab.experiments.modes.flows import Flow, Line, Station, flows
from quantlab.experiments.modes.modes import FLOAT
from quantlab.numerals import size_text
from quantlab.ui.chart import chart_table
from quantlab.ui.components import dataflow
from quantlab.ui.modes import clock

_SHORT = {
    "quantize": "quant",
    "requantize, ReLU": "requant",
    "× scales": "× s",
    "+ bias": "+ b",
    "+ bias, ReLU": "+ b, ReLU",
}


def hero(result: Result, alt: str) -> None:
    """Draw the three dataflows, each with its numbers, and every wire of them as a table."""
    drawn, above = lines(result), head(result)
    dataflow.dataflow("dataflow", drawn, head=above, alt=alt)
    stem = readings.file_stem(result.settings, "dataflow")
    chart_table(
        lambda: columns(drawn, above),
        key="dataflow",
        file_name=stem,
        picture=lambda: dataflow.standalone(drawn, head=above, title="What flows through a layer", alt=alt, name=stem),
    )


def lines(result: Result) -> list[dataflow.Line]:
    """Return what is drawn of a result."""
    return [_line(result, flow) for flow in flows(result)]


def head(result: Result) -> dataflow.Head:
    """Return what stands above them: which layer it is, and float32's figures, which are of the whole network."""
    return dataflow.Head(readings.layer_title(result), f"float32, {readings.scope(result)}", _figures(result, FLOAT))


def _figures(result: Result, mode: str) -> tuple[tuple[str, str], ...]:
    data, batch = result.settings.data, result.settings.batch
    seconds = clock.seconds(data, mode, batch)
    return readings.beside(result.outcomes[mode], seconds, awaited=not clock.CLOCK.complete(data))


def _line(result: Result, flow: Flow) -> dataflow.Line:
    return dataflow.Line(
        mode=flow.mode.capitalize(),
        claim=flow.claim,
        stations=[_station(each) for each in flow.stations],
        wires=[_wire(each) for each in flow.lines],
        weight=_wire(flow.weight),
        into=flow.into,
        scaled=flow.scaled,
        figures=_figures(result, flow.mode),
    )


def _station(station: Station) -> dataflow.Station:
    return dataflow.Station(station.name, _SHORT.get(station.name, station.name), station.note)


def _wire(line: Line) -> dataflow.Wire:
    return dataflow.Wire(
        kind=readings.type_label(line),
        short=readings.type_label(line, short=True),
        shape=readings.shape_label(line),
        size=size_text(line.wire.nbytes),
        integer=line.integer,
        bits=line.wire.bits,
    )


def columns(drawn: list[dataflow.Line], above: dataflow.Head) -> dict[str, list[Any]]:
    """Return every wire as a row: where it leads, what flows, whether that is integer; and its mode's figures."""
    rows: list[tuple[Any, ...]] = [("Float32", "x", "y", "float32", "", "", "float", *_values(above.figures))]
    for line in drawn:
        names = ["x", *(station.name for station in line.stations), "y"]
        wires = [("W", names[line.into + 1], line.weight), *zip(names[:-1], names[1:], line.wires, strict=True)]
        rows += [
            (line.mode, start, end, wire.kind, wire.shape, wire.size, _is(wire), *_values(line.figures))
            for start, end, wire in wires
        ]
    heads = ("mode", "from", "to", "type", "shape", "bytes", "is", *(label for label, _ in above.figures))
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))


def _is(wire: dataflow.Wire) -> str:
    return "integer" if wire.integer else "float"


def _values(figures: Sequence[tuple[str, str]]) -> list[str]:
    return [value for _, value in figures]
