"""Settings as an address, and any address as Settings.

A page's Settings is a frozen dataclass whose fields say how they are spelled; everything else follows from that.
Decoding is total: whatever a stranger puts into a link, valid Settings come out, with the names of what was mended.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import quote, unquote

V = TypeVar("V")
S = TypeVar("S")
N = TypeVar("N", int, float)

LONGEST_VALUE = 200
LONGEST_LINE = 4_000
_BROKEN = (ValueError, TypeError, LookupError, ArithmeticError)
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_METADATA = "address"


@dataclass(frozen=True)
class Codec(Generic[V]):
    """How one value is spelled: `parse(show(value)) == value`, and `parse` refuses everything else with ValueError."""

    parse: Callable[[str], V]
    show: Callable[[V], str]
    longest: int = LONGEST_VALUE

    def read(self, text: str) -> V:
        """Parse `text`, refusing what is longer than any value of ours before looking at it."""
        if len(text) > self.longest:
            raise ValueError(
                f"a value in an address has at most {self.longest} characters, got {len(text)}; shorten it."
            )
        return self.parse(text)


def whole(lo: int, hi: int) -> Codec[int]:
    """Spell a whole number from `lo` to `hi` in decimal digits.

    >>> whole(1, 16).read("4")
    4
    """

    def parse(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"a whole number was expected, got {text!r}; write digits only.")
        return _within(int(text), lo, hi)

    return Codec(parse, str)


def real(lo: float, hi: float) -> Codec[float]:
    """Spell a finite number from `lo` to `hi` with as few digits as bring it back exactly.

    >>> codec = real(0, 100)
    >>> codec.show(99.9), codec.show(5.0), codec.read("1e-3")
    ('99.9', '5', 0.001)
    """

    def parse(text: str) -> float:
        if not _REAL.fullmatch(text):
            raise ValueError(f"a number was expected, got {text!r}; write it with a decimal point.")
        return _within(float(text), lo, hi)

    def show(value: float) -> str:
        return repr(float(value) + 0.0).removesuffix(".0").replace("e+", "e")

    return Codec(parse, show, longest=40)


def choice(*names: str) -> Codec[str]:
    """Spell one of `names`."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)} was expected, got {text!r}; choose one of these.")
        return text

    return Codec(parse, str)


def flag(*, true: str, false: str) -> Codec[bool]:
    """Spell a yes or no by a word each.

    >>> flag(true="symmetric", false="affine").show(False)
    'affine'
    """
    words = choice(true, false)
    return Codec(lambda text: words.parse(text) == true, lambda value: true if value else false)


def parsed(parse: Callable[[str], V], show: Callable[[V], str], *, longest: int = LONGEST_VALUE) -> Codec[V]:
    """Spell a value by two functions of one's own; `parse` may raise any error that bad text leads to."""
    return Codec(parse, show, longest)


def optional(codec: Codec[V], none: str = "none") -> Codec[V | None]:
    """Spell a value that may be missing; `none` is the word for that and shadows an equal spelling of `codec`.

    >>> optional(whole(0, 9)).read("none") is None
    True
    """
    return Codec(
        lambda text: None if text == none else codec.read(text),
        lambda value: none if value is None else codec.show(value),
        codec.longest,
    )


def itself() -> Codec[Any]:
    """Spell another state of the same Settings (a pin) as one line, or None; such a state holds no further one."""
    return _ITSELF


def _never(value: Any) -> Any:
    raise AssertionError("the field table replaces this codec")


_ITSELF: Codec[Any] = Codec(_never, _never)


def address(name: str, codec: Codec[V], *, default: V, former: Sequence[str] = ()) -> V:
    """Declare a field of Settings: its name in the address, its spelling, its default.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and underscores. It never changes its meaning.
    codec : Codec
    default : V
        Left out of the address.
    former : sequence of str
        Names under which older links know the field.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     bits: int = address("bits", whole(1, 16), default=4)
    ...     symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    >>> encode(Settings(bits=8))
    {'bits': '8'}
    >>> decode(Settings, {"bits": "99", "grid": "affine"})
    (Settings(bits=4, symmetric=False), ['bits'])
    """
    return dataclasses.field(default=default, metadata={_METADATA: (name, codec, tuple(former))})


class Entry(NamedTuple):
    """One field of a Settings class as the address knows it."""

    field: str
    name: str
    codec: Codec[Any]
    default: Any
    former: tuple[str, ...]
    nested: bool


_ENTRIES: dict[type[Any], tuple[Entry, ...]] = {}


def entries(cls: type[Any]) -> tuple[Entry, ...]:
    """List the addressed fields of a Settings class, in the order of the class. Built once a class."""
    if cls not in _ENTRIES:
        _ENTRIES[cls] = _build(cls)
    return _ENTRIES[cls]


def _build(cls: type[Any]) -> tuple[Entry, ...]:
    found = []
    for field in dataclasses.fields(cls):
        if _METADATA not in field.metadata:
            continue
        name, codec, former = field.metadata[_METADATA]
        nested = codec is _ITSELF
        found.append(Entry(field.name, name, _pin(cls) if nested else codec, field.default, former, nested))
    names = [name for entry in found for name in (entry.name, *entry.former)]
    assert all(_NAME.fullmatch(name) for name in names), f"names of {cls.__name__} must be plain words: {names}"
    assert len(set(names)) == len(names), f"names of {cls.__name__} must differ: {names}"
    return tuple(found)


def entry(cls: type[Any], field: str) -> Entry:
    """Find the entry of a field.

    Raises
    ------
    KeyError
        If `cls` has no such addressed field.
    """
    return {found.field: found for found in entries(cls)}[field]


def encode(settings: Any) -> dict[str, str]:
    """Spell `settings` as names and values; what equals its default is left out.

    Returns
    -------
    dict of str to str
        In the order of the fields, so that equal settings give equal addresses.
    """
    return _encode(settings, nested=True)


def decode(cls: type[S], mapping: Mapping[str, str | Sequence[str]]) -> tuple[S, list[str]]:
    """Read settings from names and values, whatever they hold.

    Names that `cls` does not know are ignored; of a name given several times the last value counts; a value that is
    none falls back to the default.

    Returns
    -------
    settings : cls
    mended : list of str
        The names whose values could not stand, in the order of the fields; then those that ``settings.repaired()``
        named, a method ``() -> (settings, names)`` by which a class may mend values that exclude each other.
    """
    return _decode(cls, mapping, nested=True)


def encode_line(settings: Any) -> str:
    """Spell `settings` as one string without spaces, for a value inside an address; never empty, nothing nested.

    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     bits: int = address("bits", whole(1, 16), default=4)
    >>> encode_line(Settings(bits=8)), encode_line(Settings())
    ('bits-8', '~')
    """
    pairs = _encode(settings, nested=False).items()
    return "~".join(f"{name}-{quote(value, safe=':,.+-').replace('~', '%7E')}" for name, value in pairs) or "~"


def decode_line(cls: type[S], line: str) -> tuple[S, list[str]]:
    """Read what `encode_line` wrote, or anything else. Pieces that are no ``name-value`` count as mended."""
    pieces = [piece.partition("-") for piece in line[:LONGEST_LINE].split("~") if piece]
    settings, mended = _decode(cls, {name: unquote(value) for name, dash, value in pieces if dash}, nested=False)
    stray = [name for name, dash, _ in pieces if not dash]
    return settings, mended + stray


def change(settings: S, **fields: Any) -> S:
    """Give `settings` with other values, each brought to what its address would read back.

    Raises
    ------
    ValueError
        If a value has no place in the address.
    """
    values = {}
    for name, value in fields.items():
        codec = entry(type(settings), name).codec
        try:
            values[name] = codec.read(codec.show(value))
        except _BROKEN as error:
            raise ValueError(str(error)) from error
    return _repaired(_replaced(settings, values))[0]


def carry(origin: Any, names: Sequence[str], target: S) -> S:
    """Give `target` with the values that `origin` has under these address names, where both know them.

    A value that the target has no entry for falls back to the target's default.
    """
    here = {found.name: found for found in entries(type(origin))}
    values = {}
    for there in entries(type(target)):
        if there.name in names and there.name in here:
            found = here[there.name]
            try:
                values[there.field] = there.codec.read(found.codec.show(getattr(origin, found.field)))
            except _BROKEN:
                values[there.field] = there.default
    return _repaired(_replaced(target, values))[0] if values else target


def _replaced(settings: S, values: dict[str, Any]) -> S:
    return cast(S, dataclasses.replace(cast(Any, settings), **values))


def _encode(settings: Any, *, nested: bool) -> dict[str, str]:
    shown = {}
    for found in entries(type(settings)):
        value = getattr(settings, found.field)
        if value != found.default and (nested or not found.nested):
            shown[found.name] = found.codec.show(value)
    return shown


def _decode(cls: type[S], mapping: Mapping[str, str | Sequence[str]], *, nested: bool) -> tuple[S, list[str]]:
    values, given, mended = {}, [], []
    for found in entries(cls):
        name = next((name for name in (found.name, *found.former) if name in mapping), None)
        if name is None or (found.nested and not nested):
            continue
        given.append(found.name)
        try:
            values[found.field] = found.codec.read(_last(mapping[name]))
        except _BROKEN:
            mended.append(found.name)
    try:
        settings = cls(**values)
    except _BROKEN:
        return cls(), given
    settings, repaired = _repaired(settings)
    return settings, mended + [name for name in repaired if name not in mended]


def _repaired(settings: S) -> tuple[S, list[str]]:
    mend = getattr(settings, "repaired", None)
    if mend is None:
        return settings, []
    better, names = mend()
    return cast(S, better), list(names)


def _last(value: str | Sequence[str]) -> str:
    text = value if isinstance(value, str) else value[-1]
    if not isinstance(text, str):
        raise TypeError(f"a value in an address must be text, got {text!r}; pass a string.")
    return text


def _pin(cls: type[S]) -> Codec[S | None]:
    def parse(line: str) -> S | None:
        settings, mended = decode_line(cls, line)
        if mended or not line:
            raise ValueError(f"a state of this page was expected, got {line!r}; pin it again.")
        return settings

    return optional(Codec(parse, encode_line, LONGEST_LINE))


def _within(value: N, lo: float, hi: float) -> N:
    if not (math.isfinite(value) and lo <= value <= hi):
        raise ValueError(f"a number from {lo} to {hi} was expected, got {value}; choose one in that range.")
    return value
