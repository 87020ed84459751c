"""What a file is, by its content: pictures under any name, and what may hide pictures."""

import io
import sys
import tarfile
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from support.pictures import encoded, halves, photo

from minihit.data.prepare import formats
from minihit.data.prepare.decode import decode
from minihit.data.prepare.formats import is_heif
from minihit.data.prepare.kinds import OWN, classify
from minihit.data.prepare.sources import open_source
from minihit.show import images

HEIC = b"\0\0\0\x18ftypheic" + bytes(200)
JXL = b"\xff\x0a" + bytes(50)


def kind(name, content):
    return classify(name, lambda: io.BytesIO(content))


def never():
    raise AssertionError("opened")


# pictures


@pytest.mark.parametrize(("name", "format"), [
    ("a.jpe", "JPEG"), ("b.jpg_large", "JPEG"), ("no_suffix", "JPEG"), ("o.jpg?w=200", "JPEG"), ("a.download", "PNG"),
    ("d.pnm", "PPM"), ("m.pbm", "PPM"), ("e.tga", "TGA"), ("e.VST", "TGA"), ("g.j2k", "JPEG2000"), ("h.apng", "PNG"),
    ("j.ico", "ICO"), ("l.dib", "DIB"), ("a.pcx", "PCX"), ("a.sgi", "SGI"), ("a.dds", "DDS"), ("numbers.txt", "PNG"),
    ("no_suffix", "WEBP"), ("no_suffix", "TIFF"), ("no_suffix", "BMP"), ("no_suffix", "GIF"),
])
def test_what_pillow_reads_is_a_picture_under_any_name(tmp_path, name, format):
    picture = photo(size=(32, 32))
    content = encoded(picture.convert("1") if name.endswith("pbm") else picture, format)
    assert kind(name, content) is None
    (tmp_path / name.replace("?", "_")).write_bytes(content)
    with open_source(tmp_path) as source, source.open(source.pictures[0]) as file:
        assert decode(file).size == (32, 32)


@pytest.mark.parametrize("name", ["a.jpg", "b.JPEG", "c.tif", "d.webp"])
def test_files_with_the_usual_names_are_not_opened_before_they_are_read(name):
    assert classify(name, never) is None


@pytest.mark.parametrize("content", [b"", b"P1 is the first of us", b"hello", b"#define WIDTH 3\n", b"BMW", bytes(100),
                                     b"\x28\0\0\0" + bytes(90), b"\0\0\1\0" + bytes(20), b"GIF is a format"])
@pytest.mark.parametrize(("name", "label"), [("a.txt", ".txt"), ("b.bin", ".bin"), ("c", "of no usual suffix")])
def test_what_only_begins_like_a_picture_is_none(name, label, content):
    assert kind(name, content).label == label


def test_a_cut_picture_under_another_name_is_one_that_cannot_be_used(tmp_path):
    assert kind("a.jpe", encoded(photo(), "JPEG")[:40]) is None
    assert kind("a", encoded(photo())[:20]) is None


def test_what_cannot_be_looked_into_is_left_to_reading_which_says_why():
    assert classify("a.txt", never) is None


def test_a_bomb_without_a_suffix_is_a_picture_that_cannot_be_used():
    from support.pictures import png_header

    assert kind("bomb", png_header(50_000, 50_000)) is None


# phones


@pytest.mark.parametrize(("content", "words"), [
    (HEIC, r'HEIC, which pillow-heif reads: pip install "minihit\[heic\]", or convert it to JPEG'),
    (b"\0\0\0\x18ftypmif1" + bytes(20), "HEIC, which pillow-heif reads"),
    (JXL, "JPEG XL: convert it to PNG"), (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "JPEG XL: convert it"),
    (b"PK\x03\x04" + bytes(40), "no picture of a kind that Pillow reads but a zip"),
    (b"<!DOCTYPE html><html>", "but a web page: download the picture itself"),
])
def test_a_picture_of_a_kind_that_is_not_read_says_what_to_do(monkeypatch, content, words):
    monkeypatch.setattr("minihit.data.prepare.decode.formats", lambda: ["PNG", "JPEG"])
    with pytest.raises(ValueError, match=words):
        decode(io.BytesIO(content))


def test_photos_of_phones_are_read_where_pillow_heif_is_installed(tmp_path):
    pytest.importorskip("pillow_heif")
    formats.formats()
    halves("red", size=(64, 32)).save(tmp_path / "IMG_0001.HEIC", "HEIF", quality=-1)
    pixels = np.asarray(decode(tmp_path / "IMG_0001.HEIC")).astype(int)
    assert pixels.shape == (32, 64, 3)
    assert np.abs(pixels[:, :28] - [255, 0, 0]).max() < 20


def test_what_pillow_heif_opens_is_a_picture(monkeypatch):
    """Its place is taken by a module that opens every HEIC as the same picture."""
    Image.init()

    def register():
        opened = io.BytesIO(encoded(halves("red")))
        monkeypatch.setitem(Image.OPEN, "HEIF", (lambda file, name: PngImageFile(opened), is_heif))

    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(register_heif_opener=register, __version__="1.0"))
    formats.formats.cache_clear()
    np.testing.assert_array_equal(decode(io.BytesIO(HEIC)), halves("red"))
    assert formats.heif_version() == "1.0"
    formats.formats.cache_clear()


def test_pillow_heif_is_asked_once_and_need_not_be_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    formats.formats.cache_clear()
    assert {"PNG", "JPEG", "TGA"} < set(formats.formats()) <= set(formats.FORMATS)
    assert formats.heif_version() is None
    formats.formats.cache_clear()


# what hides pictures


def tarred(mode="w"):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as packed:
        packed.addfile(tarfile.TarInfo("000.png"), io.BytesIO(b""))
    return file.getvalue()


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.png", b"x")
    return file.getvalue()


def saved(save, *arrays):
    file = io.BytesIO()
    save(file, *arrays)
    return file.getvalue()


@pytest.mark.parametrize(("name", "content", "words"), [
    ("shard-000000.tar", tarred(), ".tar (an archive: unpack it and give the folder)"),
    ("shard", tarred(), "of no usual suffix (an archive: unpack it and give the folder)"),
    ("a.tar.gz", tarred("w:gz"), ".gz (an archive"), ("a.tgz", tarred("w:gz"), ".tgz (an archive"),
    ("inner.zip", zipped(), ".zip (a zip: unpack it, or give that to minihit data prepare)"),
    ("a.cbz", zipped(), ".cbz (a zip"), ("a.7z", b"7z\xbc\xaf\x27\x1c", ".7z (an archive"),
    ("a.rar", b"Rar!\x1a\x07\0", ".rar (an archive"),
    ("data.mdb", bytes(16) + b"\xde\xc0\xef\xbe" + bytes(50), ".mdb (a database: write its pictures into a folder"),
    ("data.arrow", b"\xff\xff\xff\xff" + bytes(50), ".arrow (an Arrow table: make Parquet of it"),
    ("faces.h5", b"\x89HDF\r\n\x1a\n", ".h5 (a database"), ("a.tfrecord", b"x", ".tfrecord (packed records"),
    ("images.npy", saved(np.save, np.zeros(3)), ".npy (an array: give that to minihit train --data)"),
    ("images.npz", saved(np.savez, np.zeros(3)), ".npz (several arrays: write the one with the images"),
    ("data_batch_1.pkl", b"\x80\4.", ".pkl (a pickle, which is never opened"),
    ("IMG_1.MOV", b"\0\0\0\x14ftypqt  ", ".mov (a video: write its frames into a folder, one PNG each)"),
    ("a.avi", b"RIFF\0\0\0\0AVI ", ".avi (a video"), ("a.mkv", b"\x1aE\xdf\xa3", ".mkv (a video"),
    ("a.pdf", b"%PDF-1.7", ".pdf (a document"), ("a.svg", b"<svg>", ".svg (a drawing: export it as PNG)"),
    ("a.xml", b"<?xml version='1.0'?>\n<svg>", ".xml (a drawing"), ("a.eps", b"%!PS-Adobe", ".eps (a drawing"),
    ("a", b"PAR1", "of no usual suffix (a Parquet file"),
    ("a.txt", b"hello", ".txt"), ("a.v1. my notes", b"x", "of no usual suffix"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_hides_pictures_is_named_with_what_to_do(name, content, words):
    found = str(kind(name, content))
    assert found.startswith(words) if "(" in words else found == words


@pytest.mark.parametrize("name", ["a.dng", "b.CR2", "c.nef", "d.ARW"])
def test_the_thumbnail_in_a_raw_photo_is_not_taken_for_it(name):
    found = kind(name, encoded(photo(size=(16, 16)), "TIFF"))
    assert str(found).endswith("(a camera's raw picture: develop it into a JPEG)")


# what minihit wrote


def test_pictures_that_minihit_wrote_are_known_by_their_content(tmp_path):
    picture = np.asarray(photo(size=(16, 16)))
    images.write_png(tmp_path / "store.png", picture)
    images.write_animation(tmp_path / "interpolation.gif", [picture, 255 - picture])
    for name in ("store.png", "interpolation.gif"):
        assert kind(name, (tmp_path / name).read_bytes()) is OWN
    assert kind("renamed", (tmp_path / "store.png").read_bytes()) is OWN
    assert kind("a.png", encoded(photo())) is None


def test_they_are_passed_over_among_others_and_taken_where_there_is_nothing_else(tmp_path):
    images.write_png(tmp_path / "store.png", np.asarray(photo(size=(16, 16))))
    with open_source(tmp_path) as source:
        assert [entry.name for entry in source.pictures] == ["store.png"]
    photo(size=(16, 16)).save(tmp_path / "a.jpg")
    with open_source(tmp_path) as source:
        assert [entry.name for entry in source.pictures] == ["a.jpg"]
        assert source.passed == {"written by minihit itself": 1}
