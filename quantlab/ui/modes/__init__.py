"""The Modes page's own parts: its controls, its hero, its times and its views."""
