"""The page of PTQ and QAT: its own parts, its controls, its training in the background, its hero and its views."""
