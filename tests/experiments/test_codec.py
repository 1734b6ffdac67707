"""The address: what is written comes back, and nothing that a stranger writes breaks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quantlab.experiments.codec import (
    address,
    carry,
    change,
    choice,
    decode,
    decode_line,
    encode,
    encode_line,
    flag,
    itself,
    optional,
    parsed,
    real,
    whole,
)


def _read_size(text: str) -> tuple[int, int]:
    rows, columns = text.split("x")
    return int(rows), int(columns)


@dataclass(frozen=True)
class Settings:
    bits: int = address("bits", whole(1, 16), default=4)
    symmetric: bool = address("grid", flag(true="symmetric", false="affine"), default=True)
    data: str = address("data", choice("article", "normal", "yours"), default="article", former=("source",))
    share: float = address("share", real(-1e300, 1e300), default=0.5)
    size: tuple[int, int] = address("size", parsed(_read_size, lambda size: f"{size[0]}x{size[1]}"), default=(10, 10))
    channel: int | None = address("channel", optional(whole(0, 99)), default=None)
    title: str = address("title", parsed(str, str), default="")
    pin: Settings | None = address("pin", itself(), default=None)
    scratch: int = 0


@dataclass(frozen=True)
class Narrow:
    bits: int = address("bits", whole(1, 16), default=8)
    narrow: bool = address("narrow", flag(true="yes", false="no"), default=False)

    def repaired(self) -> tuple[Narrow, list[str]]:
        return (replace(self, narrow=False), ["narrow"]) if self.bits == 1 and self.narrow else (self, [])


@dataclass(frozen=True)
class Strict:
    lo: int = address("lo", whole(0, 9), default=0)
    hi: int = address("hi", whole(0, 9), default=9)

    def __post_init__(self) -> None:
        if self.lo >= self.hi:
            raise ValueError(f"lo must be below hi, got {self.lo} and {self.hi}; swap them.")


plain = st.builds(
    Settings,
    bits=st.integers(1, 16),
    symmetric=st.booleans(),
    data=st.sampled_from(["article", "normal", "yours"]),
    share=st.floats(-1e300, 1e300),
    size=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    channel=st.none() | st.integers(0, 99),
    title=st.text(st.characters(codec="utf-8"), max_size=60),
    pin=st.none(),
)
pinned = st.builds(replace, plain, pin=st.none() | plain)
junk = st.one_of(
    st.text(max_size=60),
    st.text("0123456789-+.e_~%:x", max_size=60),
    st.sampled_from(["", "nan", "inf", "1e400", "-0", "9" * 5_000, "٤", "1_0", "0x4", "<script>", "\x00", "~" * 9_000]),
)
names = st.sampled_from(["bits", "grid", "data", "source", "share", "size", "channel", "title", "pin", "utm_source"])


@given(pinned)
def test_what_is_written_comes_back(settings: Settings) -> None:
    assert decode(Settings, encode(settings)) == (settings, [])


@given(pinned)
def test_it_comes_back_through_a_query_string_too(settings: Settings) -> None:
    query = parse_qs(urlencode(encode(settings)), keep_blank_values=True)
    assert decode(Settings, query) == (settings, [])


@given(plain)
def test_a_line_comes_back(settings: Settings) -> None:
    line = encode_line(settings)
    assert line
    assert decode_line(Settings, line) == (settings, [])


@given(st.dictionaries(names, junk | st.lists(junk, max_size=3)))
@example({"bits": "9" * 5_000})
@example({"pin": "pin-bits-4"})
@example({"share": "nan", "size": "10", "bits": []})
def test_any_junk_gives_settings_that_write_a_clean_address(mapping: dict[str, str | list[str]]) -> None:
    settings, mended = decode(Settings, mapping)
    assert decode(Settings, encode(settings)) == (settings, [])
    assert 1 <= settings.bits <= 16
    assert settings.pin is None or settings.pin.pin is None
    assert set(mended) <= {"bits", "grid", "data", "share", "size", "channel", "title", "pin"}


@given(junk)
def test_any_line_gives_settings(line: str) -> None:
    assert isinstance(decode_line(Settings, line)[0], Settings)


def test_defaults_are_left_out_and_the_order_is_that_of_the_fields() -> None:
    assert encode(Settings()) == {}
    assert list(encode(Settings(channel=3, bits=8, scratch=7))) == ["bits", "channel"]


@pytest.mark.parametrize("text", ["17", "0", "-5", "abc", "", "nan", "1e3", "4.0", "9" * 5_000, " 4", "٤", "1_0"])
def test_a_value_that_is_none_falls_back_to_the_default_and_is_named(text: str) -> None:
    assert decode(Settings, {"bits": text}) == (Settings(), ["bits"])


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "1e301", "", "1,5", "--1", "1" * 41])
def test_a_real_value_is_finite_and_within_its_limits(text: str) -> None:
    assert decode(Settings, {"share": text}) == (Settings(), ["share"])


def test_unknown_names_are_ignored_and_of_a_repeated_name_the_last_counts() -> None:
    assert decode(Settings, {"utm_source": "x", "bits": ["4", "9"]}) == (Settings(bits=9), [])


def test_a_former_name_is_understood_and_yields_to_the_present_one() -> None:
    assert decode(Settings, {"source": "normal"})[0].data == "normal"
    assert decode(Settings, {"source": "normal", "data": "yours"})[0].data == "yours"
    assert encode(Settings(data="normal")) == {"data": "normal"}


def test_a_pin_of_the_defaults_is_a_pin() -> None:
    settings = Settings(bits=8, pin=Settings())
    assert encode(settings) == {"bits": "8", "pin": "~"}
    assert decode(Settings, {"bits": "8", "pin": "~"}) == (settings, [])


@pytest.mark.parametrize("line", ["", "foo", "bits-99", "bits-4~junk"])
def test_a_broken_pin_goes_as_a_whole(line: str) -> None:
    assert decode(Settings, {"pin": line}) == (Settings(), ["pin"])


def test_a_pinned_state_has_no_pin() -> None:
    settings = Settings(pin=Settings(bits=2, pin=Settings(bits=3)))
    assert decode(Settings, encode(settings))[0].pin == Settings(bits=2)


def test_values_that_exclude_each_other_are_repaired_and_named() -> None:
    assert decode(Narrow, {"bits": "1", "narrow": "yes"}) == (Narrow(bits=1), ["narrow"])
    assert change(Narrow(narrow=True), bits=1) == Narrow(bits=1)


def test_settings_that_refuse_themselves_fall_back_to_the_defaults() -> None:
    assert decode(Strict, {"lo": "7", "hi": "3"}) == (Strict(), ["lo", "hi"])


def test_a_change_holds_what_its_address_would_read_back() -> None:
    assert change(Settings(), share=7).share == 7.0
    assert isinstance(change(Settings(), share=7).share, float)
    with pytest.raises(ValueError, match="1 to 16"):
        change(Settings(), bits=17)


def test_what_travels_is_what_both_pages_know() -> None:
    @dataclass(frozen=True)
    class Other:
        bits: int = address("bits", whole(1, 8), default=8)
        data: str = address("data", choice("digits", "normal"), default="digits")
        seed: int = address("seed", whole(0, 9), default=0)

    names = ("bits", "grid", "data")
    assert carry(Settings(bits=3, data="normal"), names, Other(seed=4)) == Other(bits=3, data="normal", seed=4)
    assert carry(Settings(bits=12, data="yours"), names, Other(bits=2, data="normal")) == Other()
