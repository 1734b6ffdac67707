"""How times are taken: in turns, the same number of rounds, a long call once."""

import platform
import subprocess
import sys

import pytest

from quantlab.bench import timing
from quantlab.bench.timing import FEWEST, Spread, alternate, fastest, ratios


def test_sides_take_turns_and_each_round_begins_with_the_other(monkeypatch):
    monkeypatch.setattr(timing, "BATCH", 0.0)  # one call a turn
    called = []
    alternate([lambda: called.append("a"), lambda: called.append("b")], 0.0)
    assert called[4:] == [*"ab", *"ba", *"ab"]  # after the calls that warm up and say how long one takes


def test_every_side_has_a_sample_of_every_round():
    samples = alternate([lambda: None, lambda: sum(range(1000)), lambda: None], 0.05)
    assert len({len(its) for its in samples}) == 1
    assert len(samples[0]) >= FEWEST
    assert all(time > 0 for its in samples for time in its)


def test_a_call_as_long_as_the_budget_is_made_once_and_keeps_its_time(monkeypatch):
    monkeypatch.setattr(timing, "LONG", 0.0)
    called = []
    _, theirs = alternate([lambda: None, lambda: called.append(sum(range(300_000)))], 1e-4)
    assert len(called) == 1
    assert len(set(theirs)) == 1
    assert len(theirs) >= FEWEST


def test_where_all_calls_are_long_each_is_timed_in_as_few_rounds_as_there_must_be(monkeypatch):
    monkeypatch.setattr(timing, "LONG", 0.0)
    called = []
    samples = alternate([lambda: called.append(sum(range(300_000)))] * 2, 1e-4)
    assert [len(its) for its in samples] == [FEWEST, FEWEST]
    assert len(called) == 2 * (1 + FEWEST)


def test_the_faster_way_to_ask_a_peer_is_taken():
    quick, slow = (lambda: sum(range(10))), (lambda: sum(range(100_000)))
    assert fastest([slow, quick]) is quick
    assert fastest([slow]) is slow


def test_a_ratio_belongs_to_its_round():
    assert ratios([4.0, 9.0], [2.0, 3.0]) == [2.0, 3.0]
    assert Spread.of([2.0]) == Spread(2.0, 2.0, 2.0, 1)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's allocator that learns")
def test_what_is_freed_is_kept_whatever_was_measured_before():
    pages = """
import resource
import numpy as np
from quantlab.bench.timing import keep_freed_memory

def fresh_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        held = [np.ones(2 << 20) for _ in range(2)]
        del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = fresh_pages()
keep_freed_memory()
fresh_pages()
print(first, fresh_pages())
"""
    done = subprocess.run([sys.executable, "-c", pages], capture_output=True, text=True, check=True)
    learning, kept = map(int, done.stdout.split())
    assert kept < learning / 10
