"""The Modes page's main drawing: a Result as the lines that the dataflow draws, and the same as a table."""

from __future__ import annotations

from typing import Any

from quantlab.experiments.modes import Result, readings
from quantlab.experiments.modes.flows import Flow, Line, Station, flows
from quantlab.experiments.modes.modes import FLOAT
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
    drawn = lines(result)
    above = head(result)
    dataflow.dataflow("dataflow", drawn, head=above, alt=alt)
    stem = readings.file_stem(result.settings, "dataflow")
    chart_table(
        lambda: columns(drawn),
        key="dataflow",
        file_name=stem,
        picture=lambda: dataflow.standalone(drawn, head=above, title="What flows through a layer", alt=alt, name=stem),
    )


def lines(result: Result) -> list[dataflow.Line]:
    """Return what is drawn of a result."""
    return [_line(result, flow) for flow in flows(result)]


def head(result: Result) -> dataflow.Head:
    """Return what stands above them: which layer it is, and float32's figures, which are of the whole network."""
    seconds = clock.seconds(result.settings.data, FLOAT, result.settings.batch)
    figures = readings.beside(result.outcomes[FLOAT], seconds)
    return dataflow.Head(readings.layer_title(result), f"float32, {readings.scope(result)}", figures)


def _line(result: Result, flow: Flow) -> dataflow.Line:
    seconds = clock.seconds(result.settings.data, flow.mode, result.settings.batch)
    return dataflow.Line(
        mode=flow.mode.capitalize(),
        claim=flow.claim,
        stations=[_station(each) for each in flow.stations],
        wires=[_wire(each) for each in flow.lines],
        weight=_wire(flow.weight),
        into=flow.into,
        scaled=flow.scaled,
        figures=readings.beside(result.outcomes[flow.mode], seconds),
    )


def _station(station: Station) -> dataflow.Station:
    return dataflow.Station(station.name, _SHORT.get(station.name, station.name), station.note)


def _wire(line: Line) -> dataflow.Wire:
    return dataflow.Wire(
        kind=readings.type_label(line),
        short=readings.type_label(line, short=True),
        shape=readings.shape_label(line),
        size=readings.wire_size(line),
        integer=line.integer,
        bits=line.wire.bits,
    )


def columns(drawn: list[dataflow.Line]) -> dict[str, list[Any]]:
    """Return every wire as a row: where it leads, what flows, and whether that is integer."""
    rows: list[tuple[Any, ...]] = []
    for line in drawn:
        names = ["x", *(station.name for station in line.stations), "y"]
        wires = [("W", names[line.into + 1], line.weight), *zip(names[:-1], names[1:], line.wires, strict=True)]
        rows += [
            (line.mode, start, end, wire.kind, wire.shape, wire.size, "integer" if wire.integer else "float")
            for start, end, wire in wires
        ]
    heads = ("mode", "from", "to", "type", "shape", "bytes", "is")
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))
