"""Products of small float32 matrices that lie in one flat array, the way training needs them: nothing is packed.

The left matrix may be read along its rows or along its columns; of the right one and of the result a row lies in one
piece, padded to whole vectors. A tile of 6 rows by 2 vectors keeps its sums in registers over all of the depth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from .compilation import inner, kernel, written
from .panels import fused, vector
from .vectors import F32, Loop, constant, emitted, load, offset, pointer, splat, store

LANES = 8  # one vector of AVX2; other processors take two of theirs, or half of one
VECTORS = 2
HEIGHTS = (6, 4, 2, 1)  # of tiles: 12 sums, 2 vectors of the right matrix and a broadcast fill 15 of 16 registers


def padded(n: int) -> int:
    """Return n rounded up to whole vectors.

    >>> padded(10), padded(16)
    (16, 16)
    """
    return -(-n // LANES) * LANES


@emitted
def _tile(
    typing: Any,
    m: Any,
    height: Any,
    vectors: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_row: Any,
    start: Any,
    out: Any,
    out_row: Any,
    depth: Any,
) -> Any:
    """Write one tile of `product`: height is one of HEIGHTS, vectors 1 or 2."""
    place, reals = types.intp, vector(F32, LANES)

    def emit(context: Any, b: Any, signature: Any, values: Any) -> Any:
        _, height, vectors, a_at, a_row, a_step, b_at, b_row, start_at, out_at, out_row, depth = values
        base = pointer(b, context, signature, values, 0)
        left, right, start, out = (offset(b, base, at, 4) for at in (a_at, b_at, start_at, out_at))

        def of_shape(rows: int, wide: int) -> None:
            firsts = [load(b, start, 4 * LANES * j, reals, 4) for j in range(wide)]
            loop = Loop(b, [left, right, *firsts * rows])
            at, panel, *sums = loop.carried
            columns = [load(b, panel, 4 * LANES * j, reals, 4) for j in range(wide)]
            row = at
            for i in range(rows):
                one = splat(b, load(b, row, 0, F32, 4), LANES)
                for j, column in enumerate(columns, i * wide):
                    sums[j] = fused(b, one, column, sums[j])
                row = offset(b, row, a_row, 4)
            loop.close(1, depth, [offset(b, at, a_step, 4), offset(b, panel, b_row, 4), *sums])
            row = out
            for i in range(rows):
                for j in range(wide):
                    store(b, sums[i * wide + j], row, 4 * LANES * j, 4)
                row = offset(b, row, out_row, 4)

        done = b.append_basic_block("done")
        shapes = [(rows, wide) for rows in HEIGHTS for wide in (VECTORS, 1)]
        blocks = [b.append_basic_block(f"rows_{rows}_vectors_{wide}") for rows, wide in shapes]
        choice = b.switch(b.add(b.mul(height, constant(VECTORS)), vectors), blocks[-1])
        for (rows, wide), block in zip(shapes, blocks, strict=True):
            if block is not blocks[-1]:
                choice.add_case(constant(rows * VECTORS + wide), block)
            b.position_at_end(block)
            of_shape(rows, wide)
            b.branch(done)
        b.position_at_end(done)
        return context.get_dummy_value()

    return types.void(m, *[place] * 11), emit


@inner
def product(
    m: Any,
    a: int,
    a_row: int,
    a_step: int,
    b: int,
    b_row: int,
    start: int,
    out: int,
    out_row: int,
    rows: int,
    depth: int,
    columns: int,
) -> None:
    """Write ``out = start + a · b`` for matrices that begin at these places of m.

    Parameters
    ----------
    m : float32 array (n,)
    a, a_row, a_step : int
        The left matrix: its rows lie `a_row` apart, its entries along the depth `a_step`.
    b, b_row : int
        The right matrix (depth, columns), rows `b_row` apart.
    start : int
        One row, which each row of the result begins with.
    out, out_row : int
        Where the result goes; nothing that is read may lie there.
    rows, depth, columns : int
        1 or more; columns are whole vectors.
    """
    i = 0
    while i < rows:
        left = rows - i
        height = 6 if left >= 6 else 4 if left >= 4 else 2 if left >= 2 else 1
        j = 0
        while j < columns:
            vectors = 2 if columns - j >= 2 * LANES else 1
            _tile(
                m,
                height,
                vectors,
                a + i * a_row,
                a_row,
                a_step,
                b + j,
                b_row,
                start + j,
                out + i * out_row + j,
                out_row,
                depth,
            )
            j += vectors * LANES
        i += height


@kernel((written(types.float32), *[types.int64] * 11))
def _product(
    m: Any,
    a: int,
    a_row: int,
    a_step: int,
    b: int,
    b_row: int,
    start: int,
    out: int,
    out_row: int,
    rows: int,
    depth: int,
    columns: int,
) -> None:
    """`product`, for callers that are no kernels."""
    product(m, a, a_row, a_step, b, b_row, start, out, out_row, rows, depth, columns)


def affine(x: npt.NDArray[Any], weight: npt.NDArray[Any], bias: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return ``x @ weight.T + bias`` as a training step sums it, to the bit, on the calling thread alone.

    A BLAS would put threads of its own on a product of this size, which stand in each other's way where several
    networks are trained at once.

    Parameters
    ----------
    x : (rows, inputs) real numbers
    weight : (outputs, inputs) real numbers
    bias : (outputs,) real numbers

    Examples
    --------
    >>> affine(np.float32([[1, 2]]), np.float32([[3, 4]]), np.float32([0.5])).tolist()
    [[11.5]]
    """
    (rows, inputs), outputs = x.shape, len(weight)
    wide = padded(outputs)
    ends = np.cumsum([inputs * wide, wide, rows * inputs, rows * wide])
    m = np.zeros(ends[-1], np.float32)
    turned, start, values, out = np.split(m, ends[:-1])
    turned.reshape(inputs, wide)[:, :outputs] = weight.T
    start[:outputs] = bias
    values.reshape(rows, inputs)[:] = x
    if rows:
        _product(m, ends[1], inputs, 1, 0, wide, ends[0], ends[2], wide, rows, inputs, wide)
    return out.reshape(rows, wide)[:, :outputs].copy()
