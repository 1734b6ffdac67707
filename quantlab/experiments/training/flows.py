"""The two ways from a float network to a quantized one, as steps, each with the name of what does it."""

from __future__ import annotations

from typing import NamedTuple

from quantlab.nn import Job, Method


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
    Flow("ptq", "PTQ", "rounds once: minutes, some data, no labels"): (
        _TRAIN,
        Step("Observe", "observers.MinMaxObserver", "Rows pass; each layer's input shows its range."),
        Step("Choose grids", "quantlab.Quantizer", "A scale and a zero point from each range."),
        Step("Round", "nn.ptq", "Every weight goes to its nearest level, once."),
        _CONVERT,
    ),
    Flow("qat", "QAT and LSQ", "train through rounding: labels, a training, then the same conversion"): (
        _TRAIN,
        Step("Insert fake-quantize", "nn.rounding.fake_quantize", "On each weight and each layer's input."),
        Step("Forward", "nn.qat", "Rounded, so that the loss sees what rounding does."),
        Step("Backward", "Rounded.inside", "Straight through, but for what clipped; LSQ moves the steps, too."),
        _CONVERT,
    ),
}
"""Both flows, with their steps in order."""


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
