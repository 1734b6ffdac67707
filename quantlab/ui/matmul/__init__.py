"""The Integer matmul page's own parts: its controls, its hero and its views."""
