import numpy as np
import pytest

from minihit.errors import UserError
from minihit.features import table


class Trap:
    """A pickle that would tell that it was opened."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("dtype, read_as", [(np.float32, np.float32), (np.float64, np.float64),
                                            (np.float16, np.float64), (np.uint8, np.float64), (">f4", np.float64)])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_both_sets_come_back(tmp_path, dtype, read_as, save):
    pictures, reference = np.arange(12).reshape(4, 3).astype(dtype), np.arange(6).reshape(2, 3).astype(dtype)
    save(tmp_path / "own.npz", reference=reference, pictures=pictures, other=np.zeros(3))
    found = table.read(tmp_path / "own.npz")
    np.testing.assert_array_equal(found[0], pictures)
    np.testing.assert_array_equal(found[1], reference)
    assert [array.dtype for array in found] == [read_as, read_as]


GOOD = np.ones((4, 3))
WRONG = {
    "one axis": (GOOD[0], GOOD, r'"pictures" in .* is float64 \(3,\): it must be \(pictures,'),
    "three axes": (GOOD, GOOD[None], r'"reference" in .* is float64 \(1, 4, 3\)'),
    "no pictures": (GOOD[:0], GOOD, r"\(0, 3\).* at least one of each"),
    "no features": (GOOD, GOOD[:, :0], r"\(4, 0\)"),
    "complex": (GOOD * 1j, GOOD, "is complex128 .* floats or whole numbers"),
    "truth values": (GOOD > 0, GOOD, "is bool"),
    "words": (GOOD.astype(str), GOOD, "is <U"),
    "none at all": (GOOD * np.nan, GOOD, '"pictures" .* infinite or none at all: leave their'),
    "infinite": (GOOD, GOOD * [1, 1, np.inf], '"reference" .* infinite'),
    "two networks": (GOOD[:, :2], GOOD, "has 2 features of each picture and 3 of each in"),
    "no reference": (GOOD, None, 'no array "reference"; write it with numpy.savez'),
    "nothing": (None, None, 'no array "pictures"'),
    "a pickle": (np.array([[Trap()]], dtype=object), GOOD, "allow_pickle=False; write it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_wrong_layout_is_one_sentence(tmp_path, name):
    pictures, reference, message = WRONG[name]
    arrays = {"pictures": pictures, "reference": reference}
    path = saved(tmp_path / "own.npz", **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(UserError, match=message) as refusal:
        table.read(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


def test_files_that_are_no_archive_are_refused(tmp_path):
    path = tmp_path / "own.npz"
    np.save(tmp_path / "own.npy", GOOD)
    whole = saved(path, pictures=np.random.default_rng(0).random((40, 30)), reference=GOOD).read_bytes()
    pickled = np.array([Trap()], dtype=object).dumps()
    for content in (b"", b"a,b\n1,2\n", pickled, whole[:2000], (tmp_path / "own.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"from .*own\.npz: it is no \.npz file; write it with numpy\.savez"):
            table.read(path)
    path.write_bytes(whole[:900] + b"xxx" + whole[903:])
    with pytest.raises(UserError, match=r"cannot read features from .*own\.npz: Bad CRC.*; write it with numpy\.savez"):
        table.read(path)


@pytest.mark.parametrize("name, reason", [("missing.npz", "No such file"), (".", "Is a directory")])
def test_a_file_that_is_not_there_is_refused(tmp_path, name, reason):
    with pytest.raises(UserError, match=f"cannot read features from .*: {reason}"):
        table.read(tmp_path / name)
