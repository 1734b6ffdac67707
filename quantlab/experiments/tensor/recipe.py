"""How a scale and a zero point come about, as lines of NumPy or PyTorch.

Where the rule is short it is written out; otherwise its result is stated, to the last bit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from quantlab.grid import symmetric_zero_point, zero_point_limits
from quantlab.scheme import FREE_ZERO_POINT, Fixed, MinMax, MinMSE, Percentile, PerGroup, Scheme

AnyArray = np.ndarray[Any, np.dtype[Any]]
Language = Literal["numpy", "torch"]

_LONGEST = 60  # characters of a list of scales; a longer one is read from the exported file
_HUGE = 1e300  # from about here hi − lo may be beyond float64, and the plain rule with it


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a snippet is written for.

    Attributes
    ----------
    scheme : Scheme
    scale, zero_point : arrays
        As the quantizer has them.
    shape : tuple of int
    dtype : dtype
        Of the values.
    working : dtype
        float32 or float64: the type of the quotient.
    export : str
        Name of the file with `scale` and `zero_point`.
    """

    scheme: Scheme
    scale: AnyArray
    zero_point: AnyArray
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    working: np.dtype[Any]
    export: str

    @property
    def alike(self) -> bool:
        """Whether one scale and one zero point serve the whole array."""
        return all(a.size > 0 and bool((a == a.flat[0]).all()) for a in (self.scale, self.zero_point))

    @property
    def centred(self) -> bool:
        """Whether the zero point is 0 whatever the values are, so that it can be left out."""
        return self.scheme.symmetric and self.scheme.signed

    @property
    def zero_points_differ(self) -> bool:
        """Whether one number does not do for all zero points."""
        return self.zero_point.size == 0 or bool((self.zero_point != self.zero_point.flat[0]).any())

    @property
    def axis(self) -> int:
        """Axis that has several scales, counted from the front; 0 per tensor."""
        return getattr(self.scheme.granularity, "axis", 0) % max(len(self.shape), 1)

    def ruled(self, language: Language) -> bool:
        """Return whether the rule itself gives these numbers in a few lines that hold for this array.

        It does not where a scale had to be held, where there may be no finite value, where the search is long, and
        in PyTorch where it computes otherwise: its quantile, and its float16, which it rounds twice.
        """
        scheme, range_ = self.scheme, self.scheme.range
        one = self.scale.size == 1 or isinstance(range_, Fixed)
        if not one or isinstance(range_, MinMSE) or not self.alike:
            return False
        if language == "torch" and (isinstance(range_, Percentile) or scheme.scale_dtype == "float16"):
            return False
        if isinstance(range_, Fixed):
            most = float(np.finfo(self.working).max)
            if max(abs(range_.lo), abs(range_.hi)) > most or len(set(_in_type(range_, self.working))) == 1:
                return False
        scale, zero_point = float(self.scale.flat[0]), int(self.zero_point.flat[0])
        kept = np.finfo(self.working if scheme.scale_dtype == "working" else scheme.scale_dtype)
        held = not kept.smallest_normal < scale < min(float(kept.max), _HUGE) or abs(zero_point) == FREE_ZERO_POINT
        nothing = scheme.qmin if not scheme.symmetric else symmetric_zero_point(scheme)
        return not held and (scale, zero_point) != (1.0, nothing)


def parameters(recipe: Recipe, language: Language, *, flat: bool = False) -> list[str]:
    """Return the lines that make `s` and, unless it is 0, `z`.

    Parameters
    ----------
    recipe : Recipe
    language : {"numpy", "torch"}
    flat : bool
        One-dimensional, where there are several; otherwise shaped as the quantizer's.
    """
    if recipe.ruled(language):
        return _rule(recipe, language)
    return _one_stated(recipe, language) if recipe.alike else _many_stated(recipe, language, flat)


def spread(recipe: Recipe, language: Language) -> list[str]:
    """Return the line that repeats each group's parameters for all of its values."""
    granularity = recipe.scheme.granularity
    if recipe.alike or not isinstance(granularity, PerGroup):
        return []
    n = recipe.shape[recipe.axis]
    size = min(granularity.size, n)  # a group that is longer than the axis is as long as the axis
    repeat = "repeat_interleave({size}, dim={axis})" if language == "torch" else "repeat({size}, axis={axis})"
    cut = f"[{':, ' * recipe.axis}:{n}]" if n % size else ""
    each = f".{repeat.format(size=size, axis=recipe.axis)}{cut}"
    line = f"s, z = s{each}, z{each}" if recipe.zero_points_differ else f"s = s{each}"
    return ["# The last group is shorter", line] if cut else [line]


def real(value: float, working: np.dtype[Any]) -> str:
    """Return the shortest decimal number that becomes exactly this value in the working type.

    >>> real(float(np.float32(0.1)), np.dtype("float32"))
    '0.1'
    """
    exact = working.type(value)
    # A decimal number is read as float64 first, and then rounded once more.
    return next(text for text in (str(exact), repr(float(exact))) if working.type(float(text)) == exact)


def _rule(recipe: Recipe, language: Language) -> list[str]:
    scheme, torch = recipe.scheme, language == "torch"
    lines = _ends(recipe, torch)
    if scheme.symmetric:
        half = 2 ** (scheme.bits - 1)
        divisor = {"half_range": half, "restricted": half - 1, "full": half - 0.5}[scheme.symmetric_scale]
        reason = {
            "half_range": f"2**{scheme.bits - 1} steps, though the highest code is one lower",
            "restricted": f"so that ±absmax become ±{half - 1}",
            "full": f"half of 2**{scheme.bits} - 1 steps",
        }[scheme.symmetric_scale]
        lines.append(f"s = {_rounded(f'absmax / {divisor}', recipe, torch)}  # {reason}")
        return lines if recipe.centred else [*lines, _middle(recipe)]
    width = f"(hi - lo) / {scheme.qmax - scheme.qmin}"
    if scheme.affine_range != "include_zero" and not isinstance(scheme.range, Fixed):
        width += " or abs(lo)"  # what is False in Python is 0: a constant array
    lines.append(f"s = {_rounded(width, recipe, torch)}")
    if torch:
        wide = "" if recipe.working == np.float32 else ", dtype=torch.float64"
        lines.append("# Not lo / s: PyTorch turns number / tensor into number * (1 / tensor).")
        steps = f"int(torch.round(torch.tensor(lo{wide}) / s))"
    else:
        steps = "int(np.rint(lo / s))"
    z = f"{scheme.qmin} - {steps}" if scheme.qmin else f"-{steps}"
    least, most = zero_point_limits(scheme)
    if scheme.affine_range == "free":
        return [*lines, f"z = {z}  # may lie far outside the codes"]
    return [*lines, f"z = min(max({z}, {least}), {most})"]


def _ends(recipe: Recipe, torch: bool) -> list[str]:
    """Return the lines that make `absmax`, or `lo` and `hi`, as Python's numbers: these are float64."""
    scheme, range_ = recipe.scheme, recipe.scheme.range
    if isinstance(range_, Fixed):
        return _ends_by_hand(recipe, range_)
    lines, values = [], "x"
    if recipe.dtype.kind not in "iub":
        values = "finite"
        lines.append(f"finite = {'x[x.isfinite()]' if torch else 'x[np.isfinite(x)]'}")
    if isinstance(range_, Percentile):
        wide = values if recipe.working == np.float64 else f"{values}.astype(np.float64)"
        narrow = "" if recipe.working == np.float64 else ".astype(np.float32)"
        p = f"{range_.p!r}"
        lines.append(f"lo, hi = np.percentile({wide}, [100 - {p}, {p}]){narrow}.tolist()")
        if scheme.symmetric:
            lines.append("absmax = max(abs(lo), abs(hi))")
        elif scheme.affine_range == "include_zero":
            lines.append("lo, hi = min(lo, 0.0), max(hi, 0.0)  # so that 0 is exact")
        return lines
    assert isinstance(range_, MinMax)
    if scheme.symmetric:
        lines.append(f"absmax = {f'{values}.abs().max().item()' if torch else f'float(np.abs({values}).max())'}")
    elif torch and scheme.affine_range == "include_zero":
        lines.append(f"lo, hi = min({values}.min().item(), 0.0), max({values}.max().item(), 0.0)  # so that 0 is exact")
    elif torch:
        lines.append(f"lo, hi = {values}.min().item(), {values}.max().item()")
    elif scheme.affine_range == "include_zero":
        lines.append(f"lo, hi = float({values}.min(initial=0)), float({values}.max(initial=0))  # so that 0 is exact")
    else:
        lines.append(f"lo, hi = float({values}.min()), float({values}.max())")
    return lines


def _ends_by_hand(recipe: Recipe, range_: Fixed) -> list[str]:
    lo, hi = _in_type(range_, recipe.working)
    rounded = "" if (lo, hi) == (range_.lo, range_.hi) else f"  # {range_.lo!r} and {range_.hi!r} in float32"
    if recipe.scheme.symmetric:
        return [f"absmax = {max(abs(lo), abs(hi))!r}{rounded}"]
    lines = [f"lo, hi = {lo!r}, {hi!r}{rounded}"]
    if recipe.scheme.affine_range == "include_zero" and not lo <= 0 <= hi:
        lines.append("lo, hi = min(lo, 0.0), max(hi, 0.0)  # so that 0 is exact")
    return lines


def _in_type(range_: Fixed, working: np.dtype[Any]) -> tuple[float, float]:
    return float(working.type(range_.lo)), float(working.type(range_.hi))


def _rounded(expression: str, recipe: Recipe, torch: bool) -> str:
    """Return the expression, which is float64, rounded to the scale's type and widened to the working type."""
    kept = recipe.scheme.scale_dtype
    if torch and recipe.working == np.float32:
        return f"torch.tensor({expression})"
    if torch:
        once = f"torch.tensor({expression}, dtype=torch.{'float64' if kept == 'working' else kept})"
        return once if kept == "working" else f"{once}.double()"
    if kept == "float16":
        expression = f"np.float16({expression})"
    elif kept == "float32" and recipe.working == np.float64:
        expression = f"np.float32({expression})"
    return f"np.{recipe.working.name}({expression})"


def _middle(recipe: Recipe) -> str:
    return f"z = {int(recipe.zero_point.flat[0])}  # the middle of the codes stands for 0"


def _one_stated(recipe: Recipe, language: Language) -> list[str]:
    value, name = real(float(recipe.scale.flat[0]), recipe.working), recipe.working.name
    stated = f"torch.tensor({value}{_wide(recipe)})" if language == "torch" else f"np.{name}({value})"
    lines = [f"# {_origin(recipe)}", f"s = {stated}"]
    if recipe.scheme.symmetric and not recipe.centred:
        return [*lines, _middle(recipe)]
    return lines if recipe.centred else [*lines, f"z = {int(recipe.zero_point.flat[0])}"]


def _many_stated(recipe: Recipe, language: Language, flat: bool) -> list[str]:
    torch = language == "torch"
    shape = ", ".join(str(n) for n in recipe.scale.shape)
    bent = "" if flat or recipe.scale.ndim == 1 else f".reshape({shape})"
    wide = _wide(recipe) if torch else f", np.{recipe.working.name}"
    scales = ", ".join(real(v, recipe.working) for v in recipe.scale.ravel().tolist())
    zeros = ", ".join(str(v) for v in recipe.zero_point.ravel().tolist())
    several = recipe.zero_points_differ
    if max(len(scales), len(zeros) if several else 0) <= _LONGEST:
        make = "torch.tensor" if torch else "np.array"
        lines = [f"# {_origin(recipe)}", f"s = {make}([{scales}]{wide}){bent}"]
        if several:
            lines.append(f"z = {make}([{zeros}]){bent}")
    else:
        lines = [
            f"# {_origin(recipe)}, from the exported file",
            f"saved = np.load({json.dumps(recipe.export, ensure_ascii=False)})",
        ]
        read = "torch.from_numpy(saved[{}])" if torch else "saved[{}]"
        s, z = (read.format(f'"{key}"') + (".ravel()" if flat else "") for key in ("scale", "zero_point"))
        lines.append(f"s, z = {s}, {z}" if several else f"s = {s}")
    if several or recipe.centred:
        return lines
    return [*lines, _middle(recipe) if recipe.scheme.symmetric else f"z = {int(recipe.zero_point.flat[0])}"]


def _wide(recipe: Recipe) -> str:
    return "" if recipe.working == np.float32 else ", dtype=torch.float64"


def _origin(recipe: Recipe) -> str:
    """Return where a stated scale comes from, in words."""
    range_, granularity = recipe.scheme.range, recipe.scheme.granularity
    if not recipe.alike:
        each = f"each index along axis {recipe.axis}"
        if isinstance(granularity, PerGroup):
            each = f"each group of {granularity.size} along axis {recipe.axis}"
        return f"The scale{' and zero point' if recipe.zero_points_differ else ''} of {each}"
    if isinstance(range_, MinMSE):
        return "Of the range with the least squared error, which takes a search"
    if isinstance(range_, Percentile):
        return f"Of the {range_.p:g}th percentile, found with NumPy"
    return "Of this array, to the last bit"
