"""A table of one's own on the page of PTQ and QAT: asked for, taken, refused, trained on, and kept from all others."""

import io
from dataclasses import replace

import numpy as np
import pytest
from training_steps import opened, until

from quantlab.arrays import read_labelled
from quantlab.experiments.training import Settings
from quantlab.experiments.training.table import example
from quantlab.nn import Entry
from quantlab.ui import address, frame
from quantlab.ui.chart import csv
from quantlab.ui.training import desk


def rows(head="a,b,label", count=80):
    rng = np.random.default_rng(1)
    lines = [f"{x + 3 * (n % 2):.4f},{y:.4f},{'ab'[n % 2]}" for n, (x, y) in enumerate(rng.normal(size=(count, 2)))]
    return "\n".join([head, *lines]).encode()


def uploader(app):
    return next(each for each in app.file_uploader if each.key.startswith("upload-table-"))


def said(app):
    return [each.value.replace("\\", "") for kind in (app.markdown, app.caption, app.warning) for each in kind]


def test_a_link_to_ones_own_data_says_what_to_do_and_a_table_takes_its_place():
    app = opened(data="yours", epochs="20:15", bits="4", seeds="1")
    assert any("Here goes **your own table**" in each for each in said(app))
    assert any("one of them label, class, target or y" in each for each in said(app))
    assert app.button(key="train").disabled
    assert len(app.get("plotly_chart")) == 0
    uploader(app).set_value([("points.csv", rows(), "text/csv")]).run()
    assert not app.exception
    assert any("points.csv: 80 rows, 2 columns of numbers, classes a, b" in each for each in said(app))
    assert len(app.get("plotly_chart")) == 6
    assert app.query_params["data"] in ("yours", ["yours"])
    app.button(key="train").click().run()
    until(lambda: app.session_state["quantlab-training"].done)
    app.run()
    assert any("Trained here, 22 networks" in each for each in said(app))
    assert not any(isinstance(plan.data, Entry) for plan in desk._finished)
    app.selectbox(key="control-data").set_value("moons").run()
    # Whichever of these holds, for an earlier test may have trained them on this server.
    told = ("Kept from", "on this machine", "to be trained", "Trained on this server")
    assert any(words in each for each in said(app) for words in told)
    assert not any("Trained here" in each for each in said(app))
    app.selectbox(key="control-data").set_value("yours").run()
    assert any("Trained here, 22 networks" in each for each in said(app))
    other = opened(data="yours")
    assert any("Here goes **your own table**" in each for each in said(other))


def test_what_is_no_table_gets_a_sentence_and_what_stood_stays():
    app = opened(data="yours", epochs="20:15", bits="4", seeds="1")
    uploader(app).set_value([("bad.csv", rows("a,b,kind"), "text/csv")]).run()
    assert any("No column is named label, class, target or y, got a, b, kind;" in each for each in said(app))
    assert any("Here goes **your own table**" in each for each in said(app))
    uploader(app).set_value([("*_good_*.csv", rows(), "text/csv")]).run()
    assert len(app.get("plotly_chart")) == 6
    assert not app.warning
    assert not app.exception


def test_one_s_own_data_goes_to_pages_of_its_kind_only(monkeypatch):
    classes = {page.path: page.settings for page in frame.PAGES}
    visit = address._Visit(classes, "training", Settings(data="yours", bits=5), touched={"data", "bits"})
    monkeypatch.setattr(address, "_visit", lambda: visit)
    assert address.link("") == {"bits": "5"}
    assert address.link("training")["data"] == "yours"
    visit.path, visit.settings = "matmul", replace(classes["matmul"](), data="yours")
    assert "data" not in address.link("training")
    assert address.link("")["data"] == "yours"
    visit.settings = replace(Settings(), data="digits")
    visit.path = "training"
    assert address.link("modes").get("data", "digits") == "digits"


def test_the_example_that_is_offered_is_a_table_that_is_taken():
    table = read_labelled("example.csv", io.BytesIO(csv(example()).encode()))
    assert (table.columns, table.classes) == (("east", "north"), ("lower", "upper"))
    assert len(set(example()["label"][:2])) == 2


@pytest.mark.parametrize("path", ["", "matmul", "modes", "calibration", "training"])
def test_before_there_is_anything_to_show_nothing_can_be_shared_or_pinned(path):
    def idle(**state):
        app = opened(path, **state)
        share = next(each.proto for each in app.get("popover") if each.proto.popover.label == "Share")
        return share.popover.disabled, app.button(key="pin").disabled

    assert idle(data="yours") == (True, True)
    assert idle() == (False, False)
    # What is pinned already can be let go.
    pinned = opened(path, data="yours", pin="~bits-5", compare="pinned").button(key="pin")
    assert (pinned.label, pinned.disabled) == ("Unpin", False)
