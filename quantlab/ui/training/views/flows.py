"""View: the two ways to a quantized network, step by step, each step with what does it."""

from __future__ import annotations

import streamlit as st

from quantlab.experiments.training import Result
from quantlab.experiments.training.flows import FLOWS, Step, running, sentence
from quantlab.experiments.training.networks import Networks
from quantlab.ui import look
from quantlab.ui.training import desk


def draw(result: Result, found: Networks) -> None:
    """Draw both flows; the step that runs is lit."""
    own = desk.live(result.settings)
    st.markdown(sentence(result))
    for flow, steps in FLOWS.items():
        look.title(flow.title, flow.remark, key=f"flow-{flow.method}")
        places = st.columns(len(steps), gap="small")
        for number, (place, step) in enumerate(zip(places, steps, strict=True)):
            key = f"flow-{flow.method}-{number}"
            with place, st.container(border=True, key=key, height="stretch"):
                _step(step)
            if own is not None and own.job is not None and step in running(flow, own.job):
                st.html(f"<style>.st-key-{key} {{ border-color: var(--ql-ink); background: var(--ql-panel) }}</style>")


def _step(step: Step) -> None:
    st.markdown(f"**{step.name}**  \n`{step.does}`")
    st.caption(step.words)
