"""A disk that fills up in the middle of a run: one sentence, nothing saved is lost, and the run goes on afterwards."""

import builtins
import contextlib
import errno
import io
import os
import shutil

import numpy as np
import pytest
from reliability.command import TINY, arguments, last_step
from reliability.whole import assert_same_run
from support.disks import fill, mounted

from minihit.cli import main

STEPS = 4
FLAGS = [*TINY, "--save-every", "1", "--sample-every", "2", "--measure-every", "2"]


def train(folder, capsys):
    """(exit code, what is said on stderr) of beginning or going on with a run in this process."""
    capsys.readouterr()
    code = main(arguments(folder, FLAGS, STEPS))
    return code, capsys.readouterr().err


def assert_refused(code, said):
    assert code == 2
    assert said.startswith("minihit: cannot write ") and said.count("\n") == 1
    assert "No space left on device" in said and "Traceback" not in said


class Filling(io.FileIO):
    """A file on a disk that has room for so many more bytes of it."""

    room = 0

    def write(self, content):
        written = super().write(memoryview(content)[:self.room])
        self.room -= written
        if written < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written


@pytest.fixture
def filling(monkeypatch):
    """filling(part, room, after=0): from the checkpoint of a step on, what has this part in its path finds no room."""
    really_open = open

    @contextlib.contextmanager
    def filling(part, room, folder, after):
        def opening(path, mode="r", **options):
            if mode[0] not in "wxa" or part not in str(path) or last_step(folder) < after:
                return really_open(path, mode, **options)
            raw = Filling(path, mode.replace("b", ""))
            raw.room = room
            return io.BufferedWriter(raw) if "b" in mode else io.TextIOWrapper(io.BufferedWriter(raw), **options)

        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", opening)
            yield

    return filling


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same run on a disk with room for it."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert main(arguments(folder, FLAGS, STEPS)) == 0
    return folder


PARTS = ("config.json", "log.jsonl", "ema-", "raw-", "step-", "curves.png", "timelapse")
OFTEN = [pytest.param(part, room, after, marks=pytest.mark.slow) for part in PARTS for room in (0, 20, 5000)
         for after in (0, 1, 2) if not (after and part == "config.json")]  # which is written once


@pytest.mark.parametrize("part, room, after", [("config.json", 20, 0), ("log.jsonl", 20, 1), ("ema-", 20, 1),
                                               ("step-", 5000, 2), *OFTEN])
def test_a_full_disk_is_a_sentence_and_the_run_goes_on_bit_for_bit(tmp_path, capsys, filling, whole, part, room, after):
    folder = tmp_path / "run"
    with filling(part, room, folder, after):
        code, said = train(folder, capsys)
    if code or (room < 5000 and after < 2):
        assert_refused(code, said)
        assert part in said
    assert last_step(folder) >= after
    assert train(folder, capsys)[0] == 0
    assert_same_run(folder, whole)


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", "2m") as disk:
        yield disk


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_a_disk_that_is_really_full(small_disk, whole, capsys, times):
    """Room for a random part of the run, then for more, until it has enough; over and over."""
    rng, refusals, runs = np.random.default_rng(times), 0, 0
    while refusals < times:
        folder, runs = small_disk / f"run-{runs}", runs + 1
        while last_step(folder) < STEPS:
            before = last_step(folder)
            fill(small_disk, int(rng.integers(0, 900_000)))
            code, said = train(folder, capsys)
            if code:
                refusals += 1
                assert_refused(code, said)
            assert last_step(folder) >= before
        (small_disk / "ballast").unlink()
        assert train(folder, capsys)[0] == 0
        assert_same_run(folder, whole)
        shutil.rmtree(folder)
    print(f"{refusals} refusals in {runs} runs")
