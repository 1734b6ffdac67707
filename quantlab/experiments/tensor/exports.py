"""What the Tensor page gives away as files, and what stands in the way of it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from quantlab.arrays import Array
from quantlab.experiments import codec
from quantlab.experiments.tensor.experiment import Result
from quantlab.numerals import count
from quantlab.records import ErrorReport


def left_out(report: ErrorReport) -> str:
    """Say what of an array stays out of the figures, and what that rules out; "" where nothing does.

    Examples
    --------
    >>> from quantlab import Quantizer, error_report
    >>> x = np.array([1.0, np.nan, np.nan])
    >>> left_out(error_report(x, Quantizer(x)))
    '2 values are NaN and were left out; codes cannot be exported with NaN.'
    """
    sentences = []
    if report.nan_count:
        are = "values are" if report.nan_count > 1 else "value is"
        were = "were" if report.nan_count > 1 else "was"
        sentences.append(f"{count(report.nan_count)} {are} NaN and {were} left out; codes cannot be exported with NaN.")
    if report.inf_count:
        are = "values are infinite: they get" if report.inf_count > 1 else "value is infinite: it gets"
        stay = "stay" if report.inf_count > 1 else "stays"
        sentences.append(f"{count(report.inf_count)} {are} the outermost code and {stay} out of every figure.")
    return " ".join(sentences)


def no_codes(report: ErrorReport) -> str:
    """Return why the codes cannot be exported; "" where they can."""
    if not report.nan_count:
        return ""
    return f"NaN has no code, and {count(report.nan_count)} of the values are NaN; replace them first."


def codes_file(result: Result) -> bytes:
    """Return codes, scale and zero point as an `.npz`.

    Raises
    ------
    ValueError
        If the array holds NaN.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> with np.load(io.BytesIO(codes_file(run(Settings(), built_in(Settings()))))) as file:
    ...     file["codes"].dtype, file["codes"].shape, file["scale"].shape, int(file["zero_point"])
    (dtype('int8'), (10, 10), (), 0)
    """
    quantizer = result.quantizer
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        codes=quantizer.quantize(result.array.values),
        scale=quantizer.scale,
        zero_point=quantizer.zero_point,
    )
    return buffer.getvalue()


def array_file(array: Array) -> bytes:
    """Return the values as an `.npy`."""
    buffer = io.BytesIO()
    np.save(buffer, array.values, allow_pickle=False)
    return buffer.getvalue()


def report_json(result: Result) -> str:
    """Return the report with what it is a report of, as JSON.

    `state` spells the page's state as its address does, without defaults.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> said = json.loads(report_json(run(Settings(bits=8), built_in(Settings()))))
    >>> said["state"], said["array"]["shape"], said["report"]["n"]
    ({'bits': '8'}, [10, 10], 100)
    """
    return json.dumps(
        {
            "array": _about(result.array),
            "state": codec.encode(result.settings.state()),
            "report": result.report.as_dict(),
        },
        indent=1,
        ensure_ascii=False,
        allow_nan=False,
    )


def report_csv(result: Result) -> str:
    r"""Return the report's single figures as CSV, one a line; what is infinite or NaN stands as such.

    Examples
    --------
    >>> from quantlab.experiments.tensor import Settings, built_in, run
    >>> report_csv(run(Settings(), built_in(Settings()))).splitlines()[:2]
    ['figure,value', 'n,100']
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("figure", "value"))
    report = vars(result.report)
    writer.writerows((name, value) for name, value in report.items() if isinstance(value, int | float))
    return buffer.getvalue()


def _about(array: Array) -> dict[str, Any]:
    return {
        "name": array.name,
        "shape": list(array.values.shape),
        "dtype": array.values.dtype.name,
        "digest": array.digest,
    }
