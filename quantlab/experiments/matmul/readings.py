"""The numbers of the Integer matmul page as people read them, its labels, and the tables behind its drawings."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantlab.experiments.matmul.experiment import Multiplied, Result, Settings
from quantlab.experiments.page import Reading
from quantlab.numerals import code, count, difference, num
from quantlab.quantizer import Quantizer

LABELS = (
    "Integer sum",
    "× scale X × scale W",
    "Integer result",
    "Float product",
    "Error of this cell",
    "Largest error in X·W",
)
"""What the numbers are of, before there are any."""


def readings(result: Result) -> tuple[Reading, ...]:
    r"""Return the six numbers of the chosen cell and of the product.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import run
    >>> from quantlab.experiments.matmul.operands import build
    >>> [reading.value for reading in readings(run(Settings(), *build("article", (10, 5, 4), 0)))][:4]
    ['12\u202f040', '5.90·10⁻⁵', '0.711', '0.706']
    """
    other = result.compared
    fits = other is not None and other.errors.shape == result.now.errors.shape
    step = result.now.steps[:, result.row, result.column]
    one_sum = len(result.integers) == 1
    error, worst = result.value - result.exact, float(np.abs(result.now.errors).max())
    return (
        Reading(
            f"Held in {result.settings.accumulator}" if result.sum.overflowed.any() else "Integer sum",
            count(result.integers[0]) if one_sum else f"{len(result.integers)} sums",
            None,
            "accumulator",
        ),
        Reading("× scale X × scale W", num(float(step[0])) if one_sum else "one a group", None, "scale"),
        Reading("Integer result", num(result.value), None, "dequantize"),
        Reading("Float product", num(result.exact), None, "float product"),
        Reading(
            "Error of this cell",
            num(error),
            None if not fits or other is None else difference(error, float(other.errors[result.row, result.column])),
            "product error",
        ),
        Reading(
            "Largest error in X·W",
            num(worst),
            None if other is None else difference(worst, float(np.abs(other.errors).max())),
            "product error",
        ),
    )


def finish(now: Multiplied, row: int, column: int) -> tuple[str, ...]:
    """Return what follows the last term of a cell: the way back to floats, the truth, the error.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import run
    >>> from quantlab.experiments.matmul.operands import build
    >>> finish(run(Settings(), *build("article", (10, 5, 4), 0)).now, 2, 1)[0].split(" = ")[1]
    '**0.711**'
    """
    parts, value, exact = now.accumulator[:, row, column], float(now.values[row, column]), float(now.exact[row, column])
    if len(parts) == 1:
        x = np.broadcast_to(np.asarray(now.x.quantizer.scale), (len(now.exact), 1))[row, 0]
        w = np.broadcast_to(np.asarray(now.w.quantizer.scale), (1, now.exact.shape[1]))[0, column]
        back = f"{count(int(parts[0]))} × {num(float(x))} × {num(float(w))} = **{num(value)}**"
    else:
        back = f"{len(parts)} sums, each × its two scales, add up to **{num(value)}**"
    return back, f"float product **{num(exact)}**, error **{num(value - exact)}**"


def side_remark(quantizer: Quantizer) -> str:
    """Return the type, scale and zero point of a matrix in a few words.

    >>> side_remark(Quantizer([1.0], bits=4))
    'int4 × 0.125'
    """
    scheme = quantizer.scheme
    scale, zero = np.ravel(quantizer.scale), np.ravel(quantizer.zero_point)
    kind = f"{'int' if scheme.signed else 'uint'}{scheme.bits}"
    if len(scale) > 1:
        return f"{kind} × {len(scale)} scales"
    return f"{kind} × {num(float(scale[0]))}" + (f" · z = {code(int(zero[0]))}" if zero[0] else "")


def sum_columns(result: Result) -> dict[str, Any]:
    """Return the chosen cell's sum as a table, one row a term."""
    total = result.sum
    return {
        "term": np.arange(1, len(total.products) + 1),
        "X code": total.a_codes,
        "W code": total.b_codes,
        "X − zero point": total.a,
        "W − zero point": total.b,
        "product": total.products,
        "accumulator": total.sums,
        "exact sum": total.exact,
        "bits": total.bits,
        "overflowed": total.overflowed,
    }


def product_columns(now: Multiplied) -> dict[str, Any]:
    """Return the whole product as a table, one row a cell."""
    rows, columns = np.indices(now.exact.shape)
    sums = {"accumulator": now.accumulator[0].ravel()} if len(now.accumulator) == 1 else {}
    return {
        "row": rows.ravel(),
        "column": columns.ravel(),
        **sums,
        "integer result": now.values.ravel(),
        "float product": now.exact.ravel(),
        "error": now.errors.ravel(),
    }


def file_stem(settings: Settings, what: str) -> str:
    """Return the name of a download, without its ending, from page and state.

    >>> file_stem(Settings(), "sum")
    'quantlab-matmul-article-8-bit-symmetric-sum'
    """
    grid = "symmetric" if settings.symmetric else "affine"
    return f"quantlab-matmul-{settings.data}-{settings.bits}-bit-{grid}-{what}"
