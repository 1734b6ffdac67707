"""The error report: against the NumPy twin, its identities, its edges, its bytes."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from quantlab import Fixed, PerChannel, PerGroup, PerTensor, Quantizer, Scheme, error_report
from tests import naive
from tests.strategies import FLOATS, cases, examples

INTEGERS = ("n", "nan_count", "inf_count", "clipped_low", "clipped_high", "codes_used", "nbytes")
SUMS = ("mse", "mse_rounding", "mse_clipping", "mean_abs_error", "sqnr_db", "cosine", "clipped", "entropy_bits")
LARGEST = ("max_abs_error", "max_abs_error_steps")
PARTS = (*INTEGERS[:3], "codes_used", *SUMS, *LARGEST)


def close(found, expected, name, noise=0.0):
    """Equal to 1e-6 relative: of decibels, what 1e-6 of the sums is in decibels; the entropy and cosine absolutely."""
    absolute = {"sqnr_db": 1e-5, "entropy_bits": 1e-9, "cosine": 1e-6}.get(name, noise)
    return found == pytest.approx(expected, rel=1e-6, abs=absolute, nan_ok=True)


def assert_is_the_twins(report, x, q):
    twin = naive.report(x, q)
    for name in INTEGERS:
        assert getattr(report, name) == twin[name], name
    assert np.array_equal(report.code_counts, twin["code_counts"])
    assert report.code_counts.dtype == np.int64
    for name in SUMS + LARGEST:
        assert close(getattr(report, name), twin[name], name), (name, getattr(report, name), twin[name])
    assert report.scales_held == q.held
    for histogram, values in (
        (report.value_histogram, twin["values"]["all"]),
        (report.value_histogram_clipping, twin["values"]["clipped"]),
        (report.error_histogram_rounding, twin["errors"]["rounding"]),
        (report.error_histogram_clipping, twin["errors"]["clipping"]),
    ):
        expected = naive.histogram(values, histogram.lo, histogram.hi, len(histogram.counts))
        assert np.array_equal(histogram.counts, expected)
        assert histogram.counts.dtype == np.int64
    if report.parts is None:
        assert len(twin["parts"]) <= 1
        return
    assert len(twin["parts"]) == np.size(q.scale)
    for name in PARTS:
        found = getattr(report.parts, name)
        assert found.shape == (len(twin["parts"]),)
        for own, part in zip(found, twin["parts"], strict=True):
            assert close(own, part[name], name), (name, own, part[name])


@given(cases((*FLOATS, "int8", "uint16", "bool"), finite=False, moderate=True))
@examples
def test_reports_are_the_twins(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    assert_is_the_twins(error_report(x, q), x, q)


@given(cases(("float32", "float64", "int64"), finite=False, overflow="saturate", granularity=PerTensor()))
@examples
def test_reports_of_huge_and_subnormal_values_are_the_twins(case):
    x, scheme = case
    q = Quantizer(x, dataclasses.replace(scheme, affine_range="include_zero"))
    report, twin = error_report(x, q), naive.report(x, q)
    for name in (*INTEGERS[:6], "clipped", "entropy_bits"):
        assert close(getattr(report, name), twin[name], name), name
    for name in ("max_abs_error", "max_abs_error_steps", "mean_abs_error"):
        assert close(getattr(report, name), twin[name], name), (name, getattr(report, name), twin[name])


@pytest.mark.parametrize("exponent", [-300, -200, 200, 300])
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerGroup(10)])
def test_ratios_survive_where_squares_leave_float64(exponent, granularity):
    x = np.random.default_rng(0).normal(size=(3, 40))
    scheme = Scheme(bits=4, granularity=granularity, symmetric=False)
    plain = error_report(x, Quantizer(x, scheme))
    far = x * 2.0 ** round(exponent / math.log10(2))
    report = error_report(far, Quantizer(far, scheme))
    assert report.sqnr_db == pytest.approx(plain.sqnr_db, abs=1e-6)
    assert report.cosine == pytest.approx(plain.cosine, abs=1e-9)
    assert report.max_abs_error_steps == pytest.approx(plain.max_abs_error_steps)
    assert report.entropy_bits == plain.entropy_bits


def test_channels_of_very_different_size_each_have_their_own_figures():
    rows = np.random.default_rng(0).normal(size=(3, 40))
    x = rows * np.array([[1.0], [1e-200], [1e150]])
    scheme = Scheme(bits=4, granularity=PerChannel(0))
    q = Quantizer(x, scheme)
    parts = error_report(x, q).parts
    for i, twin in enumerate(naive.report(x, q)["parts"]):
        assert parts.sqnr_db[i] == pytest.approx(twin["sqnr_db"], abs=1e-5)
        assert parts.cosine[i] == pytest.approx(twin["cosine"], abs=1e-6)
        assert parts.max_abs_error[i] == pytest.approx(twin["max_abs_error"], rel=1e-6)


@pytest.mark.parametrize("n", [1024, 1025, 2047])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"bits": 2},
        {"bits": 5, "granularity": PerChannel(0)},
        {"bits": 8, "range": Fixed(-1.0, 1.0), "granularity": PerChannel(0)},
        {"granularity": PerChannel(-1)},
        {"granularity": PerGroup(100)},
        {"granularity": PerGroup(2, axis=0)},
        {"symmetric": False, "range": Fixed(-1.5, 2.0), "granularity": PerGroup(1050)},
        {"rounding": "stochastic", "seed": 9, "granularity": PerChannel(0)},
        {"overflow": "wrap", "range": Fixed(-1.0, 1.0)},
        {"zero_point_added": "before_rounding", "division": "reciprocal", "symmetric": False},
    ],
    ids=str,
)
def test_reports_of_arrays_longer_than_a_block_are_the_twins(fields, n):
    x = np.random.default_rng(2).normal(size=(4, n)).astype(np.float32)
    x[1, 7], x[2, -50], x[0, 0] = np.nan, np.inf, -np.inf
    q = Quantizer(x, Scheme(**{"bits": 4} | fields))
    assert_is_the_twins(error_report(x, q), x, q)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_report_over_several_threads_is_the_sum_of_its_halves(dtype):
    x = np.random.default_rng(4).normal(size=1_200_000).astype(dtype)
    q = Quantizer(x, Scheme(bits=6, symmetric=False, range=Fixed(-3, 2)))
    axes = {"value_range": (-5.0, 5.0), "error_range": (-2.0, 2.0)}
    whole = error_report(x, q, **axes)
    halves = [error_report(half, q, **axes) for half in np.split(x, 2)]
    assert np.array_equal(whole.code_counts, sum(h.code_counts for h in halves))
    for name in ("value_histogram", "value_histogram_clipping", "error_histogram_rounding", "error_histogram_clipping"):
        assert np.array_equal(getattr(whole, name).counts, sum(getattr(h, name).counts for h in halves))
    for name in ("mse", "mse_rounding", "mse_clipping", "mean_abs_error", "clipped"):
        assert getattr(whole, name) == pytest.approx(sum(getattr(h, name) for h in halves) / 2, rel=1e-6)
    assert whole.max_abs_error == max(h.max_abs_error for h in halves)
    values = x.astype(np.float32)
    error = q.fake_quantize(x) - values
    assert whole.mse == pytest.approx(np.mean(error.astype(np.float64) ** 2), rel=1e-6)
    assert np.array_equal(whole.code_counts, np.bincount(q.quantize(x).astype(int) + 32, minlength=64))


# Identities


@given(cases(FLOATS, finite=False, moderate=True))
@examples
def test_the_parts_add_up(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    report = error_report(x, q)
    finite = np.isfinite(x.astype(np.float64))
    assert report.n == finite.sum()
    assert report.n + report.nan_count + report.inf_count == x.size
    assert report.code_counts.shape == (scheme.levels,)
    assert report.code_counts.sum() == report.value_histogram.counts.sum() == report.n
    clipped = report.clipped_low + report.clipped_high
    assert report.error_histogram_rounding.counts.sum() == report.n - clipped
    assert report.error_histogram_clipping.counts.sum() == report.value_histogram_clipping.counts.sum() == clipped
    assert (report.value_histogram_clipping.counts <= report.value_histogram.counts).all()
    assert report.codes_used == np.count_nonzero(report.code_counts)
    if report.n:
        assert report.mse == pytest.approx(report.mse_rounding + report.mse_clipping, rel=1e-12)
        assert report.clipped == clipped / report.n
        assert 0 <= report.entropy_bits <= math.log2(report.codes_used) + 1e-9
        assert report.mean_abs_error <= report.max_abs_error * (1 + 1e-9)
        assert (clipped > 0) or report.mse_clipping == 0


@given(cases(("float32", "float64"), moderate=True, finite=False))
@examples
def test_every_value_and_error_lies_on_the_default_axes(case):
    x, scheme = case
    q = Quantizer(x, scheme)
    report = error_report(x, q)
    values = x[np.isfinite(x)]
    for histogram in (report.error_histogram_rounding, report.error_histogram_clipping):
        assert (histogram.lo, histogram.hi) == (-histogram.hi, histogram.hi)
        assert len(histogram.counts) == 144
    if values.size:
        assert (report.value_histogram.lo, report.value_histogram.hi) == (values.min(), values.max())
        assert report.max_abs_error <= report.error_histogram_rounding.hi * (1 + 1e-5) + 1e-30


def test_axes_and_bins_of_the_histograms_can_be_set():
    x = np.array([-2.0, -0.5, 0.0, 0.5, 0.999, 1.0, 7.0], np.float32)
    q = Quantizer(x, bits=4)
    report = error_report(x, q, value_range=(-1.0, 1.0), value_bins=4, error_range=(-1.0, 1.0), error_bins=2)
    assert report.value_histogram.counts.tolist() == [1, 1, 1, 4]  # what lies outside counts at the ends
    assert report.value_histogram.edges.tolist() == [-1, -0.5, 0, 0.5, 1]
    assert report.value_histogram.edges.dtype == np.float64
    assert (report.error_histogram_rounding.lo, report.error_histogram_rounding.hi) == (-1.0, 1.0)
    assert len(report.error_histogram_rounding.counts) == len(report.error_histogram_clipping.counts) == 2


def test_a_histogram_of_equal_values_counts_them_in_one_bin():
    for x in (np.full(5, 0.1, np.float32), np.zeros(5)):
        counts = error_report(x, Quantizer(x, bits=4)).value_histogram.counts
        assert sorted(counts.tolist())[-2:] == [0, 5]


# The edges


@pytest.mark.parametrize("x", [np.zeros((0,), np.float32), np.float32([np.nan, np.inf]), np.zeros((2, 0))], ids=str)
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0), PerGroup(2)])
def test_the_figures_of_nothing_are_nan(x, granularity):
    report = error_report(x, Quantizer(x, Scheme(granularity=granularity)))
    for name in (*SUMS, *LARGEST):
        assert math.isnan(getattr(report, name)), name
    assert (report.n, report.codes_used, report.clipped_low, report.clipped_high) == (0, 0, 0, 0)
    assert (report.nan_count, report.inf_count) == ((1, 1) if x.size else (0, 0))


def test_without_signal_the_ratio_is_nan_and_without_error_infinite():
    silent = np.zeros(4, np.float32)
    report = error_report(silent, Quantizer(silent))
    assert math.isnan(report.sqnr_db)
    assert (report.mse, report.max_abs_error, report.entropy_bits, report.codes_used) == (0, 0, 0, 1)
    exact = np.float32([-1.0, 0.5, 0.0])
    report = error_report(exact, Quantizer(exact, bits=4))
    assert report.sqnr_db == math.inf
    assert report.cosine == pytest.approx(1, abs=1e-12)


def test_a_channel_of_nothing_leaves_the_figures_of_the_others_whole():
    x = np.float32([[1.0, 0.3, -0.7], [np.nan, np.nan, np.inf], [2.0, 0.9, 0.1]])
    q = Quantizer(x, Scheme(bits=3, granularity=PerChannel(0)))
    report = error_report(x, q)
    assert_is_the_twins(report, x, q)
    assert np.isfinite(report.max_abs_error_steps)
    assert report.parts.n.tolist() == [3, 0, 3]
    assert np.isnan(report.parts.mse[1])
    assert np.isnan(report.parts.sqnr_db[1])


def test_nan_and_infinity_stay_out_of_every_figure():
    x = np.random.default_rng(0).normal(size=50).astype(np.float32)
    spoilt = np.concatenate([x, np.float32([np.nan, np.inf, -np.inf, np.nan])])
    plain, report = (error_report(v, Quantizer(x, bits=4)) for v in (x, spoilt))
    assert (report.nan_count, report.inf_count) == (2, 2)
    for name in (*LARGEST, "n", "codes_used", "clipped_low", "clipped_high"):
        assert getattr(report, name) == getattr(plain, name), name
    for name in SUMS:
        assert getattr(report, name) == pytest.approx(getattr(plain, name), rel=1e-12), name
    assert np.array_equal(report.code_counts, plain.code_counts)


def test_a_clipped_values_whole_error_belongs_to_clipping():
    x = np.float32([0.2, 1.4, -2.6])
    q = Quantizer.from_parameters(np.float32(1), 0, Scheme(bits=2))  # codes −2 to 1
    report = error_report(np.float32([0.2, 1.4, 1.6, -2.6]), q)
    assert (report.clipped_low, report.clipped_high, report.clipped) == (1, 1, 0.5)
    assert report.mse_clipping == pytest.approx((0.6**2 + 0.6**2) / 4)
    assert report.mse_rounding == pytest.approx((0.2**2 + 0.4**2) / 4)
    assert error_report(x, q).clipped_high == 0  # 1.4 rounds to the last code: nothing was held


def test_a_wrapped_value_counts_as_clipped():
    q = Quantizer.from_parameters(np.float32(1), 0, Scheme(bits=2, overflow="wrap"))
    report = error_report(np.float32([2.0, 1.0, -3.0]), q)
    assert (report.clipped_low, report.clipped_high) == (1, 1)
    assert report.code_counts.tolist() == [1, 0, 0, 2]
    assert report.mse_clipping == pytest.approx((4**2 + 4**2) / 3)
    assert report.mse_rounding == 0


def test_steps_divide_each_error_by_its_own_scale():
    x = np.float32([[1.0, 0.25], [100.0, 40.0]])
    q = Quantizer(x, Scheme(bits=2, granularity=PerChannel(0)))  # scales .5 and 50
    report = error_report(x, q)
    assert report.max_abs_error == 50
    assert report.max_abs_error_steps == 1
    assert report.parts.max_abs_error.tolist() == [0.5, 50]
    assert report.parts.max_abs_error_steps.tolist() == [1, 1]


def test_scales_that_were_held_are_counted():
    x = np.float32([[1e6, 1.0], [1.0, 2.0], [1e-9, 0.0]])
    q = Quantizer(x, Scheme(bits=4, scale_dtype="float16", granularity=PerChannel(0)))
    assert error_report(x, q).scales_held == q.held == 2


def test_parts_stand_in_c_order_of_the_scales():
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4) + 1
    for granularity in (PerGroup(2, axis=1), PerGroup(3, axis=-1), PerChannel(1), PerChannel(-1)):
        q = Quantizer(x, Scheme(bits=4, granularity=granularity))
        report = error_report(x, q)
        assert len(report.parts.n) == q.scale.size
        numbers, _ = naive.parts(x.shape, q.scheme)
        assert report.parts.n.tolist() == np.bincount(numbers.ravel()).tolist()
        assert_is_the_twins(report, x, q)


def test_another_array_of_a_fitting_shape_can_be_measured():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    q = Quantizer(x, Scheme(granularity=PerChannel(0)))
    assert_is_the_twins(error_report(x[:, :2], q), x[:, :2], q)
    with pytest.raises(ValueError, match=r"\(3, 6\)"):
        error_report(np.zeros((3, 6), np.float32), q)
    with pytest.raises(TypeError, match="complex"):
        error_report(np.zeros((4, 6), complex), q)


def test_reports_do_not_hang_on_the_memory_layout_and_write_nothing():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    x.flags.writeable = False
    q = Quantizer(x, Scheme(bits=4, granularity=PerGroup(4)))
    plain = error_report(x, q).as_dict()
    double = np.repeat(x, 2, axis=1)
    for same in (np.asfortranarray(x), double[:, ::2], np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]):
        assert error_report(same, q).as_dict() == plain


# Bytes

GROUPS = {"bits": 4, "granularity": PerGroup(32), "scale_dtype": "float16"}


@pytest.mark.parametrize(
    ("fields", "dtype", "bits_per_value"),
    [
        (GROUPS, np.float32, 4.5),
        ({**GROUPS, "symmetric": False}, np.float32, 4.625),
        ({**GROUPS, "symmetric": False, "affine_range": "free"}, np.float32, 4 + 48 / 32),
        ({"bits": 4, "granularity": PerGroup(32)}, np.float32, 5.0),
        ({"bits": 4, "granularity": PerGroup(32)}, np.float64, 6.0),
        ({"bits": 4, "granularity": PerGroup(32), "scale_dtype": "float32"}, np.float64, 5.0),
        ({"bits": 3, "granularity": PerChannel(0)}, np.float32, 3 + 32 / 64),
        ({"bits": 8}, np.float32, 8 + 32 / 256),
        ({"bits": 16, "symmetric": False}, np.float16, 16 + 48 / 256),
    ],
)
def test_bits_per_value_and_compression(fields, dtype, bits_per_value):
    x = np.random.default_rng(0).normal(size=(4, 64)).astype(dtype)
    report = error_report(x, Quantizer(x, Scheme(**fields)))
    assert report.bits_per_value == bits_per_value
    assert report.nbytes == bits_per_value * x.size / 8
    assert report.compression_ratio == pytest.approx(x.nbytes / report.nbytes)


def test_bytes_are_rounded_up_once_at_the_end():
    x = np.ones(3, np.float32)
    assert error_report(x, Quantizer(x, bits=3)).nbytes == 6  # 9 bits of codes and 32 of scale
    q = Quantizer(x, Scheme(bits=3, symmetric=False, granularity=PerGroup(1)))
    assert error_report(x, q).nbytes == 15  # 9 + 3 · (32 + 3) = 114 bits
