"""Train the small network whose first layer is the built-in array "trained".

Run from anywhere with NumPy and scikit-learn installed: ``python assets/trained/make.py``. It rewrites ``network.npz``,
``held_out.npz`` and ``trained_layer.npy`` beside itself and prints the accuracy on the held-out digits.
Plain NumPy: a perceptron 64-32-32-10 with ReLU, cross-entropy, Adam, one seed.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
WIDTHS = (64, 32, 32, 10)
TRAIN, BATCH, EPOCHS, RATE = 1400, 50, 60, 3e-3


def forward(x, layers):
    """Return the input of every layer and the logits."""
    inputs = []
    for number, (weight, bias) in enumerate(layers, 1):
        inputs.append(x)
        x = x @ weight.T + bias
        if number < len(layers):
            x = np.maximum(x, 0)
    return inputs, x


def gradients(x, labels, layers):
    """Return the mean cross-entropy's gradient for every weight and bias."""
    inputs, logits = forward(x, layers)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    back = share / share.sum(axis=1, keepdims=True)
    back[np.arange(len(labels)), labels] -= 1
    back /= len(labels)
    found = []
    for (weight, _), seen in zip(reversed(layers), reversed(inputs), strict=True):
        found[:0] = [back.T @ seen, back.sum(axis=0)]
        back = (back @ weight) * (seen > 0)
    return found


def train(x, labels, rng):
    """Train by Adam; return a list of (weight, bias), weights as (out, in)."""
    layers = [(rng.normal(0, np.sqrt(2 / n), (m, n)), np.zeros(m)) for n, m in pairwise(WIDTHS)]
    flat = [array for layer in layers for array in layer]
    mean, square = [np.zeros_like(a) for a in flat], [np.zeros_like(a) for a in flat]
    step = 0
    for _ in range(EPOCHS):
        for batch in rng.permutation(len(x)).reshape(-1, BATCH):
            step += 1
            for a, m, s, g in zip(flat, mean, square, gradients(x[batch], labels[batch], layers), strict=True):
                m += 0.1 * (g - m)
                s += 0.001 * (g * g - s)
                a -= RATE * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
    return layers


def main() -> None:
    """Train, store network, layer and held-out digits, and print what they reach."""
    digits = load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(digits.data))
    x, labels = digits.data[order] / 16, digits.target[order]
    layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in train(x[:TRAIN], labels[:TRAIN], rng)]
    stored = {}
    for number, (weight, bias) in enumerate(layers, 1):
        stored |= {f"weight{number}": weight, f"bias{number}": bias}
    np.savez(HERE / "network.npz", **stored)
    np.save(HERE / "trained_layer.npy", layers[0][0])
    held_out = digits.data[order][TRAIN:].astype(np.uint8)
    np.savez_compressed(HERE / "held_out.npz", images=held_out, labels=labels[TRAIN:].astype(np.uint8))
    right = forward(x[TRAIN:], layers)[1].argmax(axis=1) == labels[TRAIN:]
    print(f"{right.mean():.1%} of {len(right)} held-out digits")


if __name__ == "__main__":
    main()
