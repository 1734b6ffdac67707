"""Quality against bits: float, PTQ, QAT, learned steps over several seeds, as jobs that know nothing of each other.

They run in this thread, or on any `concurrent.futures.Executor`; each result is handed over as soon as it is there.
"""

from __future__ import annotations

import csv
import io
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from statistics import fmean, stdev
from threading import Event
from typing import NamedTuple, Protocol

from quantlab.kernels import CORES

from .datasets import Dataset, load
from .network import Network
from .plan import METHODS, Job, Method, Plan
from .ptq import ptq, rescaled
from .qat import qat_epochs
from .quality import MEASURES, Measure, quality
from .simulation import Simulation
from .train import Training, epochs

_BEFORE, _BEHIND = ("data", "method", "bits", "seed"), ("loss", "seconds")  # of the measure, in a CSV
_LOOK_S = 0.2  # how often a stop is looked for while nothing comes


Watch = Callable[[Job, int, float], None]


class Stop(Protocol):
    """What tells that somebody asked for no more: a `threading.Event`, or anything else that is asked likewise."""

    def is_set(self) -> bool: ...


class StoppedError(Exception):
    """Somebody asked for no more."""


class Floats(NamedTuple):
    """The float networks of a seed: where QAT starts, and the twin that trained on without rounding."""

    start: Network
    twin: Network


@dataclass(frozen=True, eq=False)
class Run:
    """What came of a job.

    Attributes
    ----------
    data : str
    job : Job
    quality : float
        Over the test rows: the share of right classes, or R².
    losses : tuple of float
        Mean loss of each epoch after the checkpoint; none for PTQ, which does not train.
    seconds : float
    measure : {"accuracy", "r2"}
        What `quality` is.
    floats, simulation : Floats or None, Simulation or None
        The networks themselves, float or quantized; not part of a CSV.
    """

    data: str
    job: Job
    quality: float
    losses: tuple[float, ...]
    seconds: float
    measure: Measure = "accuracy"
    floats: Floats | None = field(default=None, repr=False)
    simulation: Simulation | None = field(default=None, repr=False)


def run(
    plan: Plan, job: Job, floats: Floats | None = None, stop: Stop | None = None, watch: Watch | None = None
) -> Run:
    """Do one job.

    Parameters
    ----------
    plan : Plan
    job : Job
    floats : Floats, optional
        Of the job's seed; a float job makes them, the others need them.
    stop : Stop, optional
        Looked at after every epoch.
    watch : callable, optional
        Told job, epoch and loss after every epoch.

    Raises
    ------
    StoppedError
        If `stop` was set meanwhile.

    Examples
    --------
    >>> plan = Plan(data="blobs", epochs=2, again=1)
    >>> first = run(plan, Job("float", None, 0))
    >>> run(plan, Job("ptq", 8, 0), first.floats).losses
    ()
    """
    began, data, losses = time.perf_counter(), load(plan.data, job.seed), list[float]()

    def note(epoch: int, loss: float) -> None:
        losses.append(loss)
        if watch is not None:
            watch(job, epoch, loss)
        if stop is not None and stop.is_set():
            raise StoppedError

    simulation = None
    if job.bits is None:
        floats = _floats(plan, job.seed, data, note)
        del losses[: 0 if plan.scratch else plan.epochs]
        good = quality(floats.twin(data.test.x), data.test.labels)
    else:
        assert floats is not None, "a quantized network starts from a float one"
        recipe = plan.recipe(job.bits)
        if job.method == "ptq":
            simulation = ptq(floats.twin, data.train.x, recipe)
        else:
            training, learned = plan.training_again(job.seed), job.method == "lsq"
            for epoch in qat_epochs(floats.start, data.train, recipe, training, learned_steps=learned):
                note(epoch.number, epoch.loss)
            simulation = epoch.simulation  # a Training has an epoch or more
        good, floats = quality(simulation(data.test.x), data.test.labels), None
    measure = MEASURES[data.loss]
    return Run(plan.entry.name, job, good, tuple(losses), time.perf_counter() - began, measure, floats, simulation)


def _floats(plan: Plan, seed: int, data: Dataset, note: Callable[[int, float], None]) -> Floats:
    start = Network.drawn(plan.entry.sizes, seed, plan.hidden)
    if not plan.scratch:
        start = _last(start, data, plan.training(seed), note)
    twin = _last(start, data, plan.training_again(seed), note)
    return Floats(rescaled(start, seed=seed), rescaled(twin, seed=seed)) if plan.far_apart else Floats(start, twin)


def _last(network: Network, data: Dataset, training: Training, note: Callable[[int, float], None]) -> Network:
    for epoch in epochs(network, data.train, training):
        note(epoch.number, epoch.loss)
        network = epoch.network
    return network


def sweep(
    plan: Plan,
    executor: Executor | None = None,
    *,
    stop: Stop | None = None,
    watch: Watch | None = None,
    ahead: int = 2 * CORES,
) -> Iterator[Run]:
    """Do every job of a plan and hand each result over as it comes.

    Parameters
    ----------
    plan : Plan
    executor : Executor, optional
        Where the jobs run: threads, processes, a cluster. By default in this thread, one after the other.
    stop : Stop, optional
        Once it is set nothing more comes. In this process a training ends with its epoch; elsewhere what is under way
        runs to its end, unheard.
    watch : callable, optional
        Told job, epoch and loss after every epoch; in this process only.
    ahead : int
        How many jobs the executor holds at most.

    Examples
    --------
    >>> plan = Plan(data="blobs", bits=(8,), methods=("ptq",), seeds=2, epochs=1, again=1)
    >>> [found.job.method for found in sweep(plan)]
    ['float', 'ptq', 'float', 'ptq']
    """
    stop = stop or Event()
    if executor is None:
        yield from _in_turn(plan, stop, watch)
        return
    # An event and a callback cannot travel to another process.
    here = (stop, watch) if isinstance(executor, ThreadPoolExecutor) else (None, None)
    waiting: deque[tuple[Job, Floats | None]] = deque((Job("float", None, seed), None) for seed in range(plan.seeds))
    under_way: dict[Future[Run], Job] = {}
    try:
        while (waiting or under_way) and not stop.is_set():
            while waiting and len(under_way) < ahead:
                job, floats = waiting.popleft()
                under_way[executor.submit(run, plan, job, floats, *here)] = job
            done, _ = wait(under_way, _LOOK_S, FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: plan.jobs.index(under_way[each])):
                job = under_way.pop(future)
                try:
                    found = future.result()
                except StoppedError:
                    return
                if job.bits is None:
                    waiting.extend((each, found.floats) for each in plan.jobs_of(job.seed)[1:])
                yield found
    finally:
        for future in under_way:
            future.cancel()


def _in_turn(plan: Plan, stop: Stop, watch: Watch | None) -> Iterator[Run]:
    floats: Floats | None = None
    for job in plan.jobs:
        if stop.is_set():
            return
        try:
            found = run(plan, job, floats, stop, watch)
        except StoppedError:
            return
        floats = found.floats or floats
        yield found


class Point(NamedTuple):
    """Quality at so many bits: its mean and standard deviation over the seeds (n − 1; 0 of one), and each."""

    bits: int | None
    mean: float
    deviation: float
    each: tuple[float, ...]


def curve(runs: Iterable[Run], method: Method) -> list[Point]:
    """Return the quality of a method from many bits to few; of float one point, without bits.

    >>> curve([Run("blobs", Job("ptq", 4, seed), 0.5 + seed / 4, (), 1.0) for seed in (0, 1)], "ptq")[0].mean
    0.625
    """
    found: dict[int | None, dict[int, float]] = {}
    for each in runs:
        if each.job.method == method:
            found.setdefault(each.job.bits, {})[each.job.seed] = each.quality
    points = []
    for bits, by_seed in sorted(found.items(), key=lambda item: -(item[0] or 0)):
        values = tuple(value for _, value in sorted(by_seed.items()))
        points.append(Point(bits, fmean(values), stdev(values) if len(values) > 1 else 0.0, values))
    return points


def to_csv(runs: Iterable[Run]) -> str:
    """Write runs as CSV, one a line, every number with all its digits; float has no bits. The measure names its column.

    >>> print(to_csv([Run("blobs", Job("ptq", 4, 0), 0.5, (), 0.25)]), end="")
    data,method,bits,seed,accuracy,loss,seconds
    blobs,ptq,4,0,0.5,,0.25
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    found = list(runs)
    lines.writerow((*_BEFORE, found[0].measure if found else "accuracy", *_BEHIND))
    for each in found:
        loss = each.losses[-1] if each.losses else ""
        method, bits, seed = each.job
        lines.writerow([each.data, method, "" if bits is None else bits, seed, each.quality, loss, each.seconds])
    return text.getvalue()


def from_csv(text: str) -> list[Run]:
    """Read what `to_csv` wrote; of the losses only the last is known.

    Raises
    ------
    ValueError
        If the columns are others.

    Examples
    --------
    >>> from_csv(to_csv([Run("blobs", Job("float", None, 3), 0.5, (2.0, 1.0), 0.25)]))[0].losses
    (1.0,)
    """
    rows = csv.DictReader(io.StringIO(text))
    heads = tuple(rows.fieldnames or ())
    measure = next((each for each in MEASURES.values() if heads == (*_BEFORE, each, *_BEHIND)), None)
    if measure is None:
        raise ValueError(
            f"A table of runs must have the columns {', '.join(_BEFORE)}, {' or '.join(MEASURES.values())}, "
            f"{', '.join(_BEHIND)}, got {rows.fieldnames}; write it anew."
        )
    return [
        Run(
            row["data"],
            Job(METHODS[METHODS.index(row["method"])], int(row["bits"]) if row["bits"] else None, int(row["seed"])),
            float(row[measure]),
            (float(row["loss"]),) if row["loss"] else (),
            float(row["seconds"]),
            measure,
        )
        for row in rows
    ]
