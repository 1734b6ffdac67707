"""The snippets for PyTorch, run by it; and what they say about its own operators."""

from __future__ import annotations

import numpy as np
import pytest
from snippet_cases import difficult, disagreement, draw

from quantlab import PerChannel, PerGroup, PerTensor, Quantizer, Scheme
from quantlab.experiments.tensor.snippets import snippet

pytestmark = [
    pytest.mark.torch,
    # Both say that they will go from PyTorch, whose version is pinned.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:torch.quantize_per_tensor:UserWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def torch():
    """PyTorch, imported only where it is the oracle."""
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.mark.parametrize("seed", range(4))
def test_the_snippet_gives_our_codes_for_any_scheme(seed, tmp_path):
    for x, scheme in draw(150, 10 + seed):
        assert not disagreement("torch", x, scheme, tmp_path)


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(1), PerGroup(4, 0)], ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [1, 4, 8, 16])
def test_the_snippet_gives_our_codes_in_the_default_order(bits, symmetric, granularity, tmp_path):
    common = {"rounding": "half_even", "division": "divide", "zero_point_added": "after_rounding"}
    for x, scheme in draw(12, bits, granularity=granularity, bits=bits, symmetric=symmetric, shape=(6, 11), **common):
        assert not disagreement("torch", x, scheme, tmp_path)


@pytest.mark.parametrize(("x", "scheme"), difficult())
def test_the_snippet_gives_our_codes_where_precision_decides(x, scheme, tmp_path):
    assert not disagreement("torch", x, scheme, tmp_path)


@pytest.mark.parametrize(
    "x", [np.zeros((0, 3)), np.zeros(3), np.array(2.5), np.full((2, 2), np.inf), np.float32([-1e38])]
)
@pytest.mark.parametrize("affine_range", ["include_zero", "clamped", "free"])
def test_degenerate_arrays_have_their_codes_too(x, affine_range, tmp_path):
    for symmetric in (True, False):
        assert not disagreement("torch", x, Scheme(symmetric=symmetric, affine_range=affine_range), tmp_path)


def near_ties(scheme, seed, shape):
    """Values half way between levels, within the range that the first two of them span."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype(np.float32)
    q = Quantizer(x, scheme)
    near = ((rng.integers(q.qmin, q.qmax, shape) - q.zero_point + 0.5) * q.scale).astype(np.float32)
    keep = (x == x.min(axis=1, keepdims=True)) | (x == x.max(axis=1, keepdims=True))
    return np.where(keep, x, np.clip(near, x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)))


def fake(torch, q, x):
    if isinstance(q.scheme.granularity, PerChannel):
        scale, zero = torch.tensor(q.scale.ravel()), torch.tensor(q.zero_point.ravel(), dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(torch.tensor(x), scale, zero, 0, q.qmin, q.qmax).numpy()
    return torch.fake_quantize_per_tensor_affine(torch.tensor(x), float(q.scale), q.zero_point, q.qmin, q.qmax).numpy()


def direct(torch, q, x):
    kind = torch.qint8 if q.scheme.signed else torch.quint8
    if isinstance(q.scheme.granularity, PerChannel):
        scale, zero = torch.tensor(q.scale.ravel()), torch.tensor(q.zero_point.ravel())
        return torch.quantize_per_channel(torch.tensor(x), scale, zero, 0, kind).int_repr().numpy()
    return torch.quantize_per_tensor(torch.tensor(x), float(q.scale), q.zero_point, kind).int_repr().numpy()


def fake_agrees(torch, q, x):
    return np.array_equal(fake(torch, q, x), q.fake_quantize(x))


def direct_agrees(torch, q, x):
    return np.array_equal(direct(torch, q, x), q.quantize(x))


def direct_nearly_agrees(torch, q, x):
    apart = np.abs(direct(torch, q, x).astype(int) - q.quantize(x))
    return apart.max() <= 1 and apart.mean() < 0.1


# What a remark says: the check, and whether it has to hold for every array or to fail for one.
REMARKS = {
    "multiplies by 1 / s instead of dividing by s": (fake_agrees, False),
    "affine adds the zero point after rounding": (fake_agrees, False),
    "takes the same steps, but returns (codes − z) · s": (fake_agrees, True),
    "gives these codes too, but is deprecated": (direct_agrees, True),
    "may round product and sum in one": (direct_nearly_agrees, True),
}


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel(0)], ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("division", ["divide", "reciprocal"])
@pytest.mark.parametrize("added", ["after_rounding", "before_rounding"])
def test_what_the_remark_says_of_pytorchs_own_operator_is_so(torch, granularity, symmetric, bits, division, added):
    scheme = Scheme(bits=bits, symmetric=symmetric, granularity=granularity, division=division, zero_point_added=added)
    found = []
    for seed in range(20):
        x = near_ties(scheme, seed, (2, 500))
        q = Quantizer(x, scheme)
        remark = snippet("torch", scheme, q.scale, q.zero_point, x.shape, x.dtype).remark
        ((agrees, always),) = (said for claim, said in REMARKS.items() if claim in remark)
        found.append(agrees(torch, q, x))
    assert all(found) is always


def test_a_number_divided_by_a_tensor_is_not_the_quotient_in_pytorch(torch):
    lo, s = np.random.default_rng(0).random((2, 1000)).astype(np.float32)
    theirs = np.array([(float(a) / torch.tensor(b)).item() for a, b in zip(lo, s, strict=True)], np.float32)
    assert np.array_equal(theirs, lo * (1 / s))
    assert not np.array_equal(theirs, lo / s)
