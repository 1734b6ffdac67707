"""Arrays that come with the house: each shows one thing that quantization does.

All are float32 and follow from name, size, seed and parameters alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays.array import Array

F32 = NDArray[np.float32]
Shape = tuple[int, int]
T = TypeVar("T")

_SHAPES = ((10, 10), (100, 100), (1000, 1000), (2500, 4000))
ASSETS = Path(__file__).resolve().parents[2] / "assets"
SIZES: dict[str, Shape] = {f"{rows}x{columns}": (rows, columns) for rows, columns in _SHAPES}
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Parameter:
    """One number that shapes a source: its name in an address, its control's words, default, bounds and step."""

    name: str
    label: str
    default: float
    lo: float
    hi: float
    step: float
    help: str


@dataclass(frozen=True)
class Source:
    """One entry of the Data menu.

    Attributes
    ----------
    name, label, help : str
        In an address; in the menu; one sentence of definition.
    make : callable
        ``make(shape, seed, **parameters)`` gives a new float32 array, or one of its own shape where it is not sized.
    parameters : tuple of Parameter
    sized, seeded : bool
        Whether size and seed have a say.
    """

    name: str
    label: str
    help: str
    make: Callable[..., F32]
    parameters: tuple[Parameter, ...] = ()
    sized: bool = True
    seeded: bool = True


def build(name: str, *, size: str = "10x10", seed: int = 0, **parameters: float) -> Array:
    """Build one of the SOURCES.

    Parameters
    ----------
    name : str
        A key of SOURCES.
    size : str
        A key of SIZES; only sized sources read it.
    seed : int
        0 to 2^63 − 1; only seeded sources read it.
    **parameters : float
        By their names; each is held between its bounds, and what is not given has its default.

    Returns
    -------
    Array
        float32; the same arguments give the same bytes on the same machine.

    Raises
    ------
    ValueError
        If a name, a size or a parameter is unknown, a parameter is NaN, or the seed is out of bounds.

    Examples
    --------
    >>> print(build("article").values[0, :3])
    [0.5488135  0.71518934 0.60276335]
    >>> bool(build("uniform", lo=5, hi=6).values.min() >= 5)
    True
    """
    source = _known("data", name, SOURCES)
    shape = _known("size", size, SIZES)
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must be 0 to 2^63 − 1, got {seed}; choose another.")
    for given in parameters:
        _known(f"parameter of {name}", given, {p.name: p for p in source.parameters})
    held = {p.name: _held(p, parameters.get(p.name, p.default)) for p in source.parameters}
    values = source.make(shape, seed, **held)
    values.flags.writeable = False
    return Array.of(values, source.label)


def _known(kind: str, name: str, among: dict[str, T]) -> T:
    if name not in among:
        raise ValueError(f"{kind} must be {' or '.join(among) or 'left out'}, got {name!r}; choose one of these.")
    return among[name]


def _held(parameter: Parameter, value: float) -> float:
    if math.isnan(value):
        raise ValueError(f"{parameter.name} must be a number, got NaN; {parameter.default:g} is the default.")
    return min(max(float(value), parameter.lo), parameter.hi)


def _normals(shape: Shape, seed: int) -> F32:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def _article(shape: Shape, seed: int) -> F32:
    # The article's own generator and bits. It takes 32 bits of seed as they are and longer seeds in words.
    words = seed if seed < 2**32 else [seed % 2**32, seed >> 32]
    return np.random.RandomState(words).rand(*shape).astype(np.float32)


def _normal(shape: Shape, seed: int, mean: float, std: float) -> F32:
    values = _normals(shape, seed)
    values *= np.float32(std)
    values += np.float32(mean)
    return values


def _uniform(shape: Shape, seed: int, lo: float, hi: float) -> F32:
    lo, hi = min(lo, hi), max(lo, hi)
    values = np.random.default_rng(seed).random(shape, dtype=np.float32)
    values *= np.float32(hi - lo)
    values += np.float32(lo)
    # The sum is rounded, which may carry it past an end by one unit in the last place.
    np.clip(values, np.float32(lo), np.float32(hi), out=values)
    return values


def _laplace(shape: Shape, seed: int) -> F32:
    return np.random.default_rng(seed).laplace(size=shape).astype(np.float32)


def _student(shape: Shape, seed: int, df: float) -> F32:
    return np.random.default_rng(seed).standard_t(df, size=shape).astype(np.float32)


def _relu(shape: Shape, seed: int) -> F32:
    values = _normals(shape, seed)
    return np.maximum(values, np.float32(0), out=values)


def _silu(shape: Shape, seed: int, std: float) -> F32:
    values = _normal(shape, seed, 0, std)
    values /= 1 + np.exp(-values)
    return values


def _bimodal(shape: Shape, seed: int, gap: float) -> F32:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape, dtype=np.float32)
    side = rng.integers(0, 2, shape, dtype=np.int8)
    values += np.float32(gap) * (side - np.float32(0.5))
    return values


def _outlier(shape: Shape, seed: int, share: float, factor: float) -> F32:
    values = _normals(shape, seed)
    flat = values.reshape(-1)
    # One is an ordinary value for every seed, a third of a standard deviation, so that a single outlier is as far out
    # as the factor says, and not by chance inside the bulk or ten times as far. The others are drawn.
    ordinary = int(np.abs(np.abs(flat) - np.float32(1 / 3)).argmin())
    count = max(1, round(share * flat.size))
    others = np.random.default_rng([seed, 1]).choice(flat.size - 1, count - 1, replace=False, shuffle=False)
    others[others >= ordinary] += 1
    flat[ordinary] *= np.float32(factor)
    flat[others] *= np.float32(factor)
    return values


def _channels(shape: Shape, seed: int, factor: float) -> F32:
    return _normals(shape, seed) * np.geomspace(1, factor, shape[0], dtype=np.float32)[:, None]


def _trained(shape: Shape, seed: int) -> F32:
    layer: F32 = np.load(ASSETS / "trained" / "trained_layer.npy", allow_pickle=False)
    return layer


def _ties(shape: Shape, seed: int) -> F32:
    return np.arange(-16, 17, dtype=np.float32) / np.float32(16)


_SOURCES = (
    Source("article", "article rand", "Uniform in [0, 1) from NumPy's rand: the article's example.", _article),
    Source(
        "normal",
        "normal",
        "Bell-shaped, as most weights nearly are.",
        _normal,
        (
            Parameter("mean", "Mean", 0, -100, 100, 0.1, "Centre of the bell."),
            Parameter("std", "Standard deviation", 1, 0.01, 100, 0.1, "Width of the bell: 68 % lie within one of it."),
        ),
    ),
    Source(
        "uniform",
        "uniform",
        "Equally likely everywhere between two ends.",
        _uniform,
        (
            Parameter("lo", "From", -1, -1000, 1000, 0.1, "One end; the two are put in order."),
            Parameter("hi", "To", 1, -1000, 1000, 0.1, "The other end; the two are put in order."),
        ),
    ),
    Source("laplace", "Laplace", "Exponential to both sides: more small and more large values than normal.", _laplace),
    Source(
        "student",
        "Student t",
        "Heavy tails: a few values lie very far out.",
        _student,
        (
            Parameter(
                "df", "Degrees of freedom", 3, 1, 100, 1, "Fewer give heavier tails: 1 is Cauchy, 100 near normal."
            ),
        ),
    ),
    Source("relu", "ReLU of normal", "max(0, v) of normal v: half of the values are exactly 0.", _relu),
    Source(
        "silu",
        "SiLU of normal",
        "v / (1 + exp(−v)) of normal v: never below −0.28, with a tail upwards.",
        _silu,
        (Parameter("std", "Standard deviation", 2, 0.1, 10, 0.1, "Width of v; the wider, the more it is like ReLU."),),
    ),
    Source(
        "bimodal",
        "two humps",
        "Two normal humps of width 1 with a valley between them.",
        _bimodal,
        (Parameter("gap", "Gap", 8, 0, 100, 0.5, "Distance of the two centres, in standard deviations of a hump."),),
    ),
    Source(
        "outlier",
        "normal, outliers",
        "Normal, with a small share of the values multiplied by a factor.",
        _outlier,
        (
            Parameter("share", "Share", 1e-4, 1e-4, 0.1, 1e-4, "Part of the values that are multiplied; at least one."),
            Parameter("factor", "Factor", 50, 1, 1000, 1, "What they are multiplied by."),
        ),
    ),
    Source(
        "channels",
        "unequal channels",
        "Normal rows, each wider than the one before it.",
        _channels,
        (Parameter("factor", "Factor", 100, 1, 10_000, 1, "How many times wider the last row is than the first."),),
    ),
    Source(
        "trained",
        "trained layer",
        "First weights, 32 × 64, of a small network that reads handwritten digits.",
        _trained,
        sized=False,
        seeded=False,
    ),
    Source(
        "ties",
        "ties",
        "k/16 for k from −16 to 16: at 4 bits every second one lies midway between two codes.",
        _ties,
        sized=False,
        seeded=False,
    ),
)
SOURCES: dict[str, Source] = {source.name: source for source in _SOURCES}
