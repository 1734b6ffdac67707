"""The Tensor page's main drawing: a Result as the picture that the fall draws."""

from __future__ import annotations

import numpy as np

from quantlab.experiments.tensor import Result, curves, readings
from quantlab.experiments.tensor.part import Part, Samples, samples
from quantlab.experiments.tensor.trace import part_of
from quantlab.grid import layout_of
from quantlab.ui import address
from quantlab.ui.chart import chart_table
from quantlab.ui.components.fall import FLOOR, NEAREST, STOCHASTIC, Few, Grid, Many, Picture, fall, standalone

_CELLS = {"half_even": NEAREST, "half_away": NEAREST, "floor": FLOOR, "stochastic": STOCHASTIC}


def hero(result: Result, alt: str) -> None:
    """Draw the fall of what is charted, with its levels as a table; the value that the visitor picks is the chosen."""
    chosen = result.settings.element
    drawn = picture(result)
    one_by_one = drawn.values if isinstance(drawn.values, Few) else drawn.values.examples
    shown = chosen if one_by_one is not None and chosen in one_by_one.flat_index() else None
    fall("fall", drawn, alt=alt, chosen=shown, on_choose=lambda index: address.change(element=index))
    stem = readings.file_stem(result.settings, "fall")
    chart_table(
        lambda: curves.level_columns(result.part),
        key="fall",
        file_name=stem,
        picture=lambda: standalone(drawn, title="Values fall to their levels", alt=alt, name=stem, chosen=shown),
    )


def picture(result: Result) -> Picture:
    """Return what the fall shows of a result."""
    part = result.part
    report = part.report
    counts, lost = report.value_histogram.counts, report.value_histogram_clipping.counts
    lo, hi = part.axis
    examples = _few(part.samples)
    # The bin at either end of the histogram holds what lies outside the axis.
    values = examples if part.few else _with_chosen(Many(counts[1:-1], lost[1:-1], lo, hi, examples), result)
    x_min, x_max = part.extremes
    pinned = result.pinned_part
    return Picture(
        data_id=f"{result.array.digest}-{result.index}-{lo:g}-{hi:g}",
        values=values,
        grid=_grid(part),
        axis=part.axis,
        n=report.n,
        clipped_low=report.clipped_low,
        clipped_high=report.clipped_high,
        x_min=x_min,
        x_max=x_max,
        below=int(counts[0]),
        above=int(counts[-1]),
        cell=_CELLS[result.scheme.rounding],
        wraps=result.scheme.overflow == "wrap",
        pinned=None if pinned is None else _grid(pinned),
        part=part.name,
    )


def _with_chosen(bins: Many, result: Result) -> Many:
    """Make the chosen element the example of its bin, where it belongs to what is charted."""
    chosen = result.settings.element
    values = result.array.values
    if chosen is None or chosen >= values.size or not np.isfinite(values.reshape(-1)[chosen]):
        return bins
    layout, _ = layout_of(values.shape, result.scheme.granularity)
    if result.index is not None and part_of(layout, chosen) != result.index:
        return bins
    return bins.with_example(_few(samples(result.array, result.quantizer, np.array([chosen]), result.index)))


def _few(each: Samples) -> Few:
    return Few(each.x, each.codes, each.x_hat, each.clipped, each.index)


def _grid(part: Part) -> Grid:
    quantizer = part.quantizer
    return Grid(
        float(quantizer.scale), int(quantizer.zero_point), quantizer.qmin, quantizer.qmax, part.report.code_counts
    )
