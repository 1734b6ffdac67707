"""A weight of one's own on the Modes page: a layer of its shape, with sentences and curves, gone with its visitor."""

import gc
import weakref

import numpy as np
import pytest

from quantlab import charts
from quantlab.arrays import Array
from quantlab.experiments.modes import Settings, run, stories
from quantlab.experiments.modes.readings import LABELS, readings
from quantlab.experiments.modes.subject import of_weight
from quantlab.experiments.modes.sweep import sweep


def test_a_weight_of_ones_own_is_a_layer_of_its_shape_and_says_how_it_got_it() -> None:
    weight = np.random.default_rng(5).standard_normal((6, 3, 2, 2)).astype(np.float32)
    own = of_weight(Array.of(weight, "conv"), 0)
    result = run(Settings(data="yours", batch=8), own)
    assert own.shapes == ((6, 12),)
    assert "(6, 3, 2, 2) is taken as 6 × 12" in own.remark
    assert (own.network.layers[0].weight == weight.reshape(6, 12)).all()
    assert result.outcomes["float32"].error == 0
    assert result.outcomes["static"].accuracy is None
    assert 0 < result.outcomes["weight-only"].error < 0.02
    assert tuple(reading.label for reading in readings(result)) == LABELS
    four = run(Settings(data="yours", batch=8, weight_bits=4), own)
    assert four.outcomes["weight-only"].error > 5 * result.outcomes["weight-only"].error


def test_a_pin_on_a_weight_that_is_not_there_is_not_compared_with() -> None:
    pinned = Settings(compare="pinned", pin=Settings(data="yours"))
    assert run(pinned).compared is None
    own = of_weight(Array.of(np.ones((2, 3), np.float32), "mine"), 0)
    assert run(pinned, pinned=own).compared.subject is own


@pytest.mark.parametrize(
    "weight",
    [
        np.ones((3, 3)),
        np.eye(4),
        np.ones((1, 1)),
        np.zeros((2, 5)),
        np.full((3, 2), 1e-42),
        np.full(4, 3.0),
        np.full((2, 2), 1e300),
    ],
    ids=["ones", "identity", "1 × 1", "zeros", "tiny", "1-D", "huge"],
)
def test_any_weight_has_a_sentence_and_curves(weight: np.ndarray) -> None:
    own = of_weight(Array.of(weight, "mine"), 0)
    result = run(Settings(data="yours"), own)
    assert 5 < len(stories.sentence(result).split()) <= 45
    swept = sweep(result)
    figure = charts.quality_against_bits(
        swept.bits,
        {mode: values * 100 for mode, values in swept.error.items()},
        title="output error, %",
        logarithmic=True,
    )
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_a_visitors_network_is_gone_when_nobody_holds_it() -> None:
    own = of_weight(Array.of(np.random.default_rng(3).standard_normal((8, 8)), "mine"), 0)
    run(Settings(data="yours", compare="nothing"), own)
    gone = weakref.ref(own.network)
    del own
    gc.collect()
    assert gone() is None
