"""What an interrupted run is held against: the same run, never interrupted, to the last bit."""

from reliability.command import leftovers
from support.helpers import assert_same
from support.runs import MEASURED, records

from minihit.training import loop, state
from minihit.training.run import checkpoint
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder


def train_whole(path, uninterrupted):
    """The run in `path` once more, in one go, in another folder."""
    assert loop.train(read_config(RunFolder(path)), RunFolder(uninterrupted)) == 0


def assert_same_run(path, uninterrupted):
    """Checkpoints, log and files of a finished run are those of another."""
    assert_same_training(path, uninterrupted)
    assert files(RunFolder(path)) == files(RunFolder(uninterrupted))


def assert_same_training(path, uninterrupted):
    """Checkpoints and log are the same; Ctrl-C adds the pictures of its last step."""
    run, whole = RunFolder(path), RunFolder(uninterrupted)
    config = read_config(run)
    assert read_config(whole) == config
    like = state.create(config.seed, config.preset).trees
    for paths in zip(checkpoint.newest(run.checkpoints), checkpoint.newest(whole.checkpoints), strict=True):
        (arrays, facts), (expected_arrays, expected_facts) = (checkpoint.load(path, like) for path in paths)
        assert_same(arrays, expected_arrays)
        assert _timeless(facts) == _timeless(expected_facts)
    assert records(run) == records(whole)
    assert leftovers(path) == []


def _timeless(facts):
    """The facts of a checkpoint without what a clock measured."""
    sums = {name: value for name, value in facts["window"]["sums"].items() if name not in MEASURED}
    return {**facts, "window": {**facts["window"], "sums": sums}}


def files(run):
    return {str(path.relative_to(run.path)) for path in run.path.rglob("*")}
