"""Small networks: what they learn from, what they compute, how they learn it, and how they are quantized."""

from .datasets import DATASETS, Dataset, Labelled, load, split
from .network import Layer, Network, accuracy, agreement
from .ptq import observe, ptq, rescaled
from .qat import SimulatedEpoch, qat, qat_epochs
from .simulation import Recipe, SimulatedLayer, Simulation, changed_codes
from .train import DivergenceError, Epoch, Training, epochs, train

__all__ = [
    "DATASETS",
    "Dataset",
    "DivergenceError",
    "Epoch",
    "Labelled",
    "Layer",
    "Network",
    "Recipe",
    "SimulatedEpoch",
    "SimulatedLayer",
    "Simulation",
    "Training",
    "accuracy",
    "agreement",
    "changed_codes",
    "epochs",
    "load",
    "observe",
    "ptq",
    "qat",
    "qat_epochs",
    "rescaled",
    "split",
    "train",
]
