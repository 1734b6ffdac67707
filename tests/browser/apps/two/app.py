"""Two small pages in the real frame."""

from registry import PAGES

from quantlab.ui.frame import frame

frame(PAGES)
