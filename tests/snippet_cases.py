"""Arrays and schemes that snippets are tried on, drawn with a fixed seed, and the way to run one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from quantlab import Fixed, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.experiments.tensor.snippets import Snippet, snippet

OPTIONS: dict[str, list[Any]] = {
    "bits": [1, 2, 3, 4, 8, 12, 16],
    "symmetric": [True, False],
    "signed": [True, False],
    "narrow_range": [False, False, True],
    "symmetric_scale": ["half_range", "restricted", "full"],
    "affine_range": ["include_zero", "clamped", "free"],
    "range": [*[MinMax()] * 6, *[Percentile(99.9), Percentile(80), Fixed(-1, 1), Fixed(0.1, 0.7)] * 2, MinMSE()],
    "granularity": ["tensor", "channel", "group"],
    "scale_dtype": ["working", "float32", "float16"],
    "division": ["divide", "reciprocal"],
    "rounding": ["half_even", "half_away", "floor", "stochastic"],
    "seed": [0, 7, 2**63 - 1],
    "zero_point_added": ["after_rounding", "before_rounding"],
    "overflow": ["saturate", "wrap"],
}
SHAPES = [(40,), (6, 11), (3, 4, 5), (12, 7)]
KINDS = ["normal", "halves", "ties", "infinite", "far", "zeros", "constant"]
DTYPES = ["float32", "float32", "float64", "float16", "int8", "uint16", "int32", "bool"]


def scheme(rng: np.random.Generator, ndim: int, **fixed: Any) -> Scheme:
    """A valid Scheme; `fixed` fields as given, the others at random."""
    while True:
        chosen = {name: values[rng.integers(len(values))] for name, values in OPTIONS.items()} | fixed
        axis = int(rng.integers(-ndim, ndim))
        size = int(rng.integers(1, 9))
        granularities = {"tensor": PerTensor(), "channel": PerChannel(axis), "group": PerGroup(size, axis)}
        chosen["granularity"] = granularities.get(chosen["granularity"], chosen["granularity"])
        try:
            return Scheme(**chosen)
        except ValueError:  # options that exclude each other: draw again
            continue


def array(rng: np.random.Generator, shape: tuple[int, ...], kind: str, dtype: str, grid: Scheme) -> np.ndarray:
    """Values of a kind that may part one order of operations from another."""
    x = rng.normal(size=shape)
    if kind == "ties":
        x = rng.integers(-(2**grid.bits), 2**grid.bits + 1, shape) / 2.0**grid.bits
    elif kind == "far":
        x = 5 + rng.random(shape) * 10.0 ** rng.integers(-4, 1)
    elif kind in ("zeros", "constant"):
        x = np.full(shape, 0.0 if kind == "zeros" else rng.normal())
    if np.dtype(dtype).kind in "iub":
        info = np.iinfo("int8" if dtype == "bool" else dtype)
        x = np.clip(np.rint(x * 10.0 ** rng.integers(1, 5)), info.min, info.max).astype(dtype)
        return x % 2 == 0 if dtype == "bool" else x
    x = x.astype(dtype)
    if kind == "halves":
        # Halfway between two levels, as near as the type allows; the ends stay, and with them the range.
        quantizer = Quantizer(x, Scheme(**{**vars(grid), "granularity": PerTensor()}))
        scale = quantizer.scale.astype(dtype)
        near = (rng.integers(quantizer.qmin, quantizer.qmax + 1, shape) - quantizer.zero_point + 0.5) * scale
        near = near.astype(dtype)
        x = np.where((near > x.min()) & (near < x.max()) & (np.abs(x) < np.abs(x).max()), near, x)
    elif kind == "infinite":
        x.flat[::13], x.flat[5::17] = np.inf, -np.inf
    return x


def draw(
    count: int, seed: int, *, dtypes: list[str] = DTYPES, shape: tuple[int, ...] | None = None, **fixed: Any
) -> Iterator[tuple[np.ndarray, Scheme]]:
    """Arrays with a scheme each; the seed makes them the same every time."""
    rng = np.random.default_rng(seed)
    shapes = [shape] if shape else SHAPES
    for _ in range(count):
        shape = shapes[rng.integers(len(shapes))]
        asked = scheme(rng, len(shape), **fixed)
        kind, dtype = KINDS[rng.choice(len(KINDS), p=[0.3, 0.25, 0.15, 0.1, 0.1, 0.05, 0.05])], str(rng.choice(dtypes))
        yield array(rng, shape, kind, dtype, asked), asked


def difficult() -> list[tuple[np.ndarray, Scheme]]:
    """Arrays where the type of one intermediate result, or the order of two steps, decides about codes."""
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(4, 3000)).astype(np.float32)
    affine, before = {"symmetric": False}, {"symmetric": False, "zero_point_added": "before_rounding"}
    far = (1000 + rng.random(500) / 300).astype(np.float32)
    fallen = np.float32([0, 1, -1, 3e4, -3e4, 5e14, -5e14, 3e30, -3e30, np.inf, -np.inf, 0.3, 77.7])
    two = np.float32([1000, np.nextafter(np.float32(1000), np.float32(1001))])
    schemes = [
        *((two, Scheme(bits=bits, affine_range="free", **affine)) for bits in (1, 2, 3)),  # odd sums near 2**26
        # The last bit of the range moves codes.
        *((row, Scheme(bits=16, symmetric=i % 2 > 0, range=Percentile(80))) for i, row in enumerate(wide)),
        (wide, Scheme(bits=16, symmetric_scale="restricted", scale_dtype="float16")),
        (np.float32([1, 2, 3]), Scheme(**affine)),
        (wide, Scheme(bits=16, signed=False, granularity=PerChannel(0), **before)),  # float32 holds z + 7 bits of v
        (wide, Scheme(bits=16, signed=False, division="reciprocal", **before)),
        (wide, Scheme(bits=16, granularity=PerGroup(7), **before)),
        (far, Scheme(affine_range="free", **affine)),  # zero points beyond float32's integers
        (far, Scheme(affine_range="free", **before)),
        (np.stack([far, far * 2]), Scheme(affine_range="free", granularity=PerChannel(0), **affine)),
        (far, Scheme(affine_range="clamped", **affine)),
        (far, Scheme(**affine)),
        (np.full(4, 0.3, np.float32), Scheme(affine_range="free", **affine)),
        (np.int8([-128, 100, 50]), Scheme(bits=4)),  # |-128| is no int8
    ]
    for bits in (3, 8, 16):
        for added in ("after_rounding", "before_rounding"):
            wrap = {"bits": bits, "overflow": "wrap", "zero_point_added": added, "range": Fixed(-1, 3)}
            schemes += [(fallen, Scheme(symmetric=symmetric, **wrap)) for symmetric in (True, False)]
            schemes.append((fallen, Scheme(rounding="stochastic", seed=3, **wrap)))
            schemes.append((fallen, Scheme(rounding="half_away", signed=False, **wrap)))
    return [*schemes, *_zero_points_at_ties()]


def _zero_points_at_ties() -> list[tuple[np.ndarray, Scheme]]:
    """Ranges whose lower end lies half way between two steps, where lo / s and lo * (1 / s) round apart."""
    rng, found = np.random.default_rng(1), []
    scheme = Scheme(symmetric=False, affine_range="clamped")
    while len(found) < 5:
        step, steps = np.float32(rng.random()), rng.integers(1, 127) + np.float32(0.5)
        x = np.float32([-steps * step, 255 * step - steps * step, 0.1 * step])
        s = Quantizer(x, scheme).scale
        if np.rint(x[0] / s) != np.rint(x[0] * (1 / s)):
            found.append((x, scheme))
    return found


def written(library: str, x: np.ndarray, quantizer: Quantizer, folder: Path) -> Snippet:
    """The snippet for a quantizer, beside the export that it may read."""
    export = folder / "codes.npz"
    np.savez(export, scale=quantizer.scale, zero_point=quantizer.zero_point)
    return snippet(
        library,
        quantizer.scheme,
        quantizer.scale,
        quantizer.zero_point,
        x.shape,
        x.dtype,
        export=export.as_posix(),
    )


def run(code: str, x: np.ndarray) -> np.ndarray:
    """What a learner gets who runs the code."""
    names: dict[str, Any] = {"x": x}
    exec(compile(code, "snippet", "exec"), names)
    return np.asarray(names["codes"])


def disagreement(library: str, x: np.ndarray, asked: Scheme, folder: Path) -> str:
    """The code, and how its result differs from the library's own codes; or nothing."""
    quantizer = Quantizer(x, asked)
    found = written(library, x, quantizer, folder)
    if found.code is None:
        return ""
    expected, codes = quantizer.quantize(x), run(found.code, x)
    if codes.dtype == expected.dtype and np.array_equal(codes, expected):
        return ""
    return f"{asked}\n{x!r}\n{found.code}\n{codes!r}\n{expected!r}"
