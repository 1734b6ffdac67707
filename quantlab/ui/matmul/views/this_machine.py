"""View: a race of two seconds on this machine, and the roofline that the kernel stands under."""

from __future__ import annotations

import streamlit as st

from quantlab import charts
from quantlab.bench.live import SECONDS, SIZE
from quantlab.experiments.matmul import Result, racing, readings
from quantlab.numerals import num
from quantlab.ui import anatomy
from quantlab.ui.chart import Chart, show
from quantlab.ui.components.window import window
from quantlab.ui.matmul.views import track
from quantlab.ui.matmul.views.track import Finish

_EVERY_S = 0.25  # how often it is looked whether the race has ended
_FAILED = "The race ended at an error of ours, which was logged; what stood before stands. Press again."


def draw(result: Result) -> None:
    """Draw the button, and the last race that was run here; while one is under way, the page goes on."""
    under_way = track.TRACK.busy
    with st.container(key="race-start-row", horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Race on this machine", key="race-start", on_click=track.TRACK.start, disabled=under_way)
        if under_way:
            st.caption(f"Racing, about {num(SECONDS, 1, 's')}…")
        elif track.TRACK.failed:
            st.caption(_FAILED)
    finish = track.TRACK.last
    with st.container(key="race-said"):
        st.markdown(_announcement() if finish is None else racing.sentence(finish.race))
    if finish is not None:
        _results(result, finish)
    if under_way:
        st.fragment(_look, run_every=_EVERY_S)()


def _look() -> None:
    if not track.TRACK.busy:
        st.rerun()


def _announcement() -> str:
    return (
        f"The same {SIZE}×{SIZE} · {SIZE}×{SIZE} three ways, in turns: float32 by NumPy's BLAS, int32 by NumPy's own "
        f"loop, int8 by our kernel; then what the processor and its memory can do at most. It takes about "
        f"{num(SECONDS, 1)} seconds of one core."
    )


def _results(result: Result, finish: Finish) -> None:
    race, said = finish.race, anatomy.spoken(racing.sentence(finish.race))
    here = racing.under(race, racing.shape_of(result))
    left, right = st.columns(2, gap="large")
    with left:
        bars = [
            charts.Speed(
                racing.NAMES[runner.name],
                racing.beside_ours(race, runner),
                runner.speed,
                race.operations / runner.seconds.upper,
                race.operations / runner.seconds.lower,
                runner is not race.blas,
            )
            for runner in racing.runners(race)
        ]
        show(
            Chart(
                "speed",
                "Speed",
                "beside our kernel; the lines hold half of the rounds",
                f"Bars of operations a second. {said}",
                lambda: charts.race_bars(bars, narrow=window().narrow),
                lambda: racing.speed_columns(race),
            ),
            readings.file_stem(result.settings, "speed"),
        )
    with right:
        show(
            Chart(
                "roofline",
                "Roofline",
                "what memory and arithmetic allow; the ring was not raced",
                f"Operations a second against operations for each byte. {said}",
                lambda: charts.race_roofline(
                    race.peak,
                    race.bandwidth,
                    point=(race.intensity, race.kernel.speed),
                    point_name=f"{SIZE}³",
                    now=here.intensity,
                    now_name=here.name,
                    narrow=window().narrow,
                ),
                lambda: racing.roof_columns(race, result),
            ),
            readings.file_stem(result.settings, "roofline"),
        )
    st.markdown(racing.here_sentence(race, result))
    st.caption(anatomy.plain(f"{racing.conditions(race)} Run {finish.when} by the server's clock."))
