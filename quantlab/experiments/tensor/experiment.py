"""The Tensor page: what b bits do to an array. Settings in, every number of the page out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantlab.arrays import Array
from quantlab.arrays.builtin import SIZES, SOURCES, build
from quantlab.experiments import spelling
from quantlab.experiments.codec import address, choice, flag, itself, optional, whole
from quantlab.experiments.page import Recall, compute_anew, pin_in_use
from quantlab.experiments.tensor.part import (
    Charted,
    Part,
    chart,
    error_bins,
    one_scale,
    widest,
    worst,
)
from quantlab.numerals import rounded_up
from quantlab.quantizer import Quantizer
from quantlab.ranges import Summary, find_range, needs_histogram, summarise
from quantlab.records import ErrorReport
from quantlab.report import error_report
from quantlab.scheme import MAX_BITS, Granularity, MinMax, MinMSE, PerChannel, PerGroup, PerTensor, Range, Scheme

VIEWS = ("arithmetic", "bits", "channels", "codes", "code", "formulas", "data")
LARGEST_SEED = 2**31 - 1
MOST_BITS = MAX_BITS
MOST_SCALES = 2**19  # figures of each are kept: a link that asks for one a value would take gigabytes and minutes
MOST_SEARCHED_IN_GROUPS = 1_000_000  # values; MinMSE by group looks at each of them some hundred times


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page's controls say. Every combination is valid: `scheme` holds back what another field rules out."""

    data: str = address("data", choice(*SOURCES, spelling.YOURS), default="article")
    size: str = address("size", choice(*SIZES), default="10x10")
    seed: int = address("seed", whole(0, LARGEST_SEED), default=0)
    parameters: tuple[tuple[str, float], ...] = address("with", spelling.PARAMETERS, default=())
    bits: int = address("bits", whole(1, MAX_BITS), default=4)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    range: Range = address("range", spelling.RANGE, default=MinMax())
    granularity: Granularity = address("per", spelling.GRANULARITY, default=PerTensor())
    signed: bool = address("codes", flag(true="signed", false="unsigned"), default=True)
    narrow_range: bool = address("narrow", flag(true="yes", false="no"), default=False)
    symmetric_scale: str = address("scale", choice("half_range", "restricted", "full"), default="half_range")
    affine_range: str = address("zero", choice("include_zero", "clamped", "free"), default="include_zero")
    scale_dtype: str = address("kept", choice("working", "float32", "float16"), default="working")
    division: str = address("division", choice("divide", "reciprocal"), default="divide")
    rounding: str = address("rounding", choice("half_even", "half_away", "floor", "stochastic"), default="half_even")
    rounding_seed: int = address("dice", whole(0, LARGEST_SEED), default=0)
    zero_point_added: str = address("added", choice("after_rounding", "before_rounding"), default="after_rounding")
    overflow: str = address("overflow", choice("saturate", "wrap"), default="saturate")
    channel: int | None = address("channel", optional(whole(0, 10**8), none="worst"), default=None)
    element: int | None = address("element", optional(whole(0, 10**9), none="worst"), default=None)
    body: bool = address("axis", flag(true="body", false="whole"), default=False)
    view: str | None = address("view", optional(choice(*VIEWS)), default=None)
    map: str = address("map", choice("values", "codes", "errors"), default="values")
    library: str = address("library", choice("numpy", "onnxruntime", "torch"), default="numpy")
    compare: str = address("compare", choice("grid", "pinned", "nothing"), default="grid")
    pin: Settings | None = address("pin", itself(), default=None)

    def scheme(self, array: Array) -> Scheme:
        """Return the Scheme that these settings mean for an array; a field that cannot act here takes its default."""
        narrow = self.narrow_range and self.can_be_narrow
        restricted = self.symmetric_scale == "restricted"
        scheme: dict[str, Any] = {
            "bits": self.bits,
            "symmetric": self.symmetric,
            "signed": self.signed,
            "narrow_range": narrow,
            "symmetric_scale": "half_range" if restricted and not self.can_be_restricted else self.symmetric_scale,
            "affine_range": self.affine_range,
            "range": self.range,
            "granularity": fitting(self.granularity, array.values.shape),
            "scale_dtype": self.scale_dtype,
            "division": self.division,
            "rounding": self.rounding,
            "seed": self.rounding_seed,
            "zero_point_added": self.zero_point_added,
            "overflow": self.overflow,
        }
        if isinstance(self.range, MinMSE) and not can_search(self.granularity, array):
            scheme["range"] = MinMax()
        return Scheme(**scheme)

    def repaired(self) -> tuple[Settings, list[str]]:
        """Return settings whose parameters belong to the data and lie within their bounds; name what could not stay."""
        source = SOURCES.get(self.data)
        known = {} if source is None else {parameter.name: parameter for parameter in source.parameters}
        sound = tuple(
            (name, value)
            for name, value in self.parameters
            if name in known and known[name].lo <= value <= known[name].hi
        )
        # What equals its default is left out, so that equal states have equal settings.
        kept = tuple((name, value) for name, value in sound if value != known[name].default)
        return replace(self, parameters=kept), [] if sound == self.parameters else ["with"]

    @property
    def can_be_narrow(self) -> bool:
        """Whether leaving out the lowest code makes sense beside the other fields."""
        return self.bits > 1 and self.signed and self.overflow == "saturate"

    @property
    def can_be_restricted(self) -> bool:
        """Whether the restricted scale has a divisor: with one symmetric bit it would divide by 0."""
        return self.bits > 1 or not self.symmetric

    def with_data(self, name: str) -> Settings:
        """Return these settings with other data, which has parameters, channels, elements and a body of its own."""
        return replace(self, data=name, parameters=(), channel=None, element=None, body=False)

    def state(self) -> Settings:
        """Return these settings without what only says how the page looks at them."""
        blank = Settings()
        looks = ("channel", "element", "body", "view", "map", "library", "compare", "pin")
        return replace(self, **{name: getattr(blank, name) for name in looks})


def fitting(granularity: Granularity, shape: tuple[int, ...]) -> Granularity:
    """Return the granularity with an axis that an array of this shape has, and no more scales than a page can carry.

    Too many channels become one tensor; groups become larger, and one tensor where even whole lines are too many.

    Examples
    --------
    >>> fitting(PerChannel(3), (4, 6)), fitting(PerGroup(1), (2500, 4000)), fitting(PerChannel(1), (1, 10**7))
    (PerChannel(axis=1), PerGroup(size=20, axis=-1), PerTensor())
    """
    if isinstance(granularity, PerTensor):
        return granularity
    ndim = len(shape)
    if not -ndim <= granularity.axis < ndim:
        granularity = replace(granularity, axis=ndim - 1 if granularity.axis > 0 else 0)
    length = shape[granularity.axis]
    if isinstance(granularity, PerChannel):
        return granularity if length <= MOST_SCALES else PerTensor()
    groups = MOST_SCALES * length // max(1, math.prod(shape))  # of a line along the axis
    if not groups:
        return PerTensor()
    return replace(granularity, size=max(granularity.size, -(-length // groups)))


def can_search(granularity: Granularity, array: Array) -> bool:
    """Return whether the least squared error may be searched at this granularity."""
    fitted = fitting(granularity, array.values.shape)
    return not (isinstance(fitted, PerGroup) and array.values.size > MOST_SEARCHED_IN_GROUPS)


def built_in(settings: Settings) -> Array:
    """Return the built-in array that the settings name (never `yours`)."""
    return build(settings.data, size=settings.size, seed=settings.seed, **dict(settings.parameters))


@dataclass(frozen=True, eq=False)
class Compared:
    """The state that this one is compared with: "symmetric", "affine" or "pinned".

    `part` is what the charts draw of a pin, dashed; None where it has no such part, and for the other grid.
    """

    name: str
    settings: Settings
    array: Array
    summary: Summary
    quantizer: Quantizer
    report: ErrorReport
    part: Part | None


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that the page shows of a state.

    Attributes
    ----------
    summary : Summary
    quantizer : Quantizer
    report : ErrorReport
        Of the whole array.
    part : Part
        What the hero and the supporting charts show: the array, or one of its channels or groups.
    charted : Charted
        Which part that is, and over which axes.
    compared : Compared or None
    sqnr_with : callable
        Returns the SQNR in dB of the whole array under this scheme with another range; computed when it is called.
    """

    settings: Settings
    array: Array
    summary: Summary
    quantizer: Quantizer
    report: ErrorReport
    part: Part
    charted: Charted
    compared: Compared | None
    sqnr_with: Callable[[Range], float]

    @property
    def scheme(self) -> Scheme:
        """What the settings mean for this array."""
        return self.quantizer.scheme

    @property
    def index(self) -> int | None:
        """Which channel or group is charted; None where there is one scale for all."""
        return self.charted.index

    @property
    def pinned_part(self) -> Part | None:
        """What the charts draw of the pinned state, dashed; None without a pin, or where it has no such part."""
        return None if self.compared is None else self.compared.part


def run(
    settings: Settings, array: Array, *, pinned_array: Array | None = None, recall: Recall = compute_anew
) -> Result:
    """Compute everything that the page shows.

    Parameters
    ----------
    settings : Settings
    array : Array
        What `settings` name: built in, or the visitor's.
    pinned_array : Array, optional
        What the pinned settings name; without it a pin is not compared with.
    recall : Recall
        Where results are kept.

    Examples
    --------
    >>> result = run(Settings(), built_in(Settings()))
    >>> round(result.report.sqnr_db, 1), result.report.codes_used
    (21.7, 8)
    """
    now = _measured(settings, array, recall)
    index = None
    if now.quantizer.scheme.granularity != PerTensor():
        index = _charted_part(settings, now, recall)
    other = _compared(settings, array, pinned_array, recall)
    reach = [widest(now.quantizer, now.summary, index)]
    trace = None if other is None else _traced(other, now, index)
    if trace is not None:
        reach.append(widest(trace.quantizer, trace.summary, index))
    alone, bounds = one_scale(now.quantizer, now.summary, index)
    axis = rounded_up(max(reach))
    bins = error_bins(float(alone.scale), axis, int(bounds.counts.sum()))
    charted = Charted(index, settings.body, axis, bins)
    part = chart(array, now.quantizer, now.summary, charted, recall)
    compared = None
    if other is not None:
        drawn = None
        if trace is not None and other.name == "pinned":
            drawn = chart(trace.array, trace.quantizer, trace.summary, charted, recall)
        whole = drawn.report if drawn is not None and index is None else _report(other, recall)
        compared = Compared(other.name, other.settings, other.array, other.summary, other.quantizer, whole, drawn)
    report = part.report if index is None else _report(now, recall)

    def sqnr_with(value_range: Range) -> float:
        return _report(_measured(replace(settings, range=value_range), array, recall), recall).sqnr_db

    return Result(settings, array, now.summary, now.quantizer, report, part, charted, compared, sqnr_with)


@dataclass(frozen=True, eq=False)
class _Measured:
    """An array and its grid, before any pass over the errors."""

    name: str
    settings: Settings
    array: Array
    summary: Summary
    quantizer: Quantizer


def _charted_part(settings: Settings, now: _Measured, recall: Recall) -> int:
    report = _report(now, recall)
    last = now.summary.lo.size - 1
    if report.parts is None:
        return 0
    return min(worst(report.parts.sqnr_db) if settings.channel is None else settings.channel, last)


def _measured(settings: Settings, array: Array, recall: Recall, name: str = "") -> _Measured:
    scheme = settings.scheme(array)
    histogram = needs_histogram(array.values.shape, scheme)
    summary = recall(
        array,
        ("summary", scheme.granularity, histogram),
        lambda: summarise(array.values, scheme.granularity, histogram=histogram),
    )
    # A range that the codes do not enter is kept for all schemes; the search's is this scheme's own.
    key = ("range", scheme if isinstance(scheme.range, MinMSE) else (scheme.range, scheme.granularity))
    lo, hi = recall(array, key, lambda: find_range(array.values, scheme, summary))
    return _Measured(name, settings, array, summary, Quantizer.from_range(array.values, lo, hi, scheme))


def _report(measured: _Measured, recall: Recall) -> ErrorReport:
    array, quantizer, summary = measured.array, measured.quantizer, measured.summary
    key = ("report", quantizer.scheme)
    report: ErrorReport = recall(array, key, lambda: error_report(array.values, quantizer, summary=summary))
    return report


def _compared(settings: Settings, array: Array, pinned_array: Array | None, recall: Recall) -> _Measured | None:
    if (pin := pin_in_use(settings)) is not None and pinned_array is not None:
        return _measured(pin, pinned_array, recall, "pinned")
    if settings.compare == "grid":
        other = replace(settings, symmetric=not settings.symmetric)
        return _measured(other, array, recall, "symmetric" if other.symmetric else "affine")
    return None


def _traced(other: _Measured, now: _Measured, index: int | None) -> _Measured | None:
    """Return the compared state as it looks on the charted part, or None where it has no such part."""
    theirs, ours = other.quantizer.scheme.granularity, now.quantizer.scheme.granularity
    if index is None:
        return other if theirs == PerTensor() else None
    if other.array.digest != now.array.digest:
        return None
    if theirs == ours:
        return other
    if theirs != PerTensor():
        return None
    # One scale for the whole array, seen on the part that is charted.
    shape = np.shape(now.quantizer.scale)
    quantizer = Quantizer.from_parameters(
        np.full(shape, other.quantizer.scale),
        np.full(shape, other.quantizer.zero_point, np.int64),
        replace(other.quantizer.scheme, granularity=ours),
    )
    return replace(other, array=now.array, summary=now.summary, quantizer=quantizer)
