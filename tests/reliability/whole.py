"""What an interrupted run is held against: the same run, never interrupted, to the last bit."""

from helpers import assert_same
from reliability.command import leftovers

from minihit.training import checkpoint, log, loop, state
from minihit.training.run import RunFolder, read_config

MEASURED = ("seconds_per_step", "data_seconds", "data_share", "images_per_second", "peak_memory")


def train_whole(path, uninterrupted):
    """The run in `path` once more, in one go, in another folder."""
    assert loop.train(read_config(RunFolder(path)), RunFolder(uninterrupted)) == 0


def assert_same_run(path, uninterrupted):
    """Checkpoints, log and files of a finished run are those of another."""
    run, whole = RunFolder(path), RunFolder(uninterrupted)
    assert_same_training(path, uninterrupted)
    assert numbers(run) == numbers(whole)
    assert files(run) == files(whole)


def assert_same_training(path, uninterrupted):
    """Checkpoints and the log's records of the steps are the same; Ctrl-C adds a look at its last step to the rest."""
    run, whole = RunFolder(path), RunFolder(uninterrupted)
    config = read_config(run)
    assert read_config(whole) == config
    like = state.create(config.seed, config.preset).trees
    for paths in zip(checkpoint.newest(run.checkpoints), checkpoint.newest(whole.checkpoints), strict=True):
        (arrays, facts), (expected_arrays, expected_facts) = (checkpoint.load(path, like) for path in paths)
        assert_same(arrays, expected_arrays)
        assert facts == expected_facts
    assert [record for record in numbers(run) if "r1" in record] == [r for r in numbers(whole) if "r1" in r]
    assert leftovers(path) == []


def numbers(run):
    """The records of the log without what a clock or the system measured."""
    return [{name: value for name, value in record.items() if name not in MEASURED} for record in log.read(run.log)]


def files(run):
    return {str(path.relative_to(run.path)) for path in run.path.rglob("*")}
