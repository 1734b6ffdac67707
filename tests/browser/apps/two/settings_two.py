from __future__ import annotations

from dataclasses import dataclass

from quantlab.experiments.codec import address, choice, flag, whole


@dataclass(frozen=True)
class Settings:
    bits: int = address("bits", whole(2, 8), default=8)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    data: str = address("data", choice("digits", "normal"), default="digits")
    rows: int = address("rows", whole(1, 9), default=3)
