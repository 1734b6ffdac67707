import numpy as np
import pytest

from quantlab.charts import TOKEN, channel_ranges, heat_map


def test_the_worst_channel_is_named_with_its_decibels():
    figure = channel_ranges([0, 5, 9], [-1] * 3, [1] * 3, [20.0, 8.125, np.inf], name="row")
    assert "worst: row 5, 8.12\u00a0dB" in [note.text for note in figure.layout.annotations]


def test_a_channel_without_finite_decibels_has_no_dot_but_can_be_clicked():
    figure = channel_ranges([0, 1], [-1, -1], [1, 1], [np.nan, 20.0])
    dots, above, below = figure.data[1:]
    assert dots.x.tolist() == [1]
    assert above.x.tolist() == below.x.tolist() == [0, 1]
    assert (above.yaxis, below.yaxis) == (None, "y2")
    assert below.hovertext[0] == "channel 0<br>−1.00 to 1.00<br>SQNR –"


def test_no_finite_decibels_at_all_still_give_a_figure():
    figure = channel_ranges([0, 1], [0, 0], [0, 0], [np.nan, np.inf])
    assert not any("worst" in note.text for note in figure.layout.annotations)


def test_the_chosen_channel_is_highlighted_and_an_unknown_one_is_not():
    def bands(chosen):
        return channel_ranges([0, 1], [-1, -1], [1, 1], [9.0, 20.0], chosen=chosen).layout.shapes

    assert (bands(1)[0].x0, bands(1)[0].x1, bands(1)[0].fillcolor) == (0.5, 1.5, TOKEN["highlight"])
    assert bands(7) == bands(None) == ()


def test_a_heat_map_puts_the_middle_on_paper_and_holds_what_is_beyond():
    z = heat_map([[120, 128, 136, 999]], "codes", limit=8, middle=128).data[0].z
    assert z.tolist() == [[-127, 0, 127, 127]]


def test_rows_and_columns_bear_the_names_of_what_they_are_of():
    figure = heat_map(np.zeros((2, 3)), "codes", limit=1, names=("output", "input"), pick="column")
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == ("output", "input")
    assert figure.data[1].hovertext == ("input 0", "input 1", "input 2")
    cell = heat_map(np.zeros((2, 3)), "codes", limit=1, names=("output", "input"), pick="cell").data[1]
    assert cell.hovertext[-1] == "output 1, input 2"


def test_errors_count_by_their_size():
    heat = heat_map([[-2.0, 0.0, 1.0]], "errors", limit=2.0).data[0]
    assert heat.z.tolist() == [[254, 0, 127]]
    assert heat.z.dtype == np.uint8


def test_a_missing_value_stays_blank():
    assert np.isnan(heat_map([[np.nan, 1.0]], "values", limit=1.0).data[0].z[0, 0])


def test_a_matrix_of_zeros_is_drawn():
    assert heat_map(np.zeros((2, 2)), "values", limit=0.0).data[0].z.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("pick", "shape", "points", "mode"),
    [("row", (128, 64), 128, "y"), ("column", (128, 64), 64, "x"), ("cell", (20, 20), 400, "closest"),
     ("cell", (21, 20), 21, "y")],
)  # fmt: skip
def test_clicks_find_lines_by_one_point_each_and_cells_only_in_small_maps(pick, shape, points, mode):
    figure = heat_map(np.zeros(shape), "values", limit=1.0, pick=pick)
    assert len(figure.data[1].x) == points
    assert figure.layout.hovermode == mode
    assert figure.data[1].hoverinfo != "skip"


def test_numbers_stand_in_the_cells_only_where_they_fit():
    def cells(n, text, narrow):
        z = np.zeros((n, n))
        return heat_map(z, "codes", limit=1, texts=[[text] * n] * n, narrow=narrow).data[0].texttemplate

    assert cells(12, "−8", False) == cells(12, "−8", True) == cells(12, "−0.125", False) == "%{text}"
    assert cells(12, "−0.125", True) is None
    assert cells(13, "−8", False) is None


def test_axes_count_the_tensor_and_not_the_blocks():
    axis = heat_map(np.zeros((64, 64)), "values", limit=1.0, block=(16, 2)).layout.yaxis
    assert axis.ticktext[1] == str(axis.tickvals[1] * 16)


def test_a_cell_is_framed_and_so_is_a_line():
    cell = heat_map(np.zeros((3, 4)), "values", limit=1.0, chosen=(1, 2)).layout.shapes[-1]
    row = heat_map(np.zeros((3, 4)), "values", limit=1.0, chosen=(1, None)).layout.shapes[-1]
    assert (cell.x0, cell.x1, cell.y0, cell.y1, cell.line.width) == (1.5, 2.5, 0.5, 1.5, 3)
    assert (row.x0, row.x1, row.y0, row.y1, row.line.width) == (-0.5, 3.5, 0.5, 1.5, 2)


def test_the_key_of_a_map_of_codes_ends_with_the_last_code() -> None:
    signed = heat_map([[-8, 7]], "codes", limit=8, codes=(-8, 7)).layout.annotations
    assert [words.text for words in signed if words.text != "■"] == ["−8", "7"]
    values = heat_map([[-8.0, 7.0]], "values", limit=8).layout.annotations
    assert [words.text for words in values if words.text != "■"] == ["−8.00", "8.00"]


def test_a_channel_that_is_always_zero_has_a_mark_and_says_so():
    figure = channel_ranges([0, 1, 2], [0, 0, -1], [2, 0, 1], [9.0, np.nan, 8.0], silent=[False, True, False])
    marks = [trace for trace in figure.data if trace.marker.symbol == "x-thin"]
    assert [list(trace.x) for trace in marks] == [[1]]
    texts = figure.data[-1].hovertext
    assert ["always 0" in text for text in texts] == [False, True, False]
    assert "× always 0" in [note.text for note in figure.layout.annotations]
    plain = channel_ranges([0, 1], [0, -1], [2, 1], [9.0, 8.0])
    assert not [note for note in plain.layout.annotations if "always 0" in note.text]
