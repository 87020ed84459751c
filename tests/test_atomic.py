import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from minihit import atomic
from minihit.errors import UserError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_content_arrives_and_nothing_else_stays(tmp_path):
    atomic.write_bytes(tmp_path / "a.bin", b"new")
    atomic.write_text(tmp_path / "b.csv", "größe\n1\r\n")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert (tmp_path / "b.csv").read_bytes() == "größe\n1\r\n".encode()
    assert names(tmp_path) == ["a.bin", "b.csv"]


def test_folders_are_made_and_a_str_is_a_path(tmp_path):
    atomic.write_bytes(f"{tmp_path}/runs/7/a.bin", b"x")
    assert (tmp_path / "runs" / "7" / "a.bin").read_bytes() == b"x"


def test_the_old_file_is_whole_until_the_block_ends(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with atomic.replacing(path) as file:
        file.write(b"new and longer")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new and longer"


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError("cannot write mode F as PNG")])
def test_an_error_in_the_block_passes_and_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(error)) as caught, atomic.replacing(path) as file:
        file.write(b"half")
        raise error
    assert caught.value is error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_disk_that_fills_up_is_a_user_error_and_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"a\.bin: No space left on device; free some space .*untouched"):
        atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a Linux device")
def test_a_device_that_is_really_full_is_a_user_error_and_is_not_replaced():
    with pytest.raises(UserError, match="/dev/full: No space left"):
        atomic.write_bytes("/dev/full", b"x" * 100_000)
    assert not os.path.isfile("/dev/full")


def test_a_device_is_written_to_not_replaced():
    atomic.write_bytes(os.devnull, b"x")
    assert not os.path.isfile(os.devnull)


def test_a_folder_of_that_name_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="name of a file"):
        atomic.write_bytes(tmp_path, b"x")


def test_a_file_where_a_folder_should_be_is_a_user_error(tmp_path):
    (tmp_path / "runs").write_bytes(b"x")
    with pytest.raises(UserError, match="not a folder"):
        atomic.write_bytes(tmp_path / "runs" / "a.bin", b"x")


def test_a_name_that_is_too_long_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="shorter name"):
        atomic.write_bytes(tmp_path / ("a" * 300), b"x")
    assert names(tmp_path) == []


def test_a_long_name_that_the_system_allows_is_written(tmp_path):
    atomic.write_bytes(tmp_path / ("a" * 255), b"x")
    assert names(tmp_path) == ["a" * 255]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_is_a_user_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="place you may write to"):
        atomic.write_bytes(tmp_path / "a.bin", b"x")


def test_refused_permission_is_a_user_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match="place you may write to"):
        atomic.write_bytes(tmp_path / "a.bin", b"x")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="links and permissions of POSIX")
def test_links_and_permissions_stay(tmp_path):
    target, link = tmp_path / "target.bin", tmp_path / "latest.bin"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    atomic.write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    atomic.write_bytes(tmp_path / "a.bin", b"x")
    assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_new_name_reaches_the_disk_after_its_content(tmp_path, monkeypatch):
    calls, fsync, replace = [], os.fsync, os.replace
    kinds = {True: "folder", False: "file"}
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(kinds[stat.S_ISDIR(os.fstat(fd).st_mode)]), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("rename"), replace(*paths)))
    atomic.write_bytes(tmp_path / "a.bin", b"x")
    assert calls == ["file", "rename", "folder"][:2 if os.name == "nt" else 3]


def test_only_what_a_killed_writer_left_is_removed(tmp_path):
    code = "import os, sys; from minihit.atomic import replacing\nwith replacing(sys.argv[1]): os._exit(9)"
    root = Path(__file__).parents[1]
    for name in ("a.bin", "a" * 255):
        subprocess.run([sys.executable, "-c", code, tmp_path / name], cwd=root, check=False)
    (tmp_path / ".mine.partial").write_bytes(b"x")
    assert len(names(tmp_path)) == 3
    atomic.remove_leftovers(tmp_path, tmp_path / "missing")
    assert names(tmp_path) == [".mine.partial"]


def test_two_writers_do_not_mix(tmp_path):
    contents = [bytes([i]) * 200_000 for i in range(8)]
    threads = [threading.Thread(target=atomic.write_bytes, args=(tmp_path / "a.bin", c)) for c in contents]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (tmp_path / "a.bin").read_bytes() in contents
    assert names(tmp_path) == ["a.bin"]
