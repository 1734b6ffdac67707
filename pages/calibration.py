"""Calibration: observers choose a range."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab.experiments import calibration  # noqa: E402
from quantlab.experiments.calibration import readings, stories  # noqa: E402
from quantlab.experiments.calibration.experiment import MOST_BITS  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.ui import address, anatomy, bar, sharing  # noqa: E402
from quantlab.ui.calibration import controls, curves, hero  # noqa: E402
from quantlab.ui.calibration.views import VIEWS  # noqa: E402

settings: calibration.Settings = address.settings()
array, unfit = controls.own(settings)

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = None
if settings.data == YOURS and array is None:
    said = stories.EMPTY
    with hero_place:
        hero.ask()
else:
    result = calibration.run(settings, array, recall=controls.recall)
    said = stories.sentence(result)
    with anatomy.before_all_else(hero_place):
        spoken = anatomy.spoken(said)
        hero.hero(result, f"Histogram of the batches seen, and above it the range of each observer. {spoken}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(MOST_BITS, width=116)
        bar.grid()
        controls.odd()
        controls.odd_at()
        controls.more()
        sharing.share(yours=settings.data == YOURS, empty=result is None)
        bar.pin(empty=result is None)
    remark = unfit if result is None else result.stream.remark
    anatomy.notice(" ".join(filter(None, [address.notice(), remark])), address.news())
    anatomy.sentence(said)
    anatomy.tries(stories.TRIES, settings, stories.taken)

if result is None:
    anatomy.no_numbers(readings.LABELS)
else:
    anatomy.numbers(readings.readings(result), result.compared_name)
    curves.note(result)

    over_batches, of_each = anatomy.supporting()
    with over_batches:
        curves.ranges(result, anatomy.spoken(said))
    with of_each:
        curves.levels(result, anatomy.spoken(said))

    anatomy.views({label: partial(draw, result) for label, draw in VIEWS.items()})
