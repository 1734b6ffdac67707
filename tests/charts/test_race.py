import numpy as np
import pytest

from quantlab.charts import TOKEN, Speed, race_bars, race_roofline


def test_integers_are_blue_and_floats_slate_with_their_quartiles():
    figure = race_bars([Speed("BLAS", "", 8e9, 7e9, 10e9, False), Speed("ours", "", 2e9, 2e9, 2e9, True)])
    (bars,) = figure.data
    assert list(bars.marker.color) == [TOKEN["float_fill"], TOKEN["integer"]]
    assert bars.error_x.array.tolist() == [2, 0]
    assert bars.error_x.arrayminus.tolist() == [1, 0]
    assert figure.layout.xaxis.range[1] >= 10


def test_the_first_bar_stands_on_top_below_its_name():
    figure = race_bars([Speed("one", "fast", 2e9, 2e9, 2e9, True), Speed("two", "", 1e9, 1e9, 1e9, True)])
    assert figure.data[0].y.tolist() == [1, 0]
    names = {note.text: note.y for note in figure.layout.annotations}
    assert names["<b>one</b>  fast"] > 1 > names["<b>two</b>  "] > 0


@pytest.mark.parametrize("now", [0.1, 2.0, 50.0, None])
def test_slope_and_roof_meet_at_the_ridge_and_all_marks_are_in_view(now):
    figure = race_roofline(1e11, 1e10, point=(85.0, 9e10), point_name="256³", now=now)
    slope, roof = figure.data[:2]
    assert (slope.line.color, roof.line.color) == (TOKEN["memory"], TOKEN["compute"])
    assert slope.x[-1] == roof.x[0] == 10
    assert slope.y[-1] == roof.y[0] == 100
    assert slope.y[0] / slope.x[0] == pytest.approx(10)
    x, y = (10 ** np.array(axis.range) for axis in (figure.layout.xaxis, figure.layout.yaxis))
    for trace in figure.data:
        assert x[0] <= min(trace.x) * 1.001
        assert max(trace.x) <= x[1] * 1.001
        assert y[0] <= min(trace.y) * 1.001
        assert max(trace.y) <= y[1]


def test_a_product_that_was_not_raced_is_a_ring_on_the_roof_above_it():
    low, high = (
        next(t for t in figure.data if t.marker.symbol == "circle-open").y[0]
        for figure in (race_roofline(1e11, 1e10, point=(85.0, 9e10), point_name="a", now=now) for now in (2.0, 50.0))
    )
    assert (low, high) == (20, 100)


@pytest.mark.parametrize(("speed", "side"), [(9e10, 1), (1.1e11, -1)])
def test_what_outruns_the_roof_has_the_roofs_name_below_it(speed, side):
    figure = race_roofline(1e11, 1e10, point=(85.0, speed), point_name="256³")
    (name,) = (note for note in figure.layout.annotations if note.text.startswith("arithmetic"))
    assert name.yshift * side > 0
