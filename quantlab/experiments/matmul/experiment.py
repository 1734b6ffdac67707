"""The Integer matmul page: a float product becomes an integer product and comes back. Settings in, all numbers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.arrays import Array
from quantlab.experiments import spelling
from quantlab.experiments.codec import address, choice, flag, itself, optional, parsed, whole
from quantlab.experiments.matmul.operands import MOST_COLUMNS, MOST_ROWS, MOST_TERMS, PAIRS
from quantlab.experiments.page import Recall, compute_anew, pin_in_use
from quantlab.linear import Product, RunningSum, accumulate, quantized_matmul, running_sum
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import Granularity, PerChannel, PerGroup, PerTensor, Scheme

VIEWS = ("zero-points", "requantize", "accumulator", "error", "this-machine", "data")
ACCUMULATORS = {"int32": 32, "int16": 16, "int8": 8}
MOST_BITS = 8
MOST_SUMS = 2**22  # of all groups together: each group has an accumulator for every cell
LARGEST_SEED = 2**31 - 1
_WIDTH = whole(1, MOST_BITS)


def _read_width(text: str) -> int:
    return 0 if text == "same" else _WIDTH.read(text)


def _show_width(bits: int) -> str:
    return _WIDTH.show(bits) if bits else "same"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page's controls say. Every combination is valid; a cell beyond the product means its last one."""

    data: str = address("data", choice(*PAIRS, spelling.YOURS), default="article")
    own: str = address("own", choice("w", "x"), default="w")
    m: int = address("m", whole(1, MOST_ROWS), default=10)
    k: int = address("k", whole(1, MOST_TERMS), default=5)
    n: int = address("n", whole(1, MOST_COLUMNS), default=4)
    seed: int = address("seed", whole(0, LARGEST_SEED), default=0)
    bits: int = address("bits", whole(1, MOST_BITS), default=8)
    weight_bits: int = address("wbits", parsed(_read_width, _show_width), default=0)  # 0: as many as X
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    weight_symmetric: bool = address("wgrid", flag(true="symmetric", false="affine"), default=True)
    signed: bool = address("codes", flag(true="signed", false="unsigned"), default=True)
    per: str = address("xper", choice("tensor", "row"), default="tensor")
    weight_per: str = address("wper", choice("tensor", "column", "group"), default="tensor")
    group_size: int = address("group", whole(1, MOST_TERMS), default=32)
    accumulator: str = address("accumulator", choice(*ACCUMULATORS), default="int32")
    overflow: str = address("overflow", choice("wrap", "saturate"), default="wrap")
    row: int = address("row", whole(0, MOST_ROWS - 1), default=2)
    column: int = address("column", whole(0, MOST_COLUMNS - 1), default=1)
    output_symmetric: bool = address("out", flag(true="symmetric", false="affine"), default=True)
    rounding: str = address("rounding", choice("twice", "once"), default="twice")
    bias: bool = address("bias", flag(true="yes", false="no"), default=False)
    relu: bool = address("relu", flag(true="yes", false="no"), default=False)
    view: str | None = address("view", optional(choice(*VIEWS)), default=None)
    compare: str = address("compare", choice("grid", "pinned", "nothing"), default="grid")
    pin: Settings | None = address("pin", itself(), default=None)

    @property
    def shape(self) -> tuple[int, int, int]:
        """M, K and N as they are asked for; the visitor's array brings its own."""
        return self.m, self.k, self.n

    def schemes(self, shape: tuple[int, int, int]) -> tuple[Scheme, Scheme]:
        """Return the Schemes of X and of W for these M, K and N: groups grow where there would be too many sums."""
        m, k, n = shape
        group_size = max(self.group_size, -(-m * k * n // MOST_SUMS))
        x_granularity: Granularity = PerChannel(0) if self.per == "row" else PerTensor()
        kinds: dict[str, Granularity] = {"tensor": PerTensor(), "column": PerChannel(1)}
        w_granularity = kinds.get(self.weight_per, PerGroup(group_size, axis=0))
        # Unsigned symmetric codes are signed ones moved by half the range: nothing but another zero point.
        signed = self.signed or self.symmetric
        x = Scheme(bits=self.bits, symmetric=self.symmetric, signed=signed, granularity=x_granularity)
        w = Scheme(bits=self.weight_bits or self.bits, symmetric=self.weight_symmetric, granularity=w_granularity)
        return x, w

    def with_data(self, name: str) -> Settings:
        """Return these settings with other data."""
        return replace(self, data=name)

    def state(self) -> Settings:
        """Return these settings without what only says how the page looks at them."""
        blank = Settings()
        looks = ("view", "compare", "pin")
        return replace(self, **{name: getattr(blank, name) for name in looks})


@dataclass(frozen=True, eq=False)
class Side:
    """One matrix: its values, its grid, its codes."""

    array: Array
    quantizer: Quantizer
    codes: QTensor

    def each(self, parameter: Any) -> NDArray[Any]:
        """Return a parameter of the grid, its scale or its zero point, for each element: a view where it can be."""
        values, granularity = np.asarray(parameter), self.quantizer.scheme.granularity
        if isinstance(granularity, PerGroup):
            values = np.repeat(values, granularity.size, axis=granularity.axis)[: len(self.array.values)]
        return np.broadcast_to(values, self.array.values.shape)


@dataclass(frozen=True, eq=False)
class Multiplied:
    """A product under one state.

    Attributes
    ----------
    x, w : Side
    product : Product
        With an accumulator that never ends.
    exact : (M, N) float64
        Of the floats.
    accumulator : (groups, M, N) int32
        What the chosen accumulator holds in the end.
    values : (M, N) float64
        What that stands for.
    errors : (M, N) float64
        `values` less `exact`.
    """

    settings: Settings
    x: Side
    w: Side
    product: Product
    exact: NDArray[np.float64]
    accumulator: NDArray[np.int32]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]

    @property
    def group_size(self) -> int | None:
        """Neighbours along K that share a scale of W; None where all do."""
        granularity = self.w.quantizer.scheme.granularity
        return granularity.size if isinstance(granularity, PerGroup) else None

    @property
    def steps(self) -> NDArray[np.float64]:
        """What one step of each accumulator is worth: (groups, M, N), views."""
        scale = self.product.scale if self.group_size else self.product.scale[None]
        return np.broadcast_to(scale, self.accumulator.shape)

    def sum_of(self, row: int, column: int) -> RunningSum:
        """Return how a cell comes about, term by term."""
        return running_sum(
            self.x.codes,
            self.w.codes,
            row,
            column,
            bits=ACCUMULATORS[self.settings.accumulator],
            overflow=self.settings.overflow,  # type: ignore[arg-type]
            group_size=self.group_size,
        )


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that the page shows of a state, its views apart.

    Attributes
    ----------
    now : Multiplied
    row, column : int
        The chosen cell.
    sum : RunningSum
        How that cell comes about.
    compared : Multiplied or None
    compared_name : str
        "symmetric", "affine" or "pinned"; empty without one.
    remark : str
        What was done to the visitor's array.
    again : callable
        ``again(field=value, …)`` multiplies the same matrices under other settings, when it is called.
    """

    settings: Settings
    now: Multiplied
    row: int
    column: int
    sum: RunningSum
    compared: Multiplied | None
    compared_name: str
    remark: str
    again: Callable[..., Multiplied]

    @property
    def integers(self) -> list[int]:
        """What the chosen cell's accumulators hold in the end: one, or one a group."""
        return [int(v) for v in self.now.accumulator[:, self.row, self.column]]

    @property
    def value(self) -> float:
        """What they stand for."""
        return float(self.now.values[self.row, self.column])

    @property
    def exact(self) -> float:
        """The cell of the float product."""
        return float(self.now.exact[self.row, self.column])

    @property
    def zero_points(self) -> tuple[int, int]:
        """The zero points of the chosen cell's row of X and column of W; of groups the first."""
        zero_x = np.broadcast_to(np.asarray(self.now.x.quantizer.zero_point), (len(self.now.exact), 1))
        zero_w = np.atleast_2d(np.asarray(self.now.w.quantizer.zero_point))[0]
        return int(zero_x[self.row, 0]), int(zero_w[min(self.column, len(zero_w) - 1)])

    @property
    def bits(self) -> int:
        """How many bits the chosen cell's sum takes on its way, its sign included."""
        return int(self.sum.bits.max())


def run(
    settings: Settings,
    x: Array,
    w: Array,
    *,
    pinned: tuple[Array, Array] | None = None,
    recall: Recall = compute_anew,
    remark: str = "",
) -> Result:
    """Compute what the page shows.

    Parameters
    ----------
    settings : Settings
    x, w : Array
        (M, K) and (K, N), float32 and finite.
    pinned : (Array, Array), optional
        X and W of the pinned settings; without them a pin is not compared with.
    recall : callable
        Where products are kept, by the arrays' digests.
    remark : str
        What was done to the visitor's array.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from quantlab.experiments.matmul.operands import build
    >>> result = run(Settings(), *build("article", (10, 5, 4), 0))
    >>> result.integers, result.sum.sums.tolist()[-1], result.bits
    ([12040], 12040, 15)
    """
    now = multiplied(settings, x, w, recall)
    m, n = now.exact.shape
    row, column = min(settings.row, m - 1), min(settings.column, n - 1)
    total = now.sum_of(row, column)
    compared, name = None, ""
    if (pin := pin_in_use(settings)) is not None and pinned is not None:
        compared, name = multiplied(pin, *pinned, recall), "pinned"
    elif settings.compare == "grid":
        other = replace(settings, symmetric=not settings.symmetric)
        compared, name = multiplied(other, x, w, recall), "symmetric" if other.symmetric else "affine"

    def again(**fields: Any) -> Multiplied:
        return multiplied(replace(settings, **fields), x, w, recall)

    return Result(settings, now, row, column, total, compared, name, remark, again)


def multiplied(settings: Settings, x: Array, w: Array, recall: Recall = compute_anew) -> Multiplied:
    """Multiply in floats and in integers, with the accumulator that the settings name."""
    schemes = settings.schemes((*x.values.shape, w.values.shape[1]))
    key = ("product", x.digest, w.digest, *schemes, settings.accumulator, settings.overflow)

    def make() -> Multiplied:
        exact = recall(w, ("float product", x.digest, w.digest), lambda: float_product(x, w))
        return beside_floats(settings, x, w, exact)

    found: Multiplied = recall(w, key, make)
    return replace(found, settings=settings)


def float_product(x: Array, w: Array) -> NDArray[np.float64]:
    """Multiply two float32 matrices in float64: (M, N)."""
    if x.values.shape[1] != w.values.shape[0]:
        raise ValueError(
            f"X of shape {x.values.shape} does not fit W of shape {w.values.shape}; X's columns are W's rows."
        )
    product: NDArray[np.float64] = x.values.astype(np.float64) @ w.values.astype(np.float64)
    return product


def side(array: Array, scheme: Scheme) -> Side:
    """Quantize one matrix."""
    quantizer = Quantizer(array.values, scheme)
    codes = quantizer.quantize(array.values)
    return Side(array, quantizer, QTensor(codes, quantizer.scale, quantizer.zero_point))


def beside_floats(settings: Settings, x: Array, w: Array, exact: NDArray[np.float64]) -> Multiplied:
    """Multiply in integers, where the float product is known: (M, N)."""
    schemes = settings.schemes((*x.values.shape, w.values.shape[1]))
    x_side, w_side = side(x, schemes[0]), side(w, schemes[1])
    granularity = schemes[1].granularity
    group_size = granularity.size if isinstance(granularity, PerGroup) else None
    product = quantized_matmul(x_side.codes, w_side.codes, group_size=group_size)
    held = product.accumulator
    if settings.accumulator != "int32":
        held = accumulate(
            x_side.codes,
            w_side.codes,
            bits=ACCUMULATORS[settings.accumulator],
            overflow=settings.overflow,  # type: ignore[arg-type]
            group_size=group_size,
        )
    sums, scale = (held, product.scale) if group_size else (held[None], product.scale[None])
    values = (sums * scale).sum(axis=0)
    return Multiplied(settings, x_side, w_side, product, exact, sums, values, values - exact)
