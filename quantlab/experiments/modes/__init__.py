"""The three modes of a quantized layer: `experiment` has Settings, Result and run; every other file is a part of it."""

from quantlab.experiments.modes.experiment import VIEWS, Outcome, Result, Settings, built_in, run

__all__ = ["VIEWS", "Outcome", "Result", "Settings", "built_in", "run"]
