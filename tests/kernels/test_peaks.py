"""The bare loops do the work that they are counted for: their sums, from the definition of each instruction."""

import numpy as np
import pytest

from quantlab.kernels import peaks, tiers

HERE = [tier for tier in tiers.TIERS.values() if tier in tiers.available(tiers.features())]
every_tier = pytest.mark.parametrize("tier", HERE, ids=lambda tier: tier.name)


@every_tier
@pytest.mark.parametrize("loops", [1, 2, 7])
def test_every_turn_adds_every_product_of_codes(tier, loops):
    read, _ = peaks.operands(tier, integer=True)
    count = peaks.chains(tier, integer=True)
    factors, b = read[-peaks.FACTORS :], read[: -peaks.FACTORS]
    narrow, wide = (np.int16, np.int16) if tier.depth == 2 else (np.int8 if tier.signed else np.uint8, np.int8)
    left = factors.view(narrow).reshape(peaks.FACTORS, 1, tier.depth).astype(np.int64)
    right = b.view(wide).reshape(peaks.TURNS, -1, tier.lanes, tier.depth).astype(np.int64)
    expected = [
        sum((left[n % peaks.FACTORS] * right[turn % peaks.TURNS, n // peaks.FACTORS]).sum(-1) for turn in range(loops))
        for n in range(count)
    ]
    found = peaks.run(loops, integer=True, tier=tier)
    assert np.array_equal(found, np.array(expected).astype(np.int32).reshape(-1))


@every_tier
def test_every_turn_adds_one_product_of_ones_in_float32(tier):
    found = peaks.run(1000, integer=False, tier=tier)
    assert found.size == peaks.chains(tier, integer=False) * tier.lanes
    assert (found == 1000).all()


@every_tier
def test_operations_count_a_product_and_a_sum_each(tier):
    whole, real = (peaks.operations(tier, integer=integer) for integer in (True, False))
    assert whole == 2 * peaks.chains(tier, integer=True) * tier.lanes * tier.depth
    assert real == 2 * peaks.run(1, integer=False, tier=tier).size
