"""The observers that search: their counts, and each criterion against its definition, one candidate a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab import PerChannel, Quantizer, Scheme
from quantlab.observers import EntropyObserver, MSEObserver, divergences
from quantlab.observers.histogram import BINS, Histogram

SAMPLES = {
    "bell": np.random.default_rng(0).normal(size=20_000).astype(np.float32),
    "tail": np.random.default_rng(1).standard_t(3, 20_000).astype(np.float32),
    "relu": np.maximum(np.random.default_rng(2).normal(size=20_000), 0).astype(np.float32),
}


def fed(observer, *batches):
    for batch in batches:
        observer.update(batch)
    return observer


def squared_error(x, lo, hi, scheme):
    quantizer = Quantizer.from_range(x, np.array([lo]), np.array([hi]), scheme)
    return float(((quantizer.fake_quantize(x) - x.astype(np.float64)) ** 2).sum())


def divergence(counts, clip, levels):
    """Migacz 2017, one bin a time."""
    p = [float(n) for n in counts[:clip]]
    p[-1] += sum(counts[clip:])
    q = [0.0] * clip
    for level in range(levels):
        run = [i for i in range(clip) if i * levels // clip == level]
        filled = [i for i in run if counts[i]]
        for i in filled:
            q[i] = sum(counts[j] for j in run) / len(filled)
    p, q = [v / sum(p) for v in p], [v / sum(q) for v in q] if sum(q) else q
    if any(a and not b for a, b in zip(p, q, strict=True)):
        return np.inf
    return sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a)


@settings(max_examples=100)
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9).map(float), min_size=1))
def test_every_value_is_counted_in_its_bin_wherever_the_batches_are_cut(values):
    x = np.array(values)
    whole, single = fed(Histogram(), x), fed(Histogram(), *x[:, None])
    assert np.array_equal(whole.counts, single.counts)
    assert whole.zeros[0] == single.zeros[0] == (x == 0).sum()
    real = x[x != 0]
    assert whole.counts.sum() == len(real)
    if len(real):
        places = np.floor(np.ldexp(real, -whole.exponents[0])).clip(-BINS, BINS - 1).astype(int)
        places[real < 0] = np.minimum(places[real < 0], -1)
        assert set(places) == set(np.flatnonzero(whole.counts[0]) - BINS)


def test_of_the_longer_side_at_least_half_of_the_bins_are_in_use():
    for x in SAMPLES.values():
        places = np.flatnonzero(fed(Histogram(), x * np.float32(37)).counts[0]) - BINS
        assert max(places.max() + 1, -places.min()) >= BINS // 2


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("symmetric", [True, False])
def test_no_other_range_has_a_smaller_squared_error_than_mse_chooses(name, bits, symmetric):
    x, scheme = SAMPLES[name], Scheme(bits=bits, symmetric=symmetric)
    lo, hi = (float(end[0]) for end in fed(MSEObserver(scheme), x[:7_000], x[7_000:]).range())
    own = squared_error(x, lo, hi, scheme)
    shrunk = [squared_error(x, float(x.min()) * t, float(x.max()) * t, scheme) for t in np.linspace(0.02, 1, 120)]
    assert own <= min(shrunk) * 1.01
    assert own <= min(squared_error(x, a * lo, b * hi, scheme) for a in (0.9, 1, 1.1) for b in (0.9, 1, 1.1)) * 1.01


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=180).map(lambda seen: [*seen, 3]),
    levels=st.sampled_from([2, 8, 128, 256]),
)
@settings(max_examples=60)
def test_every_clips_divergence_is_that_of_the_definition(counts, levels):
    clips, nats = divergences(np.array(counts), levels)
    expected = [divergence(counts, clip, levels) for clip in clips.tolist()]
    assert nats == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", SAMPLES)
def test_entropy_takes_a_clip_of_least_divergence(name):
    x = SAMPLES[name]
    observer = fed(EntropyObserver(Scheme(bits=4)), x)
    counts, width = observer.magnitudes()
    assert counts.sum() == (x != 0).sum()
    clips, nats = divergences(counts, 8)
    threshold = min(clips[np.flatnonzero(nats == nats.min())[-1]] * width, np.abs(x).max())
    lo, hi = observer.range()
    assert hi[0] == pytest.approx(min(threshold, x.max()))
    assert lo[0] == pytest.approx(max(-threshold, x.min()))


@pytest.mark.parametrize(
    ("symmetric", "ends", "levels"), [(True, (0, 5), 8), (False, (0, 5), 16), (False, (-1, 5), 8), (False, (-5, 0), 16)]
)
def test_entropy_merges_into_the_codes_of_one_side(symmetric, ends, levels):
    assert EntropyObserver(Scheme(bits=4, symmetric=symmetric)).levels(*ends) == levels


@pytest.mark.parametrize("make", [MSEObserver, EntropyObserver])
def test_each_channel_has_the_range_that_it_has_alone(make):
    x = np.stack([SAMPLES["bell"], SAMPLES["tail"] * 40, SAMPLES["relu"], np.zeros(20_000, np.float32)], axis=1)
    together = fed(make(granularity=PerChannel(1)), x[:5_000], x[5_000:]).range()
    alone = [fed(make(), column).range() for column in x.T]
    assert np.array_equal(together, np.concatenate(alone, axis=1))


@pytest.mark.parametrize("make", [MSEObserver, EntropyObserver])
def test_a_searching_observer_keeps_few_bytes_however_much_it_sees(make):
    observer = fed(make(), *(SAMPLES["tail"] * np.float32(10) ** k for k in range(-20, 20)))
    assert observer.nbytes < 70_000
    lo, hi = observer.range()
    assert lo[0] < 0 < hi[0]
