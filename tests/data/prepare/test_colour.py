"""Pictures with a colour profile show the colours that they mean; all others keep their numbers."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.pictures import encoded, photo

from minihit.data.prepare import colour
from minihit.data.prepare.colour import UNUSABLE
from minihit.data.prepare.decode import decode, to_rgb
from minihit.data.prepare.prepare import Settings, prepare

D50 = (0.9642, 1, 0.8249)
PRIMARIES = {  # X, Y, Z of red, green and blue, adapted to D50
    "srgb": [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)],
    "p3": [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)],
    "adobe": [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)],
}


def icc(space=b"RGB ", primaries="srgb", gamma=2.2):
    """A profile of a display, or of grey paper, as a camera writes it."""
    def fixed(numbers):
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
            b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": b"XYZ " + bytes(4) + fixed(D50)}
    if space == b"RGB ":
        tags |= {name + b"XYZ": b"XYZ " + bytes(4) + fixed(xyz)
                 for name, xyz in zip((b"r", b"g", b"b"), PRIMARIES[primaries], strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    else:
        tags |= {b"kTRC": curve}
    table, data, at = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", at + len(data), len(value))
        data += value
    body = struct.pack(">I", len(tags)) + table + data
    return (struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"mntr", space, b"XYZ ")
            + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(D50) + bytes(48) + body)


def as_written(picture, profile, mode="RGB"):
    """A picture in sRGB with the numbers that mean the same colours under a profile."""
    return ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"),
                                     ImageCms.ImageCmsProfile(io.BytesIO(profile)), outputMode=mode)


def differ(a, b):
    return np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int))


def quarters():
    colours = np.array([[(220, 40, 30), (40, 200, 60)], [(30, 60, 210), (230, 200, 50)]], np.uint8)
    return Image.fromarray(colours.repeat(32, axis=0).repeat(32, axis=1))


@pytest.mark.parametrize("profile", [icc(primaries="p3"), icc(gamma=1.0), icc(primaries="adobe")],
                         ids=["display p3", "linear", "adobe rgb"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_profile_is_honoured_in_any_format(profile, kind):
    written = as_written(quarters(), profile)
    assert differ(written, quarters()).max() > 10
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    read = decode(io.BytesIO(encoded(written, kind, icc_profile=profile, **options)))
    assert differ(read, quarters())[4:28, 4:28].max() <= 6
    assert differ(read, quarters()).mean() < 3


def test_photos_keep_their_colours(tmp_path):
    profile, picture = icc(primaries="p3"), photo(size=(64, 64))
    (tmp_path / "in").mkdir()
    as_written(picture, profile).save(tmp_path / "in" / "a.png", icc_profile=profile)
    store = prepare(tmp_path / "in", tmp_path / "store", Settings(64), report=str)
    assert differ(store.images[0], picture).mean() < 1.5


def test_a_picture_without_a_profile_keeps_its_numbers(monkeypatch):
    monkeypatch.setattr(colour, "_transform", None)
    np.testing.assert_array_equal(decode(io.BytesIO(encoded(photo()))), photo())


@pytest.mark.parametrize("profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()])
def test_a_profile_that_changes_nothing_changes_nothing(profile):
    read = decode(io.BytesIO(encoded(photo(), icc_profile=profile)))
    np.testing.assert_array_equal(read, photo())


def test_what_is_transparent_stays_so():
    profile = icc(gamma=1.0)
    written = as_written(quarters(), profile).convert("RGBA")
    written.putalpha(Image.fromarray(np.repeat(np.uint8([0, 255]), 32)[None].repeat(64, 0)))
    read = np.asarray(decode(io.BytesIO(encoded(written, icc_profile=profile))))
    assert (read[:, :32] == 255).all()
    assert differ(read[:, 32:], np.asarray(quarters())[:, 32:]).max() <= 6


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1"])
def test_pictures_of_other_modes_with_a_profile_for_colours(mode):
    profile = icc(gamma=1.0)
    picture = photo(size=(32, 32)).convert(mode)
    expected = ImageCms.profileToProfile(picture.convert("RGB"), ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                                         ImageCms.createProfile("sRGB"))
    read = decode(io.BytesIO(encoded(picture, icc_profile=profile)))
    assert differ(read, expected).max() <= 1


def test_greys_have_profiles_too():
    profile = icc(b"GRAY", gamma=1.0)
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    read = np.asarray(decode(io.BytesIO(encoded(ramp, icc_profile=profile)))).astype(int)
    assert (read[..., 0] == read[..., 1]).all()
    assert abs(read[8, 0, 0] - 188) <= 2  # half of the light
    wide = Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257)
    np.testing.assert_array_equal(decode(io.BytesIO(encoded(wide, icc_profile=profile))), read)


@pytest.mark.parametrize(("mode", "profile"), [
    ("RGB", b"no profile at all"), ("RGB", icc()[:200]), ("RGB", icc(b"GRAY")), ("CMYK", icc(primaries="p3")),
    ("RGB", icc().replace(b"RGB XYZ", b"HSV XYZ")),
])
def test_a_profile_that_cannot_be_used_leaves_the_numbers_and_is_said(mode, profile):
    picture, notes = photo(size=(16, 16)).convert(mode), []
    plain = decode(io.BytesIO(encoded(picture, "TIFF")))
    read = decode(io.BytesIO(encoded(picture, "TIFF", icc_profile=profile)), note=notes.append)
    np.testing.assert_array_equal(read, plain)
    assert notes == [UNUSABLE]


def test_without_image_cms_the_numbers_stay_and_it_is_said(monkeypatch):
    def missing(*_):
        raise ImportError("littleCMS")

    monkeypatch.setattr(colour, "_transform", missing)
    picture, notes = photo(size=(16, 16)), []
    picture.info["icc_profile"] = icc(primaries="p3")
    np.testing.assert_array_equal(to_rgb(picture, note=notes.append), picture)
    assert notes == [UNUSABLE]


def test_preparing_says_which_pictures_have_a_profile_that_cannot_be_used(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(5):
        photo(size=(16, 16 + number)).save(tmp_path / "in" / f"{number}.jpg", icc_profile=b"torn")
    lines = []
    prepare(tmp_path / "in", tmp_path / "store", Settings(16), report=lines.append)
    assert lines[-1] == (f"5 pictures {UNUSABLE} (0.jpg, 1.jpg, 2.jpg ...)")
