"""Figures of networks, in the states that are hardest on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
from array_figure_cases import bell

from quantlab.charts import (
    Accuracy,
    Place,
    Range,
    accuracy_against_bits,
    criterion,
    decision_boundary,
    fitted_curve,
    level_of_each,
    levels_over_batches,
    loss_curves,
    modes_roofline,
    moved_codes,
    observed,
    quality_against_bits,
    ranges_over_batches,
    straight_through,
    time_against_batch,
    weights_over_grid,
)

BITS = np.arange(1, 17)
TRAINED = {
    method: [
        Accuracy(bits, 97 - drop * (8 - bits), 0.4 * (8 - bits), (96.0, 97 - 2.0 * drop)) for bits in range(8, 1, -1)
    ]
    for method, drop in (("ptq", 11.0), ("qat", 4.0), ("lsq", 0.0))
}
RNG = np.random.default_rng(7)
MODES = ("weight-only", "dynamic", "static")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
OBSERVERS = ("min-max", "percentile 99.9", "moving average", "MSE", "entropy")
CASES: dict[str, tuple[Callable[..., go.Figure], dict[str, Any]]] = {
    "ranges over batches, one odd": (
        ranges_over_batches,
        {
            "ranges": {name: Range(np.zeros(32), np.append(np.ones(19), np.full(13, k + 1.0)), k == 2)
                       for k, name in enumerate(OBSERVERS)},
            "now": 32, "odd": 20,
        },
    ),
    "ranges over batches, of both signs and pinned": (
        ranges_over_batches,
        {
            "ranges": {name: Range(-np.ones(32) * 9, np.ones(32), k == 0) for k, name in enumerate(OBSERVERS)},
            "now": 1, "pinned": np.full(32, 40.0),
        },
    ),
    "level of each observer": (
        level_of_each,
        {
            "names": OBSERVERS, "levels": [14.0, 17.0, 24.5, 17.8, 17.2], "words": ["14.0 dB"] * 5,
            "pinned": np.full(5, 30.0),
        },
    ),
    "level of each observer, some without": (
        level_of_each,
        {"names": OBSERVERS, "levels": [-3.0, np.nan, -0.5, np.inf, -3.0], "words": ["−3.00 dB"] * 5},
    ),
    "criterion, the least": (
        criterion,
        {
            "clips": np.linspace(1, 20, 160), "values": np.geomspace(1e-9, 3.0, 160), "unit": "mean squared error",
            "chosen": 19.0,
        },
    ),
    "criterion, a level that nothing reaches": (
        criterion,
        {"clips": np.arange(9.0), "values": np.full(9, np.nan), "unit": "values above, %", "chosen": 0.0, "level": 0.1},
    ),
    "levels over batches": (
        levels_over_batches,
        {
            "levels": {name: np.append(np.linspace(-1, 30, 31), np.inf) for name in OBSERVERS}, "best": "MSE", "now": 3,
            "odd": 20,
        },
    ),
    "modes, accuracy": (
        quality_against_bits,
        {
            "bits": np.arange(1, 9), "curves": {mode: np.linspace(10, 97, 8) for mode in MODES}, "title": "accuracy, %",
            "reference": 96.9, "now": dict.fromkeys(MODES, (8, 97.0)),
        },
    ),
    "modes, error": (
        quality_against_bits,
        {
            "bits": np.arange(1, 9), "curves": {mode: 100 / 2 ** np.arange(8) for mode in MODES},
            "title": "output error, %", "logarithmic": True,
        },
    ),
    "modes, no error at any width": (
        quality_against_bits,
        {
            "bits": np.arange(1, 9), "curves": {mode: np.zeros(8) for mode in MODES}, "title": "output error, %",
            "logarithmic": True, "now": dict.fromkeys(MODES, (8, 0.0)),
        },
    ),
    "modes, one error at every width": (
        quality_against_bits,
        {
            "bits": np.arange(1, 9), "curves": {mode: np.full(8, 10.0) for mode in MODES}, "title": "output error, %",
            "logarithmic": True,
        },
    ),
    "times, half of them measured": (
        time_against_batch,
        {
            "batches": BATCHES, "now": 64, "crossing": 3.2,
            "curves": {mode: [0.02 * n if n < 20 else None for n in BATCHES] for mode in ("float32", *MODES)},
        },
    ),
    "times, none of them measured": (
        time_against_batch, {"batches": BATCHES, "curves": {mode: [None] * 9 for mode in ("float32", *MODES)}}
    ),
    "modes, roofline": (
        modes_roofline,
        {
            "places": {m: [Place(n / 2, 1e9 * n, f"{m}, {n} rows") for n in BATCHES] for m in ("float32", *MODES)},
            "float32": 8e10, "int8": 1.6e11, "bandwidth": 2e10, "now": [Place(32, 6.4e10, "static, 64 rows")],
        },
    ),
    "modes, roofline of nothing": (
        modes_roofline, {"places": {}, "float32": 8e10, "int8": 7e10, "bandwidth": 2e10}
    ),
    "calibration, live data beyond": (
        observed,
        {
            "edges": np.linspace(-1, 4, 81), "calibration": bell(80, 900) / 9000, "live": bell(80, 900)[::-1] / 9000,
            "chosen": (-1.0, 1.0), "covered": (-1.01, 1.0),
        },
    ),
    "calibration, a range beyond the axis": (
        observed,
        {
            "edges": np.linspace(0, 1, 81), "calibration": np.eye(80)[0], "live": np.eye(80)[3], "chosen": (0.0, 300.0),
            "covered": (0.0, 301.0),
        },
    ),
    "accuracy against bits": (
        accuracy_against_bits, {"curves": TRAINED, "reference": 97.2, "guess": 10.0, "chosen": 3},
    ),
    "accuracy against bits, all ends at guessing": (
        accuracy_against_bits,
        {"curves": {method: [Accuracy(8, 50.0, 0.0, (50.0,))] for method in TRAINED}, "reference": 50.0, "guess": 50.0},
    ),
    "accuracy against bits, a pin": (
        accuracy_against_bits,
        {"curves": TRAINED, "reference": 97.2, "guess": 10.0, "chosen": 3, "pinned": {**TRAINED, "float": []}},
    ),
    "accuracy against bits, nothing yet": (
        accuracy_against_bits, {"curves": {"ptq": []}, "reference": None, "guess": 25.0},
    ),
    "R² against bits, one curve below the axis": (
        accuracy_against_bits,
        {"curves": {"ptq": [Accuracy(8, 97.0, 1.0, (96.0, 98.0)), Accuracy(3, -60.0, 20.0, (-40.0, -80.0))]},
         "reference": 97.9, "guess": 0.0, "chosen": 4, "measure": "R²", "least": "always the mean"},
    ),
    "losses": (loss_curves, {"curves": {"float": 0.9 ** np.arange(40), "qat": 2 * 0.95 ** np.arange(40)}}),
    "losses, one epoch and none left": (loss_curves, {"curves": {"float": [0.0], "lsq": [1.0]}}),
    "weights over their grids": (
        weights_over_grid,
        {"edges": np.linspace(-1, 1, 121), "before": bell(120, 90) / 900, "after": bell(120, 90) / 900,
         "levels_before": np.arange(-3, 4) / 3, "levels_after": np.arange(-127, 128) / 127, "method": "lsq"},
    ),
    "codes that moved": (moved_codes, {"steps": [-2, -1, 1, 2], "counts": [0, 12, 1_900, 3]}),
    "no code moved": (moved_codes, {"steps": [-1, 1], "counts": [0, 0], "method": "lsq"}),
    "straight-through": (
        straight_through,
        {"x": np.linspace(-1, 4, 501), "x_hat": np.clip(np.rint(np.linspace(-1, 4, 501)), 0, 3),
         "passed": (np.abs(np.linspace(-1, 4, 501) - 1.5) <= 2).astype(float), "jumps": [0.5, 1.5, 2.5]},
    ),
    "straight-through, learned step": (
        straight_through,
        {"x": np.linspace(-1, 4, 501), "x_hat": np.clip(np.rint(np.linspace(-1, 4, 501)), 0, 3),
         "passed": (np.abs(np.linspace(-1, 4, 501) - 1.5) <= 1.5).astype(float), "jumps": [0.5, 1.5, 2.5],
         "of_step": np.clip(np.linspace(-1, 4, 501), 0, 3)},
    ),
    "decision boundary": (
        decision_boundary,
        {"axis": np.linspace(-2, 2, 121), "answer": np.tri(121, dtype=np.uint8) * 90, "method": "qat",
         "points": [RNG.normal(size=(2, 100)), RNG.normal(size=(2, 100))]},
    ),
    "fitted curve": (
        fitted_curve,
        {"x": np.linspace(-2, 2, 801), "y": np.rint(4 * np.sin(np.linspace(-2, 2, 801))) / 4, "method": "ptq",
         "points": (np.linspace(-2, 2, 90), np.sin(np.linspace(-2, 2, 90)))},
    ),
    "fitted curve, points of one height": (
        fitted_curve, {"x": [0.0, 1.0], "y": [0.5, 0.5], "points": ([0.2, 0.4], [1.0, 1.0]), "method": "lsq"},
    ),
    "decision boundary, four classes": (
        decision_boundary,
        {"axis": np.linspace(-2, 2, 121), "answer": np.repeat([0, 33, 67, 100], 31)[:121, None] * np.ones(121, int),
         "cuts": (17.0, 50.0, 83.0), "points": [([0.1 * k], [0.2]) for k in range(4)]},
    ),
}  # fmt: skip
