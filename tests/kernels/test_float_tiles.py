"""Products of small float32 matrices in one array, and the functions that training bends sums and turns losses with."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.kernels import losses
from quantlab.kernels.float_tiles import padded, product


@numba.njit
def call(m, a, a_row, a_step, b, b_row, start, out, out_row, rows, depth, columns):
    product(m, a, a_row, a_step, b, b_row, start, out, out_row, rows, depth, columns)


@numba.njit
def each(x, out):
    for k in range(len(x)):
        out[0, k], out[1, k] = losses.exp(x[k]), losses.tanh(x[k])


@settings(max_examples=150)
@given(
    rows=st.integers(1, 30),
    depth=st.integers(1, 40),
    columns=st.integers(1, 60),
    along=st.booleans(),
    seed=st.integers(0, 999),
)
def test_a_product_starts_with_its_row_and_writes_nothing_else(rows, depth, columns, along, seed):
    rng, wide = np.random.default_rng(seed), padded(columns)
    a, b, start = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, depth), (depth, wide), wide))
    left = a if along else a.T
    # Each with a row to spare, in which nothing may be written.
    spare = np.full(24, 7, np.float32)
    parts = [left.ravel(), spare, b.ravel(), start, spare, np.zeros(rows * (wide + 8), np.float32), spare]
    places = np.cumsum([0, *(part.size for part in parts)])
    m = np.concatenate(parts).astype(np.float32)
    before, out = m.copy(), slice(places[5], places[6])
    a_row, a_step = (depth, 1) if along else (1, rows)
    call(m, 0, a_row, a_step, places[2], wide, places[3], places[5], wide + 8, rows, depth, wide)
    found = m[out].reshape(rows, wide + 8)
    expected = a.astype(np.float64) @ b.astype(np.float64) + start
    assert found[:, :wide] == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert not found[:, wide:].any()
    m[out] = before[out]
    assert np.array_equal(m, before)


def test_exp_and_tanh_are_within_two_units_in_the_last_place():
    x = -np.concatenate([np.geomspace(1e-30, 86.9, 40_000), np.linspace(0, 2, 40_001)]).astype(np.float32)
    found = np.empty((2, len(x)), np.float32)
    for values in (x, -x):
        each(values, found)
        exact = np.exp(np.minimum(values.astype(np.float64), 0)), np.tanh(values.astype(np.float64))
        for own, true in zip(found, exact, strict=True):
            assert (np.abs(own - true) <= 2 * np.spacing(np.abs(true).astype(np.float32))).all()


def test_nan_stays_and_the_far_ends_are_flat():
    found = np.empty((2, 4), np.float32)
    each(np.float32([np.nan, -1e30, -np.inf, 1e30]), found)
    assert np.isnan(found[:, 0]).all()
    assert (found[0, 1:3] < 2e-38).all()
    assert found[1, 1:].tolist() == [-1, -1, 1]
