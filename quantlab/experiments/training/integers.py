"""The integer-only network: what it stores, and how far its codes lie from the simulation's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quantlab.experiments.training.experiment import Result, Settings
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.experiments.training.readings import NAMES, beside_mean, percent
from quantlab.linear.static import Arithmetic
from quantlab.nn import Gap, agreement, gaps, quality, r_squared, to_integer, with_whole_biases
from quantlab.nn.hidden import Hidden
from quantlab.nn.staircase import Staircase
from quantlab.numerals import count, share, size_text

ARITHMETICS: dict[Arithmetic, str] = {
    "float64": "float64 multiplier",
    "float": "float32 multiplier",
    "once": "fixed point, rounds once",
    "twice": "fixed point, rounds twice",
}
_THRESHOLDS: dict[Arithmetic, str] = {"float64": "thresholds"}  # behind tanh nothing is multiplied
_NUMBER_BYTES = 4  # float32 and int32 alike


@dataclass(frozen=True, eq=False)
class Check:
    """One way to requantize, against the simulation in float32.

    Attributes
    ----------
    arithmetic : str
    gaps : list of Gap
        In the codes that enter each layer, over the test rows.
    agreement : float
        Share of the test rows for which both choose the same class; of values, R² of the one against the other.
    quality : float
    """

    arithmetic: Arithmetic
    gaps: list[Gap]
    agreement: float
    quality: float


def checks(found: Networks) -> list[Check]:
    """Run the trained network in integers, in each arithmetic that its hidden units leave.

    >>> from quantlab.experiments.training.networks import networks
    >>> [check.gaps[0].steps for check in checks(networks(Settings(data="blobs", epochs="20:15", bits=8)))]
    [0, 0, 0, 0]
    """
    x, labels = found.data.test
    outputs = found.trained(x)
    done = []
    for arithmetic in _ways(found.trained.hidden):
        network = to_integer(found.trained, arithmetic)
        own = network(x)
        same = agreement(own, outputs) if found.data.classes else r_squared(own[:, 0], outputs[:, 0])
        done.append(Check(arithmetic, gaps(network, found.trained, x), same, quality(own, labels)))
    return done


def _ways(hidden: Hidden) -> dict[Arithmetic, str]:
    return _THRESHOLDS if hidden == "tanh" else ARITHMETICS


def check_columns(settings: Settings, done: list[Check]) -> dict[str, list[Any]]:
    """Return the checks as a table of ready strings."""
    layers, words = range(1, len(done[0].gaps)), settings.words
    return {
        "requantized by": [_ways(settings.hidden)[check.arithmetic] for check in done],
        **{
            f"other codes into layer {layer + 1}": [
                f"{share(check.gaps[layer].share)}, by {check.gaps[layer].steps}" if check.gaps[layer].share else "none"
                for check in done
            ]
            for layer in layers
        },
        words.same: [percent(check.agreement) for check in done],
        words.good: [percent(check.quality) for check in done],
    }


def remark(result: Result, found: Networks) -> str:
    """Say whose the checks are and over what, and how good what they are held against is.

    >>> from quantlab.experiments.training import run
    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15", bits=8)
    >>> remark(run(settings), networks(settings)).split("; ")[1]
    'share of codes, and by how many steps'
    """
    name, simulated = NAMES[result.settings.method], found.quality(found.trained)
    return (
        f"{WHOSE}, over the test rows; share of codes, and by how many steps; {name} simulated: "
        f"{beside_mean(result, result.settings.method, simulated)}"
    )


def storage_columns(found: Networks) -> dict[str, list[Any]]:
    """Return what each layer stores before and after conversion, and all together, as a table of ready strings.

    >>> from quantlab.experiments.training.networks import networks
    >>> stored = storage_columns(networks(Settings(data="blobs", epochs="20:15")))
    >>> stored["weight"][0], stored["layer"]
    ('16×2 int8, 3 bits used', ['1', '2', '3', 'all'])
    """
    network, simulation = to_integer(found.trained), found.trained
    rows, sizes = [], []
    for number, (own, layer) in enumerate(zip(network.layers, simulation.layers, strict=True), 1):
        out, into = layer.weight.shape
        beside = own.weight.scales().size + (own.thresholds.size if isinstance(own, Staircase) else 0)
        sizes.append((_NUMBER_BYTES * (out * into + out), layer.nbytes, _NUMBER_BYTES * beside))
        last = own.bias_codes is None
        rows.append(
            (
                str(number),
                f"{out}×{into} {own.weight.codes.dtype}, {own.weight.quantizer.scheme.bits} bits used",
                "float32" if last else "int32",
                f"{own.output.dtype}" if own.output is not None else "float32",
            )
        )
    rows.append(("all", "", "", ""))
    sizes.append(tuple(sum(each) for each in zip(*sizes, strict=True)))
    lines = [(*row, *map(size_text, size)) for row, size in zip(rows, sizes, strict=True)]
    beside_them = "scales and thresholds" if simulation.hidden == "tanh" else "scales"
    heads = ("layer", "weight", "bias", "gives", "as float32", "weights and biases", beside_them)
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def sentence(settings: Settings, found: Networks, done: list[Check]) -> str:
    """Say how near the integers come to the simulation that was trained, and what parts them.

    >>> from quantlab.experiments.training.networks import networks
    >>> settings = Settings(data="blobs", epochs="20:15", bits=8)
    >>> found = networks(settings)
    >>> sentence(settings, found, checks(found)).split(",")[0]
    'Converted'
    """
    exact, twice = done[0], done[-1]
    whole = gaps(to_integer(found.trained), with_whole_biases(found.trained), found.data.test.x)
    left = max(gap.share for gap in whole)
    rest = "none differs" if not left else f"{share(left)} still differ"
    reason = f"Biases are rounded to whole steps of the sums, that is all: give the simulation such biases, and {rest}"
    near = (
        f"gives the same answer for **{percent(exact.agreement)}** of the test rows"
        if settings.measure == "accuracy"
        else f"explains **{percent(exact.agreement)}** of the variance of what the simulation gives"
    )
    first = to_integer(found.trained).layers[0]
    if isinstance(first, Staircase):
        steps = count(first.thresholds.shape[1])
        return (
            f"Converted, the {NAMES[settings.method]} network multiplies integers only and {near}. Tanh is no table of "
            f"floats: a sum is compared with {steps} thresholds, and how many it reaches is the next code. At most "
            f"{_most(exact)} of a layer's codes differ. {reason}."
        )
    return (
        f"Converted, the {NAMES[settings.method]} network multiplies integers only and {near}. At most {_most(exact)} "
        f"of a layer's codes differ. {reason}. Rounding twice, as some engines do, makes that {_most(twice)}."
    )


def _most(check: Check) -> str:
    return share(max(gap.share for gap in check.gaps))
