"""What the benchmark asks of PyTorch is the work that our side does."""

import numpy as np
import pytest

from quantlab.bench import elementwise, peers
from quantlab.bench.elementwise import SCALE, ZERO_POINT
from quantlab.bench.torch_training import Learner, seed_of
from quantlab.nn import Labelled, Network, Plan, Recipe, Training, load, qat_epochs, train

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


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("learned", [False, True])
def test_training_goes_the_same_way_from_the_same_start(bits, learned):
    # One batch an epoch, whose order does not matter.
    data = Labelled(load("digits").train.x[:60].copy(), load("digits").train.labels[:60])
    training = Training(epochs=6, batch=60, rate=2e-3)
    start = Network.drawn((64, 16, 16, 10), seed=1)
    recipe = Recipe(bits=bits, weight_scale="restricted" if learned else "full")
    ours = [epoch.loss for epoch in qat_epochs(start, data, recipe, training, learned_steps=learned)]
    arrays = [array for layer in start.layers for array in layer]
    epoch = Learner(arrays, bits, learned=learned).epochs(data.x, data.labels, training)
    assert ours == pytest.approx([epoch() for _ in range(6)], rel=0.005 if bits == 8 else 0.05)
    assert ours[-1] < 0.98 * ours[0]


def test_training_in_float_goes_the_same_way_too():
    data = Labelled(load("digits").train.x[:60].copy(), load("digits").train.labels[:60])
    training, start = Training(epochs=6, batch=60, rate=2e-3), Network.drawn((64, 16, 16, 10), seed=1)
    arrays = [array for layer in start.layers for array in layer]
    theirs = Learner(arrays).trained(data.x, data.labels, training).arrays()
    for own, other in zip([a for layer in train(start, data, training).layers for a in layer], theirs, strict=True):
        assert own == pytest.approx(other, abs=2e-5)


def test_a_seed_of_a_plan_gives_each_of_its_jobs():
    plan = Plan(data="blobs", bits=(8, 2), seeds=1, epochs=20, again=15)
    found = seed_of(plan, 0)
    assert list(found) == plan.jobs
    assert min(right for job, right in found.items() if job.bits != 2) > 0.85
