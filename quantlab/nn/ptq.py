"""Quantization after training: watch activations on a calibration set, find the scales once, round once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from quantlab.kernels.float_tiles import affine
from quantlab.observers import OBSERVERS
from quantlab.quantizer import Quantizer

from .hidden import HIDDEN
from .network import Network
from .simulation import Recipe, SimulatedLayer, Simulation

F32 = npt.NDArray[np.float32]
Ranges = list[tuple[float, float]]


def observe(network: Network, x: Any, observer: str = "minmax") -> Ranges:
    """Return the range of what enters each layer of a float network.

    Parameters
    ----------
    network : Network
    x : (n, features) real numbers
        The calibration set, one row or more.
    observer : str
        A key of `quantlab.observers.OBSERVERS`.

    Returns
    -------
    list of (lo, hi), one a layer

    Raises
    ------
    ValueError
        If there is no such observer, or the calibration set is empty.

    Examples
    --------
    >>> observe(Network([([[2.0]], [0.0]), ([[1.0]], [0.0])]), [[-1.0], [3.0]])
    [(-1.0, 3.0), (0.0, 6.0)]
    """
    if observer not in OBSERVERS:
        raise ValueError(f"observer must be {' or '.join(OBSERVERS)}, got {observer!r}; choose one of these.")
    found: Ranges = []
    for values in network.activations(x)[:-1]:
        watching = OBSERVERS[observer].make()
        watching.update(values)
        lo, hi = watching.range()
        found.append((float(lo[0]), float(hi[0])))
    return found


def convert(network: Network, ranges: Ranges, recipe: Recipe) -> Simulation:
    """Put weights and activations onto their grids: weights by their own range, activations by the ranges given.

    Parameters
    ----------
    network : Network
    ranges : list of (lo, hi)
        From `observe`, one a layer.
    recipe : Recipe

    Raises
    ------
    ValueError
        If there is not one range a layer.

    References
    ----------
    Krishnamoorthi 2018, section 3.1.

    Examples
    --------
    >>> simulation = convert(Network([([[1.0, -0.4]], [0.0])]), [(0.0, 1.0)], Recipe(bits=2))
    >>> simulation.layers[0].codes.tolist(), simulation.layers[0].input_grid.zero_point
    ([[1, 0]], 0)
    """
    count = len(network.layers)
    if len(ranges) != count:
        raise ValueError(f"ranges must be one a layer, got {len(ranges)} for {count} layers; observe this network.")
    layers = []
    for number, ((weight, bias), (lo, hi)) in enumerate(zip(network.layers, ranges, strict=True)):
        weight_grid = Quantizer(weight, recipe.weight_scheme(number, count))
        like, scheme = np.zeros(1, np.float32), recipe.input_scheme(number, count)
        input_grid = Quantizer.from_range(like, np.array([lo]), np.array([hi]), scheme)
        layers.append(SimulatedLayer(weight, bias, weight_grid, input_grid))
    return Simulation(tuple(layers), recipe, network.hidden)


def ptq(
    network: Network,
    calibration: Any,
    recipe: Recipe | None = None,
    *,
    observer: str = "minmax",
    bias_correction: bool = False,
) -> Simulation:
    """Quantize a trained network: observe, then convert.

    Parameters
    ----------
    network : Network
    calibration : (n, features) real numbers
        Rows like those that will come; labels are not needed.
    recipe : Recipe, optional
    observer : str
        A key of `quantlab.observers.OBSERVERS`.
    bias_correction : bool
        Whether to take from each bias what rounding adds to the layer's mean output on the calibration set.

    References
    ----------
    Krishnamoorthi 2018, section 3.1; Nagel et al. 2019, section 4.2 and appendix D, for the correction of biases.

    Examples
    --------
    >>> network = Network.drawn((2, 8, 3))
    >>> x = np.float32([[0, 1], [1, 0], [1, 1]])
    >>> float(np.abs(ptq(network, x, Recipe(bits=8))(x) - network(x)).max()) < 0.1
    True
    """
    found = convert(network, observe(network, calibration, observer), recipe or Recipe())
    return _corrected(found, network, calibration) if bias_correction else found


def _corrected(simulation: Simulation, network: Network, calibration: Any) -> Simulation:
    """Return a simulation whose layers have the float network's mean outputs, mended from the first layer on."""
    wanted, layers = network.activations(calibration), list(simulation.layers)
    values: F32 = wanted[0]
    for number, layer in enumerate(layers):
        own = network.layers[number]
        # Before the hidden units: the mean that a bias can move.
        exact = affine(wanted[number], own.weight, own.bias)
        rounded = affine(layer.input_grid.fake_quantize(values), layer.weight_hat, layer.bias)
        bias = (layer.bias - (rounded - exact).mean(axis=0, dtype=np.float64)).astype(np.float32)
        layers[number] = SimulatedLayer(layer.weight, bias, layer.weight_grid, layer.input_grid)
        values = HIDDEN[network.hidden].apply(rounded + (bias - layer.bias))
    return Simulation(tuple(layers), simulation.recipe, simulation.hidden)


def rescaled(network: Network, octaves: float = 4.0, seed: int = 0) -> Network:
    """Return a network that computes the same, whose hidden channels have widths far apart.

    Each hidden unit is multiplied by 2^u, u from −octaves to octaves, and what reads it divided by the same: ReLU lets
    a positive factor pass. One scale a weight then has to serve narrow and wide rows at once.

    Parameters
    ----------
    network : Network
        With ReLU.
    octaves : float
        0 or more.
    seed : int

    Raises
    ------
    ValueError
        If the network has other hidden units.

    References
    ----------
    Nagel et al. 2019, section 4.1, which uses the same freedom to bring channels together.

    Examples
    --------
    >>> network, x = Network.drawn((2, 4, 3)), np.float32([[1, -2]])
    >>> bool(np.allclose(rescaled(network)(x), network(x), atol=1e-6))
    True
    """
    if network.hidden != "relu":
        raise ValueError(f"Channels are rescaled through ReLU, got {network.hidden}, which lets no factor pass.")
    rng, layers = np.random.default_rng([seed, 4]), [(layer.weight, layer.bias) for layer in network.layers]
    for number in range(len(layers) - 1):
        (weight, bias), (reader, its) = layers[number], layers[number + 1]
        factor = np.exp2(rng.uniform(-octaves, octaves, len(bias))).astype(np.float32)
        layers[number], layers[number + 1] = (weight * factor[:, None], bias * factor), (reader / factor, its)
    return Network(layers)
