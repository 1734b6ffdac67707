"""The Integer matmul page's main drawing: a Result as the picture that the cross draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul import ACCUMULATORS, Result, Side, readings
from quantlab.numerals import code, num
from quantlab.ui import address
from quantlab.ui.chart import chart_table
from quantlab.ui.components.cross import MOST_NUMBERED, Matrix, Picture, Running, cross, standalone


def hero(result: Result, alt: str) -> None:
    """Draw the cross with the chosen cell's sum, and that sum as a table."""
    drawn = picture(result)
    cross("cross", drawn, alt=alt, on_choose=lambda row, column: address.change(row=row, column=column))
    stem = readings.file_stem(result.settings, "sum")
    chart_table(
        lambda: readings.sum_columns(result),
        key="cross",
        file_name=stem,
        picture=lambda: standalone(drawn, title="A row, a column, and their integer sum", alt=alt, name=stem),
    )


def picture(result: Result) -> Picture:
    """Return what the cross shows of a result."""
    now, name = result.now, result.settings.accumulator
    held = now.accumulator.astype(np.int64)
    sums = held.sum(axis=0) if len(held) > 1 else held[0]
    kind = name if len(held) == 1 else f"{len(held)} × {name}"
    return Picture(
        data_id=f"{now.x.array.digest}-{now.w.array.digest}",
        x=_side("X", now.x),
        w=_side("W", now.w),
        product=Matrix("X·W", kind, sums, sums, _sum_words(result, sums)),
        row=result.row,
        column=result.column,
        sums=tuple(_running(result, row, column) for row, column in _cells(result)),
        signed=_may_be_negative(_centred(now.x), _centred(now.w)) or bool(held.min(initial=0) < 0),
        accumulator=(name, ACCUMULATORS[name]),
        wraps=result.settings.overflow == "wrap",
    )


def _cells(result: Result) -> list[tuple[int, int]]:
    """List the cells whose sums go along: all of a small product, the chosen one first, so that no choice waits."""
    chosen, shape = (result.row, result.column), result.now.exact.shape
    if max(*shape, len(result.sum.products)) > MOST_NUMBERED:
        return [chosen]
    return [chosen, *(cell for cell in np.ndindex(*shape) if cell != chosen)]


def _running(result: Result, row: int, column: int) -> Running:
    total = result.sum if (row, column) == (result.row, result.column) else result.now.sum_of(row, column)
    return Running(
        row,
        column,
        total.a,
        total.b,
        total.a_codes - total.a,
        total.b_codes - total.b,
        total.sums,
        total.exact,
        total.overflowed,
        total.bits,
        total.starts,
        readings.finish(result.now, row, column),
    )


def _side(name: str, side: Side) -> Matrix:
    centred, codes = _centred(side), np.asarray(side.codes.codes)
    words: tuple[str, ...] = ()
    if max(codes.shape) <= MOST_NUMBERED:
        flat = zip(np.ravel(side.array.values).tolist(), codes.ravel().tolist(), strict=True)
        words = tuple(f"{num(value)}, code {code(q)}" for value, q in flat)
    return Matrix(name, readings.side_remark(side.quantizer), codes, centred, words)


def _centred(side: Side) -> NDArray[np.int64]:
    centred: NDArray[np.int64] = np.asarray(side.codes.codes, np.int64) - side.each(side.quantizer.zero_point)
    return centred


def _sum_words(result: Result, sums: NDArray[np.int64]) -> tuple[str, ...]:
    now = result.now
    if max(sums.shape) > MOST_NUMBERED:
        return ()
    flat = zip(sums.ravel().tolist(), now.values.ravel().tolist(), now.exact.ravel().tolist(), strict=True)
    return tuple(f"sum {code(total)} = {num(value)}\nfloat product {num(true)}" for total, value, true in flat)


def _may_be_negative(x: NDArray[np.int64], w: NDArray[np.int64]) -> bool:
    """Whether any product of these operands is below 0."""
    (x_lo, x_hi), (w_lo, w_hi) = ((side.min(initial=0), side.max(initial=0)) for side in (x, w))
    return bool(min(x_lo * w_hi, x_hi * w_lo) < 0)
