import numpy as np

from quantlab.charts import TOKEN, requantization_stairs

STEPS = np.array([-0.5, 9.5, 9.5, 19.5]), np.array([3, 3, 4, 4])
LATE = np.array([-0.5, 10.5, 10.5, 19.5]), np.array([3, 3, 4, 4])


def drawn(**more):
    nothing = {"starts": [], "stops": [], "codes": ([], [])}
    return requantization_stairs(STEPS, LATE, **(nothing | more))


def test_floats_are_slate_and_integers_blue():
    assert [trace.line.color for trace in drawn().data] == [TOKEN["integer"], TOKEN["float"]]


def test_an_accumulator_with_two_codes_is_marked_between_them_and_says_both():
    figure = drawn(starts=[10], stops=[11], codes=([4], [3]))
    marks = next(trace for trace in figure.data if trace.mode == "markers")
    assert (marks.x + 10).tolist() == [10]  # places are counted from the middle of the window
    assert marks.y.tolist() == [3.5]
    assert marks.hovertext == ("10<br>code 4 by the float multiplier<br>code 3 by fixed point",)


def test_the_accumulators_on_the_axis_are_whole_and_those_of_the_window():
    far = 2**31 - 2_000
    corners = np.array([far - 0.5, far + 999.5]), np.array([7, 7])
    axis = requantization_stairs(corners, corners, starts=[], stops=[], codes=([], [])).layout.xaxis
    places = [int("".join(c for c in text if c.isdigit())) for text in axis.ticktext]
    assert all(far <= place < far + 1000 for place in places)
    assert np.diff(places).tolist() == np.diff(axis.tickvals).tolist()


def test_the_cell_is_ringed_where_it_is_in_view():
    assert not any("cell" in note.text for note in drawn().layout.annotations)
    figure = drawn(cell=(18, 4))
    label = next(note for note in figure.layout.annotations if note.text == "this cell")
    assert label.xanchor == "right"
    assert figure.data[-1].marker.color == TOKEN["ink"]
