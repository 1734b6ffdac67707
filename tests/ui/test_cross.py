"""The cross without a browser: its message is plain JSON of a bounded size and holds the numbers of the result."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quantlab.experiments.matmul import Settings, operands, run
from quantlab.ui.components.cross import message, shrunk, standalone
from quantlab.ui.matmul.hero import picture

MOST_BYTES = 60_000
STATES = {
    "opening": Settings(),
    "affine by row and group": Settings(symmetric=False, per="row", weight_per="group", group_size=2),
    "int8 that wraps": Settings(data="uniform", accumulator="int8"),
    "the largest": Settings(data="normal", m=256, k=1024, n=256, accumulator="int16"),
    "one by one": Settings(m=1, k=1, n=1),
    "the most numbers": Settings(data="normal", m=10, k=10, n=10),
}


def sent(state: Settings) -> dict:
    found = run(state, *operands.build(state.data, state.shape, state.seed))
    return message(picture(found)) | {"result": found}


@pytest.mark.parametrize("name", STATES)
def test_a_message_is_json_of_at_most_sixty_kilobytes(name: str) -> None:
    data = sent(STATES[name])
    del data["result"]
    assert len(json.dumps(data).encode()) < MOST_BYTES


@pytest.mark.parametrize("name", STATES)
def test_a_message_holds_the_sum_of_the_chosen_cell(name: str) -> None:
    data = sent(STATES[name])
    first, total = data["cells"][0], data["result"].sum
    assert [a * b for a, b in zip(first["x"], first["w"], strict=True)] == total.products.tolist()
    assert (first["exact"] or first["sums"]) == total.exact.tolist()
    assert first["sums"] == total.sums.tolist()
    assert first["over"] == np.flatnonzero(total.overflowed).tolist()


def test_the_sums_of_all_cells_go_along_where_they_are_few() -> None:
    data = sent(STATES["int8 that wraps"])
    cells = {cell["cell"]: cell for cell in data["cells"]}
    assert len(cells) == 40
    held = data["result"].now.accumulator[0]
    assert all(cells[f"{row}, {column}"]["sums"][-1] == held[row, column] for row, column in np.ndindex(10, 4))
    assert len(sent(STATES["the largest"])["cells"]) == 1
    assert len(sent(Settings(k=11))["cells"]) == 1


def test_small_matrices_have_numbers_and_large_ones_shades_of_blocks() -> None:
    small, large = sent(STATES["opening"]), sent(STATES["the largest"])
    assert small["numbered"]
    assert small["matrices"][0]["codes"] == np.ravel(small["result"].now.x.codes.codes).tolist()
    assert not large["numbered"]
    assert all(not matrix["codes"] for matrix in large["matrices"])
    assert [(matrix["byRow"], matrix["byColumn"]) for matrix in large["matrices"]] == [(6, 22), (22, 6), (6, 6)]


@pytest.mark.parametrize("name", STATES)
def test_shades_are_zero_for_zero_alone_and_full_for_the_farthest(name: str) -> None:
    for matrix, side in zip(sent(STATES[name])["matrices"], ("x", "w", "product"), strict=True):
        if side != "product" and matrix["codes"]:
            centred = _centred(STATES[name], side)
            assert [shade == 0 for shade in matrix["shades"]] == (centred.ravel() == 0).tolist()
        assert max(map(abs, matrix["shades"])) in (0, 12)


def _centred(state: Settings, side: str) -> np.ndarray:
    found = getattr(run(state, *operands.build(state.data, state.shape, state.seed)).now, side)
    codes = np.asarray(found.codes.codes, np.int64)
    values, zero = found.quantizer.dequantize(found.codes.codes), np.asarray(found.quantizer.zero_point)
    return np.where(values == 0, 0, codes - zero.ravel()[0]) if zero.size == 1 else np.sign(values)


def test_the_sum_may_be_negative_only_where_operands_or_wrapping_allow_it() -> None:
    assert not sent(STATES["opening"])["signed"]
    assert sent(Settings(data="uniform"))["signed"]
    assert sent(Settings(k=512, accumulator="int16"))["signed"]


def test_a_block_is_the_mean_of_what_it_stands_for() -> None:
    values = np.random.default_rng(2).integers(-9, 9, (100, 7))
    blocks, by_row, by_column = shrunk(values, most=10)
    assert (by_row, by_column) == (10, 1)
    assert blocks[7, 3] == values[70:80, 3].mean()
    uneven = shrunk(values, most=6)[0]
    assert uneven[-1, -1] == values[85:, 6:].mean()


def test_a_saved_picture_lets_nothing_from_outside_become_markup() -> None:
    found = run(Settings(), *operands.build("article", (10, 5, 4), 0))
    page = standalone(picture(found), title="</script><script>alert(1)</script>", alt="<b>'</b>")
    assert "<script>alert" not in page
    assert "<b>'" not in page
