import numpy as np
import pytest

from quantlab.charts import TOKEN, transfer_curve

X = np.array([-2, -1.5, -1.5, -0.5, -0.5, 0.5, 0.5, 2.0])
X_HAT = np.array([-1, -1, -1, -1, 0, 0, 1, 1.0])
CLIPPED = np.array([True, True, False, False, False, False, False, False])


def trace(figure, colour):
    return next(t for t in figure.data if t.mode == "lines" and t.line.color == TOKEN[colour])


def draw(**more):
    return transfer_curve(X, X_HAT, CLIPPED, value_range=(-2, 2), **more)


def test_the_staircase_is_drawn_corner_by_corner_over_the_identity():
    figure = draw()
    assert trace(figure, "integer").x.tolist() == X.tolist()
    assert trace(figure, "integer").y.tolist() == X_HAT.tolist()
    assert trace(figure, "float").x.tolist() == trace(figure, "float").y.tolist() == [-2, 2]


def test_each_part_of_the_error_has_its_colour_and_falls_to_zero_at_its_ends():
    figure = draw()
    for colour, mask in (("clipping", CLIPPED), ("rounding", ~CLIPPED)):
        error = trace(figure, colour)
        assert error.yaxis == "y2"
        assert error.y.tolist()[:-1] == [0, *(X_HAT - X)[mask], 0]
        assert np.isnan(error.y[-1])


def test_teeth_too_fine_to_be_told_apart_are_one_outlined_band():
    edges = (np.arange(-100, 100) - 0.5)[:, None] + [0, 1]
    levels = np.repeat(np.arange(-100.0, 100), 2)
    figure = transfer_curve(edges.ravel(), levels, np.zeros(400, np.bool_), value_range=(-100, 100))
    error = trace(figure, "rounding")
    assert len(error.x) == 2 * 200 + 3
    assert error.y.tolist()[:-1] == [0, *[0.5] * 200, *[-0.5] * 200, 0]
    assert error.x.tolist()[1:201] == error.x.tolist()[400:200:-1] == list(range(-100, 100))


def test_without_clipping_nothing_is_crimson():
    figure = transfer_curve(X, X_HAT, np.zeros(8, np.bool_), value_range=(-2, 2))
    assert TOKEN["clipping"] not in figure.to_json()


@pytest.mark.parametrize(("given", "expected"), [(None, 1), (0.5, 0.5), (5e-5, 5e-5)])
def test_the_error_axis_is_the_given_one_or_the_next_round_number(given, expected):
    figure = draw(error_range=given)
    assert figure.layout.yaxis2.tickvals == (-expected, 0, expected)
    assert figure.layout.yaxis2.range[1] > expected


def test_value_axes_are_the_given_range_whatever_the_levels():
    figure = transfer_curve([-1, 1], [0, 0], [False] * 2, value_range=(-3, 3))
    assert figure.layout.xaxis.range == figure.layout.yaxis.range == (-3, 3)


def test_each_tread_says_what_goes_in_and_what_comes_out():
    texts = draw().data[-1].hovertext
    assert len(texts) == 4
    assert texts[0] == "x −2.00 to −1.50 → x̂ −1.00<br>error 1.00 to 0.500, clipped"
    assert texts[2] == "x −0.500 to 0.500 → x̂ 0<br>error 0.500 to −0.500"


def test_a_compared_staircase_is_named_where_it_leaves_this_one():
    apart = draw(compared=([-2, 2], [1, 1]), compared_name="affine").layout.annotations[-1]
    assert (apart.text, apart.x, apart.y) == ("affine", pytest.approx(-1.96), 1)
    together = draw(compared=(X, X_HAT), compared_name="affine").layout.annotations[-1]
    assert together.yref == "paper"
