"""What the commands' options have in common."""

import pytest
from support.commands import refusal

from minihit import backend
from minihit.cli import main
from minihit.commands.options import parse_seeds
from minihit.errors import UserError


@pytest.mark.parametrize("text, seeds", [("5", [5]), ("0-3", [0, 1, 2, 3]), ("7-7, 2,9-10", [7, 2, 9, 10])])
def test_seeds_are_numbers_and_ranges(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "1--2", "1.5", "3,,4", "5-4", "\u0663"])
def test_other_seeds_are_refused(text):
    with pytest.raises(UserError, match="cannot be read"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["9" * 5000, f"0-{'9' * 5000}"])
def test_seeds_that_no_number_holds_are_refused(text):
    with pytest.raises(UserError):
        parse_seeds(text)


PATHS = [
    ["train", "--resume", "--run=~/gone"], ["train", "--data=~/gone"], ["sample", "~/gone"], ["interpolate", "~/gone"],
    ["reconstruct", "~/gone"], ["codebook", "~/gone"], ["measure", "~/gone", "~/gone"],
    ["measure", "run", "--features=~/gone.npz"], ["measure", "run", "--features=inception", "--weights=~/gone"],
    ["train", "--run=new", "--measure=fid", "--weights=~/gone"],
    ["info", "~/gone"], ["bench", "--preset=~/gone"], ["bench", "--peer=~/gone"],
    ["gradcheck", "~/gone", "--against=gelu"],
    ["data", "check", "~/gone"], ["data", "show", "~/gone"], ["data", "prepare", "~/gone", "~/store"],
]


@pytest.mark.parametrize("argv", PATHS, ids=" ".join)
def test_the_home_folder_may_be_a_tilde_in_any_path(capsys, here, monkeypatch, argv):
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.setenv("USERPROFILE", str(here / "home"))
    assert main(argv) == 2
    assert f"{here}/home/gone" in capsys.readouterr().err
    assert not (here / "~").exists()


def test_the_home_folder_may_be_a_tilde_where_a_file_is_written(here, run, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    assert main(["sample", str(run), "--seeds", "0", "--out=~/a.png", "--device", "cpu"]) == 0
    assert main(["sample", str(run), "--seeds", "0", "--folder=~/b", "--device", "cpu"]) == 0
    assert (here / "a.png").is_file() and (here / "b/seed-000000.png").is_file()


@pytest.mark.parametrize("argv", [["sample", "--hlp"], ["data", "check", "--size"], ["gradcheck", "--fast"],
                                  ["interpolate", "-x"], ["reconstruct", "--shw"], ["codebook", "-x"],
                                  ["measure", "-x"]], ids=" ".join)
def test_a_misspelt_option_is_not_taken_for_a_file(capsys, argv):
    assert main(argv) == 2
    assert f"minihit {' '.join(argv[:-1])} --help" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("word", ["many", "1.5", "", "9" * 30, "9" * 5000, "-" + "9" * 30])
def test_what_is_no_whole_number_is_refused_by_name(capsys, word):
    assert main(["interpolate", "run", f"--frames={word}"]) == 2
    err = capsys.readouterr().err
    assert "--frames" in err and ("whole number" in err or "range" in err)


def test_a_missing_gpu_is_one_sentence(monkeypatch, capsys, run):
    monkeypatch.setattr(backend, "gpu_problem", lambda: "CuPy finds no CUDA device or driver")
    for argv in (["train"], ["sample", run], ["interpolate", run]):
        assert "no GPU can be used (CuPy finds no CUDA device" in refusal(capsys, *argv, "--device", "gpu")
