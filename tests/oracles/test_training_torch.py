"""PyTorch as oracle for training: its gradients, its optimisers, its rounding in training, and what it learns so.

PyTorch multiplies by 1 / s where the library divides by s, which moves a code only where a quotient is a tie to the
last bit; the cases here have none. Learned steps differ by definition: what lies beyond an end level by less than half
a step is inside for PyTorch's operator and outside for the paper, so that the paper is written out here for autograd.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from quantlab.kernels.straight_through import AVERAGING, INPUT_MOST, LEAST, MOST, SCALE, ZERO
from quantlab.nn import Labelled, Network, Plan, Recipe, Training, accuracy, epochs, load, qat_epochs, sweep
from quantlab.nn.datasets import DATASETS
from quantlab.nn.graph import Graph
from quantlab.nn.qat import FROZEN_FROM
from quantlab.nn.rounding import fake_quantize
from quantlab.nn.train import ORDER, gradients

pytestmark = [
    pytest.mark.torch,
    # They say that they will go from PyTorch, whose version is pinned.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Please use quant_min and quant_max:UserWarning"),
]
RULES = ["momentum", "adam"]


@pytest.fixture(scope="module")
def torch():
    """PyTorch, imported only where it is the oracle."""
    import torch

    torch.set_num_threads(1)
    return torch


def drawn(sizes, seed=0):
    """A network with biases, at random."""
    rng = np.random.default_rng(seed)
    return Network([(rng.normal(0, (2 / n) ** 0.5, (m, n)), rng.normal(0, 0.2, m)) for n, m in pairwise(sizes)])


def rows(count, sizes, seed=0):
    rng = np.random.default_rng(seed + 100)
    return Labelled(rng.normal(size=(count, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], count))


class Theirs:
    """A network in PyTorch: what enters a layer and what it is multiplied by can be put through modules first."""

    def __init__(self, torch, network):
        self.torch = torch
        self.parameters = [torch.tensor(array, requires_grad=True) for layer in network.layers for array in layer]
        self.into = self.by = [lambda x: x] * len(network.layers)

    def loss(self, x, labels):
        layers = list(zip(self.parameters[::2], self.parameters[1::2], self.into, self.by, strict=True))
        values = self.torch.from_numpy(x)
        for number, (weight, bias, into, by) in enumerate(layers, 1):
            values = self.torch.nn.functional.linear(into(values), by(weight), bias)
            values = values.relu() if number < len(layers) else values
        self.logits = values
        return self.torch.nn.functional.cross_entropy(values, self.torch.from_numpy(labels))

    def slopes(self, x, labels):
        for each in self.parameters:
            each.grad = None
        loss = self.loss(x, labels)
        loss.backward()
        return float(loss.detach()), [each.grad.numpy() for each in self.parameters]

    def optimiser(self, training, steps):
        """The optimiser and its schedule, both PyTorch's own."""
        if training.rule == "adam":
            descend = self.torch.optim.Adam(self.parameters, training.rate)
        else:
            descend = self.torch.optim.SGD(self.parameters, training.rate, momentum=training.momentum)
        if training.schedule == "cosine":
            return descend, self.torch.optim.lr_scheduler.CosineAnnealingLR(descend, steps)
        return descend, self.torch.optim.lr_scheduler.ConstantLR(descend, factor=1)

    def train(self, data, training, watch=lambda done: None):
        """Train on the batches that the library sees; return the mean loss of each epoch."""
        rng, count = np.random.default_rng([training.seed, ORDER]), len(data.x)
        starts = range(0, count, training.batch)
        descend, schedule = self.optimiser(training, training.epochs * len(starts))
        losses = []
        for number in range(training.epochs):
            order, total = rng.permutation(count), 0.0
            for step, start in enumerate(starts):
                batch = order[start : start + training.batch]
                watch((number * len(starts) + step) / (training.epochs * len(starts)))
                descend.zero_grad()
                loss = self.loss(data.x[batch], data.labels[batch])
                loss.backward()
                descend.step()
                schedule.step()
                total += float(loss.detach()) * len(batch)
            losses.append(total / count)
        return losses

    def arrays(self):
        return [each.detach().numpy() for each in self.parameters]


class Rounded(Theirs):
    """The same with PyTorch's modules for training through rounding: a grid each for what enters and for what is there.

    Its observers' symmetric scale is that of the "full" rule; for another one the scale is found here.
    """

    def __init__(self, torch, network, recipe):
        super().__init__(torch, network)
        from torch.ao.quantization import FakeQuantize, observer

        count = len(network.layers)
        self.into = []
        for number in range(count):
            most = 2 ** recipe.bits_of(number, count) - 1
            kind = observer.MovingAverageMinMaxObserver
            ends = {"quant_min": 0, "quant_max": most, "dtype": torch.quint8, "averaging_constant": AVERAGING}
            self.into.append(FakeQuantize(kind, qscheme=torch.per_tensor_affine, **ends))
        by_row = recipe.per == "channel"
        self.by = []
        for number in range(count):
            most = 2 ** (recipe.bits_of(number, count) - 1) - 1
            # A share of 1 follows the weight itself.
            ends = {"quant_min": -most - 1, "quant_max": most, "dtype": torch.qint8, "averaging_constant": 1.0}
            if recipe.weight_scale != "full":
                self.by.append(self._restricted(most, by_row))
            elif by_row:
                kind, ends = observer.MovingAveragePerChannelMinMaxObserver, ends | {"ch_axis": 0}
                self.by.append(FakeQuantize(kind, qscheme=torch.per_channel_symmetric, **ends))
            else:
                kind = observer.MovingAverageMinMaxObserver
                self.by.append(FakeQuantize(kind, qscheme=torch.per_tensor_symmetric, **ends))

    def _restricted(self, most, by_row):
        torch = self.torch

        def by(weight):
            reach = weight.detach().abs()
            if by_row:
                scale, zeros = reach.amax(1) / most, torch.zeros(len(weight), dtype=torch.int32)
                return torch.fake_quantize_per_channel_affine(weight, scale, zeros, 0, -most - 1, most)
            return torch.fake_quantize_per_tensor_affine(weight, float(reach.max() / most), 0, -most - 1, most)

        return by

    def freeze(self):
        """Let the ranges of the inputs stand still."""
        for each in self.into:
            each.disable_observer()

    def freeze_late(self, done):
        if done >= FROZEN_FROM:
            self.freeze()


SHAPES = [(5, 3), (7, 16, 4), (64, 32, 32, 10), (6, 9, 8, 7, 5, 3)]


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_gradients_are_those_of_autograd(torch, sizes):
    network, (x, labels) = drawn(sizes), rows(37, sizes)
    loss, found = gradients(network, x, labels)
    their_loss, expected = Theirs(torch, network).slopes(x, labels)
    assert loss == pytest.approx(their_loss, rel=1e-6)
    for own, theirs in zip([array for layer in found for array in layer], expected, strict=True):
        assert np.abs(theirs).max() > 1e-3
        assert own == pytest.approx(theirs, rel=1e-4, abs=2e-7)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_steps_of_an_optimiser_lead_where_theirs_do(torch, rule, schedule):
    sizes = (12, 16, 16, 4)
    network, data = drawn(sizes), rows(90, sizes)
    rate = 3e-3 if rule == "adam" else 0.05
    training = Training(epochs=3, batch=32, rate=rate, rule=rule, schedule=schedule, momentum=0.85, seed=4)
    theirs = Theirs(torch, network)
    losses = theirs.train(data, training)
    seen = list(epochs(network, data, training))
    assert [epoch.loss for epoch in seen] == pytest.approx(losses, rel=1e-5)
    before = [array for layer in network.layers for array in layer]
    after = [array for layer in seen[-1].network.layers for array in layer]
    for start, own, expected in zip(before, after, theirs.arrays(), strict=True):
        assert np.abs(own - start).max() > 100 * 2e-5
        assert own == pytest.approx(expected, abs=2e-5)


RECIPES = [
    Recipe(bits=bits, per=per, weight_scale=scale)
    for bits, scale in ((8, "full"), (4, "full"), (3, "restricted"), (2, "restricted"))
    for per in ("tensor", "channel")
]


def _widest(weight, axis):
    """The entry of the largest magnitude, of each row or of all."""
    if axis is None:
        return weight.ravel()[np.abs(weight).argmax()]
    return np.take_along_axis(weight, np.abs(weight).argmax(axis=axis, keepdims=True), axis)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: f"{r.bits}-{r.per}-{r.weight_scale}")
def test_a_step_through_rounding_has_the_slopes_of_their_modules(torch, recipe):
    sizes = (24, 16, 16, 5)
    # Under the full rule the widest weight lies on a tie, where a quotient and a product with 1 / s may part; were it
    # negative, its code would depend on that. Its slope passes or not, and is left out.
    upright = [(weight * np.sign(_widest(weight, 1)), bias) for weight, bias in drawn(sizes).layers]
    network = Network(upright)
    plain = [np.abs(weight) < _widest(weight, 1 if recipe.per == "channel" else None) for weight, _ in upright]
    counted = [mask for weight in plain for mask in (weight, np.True_)]
    graph, theirs = Graph(network, recipe, batch=40), Rounded(torch, network, recipe)
    for step in range(4):
        x, labels = rows(40, sizes, seed=step)
        wide = x * np.float32(1 + 2 * step)  # some of it beyond the range, which follows by a hundredth
        loss = graph.fill(wide, labels, watching=step < 3)
        if step == 3:
            theirs.freeze()
        their_loss, expected = theirs.slopes(wide, labels)
        assert loss == pytest.approx(their_loss, rel=1e-5)
        found = [array for layer in graph.gradient for array in layer]
        for own, theirs_is, here in zip(found, expected, counted, strict=True):
            close = pytest.approx(theirs_is * here, rel=1e-3, abs=1e-5 * float(np.abs(theirs_is).max()))
            assert own * here == close
    for grid, module in zip(graph.grids, theirs.into, strict=True):
        assert grid[SCALE] == pytest.approx(float(module.scale), rel=1e-6)
        assert grid[ZERO] == int(module.zero_point)
    assert graph.grids[:, ZERO].any()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_training_through_rounding_leads_where_theirs_does(torch, rule, per):
    sizes, recipe = (24, 16, 16, 5), Recipe(bits=4, per=per)
    network, data = drawn(sizes), rows(120, sizes)
    training = Training(epochs=4, batch=40, rate=1e-3 if rule == "adam" else 0.02, rule=rule, seed=2)
    theirs = Rounded(torch, network, recipe)
    losses = theirs.train(data, training, theirs.freeze_late)
    seen = list(qat_epochs(network, data, recipe, training))
    assert [epoch.loss for epoch in seen] == pytest.approx(losses, rel=1e-4)
    for layer, module, weight in zip(seen[-1].simulation.layers, theirs.into, theirs.arrays()[::2], strict=True):
        assert layer.weight == pytest.approx(weight, abs=1e-4)
        assert layer.input_grid.scale == pytest.approx(float(module.scale), rel=1e-5)
        assert layer.input_grid.zero_point == int(module.zero_point)


def learned(torch, x, step, least, most, damping):
    """Esser et al. 2020, appendix B, with the end codes of an affine grid minus its zero point."""
    step = step * damping + (step - step * damping).detach()
    held = torch.clamp(x / step, least, most)
    return (held + (held.round() - held).detach()) * step


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_a_step_of_learned_scales_has_the_slopes_of_the_paper(torch, bits, per):
    sizes = (24, 16, 16, 5)
    network, (x, labels) = drawn(sizes), rows(40, sizes)
    graph = Graph(network, Recipe(bits=bits, per=per), learned=True, batch=40)
    graph.fill(x[:9], labels[:9], watching=True)
    for _, into in graph.learning:
        into *= np.float32(0.7)  # so that some of it lies beyond the ends
    loss = graph.fill(x, labels, watching=False)

    theirs, steps, into, by = Theirs(torch, network), [], [], []
    for grid, (weight_step, input_step), (weight, _) in zip(graph.grids, graph.learning, network.layers, strict=True):
        ours = torch.tensor(weight_step if per == "channel" else weight_step[0], requires_grad=True)
        other = torch.tensor(input_step, requires_grad=True)
        steps += [ours, other]
        n, (least, most, top, zero) = weight.shape[1], grid[[LEAST, MOST, INPUT_MOST, ZERO]].tolist()
        size = n if per == "channel" else weight.size
        by.append(partial(learned, torch, step=ours, least=least, most=most, damping=1 / np.sqrt(size * most)))
        into.append(partial(learned, torch, step=other, least=-zero, most=top - zero, damping=1 / np.sqrt(n * top)))
    theirs.into, theirs.by = into, by
    their_loss, expected = theirs.slopes(x, labels)
    assert loss == pytest.approx(their_loss, rel=1e-5)
    for own, theirs_is in zip([array for layer in graph.gradient for array in layer], expected, strict=True):
        assert own == pytest.approx(theirs_is, rel=1e-3, abs=1e-5)
    for own, step in zip([each for pair in graph.learning_slopes for each in pair], steps, strict=True):
        assert own.ravel() == pytest.approx(step.grad.numpy().ravel(), rel=1e-3, abs=1e-6)
        assert np.abs(own).max() > 3e-5


@pytest.mark.parametrize(("least", "most", "zero"), [(-8, 7, 0), (-128, 127, 0), (0, 15, 6)])
def test_a_learned_scale_has_the_slope_of_their_operator_but_in_the_half_step_beyond_an_end(torch, least, most, zero):
    x = (np.random.default_rng(5).normal(size=4000) * most).astype(np.float32)
    scale = np.float32(0.73)
    found = fake_quantize(x, scale, least - zero, most - zero, learned=True)
    values, own_scale = (torch.tensor(each, requires_grad=True) for each in (x, scale.reshape(1)))
    theirs = torch._fake_quantize_learnable_per_tensor_affine(
        values, own_scale, torch.tensor([float(zero)]), least, most, 1.0
    )
    # One value a time, from its slope alone.
    theirs.sum().backward()
    beyond = np.maximum(x / scale - (most - zero), (least - zero) - x / scale)
    between = (beyond > 0) & (beyond <= 0.5)
    assert 0 < between.sum() < len(x) / 10
    assert np.array_equal(found.values, theirs.detach().numpy())
    assert np.array_equal(found.inside[~between], values.grad.numpy()[~between] != 0)
    assert not found.inside[between].any()
    assert (values.grad.numpy()[between] == 1).all()
    own = found.slope_of_scale((~between).astype(np.float32))
    own_scale.grad = None
    torch._fake_quantize_learnable_per_tensor_affine(
        values.detach()[~between], own_scale, torch.tensor([float(zero)]), least, most, 1.0
    ).sum().backward()
    assert own == pytest.approx(float(own_scale.grad), rel=1e-4)


BITS = (4, 3)


def test_pytorch_learns_as_much_from_the_same_data_with_the_same_schedule(torch):
    plan = Plan(bits=BITS, methods=("qat",), seeds=5)
    ours, theirs = {bits: [] for bits in BITS}, {bits: [] for bits in BITS}
    for found in sweep(plan):
        if found.job.bits:
            ours[found.job.bits].append(found.quality)
    torch.manual_seed(0)
    for seed in range(3):
        data = load(plan.data, seed)
        sizes = DATASETS[plan.data].sizes
        # First weights of their own, from the same distribution.
        start = []
        for n, m in pairwise(sizes):
            weight = torch.nn.init.kaiming_normal_(torch.empty(m, n), nonlinearity="relu")
            start.append((weight.numpy(), np.zeros(m)))
        checkpoint = Theirs(torch, Network(start))
        checkpoint.train(data.train, plan.training(seed))
        arrays = checkpoint.arrays()
        network = Network(list(zip(arrays[::2], arrays[1::2], strict=True)))
        for bits in BITS:
            rounded = Rounded(torch, network, plan.recipe(bits))
            rounded.train(data.train, plan.training_again(seed), rounded.freeze_late)
            rounded.freeze()
            theirs[bits].append(right(rounded, data.test))
    for bits, its in ours.items():
        assert min(its) <= np.mean(theirs[bits]) <= max(its), (bits, its, theirs[bits])


def right(theirs, test):
    theirs.loss(test.x.copy(), test.labels.copy())  # PyTorch takes no read-only arrays
    return accuracy(theirs.logits.detach().numpy(), test.labels)
