"""Where a sweep's jobs run: here by default, on a Dask cluster where the address of its scheduler is configured.

Nothing of ours distributes anything. A cluster lends an executor; it sends the jobs of a worker that died to others.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, NamedTuple

from quantlab.kernels import CORES

VARIABLE = "QUANTLAB_DASK"
ANSWER_S = 5.0  # for a scheduler that answers, and for a worker that does
_HERE = "training runs on threads here"
_ADDRESS = re.compile(r"(tcp|tls)://(?:\[([0-9a-fA-F:]+)\]|([^\s:/\[\]]+)):([0-9]{1,5})", re.ASCII)


class LostError(ValueError):
    """The cluster went away under a sweep; its text is one sentence."""


class Place(NamedTuple):
    """Where jobs run, and how many at once; without an executor in the thread that asks, one after the other."""

    executor: Executor | None
    abreast: int


Local = Callable[[], AbstractContextManager[Executor | None]]


@contextmanager
def placed(
    said: Callable[[str], None],
    local: Local = nullcontext,
    *,
    address: str | None = None,
    answer_s: float = ANSWER_S,
) -> Iterator[Place]:
    """Open the place where jobs are to run, and close it behind them.

    Parameters
    ----------
    said : callable
        Told one sentence where there is an address and no work can be done there; it is then done here.
    local : callable
        Opens an executor here, or None for the thread that asks.
    address : str, optional
        Of a scheduler, such as "tcp://10.0.0.5:8786"; by default what QUANTLAB_DASK says. Empty: here.
    answer_s : float
        Seconds for the scheduler to answer, and then for a worker.

    Raises
    ------
    LostError
        If the cluster breaks off meanwhile. A worker that dies is no such thing: others do its jobs again.

    Examples
    --------
    >>> with placed(print, address="") as place:
    ...     place.executor is None
    True
    """
    address = os.environ.get(VARIABLE, "").strip() if address is None else address
    with ExitStack() as stack:
        client = _client(address, answer_s, said, stack) if address else None
        if client is None:
            executor = stack.enter_context(local())
            yield Place(executor, 1 if executor is None else CORES)
            return
        try:
            yield Place(client.get_executor(), max(1, sum(client.nthreads().values())))
        except CancelledError as error:
            raise LostError(
                f"The Dask cluster at {address} broke off; what was finished stands, train again once it is back."
            ) from error


def _client(address: str, answer_s: float, said: Callable[[str], None], stack: ExitStack) -> Any:
    """Return a client whose workers can do our jobs, or None after a sentence."""
    silent = (
        f"No Dask scheduler answers at {address}, as {VARIABLE} says, so {_HERE}; start it, or set tcp://HOST:PORT."
    )
    if not _answers(address, answer_s):
        said(silent)
        return None
    try:
        from dask import distributed
    except ImportError:
        said(f"{VARIABLE} is {address}, but Dask is not installed (pip install distributed), so {_HERE}.")
        return None
    connect: Any = distributed.Client  # has types where Dask is installed, but none that it states
    try:
        client = stack.enter_context(connect(address, timeout=answer_s, set_as_default=False))
    except (OSError, TimeoutError):
        said(silent)
        return None
    try:
        client.submit(ready, pure=False).result(timeout=answer_s)
    except TimeoutError:
        if client.nthreads():
            return client  # all are busy, with a training that was stopped perhaps: jobs wait for their turn
        said(f"The Dask scheduler at {address} has no worker within {answer_s:g} s, so {_HERE}; start some.")
    except ImportError:
        said(f"The workers of the Dask cluster at {address} do not have this QuantLab, so {_HERE}; install it there.")
    else:
        return client
    return None


def _answers(address: str, answer_s: float) -> bool:
    """Tell whether a scheduler answers: a client waits without end for one that is there and says nothing."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        return False
    kind, six, name, port = found.groups()
    try:
        with socket.create_connection((six or name, int(port)), timeout=answer_s) as line:
            # A scheduler speaks first; under TLS the client does.
            return kind == "tls" or bool(line.recv(1))
    except (OSError, OverflowError, UnicodeError):
        return False


def ready() -> bool:
    """Return True wherever this can be imported: how a worker is asked whether it has QuantLab.

    >>> ready()
    True
    """
    return True
