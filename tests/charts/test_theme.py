import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from quantlab.charts import PALETTES, SLOTS, TOKEN, paint
from quantlab.charts.theme import c, figure, floats


def test_there_are_thirty_tokens_numbered_in_the_order_of_streamlits_lists():
    assert list(TOKEN.values()) == [f"#{i:06d}" for i in range(1, 31)]
    assert [len(names) for names in SLOTS.values()] == [10, 10, 10]
    assert TOKEN["integer"] == "#000002"
    assert TOKEN["band"] == "#000030"


@pytest.mark.parametrize("theme", PALETTES)
def test_a_palette_has_a_colour_for_each_token(theme):
    assert set(PALETTES[theme]) == set(TOKEN)
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in PALETTES[theme].values())


@pytest.mark.parametrize("theme", PALETTES)
def test_paint_leaves_no_token_and_changes_nothing_else(theme, drawn):
    before = drawn.to_json()
    painted = json.dumps(paint(drawn, PALETTES[theme]))
    assert drawn.to_json() == before
    assert not re.search("#0000(0[1-9]|[12][0-9]|30)", painted)
    for name, colour in PALETTES[theme].items():
        if not name.startswith("spare"):
            painted = painted.replace(f'"{colour}', f'"{TOKEN[name]}')
    # Colours that two tokens share (blue codes, paper and its like) may come back as the other.
    assert len(painted) == len(json.dumps(json.loads(before)))


def test_paint_takes_a_figure_its_dictionary_and_its_json_alike():
    drawn = figure([{"type": "scatter", "x": floats([1, 2]), "y": floats([3, 4]), "line": {"color": c("zero", 0.5)}}])
    forms = [paint(form, PALETTES["dark"]) for form in (drawn, drawn.to_json())]
    assert forms[0] == forms[1]
    assert forms[0]["data"][0]["line"]["color"] == "#4ED3BC80"
    assert paint(drawn.to_plotly_json(), PALETTES["dark"])["data"][0]["line"]["color"] == "#4ED3BC80"


@pytest.mark.parametrize("text", ["see #000002", "#0000021", "#000031", "#000000", 'say "#000002"'])
def test_a_text_that_only_mentions_a_token_stays(text):
    assert paint({"layout": {"title": {"text": text}}}, PALETTES["light"]) == {"layout": {"title": {"text": text}}}


def test_a_painted_figure_is_one_that_plotly_accepts(drawn):
    assert isinstance(go.Figure(paint(drawn, PALETTES["dark"])), go.Figure)


def test_an_axis_keeps_what_it_is_not_told():
    drawn = figure([], xaxis={"title": {"text": "bits"}}, margin={"l": 60})
    assert drawn.layout.xaxis.title.font.color == TOKEN["text"]
    assert drawn.layout.margin.to_plotly_json() == {"l": 60, "r": 16, "t": 28, "b": 44, "pad": 0}


def test_infinities_and_numbers_beyond_float32_become_gaps():
    np.testing.assert_array_equal(
        floats([1e300, -np.inf, np.nan, 2]), np.array([np.nan, np.nan, np.nan, 2], np.float32)
    )
