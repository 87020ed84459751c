"""Checkpoints: what is saved comes back, and nothing else is taken for one."""

import io
import json
import zipfile

import numpy as np
import pytest
from helpers import assert_same
from runs import TINY, tiny

from minihit.errors import UserError
from minihit.training import checkpoint, state


@pytest.fixture
def saved(tmp_path):
    trees = state.create(0, TINY).trees
    path = checkpoint.path_of(tmp_path, 3)
    checkpoint.save(path, trees, {"step": 3})
    return path, trees


def test_round_trip(saved):
    path, trees = saved
    arrays, facts = checkpoint.load(path, trees)
    assert_same(arrays, trees)
    assert facts["step"] == 3


def test_a_part_can_be_loaded(saved):
    path, trees = saved
    arrays, _ = checkpoint.load(path, {"ema": trees["ema"]})
    assert_same(arrays, {"ema": trees["ema"]})


def test_leaves_that_are_not_contiguous_come_back_in_order(tmp_path):
    values = {"turned": np.arange(6.0).reshape(2, 3).T, "sliced": np.arange(10.0)[::-2]}
    checkpoint.save(tmp_path / "step-1.npz", values, {})
    assert_same(checkpoint.load(tmp_path / "step-1.npz", values)[0], values)


def test_no_pickle_is_inside(saved):
    with zipfile.ZipFile(saved[0]) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                assert not np.load(io.BytesIO(member.read()), allow_pickle=False).dtype.hasobject


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_truncated_files_are_refused(saved, share):
    path, trees = saved
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    with pytest.raises(UserError, match=r"step-00000003.npz is not a whole checkpoint"):
        checkpoint.load(path, trees)


def test_a_flipped_bit_is_noticed(saved):
    path, trees = saved
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a whole checkpoint"):
        checkpoint.load(path, trees)


def write_npz(path, **arrays):
    np.savez(path, **arrays)


@pytest.mark.parametrize("write", [
    lambda path: path.write_text("<html>quota exceeded</html>"),
    lambda path: write_npz(path, weights=np.zeros(3)),
    lambda path: write_npz(path, header=np.array("not json")),
    lambda path: write_npz(path, header=np.array(json.dumps({"format": "another program 7"}))),
    lambda path: write_npz(path, header=np.array(json.dumps([1, 2]))),
    lambda path: np.savez(path, header=np.array({"a": object()}, dtype=object)),
], ids=["html", "no header", "no json", "other format", "a list", "a pickle"])
def test_foreign_files_are_refused(saved, write):
    path, trees = saved
    write(path)
    with pytest.raises(UserError, match="checkpoint"):
        checkpoint.load(path, trees)


def test_another_network_is_refused(saved):
    other = state.create(0, tiny()).trees
    other["generator"]["params"]["start"]["bias"] = np.zeros(5, np.float32)
    with pytest.raises(UserError, match="generator/params/start/bias"):
        checkpoint.load(saved[0], other)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        checkpoint.load(tmp_path / "step-00000001.npz", {})


def test_the_newest_whole_one_is_found(tmp_path):
    values, said = {"x": np.arange(3.0)}, []
    for step in (1, 2, 10):
        checkpoint.save(checkpoint.path_of(tmp_path, step), values, {"step": step})
    checkpoint.path_of(tmp_path, 10).write_bytes(b"half")
    (tmp_path / "step-99.npz.partial").write_bytes(b"")
    _, facts = checkpoint.load_newest(tmp_path, values, said.append)
    assert facts["step"] == 2
    assert len(said) == 1 and "step-00000010" in said[0]


def test_nothing_whole_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="holds no whole checkpoint"):
        checkpoint.load_newest(tmp_path, {}, print)


def test_only_the_newest_are_kept(tmp_path):
    for step in range(5):
        checkpoint.save(checkpoint.path_of(tmp_path, step), {"x": np.zeros(1)}, {})
    checkpoint.keep_newest(tmp_path, 2)
    assert [path.name for path in checkpoint.newest(tmp_path)] == ["step-00000004.npz", "step-00000003.npz"]
