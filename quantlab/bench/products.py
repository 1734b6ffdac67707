"""The rows of the integer matrix product: 8-bit codes by 8-bit weights that were packed before."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from quantlab import kernels
from quantlab.kernels import peaks

from . import peers
from .rows import Duel, Line, Row, require
from .timing import Side

AnyArray = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, int, int]

FAMILY = "Integer product"
CUBES = (64, 128, 256, 512, 1024, 2048)
SHAPES: tuple[Shape, ...] = (
    *((n, n, n) for n in CUBES),
    *((768, 8192, 768), (127, 1001, 333), (1, 4096, 4096), (16, 4096, 4096), (64, 1024, 1024)),
)
LARGE = ((512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048))
NAIVE_UP_TO = 1024
ON_ALL_CORES: tuple[Shape, ...] = ((1024, 1024, 1024), (2048, 2048, 2048), (768, 8192, 768))
# The processor that AVX2 came with, in all three: without it LLVM and OpenBLAS take what the processor has beyond.
AVX2 = (("NUMBA_CPU_NAME", "haswell"), ("QUANTLAB_KERNELS", "avx2"), ("OPENBLAS_CORETYPE", "Haswell"))

_VNNI = ("avx512vnni",)
_MATRIX_UNITS = ("amx-int8",)  # ONNX Runtime cannot be held to less
# Without VNNI PyTorch multiplies codes in a plain loop, or wrongly, and ONNX Runtime saturates: no line is asked there.
_TORCH = {
    **dict.fromkeys(LARGE, Line(must=0.9, aim=1.05, tiers=_VNNI)),
    (1, 4096, 4096): Line(must=3, aim=4, tiers=_VNNI),
    (16, 4096, 4096): Line(must=1.8, aim=2.4, tiers=_VNNI),
    (64, 64, 64): Line(must=0.8, aim=1.2, tiers=_VNNI),
}
_ONNX = dict.fromkeys(LARGE, Line(must=0.95, aim=1.1, tiers=_VNNI, unless=_MATRIX_UNITS))
_ONNX_SIGNED = dict.fromkeys(LARGE, Line(must=8, aim=14, tiers=_VNNI, unless=_MATRIX_UNITS))
_CEILING = dict.fromkeys(LARGE, Line(must=0.8, aim=0.93, tiers=_VNNI))
_NAIVE = {(1024, 1024, 1024): Line(must=150, aim=300)}


class Problem(NamedTuple):
    """Operands of one product, over the full range of their types; and what is exact."""

    a: AnyArray
    b: AnyArray
    exact: AnyArray


@lru_cache(maxsize=2)
def problem(shape: Shape, dtype: str) -> Problem:
    """Return a product's operands: codes of that type by int8."""
    m, k, n = shape
    rng, ends = np.random.default_rng(0), np.iinfo(dtype)
    a = rng.integers(ends.min, ends.max, (m, k), dtype, endpoint=True)
    b = rng.integers(-128, 127, (k, n), np.int8, endpoint=True)
    # In float64 every partial sum is a whole number below 2⁵³.
    return Problem(a, b, (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int32))


def ours(a: AnyArray, b: AnyArray, threads: int) -> Callable[[], AnyArray]:
    """Return our product: weights packed once, memory given."""
    packed, scratch = kernels.pack(b), kernels.Workspace()
    out = np.empty((a.shape[0], b.shape[1]), np.int32)
    return lambda: kernels.int_matmul(a, packed, out=out, threads=threads, workspace=scratch)


def bare_loop(shape: Shape) -> Side:
    """Return the bare loop of the tier's instruction with as many operations as a product has."""
    turns = max(1, round(2 * shape[0] * shape[1] * shape[2] / peaks.operations(kernels.tiers.chosen(), integer=True)))
    return partial(peaks.run, turns, integer=True)


@cache
def _check(shape: Shape, dtype: str, threads: int) -> None:
    a, b, exact = problem(shape, dtype)
    require(np.array_equal(ours(a, b, threads)(), exact), f"The product {named(shape)} of {dtype} codes")


def _duel(shape: Shape, dtype: str, threads: int, peer: Callable[[AnyArray, AnyArray], Side], *, whole: bool) -> Duel:
    a, b, exact = problem(shape, dtype)
    theirs = peer(a, b)

    def wrong() -> float:
        return float(np.mean(np.asarray(theirs()) != exact)) if whole else 0.0

    return Duel(ours=ours(a, b, threads), theirs=theirs, check=partial(_check, shape, dtype, threads), wrong=wrong)


def named(shape: Shape) -> str:
    """Write a product's shape.

    >>> named((64, 64, 64)), named((1, 4096, 4096))
    ('64³', '1×4096×4096')
    """
    return f"{shape[0]}³" if len(set(shape)) == 1 else "×".join(map(str, shape))


def _row(
    kind: str,
    shape: Shape,
    dtype: str,
    peer: str,
    call: Callable[[AnyArray, AnyArray], Side],
    line: Line | None = None,
    *,
    whole: bool = True,
    threads: int = 1,
    suffix: str = "",
    **more: Any,
) -> Row:
    m, k, n = shape
    signs = {"int8": "s8·s8", "uint8": "u8·s8"}[dtype]
    size = str(m) if m == k == n else f"{m}x{k}x{n}"
    count = threads or kernels.CORES
    return Row(
        name=f"matmul-{size}-{kind}{suffix}",
        family=FAMILY if threads == 1 else f"{FAMILY}, all cores",
        figure=f"{named(shape)} {signs}",
        peer=peer,
        label=named(shape),
        make=partial(_duel, shape, dtype, count, call, whole=whole),
        line=line,
        threads=threads,
        operations=2 * m * k * n,
        bytes=m * k + k * n + 4 * m * n,
        roof="int8",
        **more,
    )


def _against_peers(shape: Shape, threads: int) -> list[Row]:
    count, suffix = threads or kernels.CORES, "" if threads == 1 else "-all"

    def onnx(a: AnyArray, b: AnyArray) -> Side:
        return peers.onnx_matmul_integer(a, b, count)

    def of(lines: dict[Shape, Line]) -> Line | None:
        return lines.get(shape) if threads == 1 else None

    thousand = shape == (1024, 1024, 1024) and threads == 1
    few = shape in ((1, 4096, 4096), (16, 4096, 4096)) and threads == 1
    more: dict[str, Any] = {"threads": threads, "suffix": suffix}
    return [
        _row("torch", shape, "int8", "torch._int_mm", peers.torch_int_mm, of(_TORCH), drawn=thousand or few, **more),
        _row("onnx", shape, "uint8", "ONNX Runtime", onnx, of(_ONNX), drawn=thousand, **more),
        _row("onnx-s8", shape, "int8", "ONNX Runtime", onnx, of(_ONNX_SIGNED), drawn=thousand, **more),
        _row("blas", shape, "uint8", "float32 BLAS", peers.blas, whole=False, drawn=thousand, **more),
    ]


def _threads() -> Row:
    shape = (2048, 2048, 2048)
    return Row(
        name="matmul-2048-threads",
        family=f"{FAMILY}, all cores",
        figure="2048³ s8·s8, two threads",
        peer="one thread",
        label=named(shape),
        make=partial(_duel, shape, "int8", 2, lambda a, b: ours(a, b, 1), whole=True),
        line=Line(must=1.8, aim=1.95),
        threads=2,
        operations=2 * 2048**3,
        bytes=6 * 2048**2,
        roof="int8",
        drawn=True,
    )


def rows() -> list[Row]:
    """Return the rows of the integer product, by shape and then by peer."""
    out = []
    for shape in SHAPES:
        out += _against_peers(shape, 1)
        if shape in LARGE:
            bare = partial(lambda a, b, shape: bare_loop(shape), shape=shape)
            out.append(_row("ceiling", shape, "uint8", "the bare loop", bare, _CEILING[shape], whole=False))
        if len(set(shape)) == 1 and shape[0] <= NAIVE_UP_TO:
            drawn = shape in _NAIVE
            out.append(_row("naive", shape, "int8", "np.matmul int32", peers.naive, _NAIVE.get(shape), drawn=drawn))
    thousand = (1024, 1024, 1024)
    out.append(
        _row(
            *("blas", thousand, "uint8", "float32 BLAS, AVX2", peers.blas, Line(must=1.0, aim=1.5, tiers=("avx2",))),
            whole=False,
            suffix="-avx2",
            environment=AVX2,
            drawn=True,
        )
    )
    best = Line(must=0.8, aim=1.1, tiers=("amx",))
    for kind, peer, call in (
        ("torch", "torch._int_mm, AMX", peers.torch_int_mm),
        ("onnx", "ONNX Runtime, AMX", partial(peers.onnx_matmul_integer, threads=1)),
    ):
        out.append(
            _row(kind, thousand, "uint8" if kind == "onnx" else "int8", peer, call, best, suffix="-amx", here_only=True)
        )
    for shape in ON_ALL_CORES:
        out += _against_peers(shape, 0)
    return [*out, _threads()]
