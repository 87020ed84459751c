"""Nothing is left out silently: every file of a source is taken, listed, or passed over by its kind."""

import io
import re
import zipfile
from collections import Counter

import numpy as np
import pytest
from support.pictures import encoded, halves, photo

from minihit.data import folder
from minihit.data.prepare.account import account, remarks
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.sources import Zip, open_source

ACCOUNT = re.compile(r"(\d+) files: (\d+) taken(?:; (\d+) cannot be used[^;]*)?(?:; (\d+) passed over)?")


def test_nothing_is_said_where_everything_was_taken():
    assert account(7, [], Counter(), []) == ""
    assert account(7, [], Counter({".txt": 0}), []) == ""


def test_the_line_counts_and_names():
    line = account(5, ["empty", "empty", "torn"], {".txt": 4, ".md": 1}, ["private: Permission denied"], ", see x")
    assert line == ('13 files: 5 taken; 3 cannot be used, see x (2 times "empty", once "torn"); 5 passed over (4 .txt, '
                    "1 .md); not looked into: private: Permission denied")


def test_a_line_stays_short():
    line = account(1, [f"reason {n}" for n in range(20)], {f".{n}": n for n in range(1, 21)}, ["folder"] * 7)
    assert "and 12 others" in line
    assert "20 .20, " in line
    assert "and 78 others" in line
    assert line.endswith("folder, folder, folder and 4 more")


def test_remarks_count_and_name_some():
    doubts = [(f"{n}.tif", "with dark greys") for n in (1, 0, 3, 2)] + [("a.jpg", "with a torn profile")]
    assert list(remarks(doubts)) == ["4 pictures with dark greys (0.tif, 1.tif, 2.tif ...)",
                                     "1 picture with a torn profile (a.jpg)"]


def part(number):
    """One of 150 pictures that differ."""
    return photo(size=(200, 200)).crop((number, number, number + 40, number + 30))


def mixed():
    """Two hundred files of all sorts: name -> content."""
    files = {f"a/IMG_{n:04d}.JPG": encoded(part(n), "JPEG") for n in range(60)}
    files |= {f"b/{n}.png": encoded(part(n)) for n in range(60, 100)}
    files |= {f"b/{n}": encoded(part(n)) for n in range(100, 115)}
    files |= {f"c/{n}.tga": encoded(part(n), "TGA") for n in range(115, 120)}
    files |= {f"a/IMG_{n:04d}.HEIC": b"\0\0\0\x18ftypheic" + bytes(90) for n in range(20)}
    files |= {f"d/{n}.png": b"" for n in range(9)}
    files |= {f"d/blank{n}.png": encoded(halves("red", "red")) for n in range(2)}
    files |= {f"a/@eaDir/{n}.jpg": encoded(part(n), "JPEG") for n in range(10)}
    files |= {f"a/._IMG_{n}.JPG": b"x" for n in range(10)}
    files |= {f"captions/{n}.txt": b"a face" for n in range(20)}
    files |= {f"shards/{n:05d}.tar": bytes(257) + b"ustar" + bytes(250) for n in range(5)}
    return files | {"Thumbs.db": b"x", "desktop.ini": b"x", "README": b"x", "index.json": b"{}"}


def written(kind, path, files):
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return path
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def without_heif(monkeypatch):
    monkeypatch.setattr("minihit.data.prepare.decode.formats", lambda: ["PNG", "JPEG", "TGA"])


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_two_hundred_mixed_files_are_all_accounted_for(tmp_path, without_heif, kind):
    files, lines = mixed(), []
    assert len(files) == 200
    source = written(kind, tmp_path / "in", files)
    store = prepare(source, tmp_path / "store", Settings(16), report=lines.append)
    total, taken, skipped, passed = map(int, ACCOUNT.match(lines[-1]).groups())
    assert (total, taken, skipped, passed) == (200, 120, 31, 49)
    assert (store.manifest.count, store.manifest.skipped) == (120, 31)
    for words in ("20 times \"HEIC, which pillow-heif reads", "9 times \"the file is empty\"", "nothing but one colour",
                  "20 .txt", "10 in @eaDir", "10 hidden", "5 .tar (an archive: unpack it", "1 Thumbs.db"):
        assert words in lines[-1]
    again = []
    prepare(source, tmp_path / "store", Settings(16), report=again.append)
    assert again[1:] == lines[-1:]


def test_training_on_a_folder_says_the_same_in_one_line(tmp_path, without_heif):
    lines = []
    images, skipped = folder.load(written("folder", tmp_path / "in", mixed()), 16, report=lines.append)
    assert (len(images), len(skipped)) == (120, 31)
    assert lines[0].startswith("200 files: 120 taken; 31 cannot be used (20 times")
    assert len(lines) == 1


def test_the_masks_of_celeba_hq_are_counted(tmp_path):
    files = {f"CelebA-HQ-img/{n}.jpg": encoded(part(n)) for n in range(3)}
    files |= {f"CelebAMask-HQ-mask-anno/0/0000{n}_hair.png": encoded(part(n)) for n in range(7)}
    lines = []
    prepare(written("folder", tmp_path / "CelebAMask-HQ", files), tmp_path / "store", Settings(16), lines.append)
    assert lines[-1] == "10 files: 3 taken; 7 passed over (7 in CelebAMask-HQ-mask-anno)"


def test_what_lies_in_a_zip_in_a_zip_is_named(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("a.png", encoded(photo()))
    source = written("zip", tmp_path / "a.zip", {"1.png": encoded(photo()), "inner.zip": inner.getvalue()})
    with open_source(source) as opened:
        assert isinstance(opened, Zip)
        assert opened.passed == {".zip (a zip: unpack it, or give that to minihit data prepare)": 1}


def test_greys_of_a_small_range_are_said_where_they_are_taken(tmp_path):
    from PIL import Image

    dark = np.arange(256, dtype=np.uint16).reshape(16, 16) * 16
    Image.fromarray(dark).save(tmp_path / "a.png")
    lines = []
    folder.load(tmp_path, 16, report=lines.append)
    assert lines == ["1 picture with greys that use a small part of their range and look nearly alike: "
                     "minihit data prepare --greys stretch spreads them (a.png)"]
