"""What the page of PTQ and QAT says of a state, in one sentence, and its one-click states."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from quantlab.experiments.training.experiment import Result, Settings
from quantlab.experiments.training.readings import percent
from quantlab.nn import BITS
from quantlab.nn.sweep import Point
from quantlab.numerals import UNIT_SPACE, num, share

_NOTHING_LOST = 0.007  # of 1: two or three test rows
_ALIKE = 0.005
_GAIN = 0.05
_WORKS = 0.12  # below float: what one would still use


def sentence(result: Result) -> str:
    """Return what the curve shows, in Markdown, at most 35 words.

    >>> sentence(Result(Settings(), (), False)).startswith("This curve has not been trained")
    True
    """
    return next(text for story in STORIES if (text := story(result)) is not None)


def _nothing(result: Result) -> str | None:
    if result.exact is not None and {"ptq", "qat", "lsq"} <= result.curves.keys():
        return None
    if result.runs:
        return "Training has begun; the curves grow as networks are finished, one dot for each seed."
    return "This curve has not been trained yet: **Train it here** does, in front of you, with the same code."


def _rescaled(result: Result) -> str | None:
    settings, point, exact = result.settings, result.at("ptq", 8), result.exact
    if not settings.far_apart or point is None or exact is None:
        return None
    scales = "one scale an output" if settings.per == "channel" else "one scale a weight"
    verdict = "keeps" if exact.mean - point.mean < _WORKS / 4 else "leaves"
    trained = result.at("qat", 8)
    learned = "" if trained is None else f"; QAT gets **{percent(trained.mean)}**"
    return (
        f"Channels 2⁻⁴ to 2⁴ times as wide compute the same in float (**{percent(exact.mean)}**). With {scales}, "
        f"8-bit :blue[PTQ] {verdict} **{percent(point.mean)}**{learned}."
    )


def _one_more_level(result: Result) -> str | None:
    two = result.at("qat", 2)
    if result.settings.weight_scale == "restricted" or two is None:
        return None
    ptq = result.at("ptq", 2)
    levels = {"half_range": "a fourth level, −2 steps, in use", "full": "steps of a fourth of the whole width"}
    return (
        f"At 2 bits the restricted grid has 3 levels: −1, 0, 1. With {levels[result.settings.weight_scale]}, "
        f":orange[QAT] reaches **{percent(two.mean)}**{'' if ptq is None else f', PTQ {percent(ptq.mean)}'}."
    )


def _ends(result: Result) -> str | None:
    points = [result.at(method, 2) for method in ("ptq", "qat", "lsq")]
    if not result.settings.ends_at_8 or None in points:
        return None
    ptq, qat, lsq = (percent(point.mean) for point in points if point is not None)
    return (
        f"First and last layer at 8 bits, 2 bits for the {share(_middle(result))} of weights in between: :blue[PTQ] "
        f"keeps **{ptq}**, :orange[QAT] **{qat}**, learned steps (LSQ) **{lsq}**."
    )


def _scratch(result: Result) -> str | None:
    exact, qat = result.exact, result.at("qat", result.settings.bits)
    if not result.settings.scratch or exact is None or qat is None:
        return None
    lost = exact.mean - qat.mean
    verdict = "it needs no float network to start from" if lost < 4 * _ALIKE else "a float start would help"
    return (
        f"From random weights, rounding from the first step: :orange[QAT] at {_bits(result.settings.bits)} reaches "
        f"**{percent(qat.mean)}** where float reaches {percent(exact.mean)}; {verdict}."
    )


def _value(result: Result) -> str | None:
    bits, exact = result.settings.bits, result.exact
    ptq, qat, lsq = (result.at(method, bits) for method in ("ptq", "qat", "lsq"))
    if result.settings.measure != "r2" or exact is None or ptq is None or qat is None or lsq is None:
        return None
    told = [f"**{percent(each.mean)}**" if each.mean >= 0 else "**none**" for each in (ptq, qat, lsq)]
    end = "none: worse than always the mean" if "**none**" in told else f"float, {percent(exact.mean)}"
    return (
        f"Of the variance (R²) :blue[PTQ] explains {told[0]} at {_bits(bits)}, :orange[QAT] {told[1]}, learned steps "
        f"{told[2]}; {end}."
    )


def _two(result: Result) -> str | None:
    exact, qat, lsq = result.exact, result.at("qat", 2), result.at("lsq", 2)
    if result.settings.bits != min(BITS) or exact is None or qat is None or lsq is None:
        return None
    if exact.mean - lsq.mean > _WORKS:
        return (
            f"At 2 bits both fail: :orange[QAT] has **{percent(qat.mean)}**, learned steps (LSQ) "
            f"**{percent(lsq.mean)}**, float {percent(exact.mean)}. Three or four levels are too few here; keep the "
            "ends at 8 bits."
        )
    return (
        f"At 2 bits min-max spends its levels on the widest weight: :orange[QAT] gets **{percent(qat.mean)}**. Steps "
        f"that are learned too (LSQ) let it clip: **{percent(lsq.mean)}**, float {percent(exact.mean)}."
    )


def _wide(result: Result) -> str | None:
    bits, exact = result.settings.bits, result.exact
    ptq, qat = result.at("ptq", bits), result.at("qat", bits)
    if exact is None or ptq is None or qat is None or qat.mean - ptq.mean > _ALIKE:
        return None
    return (
        f"At {_bits(bits)} :orange[QAT] does not beat :blue[PTQ]: **{percent(qat.mean)}** against "
        f"**{percent(ptq.mean)}**, float {percent(exact.mean)}. Steps this fine lose nothing that training could win "
        "back."
    )


def _chosen(result: Result) -> str | None:
    bits, exact = result.settings.bits, result.exact
    ptq, qat = result.at("ptq", bits), result.at("qat", bits)
    if bits == Settings.bits or exact is None or ptq is None or qat is None:
        return None
    return (
        f"At {_bits(bits)} :blue[PTQ] keeps **{percent(ptq.mean)}** of the answers right, :orange[QAT] "
        f"**{percent(qat.mean)}**: training through rounding wins back {num((qat.mean - ptq.mean) * 100, 2, 'pp')}. "
        f"Float has {percent(exact.mean)}."
    )


def _curve(result: Result) -> str:
    exact, two = result.exact, result.at("lsq", 2)
    bits = result.settings.bits
    ptq, qat = result.at("ptq", bits), result.at("qat", bits)
    if exact is None or ptq is None or qat is None:
        return "These runs leave out what this page compares; **Train it here** adds it."
    safe = _safe(result, exact)
    lead = f"Down to {_bits(safe)} nothing is lost. " if safe is not None else ""
    middle = f"At {_bits(bits)} :blue[PTQ] keeps **{percent(ptq.mean)}**, :orange[QAT] **{percent(qat.mean)}**"
    if two is None:
        return f"{lead}{middle}; float has {percent(exact.mean)}."
    plain = result.at("qat", 2)
    if exact.mean - two.mean > _WORKS:
        return f"{lead}{middle}; at 2 bits not even learned steps (LSQ) hold: **{percent(two.mean)}**."
    if plain is not None and two.mean - plain.mean < _GAIN:
        return f"{lead}{middle}; at 2 bits learned steps (LSQ) keep **{percent(two.mean)}**."
    return f"{lead}{middle}; at 2 bits only learned steps (LSQ) still work: **{percent(two.mean)}**."


def _middle(result: Result) -> float:
    """Return the share of the weights that lie between the first and the last layer."""
    counts = [into * out for into, out in pairwise(result.settings.entry.sizes)]
    return sum(counts[1:-1]) / sum(counts)


def _safe(result: Result, exact: Point) -> int | None:
    """Return the fewest bits down to which rounding once costs next to nothing."""
    safe = None
    for point in result.curves.get("ptq", []):
        if exact.mean - point.mean > _NOTHING_LOST:
            break
        safe = point.bits
    return safe


def _bits(bits: int) -> str:
    return f"{bits}{UNIT_SPACE}bits"


STORIES = (_nothing, _rescaled, _one_more_level, _ends, _scratch, _value, _two, _wide, _chosen, _curve)
TRIES: dict[str, Settings] = {
    "spirals at 4 bits": Settings(data="spirals", bits=4),
    "2 bits, learned steps": Settings(bits=2, learned=True),
    "2 bits, one more level": Settings(bits=2, weight_scale="half_range"),
    "QAT from scratch": Settings(scratch=True),
    "rescaled channels": Settings(far_apart=True, bits=8),
    "ends at 8 bits": Settings(ends_at_8=True, bits=2),
}


def taken(settings: Settings, state: Settings) -> Settings:
    """Return a try's state as seen from these settings: an open view, the layer and a pin stay.

    >>> taken(Settings(view="runs"), TRIES["QAT from scratch"]).view
    'runs'
    """
    kept = ("view", "layer", "compare", "pin")
    return replace(state, **{name: getattr(settings, name) for name in kept})
