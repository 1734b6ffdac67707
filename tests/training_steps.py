"""A page without a browser, by default that of PTQ and QAT, and waiting for what trains beside it."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def _page(path: str) -> None:
    # As the app's only page, since the test's browser cannot open a path.
    from quantlab.ui import frame

    page = next(each for each in frame.PAGES if each.path == path)
    frame.frame([frame.Page("", page.title, page.file, page.experiment)])


def opened(path: str = "training", **state: str) -> AppTest:
    """Open a page in a state."""
    app = AppTest.from_function(_page, default_timeout=120, kwargs={"path": path})
    for name, value in state.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app
