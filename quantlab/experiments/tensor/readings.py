"""The numbers of the Tensor page as people read them, each with its difference to the compared state."""

from __future__ import annotations

import numpy as np

from quantlab.experiments.page import Reading
from quantlab.experiments.tensor.curves import ideal_density
from quantlab.experiments.tensor.experiment import Result, Settings
from quantlab.numerals import MINUS, count, decibels, difference, num, share

LABELS = ("SQNR", "Largest error", "Mean error", "Clipped", "Codes used", "Bits a value")
"""What the numbers are of, before there are any."""


def readings(result: Result) -> tuple[Reading, ...]:
    """Return the six numbers of the whole array.

    Examples
    --------
    >>> from quantlab.experiments.tensor import built_in, run
    >>> [reading.value for reading in readings(run(Settings(), built_in(Settings())))][-2:]
    ['8 of 16', '4.32']
    """
    now = result.report
    other = None if result.compared is None else result.compared.report
    # Several scales have no one step: then only the largest error can be told in steps of its own.
    one_step = float(result.quantizer.scale) if result.index is None else np.nan
    mean = f", {num(now.mean_abs_error / one_step)} s" if one_step > 0 and now.n else ""
    clipped = now.clipped_low + now.clipped_high
    return (
        Reading(
            "SQNR",
            decibels(now.sqnr_db),
            None if other is None else difference(now.sqnr_db, other.sqnr_db, unit="dB"),
            "sqnr",
        ),
        Reading(
            f"Largest error, {num(now.max_abs_error_steps)} s",
            num(now.max_abs_error),
            None if other is None else difference(now.max_abs_error, other.max_abs_error),
            "max error",
        ),
        Reading(
            f"Mean error{mean}",
            num(now.mean_abs_error),
            None if other is None else difference(now.mean_abs_error, other.mean_abs_error),
            "mean error",
        ),
        Reading(
            f"Clipped, {count(clipped)} value{'' if clipped == 1 else 's'}",
            share(now.clipped),
            None if other is None else difference(now.clipped * 100, other.clipped * 100, unit="pp"),
            "clipped",
        ),
        Reading(
            "Codes used",
            f"{count(now.codes_used)} of {count(len(now.code_counts))}",
            None if other is None else _whole(now.codes_used - other.codes_used),
            "codes used",
        ),
        Reading(
            "Bits a value",
            num(now.bits_per_value),
            None if other is None else difference(now.bits_per_value, other.bits_per_value),
            "bits a value",
        ),
    )


def error_remark(result: Result) -> str:
    """Return what stands beside the error chart's title, in Markdown.

    >>> from quantlab.experiments.tensor import built_in, run
    >>> error_remark(run(Settings(), built_in(Settings()))).replace(chr(160), " ")
    'outline: ideal rounding; :red[clipping: 8.0 % of values, 39 % of the MSE]'
    """
    report, name = result.part.report, result.part.name
    lead = f"of {name}; " if name else "outline: ideal rounding; " if ideal_density(result.part) else ""
    if not report.clipped:
        return f"{lead}nothing clips"
    cost = f", {share(report.mse_clipping / report.mse)} of the MSE" if report.mse else ""
    return f"{lead}:red[clipping: {share(report.clipped)} of {'its ' if name else ''}values{cost}]"


def transfer_remark(result: Result) -> str:
    """Return what stands beside the transfer chart's title.

    >>> from quantlab.experiments.tensor import built_in, run
    >>> transfer_remark(run(Settings(), built_in(Settings())))
    'what comes out for what goes in'
    """
    name = result.part.name
    return f"of {name}, in and out" if name else "what comes out for what goes in"


def _whole(gap: int) -> str:
    return "same" if gap == 0 else f"{'+' if gap > 0 else MINUS}{count(abs(gap))}"


def file_stem(settings: Settings, what: str) -> str:
    """Return the name of a download, without its ending, from page and state.

    >>> file_stem(Settings(), "error")
    'quantlab-tensor-article-4-bit-symmetric-error'
    """
    grid = "symmetric" if settings.symmetric else "affine"
    return f"quantlab-tensor-{settings.data}-{settings.bits}-bit-{grid}-{what}"
