"""The quantized product against Python's integers and fractions, and against float64 of the dequantized matrices."""

from unittest import mock

import hypothesis.strategies as st
import integer_model
import numpy as np
import pytest
from hypothesis import given, settings
from operand_cases import pairs

from quantlab import PerChannel, PerGroup, QTensor, Quantizer, Scheme, kernels
from quantlab.linear import matmul, quantized_matmul, zero_point_terms


def by_group(array, group_size):
    return array if group_size is not None else array[None]


@settings(max_examples=150)
@given(pair=pairs(), threads=st.sampled_from([1, 2]), worth_a_call=st.sampled_from([0, 2**40]))
def test_the_accumulator_is_the_exact_integer_sum(pair, threads, worth_a_call):
    expected, _ = integer_model.quantized_matmul(pair.a, pair.b, pair.group_size)
    with mock.patch.object(matmul, "_WORTH_A_CALL", worth_a_call):
        found = quantized_matmul(pair.a, pair.b, group_size=pair.group_size, threads=threads).accumulator
    assert found.dtype == np.int32
    assert np.array_equal(by_group(found, pair.group_size), expected)


def test_a_thousand_groups_of_one_term_are_summed_without_a_call_of_the_kernel_each(monkeypatch):
    monkeypatch.setattr(kernels, "int_matmul", None)
    a, b = np.full((2, 1000), -128, np.int8), np.full((1000, 3), 127, np.int8)
    found = quantized_matmul(QTensor(a, 0.5, 127), QTensor(b, 0.5, -128), group_size=1)
    assert (found.accumulator == -255 * 255).all()
    assert (found.accumulator.shape, found.scale.shape) == ((1000, 2, 3), (1000, 1, 1))


@pytest.mark.parametrize("worth_a_call", [0, 2**40])
def test_short_groups_whose_sums_could_leave_int32_are_refused_however_they_are_summed(worth_a_call, monkeypatch):
    monkeypatch.setattr(matmul, "_WORTH_A_CALL", worth_a_call)
    a, b = QTensor(np.ones((2, 4), np.int8), 0.5, -(2**30)), QTensor(np.full((4, 3), 3, np.int8), 0.5, 0)
    with pytest.raises(ValueError, match="int32"):
        quantized_matmul(a, b, group_size=1)


@settings(max_examples=150)
@given(pair=pairs())
def test_the_four_terms_add_up_to_the_accumulator_and_are_what_they_are_called(pair):
    terms = zero_point_terms(pair.a, pair.b, group_size=pair.group_size)
    accumulator = quantized_matmul(pair.a, pair.b, group_size=pair.group_size).accumulator
    assert np.array_equal(terms.total, accumulator)
    each = [by_group(t, pair.group_size) for t in (terms.product, terms.of_a_zero, terms.of_b_zero, terms.constant)]
    assert all(t.dtype == np.int64 and t.shape == each[0].shape for t in each)
    for group, run in enumerate(integer_model.groups_of(pair.x.shape[1], pair.group_size)):
        for i, j in np.ndindex(each[0].shape[1:]):
            a, b = pair.a.codes[i, run].tolist(), pair.b.codes[run, j].tolist()
            za, zb = integer_model.entry(pair.a.zero_point, i, group), integer_model.entry(pair.b.zero_point, group, j)
            products = sum(p * q for p, q in zip(a, b, strict=True))
            expected = [products, -za * sum(b), -zb * sum(a), len(run) * za * zb]
            assert [t[group, i, j] for t in each] == expected


@settings(max_examples=150)
@given(pair=pairs(dtype=np.float64))
def test_in_float64_the_values_are_the_float_product_of_the_dequantized_matrices(pair):
    found = quantized_matmul(pair.a, pair.b, group_size=pair.group_size).values
    x_hat, w_hat = (q.dequantize(side.codes) for q, side in zip(pair[2:4], (pair.a, pair.b), strict=True))
    assert found.dtype == np.float64
    assert (np.abs(found - x_hat @ w_hat) <= 1e-14 * (np.abs(x_hat) @ np.abs(w_hat))).all()


@settings(max_examples=100)
@given(pair=pairs(dtype=np.float32))
def test_in_float32_the_values_are_the_exact_ones_rounded_once(pair):
    found = quantized_matmul(pair.a, pair.b, group_size=pair.group_size).values
    _, exact = integer_model.quantized_matmul(pair.a, pair.b, pair.group_size)
    assert found.dtype == np.float32
    # A sum of groups that cancel has float64's rounding in it, which is relative to the largest group.
    x_hat, w_hat = (q.dequantize(side.codes) for q, side in zip(pair[2:4], (pair.a, pair.b), strict=True))
    size = np.abs(x_hat.astype(np.float64)) @ np.abs(w_hat.astype(np.float64))
    nearest = np.array([[float(value) for value in row] for row in exact])
    assert (np.abs(found - nearest) <= 2.0**-24 * np.abs(nearest) * (1 + 1e-6) + 1e-14 * size).all()


def test_the_articles_example_comes_within_its_error():
    rng = np.random.RandomState(0)
    differences = []
    for _ in range(50):
        x, w = rng.rand(10, 5).astype(np.float32), rng.rand(5, 4).astype(np.float32)
        quantizers = Quantizer(x, bits=8), Quantizer(w, bits=8)
        a, b = (QTensor(q.quantize(v), q.scale, q.zero_point) for q, v in zip(quantizers, (x, w), strict=True))
        differences.append(np.abs(quantized_matmul(a, b).values - x @ w).max())
    assert 0.005 < np.median(differences) < 0.03
    assert np.mean([0.005 < d < 0.03 for d in differences]) > 0.9


def test_the_parameters_of_a_product_are_shaped_to_meet_its_accumulator():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 10)), rng.normal(size=(10, 2))
    for x_kind, w_kind, group_size, scale in [
        (PerChannel(0), PerChannel(1), None, (3, 2)),
        (PerChannel(0), PerGroup(4, axis=0), 4, (3, 3, 2)),
        (PerGroup(4, axis=1), PerChannel(1), 4, (3, 3, 2)),
        (PerChannel(0), PerChannel(1), 10, (1, 3, 2)),
    ]:
        quantizers = [Quantizer(v, Scheme(granularity=kind)) for v, kind in ((x, x_kind), (w, w_kind))]
        a, b = (QTensor(q.quantize(v), q.scale, q.zero_point) for q, v in zip(quantizers, (x, w), strict=True))
        product = quantized_matmul(a, b, group_size=group_size)
        assert product.scale.shape == scale
        assert product.accumulator.shape == (scale if group_size else (3, 2))
        total = product.accumulator * product.scale
        assert np.allclose(total.sum(axis=0) if group_size else total, product.values, rtol=1e-14)


def test_terms_beyond_int32_still_add_up():
    k = 70_000
    a = QTensor(np.full((1, k), 255, np.uint8), 1.0, 255)
    b = QTensor(np.full((k, 1), 255, np.uint8), 1.0, np.int64(0))
    terms = zero_point_terms(a, b)
    assert terms.product.item() == 255 * 255 * k > 2**31
    assert terms.total.item() == 0 == quantized_matmul(a, b).accumulator.item()
    exact = zero_point_terms(QTensor(a.codes, 1.0, 0), b).total
    assert exact.item() == 255 * 255 * k
    with pytest.raises(ValueError, match="K = 70000 could leave int32"):
        quantized_matmul(QTensor(a.codes, 1.0, 0), b)


@pytest.mark.parametrize("working", [np.float32, np.float64])
def test_steps_beyond_a_floats_range_are_held_and_nothing_stays_nothing(working):
    codes = np.array([[0, 1]], np.int8)
    for scale in (np.finfo(working).max, np.finfo(working).smallest_normal):
        a, b = QTensor(codes, working(scale), 0), QTensor(np.array([[1, 0], [0, 127]], np.int8), working(scale), 0)
        values = quantized_matmul(a, b).values
        assert np.isfinite(values).all()
        assert values[0, 0] == 0
        assert values[0, 1] == (np.finfo(working).max if scale > 1 else values[0, 1])


def test_no_rows_and_no_columns_give_an_empty_product():
    a, b = QTensor(np.ones((0, 3), np.int8), np.ones((0, 1)), 1), QTensor(np.ones((3, 2), np.int8), 1.0, 2)
    assert quantized_matmul(a, b).values.shape == (0, 2) == zero_point_terms(a, b).total.shape
    empty = QTensor(np.ones((3, 0), np.int8), np.ones((1, 0)), np.ones((1, 0), int))
    assert quantized_matmul(b_as_a(b), empty).values.shape == (2, 0)


def b_as_a(b):
    return QTensor(b.codes.T, b.scale, b.zero_point)


A, B = QTensor(np.ones((2, 6), np.int8), 1.0, 0), QTensor(np.ones((6, 3), np.int8), 1.0, 0)


def changed(side, **fields):
    return QTensor(*(fields.get(name, getattr(side, name)) for name in ("codes", "scale", "zero_point")))


@pytest.mark.parametrize(
    ("a", "b", "group_size", "kind", "sentence"),
    [
        (np.ones((2, 6)), B, None, TypeError, "a must be a QTensor, got ndarray"),
        (
            changed(A, codes=np.ones((2, 6), np.int16)),
            B,
            None,
            TypeError,
            "Codes of a must be int8 or uint8, got int16",
        ),
        (A, changed(B, codes=[[1]]), None, TypeError, "Codes of b must be int8 or uint8, got list"),
        (
            A,
            changed(B, codes=np.ones(6, np.int8)),
            None,
            ValueError,
            r"Codes of b must have two axes, got shape \(6,\)",
        ),
        (A, changed(B, codes=np.ones((5, 3), np.int8)), None, ValueError, r"a of shape \(2, 6\) does not fit b of sh"),
        (
            changed(A, codes=np.ones((2, 0), np.int8)),
            changed(B, codes=np.ones((0, 3), np.int8)),
            None,
            ValueError,
            r"a of shape \(2, 0\) leaves nothing to sum; K must be 1 or more",
        ),
        (A, B, 0, ValueError, "group_size must be a whole number, 1 or more, got 0"),
        (A, B, True, ValueError, "group_size must be a whole number, 1 or more, got True"),
        (
            changed(A, scale=np.ones((1, 6))),
            B,
            None,
            ValueError,
            r"Scale of a must be one number or broadcast to \(2, 1",
        ),
        (A, changed(B, scale=np.ones((6, 1))), None, ValueError, "changes along K cannot leave the sum"),
        (
            A,
            changed(B, scale=np.ones((2, 3))),
            2,
            ValueError,
            r"broadcast to \(3, 3\) for groups of 2, got shape \(2, 3",
        ),
        (
            A,
            changed(B, zero_point=np.ones((6, 1), int)),
            None,
            ValueError,
            "Zero point of b must be one number or broad",
        ),
        (A, changed(B, zero_point=0.5), None, TypeError, "Zero point of b must be whole numbers, got dtype float64"),
        (A, changed(B, zero_point=2**31), None, ValueError, "Zero point of b must lie within int32, got 2147483648"),
        (changed(A, scale=1), B, None, TypeError, "Scale of a must be a float, got dtype int64"),
        (changed(A, scale=0.0), B, None, ValueError, "Scale of a must be positive and finite"),
    ],
)
@pytest.mark.parametrize("multiply", [quantized_matmul, zero_point_terms])
def test_what_does_not_fit_is_refused_in_one_sentence(multiply, a, b, group_size, kind, sentence):
    with pytest.raises(kind, match=sentence) as refusal:
        multiply(a, b, group_size=group_size)
    assert str(refusal.value).count(". ") == 0


def test_terms_beyond_int64_are_refused():
    far = 2**31 - 1
    with pytest.raises(ValueError, match="K = 6 with zero points up to 2147483647 and 2147483647 could leave int64"):
        zero_point_terms(changed(A, zero_point=far), changed(B, zero_point=far))
