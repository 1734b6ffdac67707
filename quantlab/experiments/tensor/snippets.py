"""The same codes from another library: ten lines of NumPy, ONNX Runtime or PyTorch for a Scheme.

A snippet expects the array `x` and ends with `codes`. Where a library has no such codes, one sentence says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.tensor.recipe import Language, Recipe, parameters, spread
from quantlab.grid import working_type
from quantlab.scheme import PerGroup, Scheme

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # splitmix64's
_ONNX_BITS = (2, 4, 8, 16)
_ONNX_NUMBERS = {"uint4": 21, "int4": 22, "uint2": 25, "int2": 26}  # TensorProto.DataType


@dataclass(frozen=True)
class Snippet:
    """Code that a learner can run, or why there is none.

    Attributes
    ----------
    code : str or None
        Python; it reads `x` and makes `codes`.
    reason : str or None
        Where there is no code: one sentence.
    remark : str
        What the library's own operators do otherwise, or nothing.
    """

    code: str | None
    reason: str | None = None
    remark: str = ""


@dataclass(frozen=True)
class Library:
    """A library that snippets are written for."""

    label: str
    write: Callable[[Recipe], Snippet]


def snippet(
    library: str,
    scheme: Scheme,
    scale: Any,
    zero_point: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    export: str = "codes.npz",
) -> Snippet:
    """Return code that gives exactly the codes of a quantizer, from an array `x` that it was made for.

    Parameters
    ----------
    library : str
        A key of LIBRARIES.
    scheme : Scheme
    scale, zero_point : float and int, or arrays
        As the Quantizer has them.
    shape : tuple of int
    dtype : dtype
        Of x.
    export : str
        Name of the ``.npz`` with `scale` and `zero_point`, which the code reads where they are many.

    Raises
    ------
    ValueError
        If there is no such library.

    Examples
    --------
    >>> from quantlab import Quantizer
    >>> x = np.array([-1.0, 0.1, 0.99], np.float32)
    >>> q = Quantizer(x, bits=4)
    >>> print(snippet("numpy", q.scheme, q.scale, q.zero_point, x.shape, x.dtype).code)
    import numpy as np
    <BLANKLINE>
    # x: float32 array of shape (3,)
    finite = x[np.isfinite(x)]
    absmax = float(np.abs(finite).max())
    s = np.float32(absmax / 8)  # 2**3 steps, though the highest code is one lower
    codes = np.clip(np.rint(x / s), -8, 7).astype(np.int8)
    """
    if library not in LIBRARIES:
        raise ValueError(f"library must be one of {', '.join(LIBRARIES)}, got {library!r}; choose one of these.")
    scales, zero_points = np.asarray(scale), np.asarray(zero_point, np.int64)
    return LIBRARIES[library].write(Recipe(scheme, scales, zero_points, shape, dtype, working_type(dtype), export))


def _numpy(recipe: Recipe) -> Snippet:
    lines = ["import numpy as np", "", *_input(recipe), *parameters(recipe, "numpy"), *spread(recipe, "numpy")]
    return Snippet("\n".join([*lines, *_numpy_codes(recipe)]), remark=_stated(recipe, "numpy"))


def _input(recipe: Recipe) -> list[str]:
    lines = [f"# x: {recipe.dtype.name} array of shape {recipe.shape}"]
    if recipe.dtype != recipe.working:
        lines.append(f"x = x.astype(np.{recipe.working.name})")
    return lines


def _numpy_codes(recipe: Recipe) -> list[str]:
    scheme, holder = recipe.scheme, f"np.{recipe.scheme.dtype.name}"
    free = scheme.affine_range == "free" and not scheme.symmetric
    before = scheme.zero_point_added == "before_rounding" and not recipe.centred
    after = "" if before or recipe.centred else " + z"
    v = "x / s" if scheme.division == "divide" else "x * (1 / s)"
    if before:
        # int64 with float32 would be float64: the sum is rounded as the quotient is.
        v += f" + z.astype(np.{recipe.working.name})" if recipe.zero_points_differ else " + z"
    lines = []
    if scheme.rounding == "half_away":
        lines.append(f"part, whole = np.modf({v})")
        lines.append("whole += np.trunc(2 * part)  # a part of 0.5 or more is 1 more: ties go away from 0")
        r = "whole"
    elif scheme.rounding == "stochastic":
        start = f"{scheme.seed} + " if scheme.seed else ""
        lines += [
            "i = np.arange(1, x.size + 1, dtype=np.uint64)",
            f"u = {start}{_GOLDEN:#x} * i  # splitmix64: each index has its own random number",
            f"u = (u ^ (u >> 30)) * {_MIX_1:#x}",
            f"u = (u ^ (u >> 27)) * {_MIX_2:#x}",
            "u = ((u ^ (u >> 31)) >> 11).reshape(x.shape) * 2.0**-53  # 0 <= u < 1",
            f"v = np.clip({v}, -(2.0**62), 2.0**62)  # infinity has no fraction",
        ]
        lines.append("whole = np.floor(v) + (u < v - np.floor(v))")
        r = "whole"
    else:
        r = f"np.{'rint' if scheme.rounding == 'half_even' else 'floor'}({v})"
    if scheme.overflow == "wrap":
        lines += [
            "# Beyond 2**53 float64 no longer tells integers apart: there, codes saturate.",
            f"whole = np.clip({r}, -(2.0**62), 2.0**62).astype(np.int64){after}",
            f"wrapped = {_modulo('whole', scheme)}",
            f"held = np.clip(whole, {scheme.qmin}, {scheme.qmax})",
            f"codes = np.where(np.abs(whole) <= 2**53, wrapped, held).astype({holder})",
        ]
        return lines
    if after and free and not recipe.zero_points_differ and recipe.working == np.float32:
        lines.append(f"whole = {r}.astype(np.float64)  # float32 is too coarse for a large zero point")
        r = "whole"
    return [*lines, f"codes = np.clip({r}{after}, {scheme.qmin}, {scheme.qmax}).astype({holder})"]


def _modulo(u: str, scheme: Scheme) -> str:
    """Return the integer modulo 2^bits, within the codes."""
    low = -scheme.qmin
    return f"({u} + {low}) % {2**scheme.bits} - {low}" if low else f"{u} % {2**scheme.bits}"


def _stated(recipe: Recipe, language: Language) -> str:
    if recipe.ruled(language):
        return ""
    return "The code takes the scale and zero point of this array as they are; another array needs its own."


def _onnx_runtime(recipe: Recipe) -> Snippet:
    reason = _onnx_reason(recipe)
    if reason:
        return Snippet(None, reason)
    scheme, granularity = recipe.scheme, recipe.scheme.granularity
    flat, attribute = True, "" if recipe.alike else f" <axis = {recipe.axis}>"
    if isinstance(granularity, PerGroup) and not recipe.alike:
        size = min(granularity.size, recipe.shape[recipe.axis])
        flat, attribute = False, f" <axis = {recipe.axis}, block_size = {size}>"
    lines = ["import numpy as np", "import onnx", "import onnxruntime", "", *_input(recipe)]
    lines += parameters(recipe, "numpy", flat=flat)
    holder, dims = scheme.dtype.name, _dims(recipe.shape)
    scales = "" if recipe.alike else _dims(recipe.scale.shape if not flat else (recipe.scale.size,))
    body = [f"codes = QuantizeLinear{attribute} (x, s, z)"]
    opset, ir = (25, 11) if scheme.bits == 2 else (21, 10)
    if scheme.bits < 8:
        narrow = holder.replace("8", str(scheme.bits))
        number, wide = _ONNX_NUMBERS[narrow], 3 if scheme.signed else 2
        lines.append(
            f"# NumPy has no {narrow}, ONNX's type {number}: codes and zero point are handed over as {holder}."
        )
        body = [
            f"zero = Cast <to = {number}> (z)",
            f"narrow = QuantizeLinear{attribute} (x, s, zero)",
            f"codes = Cast <to = {wide}> (narrow)",
        ]
    lines += [
        'model = onnx.parser.parse_model("""',
        f'    <ir_version: {ir}, opset_import: ["": {opset}]>',
        f"    quantize (float{dims} x, float{scales} s, {holder}{scales} z) => ({holder}{dims} codes) {{",
        *(f"        {line}" for line in body),
        "    }",
        '""")',
        "session = onnxruntime.InferenceSession(model.SerializeToString())",
        f'inputs = {{"x": x, "s": np.asarray(s), "z": np.full_like(s, {"0" if recipe.centred else "z"}, np.{holder})}}',
        'codes = session.run(["codes"], inputs)[0]',
    ]
    return Snippet("\n".join(lines), remark=_dynamic(recipe) or _stated(recipe, "numpy"))


def _dims(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(str(n) for n in shape)}]" if shape else ""


def _dynamic(recipe: Recipe) -> str:
    if recipe.scheme != Scheme(symmetric=False, signed=False):
        return ""
    return (
        "DynamicQuantizeLinear finds scale, zero point and codes in one operator, but computes the scale in float32: "
        "its last bit may differ, and with it the code of a value near a tie."
    )


def _onnx_reason(recipe: Recipe) -> str:
    """Return why QuantizeLinear does not give these codes, or nothing."""
    scheme, kind = recipe.scheme, recipe.scheme.dtype.name
    roundings = {
        "half_away": "it does not round them away from 0",
        "floor": "it does not round down",
        "stochastic": "it does not round at random",
    }
    if scheme.bits not in _ONNX_BITS:
        return f"ONNX has no {scheme.bits}-bit type: its QuantizeLinear makes codes of 2, 4, 8 or 16 bits."
    if recipe.working == np.float64:
        return f"QuantizeLinear takes no float64, in which {recipe.dtype.name} values are quantized here."
    if scheme.narrow_range:
        return f"QuantizeLinear uses every code of its type, so that it may also give {scheme.qmin - 1}."
    if scheme.division == "reciprocal":
        return "QuantizeLinear divides by the scale: near a tie, x · (1/s) may give another code than x / s."
    if scheme.rounding != "half_even":
        return f"QuantizeLinear rounds to nearest with ties to even: {roundings[scheme.rounding]}."
    if scheme.zero_point_added == "before_rounding" and not recipe.centred:
        return "QuantizeLinear adds the zero point after rounding: added before, it moves ties."
    if scheme.overflow == "wrap":
        return "QuantizeLinear saturates: values beyond the range do not wrap around."
    outside = recipe.zero_point[(recipe.zero_point < scheme.qmin) | (recipe.zero_point > scheme.qmax)]
    if outside.size:
        name = kind if scheme.bits >= 8 else kind.replace("8", str(scheme.bits))
        return f"ONNX keeps the zero point in the type of the codes, and {int(outside.flat[0])} is no {name}."
    return ""


def _torch(recipe: Recipe) -> Snippet:
    rows = parameters(recipe, "torch")
    lines = ["import numpy as np"] if any("np." in row for row in rows) else []
    convert = "x" if recipe.dtype == recipe.working else f'x.astype("{recipe.working.name}")'
    lines += [
        "import torch",
        "",
        f"# x: {recipe.dtype.name} array of shape {recipe.shape}",
        f"x = torch.tensor({convert})",
    ]
    lines += [*rows, *spread(recipe, "torch"), *_torch_codes(recipe)]
    remarks = [_native(recipe), _stated(recipe, "torch")]
    return Snippet("\n".join(lines), remark=" ".join(remark for remark in remarks if remark))


def _torch_codes(recipe: Recipe) -> list[str]:
    scheme, holder = recipe.scheme, f"torch.{recipe.scheme.dtype.name}"
    before = scheme.zero_point_added == "before_rounding" and not recipe.centred
    after = "" if before or recipe.centred else " + z"
    v = ("x / s" if scheme.division == "divide" else "x * (1 / s)") + (" + z" if before else "")
    lines = []
    if scheme.rounding == "half_away":
        lines.append(f"v = {v}")
        lines.append("whole = v.sign() * torch.ceil(torch.floor(2 * v.abs()) / 2)  # ties go away from 0")
        r = "whole"
    elif scheme.rounding == "stochastic":
        start = f"{scheme.seed} + " if scheme.seed else ""
        golden, mix_1, mix_2 = (c - 2**64 for c in (_GOLDEN, _MIX_1, _MIX_2))
        lines += [
            "# splitmix64: each index has its own random number. int64 wraps as uint64; masks drop shifted-in signs.",
            "i = torch.arange(1, x.numel() + 1)",
            f"u = {start}{golden} * i",
            f"u = (u ^ ((u >> 30) & (2**34 - 1))) * {mix_1}",
            f"u = (u ^ ((u >> 27) & (2**37 - 1))) * {mix_2}",
            "u = ((u ^ ((u >> 31) & (2**33 - 1))) >> 11) & (2**53 - 1)",
            "u = u.reshape(x.shape).double() * 2.0**-53  # 0 <= u < 1",
            f"v = {v}",
        ]
        lines.append("whole = v.floor() + (u < v - v.floor())")
        r = "whole"
    else:
        r = f"torch.{'round' if scheme.rounding == 'half_even' else 'floor'}({v})"
    if scheme.overflow == "wrap":
        return [
            *lines,
            "# Beyond 2**53 float64 no longer tells integers apart: there, codes saturate.",
            f"whole = torch.clamp({r}, -(2.0**62), 2.0**62).long(){after}",
            f"wrapped = {_modulo('whole', scheme)}",
            f"held = whole.clamp({scheme.qmin}, {scheme.qmax})",
            f"codes = torch.where(whole.abs() <= 2**53, wrapped, held).to({holder})",
        ]
    if after and scheme.affine_range == "free" and not scheme.symmetric and recipe.working == np.float32:
        lines.append(f"whole = {r}.double()  # float32 is too coarse for a large zero point")
        r = "whole"
    return [*lines, f"codes = torch.clamp({r}{after}, {scheme.qmin}, {scheme.qmax}).to({holder})"]


def _native(recipe: Recipe) -> str:
    """Return what PyTorch's own operators make of this scheme, where they come near it."""
    scheme = recipe.scheme
    grouped = isinstance(scheme.granularity, PerGroup) and not recipe.alike
    other = scheme.rounding != "half_even" or scheme.overflow == "wrap" or recipe.working == np.float64
    if grouped or other or (recipe.zero_point < scheme.qmin).any() or (recipe.zero_point > scheme.qmax).any():
        return ""
    each = "tensor" if recipe.alike else "channel"
    fake, direct = f"torch.fake_quantize_per_{each}_affine", f"torch.quantize_per_{each}"
    direct_fits = scheme.bits == 8 and not scheme.narrow_range
    if scheme.zero_point_added == "before_rounding" and not recipe.centred:
        if direct_fits and scheme.division == "reciprocal":
            return f"{direct} takes these steps too, but may round product and sum in one: ties may fall otherwise."
        return f"{fake} adds the zero point after rounding: near a tie its code may be another."
    if scheme.division == "divide":
        return f"{fake} multiplies by 1 / s instead of dividing by s: near a tie its code may be another."
    if direct_fits and recipe.centred:
        return f"{direct} gives these codes too, but is deprecated."
    return f"{fake} takes the same steps, but returns (codes − z) · s."


LIBRARIES: dict[str, Library] = {
    "numpy": Library("NumPy", _numpy),
    "onnxruntime": Library("ONNX Runtime", _onnx_runtime),
    "torch": Library("PyTorch", _torch),
}
