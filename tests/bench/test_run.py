"""A run: what is measured, what is judged where, and that nothing is lost on the way."""

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from quantlab.__main__ import main
from quantlab.bench import peers, reports, run
from quantlab.bench.ceilings import Ceilings
from quantlab.bench.machine import Machine
from quantlab.bench.rows import Duel, Line, Row, WrongResultError
from quantlab.bench.run import Outcome, Run, judged
from quantlab.bench.table import table
from quantlab.bench.timing import Spread

HERE = Machine(
    processor="Some Chip (kind)",
    cores=2,
    tier="avx2",
    reason="avx2 is there.",
    features=frozenset({"avx2"}),
    system="Linux x86_64, Python 3",
    packages={"numpy": "2"},
    when="2026-01-02T03:04:05+00:00",
    load=0.0,
    held="",
)
OUTCOME = Outcome(
    name="matmul-64-torch",
    family="Integer product",
    figure="64³ s8·s8",
    peer="torch._int_mm",
    tier="avx2",
    threads=1,
    operations=2 * 64**3,
    bytes=6 * 64**2,
    line=Line(must=1.0, aim=2.0),
    ours=Spread(1e-5, 0.9e-5, 1.2e-5, 9),
    theirs=Spread(1.5e-5, 1.4e-5, 1.6e-5, 9),
    ratio=Spread(1.5, 1.4, 1.6, 9),
    share=0.5,
)


def row(**changes):
    """A row of one's own, of two sides that do nothing."""
    duel = Duel(ours=lambda: None, theirs=lambda: None, check=lambda: None)
    return Row(
        **{"name": "own", "family": "Own", "figure": "nothing", "peer": "nobody", "bytes": 1000}
        | {"make": lambda: duel}
        | changes
    )


def measured(*rows, seconds=0.001):
    return run.run(rows, seconds)


@pytest.mark.parametrize(
    ("changes", "features", "verdict", "note"),
    [
        ({}, {"avx2"}, "must", ""),
        ({"ratio": Spread(2.5, 2, 3, 9)}, {"avx2"}, "aim", ""),
        ({"ratio": Spread(0.5, 2, 3, 9)}, {"avx2"}, "missed", ""),
        ({"line": None}, {"avx2"}, "", ""),
        ({"line": Line(must=9, aim=9, tiers=("avx512vnni",))}, {"avx2"}, "", "not this tier"),
        ({"line": Line(must=9, aim=9, unless=("amx-int8",))}, {"amx-int8"}, "", "the peer has matrix units here"),
        ({"wrong": 0.68}, {"avx2"}, "", "peer wrong: 68\u00a0% of its results"),
    ],
)
def test_a_line_is_asked_where_it_belongs_and_of_peers_that_are_right(changes, features, verdict, note):
    found = judged(replace(OUTCOME, **changes), replace(HERE, features=frozenset(features)))
    assert (found.verdict, found.note) == (verdict, note)


@pytest.mark.parametrize("outcome", [OUTCOME, replace(OUTCOME, ours=None, theirs=None, ratio=None, share=float("nan"))])
def test_an_outcome_comes_back_from_json(outcome):
    again = Outcome.from_dict(json.loads(json.dumps(outcome.as_dict(), allow_nan=False)))
    assert again.as_dict() == outcome.as_dict()
    assert again.line == outcome.line
    assert again.ratio == outcome.ratio


def test_the_json_of_a_run_has_the_machine_the_ceilings_and_every_row():
    made = measured(row(), row(name="other", measure=lambda: 1.0, make=None))
    found = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert found.keys() == {"machine", "seconds_a_row", "complete", "ceilings", "rows"}
    assert found["complete"] is True
    assert found["machine"]["tier"] == made.machine.tier
    assert [each["name"] for each in found["rows"]] == ["own", "other"]
    assert found["rows"][0]["ours"].keys() == {"median", "lower", "upper", "samples"}
    assert {"int8", "copy"} <= {rate["kind"] for rate in found["ceilings"]}
    assert all(rate["median"] > 0 for rate in found["ceilings"])


def test_a_missing_peer_costs_its_row_only():
    def missing():
        raise ImportError(name="torch")

    found = measured(row(make=missing), row()).outcomes
    assert found[0].note == "torch is not installed"
    assert found[0].ratio is None
    assert found[1].ratio is not None


def test_a_wrong_result_of_ours_is_not_timed():
    def refuse():
        raise WrongResultError("It is wrong here.")

    timed = []
    duel = Duel(ours=lambda: timed.append(1), theirs=lambda: timed.append(1), check=refuse)
    (found,) = measured(row(make=lambda: duel)).outcomes
    assert (found.verdict, found.note, found.ratio) == ("wrong", "It is wrong here.", None)
    assert not timed


def test_a_run_that_is_broken_off_gives_what_is_there():
    def interrupt():
        raise KeyboardInterrupt

    made = measured(row(), row(name="second", make=interrupt), row(name="third"))
    assert [outcome.name for outcome in made.outcomes] == ["own"]
    assert not made.complete
    assert "Broken off" in table(made)


def test_progress_counts_rows_and_says_what_is_left():
    said = []
    run.run(
        [row(), row(name="second")], 0.001, lambda row, done, total, left: said.append((row and row.name, done, total))
    )
    assert said == [("own", 0, 2), ("second", 1, 2), (None, 2, 2)]


def test_what_needs_other_instructions_is_not_tried():
    only = row(line=Line(must=1, aim=1, tiers=("amx",)), here_only=True)
    other = row(environment=(("QUANTLAB_KERNELS", "dotprod"),))
    notes = [run.measure(each, 0.001, HERE, Ceilings(0.001)).note for each in (only, other, row(threads=0))]
    assert notes == ["needs the tier amx", "needs dotprod", ""]
    assert run.measure(row(threads=0), 0.001, replace(HERE, cores=1), Ceilings(0.001)).note == "one core here"


def test_another_environment_is_another_process_by_the_same_command(monkeypatch):
    asked = []

    def answer(command, env, **_):
        asked.append((command, env))
        return subprocess.CompletedProcess(
            command, 0, json.dumps({"rows": [replace(OUTCOME, name="own").as_dict()]}), ""
        )

    monkeypatch.setattr(run.subprocess, "run", answer)
    (found,) = measured(row(environment=(("SOME_VARIABLE", "x"),))).outcomes
    ((command, env),) = asked
    assert command[1:6] == ["-m", "quantlab", "bench", "--only", "own"]
    assert env["SOME_VARIABLE"] == "x"
    assert found.ratio == OUTCOME.ratio
    monkeypatch.setattr(run.subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 2, "", "one\ntwo\n"))
    assert measured(row(environment=(("SOME_VARIABLE", "x"),))).outcomes[0].note == "its process failed: two"


def test_a_share_is_of_the_nearer_ceiling():
    ceilings = Ceilings(0.001)
    peak, moved = ceilings.peak("int8").median, ceilings.copied(1 << 20).median
    assert ceilings.share(2.0, operations=int(peak), size=4, roof="int8") == pytest.approx(0.5, rel=0.01)
    assert ceilings.share(2 * (1 << 20) / moved, operations=1, size=1 << 20, roof="") == pytest.approx(0.5)


def test_the_table_says_where_what_how_and_whether():
    outcomes = (
        replace(OUTCOME, verdict="must"),
        replace(OUTCOME, name="b", figure="512³", note="not this tier", tier="plain"),
        replace(OUTCOME, name="c", family="Another", verdict="missed", ratio=Spread(0.5, 0.4, 0.6, 9)),
    )
    made = Run(machine=HERE, seconds=2.0, complete=True, outcomes=outcomes, ceilings=Ceilings(0.001))
    lines = table(made).replace("\u00a0", " ").splitlines()
    assert lines[0] == "Some Chip (kind), 2 cores, tier avx2"
    first = next(line for line in lines if "64³ s8·s8" in line)
    for cell in ("torch._int_mm", "10.0 µs", "15.0 µs", " 1.50 ", "1.40 to 1.60", "≥ 1", "≥ 2", "50 %", "must met"):
        assert cell in first
    assert next(line for line in lines if "512³" in line).endswith("tier plain, not this tier")
    assert "1 of 2 lines that are asked here are met, 0 of them with their aim; 1 are not asked here." in lines
    assert "Missed: c, 64³ s8·s8 against torch._int_mm: 0.500 instead of 1." in lines
    assert not any("quick" in line or "quiet" in line for line in lines)
    heads = [line.index("ratio") for line in lines if "ratio" in line and "figure" in line]
    assert len(heads) == 2
    assert len(set(heads)) == 1


def test_a_quick_run_on_a_busy_machine_says_so():
    made = Run(
        machine=replace(HERE, load=1.5), seconds=0.05, complete=True, outcomes=(OUTCOME,), ceilings=Ceilings(0.001)
    )
    assert "A quick run" in table(made)
    assert "others kept 1.5 cores busy" in table(made)


def test_the_command_measures_writes_and_draws(tmp_path, capsys):
    paths = tmp_path / "all.json", tmp_path / "chart.svg"
    words = ["--only", "matmul-64-blas", "--only", "search-error-2", "--quick"]
    assert main(["bench", *words, "--json", str(paths[0]), "--chart", str(paths[1])]) == 0
    said = capsys.readouterr().out
    found = json.loads(paths[0].read_text(encoding="utf-8"))
    assert [each["name"] for each in found["rows"]] == ["matmul-64-blas", "search-error-2"]
    assert found["rows"][0]["ratio"]["median"] > 0
    assert found["rows"][1]["ratio"]["median"] <= 1.01
    assert "64³ u8·s8" in said
    assert str(paths[0]) in said
    assert ElementTree.parse(paths[1]).getroot().tag.endswith("svg")


def test_json_alone_is_printed_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "--only", "search-error-3", "--seconds", "0.01", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds_a_row"] == 0.01
    assert not list(tmp_path.iterdir())
    assert main(["bench", "--seconds", "-1"]) == 1
    assert "--seconds must be more than 0" in capsys.readouterr().err


@pytest.mark.parametrize("bits", [2, 8])
def test_the_numpy_route_and_the_report_agree(bits):
    x = reports.outliers(100_000)
    assert reports._same(x, reports.Quantizer(x, bits=bits))
    x[5], x[7] = np.nan, np.inf
    assert reports._same(x, reports.Quantizer(x, bits=bits))


def test_onnx_runtime_is_asked_for_the_same_product():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 128, (5, 70), np.uint8), rng.integers(-128, 128, (70, 9), np.int8)
    assert np.array_equal(peers.onnx_matmul_integer(a, b, 1)(), a.astype(int) @ b.astype(int))
    assert np.array_equal(peers.blas(a, b)(), a.astype(int) @ b.astype(int))
    assert np.array_equal(peers.naive(a, b)(), a.astype(int) @ b.astype(int))
