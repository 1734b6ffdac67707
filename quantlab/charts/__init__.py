"""Figures: arrays and ready words in, a Plotly figure of colour tokens out. The only home of Plotly.

A figure function computes nothing that the library knows better: counts, errors and decibels come ready. See `theme`
for the look and for `paint`, which turns tokens into a visitor's colours at the very end.
"""

from quantlab.charts.accumulator import safe_terms
from quantlab.charts.bits import sqnr_against_bits
from quantlab.charts.boundary import decision_boundary, fitted_curve
from quantlab.charts.calibration import observed
from quantlab.charts.channels import MOST_CELLS, channel_ranges, heat_map
from quantlab.charts.codes import code_counts, entropy_against_bits
from quantlab.charts.error import error_histogram
from quantlab.charts.modes import Place, modes_roofline, quality_against_bits, time_against_batch
from quantlab.charts.observers import Range, criterion, level_of_each, levels_over_batches, ranges_over_batches
from quantlab.charts.product import error_growth, product_against_float, product_errors
from quantlab.charts.race import Speed, race_bars, race_roofline
from quantlab.charts.requantization import requantization_stairs
from quantlab.charts.rounding import moved_codes, straight_through, weights_over_grid
from quantlab.charts.standalone import standalone
from quantlab.charts.theme import PALETTES, SLOTS, TOKEN, paint
from quantlab.charts.training import Accuracy, accuracy_against_bits, loss_curves
from quantlab.charts.transfer import transfer_curve

__all__ = [
    "MOST_CELLS",
    "PALETTES",
    "SLOTS",
    "TOKEN",
    "Accuracy",
    "Place",
    "Range",
    "Speed",
    "accuracy_against_bits",
    "channel_ranges",
    "code_counts",
    "criterion",
    "decision_boundary",
    "entropy_against_bits",
    "error_growth",
    "error_histogram",
    "fitted_curve",
    "heat_map",
    "level_of_each",
    "levels_over_batches",
    "loss_curves",
    "modes_roofline",
    "moved_codes",
    "observed",
    "paint",
    "product_against_float",
    "product_errors",
    "quality_against_bits",
    "race_bars",
    "race_roofline",
    "ranges_over_batches",
    "requantization_stairs",
    "safe_terms",
    "sqnr_against_bits",
    "standalone",
    "straight_through",
    "time_against_batch",
    "transfer_curve",
    "weights_over_grid",
]
