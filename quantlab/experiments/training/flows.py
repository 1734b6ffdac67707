"""The two ways from a float network to a quantized one, as steps, each with the name of what does it."""

from __future__ import annotations

from statistics import fmean
from typing import NamedTuple

from quantlab.experiments.training.experiment import Result
from quantlab.experiments.training.readings import percent
from quantlab.nn import Job, Method
from quantlab.numerals import num


class Flow(NamedTuple):
    """One way: of which method, and what people call it."""

    method: Method
    title: str
    remark: str


class Step(NamedTuple):
    """One step: its name, the function or class of the library that does it, and what that is."""

    name: str
    does: str
    words: str


_TRAIN = Step("Train", "nn.train", "A float network, in float32.")
_CONVERT = Step("Convert", "nn.to_integer", "Codes, int32 biases and multipliers; no float left in between.")
FLOWS: dict[Flow, tuple[Step, ...]] = {
    Flow("ptq", "PTQ", "rounds once: no training, some data, no labels"): (
        _TRAIN,
        Step("Observe", "observers.MinMaxObserver", "Rows pass; each layer's input shows its range."),
        Step("Choose grids", "quantlab.Quantizer", "A scale and a zero point from each range."),
        Step("Round", "nn.ptq", "Every weight goes to its nearest level, once."),
        _CONVERT,
    ),
    Flow("qat", "QAT and LSQ", "train through rounding: labels, a training, then the same conversion"): (
        _TRAIN,
        Step("Insert fake-quantize", "rounding.fake_quantize", "On each weight and each layer's input."),
        Step("Forward", "nn.qat", "Rounded, so that the loss sees what rounding does."),
        Step("Backward", "Rounded.inside", "Straight through, but for what clipped; LSQ moves the steps, too."),
        _CONVERT,
    ),
}
"""Both flows, with their steps in order."""


def sentence(result: Result) -> str:
    """Say what each way costs, and what it bought here.

    >>> from quantlab.experiments.training import Settings, run
    >>> sentence(run(Settings())).startswith("PTQ needs a trained network")
    True
    """
    lead = "PTQ needs a trained network and some rows without labels; QAT needs the labels and a training"
    bits = result.settings.bits
    seconds = {
        method: fmean([each.seconds for each in result.runs if each.job.method == method] or [0.0])
        for method in ("ptq", "qat")
    }
    ptq, qat = result.at("ptq", bits), result.at("qat", bits)
    if ptq is None or qat is None:
        return f"{lead}."
    once, again = (num(seconds[method] * 1e3, 2, "ms") for method in ("ptq", "qat"))
    return (
        f"{lead}. Here {once} against {again} a network, for **{percent(ptq.mean)}** against "
        f"**{percent(qat.mean)}** at {bits} bits."
    )


def running(flow: Flow, job: Job) -> tuple[Step, ...]:
    """Return the steps of a flow that a job is in.

    >>> ptq, qat = FLOWS
    >>> [step.name for step in running(qat, Job("lsq", 4, 0))], running(ptq, Job("qat", 4, 0))
    (['Forward', 'Backward'], ())
    """
    steps = FLOWS[flow]
    if job.method == "float":
        return steps[:1]
    if job.method == "ptq":
        return steps[1:4] if flow.method == "ptq" else ()
    return steps[2:4] if flow.method == "qat" else ()
