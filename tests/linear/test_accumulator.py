"""Narrow accumulators against Python's integers, and what is guaranteed against the worst codes there are."""

import hypothesis.strategies as st
import integer_model
import numpy as np
import pytest
from hypothesis import given, settings
from operand_cases import grids, pairs

from quantlab import PerChannel, PerTensor, QTensor, Quantizer, Scheme
from quantlab.linear import (
    accumulate,
    accumulator_range,
    bits_needed,
    centred_range,
    product_bits,
    quantized_matmul,
    reached,
    running_sum,
    safe_k,
    sum_bits,
)

WAYS = ("saturate", "wrap")
widths = st.one_of(st.sampled_from([8, 16, 32]), st.integers(2, 32))


@settings(max_examples=200)
@given(pair=pairs(), bits=widths, overflow=st.sampled_from(WAYS))
def test_the_accumulator_holds_what_step_by_step_addition_leaves(pair, bits, overflow):
    found = accumulate(pair.a, pair.b, bits=bits, overflow=overflow, group_size=pair.group_size)
    assert found.dtype == np.int32
    found = found if pair.group_size else found[None]
    for group, run in enumerate(integer_model.groups_of(pair.x.shape[1], pair.group_size)):
        for i, j in np.ndindex(found.shape[1:]):
            products = integer_model.quantized_products(pair.a, pair.b, i, j, run, group)
            assert found[group, i, j] == integer_model.accumulated(products, bits, overflow)[-1]


@settings(max_examples=150)
@given(pair=pairs())
def test_what_is_reached_are_the_ends_of_every_cells_running_sums(pair):
    lowest, highest = reached(pair.a, pair.b, group_size=pair.group_size)
    for i, j in np.ndindex(lowest.shape):
        exact = running_sum(pair.a, pair.b, i, j, group_size=pair.group_size).exact
        assert (lowest[i, j], highest[i, j]) == (min(0, exact.min()), max(0, exact.max()))


@settings(max_examples=150)
@given(pair=pairs(), bits=widths, overflow=st.sampled_from(WAYS), data=st.data())
def test_a_running_sum_shows_every_step_of_its_cell(pair, bits, overflow, data):
    i, j = (data.draw(st.integers(0, n - 1)) for n in (len(pair.x), pair.w.shape[1]))
    run = running_sum(pair.a, pair.b, i, j, bits=bits, overflow=overflow, group_size=pair.group_size)
    runs = integer_model.groups_of(pair.x.shape[1], pair.group_size)
    products = [integer_model.quantized_products(pair.a, pair.b, i, j, r, group) for group, r in enumerate(runs)]
    joined = [p for group in products for p in group]
    assert run.products.tolist() == joined == (run.a * run.b).tolist()
    assert run.sums.tolist() == [s for group in products for s in integer_model.accumulated(group, bits, overflow)]
    assert run.exact.tolist() == [sum(group[: at + 1]) for group in products for at in range(len(group))]
    assert run.bits.tolist() == [integer_model.bits_needed(int(total)) for total in run.exact]
    assert run.starts == tuple(r.start for r in runs)
    before = [0 if at in run.starts else int(run.sums[at - 1]) for at in range(len(joined))]
    lowest, highest = run.limits
    went = [not lowest <= b + p <= highest for b, p in zip(before, joined, strict=True)]
    assert run.overflowed.tolist() == went
    assert np.array_equal(run.a_codes, pair.a.codes[i])
    assert np.array_equal(run.b_codes, pair.b.codes[:, j])
    whole = accumulate(pair.a, pair.b, bits=bits, overflow=overflow, group_size=pair.group_size)
    last = [*run.starts[1:], len(joined)]
    assert run.sums[np.array(last) - 1].tolist() == np.atleast_1d(whole[..., i, j]).tolist()


@pytest.mark.parametrize("bits", [8, 12, 16, 24, 32])
def test_a_long_sum_saturates_on_its_way_and_wraps_only_in_its_end(bits):
    rng = np.random.default_rng(bits)
    k = 3000
    drift = np.where(np.arange(k) < k // 2, 40, -60)  # up past the end, and down again
    a = QTensor((rng.integers(-60, 60, (4, k)) + drift).clip(-128, 127).astype(np.int8), 1.0, 0)
    b = QTensor(rng.integers(60, 128, (k, 3), dtype=np.int8), 1.0, 3)
    exact = quantized_matmul(a, b).accumulator
    found = {way: accumulate(a, b, bits=bits, overflow=way) for way in WAYS}
    for (i, j), total in np.ndenumerate(exact):
        products = integer_model.quantized_products(a, b, i, j, range(k), 0)
        assert found["saturate"][i, j] == integer_model.accumulated(products, bits, "saturate")[-1]
        assert found["wrap"][i, j] == integer_model.kept(int(total), bits, "wrap")
    assert (found["saturate"] != exact).all() == (bits < 24)


def test_wrapping_reaches_beyond_int32():
    k = 70_000
    a, b = QTensor(np.full((1, k), 255, np.uint8), 1.0, 0), QTensor(np.full((k, 1), 255, np.uint8), 1.0, 0)
    assert accumulate(a, b, overflow="wrap").item() == 255 * 255 * k - 2**32
    assert accumulate(a, b).item() == 2**31 - 1


@given(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1), st.builds(lambda e, d: 2**e + d, st.integers(0, 62), st.integers(-2, 1))
    )
)
def test_bits_are_the_fewest_that_hold_an_integer(value):
    assert bits_needed(value) == integer_model.bits_needed(value)
    assert bits_needed(np.array([[-value - 1]])).tolist() == [[integer_model.bits_needed(-value - 1)]]


def worst(quantizer):
    """The centred codes at both ends of a grid, over all of its zero points."""
    zeros = np.ravel(quantizer.zero_point).tolist()
    return [q - z for q in (quantizer.qmin, quantizer.qmax) for z in zeros]


@given(
    data=st.data(),
    kinds=st.sampled_from([(PerTensor(), PerTensor()), (PerChannel(0), PerChannel(1))]),
    bits=st.integers(2, 32),
    k=st.integers(1, 5000),
)
def test_what_is_guaranteed_is_what_the_worst_codes_need(data, kinds, bits, k):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    a, b = (Quantizer(rng.normal(rng.normal(), 1, (3, 3)), data.draw(grids(kind))) for kind in kinds)
    assert centred_range(a) == (min(worst(a)), max(worst(a)))
    products = [p * q for p in worst(a) for q in worst(b)]
    assert product_bits(a, b) == max(integer_model.bits_needed(p) for p in products)
    assert sum_bits(a, b, k) == max(integer_model.bits_needed(k * p) for p in products)
    largest, safe = max(map(abs, products)), safe_k(a, b, bits)
    assert largest * safe <= 2 ** (bits - 1) - 1 < largest * (safe + 1)


@pytest.mark.parametrize("symmetric", [True, False])
def test_safe_k_is_the_last_k_that_cannot_overflow(symmetric):
    scheme = Scheme(bits=4, symmetric=symmetric)
    q = Quantizer(np.array([-1.0, 0.4]), scheme)
    k, far = safe_k(q, q, bits=16), q.qmin if abs(q.qmin - q.zero_point) > abs(q.qmax - q.zero_point) else q.qmax
    for length, fits in ((k, True), (k + 1, False)):
        a, b = (QTensor(np.full(shape, far, np.int8), q.scale, q.zero_point) for shape in ((1, length), (length, 1)))
        exact = quantized_matmul(a, b).accumulator.item()
        assert (exact <= 2**15 - 1) == fits
        assert accumulate(a, b, bits=16).item() == min(exact, 2**15 - 1)
        assert accumulate(a, b, bits=16, overflow="wrap").item() == (exact if fits else exact - 2**16)


ONE = QTensor(np.ones((2, 3), np.int8), 1.0, 0), QTensor(np.ones((3, 4), np.int8), 1.0, 0)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: accumulate(*ONE, bits=1), ValueError, "bits of an accumulator must be 2 to 32, got 1"),
        (lambda: accumulator_range(33), ValueError, "bits of an accumulator must be 2 to 32, got 33"),
        (lambda: accumulate(*ONE, overflow="clip"), ValueError, "overflow must be saturate or wrap, got 'clip'"),
        (lambda: running_sum(*ONE, 2, 0), ValueError, r"has 2 rows and 4 columns, got cell \(2, 0\)"),
        (lambda: running_sum(*ONE, 0, -1), ValueError, r"has 2 rows and 4 columns, got cell \(0, -1\)"),
        (lambda: running_sum(*ONE, 0, 0, overflow="clip"), ValueError, "overflow must be saturate or wrap"),
        (lambda: running_sum(*ONE, 0, 0, bits=True), ValueError, "bits of an accumulator must be 2 to 32, got True"),
        (lambda: bits_needed(0.5), TypeError, "values must be integers within int64, got dtype float64"),
        (lambda: bits_needed(2**63), TypeError, "values must be integers within int64, got dtype uint64"),
        (lambda: sum_bits(Quantizer([1.0]), Quantizer([1.0]), 0), ValueError, "k must be 1 or more terms, got 0"),
        (
            lambda: centred_range(Quantizer(np.ones((0, 2)), Scheme(granularity=PerChannel(0)))),
            ValueError,
            "A grid without any scale has no range",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()
