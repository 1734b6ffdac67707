import numpy as np

from quantlab.charts import Place, modes_roofline, observed, quality_against_bits, time_against_batch

BITS = np.arange(1, 9)
MODES = ("weight-only", "dynamic", "static")


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def test_each_mode_keeps_its_mark_and_its_name_stands_at_its_end():
    figure = quality_against_bits(BITS, dict.fromkeys(MODES, 12.0 * BITS), title="accuracy, %", reference=96.0)
    assert set(texts(figure)) == {*MODES, "float32"}
    assert [trace.marker.symbol for trace in figure.data[1:]] == ["diamond-open", "circle-open", "circle"]
    assert figure.data[3].hovertext[0] == "static, 1 bit: 12.0\u00a0%"


def test_the_axis_of_accuracy_is_the_same_for_all_states():
    ranges = {
        quality_against_bits(BITS, {"static": top * BITS}, title="accuracy, %").layout.yaxis.range
        for top in (1.0, 12.0)
    }
    assert ranges == {(0.0, 104.0)}


def test_names_at_the_top_make_room_below_instead_of_leaving_the_figure():
    figure = quality_against_bits(BITS, dict.fromkeys(MODES, 12.1 * BITS), title="accuracy, %", reference=96.9)
    low, high = figure.layout.yaxis.range
    heights = sorted((note.y - low) / (high - low) * 228 + note.yshift for note in figure.layout.annotations)
    assert len(heights) == 4
    assert heights[-1] < 228 + 28 - 8
    assert min(np.diff(heights)) >= 15


def test_errors_have_decades_that_hold_them_all():
    curves = {"static": 100 / 2.0**BITS, "dynamic": 90 / 2.0**BITS}
    figure = quality_against_bits(BITS, curves, title="output error, %", logarithmic=True)
    low, high = figure.layout.yaxis.range
    assert 10**low <= 90 / 2**8 < 50 <= 10**high


def test_times_that_are_not_there_yet_are_gaps_and_said_so_only_where_there_is_none():
    half = time_against_batch([1, 2, 4], {"static": [1.0, None, 2.0], "float32": [None] * 3}, now=2)
    assert np.isnan(half.data[1].y[1])
    assert texts(half) == ["static"]
    assert half.data[0].x.tolist() == [2, 2]
    none = time_against_batch([1, 2, 4], {"static": [None] * 3})
    assert texts(none) == ["being measured …"]
    assert texts(time_against_batch([1, 2], {}, awaited=False)) == []


def test_the_axis_of_times_is_held_before_they_are_measured_and_holds_what_lies_beyond():
    def axis(values):
        return time_against_batch([1, 2], {"static": values}, span=(1e-2, 1e2)).layout.yaxis.range

    assert axis([None, None]) == axis([0.02, None]) == axis([0.02, 9.0]) == (-2, 2)
    assert axis([0.02, 150.0]) == (-2, 3)


def test_the_pinned_state_is_dashed_and_named_in_both_charts():
    time = time_against_batch([1, 2, 4], {"static": [1.0, 2.0, 3.0]}, now=1, pinned=4)
    widths = quality_against_bits(
        BITS, {"static": 12.0 * BITS}, title="accuracy, %", pinned={"static": 6.0 * BITS}, pinned_bits=3
    )
    for figure, dashed in ((time, 1), (widths, 2)):
        assert sum(trace.line.dash is not None for trace in figure.data) == dashed
        assert texts(figure).count("pinned") == 1
    assert widths.data[0].x.tolist() == [3, 3]
    assert widths.data[1].y[:8].tolist() == (6.0 * BITS).tolist()


def test_the_axes_of_the_roof_begin_at_its_marks():
    places = [Place(4.0, 5e9, "static, 1 row"), Place(64.0, 1.2e11, "static, 256 rows")]
    figure = modes_roofline({"static": places}, float32=8e10, int8=16e10, bandwidth=2e10)
    assert np.allclose(10 ** np.array(figure.layout.xaxis.range), [4 / 1.6, 64 * 1.6])
    assert np.allclose(10 ** np.array(figure.layout.yaxis.range), [5 / 1.6, 160 * 1.6])


def test_the_crossing_is_named_on_both_of_its_sides():
    figure = time_against_batch([1, 2, 4], {"static": [1.0, 2.0, 3.0]}, crossing=2.5)
    assert figure.data[-1].x.tolist() == [2.5, 2.5]
    sides = {note.text: note.xanchor for note in figure.layout.annotations}
    assert (sides["memory binds"], sides["arithmetic binds"]) == ("right", "left")


def test_the_roofs_meet_the_slope_where_memory_stops_to_bind():
    figure = modes_roofline({}, float32=8e10, int8=16e10, bandwidth=2e10)
    slope, flat = figure.data
    assert (slope.x[-1], slope.y[-1]) == (8.0, 160.0)
    assert flat.x[[0, 3]].tolist() == [8.0, 4.0]
    assert set(texts(figure)) == {"memory binds", "int8 peak", "float32 peak"}
    narrow = modes_roofline({}, float32=8e10, int8=16e10, bandwidth=2e10, narrow=True)
    assert set(texts(narrow)) == {"memory", "int8", "float32"}


def test_this_states_place_under_the_roof_is_larger():
    places = [Place(2.0, 1e9, "static, 1 row"), Place(4.0, 2e9, "static, 2 rows")]
    figure = modes_roofline({"static": places}, float32=8e10, int8=16e10, bandwidth=2e10, now=places[1:])
    assert figure.data[-1].marker.size == (8, 15)


def test_what_arrives_beyond_the_codes_is_hatched_and_the_range_is_named():
    edges = np.linspace(0, 4, 5)
    inside = observed(edges, [1, 0, 0, 0], [1, 0, 0, 0], chosen=(0.0, 1.0), covered=(0.0, 1.002))
    beyond = observed(edges, [1, 0, 0, 0], [0.25] * 4, chosen=(0.0, 1.0), covered=(0.0, 1.002))
    assert [
        sum(bool(trace.fillpattern.shape) for trace in figure.data if trace.fill) for figure in (inside, beyond)
    ] == [0, 1]
    assert "calibrated range 0 to 1.00" in texts(beyond)


def test_a_bracket_beyond_the_axis_ends_at_its_edge():
    figure = observed([0, 1, 2], [1, 0], [1, 0], chosen=(0.0, 300.0), covered=(0.0, 301.0))
    assert figure.data[-2].x.tolist() == [0, 0, 2, 2]
    assert "0 to 300" in texts(figure)[0]
