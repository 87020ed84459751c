from pathlib import Path

from support.runs import write_run

from minihit.training.run.folder import BUILT_IN, RunFolder, called


def test_every_file_of_a_run_has_its_place_in_the_folder():
    folder = RunFolder(Path("runs/x"))
    assert folder.config == Path("runs/x/config.json")
    assert folder.log == Path("runs/x/log.jsonl")
    assert folder.checkpoints == Path("runs/x/checkpoints")
    assert folder.samples == Path("runs/x/samples")
    assert folder.lock == Path("runs/x/.lock")


def test_built_in_is_the_package_s_own_run_unless_one_of_that_name_is_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {called("built-in"), called(Path("built-in"))} == {BUILT_IN}
    assert (BUILT_IN.name, BUILT_IN.out) == ("built-in", Path())
    assert called("runs/built-in") == RunFolder(Path("runs/built-in"))
    (tmp_path / "built-in").mkdir()
    assert called("built-in") == BUILT_IN
    mine = called(write_run(tmp_path / "built-in").path)
    assert called("built-in") == RunFolder(Path("built-in")) and called("built-in").out == Path("built-in")
    assert (mine.name, mine.out) == (str(tmp_path / "built-in"), tmp_path / "built-in")
