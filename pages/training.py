"""PTQ and QAT: quantize after training, or train for it."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab.experiments import training  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.experiments.training import readings, stories  # noqa: E402
from quantlab.experiments.training.networks import networks  # noqa: E402
from quantlab.experiments.training.table import EMPTY  # noqa: E402
from quantlab.ui import address, anatomy, bar, cache, sharing  # noqa: E402
from quantlab.ui.training import ahead, controls, curves, desk, hero, table  # noqa: E402
from quantlab.ui.training.views import VIEWS  # noqa: E402

settings: training.Settings = table.owned(address.settings())
result = desk.result(settings)
said = EMPTY if settings.empty else stories.sentence(result)

with anatomy.control_bar():
    controls.data()
    controls.bits()
    controls.method()
    controls.seeds()
    controls.epochs()
    controls.more()
    sharing.share(yours=settings.data == YOURS, empty=settings.empty)
    bar.pin(controls.OTHERS, empty=settings.empty)
    controls.train(settings)
anatomy.notice(address.notice() or desk.trouble(settings), address.news())
anatomy.sentence(said)
anatomy.tries(stories.TRIES, settings, stories.taken)
with anatomy.hero():
    if settings.empty:
        table.ask()
    else:
        hero.draw(settings, f"{settings.words.title} against bits, falling from 8 to 2. {anatomy.spoken(said)}")

if settings.empty:
    anatomy.no_numbers(readings.LABELS)
else:
    # Of one seed; trained in a second where neither this visitor nor the server has done it.
    found = networks(settings, result.runs, table.recall(settings))
    if settings.own is None:
        ahead.AHEAD.prepare(settings, cache.shared)
    anatomy.numbers(readings.readings(result, found), readings.compared_with(result))
    st.caption(readings.row_note(result, found))
    if settings.plane:
        curves.maps(result, found)
    if settings.fitted:
        curves.fitted(result, found)
    losses, weights = anatomy.supporting()
    with losses:
        curves.losses(settings, found)
    with weights:
        curves.histogram(settings, found)

    anatomy.views({label: partial(draw, result, found) for label, draw in VIEWS.items()})
