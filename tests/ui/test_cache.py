"""Results are kept once, within their bytes, read-only, and a visitor's own never reach anybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from quantlab.ui import cache
from quantlab.ui.cache import Results, size_bytes


@dataclass(frozen=True)
class Report:
    counts: np.ndarray
    parts: dict[str, np.ndarray]
    mse: float = 0.0


def _array(kilobytes: int) -> np.ndarray:
    return np.zeros(kilobytes * 1024, np.uint8)


def _never() -> Any:
    raise AssertionError("computed although it was kept")


def test_a_result_is_computed_once() -> None:
    results = Results(10_000)
    assert results.get("a", lambda: 1) == 1
    assert results.get("a", _never) == 1


def test_the_least_recently_used_goes_first_and_the_bytes_hold() -> None:
    results = Results(100 * 1024)
    for name in "ab":
        results.get(name, lambda: _array(40))
    results.get("a", _never)
    results.get("c", lambda: _array(40))
    assert results.size_bytes <= 100 * 1024
    results.get("a", _never)
    results.get("c", _never)
    with pytest.raises(AssertionError, match="computed"):
        results.get("b", _never)


def test_a_result_above_the_limit_is_returned_and_pushes_nothing_out() -> None:
    results = Results(100 * 1024)
    results.get("small", lambda: _array(10))
    assert results.get("large", lambda: _array(200)).nbytes == 200 * 1024
    results.get("small", _never)
    assert len(results) == 1


def test_sizes_are_those_of_the_arrays_inside() -> None:
    counts = np.zeros(1_000, np.int64)
    report = Report(counts, {"mse": np.zeros(500), "again": counts})
    assert 12_000 <= size_bytes(report) < 14_000


def test_a_view_counts_with_the_buffer_that_it_keeps_alive() -> None:
    assert size_bytes(_array(100)[:10]) >= 100 * 1024
    assert size_bytes(np.frombuffer(bytes(50_000), np.uint8)) >= 50_000


def test_what_is_kept_cannot_be_written_to() -> None:
    report = Results(100_000).get("r", lambda: Report(np.zeros(3), {"mse": np.zeros(2)}))
    for array in (report.counts, report.parts["mse"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_thirty_who_ask_at_once_wait_for_one_computation() -> None:
    results, calls, started = Results(10_000), [], threading.Barrier(30)

    def make() -> int:
        calls.append(1)
        slow.wait(0.2)
        return 7

    def ask(_: int) -> int:
        started.wait(10)
        return results.get("a", make)

    slow = threading.Event()
    with ThreadPoolExecutor(30) as pool:
        assert list(pool.map(ask, range(30))) == [7] * 30
    assert len(calls) == 1


def test_a_failure_reaches_its_caller_only_and_the_next_one_computes() -> None:
    results, failing, proceed = Results(10_000), threading.Event(), threading.Event()

    def fail() -> int:
        failing.set()
        proceed.wait(10)
        raise KeyError("broken")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(results.get, "a", fail)
        failing.wait(10)
        second = pool.submit(results.get, "a", lambda: 5)
        proceed.set()
        assert second.result(10) == 5
        with pytest.raises(KeyError, match="broken"):
            first.result(10)


def test_two_who_need_each_others_results_do_not_wait_for_ever() -> None:
    results, both = Results(10_000), threading.Barrier(2)

    def needing(other: str) -> Callable[[], int]:
        def make() -> int:
            both.wait(10)
            return 1 + results.get(other, lambda: 10)

        return make

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(results.get, "a", needing("b")), pool.submit(results.get, "b", needing("a"))]
        # 12 where the other was through by then.
        assert {done.result(10) for done in asked} <= {11, 12}


def test_a_result_may_ask_for_itself_while_it_is_computed() -> None:
    results = Results(10_000)
    assert results.get("a", lambda: 1 + results.get("a", lambda: 1)) == 2


def test_many_threads_never_exceed_the_bytes() -> None:
    results = Results(64 * 1024)

    def ask(i: int) -> int:
        return int(results.get(i % 11, lambda: _array(i % 11 + 1)).nbytes)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(400))) == [(i % 11 + 1) * 1024 for i in range(400)]
    assert 0 < results.size_bytes <= 64 * 1024


def test_a_visitors_results_stay_in_their_session(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    shared = Results(10_000)
    monkeypatch.setattr(cache, "_SHARED", shared)
    monkeypatch.setattr(cache.st, "session_state", sessions[0])
    assert cache.result("digest", "mse", lambda: "mine", own=True) == "mine"
    assert cache.result("digest", "mse", _never, own=True) == "mine"
    monkeypatch.setattr(cache.st, "session_state", sessions[1])
    assert cache.result("digest", "mse", lambda: "theirs", own=True) == "theirs"
    assert len(shared) == 0
    assert cache.result("digest", "mse", lambda: "everybody's", own=False) == "everybody's"
    monkeypatch.setattr(cache.st, "session_state", sessions[0])
    assert cache.result("digest", "mse", _never, own=False) == "everybody's"
