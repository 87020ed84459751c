import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import PHOTOS, halves, photo, unusable

from minihit.data import folder
from minihit.data.prepare.decode import decode, to_rgb
from minihit.data.prepare.square import Square
from minihit.errors import UserError


def near(a, b, tolerance=3):
    return np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max() <= tolerance


def only(path, size=16):
    """The one image of the folder `path`, int (size, size, 3), nothing skipped."""
    images, skipped = folder.load(path, size)
    assert skipped == []
    assert images.shape == (1, size, size, 3)
    assert images.dtype == np.uint8
    return images[0]


# what is in a file


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *[(mode, "png") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
        *[(mode, "tif") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "I", "I;16", "F")],
        *[(mode, "jpg") for mode in ("L", "RGB", "CMYK", "YCbCr")],
        *[(mode, "webp") for mode in ("RGB", "RGBA")],
        *[(mode, suffix) for mode in ("L", "P") for suffix in ("gif", "bmp")],
        *[("L", "pgm"), ("RGB", "ppm"), ("1", "bmp")],
    ],
)
def test_a_white_half_and_a_black_half_are_read_from_any_mode(tmp_path, mode, suffix):
    halves = np.zeros((16, 16), np.uint8)
    halves[:, 8:] = 255
    picture = Image.fromarray(halves)
    if mode in ("I", "I;16"):
        picture = Image.fromarray(halves.astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    elif mode == "F":
        picture = Image.fromarray(halves.astype(np.float32) / 255)
    elif mode != "L":
        picture = picture.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else picture.convert(mode)
    assert picture.mode == mode
    picture.save(tmp_path / f"a.{suffix}")
    image = only(tmp_path)
    assert (image[:, :7] <= 3).all()
    assert (image[:, 9:] >= 252).all()


def test_a_ramp_of_16_bits_is_scaled_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 16).round().astype(np.uint16)
    Image.fromarray(np.tile(ramp, (16, 1))).save(tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path)[3, :, 1], np.arange(16) * 17)


def test_wide_greys_of_unknown_range_are_skipped(tmp_path):
    Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(tmp_path / "a.tif")
    Image.fromarray(np.full((8, 8), 7.5, np.float32)).save(tmp_path / "b.tif")
    Image.fromarray(np.full((8, 8), np.nan, np.float32)).save(tmp_path / "c.tif")
    with pytest.raises(UserError, match=r"pixels reach from 70000 to 70000, not from 0 to 65535.*from 7\.5.*nan"):
        folder.load(tmp_path, 8)


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_transparency_shows_white_and_half_of_it_half(tmp_path, suffix):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[:, 8:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / f"a.{suffix}", lossless=True)
    image = only(tmp_path)
    assert near(image[:, :7], [255, 255, 255], 1)
    assert near(image[:, 9:], [200, 0, 0], 1)
    assert near(to_rgb(Image.new("RGBA", (1, 1), (200, 0, 0, 128))), [227, 127, 127], 1)
    assert near(to_rgb(Image.new("LA", (1, 1), (100, 0))), [255, 255, 255])


def test_the_transparent_colour_of_a_palette_shows_white(tmp_path):
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.paste(0, (8, 0, 16, 16))
    picture.save(tmp_path / "a.png", transparency=0)
    image = only(tmp_path)
    assert near(image[:, :7], [0, 255, 0])
    assert near(image[:, 9:], [255, 255, 255])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path, orientation):
    upright = photo(size=(64, 64))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> Image.Transpose that makes the stored picture
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert np.abs(only(tmp_path, 64).astype(int) - np.asarray(upright)).mean() < 4


def test_of_an_animation_the_first_frame_counts(tmp_path):
    first, second = halves("red", size=(8, 8)), halves("blue", size=(8, 8))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert near(only(tmp_path, 8)[:, :3], [255, 0, 0])


def test_a_small_picture_fills_the_image_and_one_below_a_quarter_is_skipped(tmp_path):
    halves((1, 2, 3), (4, 5, 6), size=(2, 2)).save(tmp_path / "a.png")
    assert near(only(tmp_path, 8)[:, 0], [1, 2, 3], 1)
    Image.new("RGB", (1, 9), (1, 2, 3)).save(tmp_path / "b.png")
    why = "1 x 9 pixels are too few for 8 x 8, which takes a quarter of that"
    assert folder.load(tmp_path, 8)[1] == [("b.png", why)]


# crop and size


@pytest.mark.parametrize("size", [(96, 32), (32, 96), (97, 32), (32, 33)])
def test_the_middle_square_is_taken(tmp_path, size):
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    left, top = (size[0] - 32) // 2, (size[1] - 32) // 2
    pixels[top : top + 32, left : left + 32] = np.asarray(photo(size=(32, 32)))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path, 32), photo(size=(32, 32)))


def test_an_image_of_that_size_is_not_touched(tmp_path):
    photo(size=(32, 32)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path, 32), photo(size=(32, 32)))


def test_shrinking_does_not_alias(tmp_path):
    stripes = np.zeros((512, 512), np.uint8)
    stripes[:, ::2] = 255
    stripes[:32] = 0
    Image.fromarray(stripes).save(tmp_path / "a.png")
    assert near(only(tmp_path, 60)[8:], np.full(3, 127), 2)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg"])
def test_photographs_are_close_to_the_mean_of_what_each_pixel_covers(tmp_path, name):
    side = min(photo(name).size) // 32 * 32
    picture = photo(name).crop((0, 0, side, side))
    picture.save(tmp_path / "a.jpg", quality=98, subsampling=0)
    covered = np.asarray(picture).reshape(32, side // 32, 32, side // 32, 3).mean(axis=(1, 3))
    image = only(tmp_path, 32)
    assert np.abs(image - covered).mean() < 5
    assert np.abs(image.mean(axis=(0, 1)) - covered.mean(axis=(0, 1))).max() < 1


def test_the_quick_way_to_shrink_a_large_jpeg_shows_the_same_picture(tmp_path):
    photo("retina.jpg").resize((2800, 2800)).save(tmp_path / "a.jpg", quality=95)
    whole = Square(64)(decode(tmp_path / "a.jpg"))
    assert decode(tmp_path / "a.jpg", at_least=128).size == (350, 350)
    assert near(only(tmp_path, 64), whole, 8)
    assert np.abs(only(tmp_path, 64).astype(int) - whole).mean() < 1


# which files


def test_folders_are_searched_and_sorted_and_other_files_passed_over(tmp_path):
    greys = {"b.PNG": 3, "a/z.jpeg": 2, "a/b/c.png": 1, "c.bmp": 4, ".hidden.png": 9, ".cache/x.png": 9}
    for name, grey in greys.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        halves((grey * 20,) * 3, size=(4, 4)).save(tmp_path / name, quality=95, subsampling=0)
    (tmp_path / "README.txt").write_text("hello")
    (tmp_path / "folder.png").mkdir()
    images, skipped = folder.load(tmp_path, 4)
    assert skipped == []
    assert [round(grey / 20) for grey in images[:, 0, 0, 0].tolist()] == [1, 2, 3, 4]


def test_bad_files_are_skipped_with_their_reasons_without_a_warning(tmp_path):
    for name, (content, _) in unusable().items():
        (tmp_path / name).write_bytes(content)
    photo().save(tmp_path / "m.png")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "nothing")
    steps = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, skipped = folder.load(tmp_path, 16, progress=lambda done, total: steps.append((done, total)))
    reasons = dict(skipped)
    assert images.shape == (1, 16, 16, 3)
    assert near(images[0], Square(16)(photo()), 0)
    assert reasons.keys() == {*unusable(), "nowhere.png"}
    assert [name for name, (_, reason) in unusable().items() if reason not in reasons[name]] == []
    assert all(reasons.values())
    assert reasons["nowhere.png"] == "No such file or directory"
    total = len(unusable()) + 2
    assert steps == [(done, total) for done in range(1, total + 1)]


def test_a_folder_of_bad_files_only_is_a_user_error(tmp_path):
    for name in "abcde":
        (tmp_path / f"{name}.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"none of the 5 pictures .*a\.png: no picture .*c\.png: no picture [^;]*$"):
        folder.load(tmp_path, 8)


def test_missing_and_empty_folders_are_user_errors(tmp_path):
    with pytest.raises(UserError, match=r"no folder of images .* at .*nowhere; check the path"):
        folder.load(tmp_path / "nowhere", 8)
    with pytest.raises(UserError, match="nothing at all"):
        folder.load(tmp_path, 8)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=r"only 1 other files: 1 \.txt"):
        folder.load(str(tmp_path), 8)
    with pytest.raises(UserError, match="no folder of images"):
        folder.load(tmp_path / "a.txt", 8)


def test_a_folder_that_may_not_be_looked_into_is_a_user_error(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(UserError, match=r"cannot look into .*Permission denied"):
        folder.load(tmp_path, 8)


def test_too_many_images_for_the_memory_is_a_user_error(tmp_path, monkeypatch):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    monkeypatch.setattr(np, "empty", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(UserError, match=r"1 images of 10000 x 10000 need 0\.3 GB"):
        folder.load(tmp_path, 10_000)


@pytest.fixture
def little_memory(monkeypatch):
    """A machine of 100 kB, on which no picture may be read."""
    monkeypatch.setattr(folder, "memory_size", lambda device: 100_000)
    monkeypatch.setattr(folder, "read", lambda *_: range(10**6))
    monkeypatch.setattr(Square, "__call__", lambda *_: pytest.fail("a picture was read"))


def test_a_folder_that_does_not_fit_is_refused_before_it_is_read(tmp_path, little_memory):
    for number in range(9):
        photo(size=(8, 8)).save(tmp_path / f"{number}.png")
    words = (r"9 images of 64 x 64 need 0\.0 GB of memory and there are 0\.0 GB: minihit data prepare .* STORE "
             r"--size 64 makes a store that needs none, for minihit train --data STORE$")
    with pytest.raises(UserError, match=words):
        folder.load(tmp_path, 64)


def test_what_training_needs_is_kept_in_mind(tmp_path, little_memory):
    photo(size=(8, 8)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"memory, training 0\.0 GB more, and there are .* --data STORE$"):
        folder.load(tmp_path, 64, needed=95_000)
    with pytest.raises(UserError, match="--data STORE; choose a smaller --preset, --batch or --measure-images too"):
        folder.load(tmp_path, 64, needed=200_000)


def test_an_array_that_does_not_fit_is_refused_before_it_is_read(tmp_path, little_memory):
    np.save(tmp_path / "a.npy", np.zeros((9, 64, 64, 3), np.uint8))
    with pytest.raises(UserError, match=r"9 images .* one PNG each, and then minihit data prepare FOLDER STORE"):
        folder.load(tmp_path / "a.npy", 64)


def test_where_nobody_knows_the_memory_nothing_is_refused(tmp_path, monkeypatch):
    photo(size=(8, 8)).save(tmp_path / "a.png")
    monkeypatch.setattr(folder, "memory_size", lambda device: None)
    assert len(folder.load(tmp_path, 8, needed=2**60)[0]) == 1


def test_the_photographs_in_scikit_image(tmp_path):
    names = ["astronaut.png", "chelsea.png", "coffee.png", "horse.png", "logo.png", "rocket.jpg", "page.png"]
    for name in names:
        (tmp_path / name).write_bytes((PHOTOS / name).read_bytes())
    images, skipped = folder.load(tmp_path, 32)
    assert len(images) == 7
    assert skipped == []
    assert (images[3][0, 0] == 255).all()  # horse.png: RGBA; logo.png is transparent around the disc
    assert (images[4][0, 0] == 255).all()
    assert all(image.std() > 20 for image in images)


# arrays


def test_the_real_faces_of_scikit_image():
    array = np.load(PHOTOS / "lfw_subset.npy")
    images, skipped = folder.load(PHOTOS / "lfw_subset.npy", 25)
    assert skipped == []
    np.testing.assert_array_equal(images, (array * 255).round().astype(np.uint8)[..., None].repeat(3, axis=-1))
    assert folder.load(PHOTOS / "lfw_subset.npy", 32)[0].shape == (200, 32, 32, 3)


@given(
    count=st.integers(1, 3),
    height=st.integers(3, 9),
    width=st.integers(3, 9),
    channels=st.sampled_from([(), (1,), (3,), (4,)]),
    dtype=st.sampled_from(["uint8", "float16", "float32", "float64"]),
    size=st.integers(1, 9),
)
def test_arrays_of_any_shape_and_type_are_read(tmp_path_factory, count, height, width, channels, dtype, size):
    path = tmp_path_factory.mktemp("array") / "a.npy"
    array = np.random.default_rng(0).integers(2, size=(count, height, width, *channels))
    if channels == (4,):
        array[..., 3] = 1
    np.save(path, (array * (255 if dtype == "uint8" else 1)).astype(dtype))
    images, _ = folder.load(path, size)
    assert images.shape == (count, size, size, 3)
    if height == width == size:
        np.testing.assert_array_equal(images, np.broadcast_to(array.reshape(count, height, width, -1)[..., :3] * 255,
                                                              images.shape))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 4, 4), np.int64), "int64 from 0 to 0; give uint8"),
        (np.full((2, 4, 4), 1.5), r"float64 from 1\.5"),
        (np.full((2, 4, 4), np.nan), "nan"),
        (np.zeros((2, 4, 4), complex), "complex128"),
        (np.zeros((4, 4), np.uint8), r"array \(4, 4\)"),
        (np.zeros((2, 4, 4, 2), np.uint8), "4, 2"),
        (np.zeros((0, 4, 4, 3), np.uint8), "0, 4, 4, 3"),
        (np.zeros((), np.uint8), r"array \(\)"),
        (np.zeros((2, 1, 1), np.uint8), "too small: 1 x 1 pixels are too few for 8 x 8"),
        (np.array([{}, []], dtype=object), "cannot read .*numpy.save"),
    ],
)
def test_arrays_that_are_no_images_are_user_errors(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(UserError, match=message):
        folder.load(tmp_path / "a.npy", 8)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x93NUMPY\x01\x00", None])
def test_damaged_array_files_are_user_errors(tmp_path, content):
    whole = io.BytesIO()
    np.save(whole, np.zeros((2, 4, 4), np.uint8))
    (tmp_path / "a.npy").write_bytes(whole.getvalue()[:-5] if content is None else content)
    with pytest.raises(UserError, match="cannot read"):
        folder.load(tmp_path / "a.npy", 4)
