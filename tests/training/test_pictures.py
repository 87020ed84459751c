import numpy as np
from support.runs import TINY

from minihit.data.faces.render import faces
from minihit.objectives.gan import PANELS
from minihit.show.images import read_image
from minihit.training import pictures, state
from minihit.training.run import log
from minihit.training.run.folder import RunFolder


def test_fixed_latents_are_fixed():
    first, again, other = (pictures.fixed_latents(seed, (5,)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other) and first.shape == (pictures.COLUMNS * pictures.ROWS, 5)


def test_small_images_are_enlarged():
    small, large = pictures.sheet(faces(0, 0, 50, 32)), pictures.sheet(faces(0, 0, 50, 64))
    assert small.shape == large.shape == (pictures.ROWS * 66 + 2, pictures.COLUMNS * 66 + 2, 3)


def test_samples_of_both_weights_are_written(tmp_path):
    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = 1.0
    pictures.write_samples(folder, trees, TINY.generator, "cpu", 0, 7)
    ema, raw = (read_image(folder.samples / f"{kind}-00000007.png") for kind in ("ema", "raw"))
    assert ema.shape == raw.shape and ema.mean() > raw.mean() + 50


def test_the_timelapse_ends_with_the_last_grid_and_stays_there(tmp_path):
    from PIL import Image

    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    for step in range(8):
        trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = step / 8
        pictures.write_samples(folder, trees, TINY.generator, "cpu", 0, step)
    pictures.write_timelapse(folder)
    with Image.open(folder.path / "timelapse.gif") as animation:
        assert animation.n_frames == 8                                     # the repeated last one only lasts longer
        assert animation.size == (pictures.COLUMNS * 66 + 2, pictures.ROWS * 66 + 2)


def test_a_damaged_grid_is_named_and_left_out_of_the_timelapse(tmp_path, capsys):
    folder, trees = RunFolder(tmp_path), state.create(0, TINY).trees
    for step in range(2):
        trees["ema"]["generator"]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = step
        pictures.write_samples(folder, trees, TINY.generator, "cpu", 0, step)
    (folder.samples / "ema-00000009.png").write_bytes(b"half")
    pictures.write_timelapse(folder)
    assert (folder.path / "timelapse.gif").is_file()
    out = capsys.readouterr().out
    assert "ema-00000009.png" in out and out.count("\n") == 1


def test_curves_are_drawn_from_whatever_the_log_holds(tmp_path, curves):
    folder = RunFolder(tmp_path)
    log.append(folder.log, {"step": 0, "swd_real": 20.0})
    for step in (1, 2):
        log.append(folder.log, {"step": step, "generator_loss": 0.7, "real_logits": 0.1 * step, "swd": 100.0 / step})
    pictures.write_curves(folder, PANELS)
    assert read_image(folder.path / "curves.png").std() > 5
