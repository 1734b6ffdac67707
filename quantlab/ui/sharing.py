"""Share: the link that shows this state to somebody else."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from quantlab.ui import address, anatomy
from quantlab.ui.components.link import link

ADDRESS_VARIABLE = "QUANTLAB_ADDRESS"
_NOTHING = "There is no state yet that a link could show; add your own data first."
_UPLOAD_STAYS = "Your own array stays in your session and is not in the link: whoever opens it sees how to add one."


def share(*, yours: bool, empty: bool = False) -> None:
    """Draw the Share button; opened, it holds the link to the page as it stands.

    Parameters
    ----------
    yours : bool
        Whether the page shows an array of the visitor's, which no link can hold.
    empty : bool
        Whether it shows nothing at all before they add one.
    """

    def draw() -> None:
        here = st.context.url or "http://localhost/"
        link("share-link", page_link(here, os.environ.get(ADDRESS_VARIABLE, ""), address.query()), label="Link")
        if yours:
            st.caption(_UPLOAD_STAYS)

    about = _NOTHING if empty else "A link that shows this state"
    anatomy.popover("Share", draw, key="share", help=about, disabled=empty)


def page_link(here: str, base: str, query: str) -> str:
    """Put a link together.

    Parameters
    ----------
    here : str
        The page's own address as the browser knows it.
    base : str
        The address under which others reach the server, such as "http://192.168.1.5:8501"; empty where it is the same.
    query : str
        The state, without its question mark.

    Examples
    --------
    >>> page_link("http://localhost:8501/modes", "", "bits=4")
    'http://localhost:8501/modes?bits=4'
    >>> page_link("http://localhost:8501/modes", "http://192.168.1.5:8501", "")
    'http://192.168.1.5:8501/modes'
    """
    own, others = urlsplit(here), urlsplit(base)
    scheme, host = (others.scheme, others.netloc) if others.netloc else (own.scheme, own.netloc)
    return urlunsplit((scheme, host, others.path.rstrip("/") + (own.path or "/"), query, ""))
