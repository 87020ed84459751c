"""A folder, or a store, that its user called as the drawn faces are called; and one that is not called at all."""

import pytest
from reliability.command import TINY
from support.pictures import encoded, photo
from support.runs import write_run

from minihit.cli import main
from minihit.data.open import open_data
from minihit.training import loop

RESUME = ("--resume", "--run", "runs/a", "--device", "cpu")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with 24 pictures in `photos`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    whole = photo(size=(64, 64))
    for number in range(24):
        (tmp_path / "photos" / f"{number}.png").write_bytes(encoded(whole.crop((number, 0, number + 16, 16))))
    return tmp_path


@pytest.fixture
def data_of(monkeypatch):
    """Call it with the flags of minihit train for the name of the data that it would train on."""
    configs = []
    monkeypatch.setattr(loop, "train", lambda config, *others: configs.append(config) or 0)

    def data_of(*flags):
        assert main(["train", *flags, "--device", "cpu"]) == 0
        return configs[-1].data

    return data_of


def description(name):
    return open_data(name, 16, seed=0).description


def test_a_folder_called_faces_is_trained_on_and_one_line_says_so(here, data_of, capsys):
    (here / "photos").rename(here / "faces")
    for flags in (["--data", "faces"], ["--data=faces"], ["--data", "./faces"]):
        assert data_of(*flags) == "./faces"
    assert description("./faces") == "22 images of ./faces at 16 x 16, 2 more held out"
    said = "--data faces is ./faces here; the drawn faces are trained on where --data is left out\n"
    assert capsys.readouterr().out == 2 * said


def test_where_data_is_left_out_the_faces_are_drawn(here, data_of, capsys):
    (here / "photos").rename(here / "faces")
    assert description(data_of()).startswith("built-in drawn faces")
    assert capsys.readouterr().out == ""


def test_without_such_a_folder_the_faces_are_drawn(here, data_of, capsys):
    assert description(data_of("--data", "faces")).startswith("built-in drawn faces")
    assert capsys.readouterr().out == ""


def test_a_run_goes_on_with_what_it_began_with(here, data_of):
    (here / "photos").rename(here / "faces")
    write_run(here / "runs" / "a")
    assert data_of(*RESUME) == "faces"
    write_run(here / "runs" / "a", data="./faces")
    assert data_of(*RESUME) == "./faces"
    assert data_of(*RESUME, "--data", "faces") == "./faces"


def test_what_prepare_advises_for_a_store_called_faces_trains_on_it(here, data_of, capsys):
    assert main(["data", "prepare", "photos", "faces", "--size", "16"]) == 0
    advice = capsys.readouterr().out.splitlines()[-1]
    assert advice == "faces: 24 images of 16 x 16; minihit train --data ./faces trains on them"
    for name in ("faces", "./faces"):
        assert description(data_of("--data", name)) == "22 images of faces at 16 x 16, 2 more held out"


def test_the_folder_one_stands_in_is_shown_checked_and_trained_on(here, capsys, monkeypatch):
    assert main(["data", "prepare", "photos", "store", "--size", "16"]) == 0
    monkeypatch.chdir(here / "store")
    assert main(["data", "show", "."]) == 0
    assert capsys.readouterr().out.endswith(f"{here / 'store.png'}\n")
    assert main(["data", "check", "."]) == 0
    capsys.readouterr()
    assert main(["train", *TINY, "--steps", "1", "--run", "../run", "--data", "."]) == 0
    assert capsys.readouterr().out.startswith("22 images of . at 16 x 16, 2 more held out")
