"""Strangers' .npz: the list of members is checked before one is opened."""

import io
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantlab.arrays import FileError, Member, members, npz, read

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


def npy(values):
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def archive(*entries, compression=zipfile.ZIP_DEFLATED):
    """Pack (name, bytes) pairs, whatever the names are."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", compression) as packed:
        warnings.simplefilter("ignore", UserWarning)
        for name, content in entries:
            packed.writestr(name, content)
    return file.getvalue()


def refusal(data, **options):
    with pytest.raises(FileError) as caught:
        read("a.npz", data, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 240
    return sentence


def savez(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_members_are_listed_and_read_by_name(save):
    bias = np.ones(3, ">f8")
    data = savez(save, weight=WEIGHT, bias=bias)
    assert members("net.npz", data) == [
        Member("weight", (2, 3), "float32", 24),
        Member("bias", (3,), "float64", 24),
    ]
    array = read("net.npz", data, member="bias")
    np.testing.assert_array_equal(array.values, bias)
    assert (array.name, array.remark) == ("net.npz: bias", "byte order swapped")


def test_without_a_name_the_first_readable_one_is_read_and_told():
    data = savez(names=np.array(["a"]), weight=WEIGHT, bias=np.ones(3))
    listed = members("net.npz", data)
    assert [bool(member.problem) for member in listed] == [True, False, False]
    assert "text" in listed[0].problem
    array = read("net.npz", data)
    np.testing.assert_array_equal(array.values, WEIGHT)
    assert array.remark == "weight, one of 3 arrays"
    assert "text" in refusal(data, member="names")


def test_a_file_without_a_readable_array_says_why():
    assert "pickled" in refusal(archive(("a.npy", npy(np.array([{}], object)))))


def test_other_members_are_passed_over():
    data = archive(("README.txt", b"hello"), ("folder/", b""), ("folder/w.npy", npy(WEIGHT)))
    assert [member.name for member in members("a.npz", data)] == ["folder/w"]
    assert read("a.npz", data).remark == ""


def test_names_stay_plain_text_and_apart():
    data = archive(("<b>w</b>.npy", npy(WEIGHT)), ("a\u202e.npy", npy(WEIGHT + 1)), ("a.npy", npy(WEIGHT + 2)))
    assert [member.name for member in members("a.npz", data)] == ["<b>w</b>", "a", "a (2)"]
    np.testing.assert_array_equal(read("a.npz", data, member="a (2)").values, WEIGHT + 2)
    assert "no array named 'nosuch'" in refusal(data, member="nosuch")


@pytest.mark.parametrize(
    "name", ["../w.npy", "/etc/w.npy", "a/../../w.npy", "..\\w.npy", "C:\\w.npy", "a/..", "\\w.npy"]
)
def test_names_that_point_out_of_the_archive_are_refused(name):
    assert "points out of it" in refusal(archive((name, npy(WEIGHT))))


def test_duplicates_and_nested_archives_are_refused():
    assert "two members named 'w.npy'" in refusal(archive(("w.npy", npy(WEIGHT)), ("w.npy", npy(WEIGHT))))
    inner = archive(("w.npy", npy(WEIGHT)))
    assert "another archive" in refusal(archive(("w.npz", inner)))
    assert "does not begin like a .npy" in refusal(archive(("w.npy", inner)))
    assert "no .npy array" in refusal(archive(("w.txt", b"1 2 3")))
    assert "no .npy array" in refusal(archive())
    assert "Office" in refusal(archive(("[Content_Types].xml", b"<xml/>"), ("xl/sheet.xml", b"")))


def test_more_members_than_the_limit_are_refused_unlisted():
    content = npy(np.ones(1))
    assert "1000 members" in refusal(archive(*((f"{n}.npy", content) for n in range(1001))))
    assert len(members("a.npz", archive(*((f"{n}.npy", content) for n in range(1000))))) == 1000


def test_packing_that_numpy_does_not_use_is_refused():
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "packed in a way" in refusal(archive(("w.npy", npy(WEIGHT)), compression=method))


def changed(data, offset, form, value, *, also_local=None):
    """Overwrite one field of the first entry of the list of members (and of its local header)."""
    data = bytearray(data)
    struct.pack_into(form, data, data.index(b"PK\x01\x02") + offset, value)
    if also_local is not None:
        struct.pack_into(form, data, also_local, value)
    return bytes(data)


def test_encrypted_members_are_refused():
    assert "encrypted" in refusal(changed(archive(("w.npy", npy(WEIGHT))), 8, "<H", 1, also_local=6))


def test_a_member_that_lies_about_its_size_is_refused():
    data = archive(("w.npy", npy(WEIGHT)))
    assert "no real array" in refusal(changed(data, 24, "<L", 150 * 2**20))
    assert refusal(changed(data, 24, "<L", 150))


def test_members_that_are_small_alone_and_too_large_together_are_refused(monkeypatch):
    monkeypatch.setattr(npz, "MAX_UNPACKED", 2**20)
    content = npy(np.zeros(75_000))
    assert read("a.npz", archive(("a.npy", content))).values.size == 75_000
    assert "unpacks to 1.20\u00a0MB, the limit is 1.05\u00a0MB" in refusal(
        archive(("a.npy", content), ("b.npy", content))
    )


def test_a_bomb_is_refused_without_being_unpacked():
    file = io.BytesIO()
    member = zipfile.ZipInfo("w.npy")
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "w", compresslevel=1) as packed, packed.open(member, "w") as entry:
        for _ in range(201):
            entry.write(bytes(2**20))
    assert len(file.getvalue()) < 2**20
    tracemalloc.start()
    try:
        assert "the limit is 200\u00a0MB" in refusal(file.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_changed_byte_of_the_numbers_fails_the_checksum():
    data = bytearray(savez(weight=np.arange(1000.0)))
    data[2000] ^= 1
    assert "damaged" in refusal(bytes(data))


def test_a_list_of_members_that_is_not_at_the_end_is_refused():
    data = savez(weight=WEIGHT)
    assert refusal(data + b"x")
    assert "list of members" in refusal(data[:-30])
    end = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    assert "above 4 GB" in refusal(data[:end] + locator + data[end:])


def test_only_a_npz_has_members():
    with pytest.raises(FileError, match=r"no \.npz"):
        members("a.npy", npy(WEIGHT))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_no_beginning_of_a_file_is_taken_for_the_whole(cut, compressed):
    data = savez(np.savez_compressed if compressed else np.savez, a=WEIGHT, b=WEIGHT)
    refusal(data[: cut % len(data)])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_flipped_bytes_are_read_or_refused_and_nothing_else(flips, compressed):
    data = bytearray(savez(np.savez_compressed if compressed else np.savez, a=WEIGHT, b=WEIGHT))
    for place, value in flips:
        data[place % len(data)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for attempt in (members, read):
            try:
                attempt("a.npz", bytes(data))
            except FileError as error:
                assert str(error).endswith(".")  # noqa: PT017 - both outcomes are right
