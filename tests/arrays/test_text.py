"""Tables of numbers as people and programs write them: read as meant, told in words, or refused with the place."""

import io
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.arrays import FileError, parse_text, read
from quantlab.arrays.limits import MAX_TEXT

NAN = float("nan")


def refusal(data, name="a.csv"):
    with pytest.raises(FileError) as caught:
        read(name, data)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 240
    return sentence


@pytest.mark.parametrize(
    ("text", "values", "remark"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]], "comma-separated"),
        ("1, 2\n3 , 4", [[1, 2], [3, 4]], "comma-separated"),
        ("1;2\n3;4\n", [[1, 2], [3, 4]], "semicolon-separated"),
        ("1|2\n3|4\n", [[1, 2], [3, 4]], "bar-separated"),
        ("1\t2\n3\t4\n", [[1, 2], [3, 4]], "tab-separated"),
        ("1 2\n3 4\n", [[1, 2], [3, 4]], "space-separated"),
        ("  1   2 \n 3 \t 4  \n", [[1, 2], [3, 4]], "space-separated"),
        ("1,5;2\n3;4,25\n", [[1.5, 2], [3, 4.25]], "semicolon-separated, decimal comma"),
        ("1,5\t2,5\n3\t4\n", [[1.5, 2.5], [3, 4]], "tab-separated, decimal comma"),
        ("1,5 2,5\n3,5 4,5\n", [[1.5, 2.5], [3.5, 4.5]], "space-separated, decimal comma"),
        ("0 1,5\n1 2,5\n", [[0, 1.5], [1, 2.5]], "space-separated, decimal comma"),
        ('"1,5","2,5"\n"3","4"\n', [[1.5, 2.5], [3, 4]], "comma-separated, decimal comma"),
        ('"1,234.5","2"\n"3","4"\n', [[1234.5, 2], [3, 4]], "comma-separated, digits in groups"),
        ("1.234,5;2\n3;4\n", [[1234.5, 2], [3, 4]], "semicolon-separated, decimal comma, digits in groups"),
        ("1,234,567.5;2\n3;4\n", [[1234567.5, 2], [3, 4]], "semicolon-separated, digits in groups"),
        ("1'234.5;2\n3;4\n", [[1234.5, 2], [3, 4]], "semicolon-separated, digits in groups"),
        ("1\u00a0234,5;2\n3;4\n", [[1234.5, 2], [3, 4]], "semicolon-separated, decimal comma"),
        ("\u22121.5 2\n3 4", [[-1.5, 2], [3, 4]], "space-separated"),
        ("1,2,\n3,4,\n", [[1, 2], [3, 4]], "comma-separated"),
        ("a;b\n1;2;\n3;4;\n", [[1, 2], [3, 4]], "semicolon-separated, first row is a header"),
        ("1\t2\t\n3\t4\t\n", [[1, 2], [3, 4]], "tab-separated"),
        ("\n\n1,2\n\n  \n3,4\n\n", [[1, 2], [3, 4]], "comma-separated"),
        ("# from a tool\n1,2 # first\n#\n3,4\n", [[1, 2], [3, 4]], "comma-separated"),
        ("1,2\r\n3,4\r\n", [[1, 2], [3, 4]], "comma-separated"),
        ("1,2\r3,4\r", [[1, 2], [3, 4]], "comma-separated"),
        ("1\n2\n3\n", [1, 2, 3], "one number a line"),
        ("x\n1\n2\n", [1, 2], "one number a line, first row is a header"),
        ("1,2,3", [1, 2, 3], "comma-separated"),
        ("1 2 3", [1, 2, 3], "space-separated"),
        ("7", [7], "one number a line"),
        ("1e3,-.5,5.,+2E-1\n", [1000, -0.5, 5, 0.2], "comma-separated"),
        ("1,inf\n-Infinity,2\n", [[1, np.inf], [-np.inf, 2]], "comma-separated"),
        ("1,nan\n,4\n", [[1, NAN], [NAN, 4]], "comma-separated, 2 cells without a number read as NaN"),
        ("1,#N/A\n#DIV/0!,4", [[1, NAN], [NAN, 4]], "comma-separated, 2 cells without a number read as NaN"),
        ("1;-\n3;4", [[1, NAN], [3, 4]], "semicolon-separated, 1 cell without a number read as NaN"),
    ],
)
def test_notations_are_found_and_told(text, values, remark):
    array = read("a.csv", text.encode())
    np.testing.assert_array_equal(array.values, np.array(values, np.float32))
    assert array.remark == remark
    assert array.values.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]], "first row is a header"),
        ("a,2020\n1,2\n3,4\n", [[1, 2], [3, 4]], "first row is a header"),
        ('"a ""x"", b",c\n1,2\n', [1, 2], "first row is a header"),
        ("name;a;b\nx;1,5;2\ny;3;4,25\n", [[1.5, 2], [3, 4.25]], "first row is a header, first column is an index"),
        ("x,1,2\ny,3,4\n", [[1, 2], [3, 4]], "first column is an index"),
        ("x 1 2\ny 3 4\n", [[1, 2], [3, 4]], "first column is an index"),
        ('"x, y",1,2\n"z",3,4\n', [[1, 2], [3, 4]], "first column is an index"),
        (",a,b\n0,1,2\n1,3,4\n", [[1, 2], [3, 4]], "first row is a header, first column is an index"),
        (",0,1\n0,5,6\n1,7,8\n", [[5, 6], [7, 8]], "first row is a header, first column is an index"),
        ("Index,a\n1,5\n2,6\n3,7\n", [5, 6, 7], "first row is a header, first column is an index"),
        ("a b\nx 1 2\ny 3 4\n", [[1, 2], [3, 4]], "first row is a header, first column is an index"),
        ("place,2019,2020\nx,1,2\ny,3,4\n", [[1, 2], [3, 4]], "first row is a header, first column is an index"),
        ("name,2019,2020\nx,1,2\ny,3,4\n", [[1, 2], [3, 4]], "first row is a header, first column is an index"),
        ("2020-01-01 10:00,5,6\n2020-01-02 10:00,7,8\n", [[5, 6], [7, 8]], "first column is an index"),
        ("0,5\n1,6\n2,7\n", [[0, 5], [1, 6], [2, 7]], ""),
        ("time,a\n0,5\n1,6\n", [[0, 5], [1, 6]], "first row is a header"),
        ("#,a\n0,5\n1,6\n", [[0, 5], [1, 6]], ""),
    ],
)
def test_headers_and_indexes_are_found_only_where_the_numbers_bear_it_out(text, values, words):
    array = read("a.csv", text.encode())
    np.testing.assert_array_equal(array.values, np.array(values, np.float32))
    assert array.remark.replace(", decimal comma", "").partition("-separated")[2].lstrip(", ") == words


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 6),
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=12, max_size=60),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", ",")]),
    st.booleans(),
    st.booleans(),
)
def test_what_pandas_writes_is_read_to_the_last_bit(rows, numbers, signs, header, index):
    delimiter, decimal = signs
    values = np.array(numbers[: len(numbers) // rows // 2 * 2 * rows], np.float32).reshape(rows, -1)
    frame = pd.DataFrame(values, columns=[f"c{n}" for n in range(values.shape[1])])
    text = frame.to_csv(sep=delimiter, decimal=decimal, header=header, index=header and index, lineterminator="\n")
    array = read("a.csv", text.encode())
    np.testing.assert_array_equal(array.values, values[0] if rows == 1 else values)
    assert ("header" in array.remark, "index" in array.remark) == (header, header and index)


def test_what_numpy_writes_is_read():
    file = io.BytesIO()
    values = np.random.default_rng(0).random((5, 3))
    np.savetxt(file, values, header="made by NumPy")
    np.testing.assert_array_equal(read("a.txt", file.getvalue()).values, values.astype(np.float32))


def test_marks_and_encodings_that_keep_ascii_are_fine():
    assert read("a.csv", "\ufeffa;b\n1;2\n".encode()).values.tolist() == [1, 2]
    assert read("a.csv", "\ufeff1;2\n3;4\n".encode()).values.tolist() == [[1, 2], [3, 4]]
    assert read("a.csv", "größe;länge\n1;2\n".encode("cp1252")).values.tolist() == [1, 2]


def test_float64_is_taken_only_where_float32_cannot_hold_the_values():
    assert read("a.csv", b"1e38,2\n").values.dtype == np.float32
    for text in (b"1e300,2\n", b"1e-300,2\n"):
        array = read("a.csv", text)
        assert array.values.dtype == np.float64
        assert array.values[0] == float(text.split(b",")[0])
        assert "float64" in array.remark
    assert read("a.csv", b"1e-300,0\n" * 400_000 + b"3,4").values.shape == (400_001, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1,2\n3,4,5\n6,7\n", "Line 2 has 3 cells where others have 2"),
        (b"a,b\n\n1,2\n# note\n3\n5,6\n", "Line 5 has 1 cell where others have 2"),
        (b"1,2\n3,x\n5,6\n", "Line 2, column 2 holds 'x'"),
        (b"a,b\n\n1,2\n3,4\n5,6\n7,x\n", "Line 6, column 2 holds 'x'"),
        (b"l,1,2\nm,3,x\nn,5,6\no,7,8\n", "Line 2, column 3 holds 'x'"),
        (b"1,2\n3," + b"x" * 500 + b"\n5,6\n", "xxx…'"),
        (b"1,2\n3,1_000\n5,6\n", "1_000"),
        (b"1,2\n3,0x10\n5,6\n", "0x10"),
        (b"1,2\n3,True\n5,6\n", "True"),
        (b"1,2\n3,4 5\n5,6\n", "4 5"),
        (b"1,2\n3,<script>alert(1)</script>\n5,6\n", "<script>"),
        (b"<!DOCTYPE html>\n<html>\n<p>1</p></html>", "not a number"),
        (b"the quick brown fox\njumps over the lazy\n", "not a number"),
        (b"True,False\nTrue,True", "not a number"),
        (b'1,2\n3,"4\n5,6\n', "Line 2 opens a quotation mark"),
        ("1,2\n3,4".encode("utf-16"), "UTF-16"),
        ("1,2\n3,4".encode("utf-16-le"), "UTF-8"),
        (b"1,2\n\x00\n", "NUL"),
        (b"1,2\n\x07\n", "control characters"),
        (b"", "empty"),
        (b"\n \n\t\n", "no numbers"),
        (b"# only a comment\n", "no numbers"),
        (b"\xef\xbb\xbf", "no numbers"),
        (b"nan,nan\nnan,\n", "NaN"),
        (b"1,5\n2\n3,5\n", "Line 2 has 1 cell where others have 2"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
    ],
    ids=range(27),
)
def test_what_is_no_table_of_numbers_is_refused_with_the_place(data, words):
    assert words in refusal(data)


def test_a_bad_line_is_found_in_any_block_of_a_large_file():
    good = b"1.5,2.5\n" * 900_000
    assert "Line 900001, column 2 holds 'x'" in refusal(good + b"1,x\n" + good)
    assert "Line 900001 has 3 cells" in refusal(good + b"1,2,3\n" + good)
    with_header = b"# note\na,b\n" + good + b"\n1,x\n"
    assert "Line 900004, column 2" in refusal(with_header)


def test_a_large_file_is_read_whole_in_little_more_memory_than_its_numbers():
    values = np.random.default_rng(0).random((400_000, 4), dtype=np.float32)
    data = b"\n".join(b"%.7f;%.7f;%.7f;%.7f" % tuple(row) for row in values.tolist()).replace(b".", b",")
    data = b"a;b;c;d\n" + data
    read("warm.csv", b"1,2\n")
    tracemalloc.start()
    try:
        array = read("a.csv", data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(array.values, values, atol=1e-7)
    assert peak < 3 * len(data)


@pytest.mark.parametrize("delimiter", [b",", b" ", b"\n", b", "])
def test_one_very_long_line_is_read(delimiter):
    numbers = np.arange(300_000)
    array = read("a.txt", delimiter.join(b"%d" % n for n in numbers))
    np.testing.assert_array_equal(array.values, numbers.astype(np.float32))


def test_long_lines_are_rows_of_a_table():
    numbers = np.arange(600_000) % 1000
    row = b",".join(b"%d" % n for n in numbers)
    assert read("a.csv", row + b"\n" + row + b"\n").values.shape == (2, 600_000)
    assert read("a.csv", row + b",\n" + row + b",\n").values.shape == (2, 600_000)
    assert "Line 2 has 600001 cells" in refusal(row + b"\n" + row + b",1\n")


def test_text_above_its_limit_is_refused_unread():
    class Large(io.RawIOBase):
        def seek(self, offset, whence=0):
            return MAX_TEXT + 1 if whence else 0

        def read(self, count=-1):
            assert 0 <= count <= 8
            return b"1,2,3,4,"[:count]

    assert "limit is 50.0\u00a0MB" in refusal(Large())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2 3", [1, 2, 3]),
        ("0.5, −2", [0.5, -2]),
        ("[1, 2, 3]", [1, 2, 3]),
        ("[[1, 2], [3, 4.5]]", [[1, 2], [3, 4.5]]),
        ("array([[1., 2.],\n       [3., 4.]], dtype=float32)", [[1, 2], [3, 4]]),
        ("[[1. 2.\n  3.]\n [4. 5.\n  6.]]", [[1, 2, 3], [4, 5, 6]]),
        ("12\u202f400", [12400]),
        ("1,5\t2,5\n3\t4", [[1.5, 2.5], [3, 4]]),
    ],
)
def test_pasted_numbers_are_read(text, values):
    array = parse_text(text)
    np.testing.assert_array_equal(array.values, np.array(values, np.float32))
    assert array.name == "pasted numbers"


@pytest.mark.parametrize("text", ["", "  \n", "[]", "hello", "[1, 2], [3]", "[0.1 ... 0.9]", "\ud800", "\0"])
def test_pasted_text_that_holds_no_table_is_refused(text):
    with pytest.raises(FileError, match=r"\.$"):
        parse_text(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789.,;-+eE \t\n\r\"'#|naif[]x\u00a0\u2212", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        array = parse_text(text)
    except FileError as error:
        assert str(error).endswith(".")  # noqa: PT017 - both outcomes are right
    else:
        assert np.isfinite(array.values).any()
        assert array.values.ndim in (1, 2)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 200))
def test_cut_and_overwritten_tables_are_read_or_refused(patch, place, cut):
    data = bytearray(b'name;a;b\nx;1,5;2\ny;3;4,25\nz;1e5;-7\n"w";8;9\n' * 2)
    data[place : place + len(patch)] = patch
    try:
        read("a.csv", bytes(data[: len(data) - cut]))
    except FileError as error:
        assert str(error).endswith(".")  # noqa: PT017 - both outcomes are right
