"""Preparations that are killed, again and again, or meet a full disk: what comes out is what an untouched one gives."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.disks import fill, mounted

from minihit.data.prepare import prepare as module
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.store.reader import open_store, verify
from minihit.errors import UserError

ROOT = Path(__file__).parents[3]
TIMES = [3, pytest.param(50, marks=pytest.mark.slow)]
PATIENCE = 600  # seconds until something is taken to hang

CHILD = """
import os, signal, sys
from pathlib import Path
from minihit.data.prepare import prepare as module

events, last = 0, int(sys.argv[3])

def watch(event, arguments):
    global events
    if event in ("open", "os.rename", "os.remove", "os.truncate", "os.mkdir") and sys.argv[2] in str(arguments[0]):
        events += 1
        if events == last:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
module.PART_FILES = 2
print("begun", flush=True)
module.prepare(Path(sys.argv[1]), Path(sys.argv[2]), module.Settings(16), report=str)
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def start(source, folder, last=0):
    """A process that prepares, and kills itself just before it opens, renames or removes its file number `last`."""
    argv = [sys.executable, "-c", CHILD, str(source), str(folder), str(last)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def untouched(celeba, tmp_path_factory):
    return content(prepare(celeba.zip, tmp_path_factory.mktemp("untouched") / "store", Settings(16), report=str).path)


def resume_until_whole(source, root, times, run):
    """Let `run` begin or go on with store after store, until `times` processes were killed; returns the stores made."""
    killed, stores = 0, [root / "0"]
    while killed < times:
        process = run(source, stores[-1])
        code = process.wait(PATIENCE)
        process.stdout.close()
        assert code in (0, -9)
        killed += code != 0
        if code == 0:
            stores.append(root / str(len(stores)))
        elif not (stores[-1] / "manifest.json").exists() and stores[-1].exists():
            with pytest.raises(UserError, match=r"is not finished|there is no store"):
                open_store(stores[-1])
    prepare(source, stores[-1], Settings(16), report=str)
    return stores


@pytest.mark.parametrize("times", TIMES)
def test_killed_at_any_operation_on_a_file(celeba, tmp_path, untouched, times):
    draw = random.Random(times)
    stores = resume_until_whole(celeba.zip, tmp_path, times,
                                lambda source, folder: start(source, folder, last=draw.randint(1, 70)))
    assert all(content(folder) == untouched for folder in stores)


@pytest.mark.parametrize("times", TIMES)
def test_killed_at_any_moment(celeba, tmp_path, untouched, times):
    draw = random.Random(times)

    def run(source, folder):
        process = start(source, folder)
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        return process

    stores = resume_until_whole(celeba.zip, tmp_path, times, run)
    assert all(content(folder) == untouched for folder in stores)


# disks


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", "1m") as disk:
        yield disk


@pytest.mark.parametrize("times", TIMES)
def test_a_disk_that_is_really_full(celeba, small_disk, untouched, times, monkeypatch):
    """Room for a random part of the store, then for more, until it has enough; over and over."""
    monkeypatch.setattr(module, "_require_space", lambda *_: None)
    monkeypatch.setattr(module, "PART_FILES", 2)
    draw, refused, folder = random.Random(times), 0, small_disk / "store"
    while refused < times:
        fill(small_disk, draw.randint(0, 60_000))
        try:
            prepare(celeba.zip, folder, Settings(16), report=str)
        except UserError as error:
            refused += 1
            assert "No space left on device" in str(error)
        (small_disk / "ballast").unlink()
        if (folder / "manifest.json").exists():
            verify(folder)
            assert content(folder) == untouched
            shutil.rmtree(folder)
    prepare(celeba.zip, folder, Settings(16), report=str)
    assert content(folder) == untouched
