"""What holds for every figure: the budgets and the house rules of the look."""

import copy
import json
import re

import numpy as np
import plotly.io
import pytest

from quantlab.charts import TOKEN
from quantlab.charts.theme import CLEAR

COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}\b|\brgba?\([^)]*\)|\bhsla?\([^)]*\)")


def test_a_figure_keeps_to_its_budget_of_traces_labels_and_bytes(drawn):
    assert 1 <= len(drawn.data) <= 6
    assert len(drawn.layout.annotations) <= 8
    assert len(drawn.to_json().encode()) < 45_000


def test_a_figure_holds_only_known_tokens_and_no_colour(drawn):
    colours = set(COLOUR.findall(drawn.to_json())) - {CLEAR}
    assert {colour[:7] for colour in colours} <= set(TOKEN.values())
    assert all(len(colour) in (7, 9) for colour in colours)


def test_a_registered_default_template_does_not_reach_a_figure(state, monkeypatch):
    draw, arguments = state
    plain = draw(**arguments).to_json()
    monkeypatch.setattr(plotly.io.templates, "default", "plotly_dark")
    assert draw(**arguments).to_json() == plain


def test_the_arguments_are_not_changed(state):
    draw, arguments = state
    before = copy.deepcopy(arguments)
    draw(**arguments)
    for name, value in arguments.items():
        np.testing.assert_equal(value, before[name], err_msg=name)


def test_nothing_moves_under_the_pointer_or_the_slider(drawn):
    layout = json.loads(drawn.to_json())["layout"]
    axes = [value for name, value in layout.items() if name.startswith(("xaxis", "yaxis"))]
    # A hero, a view of its own and a map that is square have heights of their own, each of them one.
    assert layout["height"] in (300, 330, 352, 416)
    assert layout["margin"] == {"pad": 0} | layout["margin"]
    assert layout["dragmode"] is False
    assert layout["showlegend"] is False
    assert all(axis["fixedrange"] and not axis["automargin"] and len(axis["range"]) == 2 for axis in axes)


def test_no_vertical_gridline_and_a_title_with_words_below(drawn):
    assert drawn.layout.xaxis.showgrid is False
    assert drawn.layout.xaxis.title.text


def test_every_vertical_axis_is_hidden_titled_or_named_by_a_label(drawn):
    layout = json.loads(drawn.to_json())["layout"]
    words = [note["text"] for note in layout["annotations"]]
    axes = {name: value for name, value in layout.items() if name.startswith("yaxis")}
    unnamed = [name for name, axis in axes.items() if axis.get("visible", True) and not axis["title"].get("text")]
    assert len(unnamed) <= sum("x̂" in text or "range of" in text or "SQNR, dB" in text for text in words)


def test_only_what_is_compared_is_dashed(drawn):
    for trace in json.loads(drawn.to_json())["data"]:
        style = trace.get("line", {})
        assert ("dash" in style) == (style.get("color") == TOKEN["pinned"])


def test_hover_texts_come_ready_with_a_true_minus(drawn):
    for trace in drawn.data:
        if trace.hoverinfo not in ("skip", "none"):
            assert trace.hoverinfo == "text"
            assert trace.hovertemplate is None
            assert len(trace.hovertext) == len(trace.x)
            assert not any(re.search(r"-\d", text) for text in trace.hovertext)


def test_arrays_travel_in_the_small_types(drawn):
    for trace in drawn.data:
        for values in (trace.x, trace.y, getattr(trace, "z", None)):
            if isinstance(values, np.ndarray):
                assert values.dtype in (np.float32, np.int8, np.uint8)


@pytest.mark.parametrize("word", ["integer", "rounding", "clipping"])
def test_the_hero_colours_mean_one_thing_in_every_figure(drawn, word):
    # A gold or crimson trace is an area of errors, or what makes them: a range, or where two roundings part. Blue are
    # codes, levels, what computes with them, symmetric grids, and of several observers the one that serves codes best.
    used = {trace.line.color for trace in drawn.data if hasattr(trace, "line") and trace.line.color}
    errors = ("error x̂ − x", "error of a cell", "x", "input of the layer")
    accumulators = ("accumulator", "accumulator + bias")
    products = ("bits of weights and activations", "rows a batch", "operations a byte")
    levels = ("weight", "x, input of the layer", "first coordinate", "input")
    meant = {
        "integer": ("code", "x", "bits", "batch", "clip", *levels, *products, *accumulators),
        "rounding": (*errors, "K", "bits", *accumulators),
        "clipping": errors,
    }
    if TOKEN[word] in used:
        assert drawn.layout.xaxis.title.text in meant[word]
