"""The committed layer is what its README says: the first of a network that reads digits it never saw."""

from pathlib import Path

import numpy as np
import pytest

from quantlab.arrays import build
from quantlab.arrays.builtin import ASSETS

HOME = ASSETS / "trained"


@pytest.fixture(scope="module")
def layers():
    with np.load(HOME / "network.npz", allow_pickle=False) as stored:
        return [(stored[f"weight{n}"], stored[f"bias{n}"]) for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def held_out():
    with np.load(HOME / "held_out.npz", allow_pickle=False) as stored:
        return stored["images"], stored["labels"]


def share_right(first, layers, held_out):
    images, labels = held_out
    x = images / np.float32(16)
    for weight, bias in ((first, layers[0][1]), layers[1]):
        x = np.maximum(x @ weight.T + bias, 0)
    weight, bias = layers[2]
    return ((x @ weight.T + bias).argmax(axis=1) == labels).mean()


def test_the_layer_is_finite_float32_32_by_64():
    values = build("trained").values
    assert values.shape == (32, 64)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert (np.abs(values).max(axis=1) > 0.1).all(), "a neuron that died in training would be a channel without a story"


def test_held_out_digits_are_all_ten_kinds_of_8_by_8(held_out):
    images, labels = held_out
    assert images.shape == (397, 64)
    assert images.min() == 0
    assert images.max() == 16
    assert np.bincount(labels).min() > 25


def test_with_the_layer_the_network_reads_digits_it_never_saw(layers, held_out):
    assert share_right(build("trained").values, layers, held_out) > 0.97


def test_without_the_layers_own_weights_it_does_not(layers, held_out):
    shuffled = np.random.default_rng(0).permuted(build("trained").values, axis=0)
    assert share_right(shuffled, layers, held_out) < 0.5


def test_source_and_licence_stand_beside_the_files():
    words = (HOME / "README.md").read_text(encoding="utf-8")
    for fact in ("Alpaydin", "UCI", "Creative Commons Attribution 4.0", "load_digits"):
        assert fact in words
    assert {path.name for path in HOME.iterdir() if path.suffix in (".npy", ".npz")} == {
        name for name in ("trained_layer.npy", "network.npz", "held_out.npz") if f"`{name}`" in words
    }


def test_only_the_script_beside_the_layer_needs_scikit_learn():
    library = Path(build.__code__.co_filename).parents[1]
    assert not [path for path in library.rglob("*.py") if "sklearn" in path.read_text(encoding="utf-8")]
    assert "from sklearn.datasets import load_digits" in (HOME / "make.py").read_text(encoding="utf-8")
