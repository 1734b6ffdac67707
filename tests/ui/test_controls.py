"""Every control of the Tensor page at its ends: the page stands, tells its state, and its address leads back to it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from quantlab.arrays.builtin import SOURCES
from quantlab.experiments import codec
from quantlab.experiments.spelling import LARGEST, YOURS
from quantlab.experiments.tensor import VIEWS, Settings, built_in, experiment, run
from quantlab.experiments.tensor.stories import sentence
from quantlab.scheme import Fixed, MinMax

APP = Path(__file__).resolve().parents[2] / "app.py"
_TIMEOUT_S = 120  # the first run may compile kernels
_MOST_RETOLD = 10_000  # values; computing the same again for larger arrays would only take time

# States that show controls which the opening state hides.
STATES = {
    "affine": {"grid": "affine"},
    "percentile": {"range": "percentile:99"},
    "groups": {"per": "group:4:-1"},
    "stochastic": {"rounding": "stochastic"},
    "pinned": {"bits": "5", "pin": "~", "compare": "pinned"},
    "channel": {"data": "channels", "per": "channel:0"},
    "body": {"data": "student", "size": "100x100", "with": "df:1"},
    **{f"view {name}": {"view": name} for name in VIEWS},
    **{f"data {name}": {"data": name} for name, source in SOURCES.items() if source.parameters},
}

WITHOUT_CONTROLS = {"pinned", "view bits", "view codes", "view formulas", "view data"}


def _open(state: dict[str, str]) -> AppTest:
    """Open a link with everything behind More in sight."""
    app = AppTest.from_file(str(APP), default_timeout=_TIMEOUT_S)
    for name, value in state.items():
        app.query_params[name] = value
    app.session_state["more"] = True
    return _sound(app.run())


def _sound(app: AppTest) -> AppTest:
    """See that there is no fault, that the sentence is this state's, and that the address leads back to it."""
    texts = [each.value for each in app.markdown]
    assert not app.exception
    assert not app.error
    assert not [text for text in texts if "error of ours" in text]
    settings = _settings(app)
    assert codec.decode(Settings, app.query_params) == (settings, [])
    if settings.data != YOURS:
        array = built_in(settings)
        if array.values.size <= _MOST_RETOLD:
            pinned = None if settings.pin is None else built_in(settings.pin)
            assert sentence(run(settings, array, pinned_array=pinned)) in texts
    return app


def _settings(app: AppTest) -> Settings:
    settings: Settings = app.session_state["quantlab-address"].settings
    return settings


def _controls(app: AppTest) -> dict[str, Any]:
    kinds = (app.selectbox, app.slider, app.number_input, app.toggle, app.button_group)
    controls = [control for kind in kinds for control in kind]
    return {control.key: control for control in controls if str(control.key).startswith("control-")}


@cache
def _always_there() -> frozenset[str]:
    return frozenset(key for key, control in _controls(_open({})).items() if not control.disabled)


def _ends(control: Any) -> list[Any]:
    """List what a control can be set to, its present value last."""
    if control.type == "toggle":
        return [not control.value, control.value]
    if control.key.startswith("control-element-"):  # without bounds in the browser, where they would be kept silently
        return [0, int(control.key.rpartition("-of-")[2]) - 1, control.value]
    if control.type in ("slider", "number_input"):
        return [control.min, control.max, control.value]
    now = _shown(control)
    return [option for option in control.options if option != now] + [now]


def _shown(control: Any) -> Any:
    """Return what a control shows; of one with options, the option's words."""
    chosen = control.value is not None and control.type in ("selectbox", "button_group")
    return control.format_func(control.value) if chosen else control.value


def _set(app: AppTest, key: str, value: Any) -> AppTest:
    control = _controls(app)[key]
    if control.type == "selectbox":
        control.select(value)
    else:
        control.set_value(value)
    return _sound(app.run())


def _walk(app: AppTest, keys: set[str]) -> None:
    for key in sorted(keys):
        for value in _ends(_controls(app)[key]):
            _set(app, key, value)
            assert _shown(_controls(app)[key]) == value, key


def test_every_control_of_the_opening_state() -> None:
    app = _open({})
    _walk(app, set(_always_there()))
    assert _settings(app) == Settings()


@pytest.mark.parametrize("name", STATES)
def test_every_control_that_a_state_brings(name: str) -> None:
    app = _open(STATES[name])
    brought = {key for key, control in _controls(app).items() if not control.disabled} - _always_there()
    assert brought or name in WITHOUT_CONTROLS
    _walk(app, brought)


def test_what_one_bit_rules_out_is_neither_shown_nor_offered() -> None:
    app = _open({"bits": "1", "scale": "restricted"})
    control = _controls(app)["control-symmetric_scale"]
    assert control.value == _settings(app).scheme(built_in(Settings())).symmetric_scale == "half_range"
    assert len(control.options) == 2
    _set(app, "control-bits", 2)
    assert _controls(app)["control-symmetric_scale"].value == "restricted"


def test_what_may_not_be_searched_is_neither_shown_nor_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "MOST_SEARCHED_IN_GROUPS", 99)
    app = _open({"range": "mse", "per": "group:4:-1"})
    control = _controls(app)["control-range"]
    assert control.value == "minmax"
    assert "MSE-optimal" not in control.options
    assert _settings(app).scheme(built_in(Settings())).range == MinMax()
    _set(app, "control-granularity", "per row")
    assert _controls(app)["control-range"].value == "mse"


def test_a_narrow_range_that_cannot_act_disables_nothing() -> None:
    assert _controls(_open({"narrow": "yes"}))["control-overflow"].disabled
    assert not _controls(_open({"narrow": "yes", "codes": "unsigned"}))["control-overflow"].disabled


def test_a_range_by_hand_takes_any_two_numbers_in_order_and_refuses_others_in_a_sentence() -> None:
    app = _open({"range": "fixed:-1:1"})
    for key, value in (("control-range-lo", -LARGEST), ("control-range-hi", LARGEST), ("control-range-lo", 0.25)):
        _set(app, key, value)
        assert _shown(_controls(app)[key]) == value
    _set(app, "control-range-hi", 0.25)
    assert _settings(app).range == Fixed(0.25, LARGEST)
    assert any("lo" in text.value and "0\\.25" in text.value for text in app.markdown)
