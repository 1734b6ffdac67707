"""The command line prints the library's own figures, and refuses in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quantlab import Fixed, Percentile, PerChannel, Quantizer, Scheme, error_report
from quantlab.__main__ import COMMANDS, main


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(6, 40)).astype(np.float32)


@pytest.fixture
def file(x: np.ndarray, tmp_path: Path) -> str:
    np.save(tmp_path / "x.npy", x)
    return str(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("arguments", "scheme"),
    [
        ([], Scheme()),
        (["--bits", "4", "--affine"], Scheme(bits=4, symmetric=False)),
        (["--per", "channel:0"], Scheme(granularity=PerChannel(0))),
        (["--range", "percentile:99"], Scheme(range=Percentile(99))),
        (["--range", "fixed:-1:1"], Scheme(range=Fixed(-1, 1))),
    ],
)
def test_the_report_in_json_is_the_librarys(
    x: np.ndarray, file: str, arguments: list[str], scheme: Scheme, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", file, "--json", *arguments]) == 0
    expected = error_report(x, Quantizer(x, scheme)).as_dict()
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(expected))


def test_the_report_in_words_names_each_figure_with_its_unit(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", file, "--bits", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "x.npy"
    figures = dict(line.split("  ", 1) for line in lines if "  " in line)
    assert figures["SQNR"].strip().endswith("\u00a0dB")
    assert figures["values"].strip() == "240"
    assert figures["codes used"].strip().endswith(" of 16")


def test_values_that_are_left_out_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "holes.npy", np.array([1.0, np.nan, np.inf, -2.0], np.float32))
    assert main(["report", str(tmp_path / "holes.npy")]) == 0
    assert "(1 NaN and 1 infinite left out)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--bits", "17"], "bits must be 1 to 16, got 17"),
        (["--range", "widest"], "got 'widest'"),
        (["--range", "percentile"], "got 'percentile'"),
        (["--range", "percentile:40"], "with P above 50, mse, or fixed:LO:HI"),
        (["--per", "row"], "--per must be tensor, channel:AXIS, or group:SIZE:AXIS, got 'row'"),
        (["--per", "channel:2"], "axis"),
    ],
)
def test_a_refusal_is_one_sentence(
    file: str, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", file, *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "gone.npy")]) == 1
    assert "gone.npy" in capsys.readouterr().err


def test_set_up_prints_a_folder_that_holds_the_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "--quiet"]) == 0
    said = capsys.readouterr()
    assert any(Path(said.out.strip()).iterdir())
    assert said.err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    assert COMMANDS[name].help in " ".join(capsys.readouterr().out.split())


def test_train_says_where_the_cluster_does_not_answer_and_trains_here(capsys, monkeypatch):
    monkeypatch.setenv("QUANTLAB_DASK", "tcp://127.0.0.1:9")
    assert main(["train", "--data", "moons", "--bits", "8", "--seeds", "1", "--epochs", "1", "--again", "1"]) == 0
    out, err = capsys.readouterr()
    assert "moons, accuracy in %" in out
    assert err.startswith("No Dask scheduler answers at tcp://127.0.0.1:9, as QUANTLAB_DASK says")


def test_train_prints_the_curve_and_writes_every_run(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    options = ["--data", "moons", "--bits", "4", "2", "--seeds", "2", "--epochs", "2", "--again", "1"]
    assert main(["train", *options, "--csv", str(path)]) == 0
    said = capsys.readouterr().out
    assert "moons, accuracy in % over 2 seeds" in said
    assert [line.split("  ")[0] for line in said.splitlines()[2:]] == [
        "float", "ptq 4 bits", "ptq 2 bits", "qat 4 bits", "qat 2 bits", "lsq 4 bits", "lsq 2 bits",
    ]  # fmt: skip
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1 + 2 * 7
    assert main(["train", "--bits", "1"]) == 1
    assert "bits must be 2 to 8, got 1" in capsys.readouterr().err
