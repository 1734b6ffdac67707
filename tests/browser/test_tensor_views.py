"""The Tensor page's views in a real browser: each opens, shows what the library says, and closes, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tensor_page
from accessibility import sideways, violations
from conftest import Server
from playwright.sync_api import Locator, Page, expect
from steps import appear, settled
from tensor_page import open_state, query, result

from quantlab.experiments import codec
from quantlab.experiments.tensor import Result, Settings, arithmetic, readings
from quantlab.experiments.tensor.channels import channels, channels_sentence
from quantlab.experiments.tensor.formulas import formulas
from quantlab.experiments.tensor.occurrence import codes_sentence
from quantlab.experiments.tensor.part import compute_anew
from quantlab.experiments.tensor.snippets import LIBRARIES, snippet
from quantlab.experiments.tensor.sweep import bits_sentence, sweep, value_range
from quantlab.experiments.tensor.trace import Trace, trace, worst_elements
from quantlab.scheme import PerChannel
from quantlab.ui.anatomy import spoken
from quantlab.ui.tensor.views import VIEWS

APP = tensor_page.APP
# What only this view has.
MARKS = {
    "arithmetic": ".ql-steps",
    "bits": ".st-key-bits",
    "channels": ".st-key-map",
    "codes": ".st-key-codes",
    "code": "[data-testid=stCode]",
    "formulas": ".katex-display",
    "data": "[data-testid=stFileUploader]",
}
_MARKED = "marks => Object.keys(marks).filter(name => document.querySelector(`.st-key-view ${marks[name]}`))"


def _worst(shown: Result) -> Trace:
    values, quantizer = shown.array.values, shown.quantizer
    return trace(values, quantizer, int(worst_elements(values, quantizer, shown.index).index[0]))


def _arithmetic(view: Locator, shown: Result) -> None:
    steps = arithmetic.lines(_worst(shown), shown.array.values.shape)
    expect(view.locator(".ql-steps .numbers")).to_have_text([step.numbers for step in steps])


def _bits(view: Locator, shown: Result) -> None:
    swept = sweep(shown.settings, shown.array, shown.summary)
    expect(view).to_contain_text(spoken(bits_sentence(swept, shown)))
    expect(view.locator(".st-key-bits .scatterlayer .trace .point")).to_have_count(2 * 16 + 1)


def _channels(view: Locator, shown: Result) -> None:
    expect(view).to_contain_text(spoken(channels_sentence(channels(shown))))
    expect(view.locator(".st-key-map .heatmaplayer image")).to_be_visible()
    expect(view.locator(".st-key-channels .js-plotly-plot .main-svg").first).to_be_visible()


def _codes(view: Locator, shown: Result) -> None:
    expect(view).to_contain_text(spoken(codes_sentence(shown)))
    for key in ("codes", "entropy"):
        expect(view.locator(f".st-key-{key} .js-plotly-plot .main-svg").first).to_be_visible()


def _code(view: Locator, shown: Result) -> None:
    # The chosen one last, so that the page is left as it was.
    for name, library in reversed(LIBRARIES.items()):
        view.get_by_role("radio", name=library.label, exact=True).click()
        found = snippet(
            name,
            shown.scheme,
            shown.quantizer.scale,
            shown.quantizer.zero_point,
            shown.array.values.shape,
            shown.array.values.dtype,
            export=f"{readings.file_stem(shown.settings, 'codes')}.npz",
        )
        assert found.code
        expect(view.locator("code")).to_have_text(found.code)


def _formulas(view: Locator, shown: Result) -> None:
    followed = _worst(shown)
    lo, hi = value_range(shown.array, shown.scheme, shown.summary, compute_anew)
    filled = formulas(followed, float(np.ravel(lo)[followed.part]), float(np.ravel(hi)[followed.part]))
    expect(view.locator(".katex-display annotation")).to_have_text([formula.latex for formula in filled])


def _data(view: Locator, shown: Result) -> None:
    expect(view.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    # Of a table wider than the window the browser holds the columns in sight.
    cells, row = view.locator("tr[aria-rowindex='2'] td"), [repr(float(value)) for value in shown.array.values[0]]
    expect(cells.first).to_have_text(row[0])
    assert cells.count() >= 3
    assert cells.all_inner_texts() == row[: cells.count()]
    for name in ("Codes, scale, zero point (.npz)", "Report (CSV)", "Report (JSON)", "Values (.npy)"):
        expect(view.get_by_role("button", name=name, exact=True)).to_be_enabled()


DRAWN: dict[str, Callable[[Locator, Result], None]] = {
    "arithmetic": _arithmetic,
    "bits": _bits,
    "channels": _channels,
    "codes": _codes,
    "code": _code,
    "formulas": _formulas,
    "data": _data,
}


def _radio(page: Page, label: str) -> Locator:
    return page.locator(".st-key-views").get_by_role("radio", name=label, exact=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_view_opens_alone_fits_the_page_offends_no_rule_and_closes(
    page: Page, server: Server, width: int, scheme: str
) -> None:
    appear(page, width=width, color_scheme=scheme, reduced_motion="reduce")
    settings = Settings(granularity=PerChannel(0))
    open_state(page, server, settings)
    view = page.locator(".st-key-view")
    assert [name.lower() for name in VIEWS] == list(DRAWN)
    for label in VIEWS:
        _radio(page, label).click()
        name = label.lower()
        DRAWN[name](view, result(replace(settings, view=name)))
        settled(page)
        page.wait_for_url(lambda url, name=name: query(url).get("view") == name)
        assert page.evaluate(_MARKED, MARKS) == [name]
        assert sideways(page) == [], name
        assert violations(page) == [], name
    _radio(page, label).click()
    expect(view).to_have_count(0)
    page.wait_for_url(lambda url: query(url) == codec.encode(settings))
