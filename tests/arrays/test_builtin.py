"""The built-in arrays: every entry of SOURCES, and the story that each is there for."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.arrays import SIZES, SOURCES, Array, build
from quantlab.arrays.builtin import MAX_SEED

RANDOM = [name for name, source in SOURCES.items() if source.seeded]


def sqnr_db(x, bits, clip=None):
    """Symmetric, half-range: the article's rule, written out."""
    x = x.astype(np.float64)
    step = (np.abs(x).max() if clip is None else clip) / 2 ** (bits - 1)
    codes = np.clip(np.rint(x / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return 10 * np.log10((x**2).sum() / ((codes * step - x) ** 2).sum())


def test_the_menu_has_the_twelve_entries_in_order():
    expected = "article normal uniform laplace student relu silu bimodal outlier channels trained ties"
    assert list(SOURCES) == expected.split()
    assert all(name == source.name for name, source in SOURCES.items())


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_finite_float32_of_the_size_asked_for(name):
    for size in ("10x10", "100x100"):
        values = build(name, size=size).values
        assert values.dtype == np.float32
        assert values.flags.c_contiguous
        assert not values.flags.writeable
        assert np.isfinite(values).all()
        assert not SOURCES[name].sized or values.shape == SIZES[size]


@pytest.mark.parametrize("name", SOURCES)
def test_same_arguments_give_the_same_bytes_and_another_seed_others(name):
    first, again, other = build(name, seed=3), build(name, seed=3), build(name, seed=4)
    assert first.digest == again.digest
    assert (first.values.tobytes() == again.values.tobytes()) is True
    assert (first.digest == other.digest) is not SOURCES[name].seeded


@pytest.mark.parametrize("name", SOURCES)
def test_labels_help_and_parameters_can_stand_in_a_menu(name):
    source = SOURCES[name]
    assert 0 < len(source.label) <= 30
    assert source.help.endswith(".")
    for parameter in source.parameters:
        assert parameter.lo <= parameter.default <= parameter.hi
        assert parameter.step > 0
        assert parameter.name.isidentifier()
        assert parameter.label
        assert parameter.help.endswith(".")


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_parameter_within_or_beyond_its_bounds_breaks_a_source(name, data):
    numbers = st.floats(allow_nan=False)
    given = {
        p.name: data.draw(st.floats(p.lo, p.hi) | st.sampled_from((p.lo, p.hi)) | numbers)
        for p in SOURCES[name].parameters
    }
    seed = data.draw(st.integers(0, MAX_SEED))
    assert np.isfinite(build(name, seed=seed, **given).values).all()


def test_every_parameter_changes_the_values():
    for source in SOURCES.values():
        for parameter in source.parameters:
            moved = build(source.name, **{parameter.name: parameter.hi})
            assert moved.digest != build(source.name).digest, (source.name, parameter.name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "nosuch"}, "data must be article or normal"),
        ({"name": "article", "size": "3x3"}, "size must be 10x10 or"),
        ({"name": "article", "seed": -1}, "seed must be 0 to"),
        ({"name": "article", "seed": 2**63}, "seed must be 0 to"),
        ({"name": "normal", "mean": float("nan")}, "mean must be a number"),
        ({"name": "normal", "mode": 1.0}, "parameter of normal must be mean or std, got 'mode'"),
    ],
)
def test_what_is_not_on_the_menu_is_refused_in_a_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_article_is_numpys_rand_bit_for_bit(seed):
    np.random.seed(seed)
    expected = np.random.rand(10, 10).astype(np.float32)
    np.testing.assert_array_equal(build("article", seed=seed).values, expected)


def test_article_at_four_bits_has_the_decibels_that_the_page_opens_on():
    assert sqnr_db(build("article").values, 4) == pytest.approx(21.7, abs=0.05)


def test_uniform_stays_between_its_ends_in_either_order():
    forward, backward = (build("uniform", size="100x100", lo=lo, hi=hi) for lo, hi in ((5, 6), (6, 5)))
    assert forward.digest == backward.digest
    assert forward.values.min() >= 5
    assert forward.values.max() <= 6
    assert np.ptp(forward.values) > 0.99
    np.testing.assert_array_equal(build("uniform", lo=2, hi=2).values, np.full((10, 10), 2, np.float32))


def test_normal_has_the_mean_and_width_asked_for():
    values = build("normal", size="1000x1000", mean=3, std=0.5).values
    assert values.mean() == pytest.approx(3, abs=0.01)
    assert values.std() == pytest.approx(0.5, abs=0.01)


def test_fewer_degrees_of_freedom_reach_further_out():
    cauchy, nearly_normal = (np.abs(build("student", size="100x100", df=df).values).max() for df in (1, 100))
    assert nearly_normal < 7 < 100 < cauchy


def test_relu_is_exactly_zero_half_of_the_time_and_never_negative():
    values = build("relu", size="1000x1000").values
    assert (values == 0).mean() == pytest.approx(0.5, abs=0.01)
    assert values.min() == 0
    assert not np.signbit(values).any()


def test_silu_has_its_minimum_and_no_upper_end():
    values = build("silu", size="1000x1000").values
    assert values.min() == pytest.approx(-0.2785, abs=1e-3)
    assert values.max() > 5


def test_bimodal_has_two_humps_and_a_valley():
    counts = np.histogram(build("bimodal", size="100x100").values, bins=[-8, -5, -3, -1, 1, 3, 5, 8])[0]
    assert min(counts[1], counts[5]) > 3000
    assert counts[3] < 100


@pytest.mark.parametrize("seed", range(4))
def test_one_outlier_tells_its_story_for_every_seed(seed):
    values = build("outlier", size="100x100", seed=seed).values
    normal = build("normal", size="100x100", seed=seed).values
    assert (values != normal).sum() == 1
    far = np.abs(values).max()
    assert far == pytest.approx(50 / 3, rel=0.01)
    best = {b: max(sqnr_db(values, b, clip) for clip in np.linspace(2, 6, 41)) for b in (4, 8)}
    assert sqnr_db(values, 4) == pytest.approx(5, abs=0.6)
    assert best[4] == pytest.approx(15, abs=0.5)
    clipped_at_4 = sqnr_db(values, 8, np.percentile(np.abs(values), 99.9))
    assert sqnr_db(values, 8) - clipped_at_4 > 9


def test_the_share_of_outliers_is_exact():
    normal = build("normal", size="100x100").values
    values = build("outlier", size="100x100", share=0.02, factor=4).values
    changed = values != normal
    assert changed.sum() == 200
    np.testing.assert_array_equal(values[changed], normal[changed] * np.float32(4))


def test_rows_of_channels_widen_by_the_factor():
    widths = build("channels", size="1000x1000", factor=100).values.std(axis=1)
    assert widths[-1] / widths[0] == pytest.approx(100, rel=0.2)
    assert (widths[100:] > widths[:-100]).all()


def test_every_second_of_the_ties_is_midway_between_two_codes_at_four_bits():
    values = build("ties").values
    assert values.shape == (33,)
    steps = values / (np.abs(values).max() / 8)
    assert (steps % 1 == 0.5).sum() == 16
    assert (steps % 1 == 0).sum() == 17


def test_ten_million_values_come_from_the_same_generators():
    values = build("uniform", size="2500x4000").values
    assert values.shape == (2500, 4000)
    assert values.mean() == pytest.approx(0, abs=1e-3)


def test_an_array_never_changes_behind_its_digest():
    mine = np.arange(6, dtype=np.float32).reshape(2, 3)
    array = Array.of(mine, "mine")
    mine[0, 0] = 99
    assert array.values[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        array.values[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        array.name = "other"


def test_a_digest_tells_dtype_shape_and_bytes_apart_and_nothing_else():
    x = np.arange(12, dtype=np.int32).reshape(3, 4)
    same = {Array.of(v, name).digest for v, name in ((x, "a"), (np.asfortranarray(x), "b"), (x[::1], "c"))}
    assert len(same) == 1
    others = {Array.of(v, "a").digest for v in (x, x.T, x.reshape(4, 3), x.astype(np.uint32), x + 1)}
    assert len(others) == 5
    assert Array.of(np.array([0.0]), "a").digest != Array.of(np.array([-0.0]), "a").digest


def test_an_array_of_transposed_values_is_c_contiguous():
    x = np.arange(6.0).reshape(2, 3).T
    values = Array.of(x, "t").values
    assert values.flags.c_contiguous
    np.testing.assert_array_equal(values, x)
