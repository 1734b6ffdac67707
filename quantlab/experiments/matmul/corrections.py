"""What zero points cost: the four terms of the integer product, as matrices and for the chosen cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.matmul.experiment import Result
from quantlab.linear import zero_point_terms
from quantlab.numerals import code, count


@dataclass(frozen=True, eq=False)
class Term:
    """One of the matrices.

    Attributes
    ----------
    key : str
        Stable: of its chart.
    title, remark : str
        A formula, and in a few words what it is.
    values : (M, N) int64
    """

    key: str
    title: str
    remark: str
    values: NDArray[np.int64]


def corrections(result: Result) -> tuple[Term, ...]:
    """Return the four terms and, last, their sum, which is the accumulator of unlimited width.

    With groups each is summed over them; the accumulators of the groups then have different steps, and the sum is of
    integers only.

    Examples
    --------
    >>> from quantlab.experiments.matmul.experiment import Settings, run
    >>> from quantlab.experiments.matmul.operands import build
    >>> found = corrections(run(Settings(symmetric=False), *build("article", (10, 5, 4), 0)))
    >>> bool((sum(term.values for term in found[:4]) == found[4].values).all())
    True
    """
    terms = zero_point_terms(result.now.x.codes, result.now.w.codes, group_size=result.now.group_size)

    def whole(values: NDArray[np.int64]) -> NDArray[np.int64]:
        summed: NDArray[np.int64] = values.sum(axis=0) if values.ndim == 3 else values
        return summed

    return (
        Term("term-product", "Σ X · W", "of the raw codes", whole(terms.product)),
        Term("term-x", "− z(X) · Σ W", "W's column sums", whole(terms.of_a_zero)),
        Term("term-w", "− z(W) · Σ X", "X's row sums", whole(terms.of_b_zero)),
        # Markdown takes a plus and a space at the beginning for a list; a no-break space it does not.
        Term("term-constant", "+\u00a0K · z(X) · z(W)", "a number for each pair", whole(terms.constant)),
        Term("term-total", "= accumulator", "what the two scales multiply", whole(terms.total)),
    )


def cell_columns(result: Result, terms: tuple[Term, ...]) -> dict[str, Any]:
    """Return the chosen cell's terms as a table of two columns, ready to be read."""
    return {
        "term": [term.title for term in terms],
        f"cell [{result.row}, {result.column}]": [count(int(term.values[result.row, result.column])) for term in terms],
    }


def term_columns(term: Term) -> dict[str, Any]:
    """Return one matrix as a table, one row a cell."""
    rows, columns = np.indices(term.values.shape)
    return {"row": rows.ravel(), "column": columns.ravel(), term.title: term.values.ravel()}


def corrections_sentence(result: Result, terms: tuple[Term, ...]) -> str:
    """Say what the zero points cost here, in Markdown."""
    m, n = result.now.exact.shape
    k = result.now.x.array.values.shape[1]
    zero_x, zero_w = (np.ravel(side.quantizer.zero_point) for side in (result.now.x, result.now.w))
    if not zero_x.any() and not zero_w.any():
        kind = "Both grids are :blue[symmetric]: their" if result.settings.symmetric else "No value is below 0: both"
        return (
            f"{kind} zero points are 0, three of the four terms vanish, and the raw "
            "codes' product is the answer. That is why weights are nearly always symmetric."
        )
    which = " and ".join(
        f"{name} has :green[z = {code(int(zeros[0]))}]" if len(zeros) == 1 else f"{name} has {len(zeros)} zero points"
        for name, zeros in (("X", zero_x), ("W", zero_w))
        if zeros.any()
    )
    row_sums = f" and X's row sums, {count(m * k)} more, for every new X" if zero_w.any() else ""
    columns = f"; W's column sums, {count(k * n)} additions, are done once, beforehand" if zero_x.any() else ""
    return (
        f"{which}: beside {count(m * k * n)} multiplications the correction adds a number to each of the "
        f"**{count(m * n)}** results{row_sums}{columns}."
    )
