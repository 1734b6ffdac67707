"""Observers that watch batches and choose a range: `experiment` has Settings, Result, run; the rest are its parts."""

from quantlab.experiments.calibration.experiment import VIEWS, Result, Settings, run, stream_of

__all__ = ["VIEWS", "Result", "Settings", "run", "stream_of"]
