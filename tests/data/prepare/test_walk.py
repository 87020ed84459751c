"""Which files of a folder are looked at: links, loops, system folders, what minihit wrote itself."""

import json
import os

import pytest

from minihit.data.prepare import walk as module
from minihit.data.prepare.walk import passed_over, walk
from minihit.errors import UserError

CONFIG = json.dumps({"preset": {}, "data": "faces", "sample_every": 50})


def fill(root, *names, content="x"):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def link(place, target):
    place.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, place)


def names(found, root):
    return sorted(path.relative_to(root).as_posix() for path in found.files)


def test_links_to_folders_and_to_files_are_followed(tmp_path):
    fill(tmp_path, "all/cats/1", "all/dogs/2", "own/3")
    for name in ("cats", "dogs"):
        link(tmp_path / "chosen" / name, f"../all/{name}")
    link(tmp_path / "chosen" / "file", "../own/3")
    found = walk(tmp_path / "chosen")
    assert names(found, tmp_path / "chosen") == ["cats/1", "dogs/2", "file"]
    assert found.closed == []


def test_a_source_that_is_a_link_is_read(tmp_path):
    fill(tmp_path, "all/1")
    link(tmp_path / "whole", "all")
    assert names(walk(tmp_path / "whole"), tmp_path / "whole") == ["1"]


def test_links_in_linked_folders_are_followed_too(tmp_path):
    fill(tmp_path, "b/2", "a/1", "in/0")
    link(tmp_path / "in" / "a", "../a")
    link(tmp_path / "a" / "b", "../b")
    assert names(walk(tmp_path / "in"), tmp_path / "in") == ["0", "a/1", "a/b/2"]


@pytest.mark.parametrize(("target", "reason"), [
    ("..", "own/loop: the same folder as ."), (".", "own/loop: the same folder as own"),
    ("../..", "own/loop: a link to a folder that holds this one"),
    ("../../..", "own/loop: a link to a folder that holds this one"),
])
def test_loops_end_and_are_said(tmp_path, target, reason):
    fill(tmp_path, "in/own/1", "beside/2")
    link(tmp_path / "in" / "own" / "loop", target)
    found = walk(tmp_path / "in")
    assert names(found, tmp_path / "in") == ["own/1"]
    assert found.closed == [reason]


def test_a_folder_is_read_once_and_by_its_own_path(tmp_path):
    fill(tmp_path, "z/1")
    for name in ("a", "b"):
        link(tmp_path / name, "z")
    found = walk(tmp_path)
    assert names(found, tmp_path) == ["z/1"]
    assert found.closed == ["a: the same folder as z", "b: the same folder as z"]


def test_links_to_nowhere_are_files_that_reading_will_find(tmp_path):
    link(tmp_path / "nowhere.png", "gone.png")
    link(tmp_path / "self.png", "self.png")
    assert names(walk(tmp_path), tmp_path) == ["nowhere.png", "self.png"]


@pytest.mark.parametrize(("path", "kind"), [
    ("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "in @eaDir"), ("x/#recycle/a.png", "in #recycle"),
    ("$RECYCLE.BIN/S-1/a.jpg", "in $RECYCLE.BIN"), ("__MACOSX/a.png", "in __MACOSX"),
    ("System Volume Information/a", "in System Volume Information"), (".thumbnails/a.png", "hidden"),
    (".@__thumb/a.jpg", "hidden"), ("a/.DS_Store", "hidden"), ("._a.jpg", "hidden"), ("a/Thumbs.db", "Thumbs.db"),
    ("desktop.ini", "desktop.ini"), ("thumbs/a.png", None), ("a/b.png", None), ("recycled.png", None),
])
def test_what_systems_write_is_no_one_s_picture(path, kind):
    assert passed_over(path) == kind


def test_system_folders_are_counted_file_by_file(tmp_path):
    fill(tmp_path, "1", "@eaDir/1/a", "@eaDir/1/b", ".git/objects/x", ".hidden", "a/Thumbs.db", "a/2")
    found = walk(tmp_path)
    assert names(found, tmp_path) == ["1", "a/2"]
    assert found.passed == {"in @eaDir": 2, "hidden": 2, "Thumbs.db": 1}


def test_a_run_and_a_store_are_passed_over_wherever_they_lie(tmp_path):
    fill(tmp_path, "1", "runs/a/samples/ema.png", "runs/a/checkpoints/step.npz", "runs/a/curves.png",
         "st/manifest.json", "st/images.npy", "half/journal.jsonl", "half/images.npy.partial")
    fill(tmp_path, "runs/a/config.json", content=CONFIG)
    found = walk(tmp_path)
    assert names(found, tmp_path) == ["1"]
    assert found.passed == {"of a minihit run": 4, "of a minihit store": 4}


def test_of_a_run_among_the_pictures_only_its_own_folders_are_passed_over(tmp_path):
    fill(tmp_path, "1", "samples/ema.png", "checkpoints/step.npz", "more/2")
    fill(tmp_path, "config.json", content=CONFIG)
    found = walk(tmp_path)
    assert names(found, tmp_path) == ["1", "config.json", "more/2"]
    assert found.passed == {"of a minihit run": 2}


@pytest.mark.parametrize("config", ["{}", "[1]", "3", "not JSON", "[" * 100_000, '{"preset": 1, "data": "x"}'])
def test_a_configuration_of_something_else_hides_nothing(tmp_path, config):
    fill(tmp_path, "a/samples/1")
    fill(tmp_path, "a/config.json", content=config)
    assert names(walk(tmp_path), tmp_path) == ["a/config.json", "a/samples/1"]


def test_folders_called_samples_are_pictures_as_others_are(tmp_path):
    fill(tmp_path, "samples/1", "manifest.json")
    assert names(walk(tmp_path), tmp_path) == ["manifest.json", "samples/1"]


@pytest.mark.parametrize("name", ["private", "a/lost"])
def test_a_folder_that_may_not_be_looked_into_is_named_and_passed_over(tmp_path, monkeypatch, name):
    fill(tmp_path, "1", f"{name}/2", "z/3")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = walk(tmp_path)
    assert names(found, tmp_path) == ["1", "z/3"]
    assert found.closed == [f"{name}: Permission denied"]


def test_the_folder_itself_must_be_readable(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(UserError, match=r"cannot look into .*Permission denied; allow it or give another folder"):
        walk(tmp_path)


def test_where_the_system_numbers_no_folders_all_are_read(tmp_path, monkeypatch):
    fill(tmp_path, "a/1", "b/2")
    monkeypatch.setattr(module, "_identity", lambda path: None)
    assert names(walk(tmp_path), tmp_path) == ["a/1", "b/2"]
