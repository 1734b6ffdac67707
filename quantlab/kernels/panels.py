"""What kernels on packed weights share: a panel is 16 columns, whose scales and zero points stand group by group.

Along k every group is padded to whole steps, with activations of 0; so a kernel knows no edge but that of the output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir

from .tiers import features
from .vectors import F32, I8, I16, I32, constant, instruction, load, offset, pick

COLUMNS = 16  # one vector of AVX-512, two of AVX2
STEP = {4: 32, 8: 8}  # k that a kernel takes at once, by the bits of a code
AHEAD = 4096  # bytes: a panel is read once, faster than the processor's own guess fetches it
AT_ONCE = 64 * COLUMNS  # columns packed at once, so that the copies on the way stay small


def by_panel(parameter: npt.NDArray[Any], groups: int, n: int) -> npt.NDArray[Any]:
    """Return a parameter panel by panel, group by group: (panels, groups, 16); the columns that are not there get 0."""
    panels = -(-n // COLUMNS)
    full = np.zeros((groups, panels * COLUMNS), parameter.dtype)
    full[:, :n] = parameter
    return np.ascontiguousarray(full.reshape(groups, panels, COLUMNS).swapaxes(0, 1))


def codes_by_panel(codes: npt.NDArray[Any], bits: int, size: int, groups: int, moved: int) -> npt.NDArray[Any]:
    """Return the codes panel by panel, each group padded to whole steps: bytes, or nibbles as `nibbles` describes."""
    n, deep = codes.shape[1], -(-size // STEP[bits]) * STEP[bits]
    panels = -(-n // COLUMNS)
    out = np.empty((panels, groups * deep * COLUMNS * bits // 8), np.uint8 if bits == 4 else np.int8)
    for left in range(0, n, AT_ONCE):
        part = codes[:, left : left + AT_ONCE]
        here = -(-part.shape[1] // COLUMNS)
        full = np.zeros((groups, deep, here * COLUMNS), out.dtype)
        for g in range(groups):
            rows = part[g * size : (g + 1) * size]
            # Modulo 256, which is what moves int8 to 0 to 15, or uint8 to int8.
            full[g, : rows.shape[0], : part.shape[1]] = (rows.view(np.uint8) + np.uint8(moved % 256)).view(out.dtype)
        if bits == 4:
            eights = full.reshape(groups * deep // 8, 2, 4, here, COLUMNS)
            words = (eights[:, 0] | eights[:, 1] << 4).transpose(2, 0, 3, 1)
        else:
            words = full.reshape(groups * deep, here, COLUMNS).swapaxes(0, 1)
        first = left // COLUMNS
        out[first : first + here] = words.reshape(here, -1)
    return out.reshape(-1)


def vector(ty: Any, lanes: int) -> Any:
    """Return the type of a vector."""
    return ir.VectorType(ty, lanes)


def filled(value: float, lanes: int, ty: Any = I32) -> Any:
    """Return the constant vector that holds `value` in every lane."""
    return ir.Constant(vector(ty, lanes), [value] * lanes)


def fused(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x · y + z of float32 vectors, in one rounding where the processor has that."""
    return instruction(builder, f"llvm.fmuladd.v{x.type.count}f32", x.type, x, y, z)


def prefetch(builder: Any, base: Any, size: int) -> None:
    """Ask for the `size` bytes that lie AHEAD of `base`; an address past the end does no harm."""
    for byte in range(0, size, 64):
        hints = [constant(hint, I32) for hint in (0, 3, 1)]  # to read, to stay in every cache, data
        instruction(builder, "llvm.prefetch.p0", ir.VoidType(), offset(builder, base, AHEAD + byte), *hints)


def scales(builder: Any, lanes: int, base: Any, half: bool) -> list[Any]:
    """Load a group's 16 scales, float32 or the bits of float16, as vectors of `lanes`."""
    reals = vector(F32, lanes)
    if not half:
        return [load(builder, base, 4 * at, reals, 4) for at in range(0, COLUMNS, lanes)]
    out = []
    for at in range(0, COLUMNS, lanes):
        if "f16c" in features():
            out.append(builder.fpext(load(builder, base, 2 * at, vector(ir.HalfType(), lanes), 2), reals))
            continue
        # Spelled out where it is no instruction: the exponents' biases differ by 127 − 15.
        bits = builder.zext(load(builder, base, 2 * at, vector(I16, lanes), 2), vector(I32, lanes))
        real = builder.bitcast(builder.shl(bits, filled(13, lanes)), reals)
        out.append(builder.fmul(real, filled(2.0**112, lanes, F32)))
    return out


def zero_points(builder: Any, lanes: int, base: Any) -> list[Any]:
    """Load a group's 16 zero points, 0 to 15: column j in the low half of byte j, column j + 8 in the high half."""
    both = builder.zext(load(builder, base, 0, vector(I8, 8)), vector(I32, 8))
    low, high = builder.and_(both, filled(15, 8)), builder.lshr(both, filled(4, 8))
    every = builder.shuffle_vector(low, high, constant(range(COLUMNS), I32))
    return [pick(builder, every, range(at, at + lanes)) for at in range(0, COLUMNS, lanes)]
