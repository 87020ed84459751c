import errno
import io
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import encoded, photo, png_header, unusable, usable

from minihit.data.prepare import reading
from minihit.data.prepare.decode import decode, inspect
from minihit.data.prepare.reading import in_order
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Square
from minihit.errors import UserError

# threads


@given(count=st.integers(0, 300), slow=st.integers(1, 7))
def test_results_come_in_order(count, slow):
    wait = threading.Event()

    def halved(number):
        if number % slow == 0:
            wait.wait(1e-4)
        return number / 2

    assert list(in_order(halved, range(count))) == [number / 2 for number in range(count)]


def test_only_a_few_items_are_asked_for_ahead():
    asked = []
    found = in_order(str, (asked.append(number) or number for number in range(10_000)))
    assert next(found) == "0"
    assert len(asked) <= reading.AHEAD + 1
    found.close()


def test_what_is_wrong_with_an_item_is_its_result():
    def fail(number):
        raise [ValueError("bad pixels"), KeyError(), MemoryError(), OSError(errno.ENOENT, "No such file")][number]

    assert list(in_order(fail, range(4))) == ["bad pixels", "KeyError", "MemoryError", "No such file"]


def test_what_is_wrong_with_the_disk_is_a_user_error():
    def fail(number):
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(UserError, match=r"cannot go on reading \(Input/output error\)"):
        list(in_order(fail, range(4)))


def test_leaving_early_stops_the_threads():
    before = threading.active_count()
    found = in_order(str, range(1000))
    next(found)
    found.close()
    assert threading.active_count() == before


# pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Everything that users have, good and bad."""
    folder = tmp_path_factory.mktemp("pictures")
    files = {**usable(), **{name: content for name, (content, _) in unusable().items()}}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_scan_finds_what_reading_finds_but_for_pixels_that_make_no_sense(folder):
    with open_source(folder) as source:
        scanned = list(reading.scan(source, source.pictures, Square(16)))
        read = list(reading.read(source, source.pictures, Square(16)))
    names = [entry.name for entry in source.pictures]
    bad = {name for name, problem in zip(names, scanned, strict=True) if problem}
    assert bad == {name for name, found in zip(names, read, strict=True) if isinstance(found, str)} - {"wide_grey.tif"}
    assert bad == unusable().keys() - {"wide_grey.tif"}


@pytest.mark.parametrize("name", usable())
def test_an_inspection_gives_the_size_and_leaves_the_file_as_it_was(folder, name):
    with open(folder / name, "rb") as file:
        assert inspect(file) == (16, 16)
        file.seek(0)
        assert decode(file).size == (16, 16)


def test_a_jpeg_that_ends_as_it_should_is_not_decoded_for_an_inspection(monkeypatch):
    def decoded(self):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.load", decoded)
    content = encoded(photo(), "JPEG")
    for padding in (b"", b"\0" * 20, b"\r\n"):
        assert inspect(io.BytesIO(content + padding)) == photo().size
    with pytest.raises(AssertionError):
        inspect(io.BytesIO(content[:-2]))


BOMBS = """
import resource, sys
from pathlib import Path
from minihit.data.prepare import reading
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Square

with open_source(sys.argv[1]) as source:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [*reading.scan(source, source.pictures, Square(16)), *reading.read(source, source.pictures, Square(16))]
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    print([outcome for outcome in found if not isinstance(outcome, str)])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_bombs_take_no_memory(tmp_path):
    """Pictures of gigapixels, and a member of 257 megabytes of zeros."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for number in range(20):
            file.writestr(f"{number}.png", png_header(60_000, 60_000))
        with file.open("zeros.png", "w", force_zip64=True) as member:
            for _ in range(257):
                member.write(bytes(2**20))
    done = subprocess.run([sys.executable, "-c", BOMBS, tmp_path / "a.zip"], cwd=Path(__file__).parents[3],
                          capture_output=True, text=True, check=True)
    megabytes, usable_ones = done.stdout.splitlines()
    assert int(megabytes) < 100
    assert usable_ones == "[]"


def test_squares_are_cropped_in_the_middle():
    picture = photo(size=(40, 20))
    whole, crop = np.asarray(picture), Square(10, crop=10)(picture)
    np.testing.assert_array_equal(crop, whole[5:15, 15:25])
    np.testing.assert_array_equal(Square(20)(picture), whole[:, 10:30])


@pytest.mark.parametrize(("square", "size", "words"), [
    (Square(64), (15, 200), "15 x 200 pixels are too few for 64 x 64, which takes a quarter of that"),
    (Square(64, crop=15), (200, 200), "too few"),
    (Square(8, crop=178), (177, 218), "177 x 218 pixels do not hold the crop of 178 x 178"),
])
def test_pictures_that_are_too_small_have_a_reason(square, size, words):
    with pytest.raises(ValueError, match=words):
        square.side(*size)
    assert Square(64).side(16, 200) == 16


@pytest.mark.parametrize("kind", ["lanczos", "bicubic", "bilinear", "box"])
def test_filters_differ_where_they_shrink_and_not_where_they_enlarge(kind):
    picture, small = photo(size=(64, 64)), photo(size=(8, 8))
    shrunk, usual = Square(16, filter=kind)(picture), Square(16)(picture)
    assert (shrunk != usual).any() == (kind != "lanczos")
    assert np.abs(shrunk.astype(int) - usual).mean() < 12
    np.testing.assert_array_equal(Square(16, filter=kind)(small), Square(16)(small))
