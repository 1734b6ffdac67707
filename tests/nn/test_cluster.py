"""Sweeps on a real Dask cluster: the same digits as here, whatever dies, and one sentence where there is no cluster."""

import os
import signal
import socket
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Timer
from time import monotonic, sleep
from types import ModuleType

import pytest
from dask.distributed import LocalCluster

from quantlab.nn import Plan, cluster, sweep
from quantlab.nn.cluster import VARIABLE, LostError, placed

PLAN = Plan(data="moons", bits=(8, 4, 2), seeds=3, epochs=20, again=15)


@contextmanager
def workers(count):
    with pytest.MonkeyPatch.context() as patch:
        # A new process runs its parent's main module first, in whose place a test of a page may have left a script.
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        # No fixed port: test runs stand beside each other.
        with LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as found:
            yield found


@pytest.fixture(scope="module")
def two():
    with workers(2) as found:
        yield found.scheduler_address


def qualities(plan, place):
    return {run.job: run.quality for run in sweep(plan, place.executor, ahead=2 * place.abreast)}


def test_a_worker_that_is_killed_half_way_loses_no_result_and_changes_no_digit(two, monkeypatch):
    monkeypatch.setenv(VARIABLE, two)
    said, found = [], {}
    with placed(said.append) as place:
        assert place.abreast == 2
        for run in sweep(PLAN, place.executor, ahead=4):
            assert run.job not in found
            found[run.job] = run.quality
            if len(found) == len(PLAN.jobs) // 2:
                processes = place.executor._client.run(os.getpid)
                assert len(set(processes.values()) - {os.getpid()}) == 2
                os.kill(next(iter(processes.values())), signal.SIGKILL)
    assert said == []
    with ThreadPoolExecutor(2) as threads:
        assert found == {run.job: run.quality for run in sweep(PLAN, threads)}


def test_a_stop_ends_a_sweep_on_a_cluster_without_waiting_for_what_runs(two):
    stop, long = Event(), Plan(data="moons", bits=(4,), seeds=1, epochs=5_000)
    with placed(print, address=two) as place:
        Timer(0.2, stop.set).start()
        began = monotonic()
        assert list(sweep(long, place.executor, stop=stop)) == []
    assert monotonic() - began < 5


def silent():
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen()
    return found


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:9", "tcp://127.0.0.1:99999", "tcp://[::1]:9", "nonsense", "http://127.0.0.1:80", "tcp://"],
)
def test_where_nothing_answers_one_sentence_is_said_and_the_work_is_done_here(address, monkeypatch):
    monkeypatch.setenv(VARIABLE, address)
    said = []
    small = Plan(data="moons", bits=(4,), methods=("ptq",), seeds=1, epochs=1, again=1)
    with placed(said.append, lambda: ThreadPoolExecutor(1)) as place:
        assert isinstance(place.executor, ThreadPoolExecutor)
        assert len(qualities(small, place)) == 2
    silence = f"No Dask scheduler answers at {address}, as QUANTLAB_DASK says, so training runs on threads here; "
    assert said == [f"{silence}start it, or set tcp://HOST:PORT."]


def test_what_takes_the_call_and_says_nothing_is_not_waited_for():
    said = []
    with silent() as line:
        address = f"tcp://127.0.0.1:{line.getsockname()[1]}"
        with placed(said.append, address=address, answer_s=0.2) as place:
            assert place == (None, 1)
    assert said[0].startswith(f"No Dask scheduler answers at {address}")


def test_a_scheduler_without_workers_is_not_waited_for():
    said = []
    with workers(0) as lone, placed(said.append, address=lone.scheduler_address, answer_s=0.5) as place:
        assert place.executor is None
    assert said[0].endswith("has no worker within 0.5 s, so training runs on threads here; start some.")


def test_workers_that_are_all_busy_are_waited_for(two):
    said = []
    with placed(print, address=two) as first:
        for _ in range(2):
            first.executor.submit(sleep, 4)
        with placed(said.append, address=two, answer_s=1.5) as place:
            assert place.executor.submit(abs, -1).result(30) == 1
    assert said == []


def test_workers_without_this_library_are_not_used(two, monkeypatch):
    def missing():
        raise ModuleNotFoundError("No module named 'quantlab'")

    monkeypatch.setattr(cluster, "ready", missing)
    said = []
    with placed(said.append, address=two) as place:
        assert place.executor is None
    assert said[0].endswith("do not have this QuantLab, so training runs on threads here; install it there.")


def test_a_cluster_that_breaks_off_is_said_in_one_sentence(two):
    said = r"^The Dask cluster at tcp://.* broke off; what was finished stands"
    with pytest.raises(LostError, match=said), placed(print, address=two):
        raise CancelledError


def test_nothing_is_asked_for_where_nothing_is_configured(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(cluster, "_client", lambda *_: pytest.fail("looked for a cluster"))
    with placed(print) as place:
        assert place == (None, 1)
