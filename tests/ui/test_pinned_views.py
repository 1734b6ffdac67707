"""The pin stands dashed in the charts of the views, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "app.py"
SUPPORTING = 2  # the charts above the views


def _dashed(view: str, **state: str) -> list[int]:
    """Return how many dashed lines each chart of a view has."""
    app = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in (state | {"view": view}).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")][SUPPORTING:]
    return [sum("dash" in trace.get("line", {}) for trace in figure["data"]) for figure in figures]


@pytest.mark.parametrize(("view", "charts"), [("bits", 1), ("codes", 2)])
def test_a_pinned_state_is_dashed_in_a_views_charts(view: str, charts: int) -> None:
    assert _dashed(view, bits="5") == [0] * charts
    assert _dashed(view, bits="5", pin="~bits-5~grid-affine", compare="pinned") == [1] * charts
