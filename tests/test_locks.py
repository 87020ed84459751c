import errno
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from minihit import locks
from minihit.errors import UserError
from minihit.locks import exclusive

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


def test_a_file_system_without_locks_is_a_user_error(tmp_path, monkeypatch):
    def refuse(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", refuse)
    refused = pytest.raises(UserError, match=r"cannot lock .*: No locks available; choose a folder")
    with refused, exclusive(tmp_path / "lock", "it"):
        pass
