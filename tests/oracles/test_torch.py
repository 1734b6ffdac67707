"""PyTorch as oracle for the named options: reciprocal, zero point before rounding, the "full" symmetric scale.

Where it and the default order disagree, the disagreement itself is asserted: it is lesson material.
"""

import numpy as np
import pytest

from quantlab import PerChannel, Quantizer, Scheme
from quantlab.observers import MovingAverageObserver

pytestmark = [
    pytest.mark.torch,
    # Both say that they will go from PyTorch, whose version is pinned.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:torch.quantize_per_tensor:UserWarning"),
]


@pytest.fixture(scope="module")
def torch():
    """PyTorch, imported only where it is the oracle."""
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="module")
def observer(torch):
    """Module of PyTorch's observers; it warns of its removal."""
    from torch.ao.quantization import observer

    return observer


def vectors():
    """Random values, and ties of a step of 1/8 with their neighbours."""
    rng = np.random.default_rng(0)
    middle = (np.arange(-300, 300) + 0.5).astype(np.float32) / 8
    around = [np.nextafter(middle, np.float32(end)) for end in (-np.inf, np.inf)]
    return np.concatenate([rng.normal(size=4000).astype(np.float32) * 10, middle, *around])


SCALES = [np.float32(s) for s in (0.125, 0.1, 0.5123098, 1 / 3, 0.0371)]


def reciprocal(scale, zero_point, **fields):
    scheme = Scheme(symmetric=False, division="reciprocal", **fields)
    return Quantizer.from_parameters(scale, zero_point, scheme)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("bits", "signed", "zero_point"), [(8, True, 0), (8, True, -77), (8, False, 128), (4, True, 3)]
)
def test_fake_quantize_per_tensor_is_the_reciprocal_option(torch, scale, bits, signed, zero_point):
    q, x = reciprocal(scale, zero_point, bits=bits, signed=signed), vectors()
    theirs = torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), float(scale), zero_point, q.qmin, q.qmax)
    assert np.array_equal(q.fake_quantize(x), theirs.numpy())


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("bits", "signed", "zero_point"), [(8, True, -77), (8, False, 128), (4, True, 3)])
def test_the_straight_through_mask_is_theirs(torch, scale, bits, signed, zero_point):
    q, x = reciprocal(scale, zero_point, bits=bits, signed=signed), vectors()
    mask = np.empty(x.shape, bool)
    q.fake_quantize(x, mask=mask)
    _, theirs = torch.ops.aten.fake_quantize_per_tensor_affine_cachemask(
        torch.from_numpy(x), float(scale), zero_point, q.qmin, q.qmax
    )
    assert np.array_equal(mask, theirs.numpy())


@pytest.mark.parametrize("axis", [0, 1])
def test_fake_quantize_per_channel_is_the_reciprocal_option(torch, axis):
    rng = np.random.default_rng(1)
    x = (rng.normal(size=(24, 36)) * rng.lognormal(size=(24, 1))).astype(np.float32)
    q = Quantizer(x, Scheme(symmetric=False, division="reciprocal", granularity=PerChannel(axis)))
    far = x * np.float32(1.5)
    theirs = torch.fake_quantize_per_channel_affine(
        torch.from_numpy(far),
        torch.from_numpy(q.scale.ravel().copy()),
        torch.from_numpy(q.zero_point.ravel().astype(np.int32)),
        axis,
        q.qmin,
        q.qmax,
    )
    assert np.array_equal(q.fake_quantize(far), theirs.numpy())


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("name", "signed", "zero_point"), [("qint8", True, 0), ("qint8", True, 5), ("quint8", False, 131)]
)
def test_quantize_per_tensor_adds_the_zero_point_before_rounding(torch, scale, name, signed, zero_point):
    q = reciprocal(scale, zero_point, signed=signed, zero_point_added="before_rounding")
    x = vectors()
    theirs = torch.quantize_per_tensor(torch.from_numpy(x), float(scale), zero_point, getattr(torch, name))
    assert np.array_equal(q.quantize(x), theirs.int_repr().numpy())
    assert np.array_equal(q.dequantize(q.quantize(x)), theirs.dequantize().numpy())


def test_the_two_disagree_where_a_zero_point_moves_a_tie(torch):
    x = np.float32([0.5])
    assert torch.quantize_per_tensor(torch.from_numpy(x), 1.0, 1, torch.qint8).int_repr().tolist() == [2]
    assert torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), 1.0, 1, -128, 127).tolist() == [0]  # code 1
    default = Quantizer.from_parameters(np.float32(1), 1, Scheme(symmetric=False))
    before = Quantizer.from_parameters(np.float32(1), 1, Scheme(symmetric=False, zero_point_added="before_rounding"))
    assert (default.quantize(x).tolist(), before.quantize(x).tolist()) == ([1], [2])


def test_the_default_and_the_reciprocal_disagree_on_a_tie_of_the_quotient(torch):
    x, scale = np.float32([2.3053942]), np.float32(0.5123098)
    theirs = torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), float(scale), 0, -128, 127).numpy()
    assert theirs.tolist() == [5 * scale]
    assert reciprocal(scale, 0).quantize(x).tolist() == [5]
    divided = Quantizer.from_parameters(scale, 0, Scheme())
    assert divided.quantize(x).tolist() == [4]
    assert divided.fake_quantize(x).tolist() != theirs.tolist()


def arrays():
    rng = np.random.default_rng(2)
    for shift in (0, 0.4, 3, -3):
        for spread in (1e-2, 1, 300):
            yield ((rng.normal(size=200) + shift) * spread).astype(np.float32)


def one_ulp(mine, theirs):
    return abs(float(mine) - float(theirs)) <= np.spacing(np.float32(theirs))


@pytest.mark.parametrize(("name", "signed"), [("qint8", True), ("quint8", False)])
def test_observers_symmetric_scale_is_the_full_option(torch, observer, name, signed):
    for x in arrays():
        watch = observer.MinMaxObserver(dtype=getattr(torch, name), qscheme=torch.per_tensor_symmetric)
        watch(torch.from_numpy(x))
        scale, zero_point = watch.calculate_qparams()
        q = Quantizer(x, Scheme(symmetric_scale="full", signed=signed))
        assert one_ulp(q.scale, scale)
        assert q.zero_point == int(zero_point)
        article = Quantizer(x, Scheme(signed=signed))
        assert not one_ulp(article.scale, scale)  # absmax / 128, not / 127.5


@pytest.mark.parametrize(("name", "signed"), [("qint8", True), ("quint8", False)])
def test_observers_affine_parameters_are_the_default_affine_ones(torch, observer, name, signed):
    for x in arrays():
        watch = observer.MinMaxObserver(dtype=getattr(torch, name), qscheme=torch.per_tensor_affine)
        watch(torch.from_numpy(x))
        scale, zero_point = watch.calculate_qparams()
        q = Quantizer(x, Scheme(symmetric=False, signed=signed))
        assert one_ulp(q.scale, scale)
        assert q.zero_point == int(zero_point)


@pytest.mark.parametrize("axis", [0, 1])
def test_per_channel_observers_find_the_same_parameters(torch, observer, axis):
    x = np.random.default_rng(3).normal(size=(12, 30)).astype(np.float32)
    for qscheme, fields in (
        (torch.per_channel_symmetric, {"symmetric_scale": "full"}),
        (torch.per_channel_affine, {"symmetric": False}),
    ):
        watch = observer.PerChannelMinMaxObserver(ch_axis=axis, dtype=torch.qint8, qscheme=qscheme)
        watch(torch.from_numpy(x))
        scale, zero_point = watch.calculate_qparams()
        q = Quantizer(x, Scheme(granularity=PerChannel(axis), **fields))
        assert all(one_ulp(mine, theirs) for mine, theirs in zip(q.scale.ravel(), scale.numpy(), strict=True))
        assert np.array_equal(q.zero_point.ravel(), zero_point.numpy())


def test_an_array_of_zeros_is_a_stated_disagreement(torch):
    x = np.zeros(4, np.float32)
    scale, _ = torch._choose_qparams_per_tensor(torch.from_numpy(x))
    assert scale == pytest.approx(0.1)
    assert Quantizer(x, Scheme(symmetric=False, signed=False)).scale == 1


def test_nan_is_a_stated_disagreement(torch):
    x = np.float32([np.nan])
    theirs = torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), 1.0, 0, -128, 127)
    q = Quantizer.from_parameters(np.float32(1), 0, Scheme())
    assert theirs.tolist() == [-128]
    assert np.isnan(q.fake_quantize(x)).all()
    with pytest.raises(ValueError, match="NaN"):
        q.quantize(x)


@pytest.mark.parametrize("constant", [0.01, 0.3])
def test_a_moving_average_is_that_of_its_observer(torch, observer, constant):
    batches = np.random.default_rng(4).normal(size=(20, 50, 6)).astype(np.float32)
    batches[11] *= 30
    whole = observer.MovingAverageMinMaxObserver(averaging_constant=constant)
    rows = observer.MovingAveragePerChannelMinMaxObserver(averaging_constant=constant, ch_axis=1)
    mine, mine_rows = MovingAverageObserver(constant), MovingAverageObserver(constant, PerChannel(1))
    for batch in batches:
        for each in (whole, rows):
            each(torch.from_numpy(batch))
        for each in (mine, mine_rows):
            each.update(batch)
    for own, theirs in ((mine, whole), (mine_rows, rows)):
        lo, hi = own.range()
        assert lo == pytest.approx(theirs.min_val.numpy().ravel(), rel=1e-5)
        assert hi == pytest.approx(theirs.max_val.numpy().ravel(), rel=1e-5)
