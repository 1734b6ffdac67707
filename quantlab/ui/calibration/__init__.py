"""The Calibration page's own parts: its controls, its hero, its curves and its views."""
