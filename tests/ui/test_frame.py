"""What surrounds a page does its part on every page, also on one that has nothing to show yet."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "app.py"


def test_the_address_follows_also_before_there_is_an_array() -> None:
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    app.selectbox(key="control-data").set_value("yours").run()
    assert dict(app.query_params) == {"data": "yours"}
    app.slider(key="control-bits").set_value(6).run()
    assert dict(app.query_params) == {"data": "yours", "bits": "6"}
    assert not app.exception
