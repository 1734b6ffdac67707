"""What the visitor has set: one frozen Settings a page, kept equal to the address bar in both directions.

The order within a run is fixed: `begin` and `enter` before the page, `commit` after it; callbacks run before all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from quantlab.experiments import codec
from quantlab.experiments.spelling import YOURS

TRAVELLING = ("bits", "grid", "data")
_STATE = "quantlab-address"
_NOTHING = object()


@dataclass
class _Visit:
    """One visitor's state; lives in their session."""

    classes: Mapping[str, type[Any]] = field(default_factory=dict)
    path: str | None = None
    settings: Any = None
    sound: Any = None
    fresh: bool = True
    notice: str = ""
    news: str = ""
    # Widgets that the browser showed when it asked for this run; None where Streamlit does not tell.
    drawn: set[str] | None = None
    # Widgets that were given a value which the browser may not have shown yet, and the settings since then.
    given: set[str] = field(default_factory=set)
    seen: Any = None
    # What the address bar was last told, or said by itself.
    written: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    left: dict[str, Any] = field(default_factory=dict)


def _visit() -> _Visit:
    visit: _Visit = st.session_state.setdefault(_STATE, _Visit())
    return visit


def begin(classes: Mapping[str, type[Any]]) -> None:
    """Say which Settings class belongs to which page's path."""
    _visit().classes = classes


def enter(path: str) -> None:
    """Take up the page at `path`: on arrival, and after Back or Forward, its settings are read from the address."""
    visit = _visit()
    visit.drawn = _drawn()
    if not _is_behind(visit):
        visit.given.clear()
    _arrive(visit, path)
    visit.seen = visit.settings


def _arrive(visit: _Visit, path: str) -> None:
    # Internal to Streamlit. Comparing the address with the last one written would not do: under fast presses a run
    # carries an older address, and the comparison would throw the visitor's change away.
    undone = bool(getattr(get_script_run_ctx(), "is_history_navigation", False))
    if visit.path == path and not undone:
        return
    if visit.path is not None and visit.path != path:
        visit.left[visit.path] = visit.settings
    given = visit.written = st.query_params.to_dict()
    visit.settings, mended = codec.decode(visit.classes[path], given)
    visit.sound = visit.classes[path]()
    visit.notice, visit.news = _mended(mended), ""
    visit.touched = {name for name in TRAVELLING if name in given} | (set() if undone else visit.touched)
    visit.path, visit.fresh = path, True


def settings() -> Any:
    """Return the Settings of the page that runs."""
    return _visit().settings


def widget(name: str) -> str:
    """Return the key of the widget for a field, by which its value stands in the session state.

    >>> widget("bits")
    'control-bits'
    """
    return f"control-{name}"


def key(
    name: str,
    *,
    part: str = "",
    to_widget: Callable[[Any], Any] | None = None,
    from_widget: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """Give the arguments that tie a widget to a field of Settings; call it right where the widget is drawn.

    The widget must get no ``value=``, ``index=`` or ``default=`` besides.

    Parameters
    ----------
    name : str
        The field.
    part : str
        Where several widgets edit one field: which of them this is.
    to_widget, from_widget : callable, optional
        From the field's value to the widget's, and back. `from_widget` may raise ValueError with a sentence for the
        visitor; the field then keeps its value.

    Examples
    --------
    ``st.slider("Bits", 1, 16, **address.key("bits"))``
    """
    value = getattr(_visit().settings, name)
    shown = to_widget(value) if to_widget else value
    own = widget(f"{name}-{part}" if part else name)
    show(own, shown)
    return {"key": own, "on_change": _changed, "args": (name, own, from_widget)}


def show(own: str, value: Any) -> None:
    """Have the widget with the key `own` show `value`; call it right before the widget is drawn."""
    visit = _visit()
    # Assigned only where it must be: on every run it would mark the value as the server's and undo fast presses. On
    # arrival always, since the session may still hold the value of another page's widget of that name. And until the
    # browser has drawn the widget, which in a cold one takes a while: of two messages before it sees only the second.
    unseen = visit.fresh or (visit.drawn is not None and own not in visit.drawn)
    if unseen or st.session_state.get(own, _NOTHING) != value:
        st.session_state[own] = value
        visit.given.add(own)


def _changed(name: str, own: str, from_widget: Callable[[Any], Any] | None) -> None:
    visit = _visit()
    # The browser speaks before it has seen what this widget was last given: it repeats the past, nobody has touched it.
    if own in visit.given and _is_behind(visit):
        return
    value = st.session_state[own]
    try:
        value = from_widget(value) if from_widget else value
    except ValueError as error:
        visit.notice = str(error)
    else:
        change(**{name: value})


def _is_behind(visit: _Visit) -> bool:
    return visit.seen is not None and st.query_params.to_dict() != codec.encode(visit.seen)


def _drawn() -> set[str] | None:
    # Internal to Streamlit, too. Without it everything works but a press in the first moments of a cold browser.
    session = getattr(getattr(get_script_run_ctx(), "session_state", None), "_state", None)
    states = getattr(getattr(session, "_new_widget_state", None), "states", None)
    return None if states is None else {identity.split("-", maxsplit=2)[-1] for identity in states}


def change(**fields: Any) -> None:
    """Change fields of the page's Settings; for callbacks, which run before the page does.

    A value that has no place in the address leaves everything as it is and becomes the notice.
    """
    try:
        changed = codec.change(_visit().settings, **fields)
    except ValueError as error:
        _visit().notice = str(error)
    else:
        adopt(changed)


def adopt(settings: Any) -> None:
    """Take `settings`, an instance of the page's class, as a whole; for callbacks."""
    visit = _visit()
    for entry in codec.entries(type(settings)):
        if entry.name in TRAVELLING and getattr(settings, entry.field) != getattr(visit.settings, entry.field):
            visit.touched.add(entry.name)
    visit.settings, visit.notice, visit.news = settings, "", ""


def notice() -> str:
    """Return the sentence about a mended link or a refused value; it stands until the next change."""
    return _visit().notice


def news() -> str:
    """Return the sentence about what has just gone well; it stands until the next change."""
    return _visit().news


def tell(sentence: str) -> None:
    """Have `sentence` stand as news until the next change."""
    _visit().news = sentence


def refuse(sentence: str) -> None:
    """Have `sentence` stand in the notice until the next change."""
    _visit().notice = sentence


def fall_back(sentence: str) -> bool:
    """Return to the last settings that the page could show, with `sentence` as the notice; False if it is at them."""
    visit = _visit()
    if visit.settings == visit.sound:
        return False
    visit.settings, visit.notice, visit.news = visit.sound, sentence, ""
    return True


def link(path: str) -> dict[str, str]:
    """Spell the address under which the page at `path` is to open from here.

    Another page opens as it was left, or at its defaults, with what travels and was ever set.
    """
    visit = _visit()
    if path == visit.path:
        return codec.encode(visit.settings)
    target = visit.left.get(path) or visit.classes[path]()
    return codec.encode(codec.carry(visit.settings, [name for name in visit.touched if _goes(name, target)], target))


def _goes(name: str, target: Any) -> bool:
    """Tell whether a value can go to another page: one's own data only where that page takes the same kind."""
    here = _visit().settings
    own = name == "data" and getattr(here, "data", None) == YOURS
    return not own or getattr(here, "takes", "an array") == getattr(target, "takes", "an array")


def query() -> str:
    """Spell the page's Settings as the part of a link after the question mark.

    Commas and colons are legal there and stay readable.
    """
    return urlencode(codec.encode(_visit().settings), safe=":,~", quote_via=quote)


def commit() -> None:
    """Write the settings into the address bar, as one entry of the browser's history if they changed.

    A fragment that owns shared widgets ends with it too.
    """
    visit = _visit()
    visit.fresh, visit.sound = False, visit.settings
    wanted = codec.encode(visit.settings)
    # Under fast presses a run carries an older address; it may be the wanted one while the bar shows another.
    if not wanted == visit.written == st.query_params.to_dict():
        st.query_params.from_dict(wanted)
        visit.written = wanted


def _mended(names: list[str]) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return f"The link's value for {names[0]} could not be used; the default stands in its place."
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"The link's values for {listed} could not be used; the defaults stand in their place."
