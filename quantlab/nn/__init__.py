"""Small networks: what they learn from, what they compute, how they learn it."""

from .datasets import DATASETS, Dataset, Labelled, load, split
from .network import Layer, Network, accuracy, agreement
from .train import DivergenceError, Epoch, Training, epochs, train

__all__ = [
    "DATASETS",
    "Dataset",
    "DivergenceError",
    "Epoch",
    "Labelled",
    "Layer",
    "Network",
    "Training",
    "accuracy",
    "agreement",
    "epochs",
    "load",
    "split",
    "train",
]
