"""The page's supporting charts: losses, weights over their grid, and for points of the plane what networks answer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from quantlab import charts
from quantlab.experiments.training import Result, Settings, boundary, fits
from quantlab.experiments.training.networks import WHOSE, Networks
from quantlab.experiments.training.readings import NAMES, beside_mean, file_stem, loss_columns, percent
from quantlab.experiments.training.weights import grid_sentence, weights
from quantlab.ui import anatomy, look
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window

_COLOURS = {"float": "", "ptq": "blue", "qat": "orange", "lsq": ""}


def losses(settings: Settings, found: Networks) -> None:
    """Draw the loss of training through rounding beside that of the float twin."""
    name, curves = NAMES[settings.method], {str(method): values for method, values in found.losses.items()}
    show(
        Chart(
            "losses",
            "Loss",
            f"{name}, {settings.bits} bits, {WHOSE}, beside its float twin",
            f"Mean {settings.words.loss} of each epoch for {name} at {settings.bits} bits and for the float twin.",
            lambda: charts.loss_curves(curves, unit=settings.words.nats, narrow=window().narrow),
            partial(loss_columns, found),
        ),
        file_stem(settings, "losses"),
    )


def histogram(settings: Settings, found: Networks) -> None:
    """Draw the weights of a layer before and after, over their levels."""
    shown, name = weights(settings, found), NAMES[settings.method]
    said = grid_sentence(settings, found)
    before = "before (random)" if settings.scratch else "before"
    show(
        Chart(
            "weights",
            "Weights",
            f"of layer {settings.layer} over their levels, {before} and after {name}, {WHOSE}",
            f"Histograms of layer {settings.layer}'s weights with the levels of their grid. {anatomy.spoken(said)}",
            lambda: charts.weights_over_grid(
                shown.edges,
                shown.before,
                shown.after,
                shown.levels_before,
                shown.levels_after,
                method=settings.method,
                narrow=window().narrow,
            ),
            shown.columns,
        ),
        file_stem(settings, "weights"),
    )
    st.caption(said)


def maps(result: Result, found: Networks) -> None:
    """Draw what float, PTQ and QAT or LSQ answer all over the plane, abreast on the same axes."""
    settings = result.settings
    look.title(
        "Decision boundaries",
        f"{found.data.name}, {settings.bits} bits, {WHOSE}, same axes; the line is where the answer changes",
        key="boundaries",
    )
    points = boundary.points_of(found)
    for place, each in zip(st.columns(3, gap="large"), boundary.boundaries(settings, found), strict=True):
        name, colour = NAMES[each.method], _COLOURS[each.method]
        bits = "" if each.method == "float" else f"{settings.bits} bits, "
        remark = f"{bits}{beside_mean(result, each.method, each.quality)}"
        with place:
            show(
                Chart(
                    f"boundary-{each.method}",
                    name,
                    f":{colour}[{remark}]" if colour else remark,
                    f"What {name} answers over the plane, and the test points: {bits}{percent(each.quality)} right.",
                    lambda each=each: charts.decision_boundary(  # type: ignore[misc]
                        each.axis, each.answer, points, cuts=each.cuts, method=each.method, narrow=window().narrow
                    ),
                    each.columns,
                    abreast=3,
                ),
                file_stem(settings, f"boundary-{each.method}"),
            )


def fitted(result: Result, found: Networks) -> None:
    """Draw the curves that float, PTQ and QAT or LSQ make of the points, abreast on the same axes."""
    settings = result.settings
    look.title(
        "Fitted curves",
        f"{found.data.name}, {settings.bits} bits, {WHOSE}, same axes; dots are the test points",
        key="fits",
    )
    points, shown = fits.points_of(found), fits.fits(settings, found)
    for place, each in zip(st.columns(3, gap="large"), shown, strict=True):
        name, colour = NAMES[each.method], _COLOURS[each.method]
        bits = "" if each.method == "float" else f"{settings.bits} bits, "
        remark = f"{bits}R² {beside_mean(result, each.method, each.quality)}"
        with place:
            show(
                Chart(
                    f"fit-{each.method}",
                    name,
                    f":{colour}[{remark}]" if colour else remark,
                    f"The curve of {name} over the test points, {remark}.",
                    lambda each=each: charts.fitted_curve(  # type: ignore[misc]
                        each.x, each.y, points, method=each.method, narrow=window().narrow
                    ),
                    each.columns,
                    abreast=3,
                ),
                file_stem(settings, f"fit-{each.method}"),
            )
    st.caption(fits.sentence(settings, shown))
