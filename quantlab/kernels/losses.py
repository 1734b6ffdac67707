"""The two ends of a training step's way: hidden units that bend sums, and losses with their slopes; float32, in place.

Everything lies in one flat array. Where a number is NaN, whatever follows from it is NaN too: who trains has to see it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compilation import inner

_LOWEST = np.float32(-87.0)  # e to the power of less is no normal number
_PER_TWO, _HIGH, _LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)  # ln 2 in two
_SMALL = np.float32(0.625)  # below which a polynomial has tanh's digits, above which e has


@inner
def exp(x: Any) -> Any:
    """Return e to the power of a float32 that is 0 or less, to within a unit in the last place; at least e⁻⁸⁷.

    References
    ----------
    Cephes expf (Moshier): a polynomial between −ln 2 / 2 and ln 2 / 2, times a power of two.
    """
    held = _LOWEST if x < _LOWEST else x
    held = np.float32(0) if held > np.float32(0) else held  # in this order NaN stays
    n = np.rint(held * _PER_TWO)
    r = (held - n * _HIGH) - n * _LOW
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * (r * r) + r + np.float32(1)
    whole = n if n == n else np.float32(0)  # a NaN has no integer
    return p * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@inner
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of a float32, to within two units in the last place.

    References
    ----------
    Cephes tanhf (Moshier).
    """
    size = abs(x)
    z = x * x
    p = np.float32(-5.70498872745e-3)
    p = p * z + np.float32(2.06390887954e-2)
    p = p * z + np.float32(-5.37397155531e-2)
    p = p * z + np.float32(1.33314422036e-1)
    p = p * z + np.float32(-3.33332819422e-1)
    near = p * z * x + x
    e = exp(-(size + size))
    far = (np.float32(1) - e) / (np.float32(1) + e)
    far = -far if x < np.float32(0) else far
    return near if size < _SMALL else far


@inner
def relu_all(m: Any, at: int, n: int) -> None:
    """Hold n values at 0 from below."""
    first = np.uint64(at)
    for k in range(np.uint64(n)):
        v = m[first + k]
        m[first + k] = np.float32(0) if v <= np.float32(0) else v  # so that NaN stays


@inner
def tanh_all(m: Any, at: int, n: int) -> None:
    """Bend n values into −1 to 1."""
    first = np.uint64(at)
    for k in range(np.uint64(n)):
        m[first + k] = tanh(m[first + k])


@inner
def through_relu(m: Any, given: int, n: int, gate: int) -> None:
    """Close the gate where a unit gave 0 or less."""
    first, own = np.uint64(gate), np.uint64(given)
    for k in range(np.uint64(n)):
        m[first + k] *= np.float32(1) if m[own + k] > np.float32(0) else np.float32(0)


@inner
def through_tanh(m: Any, given: int, n: int, gate: int) -> None:
    """Multiply the gate by the slope of tanh, 1 − y² where it gave y."""
    first, own = np.uint64(gate), np.uint64(given)
    for k in range(np.uint64(n)):
        y = m[own + k]
        m[first + k] *= np.float32(1) - y * y


@inner
def cross_entropy(m: Any, at: int, row: int, classes: int, wanted: Any, order: Any, first: int, rows: int) -> float:
    """Turn logits into the slopes of their mean cross-entropy, and return its sum in nats.

    Parameters
    ----------
    m : float32 array
        Logits at `at`, rows `row` apart; what pads them becomes 0.
    classes : int
    wanted : float32 array
        The class of every row of the data.
    order : int64 array
        Which rows these are: order[first : first + rows].
    """
    total, count = 0.0, np.float32(rows)
    for i in range(rows):
        base, label = np.uint64(at + i * row), np.int64(wanted[order[first + i]])
        most = m[base]
        for k in range(np.uint64(classes)):
            most = m[base + k] if m[base + k] > most else most
        chosen = m[base + np.uint64(label)] - most
        for k in range(np.uint64(row)):
            m[base + k] = exp(m[base + k] - most)
        mass = np.float32(0)
        for k in range(np.uint64(classes)):
            mass += m[base + k]
        total += np.log(np.float64(mass)) - np.float64(chosen)
        for k in range(np.uint64(row)):
            m[base + k] = m[base + k] / mass / count
        # As it is divided last there: what rounds alike is equal to the bit.
        m[base + np.uint64(label)] = (exp(chosen) / mass - np.float32(1)) / count
        for k in range(np.uint64(classes), np.uint64(row)):
            m[base + k] = np.float32(0)
    return total


@inner
def squared_error(m: Any, at: int, row: int, wanted: Any, order: Any, first: int, rows: int) -> float:
    """Turn the first output of each row into the slope of the mean squared error, and return its sum.

    Parameters are those of `cross_entropy`, but `wanted` holds the values to come near to.
    """
    total, slope = 0.0, np.float32(2.0 / rows)
    for i in range(rows):
        base = np.uint64(at + i * row)
        gap = m[base] - wanted[order[first + i]]
        total += np.float64(gap) * np.float64(gap)
        m[base] = gap * slope
    return total
