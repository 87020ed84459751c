"""From a picture file to a square: how it fits, what is too large, and what holds nothing."""

import io

import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded, halves, photo, png_header

from minihit.data.prepare import decode as module
from minihit.data.prepare.decode import SMALL, decode, inspect
from minihit.data.prepare.square import Square

WIDE = photo(size=(80, 40))
LARGE = {size: photo(size=size) for size in ((130, 100), (800, 600))}


def read(picture, kind="PNG", **settings):
    return Square(20, **settings).read(io.BytesIO(encoded(picture, kind)))


# fit


def test_a_square_is_cut_from_the_middle():
    cut = WIDE.resize((20, 20), Image.Resampling.LANCZOS, box=(20, 0, 60, 40), reducing_gap=3.0)
    np.testing.assert_array_equal(read(WIDE), cut)


@pytest.mark.parametrize("size", [(80, 40), (40, 80), (81, 40), (80, 80)])
def test_padding_keeps_the_whole_picture_between_white_bars(size):
    picture = photo(size=size)
    image = read(picture, fit="pad")
    width, height = (max(1, round(length * 20 / max(size))) for length in size)
    left, top = (20 - width) // 2, (20 - height) // 2
    small = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    np.testing.assert_array_equal(image[top : top + height, left : left + width], small)
    rest = np.ones((20, 20), bool)
    rest[top : top + height, left : left + width] = False
    assert (image[rest] == 255).all()


def test_a_line_is_padded_to_a_square():
    assert Square(16, fit="pad")(photo(size=(500, 1))).shape == (16, 16, 3)


def test_stretching_keeps_the_whole_picture():
    np.testing.assert_array_equal(read(WIDE, fit="stretch"), WIDE.resize((20, 20), Image.Resampling.LANCZOS,
                                                                         reducing_gap=3.0))


@pytest.mark.parametrize(("fit", "size", "fits"), [
    ("square", (4, 100), False), ("stretch", (4, 100), False), ("pad", (4, 100), True), ("pad", (4, 4), False),
])
def test_what_is_too_small_depends_on_the_fit(fit, size, fits):
    square = Square(20, fit=fit)
    if fits:
        assert square.side(*size) == 100
    else:
        with pytest.raises(ValueError, match="too few for 20 x 20"):
            square.side(*size)


# nothing in it


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
@pytest.mark.parametrize("colour", ["black", "white", "red"])
def test_a_picture_of_one_colour_is_not_taken(kind, colour):
    with pytest.raises(ValueError, match="nothing but one colour at 20 x 20"):
        read(Image.new("RGB", (40, 30), colour), kind)


@pytest.mark.parametrize("fit", ["square", "pad", "stretch"])
def test_bars_beside_one_colour_make_no_picture_of_it(fit):
    with pytest.raises(ValueError, match="nothing but one colour"):
        read(Image.new("RGB", (40, 20), "red"), fit=fit)


def test_one_pixel_of_another_colour_is_enough():
    picture = Image.new("RGB", (20, 20), "red")
    picture.putpixel((19, 19), (0, 0, 255))
    assert read(picture).shape == (20, 20, 3)


@pytest.mark.parametrize(("mode", "options"), [("RGBA", {}), ("LA", {}), ("P", {"transparency": bytes(256)})])
def test_a_picture_that_is_wholly_transparent_is_not_taken(mode, options):
    picture = photo(size=(16, 16)).convert(mode)
    if mode != "P":
        picture.putalpha(0)
    with pytest.raises(ValueError, match="wholly transparent"):
        decode(io.BytesIO(encoded(picture, **options)))
    clear = halves("red").convert("RGBA")
    clear.putpixel((0, 0), (255, 0, 0, 0))
    assert decode(io.BytesIO(encoded(clear))).size == (16, 16)


# wide greys


def grey(values, dtype):
    return Image.fromarray(np.asarray(values, dtype).reshape(16, 16))


@pytest.mark.parametrize("picture", [
    grey(np.arange(256) * 16, np.uint16), grey(np.arange(256) + 40_000, np.int32),
    grey(np.arange(256) / 2000, np.float32),
], ids=["12 bits in 16", "32 bits", "floats"])
def test_greys_of_a_small_range_are_said_and_can_be_stretched(picture):
    content, notes = encoded(picture, "TIFF"), []
    assert np.ptp(np.asarray(decode(io.BytesIO(content), note=notes.append))) <= 64
    assert notes == [SMALL]
    stretched = np.asarray(decode(io.BytesIO(content), greys="stretch", note=notes.append))
    np.testing.assert_array_equal(stretched[..., 0].ravel(), np.arange(256))
    assert len(notes) == 1


def test_greys_of_the_whole_range_are_not_said():
    notes = []
    decode(io.BytesIO(encoded(grey(np.arange(256) * 257, np.uint16))), note=notes.append)
    assert notes == []


@pytest.mark.parametrize("picture", [grey(np.arange(256) * 1000, np.int32), grey(np.arange(256) - 100, np.float32)])
def test_greys_beyond_the_range_are_refused_unless_they_are_stretched(picture):
    content = encoded(picture, "TIFF")
    with pytest.raises(ValueError, match="minihit data prepare --greys stretch takes any range"):
        decode(io.BytesIO(content))
    np.testing.assert_array_equal(np.asarray(decode(io.BytesIO(content), greys="stretch"))[..., 0].ravel(),
                                  np.arange(256))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_greys_that_are_no_numbers_are_refused(value):
    picture = grey(np.where(np.arange(256) == 7, value, 0.5), np.float32)
    for greys in ("full", "stretch"):
        with pytest.raises(ValueError, match="pixels reach from"):
            decode(io.BytesIO(encoded(picture, "TIFF")), greys=greys)


def test_greys_that_are_all_the_same_are_one_colour():
    with pytest.raises(ValueError, match="one colour"):
        Square(16, greys="stretch").read(io.BytesIO(encoded(grey(np.full(256, 70_000), np.int32), "TIFF")))


# too large


pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


@pytest.fixture
def small_limit(monkeypatch):
    """Pictures of more than 10,000 pixels are too large, and those of 20,000 bombs."""
    monkeypatch.setattr(module, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)


@pytest.mark.parametrize("size", [(130, 100), (800, 600)], ids=["too large", "a bomb to Pillow"])
def test_a_jpeg_that_is_too_large_is_decoded_at_a_part_of_its_size(small_limit, size):
    content = encoded(LARGE[size], "JPEG", quality=95)
    square = Square(16, most=10_000)
    square.check(io.BytesIO(content))
    shown = square.read(io.BytesIO(content))
    whole = Square(16)(LARGE[size])
    assert np.abs(shown.astype(int) - whole).mean() < 4
    assert inspect(io.BytesIO(content), 32, 10_000) == size


@pytest.mark.parametrize("read", [Square.check, Square.read])
@pytest.mark.parametrize(("kind", "options", "settings"), [
    ("PNG", {}, {}), ("JPEG", {"progressive": True}, {}), ("JPEG", {}, {"crop": 100}),
], ids=["no JPEG", "progressive", "a crop in pixels"])
def test_others_name_the_option_that_takes_them(small_limit, read, kind, options, settings):
    content = encoded(LARGE[130, 100], kind, **options)
    words = "130 x 100 pixels are more than 10,000: minihit data prepare --megapixels 1 takes them"
    with pytest.raises(ValueError, match=words):
        read(Square(16, most=10_000, **settings), io.BytesIO(content))
    read(Square(16, most=1_000_000, **settings), io.BytesIO(content))


def test_an_option_above_pillows_own_line_is_heeded(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    content = png_header(20_000, 10_000)
    with pytest.raises(Image.DecompressionBombError):
        inspect(io.BytesIO(content))
    assert inspect(io.BytesIO(content), most=200_000_000) == (20_000, 10_000)
