"""The arrays in a .npz file: read as they are, or not at all. Damage of every kind stands in test_checkpoint.py."""

import zipfile

import numpy as np
import pytest

from minihit import npz

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "turned": np.asfortranarray(np.arange(6).reshape(2, 3))}


@pytest.fixture
def archive(tmp_path):
    """An open archive of ARRAYS and a header."""
    np.savez(tmp_path / "a.npz", header=npz.header({"is": "known"}), **ARRAYS)
    with zipfile.ZipFile(tmp_path / "a.npz") as opened:
        yield opened


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_read_as_it_was_written(archive, name):
    found = npz.read(archive, npz.members(archive)[name], lambda shape, dtype: True)
    np.testing.assert_array_equal(found, ARRAYS[name])
    assert found.dtype == ARRAYS[name].dtype and not found.flags.writeable


def test_what_does_not_fit_is_not_read(archive):
    seen = []
    assert npz.read(archive, npz.members(archive)["a"], lambda *what: seen.append(what)) is None
    assert seen == [((2, 3), np.float32)]
    assert npz.read(archive, None, lambda *what: True) is None


def test_facts_are_what_the_header_holds(archive, tmp_path):
    assert npz.read_facts(archive, npz.members(archive)) == {"is": "known"}
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3), header=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "foreign.npz") as foreign:
        assert npz.read_facts(foreign, npz.members(foreign)) is None
        assert npz.read_facts(foreign, {}) is None


def test_a_header_of_a_mebibyte_is_not_read(tmp_path):
    for length, known in ((2**18 - 3, True), (2**18 - 2, False)):         # four bytes a character, and two quotes
        np.savez(tmp_path / "long.npz", header=npz.header("x" * length))
        with zipfile.ZipFile(tmp_path / "long.npz") as archive:
            assert (npz.read_facts(archive, npz.members(archive)) is not None) == known


def test_compression_and_two_members_of_a_name_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "small.npz", a=np.zeros(9))
    with zipfile.ZipFile(tmp_path / "two.npz", "w") as twice, pytest.warns(UserWarning, match="Duplicate"):
        twice.writestr("a.npy", b"")
        twice.writestr("a.npy", b"")
    for name in ("small.npz", "two.npz"):
        with zipfile.ZipFile(tmp_path / name) as archive, pytest.raises(ValueError, match="writes every name once"):
            npz.members(archive)
