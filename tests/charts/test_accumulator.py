import numpy as np

from quantlab.charts import safe_terms

BITS = np.arange(1, 5)


def words(figure):
    return [note.text for note in figure.layout.annotations]


def test_a_line_that_ends_early_says_that_nothing_fits_beyond():
    figure = safe_terms(BITS, {"int16": [9, 8, 7, 6], "int8": [3, 1, 0, 0]})
    assert words(figure) == ["int16", "int8: none beyond"]
    assert np.isnan(figure.data[1].y).tolist() == [False, False, True, True]
    assert figure.data[1].hovertext[3] == "int8, codes of 4 bits: 0 terms"


def test_an_accumulator_that_holds_nothing_has_neither_line_nor_name():
    assert words(safe_terms(BITS, {"int8": [0, 0, 0, 0]})) == []


def test_the_chosen_line_is_strong_and_this_state_ringed():
    figure = safe_terms(BITS, {"int32": [9, 8, 7, 6], "int16": [4, 3, 2, 1]}, chosen="int16", now=(2.5, 4))
    assert figure.data[0].line.width < figure.data[1].line.width
    assert (figure.data[-1].x, figure.data[-1].y) == ((2.5,), (4,))
    assert words(figure)[-1] == "K = 4"


def test_grids_that_allow_something_else_than_the_line_have_a_bar():
    bars = [
        [t for t in safe_terms(BITS, {"int32": BITS}, own=own).data if t.marker.symbol == "line-ew-open"]
        for own in ((2.0, 3), (2.0, 0), None)
    ]
    assert [len(found) for found in bars] == [1, 0, 0]
