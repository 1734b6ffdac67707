"""Tables to learn from: what is read is what stands there, and what cannot be is refused in one sentence."""

import io
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantlab.arrays import FileError, read_labelled
from quantlab.arrays.labelled import MAX_BYTES


def table(rows=60, head="a,b,label", row=lambda n: f"{n},{n / 4},{'xy'[n % 2]}"):
    return "\n".join([head, *map(row, range(rows))])


def read(text, name="rows.csv"):
    return read_labelled(name, text.encode())


@given(
    values=st.lists(st.tuples(*[st.floats(-(2.0**99), 2.0**99, width=32)] * 3), min_size=40, max_size=60),
    labels=st.data(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    at=st.integers(0, 3),
)
def test_numbers_and_labels_come_back_wherever_the_column_stands(values, labels, delimiter, at):
    words = [labels.draw(st.sampled_from(["red", "green", "blue"])) for _ in values[2:]] + ["red", "green"]
    lines = [["a", "b", "c"], *[[repr(number) for number in row] for row in values]]
    for line, word in zip(lines, ["Class", *words], strict=True):
        line.insert(at, word)
    found = read("\n".join(delimiter.join(line) for line in lines))
    assert np.array_equal(found.values, np.array(values, np.float32))
    assert [found.classes[label] for label in found.labels] == words
    assert found.columns == ("a", "b", "c")
    assert found.values.dtype == np.float32
    assert found.labels.dtype == np.int64


def test_labels_that_are_numbers_are_classes_in_the_order_of_numbers():
    found = read(table(head="a,b,y", row=lambda n: f"{n},1,{(10, 9, 2)[n % 3]}"))
    assert found.classes == ("2", "9", "10")
    assert found.labels[:3].tolist() == [2, 1, 0]


def test_what_people_save_is_read_as_they_see_it():
    excel = "\ufeff" + table(head='"a";"b";"label"', row=lambda n: f'{n},5;−1;"{"one, two" if n % 2 else "+"}"')
    found = read(excel.replace("\n", "\r\n") + "\r\n\r\n")
    assert found.values[3].tolist() == [3.5, -1]
    assert found.classes == ("+", "one, two")
    index = read(table(head=",a,label", row=lambda n: f"{n},{n / 2},{n % 3}"))
    assert index.columns == ("a",)
    assert index.remark == "the first column is an index and left out"


def test_a_digest_names_content_and_nothing_else():
    one, same, other = read(table()), read(table().replace(",", ";"), "other.csv"), read(table().replace("59", "58"))
    assert one.digest == same.digest != other.digest
    assert not one.values.flags.writeable
    assert not one.labels.flags.writeable


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            table(head="a,b,kind"),
            "No column is named label, class, target or y, got a, b, kind; name that of the classes so.",
        ),
        (
            table(head="1,2,3"),
            "The first row holds numbers, 1, 2, 3, and no names; put names above, one of them label.",
        ),
        (table(head="y,b,label"), "The columns y, label are all named as labels are; rename all but one."),
        (
            table(head="label", row=lambda n: "xy"[n % 2]),
            "The table has a column of labels and no other; add columns of numbers to tell them from.",
        ),
        (table(row=lambda n: f"{n},2,x"), "All 60 rows have the label 'x'; bring two classes or more."),
        (
            table(row=lambda n: f"{n},2,{n / 7}"),
            "Column 'label' has 60 different labels, at most 20 are told apart; bring classes, not values.",
        ),
        (
            table(row=lambda n: f"{n},{'red' if n == 7 else 2},{n % 2}"),
            "Line 9, column 'b', holds 'red', which is no finite number; correct it, or leave the column out.",
        ),
        (table(row=lambda n: f"{n},inf,{n % 2}"), "Line 2, column 'b', holds 'inf', which is no finite number;"),
        (table(row=lambda n: f"{n},1e39,{n % 2}"), "Line 2, column 'b', holds '1e39', which is no finite number;"),
        (
            table(row=lambda n: f"{n},{'' if n == 3 else 2},{n % 2}"),
            "Line 5, column 'b', has no number; fill it in, or leave the row out.",
        ),
        (table(row=lambda n: f"{n},NaN,{n % 2}"), "Line 2, column 'b', has 'NaN' for a number; fill it in,"),
        (
            table(row=lambda n: f"{n},1,"),
            "Line 2, column 'label', has '' for a label; name its class, or leave the row",
        ),
        (table(39), "The table has 39 rows, and training needs 40; bring more."),
        (table(1), "The table has 1 row, and training needs 40; bring more."),
        (table(10_001), "The table has 10,001 rows, at most 10,000 are trained on; bring a part."),
        (
            table(head=",".join(["label", *map(str, range(257))]), row=lambda n: ",".join(["x"] * 258)),
            "The table has 257 columns of numbers, at most 256 are trained on; bring fewer.",
        ),
        (
            table(2_000, ",".join(["label", *map(str, range(256))]), lambda n: ",".join("1" * 257)),
            "The table has 2,000 × 256 numbers, at most 400,000 are trained on; bring fewer rows or columns.",
        ),
        (table(row=lambda n: "1,2" if n == 4 else "1,2,x"), "Line 6 has 2 cells where the first row has 3; give every"),
        (table(row=lambda n: f'{n},"2,x'), "Line 2 has a quotation mark that is not closed, or closed too early;"),
        ("label,a\n" + "1" * 70_000, "Line 2 has 70,000 characters, at most 65,536 are read; bring fewer columns."),
        ("# nothing\n\n", "The file holds no table; choose one with names above its columns."),
        ("", "The file is empty; choose another."),
        ("a,label\n\0,1", "The file holds NUL bytes"),
    ],
    ids=range(23),
)
def test_what_cannot_be_learned_from_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(FileError) as refused:
        read(text)
    assert str(refused.value).replace("\u202f", ",").replace("\xa0", " ").startswith(sentence)


def test_other_files_are_refused_by_what_they_are_and_nothing_is_unpickled():
    array = io.BytesIO()
    np.save(array, np.ones(3))
    for name, data, said in (
        ("a.npy", array.getvalue(), r"The file is an array \(.npy\) and names no columns; save it as a table, CSV"),
        ("a.csv", pickle.dumps([1]), "The file is a pickle, which could run code and is never opened"),
        (
            "a.csv",
            b"a,label\n" + b"1,x\n" * (MAX_BYTES // 4),
            "The table takes 20.0\u00a0MB, the limit is 20.0\u00a0MB; save a part",
        ),
    ):
        with pytest.raises(FileError, match=said):
            read_labelled(name, data)


def test_a_table_that_claims_much_is_refused_before_memory_is_taken():
    bombs = [b"label" + b"," * 4_000_000, b"\n" * 4_000_000 + b"label", b'label,"' + b"a" * 4_000_000]
    for bomb in bombs:
        tracemalloc.start()
        with pytest.raises(FileError):
            read_labelled("a.csv", bomb)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * len(bomb)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_one_sentence(data):
    rows = data.replace(b"\n", b"")  # so that they are no 40
    with pytest.raises(FileError, match=r"\A[^\n]+\.\Z"):
        read_labelled("a.csv", b"label,a\n" + rows)


def test_lines_are_counted_as_an_editor_does():
    with pytest.raises(FileError, match=r"^Line 8, column 'a', has no number"):
        read("\n\n# a remark\nlabel,a\n\nx,1\n\ny,\n" + "x,1\n" * 40)
