"""minihit interpolate as its user meets it."""

import imageio.v3 as iio
import numpy as np
import pytest
import strict_cupy
from support.commands import refusal
from support.pictures import encoded, photo

from minihit import autoencoding, sampling
from minihit.cli import main
from minihit.commands import interpolate
from minihit.data.prepare.square import Square
from minihit.models import hit
from minihit.show.images import grid, to_float, to_uint8
from minihit.training.run import weights
from minihit.training.run.folder import RunFolder


def test_interpolate_writes_a_closed_loop(capsys, run):
    argv = ["interpolate", str(run), "--seeds", "0-2", "--frames", "4", "--scale", "1", "--device", "cpu"]
    assert main(argv) == 0
    out = run / "interpolation-00000003.gif"
    assert capsys.readouterr().out == f"{out}\n"
    assert iio.imread(out, index=None).shape == (12, 16, 16, 3)


def test_interpolate_shows_loops_side_by_side(here, run):
    assert main(["interpolate", str(run), "--seeds", "0-3", "--frames", "3", "--columns", "2", "--scale", "2",
                 "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (6, 36, 70, 3)


def test_a_gpu_draws_frames_of_all_loops_together(run, monkeypatch):
    """Sixty-four pictures at a time, whichever frames they belong to."""
    options, found = interpolate.Interpolate(run, seeds="0-5", columns=2), []
    paths, shapes, generate = sampling.latents(range(66), 3).reshape(33, 2, 3), [], hit.generate

    def noted(params, z, *others):
        shapes.append(z.shape)
        return generate(params, z, *others)

    for device in ("cpu", "gpu"):
        found.append(np.stack([*interpolate.frames(interpolate.between_seeds(options, device), paths, 1, device)]))
        strict_cupy.install(monkeypatch)
        monkeypatch.setattr(hit, "generate", noted)
    assert found[0].shape == found[1].shape == (33, 20, 38, 3) and shapes == [(64, 3), (64, 3)]
    assert np.abs(found[0].astype(int) - found[1]).max() <= 1


def test_interpolate_writes_mp4(here, run):
    pytest.importorskip("av")
    assert main(["interpolate", str(run), "--seeds", "0,1", "--frames", "3", "--out", "a.mp4", "--device", "cpu"]) == 0
    assert iio.imread("a.mp4", plugin="pyav").shape == (6, 128, 128, 3)


@pytest.fixture
def photos(here):
    for number, size in enumerate(((40, 31), (17, 64))):
        (here / f"{number}.png").write_bytes(encoded(photo(size=size)))
    return here


@pytest.mark.parametrize("kind", ["vae", "vqvae"])
def test_interpolate_walks_straight_between_photographs(request, photos, kind):
    """A frame is what the decoder makes of a mixture of the latents, and the first of each way the reconstruction."""
    run = request.getfixturevalue(kind)
    paths = [photos / "0.png", photos / "1.png"]
    assert main(["interpolate", str(run), "--pictures", *map(str, paths), "--frames", "2", "--scale",
                 "1", "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (4, 16, 16, 3)
    walk = interpolate.between_pictures(interpolate.Interpolate(run, pictures=tuple(paths)), "cpu")
    config, networks, step = weights.load_autoencoder(RunFolder(run))
    originals = np.stack([Square(16)(photo(size=size)) for size in ((40, 31), (17, 64))])
    z, _ = autoencoding.encode(networks, to_float(originals), config.preset)
    np.testing.assert_allclose(walk.z, z, rtol=1e-5, atol=1e-6)
    assert (walk.step, walk.arc, walk.config) == (step, sampling.straight, config.preset.decoder)
    frame = next(interpolate.frames(walk, walk.z[None], 1, "cpu"))
    rebuilt, _ = autoencoding.reconstruct(networks, to_float(originals), config.preset)
    assert np.abs(frame.astype(int) - grid(to_uint8(rebuilt), 2)).max() <= 1


def test_interpolate_takes_a_folder_of_photographs(photos, vae):
    assert main(["interpolate", str(vae), "--pictures", ".", "--frames", "3", "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (6, 128, 128, 3)


def test_interpolate_walks_between_normal_latents_of_a_vae(here, vae):
    assert main(["interpolate", str(vae), "--seeds", "0,1", "--frames", "2", "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (4, 128, 128, 3)


@pytest.mark.parametrize("argv, sentence", [
    (["--pictures"], "--pictures names none: give picture files, or folders or stores of them"),
    (["--pictures", "0.png", "--seeds", "3"], "--seeds and --pictures both say what lies on the way: give one of them"),
    (["--pictures", "0.png", "1.png", "--columns", "3"], "2 pictures cannot be divided among 3 columns: choose a mult"),
    (["--pictures", "0.png", "gone.png"], "cannot read the picture gone.png: No such file or directory"),
])
def test_interpolate_refuses_pictures_that_cannot_be_taken(capsys, photos, vqvae, argv, sentence):
    before = {*photos.iterdir(), *vqvae.iterdir()}
    assert sentence in refusal(capsys, "interpolate", vqvae, "--device", "cpu", *argv)
    assert {*photos.iterdir(), *vqvae.iterdir()} == before


def test_interpolate_refuses_seeds_where_nothing_can_be_drawn_and_pictures_where_nothing_reads_them(
        capsys, photos, run, vqvae):
    assert "codes of a VQ-VAE have no prior to draw samples from" in refusal(
        capsys, "interpolate", vqvae, "--device", "cpu")
    assert "has a generator and no encoder, so pictures have no latents there" in refusal(
        capsys, "interpolate", run, "--pictures", "0.png", "--device", "cpu")


@pytest.mark.parametrize("argv, sentence", [
    (["--columns", "3"], "8 seeds cannot be divided among 3 columns"),
    (["--frames", "0"], "--frames is 0: it must be at least 1"),
    (["--fps", "0"], "--fps is 0"),
    (["--fps", "2147483648"], "--fps is 2,147,483,648: it must be 1,000 at most"),
    (["--frames", "1000000000"], "8,000,000,000 frames of 132 x 132 pixels take about"),
    (["--frames", "1000000000"], "choose fewer --frames, --seeds, --pictures or --columns, or a smaller --scale"),
    (["--scale", "5000"], "would have 80,004 x 80,004 pixels, and a .gif has 65,535 a side at most"),
    (["--scale", "1100", "--out", "a.mp4"], "a.mp4 would have 17,604 x 17,604 pixels, and a .mp4 has 16,384 a side"),
    (["--out", "a.png"], "give it a name that ends in .gif or .mp4"),
    (["--seeds", "x"], "seeds 'x' cannot be read"),
])
def test_interpolate_refuses_what_cannot_work(capsys, here, run, argv, sentence):
    assert sentence in refusal(capsys, "interpolate", run, "--device", "cpu", *argv)


def test_interpolate_draws_truncated_frames(here, stylegan2):
    argv = ["interpolate", str(stylegan2), "--seeds", "0,1", "--frames", "2", "--scale", "1", "--device", "cpu"]
    assert main([*argv, "--truncation", "0", "--out", "still.gif"]) == 0 == main([*argv, "--out", "walk.gif"])
    still, walk = iio.imread("still.gif"), iio.imread("walk.gif")
    assert (still == still[:1]).all() and not (walk == walk[:1]).all()


def test_interpolate_walks_through_the_built_in_generator_in_the_working_folder(capsys, here):
    assert main(["interpolate", "built-in", "--seeds", "0,1", "--frames", "2", "--device", "cpu"]) == 0
    assert capsys.readouterr().out == "interpolation-00002000.gif\n"
    assert iio.imread("interpolation-00002000.gif", index=None).shape == (4, 128, 128, 3)
