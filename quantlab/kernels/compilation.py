"""How kernels are compiled, and where the machine code is kept.

A kernel is compiled for its stated signatures when it is first called, or by `compile_all` at set-up. The cache
folder's name holds a digest of every kernel's source, because Numba's own key does not see an edited helper in
another file and would go on serving the stale result.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types

from .tiers import Tier, chosen

KERNELS: list[Kernel | TieredKernel] = []

# "numpy": a division never raises, so that loops vectorise. No fastmath but in sums: ties, NaN and exact halves are
# the subject.
_OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
# Nothing but kernels calls an inner function: what Python and C would call it through takes a third of its compilation.
_INNER: Any = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
F = TypeVar("F", bound=Callable[..., Any])
_settings: Any = numba.config


def inner(function: F) -> F:
    """Declare a function that kernels call; it is compiled into each of them."""
    compiled: F = numba.njit(**_INNER)(function)
    return compiled


def summing(function: F) -> F:
    """Declare a function that kernels call for sums: the order of summation is free, NaN and infinities stay."""
    compiled: F = numba.njit(**_INNER, fastmath={"reassoc", "nsz", "contract"})(function)
    return compiled


class Kernel:
    """A function in Numba's subset of Python, with the signatures that it is compiled for.

    Parameters
    ----------
    function : callable
        Arrays in, results written into arrays that the caller made.
    signatures : sequence of tuples of Numba types
        One for each combination of argument types.
    """

    def __init__(self, function: Callable[..., Any], signatures: Sequence[tuple[Any, ...]]) -> None:
        self.function, self.signatures = function, list(signatures)
        self.__doc__, self.name = function.__doc__, _name(function)

    @cached_property
    def compiled(self) -> Any:
        """The dispatcher: from the disk where it was compiled before, otherwise compiled now."""
        with _kept_in(cache_folder()):
            return numba.njit(self.signatures, cache=True, **_OPTIONS)(self.function)

    def __call__(self, *arguments: Any) -> Any:
        return self.compiled(*arguments)


class TieredKernel:
    """A kernel that is built anew for each tier, and compiled ahead for the chosen one only.

    Parameters
    ----------
    build : callable
        Takes a tier's number and returns the function. Whatever the function needs to know of its tier stands in its
        closure as plain integers: Numba's cache key holds a closure's values, but no global's, and with those one tier
        would be served another one's machine code.
    signatures : sequence of tuples of Numba types
    """

    def __init__(self, build: Callable[[int], Callable[..., Any]], signatures: Sequence[tuple[Any, ...]]) -> None:
        self.build, self.signatures, self.name = build, list(signatures), _name(build)
        self.__doc__ = build.__doc__
        self._built: dict[str, Kernel] = {}

    def of(self, tier: Tier) -> Kernel:
        """Return the kernel of one tier; compile it only where `tiers.available` has it."""
        if tier.name not in self._built:
            self._built[tier.name] = Kernel(self.build(tier.number), self.signatures)
        return self._built[tier.name]

    @property
    def compiled(self) -> Any:
        """The dispatcher of the chosen tier."""
        return self.of(chosen()).compiled


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"


def kernel(*signatures: tuple[Any, ...]) -> Callable[[Callable[..., Any]], Kernel]:
    """Declare a kernel with its signatures."""

    def declare(function: Callable[..., Any]) -> Kernel:
        KERNELS.append(declared := Kernel(function, signatures))
        return declared

    return declare


def tiered_kernel(*signatures: tuple[Any, ...]) -> Callable[[Callable[[int], Callable[..., Any]]], TieredKernel]:
    """Declare a kernel that a function of the tier's number builds."""

    def declare(build: Callable[[int], Callable[..., Any]]) -> TieredKernel:
        KERNELS.append(declared := TieredKernel(build, signatures))
        return declared

    return declare


def read_only(dtype: Any) -> Any:
    """Return the type of a C-contiguous flat input; writable arrays convert to it, read-only ones need it."""
    return types.Array(dtype, 1, "C", readonly=True)


def written(dtype: Any, ndim: int = 1) -> Any:
    """Return the type of a C-contiguous array that a kernel fills."""
    return types.Array(dtype, ndim, "C")


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    # Numba reads the folder when a function is decorated. It is put back, so that a notebook's own functions
    # keep their own place.
    before, _settings.CACHE_DIR = _settings.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        _settings.CACHE_DIR = before


@cache
def cache_folder() -> Path:
    """Return where machine code is kept: below NUMBA_CACHE_DIR, the user's cache, or a new temporary folder."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    folder = (Path(given) if given else _user_cache()) / "quantlab" / f"kernels-{_sources_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        pass
    # Private and made anew: machine code is never loaded from a folder whose name somebody could have guessed.
    return Path(tempfile.mkdtemp(prefix="quantlab-kernels-"))


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _sources_digest() -> str:
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def compile_all(
    progress: Callable[[str, int, int], None] = lambda name, done, total: None, *, backwards: bool = False
) -> int:
    """Compile every kernel that is not in the cache yet.

    Parameters
    ----------
    progress : callable
        Told the name of the kernel that comes next, how many are done and how many there are.
    backwards : bool
        The last one first, so that two processes can share the work over one cache.

    Returns
    -------
    int
        How many signatures had to be compiled; 0 on a warm start.

    Raises
    ------
    ValueError
        If QUANTLAB_KERNELS names a tier that cannot be had.

    Examples
    --------
    >>> from quantlab import kernels
    >>> kernels.compile_all() >= 0
    True
    """
    chosen()  # a tier that cannot be had is refused before anything is compiled, not after
    fresh = 0
    for done, each in enumerate(reversed(KERNELS) if backwards else KERNELS):
        progress(each.name, done, len(KERNELS))
        fresh += sum(each.compiled.stats.cache_misses.values())
    progress("", len(KERNELS), len(KERNELS))
    return fresh
