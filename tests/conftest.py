"""What every test runs under: reproducible examples, and no deadline that a busy machine could miss."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("quantlab", deadline=None, derandomize=True)
hypothesis.settings.load_profile("quantlab")
