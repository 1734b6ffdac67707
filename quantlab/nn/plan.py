"""What is trained and quantized to find out how accuracy falls with the bits: a plan, and the jobs that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from .datasets import Entry, entry_of
from .hidden import Hidden, require_hidden
from .simulation import Granularity, Recipe, ScaleRule
from .train import Training

Method = Literal["float", "ptq", "qat", "lsq"]
METHODS: tuple[Method, ...] = get_args(Method)
BITS = (8, 7, 6, 5, 4, 3, 2)
SLOWER = 0.3  # of the rate, from a trained network


class Job(NamedTuple):
    """One network: how it is made, with how many bits (None: float), from which seed."""

    method: Method
    bits: int | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is trained and quantized.

    Parameters
    ----------
    data : str or Entry
        A key of DATASETS, or an entry of one's own; its default network is trained.
    bits : tuple of int
        2 to 8 each.
    methods : tuple of str
        Of METHODS. "float" is the twin: trained as long as QAT, and what PTQ rounds.
    seeds : int
        Seeds 0 to seeds − 1; each draws split, first weights and order of the rows.
    epochs, again : int
        Of the float checkpoint, and once more after it: QAT, LSQ and the twin alike.
    batch : int
    rate : float, optional
        Of the first epochs; SLOWER times that afterwards. By default that of the data set.
    scratch : bool
        QAT starts from random weights instead, and everything has ``epochs + again`` epochs at the full rate.
    far_apart : bool
        Whether the checkpoint's channels are brought far apart first (`rescaled`); it still computes the same. With
        ReLU only.
    hidden : {"relu", "tanh"}
        The hidden units.
    per, weight_scale, ends_at_8
        As in `Recipe`.

    Raises
    ------
    ValueError
        One sentence where a value makes no sense.

    Examples
    --------
    >>> len(Plan(bits=(4, 3), seeds=2).jobs)
    14
    """

    data: str | Entry = "digits"
    bits: tuple[int, ...] = BITS
    methods: tuple[Method, ...] = METHODS
    seeds: int = 5
    epochs: int = 50
    again: int = 40
    batch: int = 64
    rate: float | None = None
    scratch: bool = False
    far_apart: bool = False
    hidden: Hidden = "relu"
    per: Granularity = "tensor"
    weight_scale: ScaleRule = "restricted"
    ends_at_8: bool = False

    def __post_init__(self) -> None:
        entry_of(self.data)
        for method in self.methods:
            if method not in METHODS:
                raise ValueError(f"method must be {' or '.join(METHODS)}, got {method!r}; choose among these.")
        if self.seeds < 1:
            raise ValueError(f"seeds must be 1 or more, got {self.seeds}; a curve needs a network.")
        require_hidden(self.hidden)
        if self.far_apart and self.hidden != "relu":
            raise ValueError(f"far_apart needs hidden units that let a factor pass, got {self.hidden}; relu does.")
        for bits in self.bits:
            self.recipe(bits)
        self.training(0)

    @property
    def entry(self) -> Entry:
        """What is trained on."""
        return entry_of(self.data)

    @property
    def jobs(self) -> list[Job]:
        """All of them; those of a seed need its first."""
        return [job for seed in range(self.seeds) for job in self.jobs_of(seed)]

    def jobs_of(self, seed: int) -> list[Job]:
        """Return the jobs of a seed: float first, then each method from many bits to few."""
        quantized = [method for method in METHODS[1:] if method in self.methods]
        return [Job("float", None, seed), *(Job(method, bits, seed) for method in quantized for bits in self.bits)]

    def recipe(self, bits: int) -> Recipe:
        """Return how a network is quantized to so many bits."""
        return Recipe(bits=bits, per=self.per, weight_scale=self.weight_scale, ends_at_8=self.ends_at_8)

    def training(self, seed: int) -> Training:
        """Return how the float checkpoint is trained."""
        return Training(epochs=self.epochs, batch=self.batch, rate=self._rate, seed=seed)

    def training_again(self, seed: int) -> Training:
        """Return how QAT, LSQ and the twin are trained."""
        if self.scratch:
            return Training(epochs=self.epochs + self.again, batch=self.batch, rate=self._rate, seed=seed)
        return Training(epochs=self.again, batch=self.batch, rate=SLOWER * self._rate, seed=seed)

    @property
    def _rate(self) -> float:
        return self.entry.rate if self.rate is None else self.rate
