"""A run that is killed at random moments, again and again, ends as if nothing had happened."""

import os
import signal
import time

import numpy as np
import pytest
from reliability.command import (
    STYLEGAN2,
    TINY,
    VQVAE,
    WIDE,
    arguments,
    finish,
    kill,
    last_step,
    leftovers,
    logged,
    start,
    steps,
    wait_until,
)
from reliability.whole import assert_same_run, assert_same_training, train_whole
from support.runs import run_config, tiny

from minihit.training import guard, loop, state, watch
from minihit.training.run import checkpoint, log
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

KILLS = [3, pytest.param(50, marks=pytest.mark.slow)]
PRESSES = [1, pytest.param(50, marks=pytest.mark.slow)]
EARLY = 0.2                                                               # share of kills before the first step


def after_some_steps(process, folder, rng):
    """A random moment: some steps after the process has begun to log, or any while it starts."""
    if rng.random() < EARLY:
        time.sleep(rng.uniform(0, 1.5))
        return
    lines = logged(folder) + rng.integers(1, 8)
    wait_until(lambda: logged(folder) >= lines, process)
    time.sleep(rng.uniform(0, 0.03))


def in_a_save(process, folder, rng):
    """A random moment from the appearance of the temporary file of one of the next checkpoints on."""
    seen, saves = {*leftovers(folder)}, rng.integers(1, 4)

    def begun():
        now = {*leftovers(folder / "checkpoints")}
        new = len(now - seen)
        seen.update(now)
        return new

    for _ in range(saves):
        wait_until(begun, process)
    time.sleep(rng.uniform(0, 0.1))


def assert_all_whole(folder):
    """Whatever is named like a checkpoint is one."""
    run = RunFolder(folder)
    for path in checkpoint.newest(run.checkpoints):
        config = read_config(run)
        checkpoint.load(path, state.create(config.seed, config.preset).trees)


@pytest.mark.parametrize("kills", KILLS)
@pytest.mark.parametrize("flags, moment", [
    ([*TINY, "--save-every", "3"], after_some_steps),
    ([*WIDE, "--save-every", "1"], in_a_save),
    ([*TINY, "--save-every", "2", "--log-every", "3", "--measure-every", "5"], after_some_steps),
    ([*VQVAE, "--save-every", "2", "--log-every", "3", "--measure-every", "5"], after_some_steps),
    ([*STYLEGAN2, "--save-every", "2", "--log-every", "3", "--measure-every", "5"], after_some_steps),
], ids=["training", "checkpointing", "between records", "VQ-VAE", "StyleGAN2"])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, flags, moment, kills):
    folder, rng, in_saves, repeated, seen = tmp_path / "run", np.random.default_rng(kills), 0, 0, set()
    for _ in range(kills):
        process = start(arguments(folder, flags))
        moment(process, folder, rng)
        code, out = kill(process)
        assert code == -signal.SIGKILL and "Traceback" not in out
        left = set(leftovers(folder / "checkpoints"))
        in_saves, seen = in_saves + bool(left - seen), seen | left
        repeated += max([0, *steps(folder)]) - last_step(folder)
        assert_all_whole(folder)
    assert finish(start(arguments(folder, flags, last_step(folder) + 4)))[0] == 0
    print(f"{kills} kills, {in_saves} of them in a save: {last_step(folder)} steps, {repeated} of them made again")
    train_whole(folder, tmp_path / "whole")
    assert_same_run(folder, tmp_path / "whole")


@pytest.mark.parametrize("times", PRESSES)
def test_ctrl_c_at_a_random_moment_saves_the_step_it_fell_into(tmp_path, times):
    flags, folder, rng = [*TINY, "--save-every", "1000", "--keep", "1"], tmp_path / "run", np.random.default_rng(times)
    for _ in range(times):
        process, lines = start(arguments(folder, flags)), logged(folder) + rng.integers(1, 8)
        wait_until(lambda folder=folder, lines=lines: logged(folder) >= lines, process)
        time.sleep(rng.uniform(0, 0.02))
        code, out = kill(process, signal.SIGINT)
        assert code == 130 and "Traceback" not in out
        assert f"stopped after step {last_step(folder)}, all saved" in out
        assert last_step(folder) == steps(folder)[-1]
    assert finish(start(arguments(folder, flags, last_step(folder) + 4)))[0] == 0
    train_whole(folder, tmp_path / "whole")
    assert_same_training(folder, tmp_path / "whole")


@pytest.mark.parametrize("times", PRESSES)
def test_a_second_ctrl_c_stops_at_once_and_loses_nothing_saved(tmp_path, times):
    flags, folder, rng = [*WIDE, "--save-every", "1"], tmp_path / "run", np.random.default_rng(times)
    for _ in range(times):
        process = start(arguments(folder, flags))
        in_a_save(process, folder, rng)
        process.send_signal(signal.SIGINT)
        time.sleep(rng.uniform(0, 0.06))
        code, out = kill(process, signal.SIGINT)
        assert code == 130 and "Traceback" not in out
        assert leftovers(folder) == []
        assert_all_whole(folder)
    assert finish(start(arguments(folder, flags, last_step(folder) + 4)))[0] == 0
    train_whole(folder, tmp_path / "whole")
    assert_same_training(folder, tmp_path / "whole")


@pytest.mark.parametrize("place, name", [(guard, "check_finite"), (log.Window, "add"), (watch.Watch, "look")])
def test_ctrl_c_after_the_step_but_before_its_save_is_saved_too(tmp_path, monkeypatch, capsys, place, name):
    folder, function = tmp_path / "run", getattr(place, name)

    def press(*args):
        if steps(folder) == [1, 2]:
            monkeypatch.undo()
            os.kill(os.getpid(), signal.SIGINT)
        return function(*args)

    monkeypatch.setattr(place, name, press)
    assert loop.train(run_config(tiny(steps=20), save_every=1000), RunFolder(folder)) == loop.INTERRUPTED
    assert last_step(folder) == steps(folder)[-1]
    assert f"stopped after step {last_step(folder)}, all saved" in capsys.readouterr().out
