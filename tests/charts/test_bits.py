import numpy as np

from quantlab.charts import TOKEN, entropy_against_bits, sqnr_against_bits

BITS = np.arange(1, 17)


def note(figure, text):
    return next(n for n in figure.layout.annotations if n.text == text)


def test_symmetric_is_filled_and_affine_hollow():
    figure = sqnr_against_bits(BITS, 6 * BITS - 6, 6 * BITS, slope=6.02 * BITS)
    curves = {t.marker.symbol: t.line.color for t in figure.data if t.mode == "lines+markers"}
    assert curves == {"circle": TOKEN["integer"], "diamond-open": TOKEN["zero"]}


def test_this_state_is_ringed_and_an_infinite_one_is_not():
    rings = [
        [t for t in sqnr_against_bits(BITS, BITS, BITS, slope=BITS, now=now).data if t.marker.symbol == "circle-open"]
        for now in ((4, 4.0), (4, np.inf), None)
    ]
    assert [len(ring) for ring in rings] == [1, 0, 0]
    assert (rings[0][0].x, rings[0][0].y) == ((4,), (4.0,))


def test_infinite_decibels_are_gaps_and_do_not_stretch_the_axis():
    figure = sqnr_against_bits(BITS, np.append(6.0 * BITS[:-1], np.inf), 6.0 * BITS, slope=6.0 * BITS)
    assert np.isnan(figure.data[1].y[-1])
    assert figure.layout.yaxis.range[1] < 110


def test_all_gaps_still_give_a_figure():
    nothing = np.full(16, np.nan)
    figure = sqnr_against_bits(BITS, nothing, nothing, slope=6.02 * BITS)
    assert [n.text for n in figure.layout.annotations] == ["6.02 dB a bit"]


def test_names_at_the_ends_never_stand_closer_than_a_line():
    figure = sqnr_against_bits(BITS, 6.0 * BITS, 6.0 * BITS, slope=6.02 * BITS, compared=6.0 * BITS + 0.1)
    low, high = figure.layout.yaxis.range
    pixels = sorted(
        (note(figure, name).y - low) / (high - low) * 228 + note(figure, name).yshift
        for name in ("symmetric", "affine", "compared")
    )
    assert min(np.diff(pixels)) >= 15


def test_the_slope_is_named_on_the_side_that_is_free():
    below = sqnr_against_bits(BITS, 6.02 * BITS - 20, 6.02 * BITS - 10, slope=6.02 * BITS)
    above = sqnr_against_bits(BITS, 6.02 * BITS, 6.02 * BITS + 10, slope=6.02 * BITS)
    assert note(below, "6.02 dB a bit").yanchor == "bottom"
    assert note(above, "6.02 dB a bit").yanchor == "top"


def test_the_most_that_codes_can_carry_is_their_bits():
    figure = entropy_against_bits(BITS, 0.5 * BITS, 0.6 * BITS, now=(4, 2.0))
    assert figure.data[0].y.tolist() == BITS.tolist()
    assert figure.data[1].hovertext[3] == "symmetric, 4 bits: 2.00\u00a0bits"
