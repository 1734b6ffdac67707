"""Every figure of the room, in the states that are hardest on it."""

from collections.abc import Callable
from typing import Any

import array_figure_cases
import network_figure_cases
import plotly.graph_objects as go
import pytest

FIGURES = array_figure_cases.CASES | network_figure_cases.CASES


@pytest.fixture(params=[(name, narrow) for name in FIGURES for narrow in (False, True)], ids=str)
def state(request: pytest.FixtureRequest) -> tuple[Callable[..., go.Figure], dict[str, Any]]:
    """Give a figure function and its arguments."""
    name, narrow = request.param
    draw, arguments = FIGURES[name]
    return draw, arguments | {"narrow": narrow}


@pytest.fixture
def drawn(state: tuple[Callable[..., go.Figure], dict[str, Any]]) -> go.Figure:
    """Give the figure itself."""
    draw, arguments = state
    return draw(**arguments)
