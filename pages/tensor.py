"""Tensor: what b bits do to an array."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab import charts  # noqa: E402
from quantlab.experiments import tensor  # noqa: E402
from quantlab.experiments.page import pin_in_use  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.experiments.tensor import curves, exports, readings, stories  # noqa: E402
from quantlab.ui import address, anatomy, bar, sharing, sources, uploads  # noqa: E402
from quantlab.ui.chart import Chart, show  # noqa: E402
from quantlab.ui.components.window import window  # noqa: E402
from quantlab.ui.tensor import controls, hero, more  # noqa: E402
from quantlab.ui.tensor.views import VIEWS  # noqa: E402

settings: tensor.Settings = address.settings()
array = controls.array_of(settings)

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = None
if array is None:
    said = uploads.EMPTY
    with hero_place:
        uploads.ask()
else:
    result = tensor.run(settings, array, pinned_array=controls.array_of(pin_in_use(settings)), recall=sources.recall)
    said = stories.sentence(result)
    with anatomy.before_all_else(hero_place):
        hero.hero(result, f"Values, their fall to the levels, and each level's share. {anatomy.spoken(said)}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(tensor.MOST_BITS)
        bar.grid()
        controls.value_range(array)
        controls.granularity(array)
        more.more(array)
        sharing.share(yours=settings.data == YOURS, empty=array is None)
        bar.pin(empty=array is None)
    anatomy.notice(
        " ".join(filter(None, [address.notice(), result and exports.left_out(result.report)])), address.news()
    )
    anatomy.sentence(said)
    body = result is not None and result.part.body_axis is not None
    anatomy.tries(stories.TRIES, settings, stories.taken, beside=lambda: controls.axis(body=body))

if result is None:
    anatomy.no_numbers(readings.LABELS)
else:
    spoken = anatomy.spoken(said)
    narrow = window().narrow
    anatomy.numbers(readings.readings(result), result.compared.name if result.compared else "")

    curve, corners = curves.error_curve(result), curves.staircase(result.part)
    error = Chart(
        key="error",
        title="Error",
        remark=readings.error_remark(result),
        alt=f"Histogram of the error. {spoken}",
        figure=lambda: charts.error_histogram(
            curve.rounding,
            curve.clipping,
            curve.lo,
            curve.hi,
            scale=curve.scale,
            reach=curve.reach,
            ideal=curve.ideal,
            rounding=result.scheme.rounding,
            compared=curve.compared,
            compared_name="pinned",
            narrow=narrow,
        ),
        columns=curve.columns,
    )
    transfer = Chart(
        key="transfer",
        title="Transfer",
        remark=readings.transfer_remark(result),
        alt=f"Staircase over the identity, the error below. {spoken}",
        figure=lambda: charts.transfer_curve(
            corners.x,
            corners.x_hat,
            corners.clipped,
            value_range=result.part.axis,
            error_range=result.charted.error_axis,
            compared=curves.pinned_corners(result),
            compared_name="pinned",
            narrow=narrow,
        ),
        columns=corners.columns,
    )
    for place, chart in zip(anatomy.supporting(), (error, transfer), strict=True):
        with place:
            show(chart, readings.file_stem(settings, chart.key))

    anatomy.views({label: partial(draw, result) for label, draw in VIEWS.items()})
