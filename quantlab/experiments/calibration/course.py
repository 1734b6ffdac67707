"""How one observer fares while batches pass: its range after each, and what that range costs on other data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.calibration.stream import F32, Stream
from quantlab.observers import OBSERVERS as KINDS
from quantlab.observers import MovingAverageObserver, Observer, Parts, PercentileObserver
from quantlab.quantizer import Quantizer
from quantlab.report import error_report
from quantlab.scheme import PerTensor, Scheme

Floats = NDArray[np.float64]
_UNTRIED = (np.nan, np.nan, np.nan, 0, np.nan, np.nan, np.nan)
OBSERVERS = ("minmax", "percentile", "average", "mse", "entropy")


@dataclass(frozen=True, eq=False)
class Course:
    """One observer's way through the batches; arrays of one entry a batch.

    Attributes
    ----------
    name, label : str
    lo, hi : float64 arrays
        The range that it would choose after each batch.
    scale, zero_point : float64 and int64 arrays
        Of the codes over that range.
    sqnr_db : float64 array
        On the data that were held back.
    clipped : float64 array
        Share of these that lie beyond the codes.
    accuracy : float64 array or None
        Share that the network reads right with this one layer quantized so.
    """

    name: str
    label: str
    lo: Floats
    hi: Floats
    scale: Floats
    zero_point: NDArray[np.int64]
    sqnr_db: Floats
    clipped: Floats
    accuracy: Floats | None

    @property
    def heading(self) -> str:
        """The label as a sentence begins with it."""
        return self.label[0].upper() + self.label[1:]


@dataclass(frozen=True)
class Knobs:
    """What observers can be set to: the percentile in percent, and a new batch's share of the moving average."""

    p: float
    constant: float


def make(name: str, scheme: Scheme, knobs: Knobs, granularity: Parts = PerTensor()) -> Observer:
    """Return a new observer that has seen nothing.

    >>> make("percentile", Scheme(), Knobs(99.0, 0.1)).p
    99.0
    """
    if name == "percentile":
        return PercentileObserver(knobs.p, granularity)
    if name == "average":
        return MovingAverageObserver(knobs.constant, granularity)
    return KINDS[name].new(scheme, granularity)


def label(name: str, knobs: Knobs) -> str:
    """Return an observer's name as people read it.

    >>> label("percentile", Knobs(99.5, 0.1)), label("mse", Knobs(99.5, 0.1))
    ('percentile 99.5', 'MSE')
    """
    return f"percentile {knobs.p:g}" if name == "percentile" else KINDS[name].label


def course(name: str, stream: Stream, scheme: Scheme, knobs: Knobs, only: int | None = None) -> Course:
    """Let an observer watch a stream, and try its range after every batch.

    Parameters
    ----------
    name : str
        One of OBSERVERS.
    stream : Stream
    scheme : Scheme
        Of the codes.
    knobs : Knobs
    only : int, optional
        The one batch, from 0, after which the range is tried; everything is NaN (the zero point 0) elsewhere.

    Examples
    --------
    >>> from quantlab.experiments.calibration.stream import build
    >>> stream = build("first", 0, odd=4.0, odd_at=20, size=1, tail=4.0)
    >>> found = course("minmax", stream, Scheme(bits=4, symmetric=False), Knobs(99.9, 0.1))
    >>> bool((np.diff(found.hi) >= 0).all()), bool(found.sqnr_db[18] > found.sqnr_db[19] + 9)
    (True, True)
    """
    observer = make(name, scheme, knobs)
    known: dict[tuple[float, float], tuple[Any, ...]] = {}
    rows: list[tuple[Any, ...]] = []
    for at, batch in enumerate(stream.batches):
        if only is not None and at > only:
            rows.append(_UNTRIED)
            continue
        observer.update(batch)
        if only is not None and at < only:
            rows.append(_UNTRIED)
            continue
        lo, hi = observer.range()
        ends = float(lo[0]), float(hi[0])
        if ends not in known:
            known[ends] = ends + _tried(stream, Quantizer.from_range(stream.held, lo, hi, scheme))
        rows.append(known[ends])
    lows, highs, scales, zeros, sqnr, clipped, right = zip(*rows, strict=True)
    return Course(
        name,
        label(name, knobs),
        np.array(lows, np.float64),
        np.array(highs, np.float64),
        np.array(scales, np.float64),
        np.array(zeros, np.int64),
        np.array(sqnr, np.float64),
        np.array(clipped, np.float64),
        None if stream.finish is None else np.array(right, np.float64),
    )


def _tried(stream: Stream, quantizer: Quantizer) -> tuple[Any, ...]:
    report = error_report(stream.held, quantizer)
    values: F32 = quantizer.fake_quantize(stream.held)
    right = None if stream.finish is None else stream.finish(values)
    return float(quantizer.scale), int(quantizer.zero_point), report.sqnr_db, report.clipped, right
