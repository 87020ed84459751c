import io
import os
import struct
import tracemalloc
import zipfile

import pytest
from support.pictures import encoded, photo

from minihit.data import folder
from minihit.data.prepare.sources import open_source
from minihit.errors import UserError

PNG = encoded(photo(size=(16, 16)))


def packed(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def contents(path):
    """Name -> bytes, or the reason, of the pictures of a source."""
    found = {}
    with open_source(path) as source:
        for entry in source.pictures:
            try:
                with source.open(entry) as file:
                    found[entry.name] = file.read()
            except Exception as error:
                found[entry.name] = str(error)
    return found


NAMES = ["B.PNG", "a/b/c.jpeg", "a/z.png", "c.bmp"]


@pytest.fixture(params=["folder", "zip"])
def source(request, tmp_path):
    """The same files as a folder and as a zip."""
    members = {name: name.encode() for name in reversed(NAMES)}
    members |= dict.fromkeys((".hidden.png", ".cache/x.png", "__MACOSX/a.png", "notes.txt"), b"x")
    if request.param == "zip":
        return packed(tmp_path / "a.zip", {**members, "folder.png/": b""})
    for name, content in members.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    (tmp_path / "in" / "folder.png").mkdir()
    return tmp_path / "in"


def test_pictures_are_sorted_by_path_and_hidden_and_other_files_are_not_among_them(source):
    found = contents(source)
    assert list(found) == NAMES
    assert all(content == name.encode() for name, content in found.items())
    with open_source(source) as opened:
        assert [entry.length for entry in opened.pictures] == [len(name) for name in NAMES]
        assert [entry.name for entry in opened.others] == ["notes.txt"]


def test_a_missing_source_says_where_celeba_is(tmp_path):
    with pytest.raises(UserError, match=r"nothing at .*img_align.*MMLAB .*Chinese University of Hong Kong"):
        contents(tmp_path / "img_align_celeba.zip")


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title>",
                                  b"\xef\xbb\xbf\n <HTML><body>Virus scan warning"])
def test_a_web_page_saved_as_a_zip_is_recognised(tmp_path, page):
    (tmp_path / "img_align_celeba.zip").write_bytes(page)
    with pytest.raises(UserError, match=r"a web page and not a zip: what Google Drive sends .* MMLAB"):
        contents(tmp_path / "img_align_celeba.zip")


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(100), None])
def test_a_damaged_zip_is_a_user_error(tmp_path, content):
    whole = packed(tmp_path / "whole.zip", {"a.png": PNG}).read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[:-10] if content is None else content)
    with pytest.raises(UserError, match=r"a\.zip is not a whole zip \(.*\): copy or download it again"):
        contents(tmp_path / "a.zip")


def test_another_kind_of_file_is_a_user_error(tmp_path):
    (tmp_path / "img_celeba.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    with pytest.raises(UserError, match="neither a folder nor a zip nor a Parquet file: unpack it"):
        contents(tmp_path / "img_celeba.7z")


def test_a_source_without_pictures_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match=r"there are no images in .*, nothing at all"):
        contents(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=r"only 1 other files: 1 \.txt"):
        contents(tmp_path)
    with pytest.raises(UserError, match="only 1 other files"):
        contents(packed(tmp_path / "b.zip", {"a.txt": b"x"}))
    with pytest.raises(UserError, match=r"there are no images in .* but b\.zip: give that to minihit data prepare"):
        contents(tmp_path)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.npy", b"\x93NUMPY\1\0", r"but an array: give .*a\.npy to minihit train --data"),
    ("a.npz", b"PK\x03\x04", "but several arrays: write the one with the images by numpy.save"),
    ("a.tar", bytes(257) + b"ustar", "nor a Parquet file: unpack it and give the folder"),
    ("a.tar.gz", b"\x1f\x8b", "nor a Parquet file: unpack it and give the folder"),
    ("data.mdb", bytes(16) + b"\xde\xc0\xef\xbe", "but a database: write its pictures into a folder"),
    ("a.mp4", b"\0\0\0\x14ftypisom", "but a video: write its frames into a folder"),
    ("a.jpg", PNG, "but a single picture: give the folder that it lies in"),
    ("photo", PNG, "but a single picture: give the folder that it lies in"),
    ("a.txt", b"hello", "nor a Parquet file: give a folder of pictures"),
    ("empty", b"", "nor a Parquet file: give a folder of pictures"),
])
def test_any_other_file_gets_the_hint_that_fits_it(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"is neither a folder nor a zip .*{words}"):
        contents(tmp_path / name)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "pipe", "pipe.zip", "pipe.parquet"])
def test_a_device_or_a_pipe_is_no_source(tmp_path, name):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    path = tmp_path / name
    if not name.startswith("/"):
        os.mkfifo(path)
    for read in (contents, lambda path: folder.load(path, 8)):
        with pytest.raises(UserError, match=r"is a pipe or a device and no file|no folder of images"):
            read(path)


def test_a_source_that_may_not_be_read_is_a_user_error(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(b"PK")

    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("minihit.data.prepare.sources.open", refuse, raising=False)
    with pytest.raises(UserError, match=r"cannot read .*a\.zip: Permission denied; allow it"):
        contents(tmp_path / "a.zip")
    with pytest.raises(UserError, match=r"cannot read .*File name too long"):
        contents(tmp_path / ("a" * 300))


def test_pipes_among_the_pictures_are_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    for name in ("list_attr_celeba.txt", "a.parquet", "b", "c.npy"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "a.png").write_bytes(PNG)
    found = contents(tmp_path)
    assert found.pop("a.png") == PNG
    assert set(found.values()) == {"no regular file"}


def test_what_hides_pictures_is_named_where_there_are_none(tmp_path):
    (tmp_path / "00000.tar").write_bytes(bytes(257) + b"ustar" + bytes(250))
    with pytest.raises(UserError, match=r"only 1 other files: 1 \.tar \(an archive: unpack it and give the folder\)"):
        contents(tmp_path)
    inner = packed(tmp_path / "inner.zip", {"a.png": PNG}).read_bytes()
    with pytest.raises(UserError, match=r"in .*outer\.zip but x/inner\.zip: unpack it and give that to minihit data"):
        contents(packed(tmp_path / "outer.zip", {"x/inner.zip": inner}))


def test_other_members_of_a_zip_are_not_unpacked_whole(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.png": PNG, "notes.txt": bytes(10**8)}, compression=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    assert list(contents(path)) == ["a.png"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7


def test_a_pipe_named_as_a_picture_is_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "a.png")
    assert contents(tmp_path) == {"a.png": "no regular file"}


def test_names_that_lead_out_of_a_zip_are_only_names(tmp_path):
    names = ["../../escape.png", "/etc/escape.png", "C:\\escape.png", "a/../../escape.png"]
    found = contents(packed(tmp_path / "deep.zip", dict.fromkeys(names, PNG)))
    assert list(found.values()) == [PNG, PNG]  # dots hide the two others
    assert [path.name for path in tmp_path.iterdir()] == ["deep.zip"]


def test_encrypted_members_are_reported(tmp_path):
    content = bytearray(packed(tmp_path / "a.zip", {"a.png": PNG}).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    assert contents(tmp_path / "a.zip") == {"a.png": "encrypted"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_a_limit_are_refused(tmp_path, method):
    path = packed(tmp_path / "a.zip", {"a.png": bytes(10_000)}, compression=method)
    assert contents(path) == {"a.png": "packed by another method than deflate"}


def test_a_member_that_claims_to_be_huge_is_not_unpacked(tmp_path):
    content = bytearray(packed(tmp_path / "a.zip", {"a.png": PNG}).read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 2**31)
    (tmp_path / "a.zip").write_bytes(content)
    assert contents(tmp_path / "a.zip") == {"a.png": "2,147,483,648 bytes are more than 268,435,456"}


def test_a_member_that_is_longer_than_it_claims_is_not_unpacked_beyond_that(tmp_path):
    """A deflated member of ten million zeros whose directory says a thousand."""
    path = packed(tmp_path / "a.zip", {"a.png": bytes(10**7)}, compression=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 1000)
    path.write_bytes(content)
    assert "CRC" in contents(path)["a.png"]


def test_a_zip_is_read_by_threads(tmp_path):
    from minihit.data.prepare.reading import in_order

    members = {f"{number}.png": os.urandom(1000) for number in range(300)}
    with open_source(packed(tmp_path / "a.zip", members)) as source:
        def content(entry):
            with source.open(entry) as file:
                return file.read()

        found = list(in_order(content, source.pictures))
        assert found == [members[entry.name] for entry in source.pictures]


def test_a_file_of_a_zip_can_be_searched(tmp_path):
    with open_source(packed(tmp_path / "a.zip", {"a.png": PNG})) as source, source.open(source.pictures[0]) as file:
        assert file.seek(0, io.SEEK_END) == len(PNG)
