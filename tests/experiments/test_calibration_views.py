"""The Calibration page's views: criteria that the observers follow, widening, channels, and code that runs."""

from dataclasses import replace

import numpy as np
import pytest

from quantlab.experiments import calibration
from quantlab.experiments.calibration import VIEWS, Settings, criteria, widening
from quantlab.experiments.calibration import channels as by_channel
from quantlab.experiments.calibration.course import OBSERVERS
from quantlab.experiments.calibration.snippet import snippet
from quantlab.quantizer import Quantizer
from quantlab.ui.calibration.views import VIEWS as DRAWN

KEPT = {}
STATES = {
    "opening": Settings(),
    "both signs": Settings(data="outputs", symmetric=True, batches=19),
    "tail, 2 bits": Settings(data="tail", bits=2, odd=1.0, p=99.0),
}


def run(settings):
    """Compute each state once for all tests."""
    state = replace(settings, compare="nothing")
    if state not in KEPT:
        KEPT[state] = calibration.run(state)
    return KEPT[state]


def values(result):
    return np.concatenate([batch.ravel() for batch in result.stream.batches[: result.settings.batches]])


@pytest.mark.parametrize("name", STATES)
def test_the_error_that_is_drawn_is_that_of_the_values_seen(name):
    result = run(STATES[name])
    found, x = criteria.criteria(result)[0], values(result)
    for at in (20, 80, 159):
        clip, course = found.clips[at], result.course("mse")
        lo, hi = course.lo[result.now], course.hi[result.now]
        pair = (-clip, clip) if result.settings.symmetric else (lo, clip) if hi >= -lo else (-clip, hi)
        ends = tuple(np.array([end]) for end in pair)
        grid = Quantizer.from_range(x, *ends, result.settings.scheme())
        error = ((grid.fake_quantize(x) - x.astype(np.float64)) ** 2).mean()
        assert found.values[at] == pytest.approx(error, rel=0.03)


@pytest.mark.parametrize("name", STATES)
def test_each_observer_stops_where_its_criterion_says(name):
    result = run(STATES[name])
    mse, entropy, percentile = criteria.criteria(result)
    step = mse.clips[1] - mse.clips[0]
    assert abs(mse.clips[np.argmin(mse.values)] - mse.chosen) <= step
    x = values(result)
    found = min(entropy.clips[np.nanargmin(entropy.values)], np.abs(x).max())
    assert found == pytest.approx(entropy.chosen, rel=1e-6)
    assert 100 * (x > percentile.chosen).mean() == pytest.approx(percentile.level, abs=0.02)


@pytest.mark.parametrize("name", STATES)
def test_the_share_above_a_clip_is_counted(name):
    result = run(STATES[name])
    found, x = criteria.criteria(result)[2], values(result)
    shares = [100 * (x > clip).mean() or np.nan for clip in found.clips]
    assert found.values == pytest.approx(shares, nan_ok=True, abs=1e-9)


@pytest.mark.parametrize("name", STATES)
def test_min_max_never_narrows_and_its_changes_are_counted(name):
    result = run(STATES[name])
    widest = widening.widenings(result)[0]
    batches = result.stream.batches
    seen = [np.concatenate(batches[:n], axis=None) for n in range(1, result.settings.batches + 1)]
    widths = [x.max() - x.min() for x in seen]
    assert widest.narrower == 0
    assert widest.wider == int((np.diff(widths) > 0).sum())


@pytest.mark.parametrize(
    ("settings", "said", "table"),
    [
        (Settings(), "**widened once, at the odd 20th batch, and never narrowed**", "1 batch, the odd one"),
        (Settings(batches=19), "min-max **kept its range**", "0 batches"),
        (Settings(odd=1.0), "min-max **widened once and never narrowed**", "1 batch"),
        (Settings(odd_at=2), "**widened once, at the odd 2nd batch, and never narrowed**", "1 batch, the odd one"),
        (Settings(data="tail"), "one of them at the odd 20th batch, and never", " batches"),
        (Settings(data="tail", odd=1.0), "times and never narrowed", " batches"),
        (Settings(odd_at=1), "min-max **kept its range**", "0 batches"),
        (Settings(batches=1), "no range has changed yet", "0 batches"),
    ],
)
def test_the_odd_batch_is_named_where_it_widened_min_max_and_only_there(settings, said, table):
    result = run(settings)
    assert said in widening.sentence(result)
    assert widening.columns(result)["wider after"][0].endswith(table)
    batches = result.stream.batches
    odd = settings.odd_batch - 1
    reached = 0 < odd < result.seen and batches[odd].max() > np.concatenate(batches[:odd]).max()
    assert ("odd" in widening.sentence(result)) == reached


@pytest.mark.parametrize("name", STATES)
def test_each_channel_has_the_range_and_error_of_its_own_grid(name):
    result = run(STATES[name])
    found, held = by_channel.channels(result), result.stream.held
    noise = 0.0
    for channel in range(held.shape[1]):
        x = held[:, channel]
        ends = found.lo[channel : channel + 1], found.hi[channel : channel + 1]
        error = Quantizer.from_range(x, *ends, result.settings.scheme()).fake_quantize(x).astype(np.float64) - x
        noise += (error**2).sum()
    assert found.apart == pytest.approx(10 * np.log10((held.astype(np.float64) ** 2).sum() / noise))
    assert "channel" in by_channel.sentence(found)


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("observer", OBSERVERS)
def test_the_code_that_is_shown_finds_the_ranges_that_are_shown(name, observer):
    result = run(STATES[name])
    names = {"batches": result.stream.batches}
    exec(snippet(observer, result.settings), names)
    course = result.course(observer)
    # A percentile is kept to 8 significant bits.
    near = 1 / 200 if observer == "percentile" else 1e-6
    assert names["scale"] == pytest.approx(course.scale[-1], rel=near)
    assert abs(names["zero_point"] - course.zero_point[-1]) <= (1 if observer == "percentile" else 0)


def test_every_view_has_a_drawing():
    assert tuple(label.lower().replace(" ", "-") for label in DRAWN) == VIEWS


@pytest.mark.parametrize("name", STATES)
def test_a_channel_is_called_always_zero_where_no_batch_seen_has_another_value(name):
    result = run(STATES[name])
    found = by_channel.channels(result)
    seen = np.concatenate(result.stream.batches[: result.seen])
    assert found.silent.tolist() == (seen == 0).all(axis=0).tolist()
    assert found.columns()["values"].tolist() == ["always 0" if silent else "" for silent in found.silent]
    number = int(found.silent.sum())
    assert (f"{number} of {len(found.silent)} channels" in by_channel.sentence(found)) == (number > 0)


def test_the_opening_has_channels_that_are_always_zero():
    assert by_channel.channels(run(Settings())).silent.any()
