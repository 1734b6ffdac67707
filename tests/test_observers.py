"""Observers against plain definitions: all batches at once, one number a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantlab import PerChannel, PerTensor, Quantizer, Scheme
from quantlab.observers import OBSERVERS, MinMaxObserver, MovingAverageObserver, PercentileObserver
from quantlab.ranges import find_range

BATCHES = st.integers(0, 3).flatmap(
    lambda columns: st.lists(
        hnp.arrays(
            np.float32,
            st.tuples(st.integers(0, 5), st.just(columns + 1)),
            elements=st.floats(width=32) | st.integers(-3, 3).map(float),
        ),
        min_size=1,
        max_size=5,
    )
)
ORDERLESS = {name: kind for name, kind in OBSERVERS.items() if name != "average"}
WHOLE = {name: OBSERVERS[name] for name in ("minmax", "percentile", "average")}
GRANULARITIES = st.sampled_from([PerTensor(), PerChannel(1), PerChannel(-1)])


def in_bfloat16(value):
    """The nearest number with 8 significant bits, by fractions of powers of two; ties to even."""
    if value == 0:
        return 0.0
    step = 2.0 ** max(np.frexp(value)[1] - 8, -133)
    return float(np.clip(round(value / step) * step, -255 * 2.0**120, 255 * 2.0**120))


def fed(observer, batches):
    for batch in batches:
        observer.update(batch)
    return observer


def parts(batches, granularity):
    x = np.concatenate(batches)
    columns = [x.ravel()] if isinstance(granularity, PerTensor) else list(x.T)
    return [column[np.isfinite(column)].astype(np.float64) for column in columns]


@settings(max_examples=200)
@given(batches=BATCHES, granularity=GRANULARITIES)
def test_minmax_is_the_range_of_everything_seen(batches, granularity):
    seen = parts(batches, granularity)
    observer = fed(MinMaxObserver(granularity), batches)
    if not any(part.size for part in seen):
        with pytest.raises(ValueError, match="Calibration with no data has no range"):
            observer.range()
        return
    lo, hi = observer.range()
    assert lo.tolist() == [part.min(initial=np.inf) for part in seen]
    assert hi.tolist() == [part.max(initial=-np.inf) for part in seen]


@given(batches=BATCHES, granularity=GRANULARITIES, constant=st.sampled_from([0.01, 0.3, 1]))
def test_a_moving_average_takes_a_share_of_the_way_to_each_batchs_ends(batches, granularity, constant):
    ends: dict[int, np.ndarray] = {}
    for batch in batches:
        for number, part in enumerate(parts([batch], granularity)):
            if part.size:
                new = np.array([part.min(), part.max()])
                old = ends.get(number, new)
                ends[number] = old * (1 - constant) + new * constant
    observer = fed(MovingAverageObserver(constant, granularity), batches)
    if not ends:
        with pytest.raises(ValueError, match="Calibration with no data has no range"):
            observer.range()
        return
    for number, (lo, hi) in enumerate(zip(*observer.range(), strict=True)):
        assert lo > hi if number not in ends else [lo, hi] == pytest.approx(ends[number], rel=1e-12)


def test_a_moving_average_counts_late_batches_more_and_forgets_an_odd_one():
    low, high = [[0.0, 1.0]] * 20, [0.0, 9.0]
    early, late = (fed(MovingAverageObserver(0.1), batches).range()[1][0] for batches in ([high, *low], [*low, high]))
    assert late == pytest.approx(1.8)
    assert early == pytest.approx(1 + 8 * 0.9**20)


@settings(max_examples=300)
@given(batches=BATCHES, granularity=GRANULARITIES, p=st.sampled_from([51, 75, 90, 99.9, 100]))
def test_percentile_is_that_of_everything_seen_at_eight_significant_bits(batches, granularity, p):
    seen = parts(batches, granularity)
    observer = fed(PercentileObserver(p, granularity), batches)
    if not any(part.size for part in seen):
        with pytest.raises(ValueError, match="Calibration with no data has no range"):
            observer.range()
        return
    for part, lo, hi in zip(seen, *observer.range(), strict=True):
        if not part.size:
            assert lo > hi
            continue
        rounded = [in_bfloat16(value) for value in part]
        expected = np.clip(np.percentile(rounded, [100 - p, p]), part.min(), part.max())
        assert [lo, hi] == pytest.approx(expected, rel=1e-12, abs=np.abs(part).max() * 1e-14)


@pytest.mark.parametrize("kind", ORDERLESS.values(), ids=ORDERLESS)
@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(1)], ids=str)
def test_neither_cut_nor_order_of_the_batches_matters(kind, granularity):
    x = np.random.default_rng(0).standard_t(2, (300, 8)).astype(np.float32)
    at_once = fed(kind.make(granularity=granularity), [x])
    for size in (1, 7, 300):
        rows = np.random.default_rng(size).permutation(300)
        cut = fed(kind.make(granularity=granularity), [x[rows[at : at + size]] for at in range(0, 300, size)])
        assert np.array_equal(cut.range(), at_once.range())


@pytest.mark.parametrize("kind", WHOLE.values(), ids=WHOLE)
def test_an_observers_range_makes_the_grid_of_the_same_range_of_one_array(kind):
    # Of sixteenths, which bfloat16 holds exactly.
    x = (np.random.default_rng(1).integers(0, 17, (500, 64)) / 16).astype(np.float32)
    scheme = Scheme(symmetric=False)
    lo, hi = fed(kind.make(), [x[:100], x[100:]]).range()
    grid, at_once = Quantizer.from_range(x, lo, hi, scheme), Quantizer(x, scheme)
    assert (grid.scale, grid.zero_point) == (at_once.scale, at_once.zero_point)
    assert np.array_equal((lo, hi), find_range(x, scheme))


def test_a_percentile_is_as_fine_beside_an_outlier_as_without():
    x = np.random.default_rng(2).normal(size=100_000).astype(np.float32)
    exact = np.percentile(x.astype(np.float64), [0.1, 99.9])
    for far in (1e2, 1e30):
        loud = x.copy()
        loud[17] = far
        lo, hi = fed(PercentileObserver(), [loud]).range()
        assert np.abs(np.concatenate([lo, hi]) / exact - 1).max() < 1 / 256 + 1e-3


def test_a_percentile_keeps_few_bytes_however_much_it_sees():
    rng, observer = np.random.default_rng(3), PercentileObserver()
    sizes = []
    for _ in range(30):
        observer.update(rng.normal(size=20_000).astype(np.float32) * np.float32(10) ** rng.integers(-30, 30))
        sizes.append(observer.nbytes)
    assert sizes[0] < sizes[-1] <= 65_280 * 16


@pytest.mark.parametrize("kind", OBSERVERS.values(), ids=OBSERVERS)
def test_an_observer_takes_any_real_type_and_leaves_the_batch_alone(kind):
    for batch in (np.arange(-3, 4), np.arange(7, dtype=np.uint8), np.linspace(-1e300, 1e300, 5), [[True, False]]):
        kept = np.array(batch)
        observer = fed(kind.make(), [batch])
        assert np.array_equal(batch, kept)
        lo, hi = observer.range()
        # A grid that holds 0 is a little wider at one end, where its zero point is rounded.
        slack = 0.01 * (kept.max() / 2 - kept.min() / 2)
        assert kept.min() - slack <= lo[0] <= hi[0] <= kept.max() + slack


@pytest.mark.parametrize("kind", OBSERVERS.values(), ids=OBSERVERS)
@pytest.mark.parametrize("batches", [[], [np.empty((0, 3))], [np.full((2, 3), np.nan)], [np.float32([[np.inf]])]])
def test_calibration_with_no_data_is_refused_in_one_sentence(kind, batches):
    with pytest.raises(ValueError, match=r"^Calibration with no data has no range; feed .* one finite value first\.$"):
        fed(kind.make(), batches).range()


@pytest.mark.parametrize("kind", OBSERVERS.values(), ids=OBSERVERS)
def test_batches_of_other_channels_are_refused_and_what_was_seen_stays(kind):
    observer = fed(kind.make(granularity=PerChannel(1)), [np.ones((2, 3))])
    with pytest.raises(ValueError, match="A batch of 4 channels came after batches of 3"):
        observer.update(np.ones((2, 4)) * 9)
    assert [end.tolist() for end in observer.range()] == [[0.0 if kind.name == "mse" else 1.0] * 3, [1.0] * 3]


def test_a_percentile_that_is_none_is_refused():
    with pytest.raises(ValueError, match="p must be above 50 and at most 100 percent, got 50"):
        PercentileObserver(50)


@pytest.mark.parametrize("constant", [0, -0.1, 1.5, np.nan])
def test_a_share_of_the_average_that_is_none_is_refused(constant):
    with pytest.raises(ValueError, match="constant must be above 0 and at most 1, got"):
        MovingAverageObserver(constant)
