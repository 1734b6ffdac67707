"""View: where memory binds and where arithmetic does, on this machine."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.experiments.modes import Result, bounds, readings
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.modes import clock


def draw(result: Result) -> None:
    """Draw what was measured so far under the machine's ceilings."""
    clock.CLOCK.start()
    roofs, times = clock.CLOCK.ceilings, clock.CLOCK.times(result.settings.data)
    if roofs is None and clock.CLOCK.failed:
        st.markdown("This machine's ceilings could not be measured; the server's log says why.")
        return
    if roofs is None:
        st.markdown("This machine's ceilings are being measured; this takes about a second after the server's start.")
        return
    roofs = roofs.over(times)
    said = bounds.sentence(result, roofs, times, failed=clock.CLOCK.failed)
    st.markdown(said)
    places = bounds.places(times)
    shown = {mode: [charts.Place(*place) for place in own] for mode, own in places.items()}
    now = [charts.Place(*place) for place in bounds.now(result, times)]
    show(
        Chart(
            "roofline",
            "Roofline",
            "one mark per batch size, the large one is this state",
            f"Operations a second of each mode under the ceilings of memory and of arithmetic. {anatomy.spoken(said)}",
            lambda: charts.modes_roofline(
                shown,
                float32=roofs.float32,
                int8=roofs.int8,
                bandwidth=roofs.bandwidth,
                now=now,
                narrow=window().narrow,
            ),
            lambda: bounds.columns(times),
            abreast=1,
        ),
        readings.file_stem(result.settings, "roofline"),
    )
