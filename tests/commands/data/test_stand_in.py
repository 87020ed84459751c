"""minihit data stand-in as its user meets it."""

import pytest
from support.commands import refusal

from minihit.cli import main
from minihit.data.store.reader import open_store


@pytest.mark.parametrize("layout, count, words", [
    ("celeba", "0", "at least 1"), ("celeba", "-3", "at least 1"), ("celeba", "1000000", "at most 999,999"),
    ("ffhq", "70001", "at most 70,000"),
])
def test_a_stand_in_of_no_number_is_refused(tmp_path, capsys, layout, count, words):
    argv = "data", "stand-in", tmp_path / "new", "--layout", layout, f"--count={count}"
    assert words in refusal(capsys, *argv)
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


def test_another_layout_has_its_own_names(here, capsys):
    assert main(["data", "stand-in", "pictures", "--layout", "imagenet", "--count", "2"]) == 0
    assert capsys.readouterr().out == "pictures/imagenet.zip\n"
    assert main(["data", "prepare", "pictures/imagenet.zip", "store", "--size", "14"]) == 0
    manifest = open_store(here / "store").manifest
    assert (manifest.layout, manifest.size, manifest.side) == ("ImageNet", 14, 16)
