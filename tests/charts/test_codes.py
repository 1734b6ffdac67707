import numpy as np

from quantlab.charts import TOKEN, code_counts


def words(figure):
    return [note.text for note in figure.layout.annotations]


def test_bars_are_shares_in_percent():
    figure = code_counts([1, 3], first=-1)
    assert np.nanmax(figure.data[0].y) == 75
    assert figure.data[-1].hovertext == ("code −1<br>1, 25\u00a0%", "code 0<br>3, 75\u00a0%")


def test_a_run_of_unused_codes_at_an_end_is_named():
    assert "codes −8 to −1<br>are never used" in words(code_counts([0] * 8 + [5] * 8, first=-8))
    assert "codes 4 to 7<br>are never used" in words(code_counts([5] * 12 + [0] * 4, first=-8))


def test_unused_codes_between_used_ones_and_no_values_are_not_named_so():
    assert not any("never" in text for text in words(code_counts([5] + [0] * 14 + [5], first=-8)))
    assert words(code_counts([0] * 16, first=-8)) == ["no values"]


def test_the_zero_point_is_marked_where_it_is_a_code():
    inside, outside = code_counts([1] * 16, first=-8, zero_point=-8), code_counts([1] * 16, first=0, zero_point=-3)
    assert "<b>z = −8</b>" in words(inside)
    assert TOKEN["zero"] not in outside.to_json()


def test_a_run_of_codes_is_named_by_its_ends():
    figure = code_counts([1] * 256, first=-32768, width=256)
    assert figure.data[-1].hovertext[0].startswith("codes −32768 to −32513<br>")
    assert figure.layout.xaxis.range == (-32768.5, 32767.5)


def test_labels_of_codes_count_from_zero_and_fit_a_phone():
    ticks = code_counts([1] * 256, first=-128, narrow=True).layout.xaxis
    assert 0 in ticks.tickvals
    assert all(value % 64 == 0 for value in ticks.tickvals)
    assert ticks.ticktext[0] == "−128"
