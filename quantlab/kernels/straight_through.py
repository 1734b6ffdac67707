"""Rounding in training: values to their grid going forward, and what lets their slopes pass going back.

Everything lies in one flat float32 array; `gate` holds 1 where a slope passes and 0 where it does not, `turn` the slope
of a value for its scale. A value is divided by its scale, so that the grids are those of the library to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compilation import inner, summing

AVERAGING = 0.01  # the weight of a new batch in the average of the ends, as in PyTorch
SMALLEST_STEP = np.float32(1e-6)  # below which a learned step is held: at 0 nothing comes back
# What is known of a layer's grids, a row of `grids`: end codes of the weight, what its reach is divided by, the end
# code of the input; the ends of the input as they are averaged, its zero point and scale, whether any batch was seen;
# and what slopes of learned steps are multiplied by.
LEAST, MOST, DIVISOR, INPUT_MOST, LO, HI, ZERO, SCALE, SEEN, WEIGHT_DAMPING, INPUT_DAMPING = range(11)
GRID = 11


@inner
def _extremes(bits: Any, raw: Any, at: int, n: int) -> Any:
    """Return the bits of the smallest of n values and 0, and of the largest and 0; of NaN if one is.

    Parameters
    ----------
    bits, raw : int32 and uint32 arrays
        The values' bits: as signed integers positive values are in order and above all others, as unsigned ones the
        negative values are, the farther the larger.
    """
    most, least, first = np.int32(0), np.uint32(0), np.uint64(at)
    for k in range(np.uint64(n)):
        v, u = bits[first + k], raw[first + k]
        most = v if v > most else most
        least = u if u > least else least
    # Where none is negative, the largest unsigned one is a positive value.
    return least if least > np.uint32(0x80000000) else np.uint32(0), most


@inner
def _ends(bits: Any, raw: Any, at: int, n: int) -> Any:
    least, most = _extremes(bits, raw, at, n)
    return np.float64(np.uint32(least).view(np.float32)), np.float64(np.int32(most).view(np.float32))


@inner
def watch(bits: Any, raw: Any, at: int, n: int, grid: Any) -> None:
    """Let the range of an input follow a batch; its grid is that of a Quantizer for the same ends, to the bit."""
    lo, hi = _ends(bits, raw, at, n)
    if not np.isfinite(hi - lo):
        return  # training has diverged, and whoever sums up the losses will say so
    if grid[SEEN]:
        lo, hi = grid[LO] + AVERAGING * (lo - grid[LO]), grid[HI] + AVERAGING * (hi - grid[HI])
    near, far = np.float32(lo), np.float32(hi)
    grid[LO], grid[HI], grid[SEEN] = near, far, 1.0
    wide = np.float64(far) - np.float64(near)
    scale = np.float32(wide / grid[INPUT_MOST]) if wide > 0 else np.float32(1)
    grid[SCALE] = scale
    grid[ZERO] = min(max(np.float64(np.rint(-near / scale)), 0.0), grid[INPUT_MOST])


@inner
def reach_scale(bits: Any, raw: Any, at: int, n: int, divisor: float) -> Any:
    """Return the scale of n weights by the one that is farthest from 0; 1 where all are 0."""
    lo, hi = _ends(bits, raw, at, n)
    reach = max(hi, -lo)
    return np.float32(reach / divisor) if reach > 0 else np.float32(1)


@inner
def mean_step(m: Any, at: int, row: int, rows: int, columns: int, most: float) -> Any:
    """Return the step from which learning starts, ``2 · mean|x| / √most`` (Esser et al. 2020, section 2.1)."""
    total = 0.0
    for i in range(rows):
        for k in range(columns):
            total += np.float64(abs(m[at + i * row + k]))
    step = np.float32(2 * (total / (rows * columns)) / np.sqrt(most))
    return SMALLEST_STEP if step < SMALLEST_STEP else step


@inner
def rounded(m: Any, x: int, n: int, scale: Any, least: Any, most: Any, out: int, gate: int) -> None:
    """Write n values on their grid, and a gate that is open where nothing was clipped.

    Parameters
    ----------
    m : float32 array
    x, out, gate : int
        Where they begin.
    scale, least, most : float32
        The end codes less the zero point.
    """
    values, grid, own = np.uint64(x), np.uint64(out), np.uint64(gate)
    for k in range(np.uint64(n)):
        step = np.rint(m[values + k] / scale)
        held = most if step > most else step
        held = least if held < least else held  # in this order NaN stays
        m[grid + k] = held * scale + np.float32(0)  # no −0
        m[own + k] = np.float32(1) if held == step else np.float32(0)


@inner
def rounded_to_learned(
    m: Any, x: int, n: int, scale: Any, least: Any, most: Any, out: int, gate: int, turn: int
) -> None:
    """As `rounded`, but the gate is open within the end levels only, and the slopes for the scale are written too.

    References
    ----------
    Esser et al. 2020, equations 3 and 5.
    """
    values, grid, own, its = np.uint64(x), np.uint64(out), np.uint64(gate), np.uint64(turn)
    for k in range(np.uint64(n)):
        quotient = m[values + k] / scale
        step = np.rint(quotient)
        held = most if step > most else step
        held = least if held < least else held
        m[grid + k] = held * scale + np.float32(0)
        inside = quotient >= least and quotient <= most
        m[own + k] = np.float32(1) if inside else np.float32(0)
        m[its + k] = held - (quotient if inside else np.float32(0))


@summing
def _dot(m: Any, a: int, b: int, n: int) -> Any:
    total, one, other = np.float32(0), np.uint64(a), np.uint64(b)
    for k in range(np.uint64(n)):
        total += m[one + k] * m[other + k]
    return total


@inner
def scale_slope(m: Any, turn: int, slopes: int, row: int, rows: int) -> Any:
    """Return the slope for a scale that `rows` rows share: in float32 along a row, in float64 from row to row."""
    total = 0.0
    for i in range(rows):
        total += np.float64(_dot(m, turn + i * row, slopes + i * row, row))
    return np.float32(total)
