"""The same training in PyTorch, eager: its fused modules for rounding, its fused Adam, its operator for learned steps.

Of the ways to write it these were the fastest: the modules that watch and round in two steps take twice as long. Its
symmetric observer knows the scale rule "full" only, which is the same work.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np

from quantlab.nn import Job, Plan, Training, accuracy, load

AnyArray = np.ndarray[Any, np.dtype[Any]]
AVERAGING, FROZEN_FROM = 0.01, 0.75  # as QAT of the library has them


class Learner:
    """A perceptron in PyTorch, that is trained in float or through rounding.

    Parameters
    ----------
    start : sequence of arrays
        Weight and bias of each layer, (out, in) and (out,).
    bits : int, optional
        Of weights and activations; float without.
    learned : bool
        Whether the scales are learned.
    """

    def __init__(self, start: Any, bits: int | None = None, *, learned: bool = False) -> None:
        import torch

        self.torch = torch
        self.parameters = [torch.nn.Parameter(torch.tensor(each)) for each in start]
        self.steps: list[Any] = []
        count = len(self.parameters) // 2
        self.into: list[Callable[[Any], Any]] = [lambda x: x] * count
        self.by: list[Callable[[Any], Any]] = [lambda x: x] * count
        if bits is None:
            return
        most = 2 ** (bits - 1) - 1
        for number in range(count):
            if learned:
                weight = self.parameters[2 * number]
                first = 2 * float(weight.detach().abs().mean()) / most**0.5
                self.by[number] = self._learned(first, -most - 1, most, weight.numel())
                self.into[number] = self._learned(0.0, 0, 2**bits - 1, weight.shape[1])
            else:
                self.by[number] = self._watched(-most - 1, most, torch.qint8, torch.per_tensor_symmetric, 1.0)
                self.into[number] = self._watched(0, 2**bits - 1, torch.quint8, torch.per_tensor_affine, AVERAGING)

    def _watched(self, least: int, most: int, dtype: Any, scheme: Any, constant: float) -> Any:
        from torch.ao.quantization import FusedMovingAvgObsFakeQuantize, MovingAverageMinMaxObserver

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said once, of plans to move it elsewhere
            return FusedMovingAvgObsFakeQuantize(
                MovingAverageMinMaxObserver,
                quant_min=least,
                quant_max=most,
                dtype=dtype,
                qscheme=scheme,
                averaging_constant=constant,
            )

    def _learned(self, first: float, least: int, most: int, size: int) -> Callable[[Any], Any]:
        torch = self.torch
        step = torch.nn.Parameter(torch.tensor([first]))
        self.steps.append(step)
        zero, damping = torch.zeros(1), 1 / (size * most) ** 0.5
        rounded = torch._fake_quantize_learnable_per_tensor_affine

        def into(x: Any) -> Any:
            if not float(step.detach()):
                step.data[:] = 2 * float(x.detach().abs().mean()) / most**0.5
            return rounded(x, step, zero, least, most, damping)

        return into

    def __call__(self, x: Any) -> Any:
        """Return the logits of a tensor (batch, features)."""
        layers = list(zip(self.parameters[::2], self.parameters[1::2], self.into, self.by, strict=True))
        for number, (weight, bias, into, by) in enumerate(layers, 1):
            x = self.torch.nn.functional.linear(into(x), by(weight), bias)
            if number < len(layers):
                x = x.relu()
        return x

    def epochs(self, x: AnyArray, labels: AnyArray, training: Training) -> Callable[[], float]:
        """Return what trains one more epoch each time that it is called, with Adam, and returns its mean loss."""
        torch = self.torch
        rows, targets = torch.tensor(x), torch.tensor(labels)
        descend = torch.optim.Adam([*self.parameters, *self.steps], training.rate, fused=True)
        done, starts = 0, range(0, len(x), training.batch)
        steps = training.epochs * len(starts)

        def epoch() -> float:
            nonlocal done
            order, total = torch.randperm(len(x)), 0.0
            its_rows, its_targets = rows[order], targets[order]
            for start in starts:
                if done == int(FROZEN_FROM * steps):
                    self.freeze()
                for group in descend.param_groups:
                    group["lr"] = training.rate_at(done, steps)
                batch = slice(start, start + training.batch)
                descend.zero_grad()
                loss = torch.nn.functional.cross_entropy(self(its_rows[batch]), its_targets[batch])
                loss.backward()
                descend.step()
                total += float(loss.detach()) * len(its_rows[batch])
                done += 1
            return total / len(x)

        return epoch

    def freeze(self) -> None:
        """Let the ranges of activations stand still."""
        for each in self.into:
            if hasattr(each, "disable_observer"):
                each.disable_observer()

    def trained(self, x: AnyArray, labels: AnyArray, training: Training) -> Learner:
        """Return this learner after all epochs."""
        epoch = self.epochs(x, labels, training)
        for _ in range(training.epochs):
            epoch()
        return self

    def right(self, x: AnyArray, labels: AnyArray) -> float:
        """Return the share of rows that it reads."""
        with self.torch.no_grad():
            return accuracy(self(self.torch.tensor(x)).numpy(), labels)

    def arrays(self) -> list[AnyArray]:
        """Return copies of the parameters."""
        return [each.detach().numpy().copy() for each in self.parameters]


def drawn(sizes: tuple[int, ...], seed: int) -> list[AnyArray]:
    """Return first weights and biases, as `Network.drawn` draws them."""
    rng, out = np.random.default_rng(seed), list[AnyArray]()
    for n, m in pairwise(sizes):
        out += [rng.normal(0, (2 / n) ** 0.5, (m, n)).astype(np.float32), np.zeros(m, np.float32)]
    return out


def seed_of(plan: Plan, seed: int) -> dict[Job, float]:
    """Do all jobs of one seed of a plan, and return each one's accuracy."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    data, found = load(plan.data, seed), dict[Job, float]()
    first = drawn(plan.entry.sizes, seed)
    start = Learner(first).trained(*data.train, plan.training(seed)).arrays()
    twin = Learner(start).trained(*data.train, plan.training_again(seed))
    for job in plan.jobs_of(seed):
        if job.method == "float":
            made = twin
        elif job.method == "ptq":
            made = Learner(twin.arrays(), job.bits)
            made(torch.tensor(data.train.x))  # its observers see the calibration set at once
            made.freeze()
        else:
            made = Learner(start, job.bits, learned=job.method == "lsq")
            made.trained(*data.train, plan.training_again(seed))
        found[job] = made.right(*data.test)
    return found


class Workers:
    """Processes of one thread each, started and warm before they are timed.

    Parameters
    ----------
    count : int
    """

    def __init__(self, count: int) -> None:
        # New ones, since a fork of a process whose PyTorch has threads may hang.
        self._pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        self(Plan(data="blobs", bits=(8,), seeds=2 * count, epochs=1, again=1))

    def __call__(self, plan: Plan) -> dict[Job, float]:
        """Do all jobs of a plan, a seed a process, and return each one's accuracy."""
        found = self._pool.map(seed_of, [plan] * plan.seeds, range(plan.seeds))
        return {job: right for each in found for job, right in each.items()}
