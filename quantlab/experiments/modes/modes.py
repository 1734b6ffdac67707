"""A network in one of the modes: its weights in codes, its layers chained, and what a batch costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from quantlab.experiments.modes.subject import Subject
from quantlab.linear import (
    Cost,
    Dynamic,
    QuantizedWeight,
    Static,
    WeightOnly,
    dynamic_cost,
    float_cost,
    quantize_weight,
    static_cost,
    weight_only_cost,
    weight_wire,
)
from quantlab.nn import Network
from quantlab.observers import OBSERVERS
from quantlab.quantizer import Quantizer
from quantlab.records import QTensor
from quantlab.scheme import PerChannel, PerTensor, Scheme

F32 = NDArray[np.float32]
FLOAT, WEIGHT_ONLY, DYNAMIC, STATIC = MODES = ("float32", "weight-only", "dynamic", "static")
_AT_ONCE = 32  # rows that an observer is shown at a time
_FEW = 32  # rows: smaller batches go through side by side


@dataclass(frozen=True)
class Grids:
    """The Schemes of weights and of activations."""

    weight: Scheme
    activations: Scheme

    @property
    def calibrated(self) -> Scheme:
        """The activations' Scheme where the range is known beforehand: a row has none yet, so there is one for all."""
        fields = {name: getattr(self.activations, name) for name in ("bits", "symmetric", "signed")}
        return Scheme(**fields, granularity=PerTensor())


def weight_scheme(bits: int, per: str) -> Scheme:
    """Return the Scheme of weights: symmetric with both ends alike, but for 1 bit, which has no such grid.

    >>> weight_scheme(8, "channel").symmetric_scale, weight_scheme(1, "tensor").symmetric_scale
    ('restricted', 'half_range')
    """
    granularity = PerChannel(0) if per == "channel" else PerTensor()
    return Scheme(bits=bits, symmetric_scale="restricted" if bits > 1 else "half_range", granularity=granularity)


def calibrated(network: Network, rows: F32, observer: str) -> list[tuple[float, float]]:
    """Return the range of what enters each layer of the float network, as an observer finds it.

    >>> from quantlab.experiments.modes.subject import build
    >>> subject = build("digits", 0)
    >>> calibrated(subject.network, subject.known[:100], "minmax")[0]
    (0.0, 1.0)
    """
    observers = [OBSERVERS[observer].make() for _ in network.layers]
    for start in range(0, len(rows), _AT_ONCE):
        for own, values in zip(observers, network.activations(rows[start : start + _AT_ONCE]), strict=False):
            own.update(values)
    ranges = [own.range() for own in observers]
    return [(float(lo[0]), float(hi[0])) for lo, hi in ranges]


@dataclass(frozen=True, eq=False)
class Chain:
    """A network whose layers run in one mode.

    Attributes
    ----------
    mode : str
    layers : list of WeightOnly, Dynamic or Static; or of None for float32
    batch : int or None
        Rows that must go through together, where the result depends on it.
    """

    mode: str
    network: Network
    layers: Sequence[Any]
    batch: int | None = None

    def trace(self, x: F32) -> list[Any]:
        """Return what leaves each layer for one batch: float32 arrays, or QTensors between static layers."""
        if self.mode == FLOAT:
            return list(self.network.activations(x)[1:])
        found: list[Any] = []
        for layer in self.layers:
            found.append(layer(found[-1] if found else x))
        return found

    def __call__(self, x: F32) -> F32:
        """Return the logits of any number of rows, batch by batch."""
        size = self.batch or max(1, len(x))
        whole = len(x) // size * size if self.batch and size < _FEW else 0
        found = [self._side_by_side(x[:whole], size)] if whole else []
        found += [self.trace(x[at : at + size])[-1] for at in range(whole, len(x), size)]
        return np.concatenate(found)

    def _side_by_side(self, x: F32, batch: int) -> F32:
        """Return the logits of many small batches, each with its range, in one call a layer: calls take the time."""
        values: Any = x
        for layer in self.layers:
            together = values.reshape(len(values) // batch, -1)
            grid = Quantizer(together, replace(layer.activations, granularity=PerChannel(0)))
            scale, zero = (np.repeat(each, batch, axis=0) for each in (grid.scale, grid.zero_point))
            values = layer(QTensor(grid.quantize(together).reshape(values.shape), scale, zero))
        return np.asarray(values, np.float32)


# What follows from a network's weights alone goes with the network: a visitor's must not outlive their session.
_KEPT: WeakKeyDictionary[Network, dict[tuple[str, Scheme], Any]] = WeakKeyDictionary()
_MOST_KEPT = 8  # schemes of a network


def _kept(network: Network, what: str, scheme: Scheme, make: Callable[[], Any]) -> Any:
    own = _KEPT.setdefault(network, {})
    found = own.get((what, scheme))
    if found is None:
        found = make()
        while len(own) >= _MOST_KEPT:
            own.pop(next(iter(own)), None)
        own[what, scheme] = found
    return found


def quantized_weights(network: Network, scheme: Scheme) -> tuple[QuantizedWeight, ...]:
    """Return the weights of all layers in codes.

    >>> [weight.shape for weight in quantized_weights(Network.drawn(), weight_scheme(4, "tensor"))]
    [(32, 64), (32, 32), (10, 32)]
    """

    def make() -> tuple[QuantizedWeight, ...]:
        return tuple(quantize_weight(layer.weight, scheme, bias=layer.bias) for layer in network.layers)

    found: tuple[QuantizedWeight, ...] = _kept(network, "codes", scheme, make)
    return found


def chain(mode: str, network: Network, grids: Grids, ranges: Sequence[tuple[float, float]], batch: int) -> Chain:
    """Put a network into a mode.

    Parameters
    ----------
    mode : str
        One of MODES.
    network : Network
    grids : Grids
    ranges : sequence of (lo, hi)
        Of what enters each layer; static reads them.
    batch : int
        Rows whose range dynamic finds together.
    """
    if mode == FLOAT:
        return Chain(mode, network, [None] * len(network.layers))
    weights, last = quantized_weights(network, grids.weight), len(network.layers) - 1
    relu = [n < last for n in range(last + 1)]
    if mode == WEIGHT_ONLY:
        return _weight_only(network, grids.weight)
    if mode == DYNAMIC:
        scheme = grids.activations
        if batch == 1:  # a row alone has its own range either way; by row all of them go through in one call
            scheme = replace(scheme, granularity=PerChannel(0))
        own = [Dynamic(w, scheme, relu=r) for w, r in zip(weights, relu, strict=True)]
        return Chain(mode, network, own, batch if isinstance(scheme.granularity, PerTensor) else None)
    entering: list[Quantizer | None] = [grid(lo, hi, grids.calibrated) for lo, hi in ranges]
    following = [*entering[1:], None]  # a layer writes on the grid of the next one; the last gives float32
    chained = [
        Static(w, input=i, output=o, relu=r) for w, i, o, r in zip(weights, entering, following, relu, strict=True) if i
    ]
    return Chain(mode, network, chained)


def _weight_only(network: Network, scheme: Scheme) -> Chain:
    # Neither batch, nor calibration, nor the grid of the activations changes the layers.
    def make() -> list[WeightOnly]:
        weights, last = quantized_weights(network, scheme), len(network.layers) - 1
        return [WeightOnly(weight, relu=n < last) for n, weight in enumerate(weights)]

    return Chain(WEIGHT_ONLY, network, _kept(network, "weight-only", scheme, make))


def grid(lo: float, hi: float, scheme: Scheme) -> Quantizer:
    """Return the quantizer of a range, for float32 arrays of any shape."""
    return Quantizer.from_range(np.empty(0, np.float32), np.array([lo]), np.array([hi]), scheme)


def costs(mode: str, subject: Subject, grids: Grids, batch: int) -> tuple[Cost, ...]:
    """Return what each whole layer of a subject moves and computes for a batch.

    >>> from quantlab.experiments.modes.subject import build
    >>> grids = Grids(weight_scheme(8, "channel"), Scheme(symmetric=False))
    >>> [cost.bytes_read for cost in costs("static", build("digits", 0), grids, 64)][1:]
    [11520, 2448]
    """
    last = len(subject.shapes) - 1
    return tuple(
        _cost(mode, shape, grids, batch, first=n == 0, last=n == last) for n, shape in enumerate(subject.shapes)
    )


def _cost(mode: str, shape: tuple[int, int], grids: Grids, batch: int, *, first: bool, last: bool) -> Cost:
    if mode == FLOAT:
        return float_cost(batch, *shape, bias=True)
    if mode == WEIGHT_ONLY:
        return weight_only_cost(batch, weight_wire(shape, grids.weight, stored_bits(grids.weight)), bias=True)
    weight, codes = weight_wire(shape, grids.weight, 8), grids.activations.dtype.name
    if mode == DYNAMIC:
        return dynamic_cost(batch, weight, codes=codes, bias=True)
    return static_cost(batch, weight, codes=codes, output=None if last else codes, bias=True, quantized=not first)


def without_scales(network: Network, scheme: Scheme, x: F32) -> F32:
    """Return the logits of weight-only whose weights never meet their scales: the codes multiply as they are.

    >>> network = Network([([[0.5]], [0.25])])
    >>> without_scales(network, weight_scheme(8, "tensor"), np.float32([[2.0]])).tolist()
    [[254.25]]
    """
    weights = quantized_weights(network, scheme)
    layers = [
        (weight.codes.astype(np.float32), layer.bias) for weight, layer in zip(weights, network.layers, strict=True)
    ]
    return Network(layers)(x)


def stored_bits(scheme: Scheme) -> int:
    """Return the bits that weight-only stores a code in.

    >>> stored_bits(weight_scheme(3, "tensor")), stored_bits(weight_scheme(5, "tensor"))
    (4, 8)
    """
    return 4 if scheme.bits <= 4 else 8
