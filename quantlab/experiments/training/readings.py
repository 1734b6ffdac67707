"""The numbers of the page of PTQ and QAT as people read them, its table of runs, and what it says of its store."""

from __future__ import annotations

from typing import Any

from quantlab.experiments.page import Reading
from quantlab.experiments.training.experiment import Result, Settings
from quantlab.experiments.training.measures import worth
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.nn import METHODS, Job, Method, changed_codes
from quantlab.nn.sweep import Point
from quantlab.numerals import num, points, share, size_text

NAMES = {"float": "float", "ptq": "PTQ", "qat": "QAT", "lsq": "LSQ"}


def percent(part: float) -> str:
    """Write a share of 1 with three digits.

    >>> print(percent(0.96944), percent(1.0))
    96.9 % 100 %
    """
    return num(part * 100, 3, "%")


LABELS = ("Float, trained as long", "PTQ", "QAT", "LSQ", "Codes changed", "Weights and biases")
"""What the numbers are of, before there are any."""


def readings(result: Result, found: Networks) -> tuple[Reading, ...]:
    """Return the six numbers of the row: accuracies or R² at the chosen bits over the seeds, then two of the networks.

    Parameters
    ----------
    result : Result
    found : Networks
    """
    settings, exact = result.settings, result.exact
    other = result.ghost
    than = None if other is None else other.exact
    lead = Reading(
        "Float, trained as long",
        "–" if exact is None else percent(exact.mean),
        None if exact is None or than is None else points(exact.mean, than.mean),
        "float twin",
    )
    qualities = tuple(
        _quality(
            f"{NAMES[method]}, {settings.bits} bits",
            result.at(method, settings.bits),
            exact if other is None else other.at(method, settings.bits),
            method,
        )
        for method in METHODS[1:]
    )
    moved = changed_codes(found.before, found.trained)
    count = sum(each.size for each in moved)
    changed = sum(int((each != 0).sum()) for each in moved)
    return (
        lead,
        *qualities,
        Reading(f"Codes {NAMES[settings.method]} changed", share(changed / count), None, "code"),
        Reading("Weights and biases", size_text(found.trained.nbytes), None, "stored"),
    )


def _quality(label: str, point: Point | None, than: Point | None, word: str) -> Reading:
    if point is None:
        return Reading(label, "–", None, word)
    return Reading(label, percent(point.mean), None if than is None else points(point.mean, than.mean), word)


def beside_mean(result: Result, method: Method, quality: float) -> str:
    """Write the quality of one seed's network and, where there are others, the mean that the curve shows.

    >>> from quantlab.experiments.training import run
    >>> print(beside_mean(run(Settings()), "ptq", 0.645))
    64.5 %
    """
    point = result.exact if method == "float" else result.at(method, result.settings.bits)
    if point is None or len(point.each) == 1:
        return percent(quality)
    return f"{percent(quality)} (mean of {len(point.each)} seeds: {percent(point.mean)})"


def compared_with(result: Result) -> str:
    """Name what the differences in the row are to.

    >>> from quantlab.experiments.training import run
    >>> compared_with(run(Settings()))
    'float'
    """
    return "float" if result.ghost is None else "pinned"


def curve_columns(result: Result) -> dict[str, list[Any]]:
    """Return the curves as a table: mean, deviation and each seed; then the pinned ones.

    >>> from quantlab.experiments.training import run
    >>> list(curve_columns(run(Settings(seeds=1))))
    ['method', 'bits', 'mean', 'deviation', 'seed 0']
    """
    shown = [("", result), *([] if result.ghost is None else [("pinned ", result.ghost)])]
    seeds = max(each.settings.seeds for _, each in shown)
    rows = [
        # As text, for a column of numbers with a gap would show them as fractions.
        (
            f"{lead}{NAMES[method]}",
            "" if point.bits is None else str(point.bits),
            point.mean,
            point.deviation,
            *point.each,
            *[None] * (seeds - len(point.each)),
        )
        for lead, each in shown
        for method, points in each.curves.items()
        for point in points
    ]
    heads = ("method", "bits", "mean", "deviation", *(f"seed {seed}" for seed in range(seeds)))
    return {head: [row[place] for row in rows] for place, head in enumerate(heads)}


def loss_columns(found: Networks) -> dict[str, list[Any]]:
    """Return the losses of each epoch as a table.

    >>> from quantlab.experiments.training.networks import networks
    >>> list(loss_columns(networks(Settings(data="blobs", epochs="20:15"))))
    ['epoch', 'float', 'QAT']
    """
    longest = max(map(len, found.losses.values()))
    losses = {NAMES[method]: list(values) for method, values in found.losses.items()}
    return {"epoch": list(range(1, longest + 1)), **losses}


def run_columns(result: Result) -> dict[str, list[Any]]:
    """Return every run as a line of a table.

    >>> from quantlab.experiments.training import run
    >>> list(run_columns(run(Settings())))
    ['data', 'method', 'bits', 'seed', 'accuracy', 'last loss', 'seconds']
    """
    runs = sorted(result.runs, key=lambda each: (each.job.seed, result.settings.plan().jobs.index(each.job)))
    return {
        "data": [each.data for each in runs],
        "method": [NAMES[each.job.method] for each in runs],
        "bits": [None if each.job.bits is None else str(each.job.bits) for each in runs],
        "seed": [each.job.seed for each in runs],
        result.settings.words.name: [each.quality for each in runs],
        "last loss": [each.losses[-1] if each.losses else None for each in runs],
        "seconds": [round(each.seconds, 3) for each in runs],
    }


def job_name(job: Job) -> str:
    """Name a job as people read it.

    >>> print(job_name(Job("qat", 4, 1)), job_name(Job("float", None, 0)), sep="; ")
    QAT, 4 bits, seed 1; float, seed 0
    """
    return ", ".join(filter(None, [NAMES[job.method], f"{job.bits} bits" if job.bits else "", f"seed {job.seed}"]))


def row_note(result: Result, found: Networks) -> str:
    """Say over what the measures are means, and what one test row is worth.

    >>> from quantlab.experiments.training import run
    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15")
    >>> row_note(run(settings), networks(settings)).replace(chr(160), " ")
    'accuracy: mean of 5 seeds; one of 200 test rows: 0.50 pp of a seed; codes and bytes: seed 0'
    """
    seeds, rows = result.settings.seeds, len(found.data.test.x)
    mean = f"of {WHOSE}" if seeds == 1 else f"mean of {seeds} seeds"
    settings = result.settings
    return f"{settings.words.name}: {mean}; {worth(settings.measure, rows)}; codes and bytes: {WHOSE}{_of_pin(result)}"


def _of_pin(result: Result) -> str:
    if result.pinned is None:
        return ""
    if result.ghost is not None:
        return "; dashed: pinned"
    if not result.pinned.runs:
        return "; what is pinned has not been trained here yet"
    return f"; what is pinned is measured by its {result.pinned.settings.words.name}"


def seconds_of(result: Result) -> float:
    """Return how long the runs took together, on the machine that did them."""
    return sum(each.seconds for each in result.runs)


def file_stem(settings: Settings, what: str) -> str:
    """Return the name of a download, without its ending, from page and state.

    >>> file_stem(Settings(), "curve")
    'quantlab-training-digits-3-bit-curve'
    """
    return f"quantlab-training-{settings.data}-{settings.bits}-bit-{what}"
