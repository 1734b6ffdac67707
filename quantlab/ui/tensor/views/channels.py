"""View: the range and error of each channel or group, and the tensor as a heat map; a click shows one of them alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from quantlab import charts
from quantlab.experiments.tensor import Result, readings
from quantlab.experiments.tensor.blocks import Blocks, blocks, fold_words, part_at, pick, place_of
from quantlab.experiments.tensor.channels import Channels, channels, channels_sentence, drawn_words
from quantlab.grid import layout_of
from quantlab.numerals import decibels
from quantlab.scheme import PerChannel
from quantlab.ui import address, anatomy, sources
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window

_MAPS = {"values": "Values", "codes": "Codes", "errors": "Errors"}
_MAP_HELP = "What the map colours: the values, their codes, or the errors x̂ − x."
_ONE_SCALE = "All values share one scale, so there is no channel to show alone; choose a granularity first."


def draw(result: Result) -> None:
    """Draw how evenly the scales fit, where in the tensor the errors are, and the way to one channel alone."""
    found = channels(result, sources.recall)
    said = channels_sentence(found)
    st.markdown(said)
    _controls(result, found)
    spoken = anatomy.spoken(said)
    left, right = st.columns(2, gap="large")
    with left:
        if found is not None:
            show(_ranges(result, found, spoken), readings.file_stem(result.settings, "channels"))
    with left if found is None else right:
        heat = sources.recall(
            result.array,
            ("blocks", result.scheme, result.settings.map),
            lambda: blocks(result.array, result.quantizer, result.settings.map),  # type: ignore[arg-type]
        )
        show(_map(result, found, heat, spoken), readings.file_stem(result.settings, f"map-{heat.kind}"))
    words = [fold_words(result.array.values.shape), "" if found is None else drawn_words(found)]
    if any(words):
        st.caption(" ".join(filter(None, words)))


def _controls(result: Result, found: Channels | None) -> None:
    last = 0 if found is None else len(found.lo) - 1
    alone = result.index is not None and found is not None
    with st.container(key="channel-controls", horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.number_input(
            "Channel",
            0,
            last,
            None,
            1,
            placeholder=f"worst: {found.worst}" if found is not None and alone else "none",
            help="Which channel or group the hero and the charts show; empty: the one with the lowest SQNR."
            if alone
            else _ONE_SCALE,
            disabled=not alone,
            width=170,
            **address.key("channel", to_widget=lambda number: None if number is None else min(number, last)),
        )
        st.segmented_control(
            "Map", list(_MAPS), format_func=_MAPS.__getitem__, required=True, help=_MAP_HELP, **address.key("map")
        )
        if found is not None and found.shared:
            st.button(
                f"Give each {found.kind} its own scale",
                key="own-scales",
                on_click=address.change,
                kwargs={"granularity": PerChannel(0)},
            )


def _ranges(result: Result, found: Channels, spoken: str) -> Chart:
    drawn = found.drawn(result.index)
    empty = found.lo[drawn] > found.hi[drawn]
    return Chart(
        key="channels",
        title=f"{found.kind.capitalize()}s",
        remark="a click shows one alone" if result.index is not None else "with the scale of the tensor",
        alt=f"Range and SQNR of each {found.kind}. {spoken}",
        figure=lambda: charts.channel_ranges(
            drawn,
            np.where(empty, np.nan, found.lo[drawn]),
            np.where(empty, np.nan, found.hi[drawn]),
            found.sqnr_db[drawn],
            chosen=result.index,
            name=found.kind,
            narrow=window().narrow,
        ),
        columns=found.columns,
        on_pick=None if result.index is None else _choose,
    )


def _choose(number: float, _: float) -> None:
    address.change(channel=round(number), element=None)


def _map(result: Result, found: Channels | None, heat: Blocks, spoken: str) -> Chart:
    shape, granularity = result.array.values.shape, result.scheme.granularity
    chosen = pick(shape, granularity) if result.index is not None else "row"
    if chosen == "cell" and heat.z.size > charts.MOST_CELLS:
        chosen = "row"
    frame = place_of(heat, shape, granularity, result.index) if result.index is not None else (None, None)
    return Chart(
        key="map",
        title="Tensor",
        remark=heat.words(),
        alt=f"Heat map of the tensor's {heat.kind}, {heat.z.shape[0]} by {heat.z.shape[1]} cells. {spoken}",
        figure=lambda: charts.heat_map(
            heat.z,
            heat.kind,
            limit=heat.limit,
            middle=heat.middle,
            codes=(result.scheme.qmin, result.scheme.qmax) if heat.kind == "codes" else None,
            texts=heat.texts(),
            lines=None if found is None or chosen == "cell" else _lines(found, heat, chosen, granularity, shape),
            block=heat.block,
            pick=chosen,
            chosen=frame,
            narrow=window().narrow,
        ),
        columns=heat.columns,
        on_pick=None if result.index is None or found is None else partial(_choose_place, result, found, heat, chosen),
    )


def _lines(found: Channels, heat: Blocks, chosen: str, granularity: Any, shape: tuple[int, ...]) -> list[str]:
    """Say of each row or column of blocks what it is of, and where it is one channel, how that fares."""
    along = 0 if chosen == "row" else 1
    size, block = heat.z.shape[along], heat.block[along]
    ends = [(k * block, min((k + 1) * block, heat.shape[along]) - 1) for k in range(size)]
    texts = [f"{chosen} {first}" if first == last else f"{chosen}s {first} to {last}" for first, last in ends]
    if block == 1 and len(found.lo) == heat.shape[along]:
        return [f"{text}<br>SQNR {decibels(d)}" for text, d in zip(texts, found.sqnr_db, strict=True)]
    return texts


def _choose_place(result: Result, found: Channels, heat: Blocks, chosen: str, x: float, y: float) -> None:
    layout, _ = layout_of(result.array.values.shape, result.scheme.granularity)
    row = None if chosen == "column" else round(y)
    column = None if chosen == "row" else round(x)
    address.change(channel=part_at(heat, layout, found.sqnr_db, row, column), element=None)
