"""Where a visitor gives an array of their own: upload, paste, and what was wrong with either, beside the control.

Files are read in the callback of their control, so the page that follows already shows them; what is refused leaves the
earlier array and the page as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from quantlab.arrays import Array, FileError, LabelledTable, Member, members, parse_text, read
from quantlab.arrays.limits import MAX_UPLOAD, MEGABYTE, shape_text
from quantlab.experiments.spelling import YOURS
from quantlab.ui import address, anatomy, sources

T = TypeVar("T", Array, LabelledTable)
Fit = Callable[[Array], Any]
UPLOAD_HELP = (
    ".npy, .npz, .csv, .tsv or .txt, recognised by its content: up to four dimensions, 200 MB (text: 50 MB). It stays "
    "in your session on this server, is never part of a link, and goes when the session ends."
)
PASTE_HELP = "Numbers in rows, as in a table, or as Python and NumPy print lists. Ctrl+Enter takes them."
EMPTY = "Here goes **your own array**: upload a file or paste numbers, and see what quantization does to them."
"""The sentence of a page whose data is `yours`, before there is an array."""
_KINDS = ".npy, .npz, or a table of numbers as text: .csv, .tsv, .txt. Delimiter, header and index column are found."
_STAYS = "An array stays in the session that it was added in: neither a link nor a reload of the page brings it along."
_EXAMPLE = "0.5  −1.25  3\n2  0  −0.75"
_STATE = "quantlab-uploads"


@dataclass(eq=False)
class _Archive:
    """An `.npz` with several arrays, which stays until another array comes, so that each of them can be looked at."""

    file: Any
    members: dict[str, Member]
    chosen: str


@dataclass
class _Desk:
    """One visitor's state; lives in their session."""

    # Part of the uploader's key: a new one is empty.
    serial: int = 0
    archive: _Archive | None = None
    # From a control to the sentence beside it.
    refusals: dict[str, str] = field(default_factory=dict)


def _any(array: Array) -> None:
    """Refuse no array."""


def _desk() -> _Desk:
    desk: _Desk = st.session_state.setdefault(_STATE, _Desk())
    return desk


def upload(place: str, fit: Fit = _any) -> None:
    """Draw the uploader.

    Parameters
    ----------
    place : str
        Tells it from others on the page.
    fit : callable
        Refuses, with FileError, an array that the page could not show.
    """
    drop(place, partial(_uploaded, fit), help=UPLOAD_HELP)
    archive = _desk().archive
    if archive:
        _choose_member(archive, f"member-{place}", fit)
    refusal("upload")


def drop(place: str, taken: Callable[[Any], None], *, help: str, most_bytes: int = MAX_UPLOAD) -> None:
    """Draw an uploader that hands each file to `taken`, in the callback of the control, and then lets it go.

    Parameters
    ----------
    place : str
        Tells it from others on the page.
    taken : callable
        ``taken(file)``; what it keeps must not be the file.
    help : str
    most_bytes : int
        Of a file; the browser refuses larger ones before it sends them.
    """
    key = f"upload-{place}-{_desk().serial}"
    st.file_uploader(
        "Upload",
        key=key,
        help=help,
        max_upload_size=most_bytes // MEGABYTE,
        on_change=_dropped,
        args=(key, taken),
    )


def _choose_member(archive: _Archive, key: str, fit: Fit) -> None:
    def words(name: str) -> str:
        member = archive.members[name]
        about = f"{shape_text(member.shape)}, {member.dtype}" if member.dtype else "cannot be read"
        return f"{name}: {about}"

    address.show(key, archive.chosen)
    st.selectbox(
        "Array of the file",
        list(archive.members),
        format_func=words,
        key=key,
        help="The .npz holds several arrays; each can be looked at until you add another file.",
        on_change=_chosen,
        args=(key, fit),
    )


def paste(place: str, fit: Fit = _any) -> None:
    """Draw the field for typed or pasted numbers; `place` and `fit` as for the uploader."""
    key = f"paste-{place}"
    with st.form(f"form-{key}", border=False):
        st.text_area("Paste numbers", key=key, height=96, placeholder=_EXAMPLE, help=PASTE_HELP)
        st.form_submit_button("Use these numbers", on_click=_pasted, args=(key, fit))
    refusal("paste")


def ask(fit: Fit = _any, *, then: str = "") -> None:
    """Draw what stands in place of the picture while there is no array, and takes no more room: how to add one.

    `then` says what becomes of it, where that is not plain and there is room.
    """
    left, right = st.columns(2, gap="medium")
    with left:
        upload("hero", fit)
        if not refused("upload"):
            st.caption(_KINDS)
            if then:
                with st.container(key="ask-then"):
                    st.caption(then)
    with right:
        paste("hero", fit)
        if not refused("paste"):
            st.caption(_STAYS)


def refusal(control: str) -> None:
    """Say what was wrong with what `control` was last given, if anything was."""
    said = refused(control)
    if said:
        with st.container(key=f"refusal-{control}"):
            st.warning(anatomy.plain(said), icon=":material/info:")


def refused(control: str) -> str:
    """Return what was wrong with what `control` was last given; "" if nothing was."""
    return _desk().refusals.get(control, "")


def take(
    control: str, make: Callable[[], T], *, known: str = "", keep: Callable[[Any], None] = sources.keep
) -> T | None:
    """Make what `make` returns the visitor's own and the page's data; for callbacks.

    Parameters
    ----------
    control : str
        Which control it came from; a FileError becomes the sentence beside it, and the earlier data stay.
    make : callable
    known : str
        A digest; an array with this one is the one that is shown already, and nothing changes.
    keep : callable
        Makes it the visitor's; may refuse with FileError.

    Returns
    -------
    Array, LabelledTable or None
        None if nothing was taken.
    """
    desk = _desk()
    try:
        array = make()
        if array.digest != known:
            keep(array)
    except FileError as error:
        desk.refusals[control] = str(error)
        return None
    desk.refusals.clear()
    if array.digest == known:
        return None
    address.adopt(address.settings().with_data(YOURS))
    return array


def description(array: Array) -> str:
    """Say what an array is and how it was read; plain text, part of which may be a stranger's.

    >>> import numpy as np
    >>> description(Array.of(np.zeros((2, 3), np.float32), "a.csv", "comma-separated"))
    'a.csv: 2 × 3, float32 (comma-separated)'
    """
    how = f" ({array.remark})" if array.remark else ""
    return f"{array.name}: {shape_text(array.values.shape)}, {array.values.dtype.name}{how}"


def _dropped(key: str, taken: Callable[[Any], None]) -> None:
    file: Any = st.session_state.get(key)
    # None after a removal; without content where Streamlit has dropped the file itself.
    if not hasattr(file, "seek"):
        return
    taken(file)
    _let_go(file)
    _desk().serial += 1


def _uploaded(fit: Fit, file: Any) -> None:
    archive = _archive(file)

    def make() -> Array:
        sources.BUDGET.hold(file, file.size)
        return _fitting(read(file.name, file), fit)

    array = take("upload", make)
    if array is not None:
        _announce(array)
        _desk().archive = archive


def _archive(file: Any) -> _Archive | None:
    try:
        found = members(file.name, file)
    except FileError:  # no archive, or one that is refused with the reason when it is read
        return None
    # What is read first stands first in the choice.
    found.sort(key=lambda member: bool(member.problem))
    return _Archive(file, {member.name: member for member in found}, found[0].name) if len(found) > 1 else None


def _chosen(key: str, fit: Fit) -> None:
    archive = _desk().archive
    if archive is None:
        return
    name = st.session_state[key]
    array = take("upload", lambda: _fitting(read(archive.file.name, archive.file, member=name), fit))
    if array is not None:
        archive.chosen = name
        _announce(array)


def _pasted(key: str, fit: Fit) -> None:
    array = take("paste", lambda: _fitting(parse_text(st.session_state[key]), fit))
    if array is not None:
        _desk().archive = None
        _announce(array)


def _fitting(array: Array, fit: Fit) -> Array:
    fit(array)
    return array


def _announce(array: Array) -> None:
    address.tell(f"{description(array)}.")


def _let_go(file: Any) -> None:
    # Streamlit would keep the file's bytes until the session ends; the array is all that is needed of them. Internal to
    # Streamlit: without it everything works, and the bytes stay for as long as the session does.
    context = get_script_run_ctx()
    manager = getattr(context, "uploaded_file_mgr", None)
    if manager is not None and context is not None:
        manager.remove_file(context.session_id, file.file_id)
