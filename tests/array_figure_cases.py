"""Figures of arrays and of their products, in the states that are hardest on them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from quantlab.charts import (
    Speed,
    channel_ranges,
    code_counts,
    entropy_against_bits,
    error_growth,
    error_histogram,
    heat_map,
    product_against_float,
    product_errors,
    race_bars,
    race_roofline,
    requantization_stairs,
    safe_terms,
    sqnr_against_bits,
    transfer_curve,
)


def cells(levels: int, scale: float, reach: float, shown: int = 300) -> dict[str, Any]:
    """Corners of a symmetric staircase, clipped where the axis goes further."""
    codes = np.arange(-(levels // 2), levels // 2)
    codes = codes[np.unique(np.linspace(0, len(codes) - 1, shown).astype(int))]
    centres = codes * scale
    x = np.stack((centres - scale / 2, centres + scale / 2), axis=1).ravel()
    out = np.repeat(centres, 2)
    x = np.concatenate(([-reach, x[0]], x, [x[-1], reach]))
    out = np.concatenate(([out[0]] * 2, out, [out[-1]] * 2))
    clipped = np.zeros(len(x), np.bool_)
    clipped[[0, 1, -2, -1]] = True
    return {"x": x, "x_hat": out, "clipped": clipped, "value_range": (-reach, reach)}


def bell(n: int, of: int) -> np.ndarray:
    """Counts like those of a normal array, rare bins at both ends included."""
    return np.rint(of * np.exp(-(np.linspace(-5, 5, n) ** 2))).astype(np.int64)


def staircase(first: int, wide: int, code: int, late: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a staircase of four steps."""
    edges = first + wide * np.arange(1, 4) + late
    return np.concatenate(([first], np.repeat(edges, 2), [first + 4 * wide])) - 0.5, np.repeat(code + np.arange(4), 2)


BITS = np.arange(1, 17)
SAFE = {f"int{n}": np.array([(2 ** (n - 1) - 1) // 4**b for b in range(8)]) for n in (32, 16, 8)}
RNG = np.random.default_rng(7)
CASES: dict[str, tuple[Callable[..., go.Figure], dict[str, Any]]] = {
    "error, few bins": (
        error_histogram,
        {
            "counts_rounding": np.array([0, 2, 15, 16, 14, 20, 0, 0]),
            "counts_clipping": np.array([3, 5, 1, 0, 0, 0, 0, 0]),
            "lo": -0.2, "hi": 0.2, "scale": 0.125, "ideal": 16.0, "compared": np.array([0, 0, 30, 40, 30, 0, 0, 0]),
        },
    ),
    "error, many bins, rare ones and both ends": (
        error_histogram,
        {
            "counts_rounding": bell(144, 900), "counts_clipping": np.full(144, 1), "lo": -1.0, "hi": 1.0, "scale": 0.03,
            "ideal": 700.0, "beyond_low": 12, "beyond_high": 40_000, "compared": bell(144, 90_000),
        },
    ),
    "error, one bin dominates": (
        error_histogram,
        {
            "counts_rounding": np.array([9, 10, 5000, 11, 9]), "counts_clipping": np.zeros(5, np.int64), "lo": -0.1,
            "hi": 0.1, "scale": 0.2, "ideal": 20.0,
        },
    ),
    "error, stochastic": (
        error_histogram,
        {
            "counts_rounding": bell(40, 90), "counts_clipping": np.zeros(40, np.int64), "lo": -0.5, "hi": 0.5,
            "scale": 0.4, "ideal": 60.0, "rounding": "stochastic",
        },
    ),
    "error, nothing at all": (
        error_histogram,
        {
            "counts_rounding": np.zeros(6, np.int64), "counts_clipping": np.zeros(6, np.int64), "lo": -1.0, "hi": 1.0,
            "scale": 1.0,
        },
    ),
    "transfer, 16 levels": (
        transfer_curve,
        cells(16, 0.125, 1.2) | {"compared": (np.array([-1.2, 1.2]), np.array([0.0, 0.5]))},
    ),
    "transfer, one bit": (transfer_curve, cells(2, 1.0, 1.0)),
    "transfer, 65 536 levels": (transfer_curve, cells(65_536, 1e-4, 3.5) | {"error_range": 0.5}),
    "SQNR against bits": (
        sqnr_against_bits,
        {
            "bits": BITS, "symmetric": 6.02 * BITS - 6, "affine": np.append(6.02 * BITS[:-1], np.inf),
            "slope": 6.02 * BITS, "now": (4, 18.1), "compared": 6.02 * BITS - 6.5,
        },
    ),
    "entropy against bits": (
        entropy_against_bits,
        {"bits": BITS, "symmetric": 0.8 * BITS, "affine": 0.9 * BITS, "now": (4, 3.2), "compared": 0.7 * BITS},
    ),
    "codes, 16": (
        code_counts,
        {"counts": np.array([0] * 8 + [6, 18, 10, 10, 12, 18, 11, 15]), "first": -8, "zero_point": 0,
         "compared": np.array([5] * 16)},
    ),
    "codes, 65 536 by runs": (code_counts, {"counts": bell(512, 800), "first": -32_768, "width": 128, "zero_point": 0}),
    "channels, 10": (
        channel_ranges,
        {"channels": np.arange(10), "lo": -np.ones(10), "hi": np.linspace(1, 9, 10),
         "sqnr_db": np.append(np.linspace(9, 30, 9), np.inf), "chosen": 3},
    ),
    "channels, 256": (
        channel_ranges,
        {"channels": np.arange(256), "lo": RNG.normal(-3, 1, 256), "hi": RNG.normal(3, 1, 256),
         "sqnr_db": RNG.normal(20, 2, 256), "chosen": 255, "name": "group"},
    ),
    "heat map of codes": (
        heat_map,
        {"z": RNG.integers(-8, 8, (12, 12)), "kind": "codes", "limit": 8, "texts": [["−8"] * 12] * 12, "pick": "cell",
         "chosen": (2, 3)},
    ),
    "heat map of values": (
        heat_map,
        {"z": RNG.normal(size=(128, 128)), "kind": "values", "limit": 3.0, "chosen": (None, 127), "pick": "column"},
    ),
    "heat map of errors": (
        heat_map,
        {"z": np.abs(RNG.normal(size=(128, 128))), "kind": "errors", "limit": 3.0, "block": (8, 20), "pick": "cell",
         "chosen": (4, None)},
    ),
    "errors of a product": (
        product_errors,
        {"counts": bell(15, 12), "lost": np.zeros(15, np.int64), "reach": 0.02, "expected": 0.004, "chosen": 0.003},
    ),
    "errors of a product, overflowed and compared": (
        product_errors,
        {"counts": np.array([0, 9, 0, 40, 1]), "lost": np.array([0, 9, 0, 30, 0]), "reach": 200.0, "expected": 1e-3,
         "chosen": 190.0, "compared": np.array([1, 2, 44, 2, 1])},
    ),
    "product against float": (
        product_against_float,
        {"exact": RNG.normal(size=400), "values": RNG.normal(size=400), "lost": np.arange(400) > 380,
         "chosen": (0.1, -0.2), "names": [f"[0, {i}]" for i in range(400)]},
    ),
    "error against K": (
        error_growth,
        {"along": 2 ** np.arange(11), "measured": 2.0 ** np.arange(11), "expected": 2.0 ** np.arange(11), "title": "K",
         "logarithmic": True, "now": 5},
    ),
    "error against bits, with nothing at one": (
        error_growth,
        {"along": BITS[:8], "measured": np.append(0.0, 0.5 ** BITS[1:8]), "expected": 0.5 ** BITS[:8], "title": "bits",
         "logarithmic": False, "now": 1},
    ),
    "requantization, one accumulator apart": (
        requantization_stairs,
        {"by_float": staircase(11_000, 250, 44), "by_fixed": staircase(11_000, 250, 44, late=1),
         "starts": np.array([11_250, 11_500, 11_750]), "stops": np.array([11_251, 11_501, 11_751]),
         "codes": (np.array([45, 46, 47]), np.array([44, 45, 46])), "cell": (11_600, 46)},
    ),
    "requantization, wide runs at the end of int32": (
        requantization_stairs,
        {"by_float": staircase(2**31 - 40_000, 10_000, -128), "by_fixed": staircase(2**31 - 40_000, 10_000, -128),
         "starts": 2**31 - 40_000 + 500 * np.arange(70), "stops": 2**31 - 39_800 + 500 * np.arange(70),
         "codes": (np.full(70, -127), np.full(70, -128)), "title": "accumulator + bias"},
    ),
    "requantization, one code": (
        requantization_stairs,
        {"by_float": ([-3.5, 4.5], [0, 0]), "by_fixed": ([-3.5, 4.5], [0, 0]), "starts": [], "stops": [],
         "codes": ([], []), "cell": (4, 0)},
    ),
    "safe terms": (
        safe_terms,
        {"bits": np.arange(1, 9), "safe": SAFE, "chosen": "int16", "now": (6.5, 1024), "own": (6.5, 12)},
    ),
    "safe terms, a single one": (safe_terms, {"bits": np.arange(1, 9), "safe": SAFE, "now": (1.0, 1), "own": (8.0, 0)}),
    "race": (
        race_bars,
        {"speeds": [Speed("float32, BLAS", "88.4·10⁹/s", 8.8e10, 8.1e10, 9.2e10, False),
                    Speed("int32, NumPy's loop", "0.7·10⁹/s, 117 times as long", 7e8, 6e8, 7.1e8, True),
                    Speed("int8, our kernel", "140·10⁹/s", 1.4e11, 1.4e11, 1.4e11, True)]},
    ),
    "roofline, under the slope": (
        race_roofline,
        {"peak": 1.5e11, "bandwidth": 2e10, "point": (85.0, 1.3e11), "point_name": "256³", "now": 1.7,
         "now_name": "10×5 · 5×4"},
    ),
    "roofline, outrun": (
        race_roofline,
        {"peak": 2.24e11, "bandwidth": 9.4e9, "point": (85.0, 2.6e11), "point_name": "256³", "now": 1.7},
    ),
    "roofline, the ridge far right": (
        race_roofline,
        {"peak": 1e13, "bandwidth": 1e10, "point": (85.0, 9e11), "point_name": "256³", "now": 300.0},
    ),
}  # fmt: skip
