"""The pages of this app, as quantlab.ui.frame.PAGES lists its own."""

from pathlib import Path

from quantlab.ui.frame import Page

_HERE = Path(__file__).resolve().parent / "pages"
PAGES = (
    Page("", "One", _HERE / "one.py", "settings_one"),
    Page("two", "Two", _HERE / "two.py", "settings_two"),
)
