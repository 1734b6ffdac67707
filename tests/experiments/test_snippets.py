from __future__ import annotations

import numpy as np
import pytest
from snippet_cases import DTYPES, SHAPES, difficult, disagreement, draw, run, written

from quantlab import Fixed, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.experiments.tensor.recipe import real
from quantlab.experiments.tensor.snippets import LIBRARIES, snippet


@pytest.mark.parametrize("seed", range(4))
def test_numpy_gives_our_codes_for_any_scheme(seed, tmp_path):
    for x, scheme in draw(150, seed):
        assert not disagreement("numpy", x, scheme, tmp_path)


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(1), PerGroup(4, 0)], ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [1, 4, 8, 16])
def test_numpy_gives_our_codes_in_the_default_order(bits, symmetric, granularity, tmp_path):
    common = {"rounding": "half_even", "division": "divide", "zero_point_added": "after_rounding"}
    for x, scheme in draw(12, bits, granularity=granularity, bits=bits, symmetric=symmetric, shape=(6, 11), **common):
        assert not disagreement("numpy", x, scheme, tmp_path)


@pytest.mark.parametrize(("x", "scheme"), difficult())
def test_numpy_gives_our_codes_where_precision_decides(x, scheme, tmp_path):
    assert not disagreement("numpy", x, scheme, tmp_path)


def test_the_drawn_cases_are_as_many_sided_as_they_are_meant_to_be():
    drawn = [case for seed in range(4) for case in draw(150, seed)]
    assert {x.dtype.name for x, _ in drawn} == set(DTYPES)
    assert {x.shape for x, _ in drawn} == set(SHAPES)
    assert any(not np.isfinite(x).all() for x, _ in drawn)
    assert {type(scheme.range) for _, scheme in drawn} == {type(r) for r in (Percentile(99), MinMSE(), Fixed(0, 1))} | {
        type(Scheme().range)
    }
    assert {scheme.bits for _, scheme in drawn} == {1, 2, 3, 4, 8, 12, 16}


def test_numpy_always_has_code():
    for x, scheme in draw(100, 5):
        q = Quantizer(x, scheme)
        found = snippet("numpy", scheme, q.scale, q.zero_point, x.shape, x.dtype)
        assert found.code
        assert found.reason is None


def test_a_short_rule_is_computed_from_the_values_and_holds_for_others():
    x, other = (np.random.default_rng(seed).normal(size=50).astype(np.float32) for seed in (0, 1))
    for scheme in (
        Scheme(bits=4),
        Scheme(symmetric=False),
        Scheme(symmetric=False, affine_range="clamped", range=Percentile(90)),
        Scheme(symmetric_scale="restricted", scale_dtype="float16"),
        Scheme(symmetric=False, range=Fixed(-0.1, 0.7)),
        # The zero point of these values is 0 by chance: it may not be left out.
        Scheme(bits=3, symmetric=False, zero_point_added="before_rounding"),
    ):
        q = Quantizer(x, scheme)
        code = snippet("numpy", scheme, q.scale, q.zero_point, x.shape, x.dtype).code
        assert np.array_equal(run(code, other), Quantizer(other, scheme).quantize(other))


def test_what_takes_a_search_is_stated_and_the_remark_says_so():
    x = np.random.default_rng(0).normal(size=50).astype(np.float32)
    q = Quantizer(x, Scheme(range=MinMSE()))
    found = snippet("numpy", q.scheme, q.scale, q.zero_point, x.shape, x.dtype)
    assert f"np.float32({q.scale!s})" in found.code
    assert "another array needs its own" in found.remark
    ruled = Quantizer(x)
    assert not snippet("numpy", ruled.scheme, ruled.scale, ruled.zero_point, x.shape, x.dtype).remark


@pytest.mark.parametrize(
    "x", [np.zeros((0, 3)), np.zeros(3), np.array(2.5), np.full((2, 2), np.inf), np.float32([-1e38])]
)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("affine_range", ["include_zero", "clamped", "free"])
@pytest.mark.parametrize("scale_dtype", ["working", "float16"])
def test_degenerate_arrays_and_held_scales_have_their_codes_too(x, symmetric, affine_range, scale_dtype, tmp_path):
    scheme = Scheme(symmetric=symmetric, affine_range=affine_range, scale_dtype=scale_dtype)
    for values in (x, x.astype(np.float32)):
        assert not disagreement("numpy", values, scheme, tmp_path)


def test_types_that_numpy_has_not_itself_and_wide_integers_have_their_codes(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.random.default_rng(0).normal(size=(5, 9)) * 100
    for dtype in (ml_dtypes.bfloat16, np.int64, np.uint32, ">f4"):
        assert not disagreement("numpy", np.abs(values).astype(dtype), Scheme(symmetric=False), tmp_path)


def test_few_scales_stand_in_the_code_and_many_are_read_from_the_export(tmp_path):
    rng = np.random.default_rng(0)
    for rows, stated in ((3, True), (40, False)):
        x = rng.normal(size=(rows, 8)).astype(np.float32)
        q = Quantizer(x, Scheme(granularity=PerChannel(0)))
        assert ("np.load" not in written("numpy", x, q, tmp_path).code) is stated


def test_the_name_of_the_export_cannot_become_code():
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    q = Quantizer(x, Scheme(granularity=PerChannel(0)))
    name = 'a"); raise SystemExit("\\\n.npz'
    found = snippet("numpy", q.scheme, q.scale, q.zero_point, x.shape, x.dtype, export=name)
    with pytest.raises(FileNotFoundError) as caught:
        run(found.code, x)
    assert caught.value.filename == name


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_snippet_is_short_and_fits_the_page(library):
    for x, scheme in draw(300, 6):
        q = Quantizer(x, scheme)
        found = snippet(library, scheme, q.scale, q.zero_point, x.shape, x.dtype)
        assert (found.code is None) is bool(found.reason)
        if found.code:
            lines = [line for line in found.code.splitlines() if line and not line.startswith(("import", "#"))]
            assert len(lines) <= 19
            assert max(map(len, lines)) <= 120
        else:
            assert found.reason.endswith(".")


def test_the_default_snippet_of_each_library_is_about_ten_lines():
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    q = Quantizer(x)
    lengths = {name: len(written_lines(name, q, x)) for name in LIBRARIES}
    assert lengths["numpy"] <= 8
    assert lengths["torch"] <= 9
    assert lengths["onnxruntime"] <= 18


def written_lines(library, q, x):
    return snippet(library, q.scheme, q.scale, q.zero_point, x.shape, x.dtype).code.splitlines()


def test_an_unknown_library_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="library must be one of numpy, onnxruntime, torch, got 'jax'"):
        snippet("jax", Scheme(), np.float32(1), 0, (1,), np.dtype("float32"))


def test_a_stated_number_is_exactly_the_one_meant():
    rng = np.random.default_rng(0)
    for dtype, bits in (("float32", np.uint32), ("float64", np.uint64)):
        values = rng.integers(0, np.iinfo(bits).max, 2000, dtype=bits).view(dtype)
        for value in values[np.isfinite(values)]:
            assert np.dtype(dtype).type(float(real(float(value), np.dtype(dtype)))) == value
