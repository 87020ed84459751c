import errno
import json
import os
import shutil
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded, grey_16_bits, halves, photo, unusable, usable

from minihit.data.prepare import journal, reading
from minihit.data.prepare import prepare as module
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.square import Square
from minihit.data.store.manifest import manifest_bytes
from minihit.data.store.reader import open_store, verify
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.show import images, overview


def make(source, folder, size=16, report=str, **settings):
    return prepare(source, folder, Settings(size, **settings), report)


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def small_parts(monkeypatch):
    """A line of the journal for every four files."""
    monkeypatch.setattr(module, "PART_FILES", 4)


# what becomes of pictures


def test_every_kind_of_picture_is_converted(tmp_path):
    store = make(write(tmp_path / "in", usable()), tmp_path / "store")
    assert store.names == sorted(usable())
    for name, image in zip(store.names, store.images.astype(int), strict=True):
        assert np.abs(image[:, :6] - [255, 0, 0]).max() < 16, name
        assert np.abs(image[:, 10:] - 255).max() < 16, name


def test_sixteen_bits_become_eight(tmp_path):
    store = make(write(tmp_path / "in", {"a.png": grey_16_bits()}), tmp_path / "store")
    assert (store.images[0][:, :8] == 128).all()
    assert (store.images[0][:, 8:] == 255).all()


def packed(path, files):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_every_file_that_cannot_be_used_is_listed_with_its_reason(tmp_path, kind):
    files = {name: content for name, (content, _) in unusable().items()} | {"m.png": encoded(photo())}
    source = write(tmp_path / "in", files) if kind == "folder" else packed(tmp_path / "in.zip", files)
    lines = []
    store = make(source, tmp_path / "store", report=lines.append)
    reasons = {entry["file"]: entry["reason"] for entry in json.loads((store.path / "skipped.json").read_text())}
    assert reasons.keys() == unusable().keys()
    assert [name for name, (_, reason) in unusable().items() if reason not in reasons[name]] == []
    assert store.manifest.skipped == len(unusable())
    assert store.names == ["m.png"]
    told = "\n".join(lines)
    assert all(f"{name}: {reason}" in told for name, reason in reasons.items())


def test_what_cannot_be_used_is_known_before_anything_is_decoded(tmp_path, monkeypatch):
    """All but a picture whose pixels alone say so."""
    found = []
    monkeypatch.setattr(module, "_require_space", lambda *_: found.append(len(lines)))
    lines = []
    files = {name: content for name, (content, _) in unusable().items()} | {"m.png": encoded(photo())}
    make(write(tmp_path / "in", files), tmp_path / "store", report=lines.append)
    before, after = lines[: found[0]], lines[found[0] :]
    assert f"{len(unusable()) - 1} cannot be used" in before[-1]
    assert ["wide_grey.tif" in line for line in after] == [True, False]
    assert after[-1].startswith(f"{len(files)} files: 1 taken; {len(unusable())} cannot be used, see ")


def test_strict_stops_before_anything_is_decoded_and_goes_on_once_it_is_cured(tmp_path):
    source = write(tmp_path / "in", {"a.png": encoded(photo()), "b.png": b""})
    with pytest.raises(UserError, match=r"1 of 2 pictures .* such as b\.png: the file is empty: remove or repair"):
        make(source, tmp_path / "store", strict=True)
    (source / "b.png").unlink()
    assert make(source, tmp_path / "store", strict=True).manifest.count == 1


def test_strict_stops_at_damage_that_only_decoding_shows(tmp_path):
    source = write(tmp_path / "in", {"a.tif": unusable()["wide_grey.tif"][0], "b.png": encoded(photo())})
    with pytest.raises(UserError, match="--strict"):
        make(source, tmp_path / "store", strict=True)


def test_a_source_of_nothing_but_bad_files_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match=r"none of the 1 pictures in .* can be used: a\.png: the file is empty"):
        make(write(tmp_path / "in", {"a.png": b""}), tmp_path / "store")
    with pytest.raises(UserError, match=r"none of the 1 pictures in .* can be used: a\.tif: pixels reach"):
        make(write(tmp_path / "in2", {"a.tif": unusable()["wide_grey.tif"][0]}), tmp_path / "store2")


def test_many_bad_files_are_not_all_named(tmp_path):
    lines = []
    make(write(tmp_path / "in", {f"{n:03}.png": b"" for n in range(150)} | {"m.png": encoded(photo())}),
         tmp_path / "store", report=lines.append)
    assert "150 cannot be used" in lines[1]
    assert lines[1].count("the file is empty") == 100
    assert lines[2] == "  and 50 more, which skipped.json will name"


# settings


@pytest.mark.parametrize(("settings", "recorded"), [
    ({}, ("square", "square", "full", 90)), ({"fit": "pad"}, ("pad", "none", "full", 90)),
    ({"fit": "stretch"}, ("stretch", "none", "full", 90)),
    ({"greys": "stretch", "megapixels": 7}, ("square", "square", "stretch", 7)),
])
def test_the_settings_are_recorded_and_another_one_is_refused(tmp_path, settings, recorded):
    source = write(tmp_path / "in", {"a.png": encoded(photo(size=(60, 30)))})
    manifest = make(source, tmp_path / "store", **settings).manifest
    assert (manifest.fit, manifest.crop, manifest.greys, manifest.megapixels) == recorded
    for other in ({"fit": "pad"}, {"fit": "stretch"}, {"greys": "stretch"}, {"megapixels": 7}):
        if not other.items() <= settings.items():
            with pytest.raises(UserError, match=r"was made with --\w+ \w+, not \w+: choose another STORE"):
                make(source, tmp_path / "store", **settings | other)


def test_the_fit_decides_what_is_seen_of_a_picture(tmp_path):
    picture = photo(size=(60, 30))
    source = write(tmp_path / "in", {"a.png": encoded(picture)})
    for fit in ("square", "pad", "stretch"):
        image = make(source, tmp_path / fit, fit=fit).images[0]
        np.testing.assert_array_equal(image, Square(16, fit=fit)(picture))
        assert ((image[0] == 255).all()) == (fit == "pad")


def test_a_crop_and_a_fit_that_keeps_everything_contradict_each_other(tmp_path):
    with pytest.raises(UserError, match="--crop cuts a square and --fit pad keeps the whole picture: leave"):
        make(tmp_path, tmp_path / "store", crop=10, fit="pad")


def test_a_store_made_before_there_were_such_settings_is_still_the_same(celeba, tmp_path):
    store = make(celeba.zip, tmp_path / "store")
    path = store.path / "manifest.json"
    facts = json.loads(path.read_text())
    path.write_bytes(manifest_bytes({name: value for name, value in facts.items()
                                     if name not in ("sha256", "fit", "greys", "megapixels", "column")}))
    assert make(celeba.zip, tmp_path / "store").manifest == store.manifest


def test_what_pillow_heif_might_read_is_not_there_already(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "heif_version", lambda: None)
    source = write(tmp_path / "in", {"a.png": encoded(photo()), "b.heic": b"\0\0\0\x18ftypheic" + bytes(90)})
    make(source, tmp_path / "store")
    make(source, tmp_path / "store")
    monkeypatch.setattr(module, "heif_version", lambda: "1.0")
    with pytest.raises(UserError, match="made by other versions of minihit and Pillow or pillow-heif"):
        make(source, tmp_path / "store")
    write(source, {"c.png": encoded(halves("red"))})  # it has to be made again in any case
    assert make(source, tmp_path / "store").names == ["a.png", "c.png"]


def test_the_first_line_says_what_the_source_was_recognised_by(celeba, tmp_path):
    lines = []
    make(celeba.folder, tmp_path / "store", report=lines.append)
    assert lines == [f"30 pictures in {celeba.folder} (CelebA); splits by {celeba.root / 'list_eval_partition.txt'}; "
                     f"attributes by {celeba.root / 'list_attr_celeba.txt'}"]


def test_the_store_and_its_overview_may_lie_among_the_pictures(tmp_path):
    source, lines = write(tmp_path / "in", {f"{n}.png": encoded(photo(size=(20, 20 + n))) for n in range(5)}), []
    store = make(source, source / "store")
    images.write_png(source / "store.png", overview.sheet(store, 4))
    assert make(source, source / "store", report=lines.append).manifest == store.manifest
    assert lines[0].endswith("is there already, made of the same files in the same way")
    assert lines[1] == "11 files: 5 taken; 6 passed over (5 of a minihit store, 1 written by minihit itself)"


# CelebA


def test_celeba_is_the_same_store_from_a_zip_and_from_a_folder(celeba, tmp_path):
    packed, folder = make(celeba.zip, tmp_path / "a"), make(celeba.folder, tmp_path / "b")
    assert packed.manifest.fingerprint == folder.manifest.fingerprint
    np.testing.assert_array_equal(packed.attributes, folder.attributes)
    assert packed.manifest.splits == folder.manifest.splits == {"train": 24, "valid": 3, "test": 3}
    for number in (0, 29):
        with Image.open(celeba.root / packed.names[number]) as picture:
            box = 0, 20, 178, 198
            middle = picture.resize((16, 16), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
        np.testing.assert_array_equal(packed.images[number], middle)


def test_celeba_as_the_hubs_have_it_is_the_same_store(celeba, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    plain = make(celeba.folder, tmp_path / "a")
    for name in ("train", "valid", "test"):
        rows = plain.rows(name)
        images = [{"bytes": (celeba.folder / plain.names[row]).read_bytes(), "path": plain.names[row]} for row in rows]
        attributes = {label: plain.attributes[rows, column] > 0
                      for column, label in enumerate(plain.manifest.attributes)}
        (tmp_path / "hub").mkdir(exist_ok=True)
        parquet.write_table(arrow.table({"image": images, **attributes}),
                            tmp_path / "hub" / f"{name}-00000-of-00001.parquet", row_group_size=7)
    hub = make(tmp_path / "hub", tmp_path / "b")
    assert hub.manifest.fingerprint == plain.manifest.fingerprint
    assert hub.manifest.splits == plain.manifest.splits
    assert hub.manifest.crop == "178"
    assert hub.manifest.attributes == plain.manifest.attributes
    np.testing.assert_array_equal(hub.attributes, plain.attributes)


def test_skipped_files_leave_their_splits_and_attributes(celeba, tmp_path):
    root = shutil.copytree(celeba.root, tmp_path / "celeba")
    for number in (1, 25, 30):
        (root / "img_align_celeba" / f"{number:06d}.jpg").write_bytes(b"")
    store, whole = make(root / "img_align_celeba", tmp_path / "store"), make(celeba.folder, tmp_path / "whole")
    kept = [number for number in range(30) if number not in (0, 24, 29)]
    assert store.manifest.splits == {"train": 23, "valid": 2, "test": 2}
    np.testing.assert_array_equal(store.images, whole.images[kept])
    np.testing.assert_array_equal(store.attributes, whole.attributes[kept])


def test_crop_margin_and_filter_are_what_was_asked_for(celeba, tmp_path):
    store = make(celeba.folder, tmp_path / "store", crop=100, margin=0.5, filter="box")
    assert store.images.shape == (30, 32, 32, 3)
    assert (store.manifest.size, store.manifest.side, store.manifest.crop) == (16, 32, "100")
    with Image.open(celeba.folder / store.names[7]) as picture:
        box = 39, 59, 139, 159
        middle = picture.resize((32, 32), Image.Resampling.BOX, box=box, reducing_gap=3.0)
    np.testing.assert_array_equal(store.images[7], middle)


def test_a_crop_that_no_picture_holds_is_a_reason(celeba, tmp_path):
    with pytest.raises(UserError, match=r"none of the 30 .* 178 x 218 pixels do not hold the crop of 200 x 200"):
        make(celeba.folder, tmp_path / "store", crop=200)


def test_imagenet_keeps_room_for_random_crops_and_its_classes(tmp_path):
    for name in ("n01440764", "n02000000"):
        (tmp_path / "train" / name).mkdir(parents=True)
        photo(size=(20, 20)).save(tmp_path / "train" / name / f"{name}_1.JPEG")
    store = make(tmp_path / "train", tmp_path / "store", size=14)
    assert (store.manifest.size, store.manifest.side) == (14, 16)
    assert store.manifest.classes == ["n01440764", "n02000000"]
    np.testing.assert_array_equal(store.labels, [0, 1])


# once more, and otherwise


def test_prepared_again_it_is_there_already(celeba, tmp_path):
    make(celeba.zip, tmp_path / "store")
    before, lines = content(tmp_path / "store"), []
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "store").iterdir()}
    store = make(celeba.zip, tmp_path / "store", report=lines.append)
    assert lines == [f"{tmp_path / 'store'} is there already, made of the same files in the same way"]
    assert content(tmp_path / "store") == before
    assert times == {path.name: path.stat().st_mtime_ns for path in store.path.iterdir()}


@pytest.mark.parametrize(("settings", "words"), [
    ({"size": 32}, "--size 16, not 32"), ({"crop": 100}, "--crop 178, not 100"),
    ({"filter": "box"}, "--filter lanczos, not box"), ({"margin": 0.8}, "sides of 16, not 20"),
])
@pytest.mark.parametrize("finished", [True, False])
def test_with_other_options_it_is_refused(celeba, tmp_path, small_parts, settings, words, finished):
    interrupted(celeba.zip, tmp_path / "store", after=1000 if finished else 2)
    with pytest.raises(UserError, match=rf"was made with .*{words}: choose another STORE, or delete this one"):
        make(celeba.zip, tmp_path / "store", **settings)
    assert make(celeba.zip, tmp_path / "store").manifest.count == 30


@pytest.mark.parametrize("finished", [True, False])
def test_of_other_files_it_is_refused(celeba, tmp_path, small_parts, finished):
    interrupted(celeba.zip, tmp_path / "store", after=1000 if finished else 2)
    source = write(tmp_path / "in", {"a.png": encoded(photo())})
    with pytest.raises(UserError, match="was made of other files"):
        make(source, tmp_path / "store")


def test_other_things_are_never_written_over(celeba, tmp_path):
    write(tmp_path / "photos", {"a.png": encoded(photo())})
    with pytest.raises(UserError, match=r"photos holds other things \(a\.png \.\.\.\): give a new folder"):
        make(celeba.zip, tmp_path / "photos")
    with pytest.raises(UserError, match="is a file: give a folder"):
        make(celeba.zip, tmp_path / "photos" / "a.png")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.png"]


FOREIGN = {
    "a manifest of a web page": {"manifest.json": b'{"name": "app"}', "index.html": b"x"},
    "an empty manifest": {"manifest.json": b"", "index.html": b"x"},
    "a journal of something else": {"journal.jsonl": b'{"time": 1}\n{"time": 2}\n', "notes.txt": b"x"},
    "arrays": {"images.npy": b"x", "names.json": b"x"},
    "a picture": {"a.png": b"x"},
}


@pytest.mark.parametrize("files", FOREIGN.values(), ids=FOREIGN)
def test_a_folder_of_another_program_is_not_taken_for_a_store(celeba, tmp_path, files):
    folder = write(tmp_path / "theirs", files)
    with pytest.raises(UserError, match=r"theirs holds other things \(.* \.\.\.\): give a new folder"):
        make(celeba.zip, folder)
    assert content(folder) == files


def test_a_journal_of_something_else_that_is_alone_is_not_written_over(celeba, tmp_path):
    folder = write(tmp_path / "theirs", {"journal.jsonl": b'{"time": 1}\n'})
    with pytest.raises(UserError, match="it does not begin with a task"):
        make(celeba.zip, folder)
    assert (folder / "journal.jsonl").read_bytes() == b'{"time": 1}\n'


def test_what_its_user_laid_into_a_store_stays_there(celeba, tmp_path):
    make(celeba.zip, tmp_path / "store")
    (tmp_path / "store" / "README.txt").write_text("mine")
    assert make(celeba.zip, tmp_path / "store").manifest.count == 30
    assert (tmp_path / "store" / "README.txt").read_text() == "mine"


def photos(folder, count=3):
    """Pictures that differ."""
    whole = photo(size=(64, 64))
    return write(folder, {f"{n}.png": encoded(whole.crop((n, n, n + 16, n + 16))) for n in range(count)})


def test_a_store_inside_its_source_is_no_part_of_it(tmp_path):
    source = photos(tmp_path / "photos")
    before = content(source)
    make(source, source / "store")
    lines = []
    store = make(source, source / "store", report=lines.append)
    assert "is there already" in lines[0]
    assert store.names == sorted(before)
    assert {name: (source / name).read_bytes() for name in before} == before


def test_a_source_inside_the_store_is_refused_or_left_as_it_is(tmp_path):
    (tmp_path / "all").mkdir()
    source = photos(tmp_path / "all" / "photos")
    before = content(source)
    with pytest.raises(UserError, match=r"all holds other things \(photos \.\.\.\)"):
        make(source, tmp_path / "all")
    with pytest.raises(UserError, match=r"photos holds other things"):
        make(source, source)
    store = make(source, tmp_path / "store").path
    inside = source.rename(store / "photos")
    assert make(inside, store).names == sorted(before)
    assert content(inside) == before


@pytest.mark.parametrize("written", [".", "./", "../photos", "../photos/", "~/photos", "../link", "../link/"])
def test_a_source_is_what_a_person_writes(tmp_path, monkeypatch, written):
    source = photos(tmp_path / "photos")
    (tmp_path / "link").symlink_to("photos")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(source)
    assert make(written, tmp_path / "store").names == ["0.png", "1.png", "2.png"]
    lines = []
    make(source, tmp_path / "store", report=lines.append)
    assert "is there already" in lines[0]


@pytest.mark.parametrize("written", [".", "../here", "../here/", "~/here", "../link"])
def test_a_place_for_the_store_is_what_a_person_writes(tmp_path, monkeypatch, written):
    source = photos(tmp_path / "photos")
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "here")
    make(source, written)
    assert open_store(tmp_path / "here").manifest.count == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "link", "photos"]


@pytest.mark.parametrize("written", [".", "../img_align_celeba", "../../celeba/img_align_celeba/"])
def test_celeba_is_recognised_from_inside(celeba, tmp_path, monkeypatch, written):
    root = shutil.copytree(celeba.root, tmp_path / "celeba")
    monkeypatch.chdir(root / "img_align_celeba")
    manifest = make(written, tmp_path / "store").manifest
    assert (manifest.layout, len(manifest.attributes)) == ("CelebA", 40)


# images that are there twice


def test_equal_images_and_those_in_two_splits_are_said(tmp_path):
    for name, numbers in {"train": (0, 1, 1), "test": (1, 2)}.items():
        for place, number in enumerate(numbers):
            (tmp_path / "in" / name).mkdir(parents=True, exist_ok=True)
            picture = halves((50 * number, 0, 0))
            picture.save(tmp_path / "in" / name / f"{place}.png", compress_level=place)  # other files, equal images
    lines = []
    store = make(tmp_path / "in", tmp_path / "store", report=lines.append)
    assert (store.manifest.equal, store.manifest.shared) == (2, 1)
    assert lines[1:] == [f"of the images in {store.path} 2 of 5 repeat an earlier one, pixel for pixel",
                         f"of the images in {store.path} 1 stand in more than one split, so that not all that is held "
                         "out is new"]


def test_images_that_differ_are_not_called_equal(celeba, tmp_path):
    lines = []
    store = make(celeba.zip, tmp_path / "store", report=lines.append)
    assert (store.manifest.equal, store.manifest.shared, len(lines)) == (0, 0, 1)


def test_a_missing_source_leaves_no_folder(tmp_path):
    with pytest.raises(UserError, match="there is nothing at"):
        make(tmp_path / "nothing.zip", tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_a_second_preparation_at_the_same_time_is_refused(celeba, tmp_path):
    with exclusive(tmp_path / "store" / ".lock", "it"), pytest.raises(UserError, match=r"the store .* is in use"):
        make(celeba.zip, tmp_path / "store")


# interrupted


def interrupted(source, folder, after):
    """A preparation that stops, as Ctrl-C stops it, at the part number `after`, or not at all where there are fewer."""
    append, parts = journal.Journal.append, []

    def stopping(self, *part):
        if len(parts) == after:
            raise KeyboardInterrupt
        parts.append(part)
        append(self, *part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.Journal, "append", stopping)
        try:
            make(source, folder)
        except KeyboardInterrupt:
            return


@pytest.mark.parametrize("after", [0, 1, 4, 7])
def test_what_is_done_is_not_done_again(celeba, tmp_path, small_parts, monkeypatch, after):
    interrupted(celeba.zip, tmp_path / "store", after)
    with pytest.raises(UserError, match="is not finished"):
        open_store(tmp_path / "store")
    decoded, lines, read = [], [], reading.read

    def counting(source, entries, square):
        decoded.extend(entries)
        return read(source, entries, square)

    monkeypatch.setattr(reading, "read", counting)
    make(celeba.zip, tmp_path / "store", report=lines.append)
    assert len(decoded) == 30 - 4 * after
    assert (f"{4 * after} of them done" in lines[0]) == (after > 0)
    make(celeba.zip, tmp_path / "whole")
    assert content(tmp_path / "store") == content(tmp_path / "whole")


def test_skipped_files_are_remembered(tmp_path, small_parts):
    files = {f"{number:02}.png": encoded(photo(size=(16, 16))) for number in range(12)}
    files |= {"03.png": b"", "07.png": b"x"}
    source = write(tmp_path / "in", files)
    interrupted(source, tmp_path / "store", after=1)
    make(source, tmp_path / "store")
    make(source, tmp_path / "whole")
    assert content(tmp_path / "store") == content(tmp_path / "whole")
    assert [entry["file"] for entry in json.loads((tmp_path / "store" / "skipped.json").read_text())] == ["03.png",
                                                                                                           "07.png"]


@pytest.mark.parametrize("name", ["images.npy.partial", "journal.jsonl"])
@pytest.mark.parametrize("rubbish", [b"\0" * 1000, b'{"files": 4, "row'])
def test_what_was_half_written_never_happened(celeba, tmp_path, small_parts, name, rubbish):
    interrupted(celeba.zip, tmp_path / "store", after=3)
    with open(tmp_path / "store" / name, "ab") as file:
        file.write(rubbish)
    make(celeba.zip, tmp_path / "store")
    make(celeba.zip, tmp_path / "whole")
    assert content(tmp_path / "store") == content(tmp_path / "whole")


JOURNALS = {
    "another number of files": lambda lines: [*lines, b'{"files": 4, "rows": 3, "skipped": []}'],
    "a number that is none": lambda lines: [*lines, b'{"files": "4", "rows": 3, "skipped": []}'],
    "no dictionary": lambda lines: [*lines, b"[3]"],
    "no JSON": lambda lines: [*lines, b"}"],
    "more than was written": lambda lines: [*lines, b'{"files": 400, "rows": 400, "skipped": []}'],
    "no task": lambda lines: [b"3", *lines[1:]],
    "endless brackets": lambda lines: [*lines, b"[" * 100_000],
}


@pytest.mark.parametrize("change", JOURNALS.values(), ids=JOURNALS)
def test_a_damaged_journal_is_a_user_error(celeba, tmp_path, small_parts, change):
    interrupted(celeba.zip, tmp_path / "store", after=3)
    path = tmp_path / "store" / "journal.jsonl"
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(UserError, match=r"is no whole store, journal.* delete this one and prepare it again"):
        make(celeba.zip, tmp_path / "store")


def test_rows_that_are_missing_are_a_user_error(celeba, tmp_path, small_parts):
    interrupted(celeba.zip, tmp_path / "store", after=3)
    os.truncate(tmp_path / "store" / "images.npy.partial", 200)
    with pytest.raises(UserError, match="shorter than"):
        make(celeba.zip, tmp_path / "store")


def test_other_versions_of_pillow_do_not_go_on_with_each_others_work(celeba, tmp_path, small_parts, monkeypatch):
    interrupted(celeba.zip, tmp_path / "store", after=2)
    monkeypatch.setattr("PIL.__version__", "0.1")
    with pytest.raises(UserError, match="made by other versions of minihit and Pillow"):
        make(celeba.zip, tmp_path / "store")


# disks


@pytest.mark.parametrize("call", [pytest.param(n, marks=pytest.mark.slow) if n % 4 else n for n in range(40)])
def test_a_disk_that_fills_up_at_any_moment_loses_nothing(celeba, tmp_path, small_parts, monkeypatch, call):
    """The call number `call` of fsync is refused; then there is room again."""
    fsync, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == call + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    try:
        make(celeba.zip, tmp_path / "store")
    except UserError as error:
        assert "No space left on device; free some space" in str(error)
    make(celeba.zip, tmp_path / "store")
    monkeypatch.undo()
    verify(tmp_path / "store")
    make(celeba.zip, tmp_path / "whole")
    assert content(tmp_path / "store") == content(tmp_path / "whole")


def test_too_little_space_is_known_before_anything_is_decoded(celeba, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match=r"needs 0\.00 GB more and its disk has 0\.00 GB left: free some space"):
        make(celeba.zip, tmp_path / "store")


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENODEV, errno.EMFILE])
def test_a_disk_of_pictures_that_goes_away_is_not_taken_for_bad_pictures(celeba, tmp_path, monkeypatch, fault):
    def gone(self, entry):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr("minihit.data.prepare.sources.Folder.open", gone)
    with pytest.raises(UserError, match=r"cannot go on reading \(.*\): see that the disk of the pictures is there"):
        make(celeba.folder, tmp_path / "store")
