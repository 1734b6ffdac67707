"""The rows of what is done value by value: quantize, dequantize, fake-quantize, and the extremes of an array."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from quantlab import Quantizer, Scheme
from quantlab.numerals import count
from quantlab.ranges import summarise

from . import peers
from .rows import Duel, Line, Row, require
from .timing import Side

AnyArray = np.ndarray[Any, np.dtype[Any]]

FAMILY = "Value by value"
SIZES = (10_000, 100_000, 1_000_000, 16_000_000, 64_000_000)  # the last two are larger than the usual caches
_MILLION, _MANY = 1_000_000, 16_000_000
SCALE, ZERO_POINT = 0.03125, 3  # a power of two, so that no peer's x · (1 / s) differs from x / s
_LINES = {
    ("quantize", _MILLION): Line(must=1.3, aim=1.8),
    ("quantize", _MANY): Line(must=1.5, aim=3),
    ("dequantize", _MILLION): Line(must=1.0, aim=1.2),
    ("dequantize", _MANY): Line(must=2, aim=3),
    ("min-max", _MILLION): Line(must=0.95, aim=1.5),
    ("min-max", _MANY): Line(must=0.95, aim=1.5),
    ("fake-quantize", _MILLION): Line(must=8, aim=13),
    ("fake-quantize", _MANY): Line(must=6, aim=10),
}
# Bytes a value: read and written.
_BYTES = {"quantize": 4 + 1, "dequantize": 1 + 4, "min-max": 4, "fake-quantize": 4 + 4 + 1}
_PEERS = {
    "quantize": "torch.quantize_per_tensor",
    "dequantize": "torch dequantize",
    "min-max": "torch.aminmax",
    "fake-quantize": "torch fake_quantize",
}
_SAID = {
    "quantize": "quantize",  # NaN is looked for
    "dequantize": "dequantize",
    "min-max": "min, max, NaN",  # and infinities
    "fake-quantize": "fake-quantize, mask",
}


def values(n: int) -> AnyArray:
    """Return float32 values of which some lie beyond the codes.

    >>> values(1000).dtype.name, bool(np.abs(values(1000)).max() > 127 * SCALE)
    ('float32', True)
    """
    x = np.random.default_rng(n).standard_normal(n, np.float32)
    x *= np.float32(2)
    return x


def _quantizer() -> Quantizer:
    return Quantizer.from_parameters(np.float32(SCALE), ZERO_POINT, Scheme(symmetric=False))


def _codes(x: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return codes and whether they needed no holding: one NumPy step after the other."""
    unclamped = np.rint(x / np.float32(SCALE)) + np.float32(ZERO_POINT)
    return np.clip(unclamped, -128, 127).astype(np.int8), (unclamped >= -128) & (unclamped <= 127)


def _sides(name: str, x: AnyArray) -> tuple[Side, Callable[[], bool]]:
    """Return our side, and whether its result is what the definition says."""
    q = _quantizer()
    codes, inside = _codes(x)
    restored = (codes.astype(np.float32) - np.float32(ZERO_POINT)) * np.float32(SCALE)
    if name == "quantize":
        found = np.empty(x.shape, np.int8)
        return lambda: q.quantize(x, out=found), lambda: np.array_equal(q.quantize(x, out=found), codes)
    x_hat, mask = np.empty_like(x), np.empty(x.shape, bool)
    if name == "dequantize":
        given = codes
        return lambda: q.dequantize(given, out=x_hat), lambda: np.array_equal(q.dequantize(given, out=x_hat), restored)
    if name == "fake-quantize":

        def fake() -> AnyArray:
            return q.fake_quantize(x, out=x_hat, mask=mask)

        return fake, lambda: np.array_equal(fake(), restored) and np.array_equal(mask, inside)
    granularity = q.scheme.granularity

    def extremes_hold() -> bool:
        summary = summarise(x, granularity)
        ends = (summary.lo[0], summary.hi[0]) == (x.min(), x.max())
        return ends and summary.counts.tolist() == [[x.size, 0, 0]]

    return lambda: summarise(x, granularity), extremes_hold


def _duel(name: str, n: int) -> Duel:
    x = values(n)
    theirs = peers.torch_elementwise(name, x, SCALE, ZERO_POINT)
    ours, holds = _sides(name, x)
    return Duel(ours=ours, theirs=theirs, check=lambda: require(holds(), f"{name} of {n} values"))


def _many(n: int) -> str:
    return f"{n // _MILLION} million" if n >= _MILLION else count(n)


def _row(name: str, n: int, threads: int) -> Row:
    return Row(
        name=f"{name}-{n}" + ("" if threads == 1 else "-all"),
        family=FAMILY if threads == 1 else f"{FAMILY}, all cores",
        figure=f"{_SAID[name]}, {_many(n)}",
        peer=_PEERS[name],
        make=partial(_duel, name, n),
        line=_LINES.get((name, n)) if threads == 1 else None,
        threads=threads,
        bytes=n * _BYTES[name],
        drawn=threads == 1 and n == _MILLION,
    )


def rows() -> list[Row]:
    """Return the rows of the elementwise kernels, by kernel and then by size; the larger ones on all cores too."""
    alone = [_row(name, n, 1) for name in _BYTES for n in SIZES]
    return alone + [_row(name, _MANY, 0) for name in _BYTES]
