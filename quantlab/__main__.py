"""The command line: ``python -m quantlab``.

A command is a function with a parser in COMMANDS; heavy imports happen inside it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from quantlab.bench.rows import Row
    from quantlab.bench.run import Run
    from quantlab.nn import Plan
    from quantlab.nn import Run as TrainingRun
    from quantlab.records import ErrorReport
    from quantlab.scheme import Scheme


V = TypeVar("V")

# Spelled as in the address of a page.
_FORMS = {
    "range": "minmax, percentile:P with P above 50, mse, or fixed:LO:HI with LO below HI",
    "per": "tensor, channel:AXIS, or group:SIZE:AXIS",
}


class Command(NamedTuple):
    """One command: what it is for, which arguments it knows, what it does. It returns the exit code."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        The exit code: 0, or 1 after a sentence on the error output.
    """
    parser = argparse.ArgumentParser(prog="python -m quantlab", description="What low-bit numbers do to arrays.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        its = commands.add_parser(name, help=command.help, description=command.help)
        command.arguments(its)
        its.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (ValueError, TypeError, OSError) as refusal:
        print(refusal, file=sys.stderr)
        return 1


def _setup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing while compiling")
    parser.add_argument("--backwards", action="store_true", help="compile the last kernel first")


def _setup(options: argparse.Namespace) -> int:
    from quantlab import kernels

    overwrites = sys.stderr.isatty()
    said = False

    def progress(name: str, done: int, total: int) -> None:
        nonlocal said
        if options.quiet:
            return
        if overwrites:
            rest = f"Compiling kernels, {done} of {total}: {name}" if name else ""
            print(f"\r\033[K{rest}", end="", file=sys.stderr, flush=True)
        elif not said:
            print(f"Compiling {total} kernels, which takes about a minute.", file=sys.stderr, flush=True)
        said = True

    with nullcontext() if options.backwards else _from_the_other_end():
        compiled = kernels.compile_all(progress, backwards=options.backwards)
    if compiled and not options.quiet:
        print("Compiled the kernels for this processor; this happens once.", file=sys.stderr)
    print(kernels.describe()["cache"])
    return 0


@contextmanager
def _from_the_other_end() -> Iterator[None]:
    """Have a second process compile the kernels in the opposite order, where none has been compiled before.

    LLVM holds a lock on its process. Whatever the other one was first at is loaded from the cache they share.
    """
    from quantlab.kernels import CORES
    from quantlab.kernels.compilation import cache_folder

    if CORES == 1 or any(cache_folder().iterdir()):
        yield
        return
    command = [sys.executable, "-m", "quantlab", "setup", "--quiet", "--backwards"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="an array: .npy, .npz, .csv or .tsv")
    parser.add_argument("--member", help="which array of an .npz")
    parser.add_argument("--bits", type=int, default=8, help="1 to 16, default 8")
    parser.add_argument("--affine", action="store_true", help="a zero point instead of a symmetric grid")
    parser.add_argument("--range", default="minmax", help=_FORMS["range"])
    parser.add_argument("--per", default="tensor", help=f"what shares one scale: {_FORMS['per']}")
    parser.add_argument("--json", action="store_true", help="every figure, for programs")


def _report(options: argparse.Namespace) -> int:
    from quantlab.arrays import files
    from quantlab.quantizer import Quantizer
    from quantlab.report import error_report

    scheme = _scheme(options)
    with options.file.open("rb") as data:
        array = files.read(options.file.name, data, member=options.member)
    report = error_report(array.values, Quantizer(array.values, scheme))
    if options.json:
        print(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
    else:
        print("\n".join([array.name, *([array.remark] if array.remark else []), "", *_lines(report)]))
    return 0


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rows with this word; may repeat")
    parser.add_argument("--quick", action="store_true", help="a look: a twentieth of a second a row")
    parser.add_argument("--seconds", type=float, help="for each row, default 2")
    parser.add_argument("--json", default="bench.json", metavar="PATH", help="default bench.json; - prints it, alone")
    parser.add_argument("--chart", type=Path, metavar="PATH", help="an SVG of the rows that the README shows")


def _bench(options: argparse.Namespace) -> int:
    from quantlab.bench import run as bench
    from quantlab.bench.table import clock, table

    seconds = options.seconds or (bench.QUICK_SECONDS if options.quick else bench.SECONDS)
    if not 0 < seconds <= 60:
        raise ValueError(f"--seconds must be more than 0 and at most 60, got {seconds:g}; 2 are enough for a row.")
    overwrites = sys.stderr.isatty()

    def progress(row: Row | None, done: int, total: int, left: float) -> None:
        if overwrites:
            name = f"{done + 1} of {total}, {clock(left)} left: {row.figure} against {row.peer}" if row else ""
            print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)
        elif row and done % 20 == 0:
            print(f"{done} of {total} rows, {clock(left)} left", file=sys.stderr, flush=True)

    made = bench.run(bench.choose(options.only), seconds, progress)
    text = json.dumps(made.as_dict(), indent=1, ensure_ascii=False)
    if options.json == "-":
        print(text)
    else:
        print(table(made))
        Path(options.json).write_text(text + "\n", encoding="utf-8")
        print(f"\nAll of it, for programs: {options.json}")
    if options.chart:
        options.chart.write_text(_chart(made), encoding="utf-8")
        print(f"The chart: {options.chart}", file=sys.stderr)
    return int(any(outcome.verdict == "wrong" for outcome in made.outcomes))


def _chart(made: Run) -> str:
    from quantlab.charts import benchmark

    bars: list[benchmark.Bar] = []
    points: dict[float, benchmark.Point] = {}
    for each in made.outcomes:
        if each.drawn and each.ratio:
            must = each.line.must if each.line and each.verdict else None
            peer = each.peer + (" (wrong here)" if each.wrong else "")
            bars.append(benchmark.Bar(each.figure, peer, each.ratio.median, each.ratio.lower, each.ratio.upper, must))
        if each.label and each.ours and each.threads == 1 and each.tier == made.machine.tier:
            intensity, speed = each.operations / each.bytes, each.operations / each.ours.median
            points.setdefault(intensity, benchmark.Point(each.label, intensity, speed))
    roof = benchmark.Roof(made.ceilings.peak("int8").median, made.ceilings.copied().median)
    remarks = [made.machine.sentence, made.machine.when[:10], *(["a quick run"] if made.quick else [])]
    return benchmark.benchmark(bars, list(points.values()), roof, caption=", ".join(remarks))


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="digits", help="digits, moons, spirals, circles, blobs or regression")
    parser.add_argument("--hidden", default="relu", help="hidden units: relu or tanh")
    parser.add_argument("--bits", type=int, nargs="+", metavar="B", help="2 to 8 each; by default all")
    parser.add_argument("--seeds", type=int, default=5, help="how many, default 5")
    parser.add_argument("--epochs", type=int, default=50, help="of the float network, default 50")
    parser.add_argument("--again", type=int, default=40, help="of QAT, LSQ and the float twin, default 40")
    parser.add_argument("--scratch", action="store_true", help="QAT from random weights")
    parser.add_argument("--per", default="tensor", help="what shares the scale of a weight: tensor or channel")
    parser.add_argument("--weight-scale", default="restricted", help="restricted, half_range or full")
    parser.add_argument("--ends-at-8", action="store_true", help="first and last layer keep 8 bits")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes, default 1; QUANTLAB_DASK names a Dask cluster"
    )
    parser.add_argument("--csv", type=Path, metavar="PATH", help="every run as a line")
    parser.add_argument("--keep", action="store_true", help="compute anew, alone, what the app brings along")
    parser.add_argument("--here", action="store_true", help="compute on this machine, once, what the app opens on")


def _train(options: argparse.Namespace) -> int:
    from concurrent.futures import Executor, ProcessPoolExecutor

    from quantlab.nn import BITS, Plan, sweep
    from quantlab.nn.cluster import placed
    from quantlab.nn.sweep import to_csv

    if options.keep:
        from quantlab.experiments.training import kept

        kept.rewrite()
        return 0
    if options.here:
        from quantlab.experiments.training import kept

        kept.prepare(_counted)
        return 0
    if options.workers < 1:
        raise ValueError(f"--workers must be 1 or more, got {options.workers}; 1 is the default.")
    names = ("data", "seeds", "epochs", "again", "scratch", "per", "weight_scale", "ends_at_8", "hidden")
    plan = Plan(bits=tuple(options.bits or BITS), **{name: getattr(options, name) for name in names})
    runs, total = [], len(plan.jobs)

    def local() -> AbstractContextManager[Executor | None]:
        return ProcessPoolExecutor(options.workers) if options.workers > 1 else nullcontext()

    with placed(lambda sentence: print(sentence, file=sys.stderr), local) as place:
        for found in sweep(plan, place.executor, ahead=2 * place.abreast):
            runs.append(found)
            _counted(len(runs), total)
    print("\n".join(_curves(plan, runs)))
    if options.csv:
        options.csv.write_text(to_csv(runs), encoding="utf-8")
    return 0


def _counted(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print("\r\033[K" + f"{done} of {total}" * (done < total), end="", file=sys.stderr, flush=True)


def _curves(plan: Plan, runs: list[TrainingRun]) -> list[str]:
    from quantlab.nn import METHODS, curve
    from quantlab.numerals import num

    measure = {"accuracy": "accuracy", "r2": "R²"}[runs[0].measure]
    lines = [f"{plan.data}, {measure} in % over {plan.seeds} seed{'' if plan.seeds == 1 else 's'}", ""]
    for method in METHODS:
        for point in curve(runs, method):
            name = method if point.bits is None else f"{method} {point.bits} bits"
            lines.append(f"{name:<10}  {num(point.mean * 100)} ± {num(point.deviation * 100, 2)}")
    return lines


def _scheme(options: argparse.Namespace) -> Scheme:
    from quantlab.experiments import spelling
    from quantlab.scheme import Scheme

    return Scheme(
        bits=options.bits,
        symmetric=not options.affine,
        range=_read("range", options.range, spelling.read_range),
        granularity=_read("per", options.per, spelling.read_granularity),
    )


def _read(option: str, text: str, read: Callable[[str], V]) -> V:
    try:
        return read(text)
    except (ValueError, LookupError):
        raise ValueError(f"--{option} must be {_FORMS[option]}, got {text!r}; choose one of these.") from None


def _lines(report: ErrorReport) -> list[str]:
    from quantlab.numerals import count, num, share

    left_out = [
        f"{count(found)} {name}" for found, name in ((report.nan_count, "NaN"), (report.inf_count, "infinite")) if found
    ]
    rows = [
        ("values", count(report.n) + (f" ({' and '.join(left_out)} left out)" if left_out else "")),
        ("SQNR", num(report.sqnr_db, unit="dB")),
        ("largest |error|", f"{num(report.max_abs_error)} = {num(report.max_abs_error_steps)} steps"),
        ("mean |error|", num(report.mean_abs_error)),
        ("clipped", share(report.clipped)),
        ("codes used", f"{count(report.codes_used)} of {count(len(report.code_counts))}"),
        ("bits a value", num(report.bits_per_value)),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {figure}" for name, figure in rows]


COMMANDS = {
    "setup": Command("Compile the kernels for this processor and print where they are kept.", _setup_arguments, _setup),
    "bench": Command("Time the kernels beside their peers, in one run.", _bench_arguments, _bench),
    "train": Command("Train networks and print accuracy against bits: PTQ, QAT, LSQ.", _train_arguments, _train),
    "report": Command("Quantize the array in a file and print the error that it makes.", _report_arguments, _report),
}

if __name__ == "__main__":
    sys.exit(main())
