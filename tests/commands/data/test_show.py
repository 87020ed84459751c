"""minihit data show as its user meets it."""

import imageio.v3 as iio
from support.commands import refusal

from minihit.cli import main
from minihit.show import room


def test_show_prints_statistics_and_writes_a_picture(store, here, capsys):
    capsys.readouterr()
    assert main(["data", "show", "celeba"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("celeba: 6 images of 16 x 16\n")
    assert out.endswith("celeba.png\n")
    assert iio.imread(here / "celeba.png").shape == (2 * 18 + 2, 3 * 18 + 2, 3)
    assert main(["data", "show", "celeba", "--out", "two.png", "--count", "2"]) == 0
    assert iio.imread(here / "two.png").shape == (18 + 2, 2 * 18 + 2, 3)
    assert "--count is 0" in refusal(capsys, "data", "show", "celeba", "--count", "0")
    assert "--seed is -1: it must lie between 0 and" in refusal(capsys, "data", "show", "celeba", "--seed", "-1")
    assert "ends in .png" in refusal(capsys, "data", "show", "celeba", "--out", "a.jpg")


def test_a_picture_of_more_images_than_fit_into_memory_is_refused(store, here, capsys, monkeypatch):
    monkeypatch.setattr(room, "memory_size", lambda device: 2 * 20 * 20 * 3 * room.COPIES)
    capsys.readouterr()
    assert "celeba.png: 56 x 38 pixels take about" in refusal(capsys, "data", "show", "celeba")
    assert not (here / "celeba.png").exists()
    assert main(["data", "show", "celeba", "--count", "1"]) == 0
