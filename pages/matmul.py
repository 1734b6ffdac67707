"""Integer matmul: a float product becomes an integer product, and comes back."""

from quantlab.ui.frame import framed

framed()

from functools import partial  # noqa: E402  # the frame may have to run first

import streamlit as st  # noqa: E402

from quantlab import charts  # noqa: E402
from quantlab.experiments import matmul  # noqa: E402
from quantlab.experiments.matmul import errors, readings, stories  # noqa: E402
from quantlab.experiments.page import pin_in_use  # noqa: E402
from quantlab.experiments.spelling import YOURS  # noqa: E402
from quantlab.ui import address, anatomy, bar, sharing, sources  # noqa: E402
from quantlab.ui.chart import Chart, show  # noqa: E402
from quantlab.ui.components.window import window  # noqa: E402
from quantlab.ui.matmul import controls, hero  # noqa: E402
from quantlab.ui.matmul.views import VIEWS  # noqa: E402

settings: matmul.Settings = address.settings()
operands = controls.operands_of(settings)

# The hero is sent first, though it stands below: it is what the eye waits for.
top, hero_place = st.container(), anatomy.hero()
result = None
if operands is None:
    said = controls.EMPTY[settings.own]
    with hero_place:
        controls.ask()
else:
    x, w, remark = operands
    pinned = controls.operands_of(pin_in_use(settings))
    result = matmul.run(settings, x, w, pinned=pinned and pinned[:2], recall=sources.recall, remark=remark)
    said = stories.sentence(result)
    with anatomy.before_all_else(hero_place):
        hero.hero(result, f"Codes of X, W and their product; the chosen cell's sum. {anatomy.spoken(said)}")

with top:
    with anatomy.control_bar():
        controls.data()
        bar.bits(matmul.MOST_BITS)
        bar.grid(about="Of X; the grid of W is under More.\n\n")
        controls.cell(result and result.now.exact.shape)
        controls.accumulator()
        controls.more()
        sharing.share(yours=settings.data == YOURS, empty=operands is None)
        bar.pin(empty=operands is None)
    anatomy.notice(" ".join(filter(None, [address.notice(), result and result.remark])), address.news())
    anatomy.sentence(said)
    anatomy.tries(stories.TRIES, settings, stories.taken)

if result is None:
    anatomy.no_numbers(readings.LABELS)
else:
    anatomy.numbers(readings.readings(result), result.compared_name)

    spoken, narrow = anatomy.spoken(said), window().narrow
    counted, cells = errors.error_counts(result), errors.pairs(result)
    error = Chart(
        key="error",
        title="Error",
        remark=errors.error_remark(result),
        alt=f"Histogram of the errors of all cells. {spoken}",
        figure=lambda: charts.product_errors(
            counted.counts,
            counted.lost,
            counted.reach,
            expected=counted.expected,
            chosen=counted.chosen,
            compared=counted.compared,
            narrow=narrow,
        ),
        columns=counted.columns,
    )
    against = Chart(
        key="against",
        title="Integer against float",
        remark="every cell of X·W; on the line they agree",
        alt=f"Scatter of the integer result over the float product. {spoken}",
        figure=lambda: charts.product_against_float(
            cells.exact,
            cells.values,
            cells.lost,
            chosen=(result.exact, result.value),
            names=cells.names,
            narrow=narrow,
        ),
        columns=partial(readings.product_columns, result.now),
    )
    for place, chart in zip(anatomy.supporting(), (error, against), strict=True):
        with place:
            show(chart, readings.file_stem(settings, chart.key))

    anatomy.views({label: partial(draw, result) for label, draw in VIEWS.items()})
