"""Strangers' .npy: what NumPy writes is read exactly, everything else refused before memory is taken."""

import io
import struct
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantlab.arrays import FileError, read
from quantlab.arrays.limits import MAX_UPLOAD


def saved(values, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(values), version=version)
    return file.getvalue()


def written(header, body=b"\0" * 64, version=(1, 0)):
    text = header.encode("latin-1")
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + body


def header(descr="'<f4'", order="False", shape="(4,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def refusal(data, name="a.npy"):
    with pytest.raises(FileError) as caught:
        read(name, data)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 240
    return sentence


DTYPES = [f"{order}{kind}" for order in "<>" for kind in ("f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8")]


@pytest.mark.parametrize("dtype", [*DTYPES, "i1", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_real_type_in_either_order_is_read_exactly(dtype, order):
    expected = np.asarray(np.arange(24).reshape(2, 3, 4) % 7, dtype=dtype, order=order)
    array = read("a.npy", saved(expected))
    np.testing.assert_array_equal(array.values, expected)
    assert array.values.dtype == expected.dtype.newbyteorder("=")
    assert array.values.dtype.isnative
    assert array.values.flags.c_contiguous
    assert not array.values.flags.writeable
    assert array.remark == ("byte order swapped" if dtype.startswith(">") else "")


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["<f4", ">f8", "<i2", "|b1", "<f2"]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=5),
        elements={"allow_nan": False},
    ),
    st.sampled_from([(1, 0), (2, 0), (3, 0)]),
    st.booleans(),
)
def test_what_numpy_writes_is_read_as_numpy_reads_it(values, version, fortran):
    values = np.asfortranarray(values) if fortran else values
    if values.dtype.kind == "f" and not np.isfinite(values).any():
        values = np.zeros_like(values)
    np.testing.assert_array_equal(read("a.npy", saved(values, version)).values, values)


def test_a_stream_is_read_from_its_beginning_wherever_it_stands():
    file = io.BytesIO(saved(np.arange(3.0)))
    file.read()
    assert read("a.npy", file).values.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        '{"shape": (2L, 2L), "descr": "<f4", "fortran_order": False}',
        "{ 'fortran_order' : False,'shape':(2,2),'descr':'f4'}",
        "{'descr': '=f4', 'fortran_order': False, 'shape': (2, 2,), }   \n",
    ],
)
def test_headers_of_other_writers_are_understood(text):
    body = np.arange(4, dtype=np.float32).tobytes()
    assert read("a.npy", written(text, body)).values.tolist() == [[0, 1], [2, 3]]


def test_booleans_become_zero_and_one_whatever_their_bytes_are():
    values = read("a.npy", written(header("'|b1'"), bytes([0, 1, 2, 255]))).values
    assert values.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_what_follows_the_array_is_left_and_told():
    assert read("a.npy", saved(np.ones(3)) + b"more").remark == "4\u00a0B after the array left unread"


def test_nan_and_infinities_stay():
    values = np.array([np.nan, np.inf, -np.inf, 1], np.float32)
    np.testing.assert_array_equal(read("a.npy", saved(values)).values, values)


@pytest.mark.parametrize("size", [32 * 2**30, 2**62])
def test_a_header_that_claims_too_much_is_refused_before_memory_is_taken(size):
    data = written(header("'|u1'", shape=f"({size},)"))
    data += b"\0" * (128 - len(data))
    tracemalloc.start()
    try:
        sentence = refusal(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "claims" in sentence
    assert peak < 200_000
    assert size > 2**60 or "34.4\u00a0GB" in sentence


class Sparse(io.RawIOBase):
    """A file of `size` bytes of which only the first are ever made."""

    def __init__(self, start, size):
        self.start, self.size, self.place = start, size, 0

    def seek(self, offset, whence=0):
        self.place = offset if whence == 0 else self.size + offset
        return self.place

    def read(self, count=-1):
        if self.place >= len(self.start):
            raise AssertionError("read past the header of a file that is too large")
        block = self.start[self.place : self.place + count]
        self.place += len(block)
        return block


def test_an_array_just_above_the_limit_is_refused_by_its_header_alone():
    count = MAX_UPLOAD - 64
    head = written(header("'|u1'", shape=f"({count + 1},)"), b"")
    assert "200\u00a0MB" in refusal(Sparse(head, MAX_UPLOAD + 1))
    large = written(header("'|u1'", shape=f"({MAX_UPLOAD + 1},)"), b"")
    assert "but" in refusal(Sparse(large, MAX_UPLOAD))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([{}, None], object), "pickled Python objects"),
        (np.array(["a", "b"]), "text"),
        (np.array([b"a"]), "text"),
        (np.array([1 + 2j]), "complex"),
        (np.array([(1, 2.0)], [("a", "i4"), ("b", "f4")]), "named fields"),
        (np.array(["2020-01-01"], "M8[D]"), "dates"),
        (np.array([1], "m8[s]"), "time differences"),
        (np.array([1], np.longdouble), "float type other than"),
        (np.array([1, 2], ml_dtypes.bfloat16), "bfloat16"),
        (np.array([1, 2], ml_dtypes.float8_e4m3fn), "float"),
        (np.array(3.0), "single number"),
        (np.zeros((1,) * 5), "5 dimensions"),
        (np.zeros((0, 3)), "no numbers"),
        (np.full((2, 2), np.nan), "NaN"),
        (np.array([np.nan, np.inf]), "NaN or infinite"),
        (np.array([2**53 + 1]), "9007199254740993"),
        (np.array([-(2**60), 0]), "beyond 2^53"),
        (np.array([2**64 - 1], np.uint64), "beyond 2^53"),
    ],
    ids=lambda value: str(getattr(value, "dtype", value))[:20],
)
def test_arrays_that_cannot_be_quantized_are_refused_in_a_sentence(values, words):
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    assert words in refusal(file.getvalue())


def test_whole_numbers_up_to_2_to_the_53_are_read():
    values = np.array([2**53, -(2**53)])
    assert read("a.npy", saved(values)).values.tolist() == values.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (header(shape="(-1, 4)"), "negative length -1"),
        (header(shape="(-1, -4)"), "negative"),
        (header(shape=f"({'9' * 5000},)"), "length of '9999"),
        (header(shape=f"({2**62}, {2**62})"), "claims"),
        (header(shape="(1.5,)"), "cannot be read"),
        (header(shape="(3 4,)"), "length of"),
        (header(shape="(+4,)"), "length of"),
        (header(shape="(,)"), "length of"),
        (header(shape="4"), "cannot be read"),
        (header(shape="[4]"), "cannot be read"),
        (header(order="1"), "cannot be read"),
        (header(descr="'<q9'"), "not known here"),
        (header(descr="'<f4, f4'"), "other than 16, 32 or 64"),
        (header(descr="[('a', '<f4')]"), "named fields"),
        (header(descr="__import__('os').getpid()"), "cannot be read"),
        ("{'descr': '<f4', 'shape': (4,)}", "cannot be read"),
        ("{" * 30_000, "cannot be read"),
        ("(" * 30_000, "cannot be read"),
        ("", "cannot be read"),
    ],
    ids=range(19),
)
def test_broken_headers_are_refused_in_a_sentence(text, words):
    assert words in refusal(written(text))


def test_versions_and_header_lengths_have_bounds():
    assert "version 9.0" in refusal(written(header(), version=(9, 0)))
    assert "65.5\u00a0kB" in refusal(written(header() + " " * 2**16, version=(2, 0)))
    assert "does not begin like one" in refusal(b"\x93NUMP")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
@example(0)
@example(8)
def test_no_beginning_of_a_file_is_taken_for_the_whole(cut):
    data = saved(np.arange(12, dtype=np.float32).reshape(3, 4))
    refusal(data[: cut % len(data)])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 175), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_are_read_or_refused_and_nothing_else(flips):
    data = bytearray(saved(np.arange(12, dtype=np.float32).reshape(3, 4)))
    for place, value in flips:
        data[place % len(data)] = value
    try:
        array = read("a.npy", bytes(data))
    except FileError as error:
        assert str(error).endswith(".")  # noqa: PT017 - both outcomes are right
    else:
        assert 1 <= array.values.ndim <= 4
        assert array.values.nbytes <= len(data)
