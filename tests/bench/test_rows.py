"""Every figure that was promised is a row, with its line and the instructions that it speaks of."""

import pytest

from quantlab.bench import products
from quantlab.bench.rows import Line, WrongResultError, require
from quantlab.bench.run import ROWS, choose

VNNI, ANY, AMX, AVX2 = ("avx512vnni",), (), ("amx",), ("avx2",)
LINES = {
    **{f"matmul-{n}-torch": (0.9, 1.05, VNNI) for n in (512, 1024, 2048)},
    **{f"matmul-{n}-ceiling": (0.8, 0.93, VNNI) for n in (512, 1024, 2048)},
    **{f"matmul-{n}-onnx": (0.95, 1.1, VNNI) for n in (512, 1024, 2048)},
    **{f"matmul-{n}-onnx-s8": (8, 14, VNNI) for n in (512, 1024, 2048)},
    "matmul-1024-torch-amx": (0.8, 1.1, AMX),
    "matmul-1024-onnx-amx": (0.8, 1.1, AMX),
    "matmul-1024-naive": (150, 300, ANY),
    "matmul-1024-blas-avx2": (1.0, 1.5, AVX2),
    "matmul-1x4096x4096-torch": (3, 4, VNNI),
    "matmul-16x4096x4096-torch": (1.8, 2.4, VNNI),
    "matmul-64-torch": (0.8, 1.2, VNNI),
    "matmul-2048-threads": (1.8, 1.95, ANY),
    "quantize-1000000": (1.3, 1.8, ANY),
    "quantize-16000000": (1.5, 3, ANY),
    "dequantize-1000000": (1.0, 1.2, ANY),
    "dequantize-16000000": (2, 3, ANY),
    "min-max-1000000": (0.95, 1.5, ANY),
    "min-max-16000000": (0.95, 1.5, ANY),
    "fake-quantize-1000000": (8, 13, ANY),
    "fake-quantize-16000000": (6, 10, ANY),
    "report-1000000": (10, 20, ANY),
    "report-16000000": (10, 20, ANY),
    "weights-4-int8-1x8192": (6, 9, ANY),
    "weights-4-float32-1x8192": (4, 6, ANY),
    "weights-8-float32-1x4096": (1.5, 3, ANY),
    "weights-8-float32-64x4096": (0.7, 1.0, ANY),
    "weights-4-int8-64x4096": (2, 3.5, ANY),
    "search-10000000": (4, 6, ANY),
    "training-step": (6, 10, ANY),
    "training-figure": (6, 10, ANY),
    "training-threads": (1.8, 1.95, ANY),
    **{f"search-error-{bits}": (1.01, 1.002, ANY) for bits in range(2, 9)},
}


@pytest.mark.parametrize("name", LINES)
def test_every_promised_figure_has_its_line(name):
    line = ROWS[name].line
    assert line is not None
    assert (line.must, line.aim, line.tiers) == LINES[name]
    assert line.at_most == name.startswith("search-error")


def test_no_row_has_a_line_that_nobody_asked_for():
    assert {name for name, row in ROWS.items() if row.line} == LINES.keys()


@pytest.mark.parametrize("shape", ["768x8192x768", "127x1001x333", "64x1024x1024", "64", "2048"])
@pytest.mark.parametrize("peer", ["torch", "onnx", "onnx-s8", "blas"])
def test_every_shape_meets_every_peer(shape, peer):
    assert f"matmul-{shape}-{peer}" in ROWS


@pytest.mark.parametrize("name", ["quantize", "dequantize", "min-max", "fake-quantize"])
def test_values_are_counted_from_ten_thousand_to_more_than_the_caches_hold(name):
    sizes = [
        int(found.removeprefix(f"{name}-")) for found in ROWS if found.startswith(f"{name}-") and found[-1].isdigit()
    ]
    assert min(sizes) == 10_000
    assert max(sizes) * 4 >= 256e6
    assert f"{name}-16000000-all" in ROWS


def test_on_all_cores_nothing_is_judged_but_two_threads():
    judged = ["matmul-2048-threads", "training-figure", "training-threads"]
    assert [row.name for row in ROWS.values() if row.threads != 1 and row.line] == judged


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_a_row_can_be_measured_and_named(row):
    assert (row.make is None) != (row.measure is None)
    assert choose([row.name])
    assert row.measure or row.bytes > 0
    assert not row.operations or row.roof


def test_a_race_against_avx2_holds_all_three_to_it():
    assert dict(ROWS["matmul-1024-blas-avx2"].environment) == dict(products.AVX2)
    assert dict(products.AVX2).keys() == {"NUMBA_CPU_NAME", "QUANTLAB_KERNELS", "OPENBLAS_CORETYPE"}


def test_rows_are_chosen_by_a_word_and_an_unknown_one_is_refused():
    assert choose([]) == list(ROWS.values())
    assert {row.name for row in choose(["naive", "aminmax"])} >= {"matmul-64-naive", "min-max-10000"}
    with pytest.raises(ValueError, match="--only 'gpu' names no row of the benchmark; try one of matmul, weights"):
        choose(["gpu"])


@pytest.mark.parametrize(("value", "verdict"), [(2.0, "aim"), (1.99, "must"), (1.0, "must"), (0.99, "missed")])
def test_a_line_is_met_from_its_number_on(value, verdict):
    assert Line(must=1, aim=2).met(value) == verdict
    assert Line(must=-1, aim=-2, at_most=True).met(-value) == verdict


def test_a_wrong_result_is_refused_in_one_sentence():
    require(True, "The product")
    with pytest.raises(WrongResultError, match=r"The product is wrong here; please report it"):
        require(False, "The product")
