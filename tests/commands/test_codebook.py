"""minihit codebook: what it draws of known codes, and as its user meets it."""

import imageio.v3 as iio
import numpy as np
import pytest
from support.commands import refusal
from support.pictures import encoded, photo
from support.runs import TINY_VQVAE

from minihit.cli import main
from minihit.commands import codebook

GREY, WHITE = codebook.RARE, 255


@pytest.fixture
def known():
    """Two pictures of 4 x 4 pixels, with the codes of their 2 x 2 patches; a patch has one colour."""
    indices = np.array([[[1, 1], [3, 1]], [[1, 0], [3, 3]]])
    patches = np.array([[[10, 20], [60, 30]], [[40, 90], [80, 100]]], np.uint8)
    return patches.repeat(2, 1).repeat(2, 2)[..., None].repeat(3, 3), indices


def test_a_code_is_the_mean_of_its_patches_and_a_map_of_its_places(known):
    patches, maps, uses = codebook.found(*known, codes=4)
    assert (patches.shape, maps.shape) == ((4, 2, 2, 3), (4, 2, 2))
    np.testing.assert_array_equal(uses, [1, 4, 0, 3])
    np.testing.assert_array_equal(maps, [[[0, 1], [0, 0]], [[2, 1], [0, 1]], np.zeros((2, 2)), [[0, 0], [2, 1]]])
    for code, mean in ((0, 90), (1, (10 + 20 + 30 + 40) / 4), (3, (60 + 80 + 100) / 3)):
        np.testing.assert_array_equal(patches[code], np.full((2, 2, 3), mean))


def test_pixels_of_a_patch_stay_where_they_are():
    image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(1, 4, 4, 3)
    patches, _, _ = codebook.found(image, np.array([[[0, 1], [2, 3]]]), codes=4)
    np.testing.assert_array_equal(patches[1], image[0, :2, 2:])
    np.testing.assert_array_equal(patches[2], image[0, 2:, :2])


def test_codes_are_drawn_in_the_order_of_their_use_and_unused_ones_not_at_all(known):
    cells = codebook.drawn(*known, codes=4, side=4)
    assert (cells.shape, cells.dtype) == ((4, 4, 8, 3), np.uint8)
    assert [cell[0, 0, 0] for cell in cells] == [25, 80, 90, WHITE]
    half, grey = np.float64(GREY / 2), GREY
    expected = [[[0, half], [grey, half]], [[grey, grey], [0, half]], [[grey, 0], [grey, grey]]]
    np.testing.assert_array_equal(cells[:3, ::2, 4::2, 1], np.round(expected))
    assert (cells[3] == WHITE).all()


@pytest.mark.parametrize("columns, wide", [("5", 5), ("999", 12)])
def test_the_codebook_lies_beside_the_run(capsys, vqvae, columns, wide):
    assert main(["codebook", str(vqvae), "--columns", columns, "--device", "cpu"]) == 0
    words, out = capsys.readouterr().out.splitlines()
    assert words.startswith("8 held-out pictures of faces: ") and words.split(": ")[1].count("of the codes used") == 1
    assert out == str(vqvae / "codebook-00000003.png")
    rows = -(-TINY_VQVAE.quantizer.codes // wide)
    assert iio.imread(out).shape == (4 + rows * 36, 4 + wide * 68, 3)


def test_own_pictures_can_be_named(capsys, here, vqvae):
    (here / "me.png").write_bytes(encoded(photo(size=(31, 40))))
    assert main(["codebook", str(vqvae), "me.png", "--out", "new/words.png", "--device", "cpu"]) == 0
    assert capsys.readouterr().out.startswith("1 picture: ") and (here / "new/words.png").is_file()


@pytest.mark.parametrize("argv, sentence", [
    (["gone.png"], "cannot read the picture gone.png: No such file or directory"),
    (["--count", "0"], "--count is 0: it must be at least 1"),
    (["--columns", "0"], "--columns is 0: it must be at least 1"),
    (["--out", "words.gif"], "cannot write words.gif: give it a name that ends in .png"),
])
def test_what_cannot_work_is_refused(capsys, here, vqvae, argv, sentence):
    assert sentence in refusal(capsys, "codebook", vqvae, "--device", "cpu", *argv)
    assert not [*here.iterdir()]


def test_runs_without_codes_are_refused(capsys, run, vae):
    err = refusal(capsys, "codebook", vae, "--device", "cpu")
    assert "is a VAE, whose latents are numbers and not codes: give a run of minihit train --preset vqvae-32" in err
    assert "has a generator and no encoder" in refusal(capsys, "codebook", run, "--device", "cpu")
