"""minihit data prepare as its user meets it."""

import json
import os

import pytest
from support.commands import python, refusal
from support.pictures import encoded, halves, photo

from minihit.cli import main
from minihit.data.store.reader import open_store


def test_prepare_says_what_was_made_and_how_to_train_on_it(here, capsys):
    assert main(["data", "prepare", "img_align_celeba.zip", "celeba", "--size", "16"]) == 0
    out = capsys.readouterr().out
    assert "6 pictures in img_align_celeba.zip (CelebA)" in out
    assert "celeba: 6 images of 16 x 16; minihit train --data celeba trains on them" in out
    assert open_store(here / "celeba").manifest.source == "img_align_celeba.zip"
    assert main(["data", "prepare", "img_align_celeba.zip", "celeba", "--size", "16"]) == 0
    assert "is there already" in capsys.readouterr().out


def test_prepare_names_the_files_it_skipped(here, capsys):
    (here / "photos").mkdir()
    (here / "photos" / "a.png").write_bytes(encoded(photo()))
    (here / "photos" / "b.png").write_bytes(b"")
    assert main(["data", "prepare", "photos", "store", "--size", "8"]) == 0
    out = capsys.readouterr().out
    assert "1 cannot be used:\n  b.png: the file is empty" in out
    assert "1 files skipped (see store/skipped.json)" in out
    assert '2 files: 1 taken; 1 cannot be used, see store/skipped.json (once "the file is empty")' in out
    assert main(["data", "prepare", "photos", "other", "--size", "8", "--strict"]) == 2
    assert "--strict" in capsys.readouterr().err


def test_the_options_reach_the_store(here):
    flags = ["--size", "16", "--crop", "100", "--margin", "0.5", "--filter", "box"]
    assert main(["data", "prepare", "img_align_celeba.zip", "store", *flags]) == 0
    manifest = open_store(here / "store").manifest
    assert (manifest.size, manifest.side, manifest.crop, manifest.filter) == (16, 32, "100", "box")
    flags = ["--size", "16", "--fit", "pad", "--greys", "stretch", "--megapixels", "5"]
    assert main(["data", "prepare", "img_align_celeba.zip", "padded", *flags]) == 0
    manifest = open_store(here / "padded").manifest
    assert (manifest.fit, manifest.greys, manifest.megapixels) == ("pad", "stretch", 5)
    assert main(["data", "prepare", "img_align_celeba.zip", "square", "--size", "16", "--crop", "square"]) == 0
    assert open_store(here / "square").manifest.crop == "square"


@pytest.mark.parametrize(("flags", "words"), [
    (["--crop", "big"], "--crop 'big' cannot be read: give auto, square, or a number of pixels such as 178"),
    (["--size", "16385"], "--size is 16385: it must be at most 16,384"), (["--size", "9" * 18], "at most 16,384"),
    (["--crop", "9" * 5000], "cannot be read"), (["--crop", "\u0663"], "cannot be read"),
    (["--crop", "0"], "cannot be read"), (["--crop", "-5"], "cannot be read"), (["--size", "0"], "--size is 0"),
    (["--megapixels", "0"], "--megapixels is 0"), (["--column", "image"], "--column names a column of Parquet files"),
    (["--margin", "0"], "--margin is 0.0: it is a share"), (["--margin", "1.5"], "from 0.1 to 1"),
    (["--margin", "nan"], "from 0.1 to 1"),
])
def test_options_that_make_no_sense_are_refused(here, capsys, flags, words):
    flags = [f"{flags[0]}={flags[1]}"]
    assert words in refusal(capsys, "data", "prepare", "img_align_celeba.zip", "store", *flags)
    assert not (here / "store").exists()


def test_a_missing_source_says_where_celeba_is(here, capsys):
    err = refusal(capsys, "data", "prepare", "celeba.zip", "store")
    assert "there is nothing at celeba.zip" in err
    assert "MMLAB" in err


def test_a_column_of_parquet_files_can_be_named(here, capsys):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    red, blue = ([{"bytes": encoded(halves(colour)), "path": None}] for colour in ("red", "blue"))
    parquet.write_table(arrow.table({"a": red, "b": blue}), here / "two.parquet")
    said = refusal(capsys, "data", "prepare", "two.parquet", "st", "--size", "16")
    assert "several columns of pictures, a, b: name one with" in said
    assert main(["data", "prepare", "two.parquet", "st", "--size", "16", "--column", "b"]) == 0
    store = open_store(here / "st")
    assert store.manifest.column == "b"
    assert (store.images[0][:, 1] == [0, 0, 255]).all()


@pytest.mark.parametrize(("name", "words"), [
    ("/dev/zero", "is a pipe or a device and no file"), ("a.npy", "give a.npy to minihit train --data"),
    ("a.tar", "unpack it and give the folder"),
])
def test_what_is_no_source_gets_one_sentence(here, capsys, name, words):
    if not name.startswith("/"):
        (here / name).write_bytes(bytes(257) + b"ustar")
    assert words in refusal(capsys, "data", "prepare", name, "store", "--size", "16")
    assert not (here / "store").exists()


@pytest.mark.skipif(os.name == "nt", reason="file names of POSIX, which may be any bytes")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "cp1252", "ascii"])
def test_files_of_any_name_are_prepared_and_named_on_any_terminal(tmp_path, encoding):
    (tmp_path / "photos").mkdir()
    names = [b"kaputt_\xfc.png", "写真.png".encode(), "\U0001f600.png".encode()]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path / "photos"), name), "wb") as file:
            file.write(b"x")
    for kind in ("good", os.fsdecode(b"gut_\xfc")):
        (tmp_path / "photos" / f"{kind}.png").write_bytes(encoded(photo()))
    argv = ["data", "prepare", "photos", "store", "--size", "8"]
    for _ in range(2):                                                    # made, and found again
        done = python("-m", "minihit", *argv, cwd=tmp_path, text=False, environment={"PYTHONIOENCODING": encoding})
        assert (done.returncode, done.stderr) == (0, b"")
    assert open_store(tmp_path / "store").names == sorted(["good.png", os.fsdecode(b"gut_\xfc.png")])
    skipped = json.loads((tmp_path / "store/skipped.json").read_bytes())
    assert {entry["file"] for entry in skipped} == {os.fsdecode(name) for name in names}
