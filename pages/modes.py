"""Modes: weight-only, dynamic, static."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab.experiments import modes  # noqa: E402
from quantlab.experiments.modes import readings, stories  # noqa: E402
from quantlab.experiments.modes.experiment import MOST_BITS  # noqa: E402
from quantlab.experiments.page import pin_in_use  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.ui import address, anatomy, bar, sharing, uploads  # noqa: E402
from quantlab.ui.modes import controls, curves, hero  # noqa: E402
from quantlab.ui.modes.views import VIEWS  # noqa: E402

settings: modes.Settings = address.settings()

subject = controls.subject_of(settings)

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = None
if subject is None:
    said = stories.EMPTY
    with hero_place:
        uploads.ask()
else:
    result = modes.run(settings, subject, pinned=controls.subject_of(pin_in_use(settings)), recall=controls.recall)
    said = stories.sentence(result)
    with anatomy.before_all_else(hero_place):
        hero.hero(result, f"The dataflow of a layer in three modes. {anatomy.spoken(said)}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(MOST_BITS, width=116)
        controls.weight_bits()
        bar.grid()
        controls.batch()
        controls.live_scale()
        controls.more()
        sharing.share(yours=settings.data == YOURS, empty=subject is None)
        bar.pin(empty=subject is None)
    anatomy.notice(" ".join(filter(None, [address.notice(), subject and subject.remark])), address.news())
    anatomy.sentence(said)
    anatomy.tries(stories.TRIES, settings, stories.taken)

if result is None:
    anatomy.no_numbers(readings.LABELS)
else:
    anatomy.numbers(readings.readings(result), result.compared_name)
    st.caption(readings.image_note(result))

    times, widths = anatomy.supporting()
    with times:
        curves.times(result)
    with widths:
        curves.widths(result, anatomy.spoken(said))

    anatomy.views({label: partial(draw, result) for label, draw in VIEWS.items()})
