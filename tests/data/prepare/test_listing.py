"""What is changed in a source after it was prepared is seen, and nothing old is left beside the new."""

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from support.pictures import encoded, halves

from minihit.data.prepare import journal, layouts
from minihit.data.prepare import prepare as module
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.store.manifest import DEFAULTS
from minihit.data.store.reader import open_store, verify
from minihit.errors import UserError

COUNT = 12
ALREADY = "is there already"
CHANGED = "were changed or added since"


def make(source, folder, **settings):
    """(Store, all that was said)."""
    lines = []
    store = prepare(source, folder, Settings(8, **settings), lines.append)
    return store, "\n".join(lines)


def paint(folder, colour, names=None, later=0):
    """BMPs with a half of one colour, all of one length; later: seconds that are added to their times."""
    folder.mkdir(exist_ok=True)
    for name in names or [f"{number:02}.bmp" for number in range(COUNT)]:
        halves(colour).save(folder / name)
        now = os.stat(folder / name).st_mtime_ns
        os.utime(folder / name, ns=(now, now + later * 10**9))
    return folder


def colours(store):
    return {tuple(int(value) for value in image[4, 0]) for image in store.images}


RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture
def photos(tmp_path):
    return paint(tmp_path / "photos", RED)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(module, "PART_FILES", 4)


def killed(source, folder, after):
    """Stopped after so many parts."""
    append, parts = journal.Journal.append, []

    def stopping(self, *part):
        if len(parts) == after:
            raise KeyboardInterrupt
        parts.append(part)
        append(self, *part)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(journal.Journal, "append", stopping)
        make(source, folder)


# pictures


def test_pictures_that_were_mended_at_the_same_length_are_read_again(photos, tmp_path):
    make(photos, tmp_path / "store")
    paint(photos, GREEN)
    store, said = make(photos, tmp_path / "store")
    assert f"pictures or tables in {photos} {CHANGED} {tmp_path / 'store'} was made: it is made again" in said
    assert colours(store) == {GREEN}
    assert ALREADY in make(photos, tmp_path / "store")[1]


def test_one_picture_among_many_is_enough(photos, tmp_path):
    make(photos, tmp_path / "store")
    paint(photos, GREEN, ["07.bmp"])
    assert colours(make(photos, tmp_path / "store")[0]) == {RED, GREEN}


def test_a_picture_that_was_put_back_from_an_older_copy_is_read_again(photos, tmp_path):
    make(photos, tmp_path / "store")
    paint(photos, GREEN, ["07.bmp"], later=-1000)
    assert colours(make(photos, tmp_path / "store")[0]) == {RED, GREEN}


def test_a_picture_of_another_length_is_read_again(photos, tmp_path):
    make(photos, tmp_path / "store")
    halves(GREEN, size=(20, 20)).save(photos / "07.bmp")
    assert colours(make(photos, tmp_path / "store")[0]) == {RED, GREEN}


def test_pictures_that_were_added_are_taken_up(photos, tmp_path):
    make(photos, tmp_path / "store")
    paint(photos, GREEN, ["new.bmp"])
    store, said = make(photos, tmp_path / "store")
    assert CHANGED in said
    assert (store.manifest.count, store.names[-1]) == (COUNT + 1, "new.bmp")


def test_a_store_is_not_given_up_for_a_source_that_has_lost_pictures(photos, tmp_path):
    make(photos, tmp_path / "store")
    (photos / "03.bmp").unlink()
    with pytest.raises(UserError, match=r"was made of other files, such as 03\.bmp: choose another STORE, or delete"):
        make(photos, tmp_path / "store")
    assert verify(tmp_path / "store").manifest.count == COUNT


def test_a_file_that_is_taken_for_a_picture_no_more_is_left_out(photos, tmp_path, monkeypatch):
    """As by another version of minihit."""
    make(photos, tmp_path / "store")
    recognise = layouts.recognise

    def stricter(source):
        layout = recognise(source)
        return replace(layout, pictures=layout.pictures[:-1])

    monkeypatch.setattr(layouts, "recognise", stricter)
    store, said = make(photos, tmp_path / "store")
    assert CHANGED in said
    assert store.manifest.count == COUNT - 1


def test_a_copy_that_keeps_its_times_is_the_same_source(photos, tmp_path):
    make(photos, tmp_path / "store")
    copy = shutil.copytree(photos, tmp_path / "copy")
    assert ALREADY in make(copy, tmp_path / "store")[1]


@pytest.mark.parametrize("after", [1, 2])
def test_killed_and_mended_nothing_old_is_left(photos, tmp_path, small_parts, after):
    killed(photos, tmp_path / "store", after)
    paint(photos, GREEN)
    store, said = make(photos, tmp_path / "store")
    assert f"were changed since {tmp_path / 'store'} was begun: it is begun again" in said
    assert colours(store) == {GREEN}
    assert store.manifest == make(photos, tmp_path / "whole")[0].manifest


def test_killed_mended_and_killed_again_it_goes_on_with_the_mended_ones(photos, tmp_path, small_parts):
    killed(photos, tmp_path / "store", 2)
    paint(photos, GREEN)
    killed(photos, tmp_path / "store", 1)
    store, said = make(photos, tmp_path / "store")
    assert "4 of them done" in said
    assert colours(store) == {GREEN}


def test_the_old_store_stays_until_the_new_one_is_whole(photos, tmp_path, small_parts):
    make(photos, tmp_path / "store")
    paint(photos, GREEN)
    killed(photos, tmp_path / "store", 2)
    assert colours(verify(tmp_path / "store")) == {RED}
    store, said = make(photos, tmp_path / "store")
    assert "8 of them done" in said
    assert colours(store) == {GREEN}
    assert {path.name for path in store.path.iterdir()} == {*store.manifest.files, "manifest.json", ".lock"}


def test_a_change_that_was_taken_back_leaves_the_old_store(photos, tmp_path, small_parts):
    shutil.copytree(photos, tmp_path / "before")
    make(photos, tmp_path / "store")
    paint(photos, GREEN)
    killed(photos, tmp_path / "store", 2)
    shutil.rmtree(photos)
    shutil.copytree(tmp_path / "before", photos)
    store, said = make(photos, tmp_path / "store")
    assert ALREADY in said
    assert colours(store) == {RED}
    assert {path.name for path in store.path.iterdir()} == {*store.manifest.files, "manifest.json", ".lock"}


@pytest.mark.parametrize("call", range(14))
def test_stopped_at_any_renaming_a_store_that_is_made_again_is_old_or_unfinished(photos, tmp_path, monkeypatch, call):
    make(photos, tmp_path / "store")
    paint(photos, GREEN)
    calls = []

    def stopping(name):
        there = getattr(os, name)

        def counting(*paths, **options):
            calls.append(paths)
            if len(calls) == call + 1:
                raise KeyboardInterrupt
            return there(*paths, **options)

        monkeypatch.setattr(os, name, counting)

    stopping("replace"), stopping("unlink"), stopping("truncate")
    try:
        make(photos, tmp_path / "store")
    except KeyboardInterrupt:
        monkeypatch.undo()
        if (tmp_path / "store" / "manifest.json").exists():
            assert colours(verify(tmp_path / "store")) in ({RED}, {GREEN})
    monkeypatch.undo()
    store, _ = make(photos, tmp_path / "store")
    assert colours(verify(store.path)) == {GREEN}
    assert {path.name for path in store.path.iterdir()} == {*store.manifest.files, "manifest.json", ".lock"}


# zips and Parquet


def zipped(path, colour, date=(1990, 1, 1, 0, 0, 0)):
    with zipfile.ZipFile(path, "w") as file:
        for number in range(COUNT):
            file.writestr(zipfile.ZipInfo(f"{number:02}.bmp", date), encoded(halves(colour), "BMP"))
    return path


def test_a_picture_that_was_mended_in_a_zip_is_read_again(tmp_path):
    path = zipped(tmp_path / "a.zip", RED)
    facts = os.stat(path)
    make(path, tmp_path / "store")
    zipped(path, GREEN)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert os.stat(path).st_size == facts.st_size
    assert colours(make(path, tmp_path / "store")[0]) == {GREEN}


def test_a_zip_that_was_packed_or_copied_again_is_the_same(tmp_path):
    make(zipped(tmp_path / "a.zip", RED), tmp_path / "store")
    assert ALREADY in make(zipped(tmp_path / "b.zip", RED, (2020, 1, 1, 0, 0, 0)), tmp_path / "store")[1]


def test_parquet_that_was_written_anew_is_read_again(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for colour in (RED, GREEN):
        pictures = [encoded(halves(colour), "BMP")] * COUNT
        parquet.write_table(arrow.table({"image": pictures}), tmp_path / "a.parquet", compression="none")
        store, said = make(tmp_path / "a.parquet", tmp_path / "store")
        assert colours(store) == {colour}
    assert CHANGED in said
    assert ALREADY in make(tmp_path / "a.parquet", tmp_path / "store")[1]


# tables


@pytest.fixture
def faces(tmp_path):
    """CelebA's pictures without its tables."""
    root = tmp_path / "celeba"
    root.mkdir()
    return paint(root / "img_align_celeba", RED)


def attributes(faces, smiling):
    rows = "".join(f"{number:02}.bmp,{smiling}\n" for number in range(COUNT))
    (faces.parent / "list_attr_celeba.csv").write_text(f"image_id,Smiling\n{rows}")


def test_a_mended_table_of_attributes_is_read_again(faces, tmp_path):
    attributes(faces, " 1")
    assert (make(faces, tmp_path / "store")[0].attributes == 1).all()
    attributes(faces, "-1")
    store, said = make(faces, tmp_path / "store")
    assert CHANGED in said
    assert (store.attributes == -1).all()
    assert ALREADY in make(faces, tmp_path / "store")[1]


def test_a_table_that_is_put_beside_a_prepared_source_is_taken_up(faces, tmp_path):
    assert make(faces, tmp_path / "store")[0].manifest.attributes == []
    attributes(faces, " 1")
    assert make(faces, tmp_path / "store")[0].manifest.attributes == ["Smiling"]


def test_a_table_that_is_taken_away_leaves_no_file_behind(faces, tmp_path):
    attributes(faces, " 1")
    make(faces, tmp_path / "store")
    (faces.parent / "list_attr_celeba.csv").unlink()
    store, _ = make(faces, tmp_path / "store")
    assert store.manifest.attributes == []
    assert not (tmp_path / "store" / "attributes.npy").exists()


def test_a_mended_partition_moves_pictures_to_their_splits(faces, tmp_path):
    for test in (3, 4):
        rows = "".join(f"{number:02}.bmp {2 if number < test else 0}\n" for number in range(COUNT))
        (faces.parent / "list_eval_partition.txt").write_text(rows)
        store, _ = make(faces, tmp_path / "store")
        assert store.manifest.splits == {"train": COUNT - test, "test": test}


def test_a_table_that_says_the_same_in_other_bytes_changes_nothing(faces, tmp_path):
    attributes(faces, "1")
    make(faces, tmp_path / "store")
    attributes(faces, "  1")
    assert ALREADY in make(faces, tmp_path / "store")[1]


def test_a_killed_preparation_does_not_go_on_with_a_mended_table(faces, tmp_path, small_parts):
    attributes(faces, " 1")
    killed(faces, tmp_path / "store", 2)
    attributes(faces, "-1")
    assert (make(faces, tmp_path / "store")[0].attributes == -1).all()


# stores of the first format, which knew of no times


def first_listing(pictures, splits=()):
    """As that format kept it: the hash of names, lengths and splits."""
    facts = [[(path.name, path.stat().st_size) for path in sorted(pictures.iterdir())], splits]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def as_first_format(folder, pictures):
    """Turn a store into one of the first format."""
    facts = json.loads((folder / "manifest.json").read_bytes())
    facts = {name: value for name, value in facts.items() if name not in ("sha256", *DEFAULTS)}
    facts |= {"format": "minihit store 1", "listing": first_listing(pictures)}
    (folder / "manifest.json").write_text(json.dumps(facts, indent=1) + "\n")
    return folder


def test_a_store_of_the_first_format_is_up_to_date(photos, tmp_path):
    folder = as_first_format(make(photos, tmp_path / "store")[0].path, photos)
    before = (folder / "manifest.json").read_bytes()
    assert ALREADY in make(photos, folder)[1]
    assert colours(verify(folder)) == {RED}
    assert (folder / "manifest.json").read_bytes() == before


def test_a_store_of_the_first_format_is_made_again_where_pictures_are_newer(photos, tmp_path):
    folder = as_first_format(make(photos, tmp_path / "store")[0].path, photos)
    paint(photos, GREEN, later=1)
    store, said = make(photos, folder)
    assert said.count(CHANGED) == 1
    assert colours(store) == {GREEN}
    assert json.loads((folder / "manifest.json").read_bytes())["format"] == "minihit store 2"


def test_a_store_of_the_first_format_is_made_again_where_pictures_came_or_tables_changed(faces, tmp_path):
    attributes(faces, " 1")
    folder = as_first_format(make(faces, tmp_path / "store")[0].path, faces)
    assert ALREADY in make(faces, folder)[1]
    attributes(faces, "-1")
    assert (make(faces, folder)[0].attributes == -1).all()
    as_first_format(folder, faces)
    paint(faces, GREEN, ["new.bmp"])
    assert make(faces, folder)[0].manifest.count == COUNT + 1


def test_a_preparation_that_the_first_format_began_is_begun_again(photos, tmp_path, small_parts):
    killed(photos, tmp_path / "store", 2)
    path = tmp_path / "store" / "journal.jsonl"
    task, *parts = path.read_bytes().splitlines()
    old = {name: value for name, value in json.loads(task).items() if name not in DEFAULTS}
    old |= {"listing": first_listing(photos), "made_with": {"minihit": "0.0", "pillow": "0.0", "jpeg": "0.0"}}
    path.write_bytes(b"\n".join([json.dumps(old).encode(), *parts, b""]))
    store, said = make(photos, tmp_path / "store")
    assert "it is begun again" in said
    np.testing.assert_array_equal(store.images, make(photos, tmp_path / "whole")[0].images)


def test_a_preparation_of_other_files_that_the_first_format_began_is_refused(photos, tmp_path, small_parts):
    killed(photos, tmp_path / "store", 2)
    path = tmp_path / "store" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"listing": "', b'"listing": "0'))
    with pytest.raises(UserError, match="was made of other files"):
        make(photos, tmp_path / "store")


def test_a_store_of_the_first_format_is_opened(photos, tmp_path):
    store = make(photos, tmp_path / "store")[0]
    as_first_format(store.path, photos)
    np.testing.assert_array_equal(open_store(store.path).images, store.images)
