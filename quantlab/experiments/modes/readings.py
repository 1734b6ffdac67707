"""The numbers of the Modes page as people read them: beside each dataflow, and in the row below."""

from __future__ import annotations

from quantlab.experiments.modes.experiment import Outcome, Result, Settings
from quantlab.experiments.modes.flows import Line
from quantlab.experiments.modes.modes import DYNAMIC, FLOAT, STATIC, WEIGHT_ONLY
from quantlab.experiments.page import Reading
from quantlab.numerals import count, num, points, share, size_text

LABELS = ("Float32 moves", "Weight-only error", "Dynamic error", "Static error", "Static agrees", "Static clips")
"""What the numbers are of, before there is a weight of one's own to show."""

_COUNTED = "bytes: what enters and leaves a layer; MACs: multiply-adds"
_SHORT = {"float32": "f32", "int8": "i8", "uint8": "u8", "int4": "i4", "int32": "i32"}


def readings(result: Result) -> tuple[Reading, ...]:
    """Return the six numbers of the row.

    >>> from quantlab.experiments.modes import run
    >>> [reading.label for reading in readings(run(Settings()))][1:3]
    ['Weight-only error', 'Dynamic error']
    """
    own, then = result.outcomes, result.compared
    other = None if then is None else then.outcomes
    first = own[FLOAT]
    if first.accuracy is None:
        moved = None if other is None else _more(first.bytes_moved - other[FLOAT].bytes_moved)
        lead = Reading("Float32 moves", size_text(first.bytes_moved), moved, "bytes moved")
    else:
        there = None if other is None else other[FLOAT].accuracy
        right = None if there is None else points(first.accuracy, there)
        lead = Reading("Float32 accuracy", percent(first.accuracy), right, "accuracy")
        if other is not None and result.compared_name == "pinned" and right == "same":
            # Of a pin it is the bytes that may differ: float32's accuracy stands above the drawing anyway.
            gap = _more(own[STATIC].bytes_moved - other[STATIC].bytes_moved)
            lead = Reading("Static moves", size_text(own[STATIC].bytes_moved), gap, "bytes moved")
    errors = tuple(
        Reading(
            f"{mode.capitalize()} error",
            share(own[mode].error),
            None if other is None else points(own[mode].error, other[mode].error),
            "output error",
        )
        for mode in (WEIGHT_ONLY, DYNAMIC, STATIC)
    )
    agrees = None if other is None else points(own[STATIC].agreement, other[STATIC].agreement)
    clipped = None if then is None else points(result.clipped, then.clipped)
    return (
        lead,
        *errors,
        Reading("Static agrees", percent(own[STATIC].agreement), agrees, "agreement"),
        Reading("Static clips", share(result.clipped), clipped, "clipped"),
    )


def beside(outcome: Outcome, seconds: float | None, *, awaited: bool = True) -> tuple[tuple[str, str], ...]:
    """Return label and value of what stands beside a mode's dataflow.

    Parameters
    ----------
    outcome : Outcome
    seconds : float or None
        Of one batch on this machine, as soon as it is measured.
    awaited : bool
        Whether that may still happen.

    Examples
    --------
    >>> from quantlab.experiments.modes import run
    >>> print(*(": ".join(pair) for pair in beside(run(Settings()).outcomes["static"], 0.00032)[2:]))
    Int MACs: 217k Float MACs: 8.83k Time: 320 µs
    """
    quality = ("Error", share(outcome.error)) if outcome.accuracy is None else ("Accuracy", _right(outcome))
    return (
        quality,
        ("Moves", size_text(outcome.bytes_moved)),
        ("Int MACs", thousands(outcome.integer_multiply_adds)),
        ("Float MACs", thousands(outcome.float_multiply_adds)),
        ("Time", duration(seconds) if seconds is not None else "…" if awaited else "–"),
    )


def scope(result: Result) -> str:
    """Return what the numbers beside the dataflows are of.

    >>> from quantlab.experiments.modes import run
    >>> scope(run(Settings()))
    'whole network, 64 rows'
    """
    whole = "whole network" if len(result.subject.shapes) > 1 else "the layer"
    return f"{whole}, {result.settings.batch} row{'' if result.settings.batch == 1 else 's'}"


def layer_title(result: Result) -> str:
    """Return which layer is drawn.

    >>> from quantlab.experiments.modes import run
    >>> layer_title(run(Settings()))
    'Layer 2 of 3'
    """
    of = len(result.subject.shapes)
    return f"Layer {result.layer + 1} of {of}" if of > 1 else "One layer"


def thousands(n: int) -> str:
    """Write a count with three digits: k, M and G for thousands, millions and billions.

    >>> thousands(0), thousands(999), thousands(217_088), thousands(4_294_967_296)
    ('0', '999', '217k', '4.29G')
    """
    for unit, scale in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if n >= scale:
            return f"{num(n / scale, 3)}{unit}"
    return str(n)


def _right(outcome: Outcome) -> str:
    return percent(outcome.accuracy or 0.0)


def percent(part: float) -> str:
    """Write a share of 1 with three digits, since one test image of some hundred is a quarter of a percent.

    >>> print(percent(0.96944), percent(1.0))
    96.9 % 100 %
    """
    return num(part * 100, 3, "%")


def duration(seconds: float) -> str:
    """Write a time in microseconds or milliseconds.

    >>> print(duration(0.0000145), duration(0.00332))
    14.5 µs 3.32 ms
    """
    return num(seconds * 1e6, 3, "µs") if seconds < 1e-3 else num(seconds * 1e3, 3, "ms")


def type_label(line: Line, *, short: bool = False) -> str:
    """Write what flows through a wire: its type, and the bits of its codes where they are fewer.

    >>> from quantlab.linear import Wire
    >>> codes = Line(Wire("codes", "int8", (64, 32), 8), True, 3)
    >>> reals = Line(Wire("x", "float32", (64, 32), 32), False, 32)
    >>> type_label(codes), type_label(reals, short=True)
    ('3-bit int8', 'f32')
    """
    name = _SHORT.get(line.wire.dtype, line.wire.dtype) if short else line.wire.dtype
    return name if line.bits == line.wire.bits else f"{line.bits}{'b' if short else '-bit'} {name}"


def shape_label(line: Line) -> str:
    """Write the shape of what flows.

    >>> from quantlab.linear import Wire
    >>> shape_label(Line(Wire("x", "float32", (64, 32), 32), False, 32))
    '64×32'
    """
    return "×".join(str(length) for length in line.wire.shape)


def image_note(result: Result) -> str:
    """Return what one test image is worth, where there is an accuracy.

    >>> from quantlab.experiments.modes import run
    >>> image_note(run(Settings())).replace(chr(160), " ")
    'one of 360 test images is worth 0.28 pp; bytes: what enters and leaves a layer; MACs: multiply-adds'
    """
    if not result.subject.labelled:
        rows, (outputs, whole) = (
            count(len(result.live)),
            (result.subject.network.sizes[-1], result.subject.shapes[-1][0]),
        )
        return f"errors: of {rows} rows, {count(outputs)} of {count(whole)} outputs; {_COUNTED}"
    worth = num(result.one_image * 100, 2, "pp")
    return f"one of {count(len(result.live))} test images is worth {worth}; {_COUNTED}"


def file_stem(settings: Settings, what: str) -> str:
    """Return the name of a download, without its ending, from page and state.

    >>> file_stem(Settings(), "bits")
    'quantlab-modes-digits-8-bit-bits'
    """
    weights = "" if settings.weight_bits is None else f"-w{settings.weight_bits}"
    return f"quantlab-modes-{settings.data}-{settings.bits}-bit{weights}-{what}"


def _more(gap: int) -> str:
    return size_text(gap, sign=True) if gap else "same"
