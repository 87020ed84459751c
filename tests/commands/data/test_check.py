"""minihit data check as its user meets it."""

import shutil

from support.commands import refusal
from support.pictures import encoded, photo

from minihit.cli import main


def test_check_tells_a_whole_store_from_a_damaged_one(store, capsys):
    capsys.readouterr()
    assert main(["data", "check", "celeba"]) == 0
    assert capsys.readouterr().out == "celeba is whole: 6 images of 16 x 16, 4 files as they were written\n"
    content = bytearray((store / "images.npy").read_bytes())
    content[-1] ^= 1
    (store / "images.npy").write_bytes(content)
    assert "images.npy is not what it was when the store was made" in refusal(capsys, "data", "check", "celeba")
    shutil.rmtree(store)
    assert "there is no store at celeba" in refusal(capsys, "data", "check", "celeba")


def test_check_counts_images_that_are_there_twice(here, capsys):
    for number in range(3):
        (here / "photos").mkdir(exist_ok=True)
        (here / "photos" / f"{number}.png").write_bytes(encoded(photo()))
    assert main(["data", "prepare", "photos", "store", "--size", "8"]) == 0
    capsys.readouterr()
    assert main(["data", "check", "store"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == ["of its images all 3 are the same picture, of which there is nothing to learn"]
