"""The records of a report: nobody changes them, and their JSON form says everything."""

import dataclasses
import json
import math

import numpy as np
import pytest

from quantlab import PerChannel, PerTensor, Quantizer, Scheme, error_report


def article():
    return np.random.RandomState(0).rand(10, 10).astype(np.float32)


def test_reports_are_frozen():
    x = article()
    report = error_report(x, Quantizer(x))
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.mse = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.value_histogram.lo = 0.0


def walk(plain, record):
    """Every field of a record with its JSON form, nested records included."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if dataclasses.is_dataclass(value):
            yield from walk(plain[field.name], value)
        else:
            yield plain, field.name, value


@pytest.mark.parametrize(
    "x",
    [
        article(),
        np.zeros((2, 3), np.float32),
        np.float32([[1.0, 0.5], [-1.0, 0.25]]),
        np.float32([[np.nan, np.inf], [1.0, 0.3]]),
        np.zeros((2, 0)),
    ],
    ids=["article", "zeros", "exact", "not finite", "empty"],
)
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0)])
def test_the_json_form_says_everything_and_why_a_figure_is_missing(x, granularity):
    report = error_report(x, Quantizer(x, Scheme(bits=4, granularity=granularity)))
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    for home, name, value in walk(plain, report):
        if value is None:
            assert home[name] is None
            continue
        listed = np.ravel(value).tolist()
        missing = [v for v in listed if isinstance(v, float) and not math.isfinite(v)]
        expected = [None if v in missing or v != v else v for v in listed]
        assert home[name] == (expected if np.ndim(value) else expected[0])
        assert (f"{name}_reason" in home) == bool(missing)
        if missing:
            assert isinstance(home[f"{name}_reason"], str)
            assert home[f"{name}_reason"]
