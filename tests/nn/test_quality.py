"""Measures: what a share of right answers and of explained variance count, and what neither can be asked of."""

import numpy as np
import pytest

from quantlab.nn import accuracy, agreement, quality, r_squared


def test_accuracy_and_agreement_count_rows():
    logits = np.array([[3, 1, 0], [0, 5, 1], [0, 0, 1], [2, 2, 0]])
    assert accuracy(logits, np.array([0, 1, 0, 0])) == 0.75
    assert agreement(logits, logits[::-1]) == 0.5
    assert agreement(logits, logits * 7) == 1


def test_values_that_are_all_right_have_one_and_the_mean_alone_has_nothing():
    wanted = np.random.default_rng(0).normal(size=50).astype(np.float32)
    assert r_squared(wanted, wanted) == 1
    assert r_squared(np.full(50, wanted.mean()), wanted) == pytest.approx(0, abs=1e-6)
    assert r_squared(-wanted, wanted) < 0
    assert quality(wanted[:, None], wanted) == 1
    assert quality(np.array([[0.0, 1.0]]), np.array([1])) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: accuracy(np.empty((0, 3)), np.empty(0)), "A share of no rows has no value"),
        (lambda: r_squared(np.ones(3), np.ones(3)), "R² needs values that vary, got none"),
        (lambda: r_squared(np.empty(0), np.empty(0)), "R² needs values that vary, got none"),
    ],
)
def test_what_has_no_value_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
