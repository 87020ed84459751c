"""--plain as its user meets it: the whole program runs on definitions, and nothing else is another."""

import contextlib

import numpy as np
import pytest
from support.runs import TINY, write_run

from minihit.bench import apart
from minihit.cli import main
from minihit.ops import switch
from minihit.ops.fast import feed_forward
from minihit.ops.switch import plain
from minihit.presets import PRESETS
from minihit.show.images import read_image
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

QUICK = ["--preset", "tiny", "--device", "cpu"]
SEEDS = ["--seeds", "0-2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A working folder; a command line turns the switch for good, and this turns it back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    with plain(False):
        yield tmp_path


@contextlib.contextmanager
def no_twin(monkeypatch):
    """Within, a tuned twin that is called fails."""
    def fail(*args, **options):
        raise AssertionError("a tuned twin was called")

    with monkeypatch.context() as patch:
        patch.setattr(feed_forward, "forward", fail)
        yield


@pytest.mark.parametrize("argv", [["train", *QUICK, "--steps", "1", "--measure-images", "4"], ["sample", "run", *SEEDS],
                                  ["bench", *QUICK, "--steps", "1"]], ids=lambda argv: argv[0])
def test_a_command_runs_on_definitions_where_it_is_told_to(here, monkeypatch, argv):
    write_run(here / "run")
    with no_twin(monkeypatch):
        with pytest.raises(AssertionError, match="a tuned twin was called"):
            main(argv)
        with contextlib.suppress(FileNotFoundError):
            (here / "runs").rename(here / "half")
        assert main([*argv, "--plain"]) == 0
    assert switch.is_plain()


def test_a_run_does_not_know_how_it_was_computed(here):
    assert main(["train", *QUICK, "--steps", "2", "--measure-images", "4", "--plain"]) == 0
    folder = RunFolder(here / "runs" / "tiny")
    assert "plain" not in folder.config.read_text() and read_config(folder).preset.generator == TINY.generator
    switch.use_plain(False)
    assert main(["train", *QUICK, "--steps", "3", "--resume"]) == 0


def test_pictures_are_the_same(here):
    write_run(here / "run")
    assert main(["sample", "run", *SEEDS, "--out", "tuned.png"]) == 0
    assert main(["sample", "run", *SEEDS, "--out", "plain.png", "--plain"]) == 0
    tuned, plainly = (read_image(here / name).astype(int) for name in ("tuned.png", "plain.png"))
    assert np.abs(tuned - plainly).max() <= 1                             # of 255: what rounding may do


@pytest.mark.parametrize("on", [False, True])
def test_a_process_that_measures_is_plain_where_its_parent_is(on):
    with plain(on), apart.process() as call:
        assert call(switch.is_plain) is on


def test_measuring_ops_takes_both_sides_in_any_case(capsys):
    assert main(["bench", "--ops", "--plain"]) == 2
    assert "--ops measures the ops both tuned and plain: leave --plain out" in capsys.readouterr().err
