"""Behind "More": the rest of what an array, a range and a Scheme can be, in groups; each control names its default.

A control that cannot act in this state is disabled, with the reason as its help; its value is kept.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from quantlab.arrays import Array
from quantlab.arrays.builtin import SIZES, SOURCES
from quantlab.experiments.spelling import YOURS
from quantlab.experiments.tensor import LARGEST_SEED, Settings, fitting
from quantlab.scheme import Fixed, Percentile, PerGroup
from quantlab.ui import address, anatomy, bar, uploads
from quantlab.ui.glossary import help_for

_WORDS: dict[str, dict[str, str]] = {
    "symmetric_scale": {
        "half_range": "absmax / 2ᵇ⁻¹",
        "restricted": "absmax / (2ᵇ⁻¹ − 1)",
        "full": "absmax / (2ᵇ⁻¹ − ½)",
    },
    "affine_range": {
        "include_zero": "extended to 0",
        "clamped": "as it is, zero point clamped",
        "free": "as it is, zero point free",
    },
    "scale_dtype": {"working": "working type", "float32": "float32", "float16": "float16"},
    "division": {"divide": "x / scale", "reciprocal": "x · (1 / scale)"},
    "rounding": {
        "half_even": "half to even",
        "half_away": "half away from 0",
        "floor": "floor",
        "stochastic": "stochastic",
    },
    "zero_point_added": {"after_rounding": "after rounding", "before_rounding": "before rounding"},
    "overflow": {"saturate": "saturate", "wrap": "wrap around"},
}


def more(array: Array | None) -> None:
    """Draw the button behind which the rest of the controls stand, and those while it is open."""
    anatomy.popover("More", partial(_groups, array), key="more", width="content")


def _groups(array: Array | None) -> None:
    settings: Settings = address.settings()
    array_side, codes_side, arithmetic_side = st.columns(3, gap="medium")
    with array_side:
        _data_group(settings)
        _range_group(settings)
        _granularity_group(settings, array)
    with codes_side:
        st.markdown("**Codes and scale**")
        _codes_group(settings)
    with arithmetic_side:
        st.markdown("**Arithmetic**")
        _arithmetic_group(settings)
        st.markdown("**Comparison**")
        bar.compare()


def _data_group(settings: Settings) -> None:
    st.markdown("**Data**")
    if settings.data == YOURS:
        st.caption("Your own array: its size and values are its own.")
        uploads.upload("more")
        return
    source = SOURCES[settings.data]
    st.caption(source.help)
    own = "" if source.sized else "This array has a size of its own."
    st.selectbox(
        "Size",
        list(SIZES),
        format_func=lambda size: size.replace("x", " × "),
        disabled=not source.sized,
        help=own or "Rows × columns (default 10 × 10).",
        **address.key("size"),
    )
    fixed = "" if source.seeded else "This array is always the same."
    st.number_input(
        "Seed",
        0,
        LARGEST_SEED,
        step=1,
        disabled=not source.seeded,
        help=fixed or help_for("seed") + " Default 0.",
        **address.key("seed"),
    )
    for each in source.parameters:
        st.number_input(
            each.label,
            float(each.lo),
            float(each.hi),
            step=float(each.step),
            format="%g",
            help=f"{each.help} Default {each.default:g}.",
            **address.key("parameters", part=each.name, **_parameter(each.name, float(each.default))),
        )
    uploads.upload("more")


def _parameter(name: str, default: float) -> dict[str, Any]:
    def to_widget(values: tuple[tuple[str, float], ...]) -> float:
        return float(dict(values).get(name, default))

    def from_widget(value: float) -> tuple[tuple[str, float], ...]:
        return tuple(sorted((dict(address.settings().parameters) | {name: value}).items()))

    return {"to_widget": to_widget, "from_widget": from_widget}


def _range_group(settings: Settings) -> None:
    now = settings.range
    if isinstance(now, Percentile):
        st.number_input(
            "Percentile",
            50.001,
            100.0,
            step=0.1,
            format="%g",
            help=help_for("percentile") + " Default 99.9.",
            **address.key("range", part="p", to_widget=lambda value: value.p, from_widget=Percentile),
        )
    if isinstance(now, Fixed):
        lo, hi = st.columns(2)
        with lo:
            st.number_input(
                "Range from",
                format="%g",
                help=help_for("fixed range") + " Default −1 to 1.",
                **address.key(
                    "range", part="lo", to_widget=lambda value: value.lo, from_widget=lambda v: Fixed(v, now.hi)
                ),
            )
        with hi:
            st.number_input(
                "Range to",
                format="%g",
                help=help_for("fixed range") + " Default −1 to 1.",
                **address.key(
                    "range", part="hi", to_widget=lambda value: value.hi, from_widget=lambda v: Fixed(now.lo, v)
                ),
            )


def _granularity_group(settings: Settings, array: Array | None) -> None:
    shape = (1, 1) if array is None else array.values.shape
    now = fitting(settings.granularity, shape)
    if not isinstance(now, PerGroup):
        return
    ndim, least = len(shape), _least_group(now.axis, shape)
    st.number_input(
        "Group size",
        least,
        10**9,
        step=1,
        help=f"{help_for('group')} Default 32{f', here {least} or more' if least > 1 else ''}.",
        **address.key(
            "granularity", part="size", to_widget=lambda _: now.size, from_widget=lambda v: PerGroup(v, now.axis)
        ),
    )
    st.number_input(
        "Axis",
        -ndim,
        ndim - 1,
        step=1,
        help="The axis along which neighbours share a scale. Default −1, the last.",
        **address.key(
            "granularity",
            part="axis",
            to_widget=lambda _: now.axis,
            from_widget=lambda v: PerGroup(now.size, v),
        ),
    )


def _least_group(axis: int, shape: tuple[int, ...]) -> int:
    smallest = fitting(PerGroup(1, axis), shape)
    return smallest.size if isinstance(smallest, PerGroup) else 1


def _codes_group(settings: Settings) -> None:
    st.toggle("Signed codes", help=help_for("signed") + " Default on.", **address.key("signed"))
    reason = "" if settings.can_be_narrow else "Only signed codes of 2 bits or more that saturate can leave out a code."
    st.toggle(
        "Narrow range",
        disabled=bool(reason),
        help=reason or help_for("narrow range") + " Default off.",
        **address.key("narrow_range"),
    )
    reason = "" if settings.symmetric else "An affine grid takes its scale from both ends of the range."
    without = () if settings.can_be_restricted else ("restricted",)
    about = help_for("symmetric scale") + (" At 1 bit, absmax / (2ᵇ⁻¹ − 1) would divide by 0." if without else "")
    _select("symmetric_scale", "Symmetric scale", help=reason or about, disabled=bool(reason), without=without)
    reason = "A symmetric grid has a fixed zero point." if settings.symmetric else ""
    _select("affine_range", "Affine range", help=reason or help_for("affine range"), disabled=bool(reason))
    _select("scale_dtype", "Scale kept as", help=help_for("scale dtype"))


def _arithmetic_group(settings: Settings) -> None:
    _select("rounding", "Rounding", help=help_for("rounding", "half even", "half away", "floor", "stochastic"))
    if settings.rounding == "stochastic":
        st.number_input(
            "Rounding seed",
            0,
            LARGEST_SEED,
            step=1,
            help=help_for("seed") + " Default 0.",
            **address.key("rounding_seed"),
        )
    _select("division", "Division", help=help_for("division"))
    _select("zero_point_added", "Zero point added", help=help_for("zero point added"))
    narrow = settings.narrow_range and settings.can_be_narrow
    reason = "A narrow range leaves out a code, and wrapping needs them all." if narrow else ""
    _select("overflow", "Overflow", help=reason or help_for("overflow", "saturate", "wrap"), disabled=bool(reason))


def _select(field: str, label: str, *, help: str, disabled: bool = False, without: tuple[str, ...] = ()) -> None:
    words = {name: text for name, text in _WORDS[field].items() if name not in without}
    bar.select(field, label, words, help=help, disabled=disabled)
