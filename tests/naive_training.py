"""The NumPy twin of the training step: one operation after the other, each on whole arrays."""

import numpy as np

from quantlab.kernels.straight_through import AVERAGING
from quantlab.nn.hidden import HIDDEN
from quantlab.nn.network import Layer
from quantlab.nn.rounding import SMALLEST_STEP, fake_quantize, first_step, step_damping

_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8  # Adam's own
_DIVISORS = {"restricted": lambda most: most, "half_range": lambda most: most + 1, "full": lambda most: most + 0.5}


def gradients(network, x, labels):
    """Return the mean loss of a batch, and its gradient for every weight and bias."""
    found = views(flat(network), network)
    return _fill(found, list(network.layers), x, labels, HIDDEN[network.hidden]), found


def _fill(gradient, layers, x, labels, unit):
    """Fill the gradient of one batch and return its loss."""
    seen = [x]
    for number, (weight, bias) in enumerate(layers, 1):
        y = seen[-1] @ weight.T
        y += bias
        seen.append(unit.apply(y) if number < len(layers) else y)
    back = seen.pop()
    loss = turn_to_slopes(back, labels)
    for number in reversed(range(len(layers))):
        np.matmul(back.T, seen[number], out=gradient[number].weight)
        back.sum(axis=0, out=gradient[number].bias)
        if number:
            back = back @ layers[number].weight
            back *= unit.slope(seen[number])
    return loss


def turn_to_slopes(logits, labels):
    """Turn logits (batch, classes), in place, into the slopes of their mean cross-entropy, and return that in nats.

    Where labels are floats, outputs are (batch, 1), and the loss is their mean squared error.

    >>> logits = np.float32([[0, 0]])
    >>> round(turn_to_slopes(logits, np.array([1])), 4), logits.tolist()
    (0.6931, [[0.5, -0.5]])
    >>> outputs = np.float32([[3]])
    >>> turn_to_slopes(outputs, np.float32([1])), outputs.tolist()
    (4.0, [[4.0]])
    """
    if labels.dtype.kind == "f":
        logits -= labels[:, None]
        squared = float(np.square(logits).mean())
        logits *= np.float32(2 / len(logits))
        return squared
    rows = np.arange(len(logits))
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[rows, labels]
    np.exp(logits, out=logits)
    sums = logits.sum(axis=1, keepdims=True)
    loss = float(np.log(sums).mean() - chosen.mean())
    logits /= sums
    logits[rows, labels] -= 1
    logits /= len(logits)
    return loss


def descent(training, parameters, slopes):
    """Return the step that moves `parameters` along `slopes`, both in place, with its own memory."""
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)

    def momentum(step, rate):
        np.multiply(first, np.float32(training.momentum), out=first)
        np.add(first, slopes, out=first)
        np.subtract(parameters, first * np.float32(rate), out=parameters)

    def adam(step, rate):
        np.add(first, (slopes - first) * np.float32(1 - _FIRST), out=first)
        np.add(second, (slopes * slopes - second) * np.float32(1 - _SECOND), out=second)
        size = np.sqrt(second / np.float32(1 - _SECOND ** (step + 1))) + np.float32(_TINY)
        np.subtract(parameters, first * np.float32(rate / (1 - _FIRST ** (step + 1))) / size, out=parameters)

    return adam if training.rule == "adam" else momentum


def flat(network):
    """Return all parameters as one vector, layer by layer, weight before bias."""
    return np.concatenate([array.reshape(-1) for layer in network.layers for array in layer])


def views(vector, network):
    """Return the layers as windows on the flat vector."""
    found, at = [], 0
    for weight, bias in network.layers:
        middle, end = at + weight.size, at + weight.size + bias.size
        found.append(Layer(vector[at:middle].reshape(weight.shape), vector[middle:end]))
        at = end
    return found


class Place:
    """What one layer remembers between steps: its grids, and where its learned steps stand."""

    def __init__(self, weight, weight_scheme, input_scheme):
        self.weight_scheme, self.input_scheme = weight_scheme, input_scheme
        self.least, self.most = float(weight_scheme.qmin), float(weight_scheme.qmax)
        self.divisor = _DIVISORS[weight_scheme.symmetric_scale](self.most)
        self.input_most = float(input_scheme.qmax)
        self.lo = self.hi = 0.0
        self.zero, self.input_scale = 0, np.float32(1)
        self.seen = False

    def watch(self, x):
        """Let the range of the input follow a batch."""
        lo, hi = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
        if not np.isfinite(hi - lo):
            return  # training has diverged, and whoever sums up the losses will say so
        if self.seen:
            lo, hi = self.lo + AVERAGING * (lo - self.lo), self.hi + AVERAGING * (hi - self.hi)
        # The ends as a Quantizer sees them, so that both have the same scale to the bit.
        self.lo, self.hi, self.seen = float(np.float32(lo)), float(np.float32(hi)), True
        self.input_scale = np.float32((self.hi - self.lo) / self.input_most) if self.hi > self.lo else np.float32(1)
        self.zero = int(min(max(np.rint(-np.float32(self.lo) / self.input_scale), 0), self.input_most))


class Graph:
    """One step forward and back through a rounded network; all parameters in one vector, the learned steps last."""

    def __init__(self, network, recipe, *, learned):
        self.recipe, self.learned, count = recipe, learned, len(network.layers)
        self.by_row, self.hidden = recipe.per == "channel", network.hidden
        self.places = [
            Place(weight, recipe.weight_scheme(number, count), recipe.input_scheme(number, count))
            for number, (weight, _) in enumerate(network.layers)
        ]
        first = [flat(network)]
        if learned:
            for place, (weight, _) in zip(self.places, network.layers, strict=True):
                parts = list(weight) if self.by_row else [weight]
                first.append(np.array([*(first_step(part, place.most) for part in parts), 1], np.float32))
        self.parameters = np.concatenate(first)
        self.slopes = np.zeros_like(self.parameters)
        self.layers, self.gradient = views(self.parameters, network), views(self.slopes, network)
        self.learning, self.learning_slopes = self._steps(self.parameters), self._steps(self.slopes)

    def _steps(self, vector):
        """Return windows on the learned steps: of each weight, and of each input."""
        if not self.learned:
            return []
        found, at = [], sum(weight.size + bias.size for weight, bias in self.layers)
        for weight, _ in self.layers:
            many = len(weight) if self.by_row else 1
            found.append((vector[at : at + many].reshape(-1, 1), vector[at + many : at + many + 1]))
            at += many + 1
        return found

    def hold(self):
        """Keep learned steps above 0."""
        for pair in self.learning:
            for step in pair:
                np.maximum(step, SMALLEST_STEP, out=step)

    def _weight_scale(self, number):
        if self.learned:
            return self.learning[number][0]
        weight, place = self.layers[number].weight, self.places[number]
        if self.by_row:
            widest = np.abs(weight).max(axis=1, keepdims=True)
            return np.where(widest > 0, widest / np.float32(place.divisor), np.float32(1)).astype(np.float32)
        reach = max(float(weight.max()), -float(weight.min()))
        return np.float32(reach / place.divisor) if reach > 0 else np.float32(1)

    def _input(self, number, x, *, watching):
        place = self.places[number]
        if not self.learned:
            if watching or not place.seen:
                place.watch(x)
            scale = place.input_scale
        else:
            scale = self.learning[number][1]
            if not place.seen:
                place.watch(x)
                # A range around 0 starts as min-max has it: its zero point belongs to that step.
                scale[:] = place.input_scale if place.zero else first_step(x, place.input_most)
        least, most = -float(place.zero), place.input_most - place.zero
        return fake_quantize(x, scale, least, most, learned=self.learned)

    def fill(self, x, labels, *, watching):
        """Fill the slopes of one batch and return its loss."""
        count, unit = len(self.layers), HIDDEN[self.hidden]
        seen = []
        for number, (weight, bias) in enumerate(self.layers):
            place = self.places[number]
            into = self._input(number, x, watching=watching)
            by = fake_quantize(weight, self._weight_scale(number), place.least, place.most, learned=self.learned)
            seen.append((x, into, by))
            x = into.values @ by.values.T
            x += bias
            if number < count - 1:
                unit.apply(x)
        self.seen = seen
        back, loss = x, turn_to_slopes(x, labels)
        for number in reversed(range(count)):
            x, into, by = seen[number]
            own = self.gradient[number]
            np.matmul(back.T, into.values, out=own.weight)
            back.sum(axis=0, out=own.bias)
            if self.learned or number:
                back = back @ by.values
            if self.learned:
                self._fill_steps(number, own, into, by, back)
            np.multiply(own.weight, by.inside, out=own.weight)
            if number:
                back *= into.inside
                back *= unit.slope(x)
        return loss

    def _fill_steps(self, number, own, into, by, back):
        place, (of_weight, of_input) = self.places[number], self.learning_slopes[number]
        size = by.values.size // len(of_weight)
        of_weight[:] = by.slope_of_scale(own.weight, per_row=self.by_row) * step_damping(size, place.most)
        of_input[:] = into.slope_of_scale(back) * step_damping(into.values.shape[1], place.input_most)
