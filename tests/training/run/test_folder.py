from pathlib import Path

from minihit.training.run.folder import RunFolder


def test_every_file_of_a_run_has_its_place_in_the_folder():
    folder = RunFolder(Path("runs/x"))
    assert folder.config == Path("runs/x/config.json")
    assert folder.log == Path("runs/x/log.jsonl")
    assert folder.checkpoints == Path("runs/x/checkpoints")
    assert folder.samples == Path("runs/x/samples")
    assert folder.lock == Path("runs/x/.lock")
