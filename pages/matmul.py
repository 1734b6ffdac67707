"""Integer matmul: a float product becomes an integer product, and comes back."""

from quantlab.ui.frame import framed

framed()

import streamlit as st  # noqa: E402  # the frame may have to run first

from quantlab.experiments import matmul  # noqa: E402
from quantlab.experiments.matmul import readings, stories  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.ui import address, anatomy, bar, glossary, sharing, sources, uploads  # noqa: E402
from quantlab.ui.matmul import controls, hero  # noqa: E402

settings: matmul.Settings = address.settings()
operands = controls.operands_of(settings)

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = None
if operands is None:
    said = uploads.EMPTY
    with hero_place:
        uploads.ask()
else:
    x, w, remark = operands
    pinned = controls.operands_of(settings.pin)
    result = matmul.run(settings, x, w, pinned=pinned and pinned[:2], recall=sources.recall, remark=remark)
    said = stories.sentence(result)
    with anatomy.before_all_else(hero_place):
        hero.hero(result, f"Codes of X, W and their product; the chosen cell's sum. {anatomy.spoken(said)}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(matmul.MOST_BITS)
        bar.grid()
        if result is not None:
            controls.cell(result.now.exact.shape)
        controls.accumulator()
        controls.more()
        sharing.share(yours=settings.data == YOURS)
        bar.pin()
    anatomy.notice(" ".join(filter(None, [address.notice(), result and result.remark])), address.news())
    anatomy.sentence(said)
    anatomy.tries(stories.TRIES, settings, stories.taken)

if result is not None:
    than = f"vs {result.compared_name}" if result.compared_name else None
    anatomy.numbers(
        [
            anatomy.Figure(reading.label, reading.value, reading.delta, than, glossary.help_for(reading.word))
            for reading in readings.readings(result)
        ]
    )
