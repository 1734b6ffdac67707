"""The array that a page's settings name: built in and shared, or the visitor's own and only theirs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import streamlit as st

from quantlab.arrays import Array
from quantlab.arrays.builtin import SOURCES
from quantlab.experiments.tensor import YOURS, Settings, built_in
from quantlab.ui import cache

_OWN = "quantlab-own-array"
NAMES = {name: source.label for name, source in SOURCES.items()} | {YOURS: "your own array"}


def own() -> Array | None:
    """Return the visitor's array, which lives in their session; None before there is one."""
    array: Array | None = st.session_state.get(_OWN)
    return array


def keep(array: Array) -> None:
    """Make `array` the visitor's; the one before goes."""
    st.session_state[_OWN] = array


def array_of(settings: Settings | None) -> Array | None:
    """Return the array that settings name; None for one that the visitor has not given yet."""
    if settings is None:
        return None
    if settings.data == YOURS:
        return own()
    key = (settings.data, settings.size, settings.seed, settings.parameters)
    return cache.result("built in", key, lambda: built_in(settings), own=False)


def recall(array: Array, key: Hashable, make: Any) -> Any:
    """Return a result from the cache that belongs to the array: everybody's, or the visitor's."""
    mine = own()
    return cache.result(array.digest, key, make, own=mine is not None and mine.digest == array.digest)
