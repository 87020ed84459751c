"""Checkpoints: what is saved comes back, and nothing else is taken for one."""

import errno
import io
import json
import os
import tracemalloc
import zipfile

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, shrunk, tiny

from minihit.errors import UserError
from minihit.training import state
from minihit.training.run import checkpoint


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
    checkpoint.save(tmp_path / "step-1.npz", values, {"step": 1})
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
    lambda path: write_npz(path, header=np.array(json.dumps({"format": checkpoint.FORMAT, "step": "3"}))),
    lambda path: write_npz(path, header=np.array("[" * 100_000)),
    lambda path: write_npz(path, header=np.array(" " * 2**20)),
    lambda path: np.savez(path, header=np.array({"a": object()}, dtype=object)),
], ids=["html", "no header", "no json", "other format", "a list", "no step",
        "deep", "a long header", "a pickle"])
def test_foreign_files_are_refused(saved, write):
    path, trees = saved
    write(path)
    with pytest.raises(UserError, match="checkpoint"):
        checkpoint.load(path, trees)


def test_another_network_is_refused(saved):
    other = state.create(0, tiny()).trees
    other["networks"]["generator"]["params"]["start"]["bias"] = np.zeros(5, np.float32)
    with pytest.raises(UserError, match="networks/generator/params/start/bias"):
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


def test_no_checkpoint_yet_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="holds no whole checkpoint yet: start the run again, without --resume"):
        checkpoint.load_newest(tmp_path, {}, print)


def test_nothing_whole_is_a_sentence(saved):
    saved[0].write_bytes(b"half")
    with pytest.raises(UserError, match="holds no whole checkpoint: cure"):
        checkpoint.load_newest(saved[0].parent, {}, print)


def test_only_the_newest_are_kept(tmp_path):
    for step in range(5):
        checkpoint.save(checkpoint.path_of(tmp_path, step), {"x": np.zeros(1)}, {})
    checkpoint.keep_newest(tmp_path, 2)
    assert [path.name for path in checkpoint.newest(tmp_path)] == ["step-00000004.npz", "step-00000003.npz"]


def test_what_a_run_writes_is_not_displaced_by_a_broken_one_of_a_later_step(tmp_path):
    """Nor is what was set aside before."""
    for content in (b"first", b"second"):
        for step in (1, 2, 10):
            checkpoint.path_of(tmp_path, step).write_bytes(content)
        [(path, aside)] = checkpoint.set_aside(tmp_path, 2)
        assert path.name == "step-00000010.npz" and aside.read_bytes() == content
        assert [checkpoint.step_of(path) for path in checkpoint.newest(tmp_path)] == [2, 1]
    assert (tmp_path / "step-00000010.npz.broken-1").read_bytes() == b"first"


def cannot_be_opened(monkeypatch, newest, error):
    """Reading the newest checkpoint fails with an error of the system."""
    really = zipfile.ZipFile

    def opening(path, *args, **options):
        if path == newest:
            raise error
        return really(path, *args, **options)

    monkeypatch.setattr(checkpoint.zipfile, "ZipFile", opening)


@pytest.mark.parametrize("number, reason", [(errno.EACCES, "Permission denied"), (errno.EIO, "Input/output error"),
                                            (errno.EMFILE, "Too many open files")])
def test_what_cannot_be_read_is_not_taken_for_broken(tmp_path, monkeypatch, number, reason):
    values, said = {"x": np.arange(3.0)}, []
    for step in (1, 2):
        checkpoint.save(checkpoint.path_of(tmp_path, step), values, {"step": step})
    cannot_be_opened(monkeypatch, checkpoint.path_of(tmp_path, 2), OSError(number, os.strerror(number)))
    with pytest.raises(UserError, match=rf"cannot read .*step-00000002\.npz: {reason}; allow it, or move it away"):
        checkpoint.load_newest(tmp_path, values, said.append, lambda path, facts: None)
    assert said == []
    assert checkpoint.load_newest(tmp_path, values, said.append)[1]["step"] == 1
    assert len(said) == 1 and "cannot read" in said[0]


def test_a_lack_of_memory_is_not_taken_for_a_broken_checkpoint(saved, monkeypatch):
    path, trees = saved
    cannot_be_opened(monkeypatch, path, MemoryError())
    with pytest.raises(MemoryError):
        checkpoint.load_newest(path.parent, trees)


def test_what_is_required_is_asked_before_an_array_is_read(saved):
    path, _ = saved
    other = state.create(0, shrunk("hit-128")).trees

    def refuse(path, facts):
        raise UserError(f"{path.name} is of step {facts['step']}")

    with pytest.raises(UserError, match=r"^step-00000003\.npz is of step 3$"):
        checkpoint.load_newest(path.parent, other, print, refuse)


def test_a_folder_of_a_checkpoints_name_is_none(tmp_path):
    (tmp_path / "step-1.npz").mkdir()
    assert checkpoint.newest(tmp_path) == []
    with pytest.raises(UserError, match="does not exist"):
        checkpoint.load(tmp_path / "step-1.npz", {})


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_of_a_checkpoints_name_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "step-1.npz")
    assert checkpoint.newest(tmp_path) == []
    with pytest.raises(UserError, match="does not exist"):
        checkpoint.load(tmp_path / "step-1.npz", {})


def change(path, function):
    """Write the archive anew, its members (ZipInfo, bytes) passed through a function of the list of them."""
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in function(members):
            archive.writestr(info, content)


def array(values):
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def with_shape(content, shape):
    """The bytes of a .npy file whose header claims another shape."""
    length = 10 + int.from_bytes(content[8:10], "little")
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return content[:10] + header.ljust(length - 11) + b"\n" + content[length:]


@pytest.mark.parametrize("replaced", [
    lambda content: with_shape(content, (10**6, 10**6)),
    lambda content: with_shape(content, (-1,)),
    lambda content: array(np.array([object()])),
    lambda content: array(np.zeros(4, "f8")),
    lambda content: content[:-1],
    lambda content: content + b"x",
    lambda content: content[:40],
    lambda content: b"",
], ids=["huge", "negative", "pickle", "wide", "short", "long", "header only", "empty"])
def test_a_member_that_is_not_the_array_it_stands_for_is_refused(tmp_path, replaced):
    path, values = tmp_path / "step-1.npz", {"x": np.zeros(4, np.float32)}
    checkpoint.save(path, values, {"step": 1})
    change(path, lambda members: [(i, replaced(c) if i.filename == "x.npy" else c) for i, c in members])
    tracemalloc.start()
    with pytest.raises(UserError, match=r"step-1\.npz is"):
        checkpoint.load(path, values)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(saved):
    change(saved[0], lambda members: [*members, members[1]])
    with pytest.raises(UserError, match="not a whole checkpoint"):
        checkpoint.load(*saved)


def test_a_compressed_member_which_could_be_a_bomb_is_refused(saved):
    path, trees = saved
    with np.load(path) as file:
        np.savez_compressed(path, **file)
    with pytest.raises(UserError, match="not a whole checkpoint"):
        checkpoint.load(path, trees)


def test_members_that_nobody_asked_for_are_left_alone(saved):
    path, trees = saved
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.npy", b"x")
        archive.writestr("/outside.npy", b"x")
    assert_same(checkpoint.load(path, trees)[0], trees)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
