"""What the benchmark asks of PyTorch is the work that our side does."""

import numpy as np
import pytest

from quantlab.bench import elementwise, peers
from quantlab.bench.elementwise import SCALE, ZERO_POINT

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", ["quantize", "dequantize", "fake-quantize", "min-max"])
def test_both_sides_give_the_same_values(name):
    x = elementwise.values(10_000)
    theirs = peers.torch_elementwise(name, x, SCALE, ZERO_POINT)()
    ours, holds = elementwise._sides(name, x)
    assert holds()
    found = ours()
    if name == "min-max":
        assert (found.lo[0], found.hi[0]) == tuple(float(end) for end in theirs)
    elif name == "quantize":
        assert np.array_equal(found, theirs.int_repr().numpy())
    elif name == "dequantize":
        assert np.array_equal(found, theirs.numpy())
    else:
        assert np.array_equal(found, theirs[0].numpy())
        assert np.array_equal(elementwise._codes(x)[1], theirs[1].numpy())


def test_the_product_has_the_shape_and_type_of_ours():
    a, b = np.ones((3, 32), np.int8), np.ones((32, 16), np.int8)
    found = np.asarray(peers.torch_int_mm(a, b)())
    assert found.dtype == np.int32
    assert (found == 32).all()


def test_the_histogram_search_finds_a_scale():
    scale, zero_point = peers.torch_histogram_search(elementwise.values(5000))()
    assert float(scale) > 0
    assert int(zero_point) == 0
