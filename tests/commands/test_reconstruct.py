"""minihit reconstruct as its user meets it."""

import shutil

import imageio.v3 as iio
import numpy as np
import pytest
from support.commands import refusal
from support.disks import fill, mounted
from support.pictures import encoded, photo
from support.runs import TINY_VAE, write_run

from minihit import autoencoding
from minihit.cli import main
from minihit.data.dataset import BuiltInFaces
from minihit.data.prepare.square import Square
from minihit.show.images import to_float, to_uint8
from minihit.training import measures
from minihit.training.measure_latents import of_codes, of_dimensions, of_reconstructions
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder


@pytest.fixture
def photos(here):
    """Photographs of odd sizes, one that is damaged, and what else lies in a folder."""
    folder = here / "photos"
    folder.mkdir()
    for number, size in enumerate(((40, 31), (17, 64), (301, 200))):
        (folder / f"{number}.png").write_bytes(encoded(photo(size=size)))
    (folder / "half.jpg").write_bytes(encoded(photo(), "JPEG")[:3000])
    (folder / "notes.txt").write_text("notes")
    return folder


def said(capsys, *argv):
    """The lines that a command prints."""
    capsys.readouterr()
    assert main(["reconstruct", *map(str, argv), "--device", "cpu"]) == 0
    return capsys.readouterr().out.splitlines()


def test_pairs_of_what_the_run_is_measured_with_lie_beside_it(capsys, vqvae):
    words, out = said(capsys, vqvae, "--columns", 3)
    assert words.startswith("8 held-out pictures of faces: PSNR ")
    assert out == str(vqvae / "reconstructions-00000003.png")
    assert iio.imread(out).shape == (4 + 3 * (2 * 64 + 4), 4 + 3 * 68, 3)  # 16 pixels, four times enlarged


@pytest.mark.parametrize("kind", ["vae", "vqvae"])
def test_the_numbers_are_those_that_training_logs(capsys, request, kind):
    run = request.getfixturevalue(kind)
    words, _ = said(capsys, run)
    config, networks, _ = weights.load_autoencoder(RunFolder(run))
    held_out = BuiltInFaces(16, config.seed).held_out(config.measure_images)
    found = of_reconstructions(networks, config.preset, "cpu", config.seed, held_out)
    latents = (measures.kl_in_words(of_dimensions(networks, config.preset, "cpu", held_out)) if kind == "vae" else
               measures.codes_in_words(of_codes(networks, config.preset, "cpu", held_out)))
    assert words.endswith(f": PSNR {found['psnr']:.2f} dB, SSIM {found['ssim']:.3f}, {latents}")


def test_a_pair_is_an_original_over_its_reconstruction(capsys, here, vae):
    said(capsys, vae, "--count", "5", "--show", "2", "--columns", "9", "--scale", "1", "--out", "new/a.png")
    config, networks, _ = weights.load_autoencoder(RunFolder(vae))
    originals = BuiltInFaces(16, config.seed).held_out(5)
    rebuilt = to_uint8(autoencoding.reconstruct(networks, to_float(originals), config.preset)[0])
    shown = iio.imread("new/a.png")
    assert shown.shape == (4 + 36, 4 + 2 * 20, 3)
    for i in range(2):
        pair = shown[4:36, 4 + 20 * i:20 + 20 * i]
        np.testing.assert_array_equal(pair, np.concatenate([originals[i], rebuilt[i]]))


def test_a_hundred_pictures_are_also_compared_as_sets(capsys, here, vqvae):
    few, _ = said(capsys, vqvae, "--count", "99", "--out", "a.png")
    many, _ = said(capsys, vqvae, "--count", "100", "--out", "a.png")
    assert "Wasserstein" not in few and few.startswith("99 held-out pictures of faces: ")
    config, networks, _ = weights.load_autoencoder(RunFolder(vqvae))
    found = of_reconstructions(networks, config.preset, "cpu", 0, BuiltInFaces(16, 0).held_out(100))
    assert f"sliced Wasserstein distance {found['swd_rebuilt']:.1f}, " in many


def test_raw_weights_are_others(capsys, here, vae):
    assert said(capsys, vae, "--out", "a.png")[0] != said(capsys, vae, "--raw", "--out", "a.png")[0]


def test_a_folder_is_taken_with_what_lies_in_it(capsys, photos, vqvae):
    account, words, _ = said(capsys, vqvae, photos, "--out", "a.png")
    assert account.startswith("5 files: 3 taken; 1 cannot be used (once ")
    assert words.startswith("3 pictures: PSNR ")
    assert iio.imread("a.png").shape == (4 + 132, 4 + 3 * 68, 3)


def test_more_pictures_than_are_asked_for_are_not_left_out_silently(capsys, photos, vqvae):
    files, more = [photos / f"{number}.png" for number in range(3)], "the first 2 pictures: --count takes more"
    for argv, line in (([photos], f"the first 2 of 4 pictures in {photos}"), (files, more), ([photos, files[0]], more),
                       ([files[0], photos], more)):
        *lines, words, _ = said(capsys, vqvae, *argv, "--count", "2", "--out", "a.png")
        assert line in lines and words.startswith("2 pictures: ")
    assert said(capsys, vqvae, *files, "--count", "3", "--out", "a.png")[0].startswith("3 pictures: ")


def test_files_folders_and_stores_are_taken_in_their_order(capsys, photos, vqvae):
    assert main(["data", "prepare", "photos", "store", "--size", "16"]) == 0
    several = ["photos/2.png", "photos/0.png", photos, "store", "photos/1.png"]
    *_, words, _ = said(capsys, vqvae, *several, "--scale", "1", "--columns", "9", "--out", "a.png")
    assert words.startswith("9 pictures: PSNR ")
    shown = iio.imread("a.png")
    for place, size in ((0, (301, 200)), (1, (40, 31)), (2, (40, 31)), (3, (17, 64)), (8, (17, 64))):
        original = shown[4:20, 4 + 20 * place:20 + 20 * place]
        np.testing.assert_array_equal(original, Square(16)(photo(size=size)))


def test_one_picture_is_cut_to_the_square_in_its_middle(capsys, photos, vqvae):
    (words, _) = said(capsys, vqvae, photos / "0.png", "--scale", "1", "--out", "a.png")
    assert words.startswith("1 picture: PSNR ")
    np.testing.assert_array_equal(iio.imread("a.png")[4:20, 4:20], Square(16)(photo(size=(40, 31))))


def test_a_store_gives_what_training_holds_out_and_an_array_all(capsys, here, vae):
    for name, count, words in (("few", 9, "9 pictures of few: "), ("many", 30, "3 held-out pictures of many: ")):
        images = np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3), np.uint8)
        folder = here / f"{name}-photos"
        folder.mkdir()
        for number, image in enumerate(images):
            iio.imwrite(folder / f"{number:02d}.png", image)
        assert main(["data", "prepare", f"{name}-photos", name, "--size", "16"]) == 0
        assert said(capsys, vae, name, "--out", "a.png")[0].startswith(words)
    np.save("images.NPY", images)
    (here / "images.NPY.npy").rename("images.NPY")
    assert said(capsys, vae, "images.NPY", "--out", "a.png")[0].startswith("30 pictures: ")


def test_a_run_on_few_pictures_is_measured_on_those_of_its_training(capsys, here, photos):
    run = write_run(here / "run", TINY_VAE, data=str(photos)).path
    *_, words, _ = said(capsys, run)
    assert words.startswith(f"3 training pictures of {photos}: ")
    shutil.rmtree(photos)
    err = refusal(capsys, "reconstruct", run, "--device", "cpu")
    assert "there is no folder of images (or .npy file) at" in err and "or name other pictures behind the run" in err


@pytest.mark.parametrize("argv, sentence", [
    (["gone.png"], "cannot read the picture gone.png: No such file or directory; give picture files, or folders"),
    (["gone"], "cannot read the picture gone: No such file or directory"),
    (["photos/half.jpg"], "cannot read the picture photos/half.jpg: "),
    (["photos/notes.txt"], "cannot read the picture photos/notes.txt: no picture of a kind that Pillow reads"),
    (["photos/0.png", "photos/half.jpg", "photos/1.png"], "cannot read the picture photos/half.jpg: "),
    (["photos/0.png", "empty"], "there are no images in empty"),
    (["empty"], "there are no images in empty"),
    (["gone.npy"], "there is no folder of images (or .npy file) at gone.npy"),
    (["--count", "0"], "--count is 0: it must be at least 1"),
    (["--show", "0"], "--show is 0: it must be at least 1"),
    (["--columns", "-1"], "--columns is -1: it must be at least 1"),
    (["--scale", "0"], "--scale is 0: it must be at least 1"),
    (["--scale", "1000000"], "choose a smaller --show or --scale"),
    (["--out", "a.jpg"], "cannot write a.jpg: give it a name that ends in .png"),
    (["--out", "photos/notes.txt/a.png"], "cannot write photos/notes.txt/a.png"),
])
def test_what_cannot_work_is_refused_and_leaves_nothing(capsys, photos, here, vqvae, argv, sentence):
    (here / "empty").mkdir()
    before = {*here.rglob("*"), *vqvae.rglob("*")}
    assert sentence in refusal(capsys, "reconstruct", vqvae, "--device", "cpu", *argv)
    assert {*here.rglob("*"), *vqvae.rglob("*")} == before


def test_a_run_without_an_encoder_and_one_without_a_checkpoint_are_refused(capsys, here, run, vae):
    err = refusal(capsys, "reconstruct", run, "--device", "cpu")
    assert "has a generator and no encoder" in err and "minihit train --preset vae-32 or vqvae-32" in err
    shutil.copytree(vae, here / "bare")
    shutil.rmtree(here / "bare/checkpoints")
    assert "holds no whole checkpoint" in refusal(capsys, "reconstruct", "bare", "--device", "cpu")


def test_a_full_disk_is_one_sentence_and_keeps_the_old_picture(capsys, here, vae):
    with mounted(here / "disk", "200k") as disk:
        (disk / "a.png").write_bytes(b"old")
        fill(disk, 4096)
        err = refusal(capsys, "reconstruct", vae, "--device", "cpu", "--out", disk / "a.png")
        assert "cannot write" in err and "No space left" in err
        assert (disk / "a.png").read_bytes() == b"old" and {p.name for p in disk.iterdir()} == {"a.png", "ballast"}
