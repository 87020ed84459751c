import builtins
import errno
import os
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.show import images


def random_images(*shape, seed=0):
    return np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)


def fading_faces(count):
    """uint8 (count, 138, 138, 3): a grid of 16 faces turning into 16 others."""
    one, other = faces(seed=1, start=0, count=32, size=32).reshape(2, 16, 32, 32, 3).astype(np.float32)
    mixed = [(1 - t) * one + t * other for t in np.linspace(0, 1, count)]
    return np.stack([images.grid(batch.round().astype(np.uint8)) for batch in mixed])


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


# ranges


def test_every_uint8_survives_the_round_trip():
    values = np.arange(256, dtype=np.uint8)
    floats = images.to_float(values)
    assert floats.dtype == np.float32
    assert (floats.min(), floats.max()) == (-1.0, 1.0)
    np.testing.assert_array_equal(images.to_uint8(floats), values)


def test_to_uint8_rounds_to_nearest_and_clips():
    steps = np.array([-np.inf, -7, -1, -1 + 0.49 / 127.5, -1 + 0.51 / 127.5, 1 - 0.51 / 127.5, 1, 3, np.inf, np.nan])
    np.testing.assert_array_equal(images.to_uint8(steps.astype(np.float32)), [0, 0, 0, 0, 1, 254, 255, 255, 255, 0])


def test_to_float_refuses_floats():
    with pytest.raises(ValueError, match="uint8"):
        images.to_float(np.zeros(3, np.float32))


def test_inputs_are_not_changed():
    x = np.linspace(-2, 2, 12, dtype=np.float32)
    before = x.copy()
    images.to_uint8(x)
    np.testing.assert_array_equal(x, before)


# grid


@given(
    count=st.integers(1, 40),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    columns=st.none() | st.integers(1, 9),
    gap=st.integers(0, 3),
)
def test_every_image_is_in_its_place_on_white(count, height, width, columns, gap):
    batch = random_images(count, height, width, 3, seed=count)
    sheet = images.grid(batch, columns, gap)
    columns = columns or images.even_columns(count)
    rows = -(-count // columns)
    assert sheet.shape == (rows * (height + gap) + gap, columns * (width + gap) + gap, 3)
    rest = sheet.astype(int)
    for i, image in enumerate(batch):
        top, left = gap + i // columns * (height + gap), gap + i % columns * (width + gap)
        np.testing.assert_array_equal(sheet[top : top + height, left : left + width], image)
        rest[top : top + height, left : left + width] = 255
    assert (rest == 255).all()


def test_default_columns_make_a_full_grid_not_wider_than_two_to_one():
    assert [images.even_columns(n) for n in (1, 2, 7, 8, 12, 32, 50, 64, 100)] == [1, 2, 3, 4, 4, 8, 10, 8, 10]


def test_shrink_takes_means_and_cuts_what_is_left_over():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    small = images.shrink(image, 2)
    assert (small.shape, small.dtype) == ((2, 3, 3), np.uint8)
    np.testing.assert_array_equal(small[1, 2], [image[2:4, 4:6, c].mean().round() for c in range(3)])
    np.testing.assert_array_equal(images.shrink(image, 1), image)


def test_upscale_repeats_pixels():
    batch = random_images(2, 3, 4, 3)
    large = images.upscale(batch, 3)
    assert large.shape == (2, 9, 12, 3)
    np.testing.assert_array_equal(large[:, 1::3, 2::3], batch)
    np.testing.assert_array_equal(images.upscale(batch[0], 3), large[0])


# PNG


def test_png_round_trip(tmp_path):
    image = random_images(5, 7, 3)
    images.write_png(tmp_path / "a.PNG", image)
    back = images.read_image(tmp_path / "a.PNG")
    np.testing.assert_array_equal(back, image)
    assert back.flags.writeable


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_png_takes_uint8_rgb_only(tmp_path, image):
    with pytest.raises(ValueError, match="uint8"):
        images.write_png(tmp_path / "a.png", image)


def test_unknown_suffix_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match=r"ends in \.png"):
        images.write_png(tmp_path / "a.jpg", random_images(4, 4, 3))
    with pytest.raises(UserError, match=r"ends in \.gif or \.mp4"):
        images.write_animation(tmp_path / "a.avi", random_images(2, 4, 4, 3))
    assert not list(tmp_path.iterdir())


def test_full_disk_leaves_the_old_picture(tmp_path, monkeypatch):
    old = random_images(4, 4, 3)
    images.write_png(tmp_path / "a.png", old)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="free some space"):
        images.write_png(tmp_path / "a.png", random_images(4, 4, 3, seed=1))
    np.testing.assert_array_equal(images.read_image(tmp_path / "a.png"), old)


def test_reading_what_is_not_there_or_no_picture_is_a_user_error(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(UserError, match=r"text\.png: no picture .*PNG or JPEG"):
        images.read_image(tmp_path / "text.png")
    with pytest.raises(UserError, match="No such file"):
        images.read_image(tmp_path / "none.png")


# animations


def test_gif_keeps_frames_speed_colours_and_loops(tmp_path):
    frames = fading_faces(12)
    images.write_animation(tmp_path / "a.gif", frames, fps=20)
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (12, 0, 50)
        back = [np.asarray((gif.seek(i), gif.convert("RGB"))[1]) for i in range(12)]
    assert min(psnr(a, b) for a, b in zip(frames, back, strict=True)) > 31
    assert (tmp_path / "a.gif").stat().st_size < frames.nbytes / 3


def test_gif_of_few_colours_is_exact(tmp_path):
    frames = random_images(3, 8, 8, 3) // 128 * 255
    images.write_animation(tmp_path / "a.gif", iter(frames))
    with Image.open(tmp_path / "a.gif") as gif:
        for i, frame in enumerate(frames):
            gif.seek(i)
            np.testing.assert_array_equal(np.asarray(gif.convert("RGB")), frame)


@pytest.mark.parametrize(("fps", "milliseconds"), [(10, 100), (30, 30), (60, 20), (0.5, 2000)])
def test_gif_speed_is_rounded_to_what_browsers_play(tmp_path, fps, milliseconds):
    images.write_animation(tmp_path / "a.gif", random_images(2, 4, 4, 3), fps)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["duration"] == milliseconds


def test_one_frame_and_equal_frames_are_an_animation(tmp_path):
    frame = random_images(4, 4, 3)
    images.write_animation(tmp_path / "a.gif", [frame])
    images.write_animation(tmp_path / "b.gif", [frame, frame, frame], fps=10)
    with Image.open(tmp_path / "b.gif") as gif:
        assert gif.info["duration"] * gif.n_frames == 300


def test_mp4_pads_odd_sizes_and_keeps_the_pictures(tmp_path):
    pytest.importorskip("av")
    frames = images.upscale(fading_faces(10), 2)[:, :199, :191]
    images.write_animation(tmp_path / "a.mp4", frames, fps=12)
    back = iio.imread(tmp_path / "a.mp4", plugin="pyav")
    facts = iio.immeta(tmp_path / "a.mp4", plugin="pyav")
    assert back.shape == (10, 200, 192, 3)
    assert (facts["codec"], facts["fps"], facts["video_format"]) == ("h264", 12, "yuv420p")
    assert psnr(back[:, :199, :191], frames) > 29


def test_mp4_without_the_extra_is_a_user_error(tmp_path, monkeypatch):
    import_module = builtins.__import__

    def without_av(name, *args, **kwargs):
        if name == "av":
            raise ImportError(name)
        return import_module(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(UserError, match=r'pip install "minihit\[video\]"'):
        images.write_animation(tmp_path / "a.mp4", random_images(2, 4, 4, 3))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("frames", [[], [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)]])
def test_frames_are_of_one_size(tmp_path, frames):
    with pytest.raises(ValueError, match="frames of one size"):
        images.write_animation(tmp_path / "a.gif", frames)


def test_importing_is_light():
    code = """if True:
        import sys, minihit.show.images, minihit.data.dataset
        assert not {"PIL", "imageio", "av", "matplotlib"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(images.__file__).parents[2])
