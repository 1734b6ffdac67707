"""Data sets: what is in them, and that a seed alone decides who trains and who tests."""

import numpy as np
import pytest

from quantlab.nn import DATASETS, Network, Training, load, quality, split, train
from quantlab.nn.datasets import ASSETS

HOME = ASSETS / "digits"


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_float32_rows_with_labels_below_the_classes(name):
    data = load(name)
    for x, labels in (data.train, data.test):
        assert x.dtype == np.float32
        assert labels.dtype == (np.int64 if data.classes else np.float32)
        assert x.shape == (len(labels), data.features)
        assert np.isfinite(x).all()
        assert not data.classes or set(labels.tolist()) == set(range(data.classes))
    entry = DATASETS[name]
    assert (entry.features, entry.classes, entry.loss) == (data.features, data.classes, data.loss)
    assert entry.sizes[-1] == data.outputs


@pytest.mark.parametrize("name", DATASETS)
def test_the_same_seed_splits_alike_and_another_does_not(name):
    first, again, other = load(name, 3), load(name, 3), load(name, 4)
    assert np.array_equal(first.train.x, again.train.x)
    assert np.array_equal(first.test.labels, again.test.labels)
    assert not np.array_equal(first.test.x, other.test.x)


@pytest.mark.parametrize("name", DATASETS)
def test_nobody_can_write_to_a_data_set(name):
    for array in (*load(name).train, *load(name).test):
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0


def test_digits_are_all_1797_in_sixteenths_and_a_fifth_of_them_test():
    data = load("digits", 5)
    x = np.concatenate([data.train.x, data.test.x])
    assert (len(data.train.x), len(data.test.x)) == (1437, 360)
    sixteenths = x * 16
    assert np.array_equal(sixteenths, sixteenths.astype(int))
    assert (x.min(), x.max()) == (0, 1)
    with np.load(HOME / "digits.npz", allow_pickle=False) as stored:
        assert stored["images"].dtype == stored["labels"].dtype == np.uint8
        both = np.column_stack([stored["images"], stored["labels"]])
    labels = np.concatenate([data.train.labels, data.test.labels])
    found = np.column_stack([sixteenths, labels]).astype(np.uint8)
    assert sorted(map(bytes, found)) == sorted(map(bytes, both))


def test_source_and_licence_stand_beside_the_digits():
    words = (HOME / "README.md").read_text(encoding="utf-8")
    for fact in ("Alpaydin", "UCI", "Creative Commons Attribution 4.0", "load_digits"):
        assert fact in words


def test_a_split_uses_every_row_once_and_leaves_its_input_alone():
    x = np.arange(22.0).reshape(11, 2)
    data = split("rows", x, np.arange(11), seed=1, test_share=0.25)
    assert len(data.test.x) == 3
    assert sorted(np.concatenate([data.train.labels, data.test.labels])) == list(range(11))
    for rows, labels in (data.train, data.test):
        assert np.array_equal(rows, x[labels])
    x[:] = 0
    assert data.train.x.any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: load("cats"),
            "data set must be digits or moons or spirals or circles or .*, got 'cats'; choose one of these",
        ),
        (lambda: load("digits", -1), "seed must be 0 or more, got -1"),
        (
            lambda: split("a", np.ones(3), [0, 1, 0], seed=0),
            r"must be \(n, features\) and \(n,\), got \(3,\) and \(3,\)",
        ),
        (lambda: split("a", np.ones((3, 1)), [0, 1], seed=0), r"got \(3, 1\) and \(2,\); match them"),
        (lambda: split("a", [[1.0], [np.nan]], [0, 1], seed=0), "x must be finite, got 1 values that are not"),
        (lambda: split("a", np.ones((3, 1)), [0, 1, -1], seed=0), "labels must be whole numbers from 0, got int64"),
        (lambda: split("a", np.ones((3, 1)), [0, 1, 0.5], seed=0), "whole numbers from 0, got float64 from 0.0"),
        (
            lambda: split("a", np.ones((2, 1)), [0, np.inf], seed=0, loss="squared_error"),
            "labels must be finite, got 1 values that are not; leave them out",
        ),
        (lambda: split("a", np.ones((1, 1)), [0], seed=0), "1 rows leave none to train or to test with"),
        (lambda: split("a", np.ones((0, 1)), np.empty(0, int), seed=0), "0 rows leave none to train"),
    ],
)
def test_what_is_no_data_set_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "digits"])
def test_points_of_the_plane_are_standardised_and_the_seed_draws_them_too(name):
    data, other = load(name, 1), load(name, 2)
    x = np.concatenate([data.train.x, data.test.x])
    assert x.mean(axis=0) == pytest.approx(np.zeros(data.features), abs=1e-6)
    assert x.std(axis=0) == pytest.approx(np.ones(data.features), abs=1e-5)
    assert not set(map(bytes, x)) & set(map(bytes, np.concatenate([other.train.x, other.test.x])))


@pytest.mark.parametrize("name", DATASETS)
def test_the_default_network_of_a_data_set_learns_it(name):
    data = load(name)
    network = Network.drawn(DATASETS[name].sizes)
    learned = train(network, data.train, Training(epochs=100, batch=64, rate=1e-2))
    assert quality(learned(data.test.x), data.test.labels) > 0.94
