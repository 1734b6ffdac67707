from __future__ import annotations

from dataclasses import dataclass

from quantlab.experiments.codec import address, choice, flag, itself, optional, real, whole


@dataclass(frozen=True)
class Settings:
    bits: int = address("bits", whole(1, 16), default=4)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    data: str = address("data", choice("article", "normal", "yours"), default="article")
    clip: float = address("clip", real(0.1, 4.0), default=1.0)
    view: str | None = address("view", optional(choice("table", "fault")), default=None)
    pin: Settings | None = address("pin", itself(), default=None)


TRIES = {"four bits": Settings(), "eight bits": Settings(bits=8), "one bit": Settings(bits=1, symmetric=False)}
