"""Inside a layer: every array between x and y in each mode, and what every step of it reads, writes and computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantlab.experiments.modes.experiment import Result
from quantlab.experiments.modes.modes import DYNAMIC, FLOAT, MODES, STATIC, WEIGHT_ONLY
from quantlab.linear import Step, Wire
from quantlab.numerals import code, num, size_text
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor

AnyArray = np.ndarray[Any, np.dtype[Any]]
HEADS = ("array", "how", "type", "shape", "range", "of the first row")
_SHOWN = 4  # values of the first row, enough to follow one of them


@dataclass(frozen=True, eq=False)
class Stage:
    """One array on the way through a layer.

    Attributes
    ----------
    name, rule : str
        What it is, and how it came about.
    values : array (batch, width)
    """

    name: str
    rule: str
    values: AnyArray

    def columns(self) -> tuple[str, str, str, str, str, str]:
        """Return name, rule, type, shape, range and the first values, as people read them."""
        write = code if self.values.dtype.kind in "iu" else num
        row = self.values[0] if len(self.values) else self.values.reshape(-1)
        # The values that say most: the largest of the first row and its neighbours in memory.
        at = max(0, min(int(np.abs(row.astype(np.float64)).argmax()) - 1, len(row) - _SHOWN))
        some = ", ".join(write(value) for value in row[at : at + _SHOWN].tolist())
        lo, hi = (write(value.item()) for value in (self.values.min(), self.values.max()))
        shape = "×".join(map(str, self.values.shape))
        return self.name, self.rule, self.values.dtype.name, shape, f"{lo} to {hi}", some


def stages(result: Result, mode: str) -> list[Stage]:
    """Return the arrays of one batch in the layer that is shown.

    Parameters
    ----------
    result : Result
    mode : str
        One of MODES.

    Examples
    --------
    >>> from quantlab.experiments.modes import Settings, run
    >>> [stage.values.dtype.name for stage in stages(run(Settings()), "static")]
    ['int8', 'int32', 'int32', 'int8']
    """
    batch = result.live[: result.settings.batch]
    chain, layer = result.chains[mode], result.layer
    through = chain.trace(batch)
    x, y = batch if layer == 0 else through[layer - 1], through[layer]
    last = layer == len(result.subject.network.layers) - 1
    if mode in (FLOAT, WEIGHT_ONLY):
        return _real_stages(result, mode, x, y, last)
    own = chain.layers[layer]
    found = []
    if isinstance(x, QTensor):
        codes, zero, scale = x.codes, x.zero_point, x.scale
    else:
        grid = own.input if mode == STATIC else Quantizer(x, own.activations)
        codes, zero, scale = grid.quantize(x), grid.zero_point, grid.scale
        found.append(Stage("x", "as it comes", x))
    how = "calibrated" if mode == STATIC else "of this batch"
    one = np.size(scale) == 1
    words = (
        f"s = {num(float(np.ravel(scale)[0]))}, z = {code(int(np.ravel(zero)[0]))}" if one else "s and z of each row"
    )
    found.append(Stage("x codes", f"rint(x / s) + z, {words}, {how}", codes))
    sums = ((codes.astype(np.int64) - zero) @ own.weight.codes.astype(np.int64).T).astype(np.int32)
    found.append(Stage("sums", "Σ (x codes − z) · w codes, exact", sums))
    if isinstance(y, QTensor):
        found.append(Stage("sums + bias", "bias in steps of the sums", sums + own.bias_codes))
        found.append(Stage("y codes", "rint(sums · scale x · scale w / scale y) + z of y, ReLU by clamping", y.codes))
        return found
    found.append(Stage("y", f"sums · scale x · scale w + bias{'' if last else ', ReLU'}", y))
    return found


def _real_stages(result: Result, mode: str, x: AnyArray, y: AnyArray, last: bool) -> list[Stage]:
    relu = "" if last else ", ReLU"
    if mode == FLOAT:
        weight = result.subject.network.layers[result.layer].weight
        return [
            Stage("x", "as it comes", x),
            Stage("w", "as it was trained", weight),
            Stage("y", f"x · wᵀ + bias{relu}", y),
        ]
    own = result.chains[mode].layers[result.layer].weight
    return [
        Stage("x", "as it comes", x),
        Stage("w codes", "what is stored", own.codes),
        Stage("w", "w codes · scale, a few at a time", own.dequantized()),
        Stage("y", f"x · wᵀ + bias{relu}", y),
    ]


def columns(found: list[Stage]) -> dict[str, list[str]]:
    """Return stages as a table."""
    return dict(zip(HEADS, map(list, zip(*(stage.columns() for stage in found), strict=True)), strict=True))


def steps(result: Result) -> dict[str, list[str]]:
    """Return every step of the layer that is shown, in each mode: what is float in it, what it moves and computes.

    >>> from quantlab.experiments.modes import Settings, run
    >>> table = steps(run(Settings()))
    >>> table["step"][-2:], table["is float"][-2:]
    (['product', 'requantize'], ['nothing', 'the multiplier'])
    """
    rows: list[tuple[str, ...]] = []
    for mode in MODES:
        found = result.outcomes[mode].costs[result.layer].steps
        rows += [(mode, step.name, *_step(step, mode)) for step in found]
    heads = ("mode", "step", "reads", "writes", "is float", "bytes", "integer MACs", "float MACs")
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))


def _step(step: Step, mode: str) -> tuple[str, str, str, str, str, str]:
    moved = sum(wire.nbytes for wire in (*step.reads, *step.writes))
    return (
        ", ".join(_wire(wire) for wire in step.reads),
        ", ".join(_wire(wire) for wire in step.writes) or "a scale and a zero point",
        _float_part(step, mode),
        size_text(moved),
        num(float(step.integer_multiply_adds)) if step.integer_multiply_adds else "0",
        num(float(step.float_multiply_adds)) if step.float_multiply_adds else "0",
    )


def _wire(wire: Wire) -> str:
    return f"{wire.name} {wire.dtype}"


def _float_part(step: Step, mode: str) -> str:
    if step.name == "requantize":
        return "the multiplier"
    if step.name == "product":
        if mode in (FLOAT, WEIGHT_ONLY):
            return "everything" if mode == FLOAT else "all but the stored weight"
        real = any(wire.dtype == "float32" for wire in step.writes)
        return "scales, bias and result" if real else "nothing"
    return "input and scale" if mode in (DYNAMIC, STATIC) else "everything"
