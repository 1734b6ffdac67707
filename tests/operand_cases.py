"""Random quantized matrices with the Quantizers that made them: every mix of grids and granularities."""

from __future__ import annotations

from typing import Any, NamedTuple

import hypothesis.strategies as st
import numpy as np

from quantlab import PerChannel, PerGroup, PerTensor, QTensor, Quantizer, Scheme


class Pair(NamedTuple):
    """Two float matrices, quantized."""

    x: np.ndarray
    w: np.ndarray
    x_quantizer: Quantizer
    w_quantizer: Quantizer
    group_size: int | None

    @property
    def a(self) -> QTensor:
        return QTensor(self.x_quantizer.quantize(self.x), self.x_quantizer.scale, self.x_quantizer.zero_point)

    @property
    def b(self) -> QTensor:
        return QTensor(self.w_quantizer.quantize(self.w), self.w_quantizer.scale, self.w_quantizer.zero_point)


def grids(granularity: Any) -> st.SearchStrategy[Scheme]:
    """Grids of 1 to 8 bits of every kind; free ones have zero points outside of their codes."""
    return st.builds(
        Scheme,
        bits=st.integers(1, 8),
        symmetric=st.booleans(),
        signed=st.booleans(),
        affine_range=st.sampled_from(["include_zero", "clamped", "free"]),
        granularity=st.just(granularity),
    )


@st.composite
def pairs(draw: st.DrawFn, *, most: int = 9, dtype: Any = np.float64, grouped: bool | None = None) -> Pair:
    """X (M, K) and W (K, N), shifted and spread by row and by column, so that scales and zero points differ."""
    m, k, n = (draw(st.integers(1, most)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shift = draw(st.sampled_from([0.0, 1.0, -1.0]))
    x = rng.normal(shift, 1, (m, k)) * rng.lognormal(0, 1, (m, 1))
    w = rng.normal(-shift, 1, (k, n)) * rng.lognormal(0, 1, (1, n))
    grouped = draw(st.booleans()) if grouped is None else grouped
    size = draw(st.integers(1, most + 1)) if grouped else None
    rows, columns = [PerTensor(), PerChannel(0)], [PerTensor(), PerChannel(1)]
    if size is not None:
        rows, columns = [*rows, PerGroup(size, axis=1)], [*columns, PerGroup(size, axis=0)]
    x, w = x.astype(dtype), w.astype(dtype)
    quantizers = [
        Quantizer(values, draw(grids(draw(st.sampled_from(kinds))))) for values, kinds in ((x, rows), (w, columns))
    ]
    return Pair(x, w, *quantizers, size)
