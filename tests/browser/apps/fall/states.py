"""States of the fall, made with the library: what the small app draws and what its test expects."""

from __future__ import annotations

import numpy as np

from quantlab import Percentile, Quantizer, Scheme
from quantlab.ui.components.fall import MOST_DOTS, Few, Grid, Many, Picture, whole_axis

BINS = 144
BODY = 1.5  # of the values on either side, where a state is named "… body"


def values(name: str) -> np.ndarray:
    """Return finite float32 values."""
    rng = np.random.default_rng(5)
    match name.removesuffix(" body"):
        case "article":
            np.random.seed(0)
            return np.random.rand(10, 10).astype(np.float32).ravel()
        case "outliers":
            x = rng.normal(0, 1, 20_000)
            x[:200] *= 4
        case "relu":
            x = np.maximum(rng.normal(0, 1, 20_000), 0)
        case "far":
            x = rng.uniform(5, 6, 100)
        case "negative":
            x = -np.abs(rng.normal(0, 1, 400))
        case "equal":
            x = np.full(100, 0.5)
        case "single":
            x = np.array([0.7])
        case "none":
            x = np.zeros(0)
        case _:
            x = rng.normal(0, 1, 20_000)
    return x.astype(np.float32)


def quantizer(name: str, bits: int, grid: str) -> Quantizer:
    """Return the library's quantizer: "symmetric", "affine" or "free", and the range's ends clipped by " clipped"."""
    kind, _, clipped = grid.partition(" ")
    more = {"range": Percentile(97.0)} if clipped else {}
    if kind == "free":
        more["affine_range"] = "free"
    return Quantizer(values(name), Scheme(bits=bits, symmetric=kind == "symmetric", **more))


def clipped(x: np.ndarray, q: Quantizer) -> tuple[np.ndarray, np.ndarray]:
    """Return which values the code range cuts off below and above."""
    unclamped = np.rint(x / q.scale).astype(np.float64) + q.zero_point
    return unclamped < q.qmin, unclamped > q.qmax


def picture(name: str, bits: int, grid: str) -> Picture:
    """Return one state as the fall takes it."""
    x, q = values(name), quantizer(name, bits, grid)
    codes, (low, high) = q.quantize(x).astype(np.int64), clipped(x, q)
    x_hat = q.dequantize(codes.astype(q.dtype))
    lo, hi = (-BODY, BODY) if name.endswith("body") else whole_axis(float(x.min(initial=0)), float(x.max(initial=0)))
    below, above = x < lo, x > hi
    every = Few(x, codes, x_hat, low | high, np.arange(len(x)))
    shown = every
    if len(x) > MOST_DOTS:
        inside = np.flatnonzero(~below & ~above)
        at = np.minimum(((x[inside] - lo) / (hi - lo) * BINS).astype(int), BINS - 1)
        first = inside[np.unique(at, return_index=True)[1]]
        columns = (every.x, every.codes, every.x_hat, every.clipped, every.flat_index())
        examples = Few(*(column[first] for column in columns))
        lost = np.bincount(at[every.clipped[inside]], minlength=BINS)
        shown = Many(np.bincount(at, minlength=BINS), lost, lo, hi, examples)
    return Picture(
        data_id=name,
        values=shown,
        grid=Grid(float(q.scale), int(q.zero_point), q.qmin, q.qmax, np.bincount(codes - q.qmin, minlength=2**bits)),
        axis=(lo, hi),
        n=len(x),
        clipped_low=int(low.sum()),
        clipped_high=int(high.sum()),
        x_min=float(x.min(initial=np.inf)) if len(x) else 0.0,
        x_max=float(x.max(initial=-np.inf)) if len(x) else 0.0,
        below=int(below.sum()),
        above=int(above.sum()),
    )
