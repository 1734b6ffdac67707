"""Random inputs: arrays of every supported type, value, shape and memory layout; every valid Scheme."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantlab import Fixed, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Scheme

FLOATS = ("float16", "float32", "float64", "bfloat16")
INTEGERS = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = FLOATS + INTEGERS

examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def dtype_of(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def elements(name: str, *, finite: bool = True, moderate: bool = False) -> st.SearchStrategy[Any]:
    """Values of a type: ties of small steps, zeros, ordinary, and (unless moderate) subnormal and huge ones."""
    if name == "bool":
        return st.booleans()
    dtype = dtype_of(name)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return st.integers(max(info.min, -(2**53)), min(info.max, 2**53))
    info = ml_dtypes.finfo(dtype)
    width = 32 if name == "bfloat16" else dtype.itemsize * 8
    largest = float(info.max)
    ties = st.builds(lambda k, m: (k + 0.5) * 2.0**-m, st.integers(-40, 40), st.integers(0, 6))
    ordinary = st.floats(-8, 8, width=16)
    choices = [ties, st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1]), ordinary]
    if not moderate:
        tiny = float(info.smallest_normal)
        choices.append(st.floats(-largest, largest, width=width))
        choices.append(st.floats(-tiny, tiny, width=width))
        choices.append(st.sampled_from([largest, -largest, largest / 2, tiny, -tiny, float(info.smallest_subnormal)]))
    if not finite:
        choices.append(st.sampled_from([np.nan, np.inf, -np.inf]))
    return st.one_of(choices)


@st.composite
def arrays(
    draw: st.DrawFn,
    dtypes: tuple[str, ...] = DTYPES,
    *,
    finite: bool = True,
    moderate: bool = False,
    min_dims: int = 0,
    min_side: int = 0,
    max_side: int = 4,
) -> np.ndarray:
    """An array in some memory layout."""
    name = draw(st.sampled_from(dtypes))
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=min_side, max_side=max_side))
    size = int(np.prod(shape, dtype=int))
    values = draw(st.lists(elements(name, finite=finite, moderate=moderate), min_size=size, max_size=size))
    with np.errstate(over="ignore"):
        return laid_out(draw, np.array(values, dtype=dtype_of(name)).reshape(shape))


def laid_out(draw: st.DrawFn, x: np.ndarray) -> np.ndarray:
    """The same values, stored another way."""
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed", "read-only"]))
    if layout == "F":
        return np.asfortranarray(x) if x.ndim else x
    if layout == "strided" and x.ndim:
        holder = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        holder[..., ::2] = x
        return holder[..., ::2]
    if layout == "reversed" and x.ndim:
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "read-only":
        x = x.copy()
        x.flags.writeable = False
    return x


def granularities(ndim: int) -> st.SearchStrategy[Any]:
    if ndim == 0:
        return st.just(PerTensor())
    axes = st.integers(-ndim, ndim - 1)
    return st.one_of(
        st.just(PerTensor()), st.builds(PerChannel, axis=axes), st.builds(PerGroup, st.integers(1, 7), axis=axes)
    )


def ranges(*, with_mse: bool = True) -> st.SearchStrategy[Any]:
    percentiles = st.floats(50, 100, exclude_min=True).map(Percentile)
    fixed = st.tuples(st.floats(-100, 100), st.floats(2.0**-10, 100)).map(lambda p: Fixed(p[0], p[0] + p[1]))
    return st.one_of(st.just(MinMax()), percentiles, fixed, *([st.just(MinMSE())] if with_mse else []))


@st.composite
def schemes(draw: st.DrawFn, *, ndim: int | None = None, with_mse: bool = True, **fixed: Any) -> Scheme:
    """A valid Scheme; `fixed` fields are as given, and the others are chosen so that they do not clash."""
    options: dict[str, Any] = {
        "bits": st.integers(1, 16),
        "symmetric": st.booleans(),
        "signed": st.booleans(),
        "narrow_range": st.booleans(),
        "symmetric_scale": st.sampled_from(["half_range", "restricted", "full"]),
        "affine_range": st.sampled_from(["include_zero", "clamped", "free"]),
        "range": ranges(with_mse=with_mse),
        "granularity": granularities(3 if ndim is None else ndim),
        "scale_dtype": st.sampled_from(["working", "float32", "float16"]),
        "division": st.sampled_from(["divide", "reciprocal"]),
        "rounding": st.sampled_from(["half_even", "half_away", "floor", "stochastic"]),
        "seed": st.integers(0, 2**63 - 1),
        "zero_point_added": st.sampled_from(["after_rounding", "before_rounding"]),
        "overflow": st.sampled_from(["saturate", "wrap"]),
    }
    chosen = {name: fixed[name] if name in fixed else draw(option) for name, option in options.items()}
    clash = chosen["bits"] == 1 or not chosen["signed"] or chosen["overflow"] == "wrap"
    if clash and "narrow_range" not in fixed:
        chosen["narrow_range"] = False
    one_bit = chosen["bits"] == 1 and chosen["symmetric"]
    if one_bit and chosen["symmetric_scale"] == "restricted" and "symmetric_scale" not in fixed:
        chosen["symmetric_scale"] = "half_range"
    return Scheme(**chosen)


@st.composite
def cases(
    draw: st.DrawFn,
    dtypes: tuple[str, ...] = DTYPES,
    *,
    finite: bool = True,
    moderate: bool = False,
    min_side: int = 0,
    with_mse: bool = True,
    **fixed: Any,
) -> tuple[np.ndarray, Scheme]:
    """An array and a Scheme whose granularity fits it."""
    x = draw(arrays(dtypes, finite=finite, moderate=moderate, min_side=min_side))
    return x, draw(schemes(ndim=x.ndim, with_mse=with_mse, **fixed))
