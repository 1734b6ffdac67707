"""What the Modes page says of a state, in one sentence: the first of the stories below that this state tells."""

from __future__ import annotations

from dataclasses import replace

from quantlab.experiments.modes.experiment import Outcome, Result, Settings
from quantlab.experiments.modes.modes import DYNAMIC, FLOAT, STATIC, WEIGHT_ONLY
from quantlab.experiments.modes.readings import percent
from quantlab.numerals import MINUS, UNIT_SPACE, count, num, share, size_text

_MOST_UNUSED = 0.5  # of the range: what live data fill at most where static leaves most of its codes unused
_ONE = 1.5  # images: more than one
_BRIGHT, _ALIKE = 1.0, 1.5  # images by which accuracies may differ and still be called the same
_MEMORY_BINDS, _ARITHMETIC_BINDS = 8.0, 50.0  # operations a byte: between them it depends on the machine
EMPTY = "Here goes **your own weight**, outputs × inputs: the rows that go through it are drawn for it."
"""The sentence while the data are `yours` and there is no weight yet."""


def sentence(result: Result) -> str:
    """Return what the picture shows, in Markdown, at most 35 words.

    >>> from quantlab.experiments.modes import run
    >>> print(sentence(run(Settings())).split("(")[0].replace(UNIT_SPACE, " "))
    At 8 bits all three match float32
    """
    return next(text for story in STORIES if (text := story(result)) is not None)


def _several(result: Result) -> str | None:
    """Name the two causes that there are, or count them: which of them is the main one nobody has measured."""
    settings, own, one = result.settings, result.outcomes, _noun(result)
    calibrated, arriving = [], []
    if settings.calibration != "training":
        calibrated.append(_calibrated_on(result))
    if settings.loud != 1 and settings.loud_in == "calibration":
        calibrated.append(f"one {one} **{_times(settings.loud)} times louder**")
    if settings.scale != 1:
        arriving.append(f"**scaled by {_times(settings.scale)}**")
    if settings.offset:
        arriving.append(f"**shifted by {_shift(settings)}** of its width")
    if settings.loud != 1 and settings.loud_in == "batch":
        among = f"every {one}" if settings.batch == 1 else f"one {one} in {settings.batch}"
        arriving.append(f"{among} **{_times(settings.loud)} times louder**")
    causes = len(calibrated) + len(arriving)
    if causes < 2:
        return None
    parts = [("calibrated on ", calibrated), ("the live input ", arriving)]
    named = "; ".join(lead + " and ".join(some) for lead, some in parts if some)
    lead = (
        named[0].upper() + named[1:] if causes == 2 else f"Calibration and live data are changed in **{causes} ways**"
    )
    real = own[FLOAT].accuracy
    beside = "" if real is None else f", float32 {percent(real)}"
    return f"{lead}: static {_clips(result)} and is {_fares(own[STATIC])}, dynamic is {_fares(own[DYNAMIC])}{beside}."


def _loud_in_batch(result: Result) -> str | None:
    settings, one = result.settings, _noun(result)
    if settings.loud == 1 or settings.loud_in != "batch":
        return None
    dynamic, times = result.outcomes[DYNAMIC], _times(settings.loud)
    if settings.batch == 1:
        return (
            f"Every {one} is **{times} times louder** and alone in its batch: dynamic finds its range and is "
            f"{_fares(dynamic)}; static {_clips(result)} and is {_fares(result.outcomes[STATIC])}."
        )
    lead = f"One {one} in {settings.batch} is **{times} times louder**"
    if settings.per == "row":
        return (
            f"{lead}, but each has a range of its own: dynamic is {_fares(dynamic)}, as if alone; "
            f"static {_clips(result)} and is {_fares(result.outcomes[STATIC])}."
        )
    return (
        f"{lead} and stretches the range of its whole batch: dynamic is {_fares(dynamic)}. A range for each {one} "
        f"would make that {_fares(result.with_rows())}."
    )


def _offset(result: Result) -> str | None:
    settings, own = result.settings, result.outcomes
    if not settings.offset:
        return None
    static, dynamic, real = own[STATIC], own[DYNAMIC], own[FLOAT]
    lead = f"Shifted by {_shift(settings)} of its width"
    if static.accuracy is None or real.accuracy is None:
        return (
            f"{lead}, the input leaves its range: static {_clips(result)}, {_fares(static)}; dynamic {_fares(dynamic)}."
        )
    if static.accuracy > real.accuracy:
        return (
            f"{lead}, the input leaves float32 **{percent(real.accuracy)}** right. Static {_clips(result)} and so "
            f"undoes the shift: **{percent(static.accuracy)}** right, agreeing on {percent(static.agreement)}."
        )
    return (
        f"{lead}, the input hurts float32 too: **{percent(real.accuracy)}** right. Static {_clips(result)} and agrees "
        f"with it on **{percent(static.agreement)}**, dynamic on {percent(dynamic.agreement)}."
    )


def _scaled(result: Result) -> str | None:
    settings, static, dynamic = result.settings, result.outcomes[STATIC], result.outcomes[DYNAMIC]
    one = result.one_image
    if settings.scale == 1:
        return None
    if settings.scale < 1:
        lead = (
            f"Live data are **{_times(1 / settings.scale)} times {_less(result)}** than calibration saw: static leaves "
        )
        lead += f"{'most' if settings.scale < _MOST_UNUSED else 'some'} of its codes unused"
    else:
        more = "brighter" if result.subject.labelled else "larger"
        lead = f"Live data are **{_times(settings.scale)} times {more}** than calibration saw: static "
        lead += _clips(result)
    if static.accuracy is None or dynamic.accuracy is None or dynamic.accuracy - static.accuracy > _ONE * one:
        return f"{lead} and is {_fares(static)}; dynamic finds the new range and is {_fares(dynamic)}."
    # As many are right: what has changed is told by the outputs, or float32 itself has lost.
    gap = f"{lead}; its outputs are off by **{share(static.error)}**, dynamic's by {share(dynamic.error)}"
    return f"{gap}, but {_right_of_three(result)}."


def _right_of_three(result: Result) -> str:
    own = [percent(result.outcomes[mode].accuracy or 0.0) for mode in (STATIC, DYNAMIC, FLOAT)]
    if len(set(own)) == 1:
        return f"both read **{own[0]}** right, as float32 does"
    return f"they read {own[0]} and {own[1]} right, float32 {own[2]}"


def _loud_in_calibration(result: Result) -> str | None:
    settings = result.settings
    if settings.loud == 1:
        return None
    other, there = result.otherwise()
    words = {"minmax": "min-max", "percentile": "percentile 99.9"}
    return (
        f"One of {settings.samples} {_noun(result)}s of the calibration is **{_times(settings.loud)} times louder**: "
        f"with {words[settings.observer]} static is {_fares(result.outcomes[STATIC])}, "
        f"with {words[other]} {_fares(there)}."
    )


def _calibrated_otherwise(result: Result) -> str | None:
    settings = result.settings
    if settings.calibration == "training":
        return None
    what = _calibrated_on(result)
    static, dynamic = result.outcomes[STATIC], result.outcomes[DYNAMIC]
    if result.clipped:
        return (
            f"Calibrated on {what}, static {_clips(result)} and is {_fares(static)}; "
            f"dynamic needs no calibration and is {_fares(dynamic)}."
        )
    return (
        f"Calibrated on {what}, which reaches as far as the data, static is {_fares(static)}; "
        f"dynamic, without any calibration, is {_fares(dynamic)}."
    )


def _batches(result: Result) -> str | None:
    then = result.compared if result.compared_name == "pinned" else None
    if then is None or result.settings.data != "layer" or then.settings.data != "layer":
        return None
    few, many = sorted((result, then), key=lambda each: each.settings.batch)
    low, high = (_intensity(each.outcomes[WEIGHT_ONLY]) for each in (few, many))
    if low > _MEMORY_BINDS or high < _ARITHMETIC_BINDS:
        return None
    return (
        f"{_rows(few)} {'does' if few.settings.batch == 1 else 'do'} {num(low, 2)} operations for each byte: "
        "**memory binds**, and "
        f"small weights pay. {_rows(many)} do {num(high)}: **arithmetic binds**, and only an integer product pays."
    )


def _large(result: Result) -> str | None:
    if result.subject.labelled:
        return None
    own = result.outcomes
    return (
        f"On {_rows(result).lower()}, weight-only is off by **{share(own[WEIGHT_ONLY].error)}**, dynamic by "
        f"{share(own[DYNAMIC].error)}, static by {share(own[STATIC].error)}; weight-only moves "
        f"**{size_text(own[WEIGHT_ONLY].bytes_moved)}** where float32 moves {size_text(own[FLOAT].bytes_moved)}."
    )


def _other_weights(result: Result) -> str | None:
    settings, own = result.settings, result.outcomes
    if settings.bits_of_weights == settings.bits:
        return None
    bits, lost = settings.bits_of_weights, (own[FLOAT].accuracy or 0.0) - (own[WEIGHT_ONLY].accuracy or 0.0)
    change = f"{'loses' if lost > 0 else 'gains'} **{num(abs(lost) * 100, 2, 'pp')}**" if lost else "loses **no image**"
    return (
        f"Weights of **{_bits(bits)}** shrink from {size_text(own[FLOAT].weight_bytes)} in float32 to "
        f"**{size_text(own[WEIGHT_ONLY].weight_bytes)}**, and weight-only {change}. With activations of "
        f"{_bits(settings.bits)}, dynamic is {_fares(own[DYNAMIC])}, static {_fares(own[STATIC])}."
    )


def _alike(result: Result) -> str | None:
    off = [_images(result, mode) for mode in (WEIGHT_ONLY, DYNAMIC, STATIC)]
    if max(off) > _ALIKE:
        return None
    real, own = percent(result.outcomes[FLOAT].accuracy or 0.0), result.outcomes
    near = "" if max(off) < _BRIGHT / 2 else f" but for one image of {count(len(result.live))}"
    part = own[WEIGHT_ONLY].weight_bytes / own[FLOAT].weight_bytes
    wire = result.settings.batch * result.subject.shapes[0][0]
    carried, real_wire = size_text(wire), size_text(4 * wire)
    # Only weight-only packs two codes into a byte.
    whose = "Weights" if own[WEIGHT_ONLY].weight_bytes == own[STATIC].weight_bytes else "Weight-only's weights"
    return (
        f"At {_bits(result.settings.bits)} all three match float32 (**{real}**){near}. {whose} take {share(part)} of "
        f"the bytes; only static carries :blue[integers] between layers: **{carried}**, not float32's {real_wire}."
    )


def _plain(result: Result) -> str:
    own = result.outcomes
    return (
        f"At {_bits(result.settings.bits)} float32's **{percent(own[FLOAT].accuracy or 0.0)}** become "
        f"{percent(own[WEIGHT_ONLY].accuracy or 0.0)} weight-only, {percent(own[DYNAMIC].accuracy or 0.0)} dynamic and "
        f"**{percent(own[STATIC].accuracy or 0.0)}** static. {_image(result)}"
    )


def _fares(outcome: Outcome) -> str:
    if outcome.accuracy is None:
        return f"**{share(outcome.error)}** off"
    return f"**{percent(outcome.accuracy)}** right"


def _clips(result: Result) -> str:
    return f":red[clips {share(result.clipped)}] of the input" if result.clipped else "clips nothing"


def _images(result: Result, mode: str) -> float:
    here, real = result.outcomes[mode].accuracy or 0.0, result.outcomes[FLOAT].accuracy or 0.0
    return abs(here - real) / result.one_image


def _image(result: Result) -> str:
    return f"One of {count(len(result.live))} images is {num(result.one_image * 100, 2, 'pp')}."


def _calibrated_on(result: Result) -> str:
    dark = f"{_noun(result)}s four times {_less(result)}"
    return {"training": f"{_noun(result)}s", "dark": dark, "noise": "noise between the data's ends"}[
        result.settings.calibration
    ]


def _less(result: Result) -> str:
    return "darker" if result.subject.labelled else "smaller"


def _shift(settings: Settings) -> str:
    return f"{'+' if settings.offset > 0 else MINUS}{_times(abs(settings.offset))}"


def _bits(bits: int) -> str:
    return f"{bits}{UNIT_SPACE}bit{'' if bits == 1 else 's'}"


def _noun(result: Result) -> str:
    return "image" if result.subject.labelled else "row"


def _times(value: float) -> str:
    return f"{value:.3g}"


def _rows(result: Result) -> str:
    batch = result.settings.batch
    return "One row" if batch == 1 else f"{batch} rows"


def _intensity(outcome: Outcome) -> float:
    return 2 * outcome.float_multiply_adds / outcome.bytes_moved


STORIES = (
    _several,
    _loud_in_batch,
    _offset,
    _scaled,
    _loud_in_calibration,
    _calibrated_otherwise,
    _batches,
    _large,
    _other_weights,
    _alike,
    _plain,
)
_LAYER = Settings(data="layer")
TRIES: dict[str, Settings] = {
    "all three at 8 bits": Settings(),
    "four times brighter": Settings(scale=4.0),
    "one loud image": Settings(loud=300.0),
    "calibrated on dark images": Settings(calibration="dark"),
    "4-bit weights only": Settings(weight_bits=4),
    "batch 1 against 256": replace(_LAYER, batch=1, pin=replace(_LAYER, batch=256), compare="pinned"),
}


def taken(settings: Settings, state: Settings) -> Settings:
    """Return a try's state as seen from these settings: an open view stays, and so does a pin that the visitor has set.

    >>> taken(Settings(view="roofline"), TRIES["one loud image"]).view
    'roofline'
    """
    another = settings.pin in [each.pin for each in TRIES.values() if each.pin is not None]
    kept = ("view", "layer") + (("compare", "pin") if state.pin is None and not another else ())
    return replace(state, **{name: getattr(settings, name) for name in kept})
