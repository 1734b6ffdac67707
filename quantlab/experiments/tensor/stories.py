"""What the Tensor page says of a state, in one sentence: the first of the stories below that this state tells.

A story has this state's numbers and one comparison; words that name a colour's thing wear it (at most two).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from quantlab.experiments.tensor.experiment import Compared, Result, Settings
from quantlab.experiments.tensor.part import part_kind
from quantlab.grid import parameters
from quantlab.numerals import UNIT_SPACE, code, count, decibels, num, share
from quantlab.scheme import Fixed, MinMax, MinMSE, Percentile, PerChannel

_STEP = 0.75  # an error of more than this much of a step is no rounding to the nearest
_CROWDED = 0.5  # share of the values in one code from which on the grid is wasted
_NARROW = 0.25  # of the axis: 99 % of the values lie in less than this
_DECIBELS = 1.0
_SAME = 0.1  # dB; nobody would choose a grid for less
_CLIPPED = Percentile(99.9)  # the range that a crowded grid is told of; the control offers the same one


def sentence(result: Result) -> str:
    """Return what the picture shows, in Markdown, at most 35 words.

    Parameters
    ----------
    result : Result

    Examples
    --------
    >>> from quantlab.experiments.tensor import built_in, run
    >>> sentence(run(Settings(), built_in(Settings()))).split(":")[0]
    'Values in [0, 1) never reach the negative half of a '
    """
    return next(text for story in STORIES if (text := story(result)) is not None)


def _nothing_to_quantize(result: Result) -> str | None:
    if result.report.n == 0:
        return "There is no finite value here, so the grid falls back to **step 1** and nothing can be measured."
    if result.report.parts is None and result.part.extremes == (0, 0) and not result.report.mse:
        step = _short(float(result.part.quantizer.scale))
        return (
            f"Every value is **0**: any grid that contains 0 stores it **without error**, here with a step of {step}."
        )
    return None


def _all_alike(result: Result) -> str | None:
    (lo, hi), report = result.part.extremes, result.report
    if lo != hi or report.parts is not None:
        return None
    one = report.codes_used == 1
    n, codes = count(report.n), count(report.codes_used)
    spread = f"so one code carries all {n}" if one else f"and chance spreads all {n} over {codes} codes"
    lead = f"Every value is **{_short(lo)}**, {spread}" if report.n > 1 else f"The only value is **{_short(lo)}**, kept"
    if not report.mse:
        return f"{lead} **without error**."
    off, steps = num(report.max_abs_error), num(report.max_abs_error_steps)
    return f"{lead}, and what comes back is off by **{off}**{'' if one else ' at worst'}, {steps} of a step."


def _other_width(result: Result) -> str | None:
    pinned = result.compared
    if pinned is None or pinned.name != "pinned" or result.report.parts is not None:
        return None
    state, then = result.settings.state(), pinned.settings
    if then.bits == state.bits or replace(then, bits=state.bits) != state:
        return None
    now, before, there = result.report, pinned.report, pinned.quantizer.scheme
    step, their_step = float(result.quantizer.scale), float(pinned.quantizer.scale)
    if pinned.array.digest != result.array.digest or not (now.mse and before.mse):
        return None
    times = max(step / their_step, their_step / step)
    verdict = "wider" if step > their_step else "finer"
    return (
        f"{result.scheme.bits}{UNIT_SPACE}bits have **{count(result.scheme.levels)} codes**, the pinned {there.bits} "
        f"have {count(there.levels)}: each step is **{num(times)} times {verdict}**, so a value is off by "
        f"{num(now.mean_abs_error)} on average instead of {num(before.mean_abs_error)}: **{decibels(now.sqnr_db)}** "
        f"instead of {decibels(before.sqnr_db)}."
    )


def _by_part(result: Result) -> str | None:
    parts = result.report.parts
    if parts is None or result.index is None:
        return None
    name = result.part.name
    here, whole = parts.sqnr_db[result.index], result.report.sqnr_db
    kind = part_kind(result.array.values.shape, result.scheme.granularity)
    lead = f"Every {kind} has its own scale: **{decibels(whole)}** over all {count(len(parts.n))}"
    if np.isnan(here):
        return f"{lead}. Shown is **{name}**, which holds {'nothing but 0' if parts.n[result.index] else 'no number'}."
    chosen = "Shown" if result.settings.channel is not None else "The worst"
    bits = f"{num(result.report.bits_per_value)}{UNIT_SPACE}bits"
    return f"{lead}, {bits} a value. {chosen} is **{name}** at **{decibels(here)}**."


def _wrapped(result: Result) -> str | None:
    if result.scheme.overflow != "wrap" or not result.part.report.clipped:
        return None
    wrapped = result.part.report.clipped_low + result.part.report.clipped_high
    return (
        f"**{count(wrapped)}** {'value runs' if wrapped == 1 else 'values run'} past the last code and "
        f":red[wrap{'s' if wrapped == 1 else ''} around] to the other end: the worst is off "
        f"by **{num(result.report.max_abs_error)}**, and {decibels(result.report.sqnr_db)} is left. "
        f"Saturating would hold {'it' if wrapped == 1 else 'them'}."
    )


def _one_bit(result: Result) -> str | None:
    if result.scheme.bits != 1:
        return None
    used, other = result.report.codes_used, _other_grid(result)
    lead = f"One bit has two levels, {_two_levels(result)}"
    if used == 1:
        verdict = "every value :red[becomes the same]"
    else:
        verdict = f"the rarer takes {share(result.report.code_counts.min() / result.report.n)} of the values"
    tail = ""
    if other is not None:
        name = {"affine": "an :green[affine]", "symmetric": "a :blue[symmetric]"}[other.name]
        tail = f"; {name} grid gives {decibels(other.report.sqnr_db)}"
    return f"{lead}, and {verdict}: **{decibels(result.report.sqnr_db)}**{tail}."


def _half_unused(result: Result) -> str | None:
    lo, hi = result.part.extremes
    scheme = result.scheme
    if not scheme.symmetric or scheme.bits > 7 or not (lo >= 0 or hi <= 0):
        return None
    if not isinstance(scheme.range, MinMax) and result.report.mse_clipping > result.report.mse_rounding:
        return None  # then the range says more than the half that is missing
    half = "negative" if lo >= 0 else "positive"
    lead = (
        f"Values in {_interval(result)} never reach the {half} half of a :blue[symmetric] grid, so "
        f"**{scheme.bits}{UNIT_SPACE}bits act as {scheme.bits - 1}**: {decibels(result.report.sqnr_db)}."
    )
    other = _other_grid(result)
    if other is None:
        return lead
    if not other.report.mse:
        return f"{lead} An :green[affine] grid would be **without error**."
    gain = other.report.sqnr_db - result.report.sqnr_db
    return f"{lead} An :green[affine] grid would gain **{decibels(gain)}**." if gain > _DECIBELS else lead


def _whole_step(result: Result) -> str | None:
    report, scheme = result.part.report, result.scheme
    few = report.clipped and report.clipped <= 0.05
    if not (scheme.symmetric and few and isinstance(scheme.range, MinMax)) or report.max_abs_error_steps < _STEP:
        return None
    if scheme.symmetric_scale != "half_range" or report.clipped_low:
        return None
    top = result.part.extremes[1]
    beyond = scheme.qmax + 1
    steps = report.max_abs_error_steps
    wide = "a **whole step**, not half" if 0.985 < steps < 1.015 else f"**{num(steps)} steps**, not half of one"
    return (
        f"The largest error is {wide}: {num(top)} rounds to code **{beyond}**, "
        f"which {scheme.bits}{UNIT_SPACE}bits do not have, and :red[clips to {scheme.qmax}]."
    )


def _crowded(result: Result) -> str | None:
    report = result.report
    fullest = report.code_counts.max() / report.n
    if not isinstance(result.scheme.range, MinMax) or fullest <= _CROWDED or result.index is not None:
        return None
    (lo, hi), axis = result.part.bulk, result.part.axis
    if result.part.axis == result.part.body_axis or hi - lo > _NARROW * (axis[1] - axis[0]):
        return None
    lead = (
        f"A few far values stretch the grid: **{share(float(fullest))}** of all values share one code, and "
        f"{result.scheme.bits}{UNIT_SPACE}bits give only **{decibels(report.sqnr_db)}**."
    )
    clipped = result.sqnr_with(_CLIPPED)
    if not clipped - report.sqnr_db > _DECIBELS:
        return lead
    return f"{lead} Clipping at percentile {_CLIPPED.p:g} would give **{decibels(clipped)}**."


def _given_up(result: Result) -> str | None:
    report = result.part.report
    chosen = isinstance(result.scheme.range, Percentile | MinMSE | Fixed)
    if not chosen or not report.clipped or not report.mse:
        return None
    cost = report.mse_clipping / report.mse
    lead = f"Clipping **{share(report.clipped)}** of the values :red[causes {share(cost)} of the squared error]"
    here = decibels(result.report.sqnr_db)
    if result.compared is None or result.index is not None:
        return f"{lead}: **{here}**."
    if result.compared.name == "pinned" and not _pinned_unclipped(result, result.compared):
        return f"{lead}: **{here}**, {_against(result, result.compared)}."
    unclipped = result.sqnr_with(MinMax())
    gain = result.report.sqnr_db - unclipped
    if not np.isfinite(gain) or abs(gain) < _SAME:
        return f"{lead}: **{here}**, as with min-max."
    verdict = ""
    if abs(gain) > _DECIBELS and _finer(result):
        verdict = ", yet the finer steps win" if gain > 0 else ", and the finer steps cannot make up for it"
    elif abs(gain) > _DECIBELS:
        verdict = f", and the wider range {'wins' if gain > 0 else 'loses more than it saves'}"
    return f"{lead}{verdict}: **{here}** against {decibels(unclipped)} with min-max."


def _finer(result: Result) -> bool:
    """Return whether the steps are finer than those of the range that covers everything."""
    lo, hi = (np.array([end], np.float64) for end in result.part.extremes)
    quantizer = result.part.quantizer
    unclipped, _, _ = parameters(lo, hi, result.scheme, quantizer.scale.dtype)
    return float(quantizer.scale) < float(unclipped[0])


def _pinned_unclipped(result: Result, pinned: Compared) -> bool:
    """Return whether the pinned state is this one with the range that covers everything."""
    return pinned.settings == replace(result.settings.state(), range=MinMax())


def _affine_gain(result: Result) -> str | None:
    other = _other_grid(result)
    if result.scheme.symmetric or other is None:
        return None
    gain = result.report.sqnr_db - other.report.sqnr_db
    if not gain > _DECIBELS:
        return None
    zero_point = int(result.part.quantizer.zero_point)
    return (
        f"An :green[affine] grid moves 0 to code **{code(zero_point)}** and spends {result.report.codes_used} of "
        f"{result.scheme.levels} codes on {_interval(result)}: **{decibels(result.report.sqnr_db)}**, "
        f"{decibels(gain)} more than :blue[symmetric]."
    )


def _far_from_zero(result: Result) -> str | None:
    lo, hi = result.part.extremes
    scheme = result.scheme
    if (
        lo == hi
        or (not scheme.symmetric and scheme.affine_range == "free")  # such a grid need not hold 0
        or not (lo > 0 or hi < 0)
        or (hi - lo) > min(abs(lo), abs(hi))
        or result.report.codes_used > scheme.levels / 2
    ):
        return None
    remedy = "Subtracting an offset first" if scheme.symmetric else "A free zero point (More, Affine range)"
    return (
        f"The grid must hold 0, but the values lie in {_interval(result)}: **{result.report.codes_used} of "
        f"{scheme.levels}** codes are used. "
        f"{remedy} would put every code where the values are."
    )


def _plain(result: Result) -> str:
    report, other = result.report, _other_grid(result)
    lead = (
        f"**{count(report.codes_used)} of {count(result.scheme.levels)}** codes carry {count(report.n)} values. "
        f"On average one is off by **{num(report.mean_abs_error)}**, at worst by **{num(report.max_abs_error)}**"
    )
    if other is None or np.isnan(other.report.sqnr_db):
        return f"{lead}, which is {num(report.max_abs_error_steps)} of a step."
    return f"{lead}: {decibels(report.sqnr_db)}, {_against(result, other)}."


STORIES: tuple[Callable[[Result], str | None], ...] = (
    _nothing_to_quantize,
    _other_width,
    _by_part,
    _wrapped,
    _all_alike,
    _one_bit,
    _far_from_zero,
    _half_unused,
    _crowded,
    _whole_step,
    _given_up,
    _affine_gain,
    _plain,
)


def _other_grid(result: Result) -> Compared | None:
    """Return the same scheme on the other grid, where that is what this state is compared with."""
    other = result.compared
    return other if other is not None and other.name != "pinned" else None


def _against(result: Result, other: Compared) -> str:
    gap = result.report.sqnr_db - other.report.sqnr_db
    name = {"affine": ":green[affine]", "symmetric": ":blue[symmetric]"}.get(other.name, "the pinned state")
    if not np.isfinite(gap) or abs(gap) < _SAME:
        return f"as with {name}"
    return f"{decibels(abs(gap))} {'more' if gap > 0 else 'less'} than {name}"


def _interval(result: Result) -> str:
    # Among millions of values one may round to 1 in float32.
    if result.settings.data == "article" and result.index is None and result.part.extremes[1] < 1:
        return "[0, 1)"
    return "[{}, {}]".format(*(_short(end) for end in result.part.extremes))


def _short(value: float) -> str:
    text = num(value)
    return text.rstrip("0").rstrip(".") if "." in text and "·" not in text else text


def _two_levels(result: Result) -> str:
    quantizer = result.part.quantizer
    levels = quantizer.dequantize(np.array([quantizer.qmin, quantizer.qmax])).tolist()
    return " and ".join(num(level) for level in sorted(levels, key=abs))


_ARTICLE = Settings()
_POSITIVE = replace(_ARTICLE, symmetric=False)
_OUTLIER = replace(_ARTICLE, data="outlier", size="100x100")

TRIES: dict[str, Settings] = {
    "the article at 8 bits": replace(_ARTICLE, bits=8),
    "int4 beside int8": replace(_POSITIVE, pin=replace(_POSITIVE, bits=8), compare="pinned"),
    "only positives: affine": _POSITIVE,
    "an outlier": _OUTLIER,
    "the same at 8 bits": replace(
        _OUTLIER, bits=8, range=Percentile(99.9), pin=replace(_OUTLIER, bits=8), compare="pinned"
    ),
    "far from zero": replace(_ARTICLE, data="uniform", parameters=(("hi", 6.0), ("lo", 5.0)), symmetric=False),
    "wide channels": replace(_ARTICLE, data="channels", size="100x100", granularity=PerChannel(0)),
    "one bit, affine": replace(_ARTICLE, bits=1, symmetric=False),
}


def taken(settings: Settings, state: Settings) -> Settings:
    """Return a try's state as seen from these settings: an open view stays, and so does a pin that the visitor has set.

    >>> taken(replace(Settings(), view="bits"), TRIES["the article at 8 bits"]).view
    'bits'
    """
    another = settings.pin in [each.pin for each in TRIES.values() if each.pin is not None]
    kept = ("view", "map", "library") + (("compare", "pin") if state.pin is None and not another else ())
    return replace(state, **{name: getattr(settings, name) for name in kept})
