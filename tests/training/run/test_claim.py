"""Where a run may begin: nowhere that it would write over something that is not its own."""

import shutil

import pytest
from support.runs import run_config, tiny, write_run

from minihit.atomic import write_text
from minihit.cli import main
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.training import loop
from minihit.training.run import log
from minihit.training.run.claim import require_free
from minihit.training.run.config import write_config
from minihit.training.run.folder import RunFolder

FOREIGN = {"config.json": '{"model_type": "bert"}', "log.jsonl": '{"step": 1}\n', "curves.png": "mine",
           "timelapse.gif": "mine", "neighbours.png": "mine", "samples/ema-00000000.png": "mine",
           "checkpoints/step-00000001.npz": "mine", "notes.txt": "mine", "pictures/1.png": "mine"}


def contents(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_with_anything_else_is_refused_and_left_as_it_is(tmp_path, name):
    write_text(tmp_path / name, FOREIGN[name])
    before = contents(tmp_path)
    with pytest.raises(UserError, match=rf"is not the folder of a run, it holds {name.split('/')[0]}: choose an"):
        loop.train(run_config(), RunFolder(tmp_path))
    assert contents(tmp_path) == before


def test_the_root_of_the_disk_is_refused(capsys):
    assert main(["train", "--run", "/", "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("minihit: / is not the folder of a run, it holds bin")


@pytest.mark.parametrize("names, said", [("cba", "a, b, c"), ("dcba", "a, b, c and 1 more"),
                                         ("fedcba", "a, b, c and 3 more")])
def test_many_names_are_counted(tmp_path, names, said):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=f"it holds {said}: choose"):
        require_free(RunFolder(tmp_path))


def test_a_folder_of_hidden_names_and_those_of_systems_is_free(tmp_path):
    for name in (".DS_Store", "._x", ".git/config", "Thumbs.db", "desktop.ini", "lost+found/x"):
        write_text(tmp_path / name, "")
    before = contents(tmp_path)
    assert loop.train(run_config(), RunFolder(tmp_path)) == 0
    assert before.items() <= contents(tmp_path).items()


def test_what_a_killed_start_leaves_is_free(tmp_path):
    folder = RunFolder(tmp_path / "run")
    require_free(folder)
    with exclusive(folder.lock, "the run"):
        require_free(folder)
    (folder.path / f".config.json.{'0' * 32}.partial").write_text("half")
    require_free(folder)
    write_config(folder, run_config(save_every=2))
    require_free(folder)
    for step in (0, 1, 2):
        log.append(folder.log, {"step": step})
    write_text(folder.samples / "ema-00000000.png", "")
    write_text(folder.path / "notes.txt", "to be kept")
    assert loop.train(run_config(), folder) == 0
    assert (folder.path / "notes.txt").read_text() == "to be kept"


@pytest.mark.parametrize("steps, save_every", [(4, 2), (2, 500)], ids=["beyond its first checkpoint", "at its end"])
def test_a_run_whose_checkpoints_are_gone_is_not_begun_anew(tmp_path, steps, save_every, curves):
    folder, config = RunFolder(tmp_path), run_config(tiny(steps=steps), save_every=save_every)
    loop.train(config, folder)
    shutil.rmtree(folder.checkpoints)
    before = contents(tmp_path)
    with pytest.raises(UserError, match="holds a run whose checkpoints are gone: put them back"):
        loop.train(config, folder)
    assert contents(tmp_path) == before


def test_a_run_beside_which_something_lies_goes_on(tmp_path):
    folder = RunFolder(tmp_path)
    loop.train(run_config(), folder)
    write_text(tmp_path / "notes.txt", "to be kept")
    with pytest.raises(UserError, match="holds a run already: go on with --resume"):
        loop.train(run_config(), folder)
    assert loop.train(run_config(tiny(steps=6)), folder, resume=True) == 0
    assert (tmp_path / "notes.txt").read_text() == "to be kept"


def test_a_checkpoint_without_its_configuration_is_not_begun_anew(tmp_path):
    folder = write_run(tmp_path)
    folder.config.unlink()
    with pytest.raises(UserError, match="is not the folder of a run, it holds checkpoints"):
        loop.train(run_config(), folder)
