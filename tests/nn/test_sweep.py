"""Sweeps: the same numbers wherever the jobs run, results as they come, and a stop at any moment."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from quantlab.nn import Job, Plan, Run, Training, accuracy, curve, load, ptq, qat, sweep, train
from quantlab.nn.network import Network
from quantlab.nn.sweep import from_csv, to_csv

SMALL = Plan(data="moons", bits=(8, 2), seeds=2, epochs=2, again=2)


def found(plan, executor=None):
    return {run.job: run.quality for run in sweep(plan, executor)}


@pytest.mark.parametrize("executor", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_the_numbers_are_the_same_wherever_the_jobs_run(executor):
    with executor(2) as pool:
        assert found(SMALL, pool) == found(SMALL)


def test_a_plan_of_tanh_trains_and_quantizes_tanh():
    plan = replace(SMALL, hidden="tanh", seeds=1)
    runs = list(sweep(plan))
    assert runs[0].floats.twin.hidden == "tanh"
    assert {run.simulation.hidden for run in runs[1:]} == {"tanh"}
    assert {run.job: run.quality for run in runs} != {run: right for run, right in found(SMALL).items() if not run.seed}


def test_every_job_is_done_once_and_the_float_network_of_a_seed_first():
    jobs = [run.job for run in sweep(SMALL)]
    assert sorted(jobs, key=str) == sorted(SMALL.jobs, key=str)
    assert [job.method for job in jobs] == ["float", *["ptq"] * 2, *["qat"] * 2, *["lsq"] * 2] * 2


def test_a_run_is_what_its_parts_give_by_hand():
    data = load("moons", 1)
    start = train(Network.drawn((2, 16, 16, 2), 1), data.train, Training(epochs=2, batch=64, rate=1e-2, seed=1))
    again = Training(epochs=2, batch=64, rate=3e-3, seed=1)
    twin, through = train(start, data.train, again), qat(start, data.train, SMALL.recipe(2), again)
    by_hand = {
        Job("float", None, 1): twin,
        Job("ptq", 2, 1): ptq(twin, data.train.x, SMALL.recipe(2)),
        Job("qat", 2, 1): through,
    }
    runs = found(SMALL)
    for job, network in by_hand.items():
        assert runs[job] == accuracy(network(data.test.x), data.test.labels)


def test_the_twin_is_trained_as_long_as_the_others():
    losses = {
        run.job.method: len(run.losses) for run in sweep(Plan(data="moons", bits=(4,), seeds=1, epochs=3, again=2))
    }
    assert losses == {"float": 2, "ptq": 0, "qat": 2, "lsq": 2}
    scratch = Plan(data="moons", bits=(4,), seeds=1, epochs=3, again=2, scratch=True)
    assert {run.job.method: len(run.losses) for run in sweep(scratch)} == {"float": 5, "ptq": 0, "qat": 5, "lsq": 5}


@pytest.mark.parametrize("pool", [None, ThreadPoolExecutor])
def test_a_stop_ends_the_training_that_is_under_way(pool):
    stop, seen = Event(), []

    def watch(job, epoch, loss):
        assert np.isfinite(loss)
        seen.append((job, epoch))
        if job.method == "float" and epoch == 2:
            stop.set()

    plan = Plan(data="moons", bits=(4,), seeds=1, epochs=500)
    if pool is None:
        runs = list(sweep(plan, stop=stop, watch=watch))
    else:
        with pool(1) as executor:
            runs = list(sweep(plan, executor, stop=stop, watch=watch))
    assert runs == []
    assert seen == [(Job("float", None, 0), 1), (Job("float", None, 0), 2)]


def test_channels_far_apart_compute_the_same_and_quantize_worse():
    near = Plan(data="moons", bits=(8,), methods=("float", "ptq"), seeds=1, epochs=30)
    far = replace(near, far_apart=True)
    near, far = found(near), found(far)
    assert far[Job("float", None, 0)] == near[Job("float", None, 0)]
    assert far[Job("ptq", 8, 0)] < near[Job("ptq", 8, 0)]


def test_values_are_told_with_their_own_measure_and_need_more_bits_than_classes():
    plan = Plan(data="regression", bits=(8, 3), seeds=1, epochs=30, again=20)
    runs = list(sweep(plan))
    right = {run.job: run.quality for run in runs}
    data, last = load("regression"), runs[-1]
    wanted = data.test.labels.astype(np.float64)
    given = last.simulation(data.test.x)[:, 0].astype(np.float64)
    assert last.quality == pytest.approx(1 - ((given - wanted) ** 2).mean() / wanted.var(), rel=1e-9)
    assert right[Job("float", None, 0)] > 0.96
    assert right[Job("ptq", 8, 0)] > 0.95
    assert right[Job("ptq", 3, 0)] < right[Job("qat", 3, 0)] < 0.95
    assert {run.measure for run in runs} == {"r2"}
    text = to_csv(runs)
    assert text.startswith("data,method,bits,seed,r2,loss,seconds\nregression,float,,0,0.9")
    assert [run.measure for run in from_csv(text)] == ["r2"] * len(runs)
    assert to_csv(from_csv(text)) == text


def test_a_csv_brings_every_number_back():
    runs = list(sweep(SMALL))
    text = to_csv(runs)
    assert [(run.data, run.job, run.quality, run.seconds) for run in from_csv(text)] == [
        (run.data, run.job, run.quality, run.seconds) for run in runs
    ]
    assert to_csv(from_csv(text)) == text


def test_a_curve_has_mean_and_deviation_over_the_seeds_from_many_bits_to_few():
    runs = [
        Run("moons", Job("qat", bits, seed), 0.1 * bits + 0.01 * seed, (), 1.0) for seed in (2, 0, 1) for bits in (2, 8)
    ]
    many, few = curve(runs, "qat")
    assert (many.bits, few.bits) == (8, 2)
    assert few.mean == pytest.approx(0.21)
    assert few.deviation == pytest.approx(0.01)
    assert few.each == pytest.approx((0.2, 0.21, 0.22))
    assert curve(runs, "ptq") == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Plan(data="cats"), "data set must be digits or .*, got 'cats'"),
        (lambda: Plan(methods=("magic",)), "method must be float or ptq or qat or lsq, got 'magic'"),
        (lambda: Plan(hidden="sine"), "hidden must be relu or tanh, got 'sine'"),
        (lambda: Plan(hidden="tanh", far_apart=True), "far_apart needs hidden units that let a factor pass, got tanh"),
        (lambda: Plan(seeds=0), "seeds must be 1 or more, got 0"),
        (lambda: Plan(bits=(9,)), "bits must be 2 to 8, got 9"),
        (lambda: Plan(rate=-1), "rate must be positive"),
        (lambda: from_csv("a,b\n1,2\n"), "A table of runs must have the columns data, method"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
