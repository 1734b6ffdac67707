"""The race of "This machine": one product, three ways, and what was possible."""

from quantlab.bench import live


def test_the_race_has_three_runners_and_their_roof():
    found = live.race(0.05, size=64)
    assert found.shape == (64, 64, 64)
    assert found.kernel.times.median == 1.0
    for runner in (found.kernel, found.blas, found.naive):
        assert runner.seconds.lower <= runner.seconds.median <= runner.seconds.upper
        assert runner.speed == found.operations / runner.seconds.median
    assert found.roof == min(found.peak, found.intensity * found.bandwidth)
    assert found.machine.tier
