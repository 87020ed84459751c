import errno
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest
from support.runs import run_config, tiny

from minihit import locks
from minihit.data.faces import stand_in
from minihit.data.prepare.prepare import Settings, prepare
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.training import loop
from minihit.training.run.folder import RunFolder

HOLDER = """
import sys
from minihit.locks import exclusive
with exclusive(sys.argv[1], "it"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path):
    """Another process that holds the lock; yields it."""
    root = Path(__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=PIPE, stdout=PIPE, text=True, cwd=root) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_lock_is_free_again_after_its_block_even_one_that_fails(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), exclusive(tmp_path / "deep" / "lock", "it"):
            raise KeyError
    assert [path.name for path in tmp_path.rglob("lock")] == ["lock"]


def test_a_second_holder_in_one_process_is_refused(tmp_path):
    refused = pytest.raises(UserError, match=r"^the run in x is in use by another minihit: wait .* another folder$")
    with exclusive(tmp_path / "lock", "it"), refused, exclusive(tmp_path / "lock", "the run in x"):
        pass


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path):
    with held_elsewhere(tmp_path / "lock") as holder:
        with pytest.raises(UserError, match="in use"), exclusive(tmp_path / "lock", "it"):
            pass
        holder.kill()
        holder.wait()
        with exclusive(tmp_path / "lock", "it"):
            pass


def test_two_locks_do_not_disturb_each_other(tmp_path):
    with exclusive(tmp_path / "a", "a"), exclusive(tmp_path / "b", "b"):
        pass


def test_a_place_that_cannot_be_written_to_is_a_user_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="a part of the path is a file"), exclusive(tmp_path / "file" / "lock", "it"):
        pass
    with pytest.raises(UserError, match="not of a folder"), exclusive(tmp_path, "it"):
        pass


NO_LOCKS = [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]


@pytest.fixture(params=NO_LOCKS, ids=errno.errorcode.get)
def lockless(request, monkeypatch):
    """A disk that answers so when it is asked for a lock."""
    def refuse(file):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(locks, "_lock", refuse)


def test_on_a_disk_without_locks_a_file_is_the_lock_and_its_user_is_told(tmp_path, lockless):
    said = []
    with exclusive(tmp_path / "lock", "it", said.append):
        assert f"process {os.getpid()} on " in (tmp_path / "lock.held").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert len(said) == 1 and "should this process be killed, delete that file" in said[0]
    assert str(tmp_path / "lock.held") in said[0]


def test_on_a_disk_without_locks_the_second_is_refused_by_the_name_of_the_file(tmp_path, lockless):
    held = tmp_path / "lock.held"
    sentence = rf"^the run in x is in use by process {os.getpid()} on .*: wait .* delete {held}$"
    with exclusive(tmp_path / "lock", "it"):
        for _ in range(2):
            with pytest.raises(UserError, match=sentence), exclusive(tmp_path / "lock", "the run in x"):
                pass
        assert held.exists()


def test_on_a_disk_without_locks_a_block_that_fails_gives_the_lock_back(tmp_path, lockless):
    for _ in range(2):
        with pytest.raises(KeyError), exclusive(tmp_path / "lock", "it"):
            raise KeyError


def test_what_a_killed_holder_left_is_named(tmp_path, lockless):
    (tmp_path / "lock.held").write_bytes(b"")
    with pytest.raises(UserError, match=r"in use by another minihit.* delete "), exclusive(tmp_path / "lock", "it"):
        pass
    (tmp_path / "lock.held").unlink()
    with exclusive(tmp_path / "lock", "it"):
        pass


def test_a_run_trains_and_a_store_is_made_on_a_disk_without_locks(tmp_path, lockless, capsys):
    assert loop.train(run_config(tiny(steps=1)), RunFolder(tmp_path / "run")) == 0
    assert "knows no locks" in capsys.readouterr().out
    said = []
    prepare(stand_in.write(tmp_path, 3), tmp_path / "store", Settings(16), said.append)
    assert sum("knows no locks" in line for line in said) == 1
    assert not list(tmp_path.rglob("*.held"))
