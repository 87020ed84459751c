from contextlib import nullcontext

import imageio.v3 as iio
import numpy as np
import pytest
from matplotlib.figure import Figure
from support.runs import TINY, TINY_VAE, TINY_VQVAE

from minihit import autoencoding
from minihit.data.faces.render import faces
from minihit.objectives.gan import PANELS
from minihit.show.images import has_video, read_image, to_float, to_uint8, write_png
from minihit.training import measure, pictures, state
from minihit.training.run import log
from minihit.training.run.folder import RunFolder


def test_fixed_latents_are_fixed():
    first, again, other = (pictures.fixed_latents(seed, (5,)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other) and first.shape == (pictures.COLUMNS * pictures.ROWS, 5)
    assert first.dtype == np.float32


def test_small_images_are_enlarged():
    small, large = pictures.sheet(faces(0, 0, 50, 32)), pictures.sheet(faces(0, 0, 50, 64))
    assert small.shape == large.shape == (pictures.ROWS * 66 + 2, pictures.COLUMNS * 66 + 2, 3)


@pytest.mark.parametrize("size, shape", [(8, (5, 10)), (256, (5, 10)), (409, (5, 10)), (512, (4, 8)), (1024, (2, 4)),
                                         (4096, (1, 1)), (8192, (1, 1))])
def test_a_sheet_of_large_images_has_fewer_of_them(size, shape):
    assert pictures.shape(size) == shape


@pytest.mark.parametrize("preset, rows", [(TINY, 2), (TINY_VQVAE, 4), (TINY_VAE, 5)])
def test_large_samples_originals_and_neighbours_make_narrow_sheets(tmp_path, monkeypatch, preset, rows):
    monkeypatch.setattr(pictures, "WIDEST", 64)                           # four columns of 16 pixels
    folder, images = RunFolder(tmp_path), faces(0, 0, 7, 16)
    pictures.write_samples(folder, state.create(0, preset).trees, preset, "cpu", 0, images, 7)
    assert read_image(folder.samples / "ema-00000007.png").shape == (rows * 66 + 2, 4 * 66 + 2, 3)
    found = {"neighbour": measure.Neighbours(images, images, np.arange(7))}
    pictures.write_neighbours(folder, found, 7)
    assert read_image(folder.path / "neighbours.png").shape == (2 * 66 + 2, 4 * 66 + 2, 3)


@pytest.mark.parametrize("size, frames, count", [
    (32, 2, 50 * 50 * 64**2), (64, 20, 20 * 4 * 50 * 64**2), (64, 1000, 80 * 4 * 50 * 64**2),
    (256, 80, 80 * 4 * 50 * 256**2), (1024, 80, 80 * 4 * 8 * 512**2), (1024, 2, 50 * 8 * 1024**2),
])
def test_drawing_takes_memory_by_pixels_and_frames(size, frames, count):
    assert pictures.memory(size, frames) == 130 * 10**6 + count


def test_samples_of_both_weights_are_written(tmp_path):
    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = 1.0
    pictures.write_samples(folder, trees, TINY, "cpu", 0, None, 7)
    ema, raw = (read_image(folder.samples / f"{kind}-00000007.png") for kind in ("ema", "raw"))
    assert ema.shape == raw.shape and ema.mean() > raw.mean() + 50


def cells(path):
    """The images of a sheet of 16-pixel images, (rows, COLUMNS, 16, 16, 3)."""
    picture = read_image(path)[2:, 2:]                                    # every cell is 64 pixels and 2 of margin
    rows = picture.reshape(-1, 66, pictures.COLUMNS, 66, 3).swapaxes(1, 2)
    return rows[:, :, :64:4, :64:4]


@pytest.mark.parametrize("preset, count", [(TINY_VAE, 25), (TINY_VQVAE, 20), (TINY_VAE, 7)])
def test_an_autoencoders_sheet_shows_held_out_images_over_their_reconstructions(tmp_path, preset, count):
    """Over and over where they are few; samples fill the sheet where there are any."""
    held_out, trees = faces(0, 0, count, 16), state.create(0, preset).trees
    pictures.write_samples(RunFolder(tmp_path), trees, preset, "cpu", 3, held_out, 1)
    originals = held_out[np.arange(20) % count]
    for kind, networks in (("ema", trees["ema"]), ("raw", trees["networks"])):
        shown = cells(RunFolder(tmp_path).samples / f"{kind}-00000001.png")
        rebuilt, _ = autoencoding.reconstruct(networks, to_float(originals), preset, "cpu")
        np.testing.assert_array_equal(shown[[0, 2]].reshape(originals.shape), originals)
        np.testing.assert_array_equal(shown[[1, 3]].reshape(originals.shape), to_uint8(rebuilt))
        assert len(shown) == (5 if preset is TINY_VAE else 4)
        if preset is TINY_VAE:
            z = pictures.fixed_latents(3, preset.decoder.z_shape)[:pictures.COLUMNS]
            np.testing.assert_array_equal(shown[4], to_uint8(autoencoding.decode(networks, z, preset, "cpu")))


def test_the_timelapse_ends_with_the_last_grid_and_stays_there(tmp_path):
    from PIL import Image

    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    for step in range(8):
        trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = step / 8
        pictures.write_samples(folder, trees, TINY, "cpu", 0, None, step)
    pictures.write_timelapse(folder)
    with Image.open(folder.path / "timelapse.gif") as animation:
        assert animation.n_frames == 8                                     # the repeated last one only lasts longer
        assert animation.size == (pictures.COLUMNS * 66 + 2, pictures.ROWS * 66 + 2)
        first = animation.info["duration"]
        animation.seek(7)
        assert (first, animation.info["duration"]) == (100, 300)
    assert (folder.path / "timelapse.mp4").exists() == has_video()
    if has_video():
        assert iio.immeta(folder.path / "timelapse.mp4", plugin="pyav")["fps"] == 10


def grids(path, values, side=132):
    """Samples of one shade each, the same side, as EMA grids of steps 0, 1, ..."""
    folder = RunFolder(path)
    for step, value in enumerate(values):
        write_png(folder.samples / f"ema-{step:08d}.png", np.full((side, side, 3), value, np.uint8))
    return folder


def shades(folder):
    """The shades of the frames of a time-lapse."""
    from PIL import Image

    with Image.open(folder.path / "timelapse.gif") as animation:
        found = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            found.append(animation.convert("RGB").getpixel((5, 5))[0])
    return found


def test_a_long_run_is_told_in_few_frames_from_its_first_to_its_last(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "FRAMES", 3)
    monkeypatch.setattr(pictures, "has_video", lambda: False)
    folder = grids(tmp_path, range(0, 250, 50))
    pictures.write_timelapse(folder)
    assert shades(folder) == [0, 100, 200] and not (folder.path / "timelapse.mp4").exists()


def test_wide_grids_are_shrunk_for_the_timelapse(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "FRAME", 30)
    folder = grids(tmp_path, [10, 60])
    pictures.write_timelapse(folder)
    assert shades(folder) == [10, 60]
    wide, found = (read_image(path).shape for path in (folder.samples / "ema-00000000.png",
                                                       folder.path / "timelapse.gif"))
    factor = -(-wide[1] // 30)
    assert factor > 1 and found == (wide[0] // factor, wide[1] // factor, 3)


def test_grids_of_another_size_than_the_newest_are_left_out_of_the_timelapse(tmp_path):
    grids(tmp_path, [0, 50, 100], side=66)
    folder = grids(tmp_path, [10, 60])
    pictures.write_timelapse(folder)
    assert shades(folder) == [100]


def test_without_grids_there_is_no_timelapse(tmp_path):
    pictures.write_timelapse(RunFolder(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_damaged_grid_is_named_and_left_out_of_the_timelapse(tmp_path, capsys):
    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    for step in range(2):
        trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = step
        pictures.write_samples(folder, trees, TINY, "cpu", 0, None, step)
    (folder.samples / "ema-00000009.png").write_bytes(b"half")
    pictures.write_timelapse(folder)
    assert (folder.path / "timelapse.gif").is_file()
    out = capsys.readouterr().out
    assert "ema-00000009.png" in out and out.count("\n") == 1


PANELS_OF_THREE = [("both", ("a", "b"), "log"), ("nothing", ("off",), "linear"), ("one", ("a",), "linear")]


def test_curves_are_what_the_log_holds_of_them(tmp_path, curves, monkeypatch):
    """Without gaps where a record lacks a quantity, without a line for one that is never above zero, nor a panel where
    there is no other, as those of an adversary that is not there."""
    folder, drawn = RunFolder(tmp_path), Figure()
    for record in ({"b": 3.0}, {"a": 0.5, "off": 0.0}, {"a": 0.25, "b": 2.0, "off": 0.0}):
        log.append(folder.log, {"step": len(log.read(folder.log)), **record})
    sizes = []
    monkeypatch.setattr(pictures, "figure", lambda path, *size: sizes.append(size) or nullcontext(drawn))
    pictures.write_curves(folder, PANELS_OF_THREE)
    first, second = drawn.axes
    assert sizes == [(10, 6)]
    assert [axes.get_title(loc="left") for axes in drawn.axes] == ["both", "one"]
    assert [axes.get_yscale() for axes in drawn.axes] == ["log", "linear"]
    assert {line.get_label(): line.get_xydata().tolist() for line in first.lines} == {
        "a": [[1, 0.5], [2, 0.25]], "b": [[0, 3.0], [2, 2.0]]}
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["a", "b"]
    assert second.get_xlabel() == "step" and second.get_xlim() == first.get_xlim()


def test_a_log_of_a_single_curve_is_drawn_and_an_empty_one_is_not(tmp_path, curves):
    folder = RunFolder(tmp_path)
    pictures.write_curves(folder, PANELS_OF_THREE)
    assert not folder.curves.exists()
    log.append(folder.log, {"step": 0, "b": 20.0})
    pictures.write_curves(folder, PANELS_OF_THREE)
    assert folder.curves.exists()


def test_curves_are_drawn_from_whatever_the_log_holds(tmp_path, curves):
    folder = RunFolder(tmp_path)
    log.append(folder.log, {"step": 0, "swd_real": 20.0})
    for step in (1, 2):
        log.append(folder.log, {"step": step, "generator_loss": 0.7, "real_logits": 0.1 * step, "swd": 100.0 / step})
    pictures.write_curves(folder, PANELS)
    assert read_image(folder.path / "curves.png").std() > 5
