"""The race of one product on this machine in words: who won by how much, and what binds the winner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quantlab.bench.live import Race, Runner
from quantlab.experiments.matmul.experiment import Result
from quantlab.numerals import count, num, share

_GIGA = 1e9
NAMES = {"blas": "float32, BLAS", "naive": "int32, NumPy's loop", "kernel": "int8, our kernel"}


@dataclass(frozen=True)
class Under:
    """A product under a machine's roof.

    Attributes
    ----------
    shape : (M, K, N)
    intensity : float
        Operations for each byte.
    roof : float
        Operations a second that are possible at this intensity.
    seconds : float
        What the product would take at that pace.
    bound : str
        "memory", "arithmetic", or "the call" where a call without work takes longer, as measured in the race.
    """

    shape: tuple[int, int, int]
    intensity: float
    roof: float
    seconds: float
    bound: str

    @property
    def name(self) -> str:
        """The shape in words."""
        m, k, n = self.shape
        return f"{m}×{k} · {k}×{n}"


def runners(race: Race) -> tuple[Runner, Runner, Runner]:
    """Return who took part, in the order in which they are shown."""
    return race.blas, race.naive, race.kernel


def beside_ours(race: Race, runner: Runner) -> str:
    """Say how a runner did, in the words beside its bar.

    >>> from quantlab.bench.live import race
    >>> "our kernel" in NAMES["kernel"], beside_ours(found := race(0.02, size=32), found.kernel).endswith("10⁹/s")
    (True, True)
    """
    speed = f"{num(runner.speed / _GIGA)}·10⁹/s"
    return speed if runner is race.kernel else f"{speed}, {num(runner.times.median)} times as long"


def under(race: Race, shape: tuple[int, int, int]) -> Under:
    """Say what the machine of a race allows another product of int8 codes.

    It reads a byte a code and writes four a sum.

    Examples
    --------
    >>> from quantlab.bench.live import race
    >>> found = race(0.02, size=32)
    >>> under(found, found.shape).intensity == found.intensity, under(found, (10, 5, 4)).bound
    (True, 'the call')
    """
    m, k, n = shape
    operations = 2 * m * k * n
    intensity = operations / (m * k + k * n + 4 * m * n)
    roof = min(race.peak, intensity * race.bandwidth)
    bound = _bound(race, intensity) if operations / roof > race.call else "the call"
    return Under(shape, intensity, roof, operations / roof, bound)


def _bound(race: Race, intensity: float) -> str:
    return "arithmetic" if intensity * race.bandwidth >= race.peak else "memory"


def sentence(race: Race) -> str:
    """Say who won and what binds our kernel, in Markdown.

    Examples
    --------
    >>> from quantlab.bench.live import race
    >>> said = sentence(race(0.02, size=32))
    >>> said.startswith("At "), len(said.split()) <= 40
    (True, True)
    """
    bound = _bound(race, race.intensity)
    limit = "the bare loop's pace" if bound == "arithmetic" else "what a copy's bandwidth allows"
    ours, blas, naive = race.kernel, race.blas.times.median, race.naive.times.median
    beside = (
        f"{num(blas)} times as fast as float32 BLAS" if blas >= 1 else f"float32 BLAS is {num(1 / blas)} times as fast"
    )
    return (
        f"At {num(race.intensity)} operations a byte **{bound} binds**: our int8 kernel reaches "
        f":blue[**{share(ours.speed / race.roof)}**] of {limit}, {beside}; NumPy's own integer loop takes "
        f"**{num(naive)} times** as long."
    )


def here_sentence(race: Race, result: Result) -> str:
    """Say what would bind the page's own product, which was not raced."""
    found = under(race, shape_of(result))
    lead = f"This page's {found.name} does {num(found.intensity)} operations a byte"
    time = num(found.seconds * 1e6) + "\u00a0µs"
    if found.bound == "the call":
        return (
            f"{lead}. The roof allows it {time}; a call alone takes {num(race.call * 1e6)}\u00a0µs: so small a product "
            "is bound by being called."
        )
    return f"{lead}: {found.bound} binds, and the roof allows it {time}."


def shape_of(result: Result) -> tuple[int, int, int]:
    """Return M, K and N of the product on the page."""
    m, n = result.now.exact.shape
    return m, result.now.x.codes.codes.shape[1], n


def conditions(race: Race) -> str:
    """Say where and how the race was run, plain."""
    m, k, n = race.shape
    threads = (
        "one thread each"
        if race.alone
        else "one thread for our kernel, for BLAS as many as it takes: without threadpoolctl nothing holds it to one"
    )
    busy = (
        f" The machine had other work (load {num(race.machine.load)}), so the times spread."
        if race.machine.busy
        else ""
    )
    rounds = count(race.kernel.seconds.samples)
    return f"{race.machine.sentence}. {m}×{k} · {k}×{n} in turns, {rounds} rounds, {threads}.{busy}"


def speed_columns(race: Race) -> dict[str, Any]:
    """Return the race as a table, one row a runner."""
    took = runners(race)
    return {
        "way": [NAMES[runner.name] for runner in took],
        "seconds, median": [runner.seconds.median for runner in took],
        "seconds, lower quartile": [runner.seconds.lower for runner in took],
        "seconds, upper quartile": [runner.seconds.upper for runner in took],
        "operations a second": [runner.speed for runner in took],
        "times our kernel's time": [runner.times.median for runner in took],
    }


def roof_columns(race: Race, result: Result) -> dict[str, Any]:
    """Return the roofline as a table: what was measured, and what is possible."""
    here = under(race, shape_of(result))
    raced = under(race, race.shape)
    return {
        "product": [raced.name, here.name],
        "operations for each byte": [raced.intensity, here.intensity],
        "operations a second, possible": [raced.roof, here.roof],
        "operations a second, measured": [race.kernel.speed, float("nan")],
        "peak, operations a second": [race.peak] * 2,
        "bandwidth, bytes a second": [race.bandwidth] * 2,
    }
