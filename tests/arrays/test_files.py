"""A file is what its first bytes say; its name is plain text and helps only to say it."""

import io
import pickle

import numpy as np
import pytest

from quantlab.arrays import FileError, read


def npy(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def refusal(name, data):
    with pytest.raises(FileError, match=r"\.$") as caught:
        read(name, data)
    return str(caught.value)


def test_a_wrong_ending_is_told_and_the_content_read():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    array = read("table.csv", npy(values))
    np.testing.assert_array_equal(array.values, values)
    assert array.remark == "a .npy by its content"
    packed = io.BytesIO()
    np.savez(packed, w=values)
    assert read("w.npy", packed).remark == "a .npz by its content"
    assert read("W.NPY", npy(values)).remark == ""


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "A.NPY"])
def test_an_ending_that_promises_an_array_is_held_to_it(name):
    assert "does not begin like one" in refusal(name, b"1,2\n3,4\n")


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.pkl", ""])
def test_pickles_are_never_opened(name):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a stranger's pickle was executed",))

    for protocol in (2, 5):
        assert "pickle" in refusal(name, pickle.dumps(Trap(), protocol))
    file = io.BytesIO()
    np.save(file, np.array([Trap()], object), allow_pickle=True)
    assert "pickled Python objects" in refusal(name, file.getvalue())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("weights.npy", "weights.npy"),
        ("../../etc/weights.npy", "weights.npy"),
        ("C:\\fakepath\\weights.npy", "weights.npy"),
        ("<img src=x onerror=alert(1)>.npy", "<img src=x onerror=alert(1)>.npy"),
        ("a\x00b\u202ec\n  d.npy", "abc d.npy"),
        ("x" * 300, "x" * 79 + "…"),
        ("\u200b", "upload"),
        ("", "upload"),
    ],
)
def test_names_are_plain_text_of_one_short_line(given, shown):
    assert read(given, npy(np.ones(2))).name == shown


def test_other_kinds_of_file_are_named_and_refused():
    for start, word in ((b"\x1f\x8b", "gzip"), (b"\x89HDF\r\n", "HDF5"), (b"PAR1", "Parquet"), (b"%PDF-1", "PDF")):
        assert word in refusal("a.csv", start + bytes(40))


def test_reading_twice_gives_the_same_digest():
    data = npy(np.arange(4.0))
    assert read("a.npy", data).digest == read("b.npy", io.BytesIO(data)).digest
