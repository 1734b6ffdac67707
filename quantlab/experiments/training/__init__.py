"""PTQ and QAT, accuracy against bits: `experiment` has Settings, Result and run; every other file is a part of it."""

from quantlab.experiments.training.experiment import VIEWS, Result, Settings, run

__all__ = ["VIEWS", "Result", "Settings", "run"]
