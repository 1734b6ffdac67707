"""Steps of training, whole: forward, loss, back, mask and descent of every batch of an epoch in one call.

All that a network has and a step needs lies in one flat array, and a table says where. Rows are padded with zeros to
whole vectors, and stay so: what pads has no slope. One thread does all of it, so that the result is the same whatever
else runs; meanwhile the GIL is free, so that several networks train at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from .compilation import inner, kernel, read_only, written
from .float_tiles import product
from .losses import cross_entropy, relu_all, squared_error, tanh_all, through_relu, through_tanh
from .straight_through import (
    DIVISOR,
    INPUT_DAMPING,
    INPUT_MOST,
    LEAST,
    MOST,
    SCALE,
    SEEN,
    SMALLEST_STEP,
    WEIGHT_DAMPING,
    ZERO,
    mean_step,
    reach_scale,
    rounded,
    rounded_to_learned,
    scale_slope,
    watch,
)

FLOAT, RANGES, LEARNED = range(3)  # what is rounded: nothing, to grids that follow ranges, to grids that are learned
RELU, TANH = range(2)
CROSS_ENTROPY, SQUARED_ERROR = range(2)
STILL, MOMENTUM, ADAM = range(3)  # how parameters descend; STILL leaves the slopes of the last batch
FIRST, SECOND = 0.9, 0.999  # what Adam keeps of its means
_NEW_FIRST, _NEW_SECOND, _TINY = np.float32(1 - FIRST), np.float32(1 - SECOND), np.float32(1e-8)

# A row of the table is a layer: how many inputs and outputs it has, and they padded; where its weight (out, in), bias
# and learned steps lie among the parameters; where what enters it lies as it came, and as it is multiplied; its weight
# as it is multiplied, and that turned; the gates and turns of input and weight.
INPUTS, OUTPUTS, WIDE_IN, WIDE_OUT, WEIGHT, BIAS, STEPS = range(7)
GIVEN, INTO, BY, TURNED, INPUT_GATE, WEIGHT_GATE, INPUT_TURN, WEIGHT_TURN = range(7, 15)
FIELDS = 15


class Course(NamedTuple):
    """What a call does, as integers.

    Attributes
    ----------
    batch : int
        Rows a step.
    rounding : int
        FLOAT, RANGES or LEARNED.
    by_row : int
        1: each output of a weight has a scale of its own.
    hidden : int
        RELU or TANH.
    loss : int
        CROSS_ENTROPY or SQUARED_ERROR.
    rule : int
        STILL, MOMENTUM or ADAM.
    watching : int
        In how many steps of the call the ranges follow.
    parameters : int
        How many, learned steps among them; slopes and the two means of descent follow on them, then as many
        zeros as the widest row has.
    ends : int
        Where the last layer's outputs lie.
    back, spare : int
        Where slopes of what a layer gave lie, in turns.
    """

    batch: int
    rounding: int
    by_row: int
    hidden: int
    loss: int
    rule: int
    watching: int
    parameters: int
    ends: int
    back: int
    spare: int


COURSE = types.NamedUniTuple(types.int64, len(Course._fields), Course)


@inner
def _gathered(m: Any, at: int, wide: int, x: Any, features: int, order: Any, first: int, rows: int) -> None:
    """Copy a batch of rows to where the first layer finds them."""
    for i in range(rows):
        source, target = np.uint64(order[first + i] * features), np.uint64(at + i * wide)
        for k in range(np.uint64(features)):
            m[target + k] = x[source + k]


@inner
def _turned(m: Any, source: int, row: int, rows: int, columns: int, target: int, other: int) -> None:
    """Write (rows, columns) at `source` as (columns, rows) to `target`."""
    for j in range(columns):
        base, line = np.uint64(target + j * other), np.uint64(source + j)
        for i in range(np.uint64(rows)):
            m[base + i] = m[line + i * np.uint64(row)]


@inner
def _input(m: Any, bits: Any, raw: Any, layer: Any, grid: Any, course: Course, rows: int, watching: bool) -> None:
    """Put what enters a layer onto its grid."""
    n, given = rows * layer[WIDE_IN], layer[GIVEN]
    step_at = layer[STEPS] + (layer[OUTPUTS] if course.by_row else 1)
    if course.rounding == RANGES:
        if watching or not grid[SEEN]:
            watch(bits, raw, given, n, grid)
        scale = np.float32(grid[SCALE])
    elif not grid[SEEN]:
        watch(bits, raw, given, n, grid)
        # A range around 0 starts as min-max has it: its zero point belongs to that step.
        scale = np.float32(grid[SCALE])
        if not grid[ZERO]:
            scale = mean_step(m, given, layer[WIDE_IN], rows, layer[INPUTS], grid[INPUT_MOST])
        m[step_at] = scale
    else:
        scale = m[step_at]
    least, most = np.float32(-grid[ZERO]), np.float32(grid[INPUT_MOST] - grid[ZERO])
    if course.rounding == LEARNED:
        rounded_to_learned(m, given, n, scale, least, most, layer[INTO], layer[INPUT_GATE], layer[INPUT_TURN])
    else:
        rounded(m, given, n, scale, least, most, layer[INTO], layer[INPUT_GATE])


@inner
def _weight(m: Any, bits: Any, raw: Any, layer: Any, grid: Any, course: Course) -> None:
    """Put a layer's weight onto its grid."""
    least, most = np.float32(grid[LEAST]), np.float32(grid[MOST])
    parts = layer[OUTPUTS] if course.by_row else 1
    n = layer[WIDE_IN] * (1 if course.by_row else layer[OUTPUTS])
    for part in range(parts):
        at = part * n
        own, out, gate = layer[WEIGHT] + at, layer[BY] + at, layer[WEIGHT_GATE] + at
        if course.rounding == LEARNED:
            scale = m[layer[STEPS] + part]
            rounded_to_learned(m, own, n, scale, least, most, out, gate, layer[WEIGHT_TURN] + at)
        else:
            scale = reach_scale(bits, raw, own, n, grid[DIVISOR])
            rounded(m, own, n, scale, least, most, out, gate)


@inner
def _opened(m: Any, gate: int, n: int) -> None:
    first = np.uint64(gate)
    for k in range(np.uint64(n)):
        m[first + k] = np.float32(1)


@inner
def _forward(m: Any, bits: Any, raw: Any, table: Any, grids: Any, course: Course, rows: int, watching: bool) -> None:
    for number in range(len(table)):
        layer = table[number]
        n, wide = rows * layer[WIDE_IN], layer[WIDE_OUT]
        if course.rounding == FLOAT:
            _opened(m, layer[INPUT_GATE], n)
        else:
            _input(m, bits, raw, layer, grids[number], course, rows, watching)
            _weight(m, bits, raw, layer, grids[number], course)
        if number:
            if course.hidden == RELU:
                through_relu(m, layer[GIVEN], n, layer[INPUT_GATE])
            else:
                through_tanh(m, layer[GIVEN], n, layer[INPUT_GATE])
        _turned(m, layer[BY], layer[WIDE_IN], layer[OUTPUTS], layer[INPUTS], layer[TURNED], wide)
        last = number == len(table) - 1
        out = course.ends if last else table[number + 1, GIVEN]
        product(
            *(m, layer[INTO], layer[WIDE_IN], 1, layer[TURNED], wide),
            *(layer[BIAS], out, wide, rows, layer[INPUTS], wide),
        )
        if not last:
            if course.hidden == RELU:
                relu_all(m, out, rows * wide)
            else:
                tanh_all(m, out, rows * wide)


@inner
def _back(m: Any, table: Any, grids: Any, course: Course, rows: int) -> None:
    """Fill the slopes of all parameters from those of the last layer's outputs."""
    back, spare, zeros = course.ends, course.back, 4 * course.parameters
    for number in range(len(table) - 1, -1, -1):
        layer, grid = table[number], grids[number]
        wide_in, wide_out = layer[WIDE_IN], layer[WIDE_OUT]
        own = course.parameters + layer[WEIGHT]
        product(m, back, 1, wide_out, layer[INTO], wide_in, zeros, own, wide_in, layer[OUTPUTS], rows, wide_in)
        _column_sums(m, back, wide_out, rows, course.parameters + layer[BIAS])
        if number or course.rounding == LEARNED:
            product(m, back, wide_out, 1, layer[BY], wide_in, zeros, spare, wide_in, rows, layer[OUTPUTS], wide_in)
        if course.rounding == LEARNED:
            _step_slopes(m, layer, grid, course, own, spare, rows)
        if course.rounding != FLOAT:
            _times(m, own, layer[WEIGHT_GATE], layer[OUTPUTS] * wide_in)
        if number:
            _times(m, spare, layer[INPUT_GATE], rows * wide_in)
        back, spare = spare, course.spare if spare == course.back else course.back


@inner
def _step_slopes(m: Any, layer: Any, grid: Any, course: Course, slopes: int, back: int, rows: int) -> None:
    parts = layer[OUTPUTS] if course.by_row else 1
    each, wide = 1 if course.by_row else layer[OUTPUTS], layer[WIDE_IN]
    at = course.parameters + layer[STEPS]
    for part in range(parts):
        moved = part * each * wide
        slope = scale_slope(m, layer[WEIGHT_TURN] + moved, slopes + moved, wide, each)
        m[at + part] = slope * np.float32(grid[WEIGHT_DAMPING])
    m[at + parts] = scale_slope(m, layer[INPUT_TURN], back, wide, rows) * np.float32(grid[INPUT_DAMPING])


@inner
def _times(m: Any, at: int, factor: int, n: int) -> None:
    first, by = np.uint64(at), np.uint64(factor)
    for k in range(np.uint64(n)):
        m[first + k] *= m[by + k]


@inner
def _column_sums(m: Any, at: int, wide: int, rows: int, out: int) -> None:
    sums = np.uint64(out)
    for k in range(np.uint64(wide)):
        m[sums + k] = np.float32(0)
    for i in range(rows):
        base = np.uint64(at + i * wide)
        for k in range(np.uint64(wide)):
            m[sums + k] += m[base + k]


@inner
def _descend(m: Any, n: int, rule: int, rate: Any, second_share: Any, momentum: Any) -> None:
    """Move n parameters along their slopes."""
    size, first, second = np.uint64(n), np.uint64(2 * n), np.uint64(3 * n)
    for k in range(size):
        slope, mean = m[size + k], m[first + k]
        if rule == MOMENTUM:
            mean = mean * momentum + slope
            m[k] -= mean * rate
        else:
            mean += (slope - mean) * _NEW_FIRST
            square = m[second + k]
            square += (slope * slope - square) * _NEW_SECOND
            m[second + k] = square
            m[k] -= mean * rate / (np.sqrt(square / second_share) + _TINY)
        m[first + k] = mean


@inner
def _hold(m: Any, table: Any, course: Course) -> None:
    """Keep learned steps above 0."""
    for number in range(len(table)):
        at = table[number, STEPS]
        for k in range(at, at + 1 + (table[number, OUTPUTS] if course.by_row else 1)):
            m[k] = SMALLEST_STEP if m[k] < SMALLEST_STEP else m[k]  # so that NaN stays


@kernel(
    (
        written(types.float32),
        *(read_only(types.float32), read_only(types.float32), read_only(types.int64)),
        *(types.Array(types.int64, 2, "C", readonly=True), written(types.float64, 2)),
        *(types.Array(types.float32, 2, "C", readonly=True), types.float32, COURSE),
    )
)
def train(
    m: Any, x: Any, wanted: Any, order: Any, table: Any, grids: Any, pace: Any, momentum: Any, course: Course
) -> float:
    """Do a step for each batch of the rows that `order` names, and return the sum of the rows' losses.

    Parameters
    ----------
    m : float32 array
        Parameters and everything else; see `Course` and the table.
    x : float32 array
        The data, row by row.
    wanted : float32 array
        Each row's class, or the value to come near to.
    order : int64 array
    table : int64 array (layers, FIELDS)
    grids : float64 array (layers, GRID)
    pace : float32 array (steps, 2)
        What a step multiplies the first mean by, and divides the second one by.
    momentum : float32
    course : Course
    """
    bits, raw = m.view(np.int32), m.view(np.uint32)
    total, features, last = 0.0, table[0, INPUTS], table[len(table) - 1]
    for step in range(-(-len(order) // course.batch)):
        first = step * course.batch
        rows = min(course.batch, len(order) - first)
        _gathered(m, table[0, GIVEN], table[0, WIDE_IN], x, features, order, first, rows)
        _forward(m, bits, raw, table, grids, course, rows, step < course.watching)
        if course.loss == CROSS_ENTROPY:
            total += cross_entropy(m, course.ends, last[WIDE_OUT], last[OUTPUTS], wanted, order, first, rows)
        else:
            total += squared_error(m, course.ends, last[WIDE_OUT], wanted, order, first, rows)
        _back(m, table, grids, course, rows)
        if course.rule != STILL:
            _descend(m, course.parameters, course.rule, pace[step, 0], pace[step, 1], momentum)
            if course.rounding == LEARNED:
                _hold(m, table, course)
    return total
