"""Calibration: observers choose a range."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab.experiments import calibration  # noqa: E402
from quantlab.experiments.calibration import readings, stories  # noqa: E402
from quantlab.experiments.calibration.experiment import MOST_BITS  # noqa: E402
from quantlab.ui import address, anatomy, bar, cache, sharing  # noqa: E402
from quantlab.ui.calibration import controls, curves, hero  # noqa: E402
from quantlab.ui.calibration.views import VIEWS  # noqa: E402

settings: calibration.Settings = address.settings()

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = calibration.run(settings, recall=cache.shared)
said = stories.sentence(result)
spoken = anatomy.spoken(said)
with anatomy.before_all_else(hero_place):
    hero.hero(result, f"Histogram of the batches seen, and above it the range of each observer. {spoken}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(MOST_BITS, width=116)
        bar.grid()
        controls.odd()
        controls.odd_at()
        controls.more()
        sharing.share(yours=False)
        bar.pin()
    anatomy.notice(address.notice(), address.news())
    anatomy.sentence(said)
    anatomy.tries(stories.TRIES, settings, stories.taken)

anatomy.numbers(readings.readings(result), result.compared_name)
curves.note(result)

over_batches, of_each = anatomy.supporting()
with over_batches:
    curves.ranges(result, spoken)
with of_each:
    curves.levels(result, spoken)

anatomy.views({label: partial(draw, result) for label, draw in VIEWS.items()})
