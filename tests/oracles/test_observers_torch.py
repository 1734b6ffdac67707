"""PyTorch's and ONNX Runtime's observers beside the library's: where they agree, and precisely where they do not.

The moving averages stand in `test_torch.py`, the criteria against their own definitions in `test_observers_searching`.
"""

import numpy as np
import pytest

from quantlab import PerChannel, Quantizer, Scheme
from quantlab.observers import EntropyObserver, MinMaxObserver, MovingAverageObserver, MSEObserver, divergences

pytestmark = [
    pytest.mark.torch,
    # PyTorch's observers say that they will go, and that a range is theirs to find. The version is pinned.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Please use quant_min and quant_max:UserWarning"),
]
SAMPLES = {
    "bell": np.random.default_rng(0).normal(size=20_000).astype(np.float32),
    "tail": np.random.default_rng(1).standard_t(3, 20_000).astype(np.float32),
    "relu": np.maximum(np.random.default_rng(2).normal(size=20_000), 0).astype(np.float32),
}
AFFINE = Scheme(symmetric=False)


@pytest.fixture(scope="module")
def torch():
    """PyTorch, imported only where it is the oracle."""
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="module")
def observer(torch):
    """Module of PyTorch's observers."""
    from torch.ao.quantization import observer

    return observer


def batches(x):
    return x.reshape(8, -1)


def fed(torch, theirs, ours, x):
    for batch in x:
        theirs(torch.from_numpy(batch))
        ours.update(batch)
    return theirs, ours.range()


@pytest.mark.parametrize("name", SAMPLES)
def test_minmax_is_that_of_its_observer_to_the_bit(torch, observer, name):
    x = batches(SAMPLES[name])
    theirs, (lo, hi) = fed(torch, observer.MinMaxObserver(), MinMaxObserver(), x)
    assert (lo[0], hi[0]) == (float(theirs.min_val), float(theirs.max_val))
    assert (lo[0], hi[0]) == (x.min(), x.max())


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_minmax_per_channel_is_that_of_its_observer_to_the_bit(torch, observer, axis):
    x = SAMPLES["tail"][:19_200].reshape(8, 4, 20, 30)
    theirs, (lo, hi) = fed(torch, observer.PerChannelMinMaxObserver(ch_axis=axis), MinMaxObserver(PerChannel(axis)), x)
    assert lo.tolist() == theirs.min_val.tolist()
    assert hi.tolist() == theirs.max_val.tolist()


@pytest.mark.parametrize("kind", ["MinMaxObserver", "MovingAverageMinMaxObserver"])
def test_an_infinity_or_nan_becomes_their_end_and_is_left_out_of_ours(torch, observer, kind):
    own = {"MinMaxObserver": MinMaxObserver, "MovingAverageMinMaxObserver": MovingAverageObserver}[kind]
    for odd in (np.inf, np.nan):
        theirs, (lo, hi) = fed(torch, getattr(observer, kind)(), own(), [np.float32([-1.0, 2.0, odd])])
        assert not np.isfinite(float(theirs.max_val))
        assert (lo[0], hi[0]) == (-1.0, 2.0)


def test_an_average_of_ends_beyond_zero_is_theirs_and_zero_comes_in_with_the_grid(torch, observer):
    x = [np.float32([2.0, 5.0]), np.float32([3.0, 9.0])]
    theirs, (lo, hi) = fed(
        torch, observer.MovingAverageMinMaxObserver(averaging_constant=0.5), MovingAverageObserver(0.5), x
    )
    assert (lo[0], hi[0]) == (float(theirs.min_val), float(theirs.max_val)) == (2.5, 7.0)
    grid = Quantizer.from_range(x[0], lo, hi, Scheme(symmetric=False, signed=False))
    scale, zero = theirs.calculate_qparams()
    assert grid.scale == pytest.approx(float(scale), rel=1e-6)
    assert grid.zero_point == int(zero) == 0


def squared_error(x, lo, hi, scheme):
    grid = Quantizer.from_range(x, np.array([lo]), np.array([hi]), scheme)
    return float(((grid.fake_quantize(x) - x.astype(np.float64)) ** 2).sum())


def by_brute_force(x, scheme):
    """The least squared error of any pair of ends, on a grid of pairs: the widest, and down to a hundredth."""
    reach = np.linspace(1, 0.01, 60)
    ends = (float(x.min()), float(x.max()))
    # A distribution with both signs is tried with each end by itself, coarsely, then around the best.
    tried = {(a, b): squared_error(x, ends[0] * a, ends[1] * b, scheme) for a in reach for b in reach[::4]}
    a, b = min(tried, key=tried.__getitem__)
    near = np.linspace(0.93, 1.07, 15)
    return min(squared_error(x, ends[0] * a * s, ends[1] * b * t, scheme) for s in near for t in near)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("bits", [8, 4, 2])
def test_mse_is_as_good_as_brute_force_and_never_worse_than_their_histogram_observer(torch, observer, name, bits):
    x, scheme = SAMPLES[name][:8000], Scheme(bits=bits, symmetric=False, signed=False)
    histogram = observer.HistogramObserver(
        dtype=torch.quint8, qscheme=torch.per_tensor_affine, quant_min=0, quant_max=2**bits - 1
    )
    theirs, (lo, hi) = fed(torch, histogram, MSEObserver(scheme), batches(x))
    own = squared_error(x, float(lo[0]), float(hi[0]), scheme)
    assert own <= 1.01 * by_brute_force(x, scheme)
    their_lo, their_hi = (float(end) for end in theirs._non_linear_param_search())
    excess = squared_error(x, their_lo, their_hi, scheme) / own
    assert excess >= 0.999
    # They optimise for 256 levels, whatever the ends of the codes: near enough at 8 bits, and far off below.
    assert excess < 1.3 if bits == 8 else excess > 1.15


@pytest.mark.parametrize("name", SAMPLES)
def test_their_histogram_observer_gives_four_bits_the_range_of_eight(torch, observer, name):
    found = []
    for bits in (8, 4):
        histogram = observer.HistogramObserver(
            dtype=torch.quint8, qscheme=torch.per_tensor_affine, quant_min=0, quant_max=2**bits - 1
        )
        theirs, (_, hi) = fed(torch, histogram, MSEObserver(Scheme(bits=bits, symmetric=False)), batches(SAMPLES[name]))
        found.append((*(float(end) for end in theirs._non_linear_param_search()), float(hi[0])))
    (*eight, ours_at_8), (*four, ours_at_4) = found
    assert four == eight
    assert ours_at_4 < 0.8 * ours_at_8


@pytest.mark.parametrize("granularity", [0, 1])
def test_a_search_per_channel_has_no_peer_and_is_that_of_each_channel_alone(torch, observer, granularity):
    # PyTorch's HistogramObserver refuses per channel, so that each of its channels gets an observer of its own here.
    with pytest.raises(NotImplementedError, match="per_tensor"):
        observer.HistogramObserver(qscheme=torch.per_channel_affine)
    x = np.stack([SAMPLES["bell"], SAMPLES["tail"] * 40], axis=granularity)
    ours = MSEObserver(AFFINE, PerChannel(granularity))
    ours.update(x)
    for lo, hi, channel in zip(*ours.range(), np.moveaxis(x, granularity, 0), strict=True):
        histogram = observer.HistogramObserver(dtype=torch.quint8, qscheme=torch.per_tensor_affine)
        histogram(torch.from_numpy(np.ascontiguousarray(channel)))
        ends = [float(end) for end in histogram._non_linear_param_search()]
        own = squared_error(channel, float(lo), float(hi), AFFINE)
        assert own <= squared_error(channel, *ends, AFFINE) * 1.001 < own * 1.3


@pytest.mark.parametrize("name", ["bell", "tail"])
@pytest.mark.parametrize(("bits", "bins"), [(8, 4095), (4, 1023)])
def test_entropy_clips_about_where_onnx_runtime_does_from_the_same_source(name, bits, bins):
    """Both name Migacz 2017; its runs, tails and zeros are read differently, so that the clips are near, not equal.

    ONNX Runtime counts both signs apart, so that twice as many bins and levels stand for as many magnitudes; adds what
    is beyond the clip to both end bins; makes runs of equal whole length and gives the rest to the last; replaces
    empty bins by 0.0001 instead of leaving them out; and cuts the spread counts to whole numbers.
    """
    calibrate = pytest.importorskip("onnxruntime.quantization.calibrate")
    rng, levels = np.random.default_rng(7), 2 ** (bits - 1)
    x = (rng.normal(size=200_000) if name == "bell" else rng.standard_t(3, 200_000)).astype(np.float32)
    reach = float(np.abs(x).max())
    collector = calibrate.HistogramCollector("entropy", True, bins, 2 * levels - 1, None, "same")
    counts, edges = np.histogram(x, bins, (-reach, reach))
    _, theirs = collector.get_entropy_threshold((counts, edges, x.min(), x.max()), 2 * levels - 1)
    ours = EntropyObserver(Scheme(bits=bits))
    ours.update(x)
    _, hi = ours.range()
    assert 0.75 < hi[0] / theirs < 1.35
    # By the definition that is written out here, theirs loses a little more.
    magnitudes, width = ours.magnitudes()
    clips, nats = divergences(magnitudes, levels)
    at_theirs = nats[np.abs(clips * width - theirs).argmin()]
    assert nats.min() <= at_theirs < 1.4 * nats.min()
    assert nats[np.abs(clips * width - hi[0]).argmin()] == nats.min()
