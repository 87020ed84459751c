"""Whoever asks a run to stop, and whoever stops listening to it: nothing is lost, and there is no traceback."""

import os
import signal
import subprocess
import sys

import pytest
from reliability.command import ROOT, TINY, arguments, finish, kill, last_step, logged, start, steps, wait_until
from reliability.whole import assert_same_training, train_whole

from minihit.cli import main
from minihit.data.faces import stand_in
from minihit.data.prepare import prepare

QUICK = [*TINY, "--save-every", "1000", "--keep", "1"]
STEPS = 12


@pytest.mark.parametrize("number, name", [(signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")])
def test_a_run_that_is_told_to_end_saves_the_step_it_is_in(tmp_path, number, name):
    folder = tmp_path / "run"
    process = start(arguments(folder, QUICK))
    wait_until(lambda: logged(folder) >= 3, process)
    code, out = kill(process, number)
    assert code == 143 and "Traceback" not in out
    assert f"{name}: finishing this step and saving" in out
    assert f"stopped after step {last_step(folder)}, all saved" in out
    assert last_step(folder) == steps(folder)[-1]
    assert finish(start(arguments(folder, QUICK, last_step(folder) + 4)))[0] == 0
    train_whole(folder, tmp_path / "whole")
    assert_same_training(folder, tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_told_to_end_before_its_first_step_says_so(tmp_path, number):
    process = start(arguments(tmp_path / "run", QUICK))
    wait_until((tmp_path / "run" / ".lock").exists, process)
    code, out = kill(process, number)
    assert code == 143 and "Traceback" not in out


SINKS = ["| head -1", "2>&1 | head -1", "> /dev/full", "2> /dev/full", "> /dev/full 2>&1", ">&-", ">&- 2>&-",
         "<&- >&- 2>&-"]


@pytest.mark.parametrize("sink", SINKS)
def test_a_run_that_nobody_listens_to_is_trained_to_its_end(tmp_path, sink):
    folder = tmp_path / "run"
    flags = ["--measure-every", "2", "--sample-every", "4"]
    command = ["minihit", *arguments(folder, [*QUICK, *flags], STEPS)]
    shell = f'shift; "$0" -m minihit "$@" {sink}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = ["sh", "-c", shell, sys.executable, *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    lost = "> /dev/full" in sink and not sink.startswith("2>")
    assert done.returncode == (2 if lost else 0)
    assert "Traceback" not in done.stdout + done.stderr
    assert last_step(folder) == STEPS and steps(folder)[-1] == STEPS
    assert {path.name for path in folder.iterdir()} >= {"curves.png", "timelapse.gif", "config.json", "samples"}


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_preparation_that_is_told_to_end_goes_on_where_it_was(tmp_path, monkeypatch, capsys, number, code):
    packed = stand_in.write(tmp_path, 12)
    argv = ["data", "prepare", str(packed), str(tmp_path / "store"), "--size", "16"]
    monkeypatch.setattr(prepare, "PART_FILES", 4)
    read = prepare.reading.read

    def asked(*args):
        for count, picture in enumerate(read(*args)):
            if count == 6:
                os.kill(os.getpid(), number)
            yield picture

    with monkeypatch.context() as patch:
        patch.setattr(prepare.reading, "read", asked)
        assert main(argv) == code
    said = capsys.readouterr()
    assert said.err == "minihit: stopped, and what is done is kept: the same command goes on from there\n"
    assert main(argv) == 0
    assert "4 of them done" in capsys.readouterr().out
    assert main([*argv[:3], str(tmp_path / "whole"), *argv[4:]]) == 0
    assert (tmp_path / "store/images.npy").read_bytes() == (tmp_path / "whole/images.npy").read_bytes()
