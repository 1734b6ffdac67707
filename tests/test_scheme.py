"""What a Scheme accepts, what it refuses and how it says so, and what follows from it."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given

from quantlab import Fixed, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Scheme
from tests.strategies import examples, schemes

FIELDS = {
    "bits": 8,
    "symmetric": True,
    "signed": True,
    "narrow_range": False,
    "symmetric_scale": "half_range",
    "affine_range": "include_zero",
    "range": MinMax(),
    "granularity": PerTensor(),
    "scale_dtype": "working",
    "division": "divide",
    "rounding": "half_even",
    "seed": 0,
    "zero_point_added": "after_rounding",
    "overflow": "saturate",
}

# Another valid value of each field.
OTHER = {
    "bits": 4,
    "symmetric": False,
    "signed": False,
    "narrow_range": True,
    "symmetric_scale": "full",
    "affine_range": "free",
    "range": Percentile(99.9),
    "granularity": PerGroup(32),
    "scale_dtype": "float16",
    "division": "reciprocal",
    "rounding": "stochastic",
    "seed": 7,
    "zero_point_added": "before_rounding",
    "overflow": "wrap",
}


def is_one_sentence_with_a_cure(text: str) -> bool:
    said, _, cure = text.partition("; ")
    return bool(said and cure) and text.endswith(".") and ". " not in text


def test_the_defaults_are_the_articles_and_the_fields_stand_in_the_order_in_which_they_act():
    assert {f.name: getattr(Scheme(), f.name) for f in dataclasses.fields(Scheme)} == FIELDS
    assert [f.name for f in dataclasses.fields(Scheme)] == list(FIELDS)
    assert (PerChannel().axis, PerGroup(32).axis) == (0, -1)


def test_fields_are_keyword_only():
    with pytest.raises(TypeError):
        Scheme(8)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_frozen_and_counts_for_equality(name):
    default, other = Scheme(), Scheme(**{name: OTHER[name]})
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(other, name, OTHER[name])
    assert other != default
    assert other == Scheme(**{name: OTHER[name]})
    assert len({default, other, Scheme(**{name: OTHER[name]})}) == 2


@pytest.mark.parametrize(
    "value", [MinMax(), Percentile(99.0), MinMSE(), Fixed(-1.0, 2.0), PerTensor(), PerChannel(1), PerGroup(4, 0)]
)
def test_ranges_and_granularities_are_frozen_values(value):
    same = dataclasses.replace(value)
    assert same == value
    assert hash(same) == hash(value)
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, 1)


@given(schemes())
@examples
def test_a_scheme_survives_pickling_and_replacing(scheme):
    for same in (pickle.loads(pickle.dumps(scheme)), dataclasses.replace(scheme)):
        assert same == scheme
        assert hash(same) == hash(scheme)


@pytest.mark.parametrize("bits", range(1, 17))
def test_codes_of_every_width(bits):
    half = 2 ** (bits - 1)
    signed, unsigned = Scheme(bits=bits), Scheme(bits=bits, signed=False)
    assert (signed.qmin, signed.qmax, signed.levels) == (-half, half - 1, 2 * half)
    assert (unsigned.qmin, unsigned.qmax, unsigned.levels) == (0, 2 * half - 1, 2 * half)
    assert signed.dtype == np.dtype(np.int8 if bits <= 8 else np.int16)
    assert unsigned.dtype == np.dtype(np.uint8 if bits <= 8 else np.uint16)
    if bits > 1:
        narrow = Scheme(bits=bits, narrow_range=True)
        assert (narrow.qmin, narrow.qmax, narrow.levels) == (1 - half, half - 1, 2 * half - 1)


REFUSED_VALUES = [
    ({"bits": 0}, ValueError, ["bits", "1 to 16", "got 0"]),
    ({"bits": 17}, ValueError, ["bits", "1 to 16", "got 17"]),
    ({"bits": -3}, ValueError, ["bits", "got -3"]),
    ({"bits": 8.0}, TypeError, ["bits", "8.0"]),
    ({"bits": True}, TypeError, ["bits", "True"]),
    ({"bits": "8"}, TypeError, ["bits", "'8'"]),
    ({"bits": None}, TypeError, ["bits", "None"]),
    ({"symmetric": 1}, TypeError, ["symmetric", "1"]),
    ({"signed": None}, TypeError, ["signed", "None"]),
    ({"narrow_range": "no"}, TypeError, ["narrow_range", "no"]),
    ({"symmetric_scale": "half"}, ValueError, ["symmetric_scale", "half_range", "restricted", "full", "'half'"]),
    ({"affine_range": "zero"}, ValueError, ["affine_range", "include_zero", "clamped", "free", "'zero'"]),
    ({"scale_dtype": "float64"}, ValueError, ["scale_dtype", "working", "float32", "float16", "'float64'"]),
    ({"scale_dtype": np.float16}, ValueError, ["scale_dtype", "float16"]),
    ({"division": "multiply"}, ValueError, ["division", "divide", "reciprocal", "'multiply'"]),
    ({"rounding": "up"}, ValueError, ["rounding", "half_even", "half_away", "floor", "stochastic", "'up'"]),
    ({"rounding": []}, ValueError, ["rounding", "[]"]),
    ({"zero_point_added": "first"}, ValueError, ["zero_point_added", "after_rounding", "before_rounding", "'first'"]),
    ({"overflow": "clip"}, ValueError, ["overflow", "saturate", "wrap", "'clip'"]),
    ({"range": "minmax"}, TypeError, ["range", "'minmax'"]),
    ({"range": MinMax}, TypeError, ["range", "MinMax"]),
    ({"range": (-1, 1)}, TypeError, ["range", "(-1, 1)"]),
    ({"granularity": "channel"}, TypeError, ["granularity", "'channel'"]),
    ({"granularity": 0}, TypeError, ["granularity", "0"]),
    ({"seed": -1}, ValueError, ["seed", "-1"]),
    ({"seed": 2**63}, ValueError, ["seed", str(2**63)]),
    ({"seed": 1.5}, TypeError, ["seed", "1.5"]),
]

REFUSED_TOGETHER = [
    ({"bits": 1, "narrow_range": True}, ["narrow_range", "1 bit"]),
    ({"bits": 1, "symmetric_scale": "restricted"}, ["restricted", "1 bit"]),
    ({"overflow": "wrap", "narrow_range": True}, ["wrap", "narrow_range"]),
    ({"signed": False, "narrow_range": True}, ["narrow_range", "signed"]),
]


@pytest.mark.parametrize(("fields", "error", "fragments"), REFUSED_VALUES)
def test_a_refusal_names_the_field_the_value_and_a_cure(fields, error, fragments):
    with pytest.raises(error) as refusal:
        Scheme(**fields)
    assert is_one_sentence_with_a_cure(str(refusal.value)), refusal.value
    for fragment in fragments:
        assert fragment in str(refusal.value)


@pytest.mark.parametrize(("fields", "fragments"), REFUSED_TOGETHER)
def test_combinations_that_make_no_sense_are_refused(fields, fragments):
    with pytest.raises(ValueError, match=fragments[0]) as refusal:
        Scheme(**fields)
    assert is_one_sentence_with_a_cure(str(refusal.value)), refusal.value
    for fragment in fragments[1:]:
        assert fragment in str(refusal.value)


def test_what_is_only_almost_one_of_these_combinations_is_accepted():
    Scheme(bits=1, symmetric=False, symmetric_scale="restricted")
    Scheme(bits=1, symmetric_scale="full")
    Scheme(bits=2, narrow_range=True, symmetric_scale="restricted")
    Scheme(bits=16, seed=2**63 - 1, signed=False, overflow="wrap")


@pytest.mark.parametrize(
    ("make", "error", "fragments"),
    [
        (lambda: Percentile(50), ValueError, ["p", "50"]),
        (lambda: Percentile(100.5), ValueError, ["p", "100.5"]),
        (lambda: Percentile(0.999), ValueError, ["p", "0.999"]),
        (lambda: Percentile(math.nan), ValueError, ["p", "nan"]),
        (lambda: Percentile("99"), TypeError, ["p", "'99'"]),
        (lambda: Fixed(1.0, 1.0), ValueError, ["lo", "hi", "1.0"]),
        (lambda: Fixed(2.0, -1.0), ValueError, ["lo", "hi", "2.0", "-1.0"]),
        (lambda: Fixed(-math.inf, 1.0), ValueError, ["lo", "-inf"]),
        (lambda: Fixed(0.0, math.inf), ValueError, ["hi", "inf"]),
        (lambda: Fixed(math.nan, 1.0), ValueError, ["lo", "nan"]),
        (lambda: Fixed(0, 10**400), ValueError, ["hi"]),
        (lambda: Fixed(None, 1.0), TypeError, ["lo", "None"]),
        (lambda: PerGroup(0), ValueError, ["size", "0"]),
        (lambda: PerGroup(-4), ValueError, ["size", "-4"]),
        (lambda: PerGroup(2.0), TypeError, ["size", "2.0"]),
        (lambda: PerGroup(4, axis="last"), TypeError, ["axis", "'last'"]),
        (lambda: PerChannel(axis=0.0), TypeError, ["axis", "0.0"]),
        (lambda: PerChannel(axis=None), TypeError, ["axis", "None"]),
    ],
)
def test_ranges_and_granularities_refuse_bad_values(make, error, fragments):
    with pytest.raises(error) as refusal:
        make()
    assert is_one_sentence_with_a_cure(str(refusal.value)), refusal.value
    for fragment in fragments:
        assert fragment in str(refusal.value)


def test_the_ends_of_what_is_allowed():
    assert Percentile(100).p == 100
    assert Percentile(math.nextafter(50, 51)).p > 50
    assert PerGroup(1).size == 1
    assert Fixed(0.0, 5e-324).hi > 0
