"""What a row of the benchmark is: a figure, a peer, how to set both up, and the line that the ratio has to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .timing import Side


class WrongResultError(Exception):
    """Our own result is not what its definition says: nothing is timed then."""


@dataclass(frozen=True, kw_only=True)
class Duel:
    """Two functions that do the same work.

    Attributes
    ----------
    ours, theirs : callable
    check : callable
        Raises `WrongResultError` where ours is wrong, by the definition and never by the peer.
    wrong : callable
        The share of the peer's results that are wrong: some 8-bit products saturate without VNNI.
    """

    ours: Side
    theirs: Side
    check: Callable[[], None]
    wrong: Callable[[], float] = lambda: 0.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a ratio has to reach, and where that is asked.

    Attributes
    ----------
    must, aim : float
    tiers : tuple of str
        On which tiers it is asked; all if empty.
    unless : tuple of str
        Features of a processor whose peer runs on other instructions than the tier.
    at_most : bool
        Whether less is better.
    """

    must: float
    aim: float
    tiers: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    at_most: bool = False

    def met(self, value: float) -> str:
        """Return "aim", "must" or "missed".

        >>> Line(must=1, aim=2).met(1.5), Line(must=1.01, aim=1.002, at_most=True).met(1.0)
        ('must', 'aim')
        """
        for name, line in (("aim", self.aim), ("must", self.must)):
            if value <= line if self.at_most else value >= line:
                return name
        return "missed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure beside a peer.

    Attributes
    ----------
    name : str
        For `--only` and programs; stable.
    family : str
        What it stands under in the table.
    figure, peer : str
        For people.
    label : str
        The figure in a few letters, where it stands in the roofline.
    make : callable
        Sets both sides up; an ImportError means that the peer is not here. For a figure without times it is None.
    measure : callable, optional
        Returns the figure itself where it is not a ratio of times.
    line : Line, optional
    threads : int
        0: as many as there are cores.
    operations : int
        Multiplications and additions; 0 where they do not count.
    bytes : int
        Read and written, each array once.
    roof : str
        Which instruction's peak bounds it: "int8", "float32" or "", memory alone.
    environment : tuple of (name, value)
        Variables without which the process has to be another one.
    here_only : bool
        Measured on the line's tiers only.
    drawn : bool
        Stands in the README's chart.
    """

    name: str
    family: str
    figure: str
    peer: str
    label: str = ""
    make: Callable[[], Duel] | None = None
    measure: Callable[[], float] | None = None
    line: Line | None = None
    threads: int = 1
    operations: int = 0
    bytes: int = 0
    roof: str = ""
    environment: tuple[tuple[str, str], ...] = field(default=())
    here_only: bool = False
    drawn: bool = False


def require(correct: bool, what: str) -> None:
    """Refuse a result of ours that is not what it should be."""
    if not correct:
        raise WrongResultError(f"{what} is wrong here; please report it with the output of kernels.describe().")
