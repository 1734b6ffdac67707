"""Small networks: what they learn from, what they compute, how they learn it, and how they are quantized."""

from .datasets import DATASETS, Dataset, Entry, Labelled, Loss, load, split
from .integer import Gap, IntegerNetwork, gaps, to_integer, with_whole_biases
from .network import Layer, Network
from .plan import BITS, METHODS, Job, Method, Plan
from .ptq import observe, ptq, rescaled
from .qat import SimulatedEpoch, qat, qat_epochs
from .quality import accuracy, agreement, quality, r_squared
from .simulation import Recipe, SimulatedLayer, Simulation, changed_codes
from .sweep import Run, curve, sweep
from .train import DivergenceError, Epoch, Training, epochs, train

__all__ = [
    "BITS",
    "DATASETS",
    "METHODS",
    "Dataset",
    "DivergenceError",
    "Entry",
    "Epoch",
    "Gap",
    "IntegerNetwork",
    "Job",
    "Labelled",
    "Layer",
    "Loss",
    "Method",
    "Network",
    "Plan",
    "Recipe",
    "Run",
    "SimulatedEpoch",
    "SimulatedLayer",
    "Simulation",
    "Training",
    "accuracy",
    "agreement",
    "changed_codes",
    "curve",
    "epochs",
    "gaps",
    "load",
    "observe",
    "ptq",
    "qat",
    "qat_epochs",
    "quality",
    "r_squared",
    "rescaled",
    "split",
    "sweep",
    "to_integer",
    "train",
    "with_whole_biases",
]
