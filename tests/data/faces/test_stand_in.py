import errno
import multiprocessing
import os
import signal
import zipfile

import numpy as np
import pytest
from PIL import Image

from minihit.data.faces import stand_in
from minihit.data.faces.attributes import draw_attributes
from minihit.data.faces.celeba import NAMES, celeba_attributes
from minihit.data.faces.layouts import LAYOUTS
from minihit.errors import UserError


def test_it_is_laid_out_as_celeba_is(celeba):
    assert sorted(path.name for path in celeba.root.iterdir()) == [
        "img_align_celeba", "img_align_celeba.zip", "list_attr_celeba.txt", "list_eval_partition.txt", "stand-in.json"]
    with zipfile.ZipFile(celeba.zip) as file:
        assert file.namelist() == [f"img_align_celeba/{number:06d}.jpg" for number in range(1, 31)]
    for path in celeba.folder.iterdir():
        with Image.open(path) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (178, 218))


def test_the_tables_are_written_as_celebas_are(celeba):
    partition = (celeba.root / "list_eval_partition.txt").read_text().splitlines()
    assert partition[0] == "000001.jpg 0"
    assert partition[-1] == "000030.jpg 2"
    assert [line[-1] for line in partition] == ["0"] * 24 + ["1"] * 3 + ["2"] * 3
    count, names, *rows = (celeba.root / "list_attr_celeba.txt").read_text().splitlines()
    assert (count, names.split(), len(rows)) == ("30", NAMES.split(), 30)
    assert rows[0].startswith("000001.jpg ")
    assert {sign for row in rows for sign in row.split()[1:]} == {"1", "-1"}
    assert len({len(row) for row in rows}) == 1  # aligned columns


def test_the_pictures_are_the_drawn_faces(celeba):
    drawn = LAYOUTS["celeba"].pictures(draw_attributes(0, 0, 30))
    assert drawn.shape == (30, 218, 178, 3)
    for face, path in zip(drawn, sorted(celeba.folder.iterdir()), strict=True):
        with Image.open(path) as picture:
            assert np.abs(np.asarray(picture).astype(int) - face).mean() < 4


@pytest.mark.parametrize(("name", "attribute", "present"), [
    ("Eyeglasses", "glasses", lambda styles: styles > 0),
    ("No_Beard", "beard", lambda styles: styles == 0),
    ("Wearing_Earrings", "earrings", lambda worn: worn > 0),
    ("Mouth_Slightly_Open", "mouth_open", lambda width: width > 0),
])
def test_attributes_say_what_was_drawn(name, attribute, present):
    attributes = draw_attributes(3, 0, 200)
    column = celeba_attributes(attributes)[:, NAMES.split().index(name)]
    np.testing.assert_array_equal(column == 1, present(attributes[attribute]))
    assert 0 < (column == 1).mean() < 1


def test_the_same_seed_gives_the_same_bytes_and_chunks_do_not_matter(tmp_path, monkeypatch):
    stand_in.write(tmp_path / "a", 5, seed=1)
    monkeypatch.setattr(stand_in, "CHUNK", 2)
    counts = []
    stand_in.write(tmp_path / "b", 5, seed=1, progress=counts.append)
    stand_in.write(tmp_path / "c", 5, seed=2)
    a, b, c = (stand_in_bytes(tmp_path / name) for name in "abc")
    assert a == b != c
    assert counts == [2, 2, 1]


@pytest.fixture
def started(monkeypatch):
    """The numbers of processes that were asked for, with chunks of two faces that are worth one."""
    counts, mapping = [], stand_in.mapping
    monkeypatch.setattr(stand_in, "mapping", lambda count: counts.append(count) or mapping(count))
    monkeypatch.setattr(stand_in, "CHUNK", 2)
    monkeypatch.setattr(stand_in, "SHARE", 1)
    return counts


@pytest.mark.parametrize("layout, cores, chunks", [
    ("celeba", 2, [2, 2, 2, 2, 1]), ("celeba", 3, [2, 2, 2, 2, 1]), ("celeba-hq", 2, [1, 1]), ("ffhq", 2, [1, 1]),
    ("imagenet", 2, [1, 1, 1]),
])
def test_the_bytes_are_the_same_on_any_number_of_cores(tmp_path, monkeypatch, started, layout, cores, chunks):
    for count in (1, cores):
        monkeypatch.setattr("minihit.parallel.cores", lambda count=count: count)
        counts = []
        stand_in.write(tmp_path / str(count), sum(chunks), seed=1, progress=counts.append, layout=layout)
        assert counts == chunks
    assert started == [1, cores]
    assert stand_in_bytes(tmp_path / "1") == stand_in_bytes(tmp_path / str(cores))


def test_a_few_faces_are_not_worth_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr("minihit.processes.ProcessPoolExecutor", lambda *_: pytest.fail("a process was started"))
    monkeypatch.setattr("minihit.parallel.cores", lambda: 64)
    stand_in.write(tmp_path, 70)


def test_a_process_that_is_ended_from_outside_leaves_nothing(tmp_path, monkeypatch, started):
    monkeypatch.setattr("minihit.parallel.cores", lambda: 2)

    def end_one(_):
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    with pytest.raises(UserError, match="one of 2 processes was ended from outside"):
        stand_in.write(tmp_path, 400, progress=end_one)
    assert list(tmp_path.iterdir()) == []


def test_stopped_while_processes_draw_it_leaves_nothing(tmp_path, monkeypatch, started):
    monkeypatch.setattr("minihit.parallel.cores", lambda: 2)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stand_in.write(tmp_path, 400, progress=stop)
    assert (list(tmp_path.iterdir()), multiprocessing.active_children()) == ([], [])


def test_a_full_disk_while_processes_draw_leaves_nothing(tmp_path, monkeypatch, started):
    monkeypatch.setattr("minihit.parallel.cores", lambda: 2)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(UserError, match=r"img_align_celeba\.zip: No space left on device; free some space there"):
        stand_in.write(tmp_path, 400)
    assert (list(tmp_path.iterdir()), multiprocessing.active_children()) == ([], [])


def stand_in_bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# files that are in the way


FILES = ["img_align_celeba.zip", "list_attr_celeba.txt", "list_eval_partition.txt"]


def test_an_earlier_stand_in_is_replaced(tmp_path):
    for count, seed in ((5, 1), (3, 2)):
        stand_in.write(tmp_path / "a", count, seed)
    stand_in.write(tmp_path / "b", 3, seed=2)
    a, b = (stand_in_bytes(tmp_path / name) for name in "ab")
    assert [a[name] for name in FILES] == [b[name] for name in FILES]


@pytest.mark.parametrize("name", [*FILES, "stand-in.json"])
@pytest.mark.parametrize("among_its_own", [True, False])
def test_a_file_of_somebody_else_is_refused_and_nothing_is_touched(tmp_path, name, among_its_own):
    if among_its_own:
        stand_in.write(tmp_path, 3)
    (tmp_path / name).write_bytes(b"real")
    before = stand_in_bytes(tmp_path)
    with pytest.raises(UserError, match=rf"{name} was not written by minihit data stand-in, .* move that file away"):
        stand_in.write(tmp_path, 3)
    assert stand_in_bytes(tmp_path) == before


@pytest.mark.parametrize("content", ["{}", '{"drawn_by": "minihit data stand-in"}', '{"drawn_by": 3, "sha256": []}',
                                     '{"drawn_by": "minihit data stand-in", "sha256": 3}', "[" * 100_000])
def test_a_mark_that_makes_no_sense_vouches_for_nothing(tmp_path, content):
    stand_in.write(tmp_path, 3)
    (tmp_path / "stand-in.json").write_text(content)
    with pytest.raises(UserError, match="was not written by"):
        stand_in.write(tmp_path, 3)


def test_a_link_to_the_real_zip_is_refused(tmp_path):
    (tmp_path / "real.zip").write_bytes(b"real")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "img_align_celeba.zip").symlink_to(tmp_path / "real.zip")
    with pytest.raises(UserError, match="was not written by"):
        stand_in.write(tmp_path / "here", 3)
    assert (tmp_path / "real.zip").read_bytes() == b"real"


def test_a_file_that_appears_while_faces_are_drawn_stays(tmp_path):
    def copy(_):
        (tmp_path / "list_attr_celeba.txt").write_bytes(b"real")

    with pytest.raises(UserError, match="was not written by"):
        stand_in.write(tmp_path, 3, progress=copy)
    assert stand_in_bytes(tmp_path) == {"list_attr_celeba.txt": b"real"}


@pytest.mark.parametrize("renamed", range(4))
def test_stopped_between_its_files_it_knows_them_all(tmp_path, monkeypatch, renamed):
    """After so many of the renames that put mark, zip and tables in their places."""
    stand_in.write(tmp_path / "a", 5, seed=1)
    stand_in.write(tmp_path / "b", 3, seed=2)
    replace, calls = os.replace, []

    def stopping(*paths):
        if len(calls) == renamed:
            raise KeyboardInterrupt
        calls.append(paths)
        replace(*paths)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", stopping)
        stand_in.write(tmp_path / "a", 3, seed=2)
    stand_in.write(tmp_path / "a", 3, seed=2)
    a, b = (stand_in_bytes(tmp_path / name) for name in "ab")
    assert [a[name] for name in FILES] == [b[name] for name in FILES]
