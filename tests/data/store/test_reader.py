import hashlib
import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.store import integrity
from minihit.data.store import manifest as manifests
from minihit.data.store.manifest import is_store
from minihit.data.store.reader import npy_header, open_store, verify
from minihit.errors import UserError


@pytest.fixture(scope="module")
def whole(celeba, tmp_path_factory):
    return prepare(celeba.zip, tmp_path_factory.mktemp("whole") / "store", Settings(16), report=str).path


@pytest.fixture
def folder(whole, tmp_path):
    """A store that may be changed."""
    return shutil.copytree(whole, tmp_path / "store")


def test_a_store_is_plain_files(whole):
    images = np.load(whole / "images.npy", allow_pickle=False)
    assert (images.shape, images.dtype) == ((30, 16, 16, 3), np.uint8)
    assert np.load(whole / "attributes.npy", allow_pickle=False).shape == (30, 40)
    assert json.loads((whole / "names.json").read_text())[29] == "img_align_celeba/000030.jpg"
    manifest = json.loads((whole / "manifest.json").read_text())
    assert manifest["files"]["images.npy"]["sha256"] == hashlib.sha256((whole / "images.npy").read_bytes()).hexdigest()
    assert (manifest["layout"], manifest["count"]) == ("CelebA", 30)
    assert (manifest["crop"], manifest["filter"]) == ("178", "lanczos")
    assert manifest["splits"] == {"train": 24, "valid": 3, "test": 3}
    assert {path.name for path in whole.iterdir()} == {*manifest["files"], "manifest.json", ".lock"}


def test_an_opened_store_gives_all_of_it(whole):
    store = verify(whole)
    np.testing.assert_array_equal(store.images, np.load(whole / "images.npy"))
    np.testing.assert_array_equal(store.attributes, np.load(whole / "attributes.npy"))
    assert store.names[0] == "img_align_celeba/000001.jpg"
    np.testing.assert_array_equal(store.rows("valid"), [24, 25, 26])
    assert len(store.rows("train")) == 24
    assert len(store.rows("holiday")) == 0
    assert is_store(whole)
    assert is_store(str(whole))


def test_images_cannot_be_written_to(whole):
    with pytest.raises(ValueError, match="read-only"):
        open_store(whole).images[0] = 0


def test_progress_counts_every_byte(whole):
    counts = []
    verify(whole, counts.append)
    assert sum(counts) == sum(facts["bytes"] for facts in open_store(whole).manifest.files.values())


@given(seed=st.integers(0, 10**6))
def test_a_changed_byte_is_found_in_any_file(whole, tmp_path_factory, seed):
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("changed") / "store")
    rng = np.random.default_rng(seed)
    path = folder / rng.choice([manifests.IMAGES, manifests.NAMES, manifests.SKIPPED, manifests.ATTRIBUTES])
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is no whole store, \w+\.\w+ (is not what it was|does not begin)"):
        verify(folder)


@pytest.mark.parametrize("name", ["images.npy", "names.json", "attributes.npy", "skipped.json"])
@pytest.mark.parametrize("damage", ["cut", "lengthen", "remove"])
def test_a_file_of_another_length_is_found(folder, name, damage):
    path = folder / name
    content = path.read_bytes()
    path.unlink() if damage == "remove" else path.write_bytes(content[:-1] if damage == "cut" else content + b"x")
    with pytest.raises(UserError, match=rf"is no whole store, {name}.*: give another folder, or delete this one"):
        verify(folder)
    if name == "images.npy":
        with pytest.raises(UserError, match="no whole store"):
            open_store(folder)


def test_other_arrays_are_not_taken_for_the_images(folder):
    images = np.load(folder / "images.npy")
    for other in (np.asfortranarray(images), images.view(np.int8), images.reshape(30, 32, 8, 3)):
        np.save(folder / "images.npy", other)
        with pytest.raises(UserError, match="does not begin as an array"):
            open_store(folder)


def test_the_side_files_are_checked_when_they_are_read(folder):
    (folder / "names.json").write_text('["one"]')
    (folder / "attributes.npy").write_bytes(b"x")
    store = open_store(folder)
    for read in (lambda: store.names, lambda: store.attributes):
        with pytest.raises(UserError, match="no whole store"):
            read()


def test_missing_and_unfinished_stores_are_told_apart(tmp_path):
    assert not is_store(tmp_path)
    with pytest.raises(UserError, match=r"there is no store at .*: minihit data prepare SOURCE"):
        open_store(tmp_path)
    (tmp_path / manifests.JOURNAL).write_bytes(b"")
    with pytest.raises(UserError, match="is not finished: give its minihit data prepare again"):
        open_store(tmp_path)
    assert is_store(tmp_path)


# images that were replaced


def tick(path):
    """Wait until the file system's clock has gone on since it wrote `path`."""
    probe = path.parent / ".probe"
    while True:
        probe.write_bytes(b"")
        if probe.stat().st_mtime_ns > path.stat().st_mtime_ns:
            return probe.unlink()


@pytest.fixture
def older(whole, tmp_path):
    """An images.npy of the same length, which was written before any manifest."""
    path = tmp_path / "older.npy"
    path.write_bytes((whole / "images.npy").read_bytes()[:-1] + b"!")
    os.utime(path, ns=(0, 0))
    return path


REPLACED = {
    "written over": lambda older, path: path.write_bytes(older.read_bytes()),
    "moved there": lambda older, path: older.replace(path),
    "copied with its times": lambda older, path: shutil.copy2(older, path),
    "a link": lambda older, path: (path.unlink(), os.link(older, path)),
}


@pytest.mark.parametrize("way", REPLACED.values(), ids=REPLACED)
def test_images_that_were_replaced_are_not_taken_for_those_of_the_store(folder, older, way):
    open_store(folder)
    tick(folder / manifests.MANIFEST)
    way(older, folder / "images.npy")
    with pytest.raises(UserError, match=r"images\.npy is not what it was when the store was made"):
        open_store(folder)


@pytest.fixture
def compared(monkeypatch):
    """The names of the files that are read whole."""
    names, describe = [], integrity.describe_file

    def counting(path, *progress):
        names.append(path.name)
        return describe(path, *progress)

    monkeypatch.setattr(integrity, "describe_file", counting)
    return names


def test_opening_a_store_does_not_read_its_images(celeba, tmp_path, compared):
    path = prepare(celeba.zip, tmp_path / "store", Settings(16), report=str).path
    compared.clear()
    open_store(path)
    assert compared == []


def test_a_copied_store_is_compared_once(whole, tmp_path, compared):
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("manifest.json", "images.npy", "names.json"):  # the manifest first
        shutil.copy(whole / name, folder / name)
        tick(folder / name)
    calls = []
    open_store(folder, lambda *call: calls.append(call))
    assert calls == [(30, 30)]
    open_store(folder)
    assert compared == ["images.npy"]


def test_a_copied_store_on_a_disk_that_cannot_be_written_to_is_compared_and_opened(folder, monkeypatch):
    tick(folder / "manifest.json")
    os.utime(folder / "images.npy")

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(os, "utime", refuse)
    assert open_store(folder).manifest.count == 30


# manifests


CHANGES = {
    "no format": lambda m: m.pop("format"),
    "another version": lambda m: m.update(format="minihit store 3"),
    "one field less": lambda m: m.pop("crop"),
    "one field more": lambda m: m.update(secret=1),
    "another type": lambda m: m.update(count="30"),
    "a truth for a number": lambda m: m.update(size=True),
    "no images": lambda m: m.update(count=0),
    "more images": lambda m: m.update(count=31),
    "endless images": lambda m: m.update(count=10**30),
    "a larger size than side": lambda m: m.update(size=32),
    "other splits": lambda m: m.update(splits={"train": 29}),
    "unknown splits": lambda m: m.update(splits={"holiday": 30}),
    "splits out of order": lambda m: m.update(splits={"valid": 3, "train": 27}),
    "negative splits": lambda m: m.update(splits={"train": 31, "valid": -1}),
    "splits of texts": lambda m: m.update(splits={"train": "30"}),
    "files elsewhere": lambda m: m["files"].update({"../secret": {"bytes": 1, "sha256": ""}}),
    "a file less": lambda m: m["files"].pop("names.json"),
    "no hash": lambda m: m["files"]["images.npy"].pop("sha256"),
    "a number for a hash": lambda m: m["files"]["images.npy"].update(sha256=1),
    "no file facts": lambda m: m["files"].update({"images.npy": 3}),
    "a number for an attribute": lambda m: m["attributes"].append(3),
    "more equal ones than there are": lambda m: m.update(equal=30),
    "fewer than none": lambda m: m.update(shared=-2),
}


def rewrite(folder, change, sealed=True):
    """Change the manifest's facts; sealed: with the hash that the changed ones have."""
    path = folder / manifests.MANIFEST
    facts = json.loads(path.read_text())
    change(facts)
    if sealed and facts.get("format") == manifests.FORMAT:
        facts = {name: value for name, value in facts.items() if name not in ("format", "sha256")}
        path.write_bytes(manifests.manifest_bytes(facts))
    else:
        path.write_bytes(manifests.json_bytes(facts))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_manifest_that_makes_no_sense_is_a_user_error(folder, change):
    rewrite(folder, change)
    with pytest.raises(UserError, match="no whole store"):
        open_store(folder)


UNSEEN = {
    "listing": lambda m: m.update(listing="0" * 64), "content": lambda m: m.update(content="0" * 64),
    "made_with": lambda m: m["made_with"].update(pillow="0.1"), "crop": lambda m: m.update(crop="square"),
    "source": lambda m: m.update(source="elsewhere"), "layout": lambda m: m.update(layout="folder"),
    "filter": lambda m: m.update(filter="box"), "skipped": lambda m: m.update(skipped=7),
    "equal": lambda m: m.update(equal=3), "a split for another": lambda m: m.update(splits={"train": 30}),
    "an attribute's name": lambda m: m["attributes"].__setitem__(0, "Tall"),
    "the hash itself": lambda m: m.update(sha256="0" * 64), "no hash": lambda m: m.pop("sha256"),
    "the order": lambda m: m.update(source=m.pop("source")),
    "the first format": lambda m: m.update(format=manifests.FIRST_FORMAT),
}


@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_a_manifest_that_makes_sense_and_is_not_the_one_that_was_written_is_a_user_error(folder, change):
    rewrite(folder, change, sealed=False)
    with pytest.raises(UserError, match=r"no whole store, manifest\.json makes no sense \(it (is not what|holds more)"):
        verify(folder)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_in_the_manifest(whole, tmp_path_factory, place, bit):
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("flipped") / "store")
    content = bytearray((folder / manifests.MANIFEST).read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    (folder / manifests.MANIFEST).write_bytes(content)
    with pytest.raises(UserError, match="is no whole store"):
        verify(folder)


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b"3", b"null", b"\xff", b"[" * 100_000, b'{"format": 1e999}'])
def test_a_manifest_that_is_none_is_a_user_error(folder, content):
    (folder / manifests.MANIFEST).write_bytes(content)
    with pytest.raises(UserError, match=r"no whole store, manifest\.json makes no sense"):
        open_store(folder)


@given(count=st.integers(0, 10**9), side=st.integers(1, 2048))
def test_the_header_is_numpys_own_and_of_one_length(count, side):
    assert len(npy_header("|u1", (count, side, side, 3))) == len(npy_header("|u1", (0, side, side, 3)))


@given(shape=st.tuples(st.integers(0, 3), st.integers(1, 5)), dtype=st.sampled_from(["|u1", "|i1", "<i4"]))
def test_what_the_header_begins_numpy_reads(tmp_path_factory, shape, dtype):
    path = tmp_path_factory.mktemp("header") / "a.npy"
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    path.write_bytes(npy_header(dtype, shape) + array.tobytes())
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), array)
