"""The Tensor page's own parts: its controls, its hero and its views."""
