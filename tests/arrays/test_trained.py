"""The committed layer is what its README says: the first of the network that is trained by default."""

from pathlib import Path

import numpy as np
import pytest

from quantlab.arrays import build
from quantlab.arrays.builtin import ASSETS
from quantlab.nn import Network, accuracy, load, train

HOME = ASSETS / "trained"


@pytest.fixture(scope="module")
def digits():
    return load("digits")


@pytest.fixture(scope="module")
def network(digits):
    return train(Network.drawn(), digits.train)


def test_the_layer_is_finite_float32_32_by_64():
    values = build("trained").values
    assert values.shape == (32, 64)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert (np.abs(values).max(axis=1) > 0.1).all(), "a neuron that died in training would be a channel without a story"


def test_the_layer_is_the_first_of_the_network_trained_by_default(network):
    # Another order of the sums moves the last digits, which training carries to the sixth.
    assert np.abs(build("trained").values - network.layers[0].weight).max() < 1e-3


@pytest.mark.parametrize("shuffled", [False, True])
def test_with_the_layer_the_network_reads_digits_it_never_saw_and_without_its_order_not(network, digits, shuffled):
    first = build("trained").values
    if shuffled:
        first = np.random.default_rng(0).permuted(first, axis=0)
    mixed = Network([(first, network.layers[0].bias), *network.layers[1:]])
    right = accuracy(mixed(digits.test.x), digits.test.labels)
    assert right < 0.5 if shuffled else right > 0.95


def test_source_and_licence_stand_beside_the_file():
    words = (HOME / "README.md").read_text(encoding="utf-8")
    for fact in ("Alpaydin", "Creative Commons Attribution 4.0", "assets/digits", "`trained_layer.npy`"):
        assert fact in words
    assert [path.name for path in HOME.iterdir() if path.suffix in (".npy", ".npz")] == ["trained_layer.npy"]


def test_only_the_script_beside_the_digits_needs_scikit_learn():
    library = Path(build.__code__.co_filename).parents[1]
    assert not [path for path in library.rglob("*.py") if "sklearn" in path.read_text(encoding="utf-8")]
    assert "from sklearn.datasets import load_digits" in (ASSETS / "digits" / "make.py").read_text(encoding="utf-8")
