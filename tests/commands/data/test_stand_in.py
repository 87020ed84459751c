"""minihit data stand-in as its user meets it."""

import pytest
from support.commands import refusal

from minihit.cli import main
from minihit.data.store.reader import open_store


@pytest.mark.parametrize("count, words", [("0", "at least 1"), ("-3", "at least 1"), ("1000000", "at most 999,999")])
def test_a_stand_in_of_no_number_is_refused(tmp_path, capsys, count, words):
    assert words in refusal(capsys, "data", "stand-in", tmp_path / "new", f"--count={count}")
    assert not (tmp_path / "new").exists()


def test_the_stand_in_never_writes_over_celeba(here, capsys):
    (here / "celeba").mkdir()
    (here / "celeba" / "list_eval_partition.txt").write_text("000001.jpg 0")
    assert "celeba/list_eval_partition.txt was not written by minihit" in refusal(capsys, "data", "stand-in", "celeba")
    assert [path.name for path in (here / "celeba").iterdir()] == ["list_eval_partition.txt"]


def test_the_stand_in_can_be_prepared(here, capsys):
    assert "--seed is -1: it must lie between 0 and" in refusal(capsys, "data", "stand-in", "faces", "--seed", "-1")
    assert not (here / "faces").exists()
    assert main(["data", "stand-in", "faces", "--count", "3", "--seed", "5"]) == 0
    assert capsys.readouterr().out == "faces/img_align_celeba.zip\n"
    assert main(["data", "prepare", "faces/img_align_celeba.zip", "store", "--size", "16"]) == 0
    assert len(open_store(here / "store").manifest.attributes) == 40
