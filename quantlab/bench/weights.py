"""The rows of packed weights with scales: 4 or 8 bits, int8 or float32 activations."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from quantlab import kernels

from . import peers
from .rows import Duel, Line, Row, require

FAMILY = "Packed weights"
_CLOSE = 2e-6  # of the largest result


def _duel(rows: int, size: int, bits: int, group: int | None, kind: str, threads: int) -> Duel:
    """Set up rows of activations by size² weights; the peer has the weights that the codes stand for.

    Parameters
    ----------
    bits, group : int
        Of a code, and rows that share a scale; None: each column has one.
    kind : str
        "int8" or "float32" activations.
    """
    rng = np.random.default_rng(bits)
    reach = 2 ** (bits - 1)
    codes = rng.integers(-reach, reach, (size, size), np.int8)
    groups = size // group if group else 1
    scale = rng.uniform(0.5, 1.5, (groups, size)).astype(np.float16 if bits == 4 else np.float32)
    packed = kernels.pack_scaled(codes, scale, bits=bits, group_size=group)
    x: Any = rng.integers(-128, 128, (rows, size), np.int8) if kind == "int8" else None
    x = rng.standard_normal((rows, size), np.float32) if x is None else x
    out = np.empty((rows, size), np.float32)

    def ours() -> Any:
        return kernels.scaled_matmul(x, packed, out=out, threads=threads)

    weights = codes * np.repeat(scale.astype(np.float32), size // groups, axis=0)

    def check() -> None:
        some = slice(0, 512)  # of the columns: enough panels, and no float64 copy of everything
        true = x.astype(np.float64) @ weights[:, some].astype(np.float64)
        worst = np.abs(ours()[:, some] - true).max() / np.abs(true).max()
        require(bool(worst <= _CLOSE), f"The product of {kind} by {bits}-bit weights")

    return Duel(ours=ours, theirs=peers.blas(x, weights), check=check)


def _row(*, rows: int, size: int, bits: int, group: int | None, kind: str, line: Line | None, threads: int = 1) -> Row:
    scales = size * (size // group if group else 1)
    return Row(
        name=f"weights-{bits}-{kind}-{rows}x{size}" + ("" if threads == 1 else "-all"),
        family=FAMILY if threads == 1 else f"{FAMILY}, all cores",
        figure=f"{bits} bits{f' in groups of {group}' if group else ''} · {kind}, {rows}×{size}²",
        peer="float32 BLAS",
        # Of many rows 4-bit codes have a shorter instruction than the one that makes the roof, floats another.
        label=f"{bits} bits · {kind}, 1 row" if rows == 1 else "",
        make=partial(_duel, rows, size, bits, group, kind, threads or kernels.CORES),
        line=line,
        threads=threads,
        operations=2 * rows * size * size,
        bytes=size * size * bits // 8 + scales * bits // 2 + rows * size * (5 if kind == "int8" else 8),
        roof="int8" if kind == "int8" else "float32",
        drawn=threads == 1,
    )


def rows() -> list[Row]:
    """Return the rows of packed weights; the largest on all cores too."""
    large: dict[str, Any] = {"rows": 1, "size": 8192, "bits": 4, "group": 32}
    middle: dict[str, Any] = {"size": 4096, "bits": 8, "group": None, "kind": "float32"}
    return [
        _row(**large, kind="int8", line=Line(must=6, aim=9)),
        _row(**large, kind="float32", line=Line(must=4, aim=6)),
        _row(rows=1, **middle, line=Line(must=1.5, aim=3)),
        _row(rows=64, **middle, line=Line(must=0.7, aim=1.0)),
        _row(rows=64, size=4096, bits=4, group=128, kind="int8", line=Line(must=2, aim=3.5)),
        _row(**large, kind="int8", line=None, threads=0),
        _row(**large, kind="float32", line=None, threads=0),
    ]
