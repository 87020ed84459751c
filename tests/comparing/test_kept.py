"""Features beside a store: found once, added to, and never believed where anything is not as it should be."""

import dataclasses

import numpy as np
import pytest
from support.commands import refusal
from support.disks import fill, mounted
from support.runs import image_set

from minihit import npz
from minihit.cli import main
from minihit.comparing import kept
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.features.extractor import Extractor

IMAGES = faces(0, 0, 30, 8)


class Network:
    """An Extractor that remembers how many images it has seen."""

    def __init__(self, name="mean-3", facts=(("weights", "none"),), classes=0):
        self.seen, self.classes = [], classes
        self.extractor = Extractor(name, 3, facts, self.extract, self.sort if classes else None)

    def sort(self, images):
        return self.extract(images), np.zeros((len(images), self.classes), np.float32)

    def extract(self, images):
        self.seen.append(len(images))
        return images.mean(axis=(1, 2), dtype=np.float32)


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def data_in(store, **settings):
    return image_set(IMAGES, held_out=10, **{"store": store, "fingerprint": "of these", **settings})


def found(data, network, count=10, report=None, plan=None):
    """The features of the first held-out images."""
    said = []
    features = kept.of_plan(data, plan or data.plan_held_out(count), "held-out", network.extractor,
                            report or said.append)
    assert said == []
    return features


def expected(count):
    return IMAGES[20:20 + count].mean(axis=(1, 2), dtype=np.float32)


def test_features_are_found_once(store):
    network = Network()
    for _ in range(2):
        np.testing.assert_array_equal(found(data_in(store), network), expected(10))
    assert network.seen == [10]
    assert [path.name for path in store.iterdir()] == ["features-mean-3-held-out.npz"]


def test_more_images_are_added_to_those_before_and_fewer_taken_from_them(store):
    network = Network()
    for count in (4, 9, 2, 10, 10):
        np.testing.assert_array_equal(found(data_in(store), network, count), expected(count))
    assert network.seen == [4, 5, 1]


def test_of_images_that_only_begin_as_before_the_rest_is_found(store):
    network, data = Network(), data_in(store)
    found(data, network)
    plan = data.plan_held_out(10)
    other = plan._replace(indices=np.where(np.arange(10) < 6, plan.indices, 3))
    np.testing.assert_array_equal(found(data, network, plan=other), network.extract(IMAGES[other.indices]))
    assert network.seen == [10, 4, 10]


def test_images_of_no_store_are_not_kept(store):
    network = Network()
    for _ in range(2):
        np.testing.assert_array_equal(found(data_in(None), network), expected(10))
    assert network.seen == [10, 10] and not any(store.iterdir())


@pytest.mark.parametrize("numbers", range(4), ids=["rows", "tops", "lefts", "mirrored"])
def test_features_of_other_rows_crops_or_mirrorings_are_found_anew_and_take_the_place(store, numbers):
    network, data = Network(), data_in(store, size=6)
    plan = data.plan_held_out(10)
    first = found(data, network, plan=plan)
    other = plan._replace(**{plan._fields[numbers]: 1 - plan[numbers] if numbers == 3 else plan[numbers] * 0})
    if numbers == 3:
        other = plan._replace(mirrored=~plan.mirrored)
    again = found(data, network, plan=other)
    assert network.seen == [10, 10] and len(again) == len(first)
    np.testing.assert_array_equal(found(data, network, plan=other), again)
    assert network.seen == [10, 10]


def test_what_is_shared_is_what_both_begin_with():
    plan = data_in(None).plan_held_out(10)
    other = plan._replace(indices=np.where(np.arange(10) == 6, 0, plan.indices))
    assert kept.shared(plan, plan) == 10 and kept.shared(plan, other) == 6 and kept.shared(other, plan) == 6
    assert kept.shared(plan, type(plan)(*(numbers[:3] for numbers in plan))) == 3


@pytest.mark.parametrize("change", ["images", "size", "extractor", "facts", "version"])
def test_a_stale_file_is_passed_over_and_replaced(store, monkeypatch, change):
    before, network, data = Network(), Network(), data_in(store)
    found(data, before)
    if change == "images":
        data = dataclasses.replace(data, fingerprint="of others")
    elif change == "size":
        data = dataclasses.replace(data, size=7)
    elif change == "extractor":
        network = Network(name="Mean 3")                                  # of the same file
    elif change == "facts":
        network = Network(facts=(("weights", "others"),))
    else:
        monkeypatch.setattr(kept, "__version__", "0")
    for _ in range(2):
        found(data, network)
    assert network.seen == [10] and len([*store.iterdir()]) == 1


def damaged(path):
    """(name, content) of files that are no whole file of features."""
    content = path.read_bytes()
    yield from (("cut", content[:at]) for at in range(0, len(content), len(content) // 7))
    yield "text", b"notes of somebody"
    for at in range(40, len(content) - 22, len(content) // 40):
        yield "garbled", content[:at] + bytes([content[at] ^ 255]) + content[at + 1:]


def test_a_damaged_or_foreign_file_is_never_believed_and_left_alone(store):
    network, data = Network(), data_in(store)
    found(data, network)
    (path,), said = store.iterdir(), []
    believed = 0
    for name, content in damaged(path):
        path.write_bytes(content)
        count, lines = len(network.seen), len(said)
        features = kept.of_plan(data, data.plan_held_out(10), "held-out", network.extractor, said.append)
        np.testing.assert_array_equal(features, expected(10))
        told = len(said) > lines
        assert told == (len(network.seen) > count)
        assert path.read_bytes() == content
        believed += not told
        assert told or name == "garbled"                                  # in a date, say, which nobody reads
    assert believed < 15
    assert all("is no whole file of features (" in line and "delete it, so that new ones can be kept" in line
               for line in said)


def rewritten(path, **changes):
    """The file with other arrays, its header unchanged where it is not one of them."""
    with np.load(path) as file:
        arrays = {**file, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize("changes", [
    {"features": np.zeros((10, 3), np.float32)}, {"features": np.zeros((9, 3), np.float32)}, {"features": None},
    {"features": np.zeros(10, np.float32)}, {"features": np.zeros((10, 3))}, {"indices": np.zeros(10)}, {"tops": None},
    {"mirrored": np.zeros((10, 1), bool)}, {"header": None}, {"header": npz.header({"format": "another"})},
    {"header": npz.header([1])}, {"header": np.array([object()], dtype=object)},
], ids=lambda changes: " ".join(changes))
def test_a_file_of_other_arrays_is_never_believed(store, changes):
    network, data, said = Network(), data_in(store), []
    found(data, network)
    (path,) = store.iterdir()
    rewritten(path, **changes)
    features = kept.of_plan(data, data.plan_held_out(10), "held-out", network.extractor, said.append)
    np.testing.assert_array_equal(features, expected(10))
    assert network.seen == [10, 10] and len(said) == 1


def test_a_killed_writer_leaves_what_was_there(store, monkeypatch):
    network, data = Network(), data_in(store)
    found(data, network, 4)
    (path,) = store.iterdir()
    before = path.read_bytes()

    def killed(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np, "savez", killed)
        found(data, network)
    assert path.read_bytes() == before and [*store.iterdir()] == [path]


def test_a_disk_that_cannot_be_written_to_costs_time_and_a_line(tmp_path):
    with mounted(tmp_path / "disk", "100k") as disk:
        store = disk / "store"
        store.mkdir()
        fill(disk, 100)
        network, said = Network(), []
        for _ in range(2):
            features = kept.of_plan(data_in(store), data_in(store).plan_held_out(10), "held-out", network.extractor,
                                    said.append)
            np.testing.assert_array_equal(features, expected(10))
        assert network.seen == [10, 10] and len(said) == 2 and not any(store.iterdir())
        assert said[0].startswith("features of memory are found again each time: cannot write")


def test_a_refusing_folder_costs_a_line(store, monkeypatch):
    def refuse(*args):
        raise UserError("cannot write there")

    network, said = Network(), []
    monkeypatch.setattr(kept, "write", refuse)
    kept.of_plan(data_in(store), data_in(store).plan_held_out(10), "held-out", network.extractor, said.append)
    assert said == ["features of memory are found again each time: cannot write there"]


def test_logits_stand_behind_the_features(store):
    network = Network(classes=2)
    for _ in range(2):
        features = found(data_in(store), network)
        np.testing.assert_array_equal(features, np.pad(expected(10), ((0, 0), (0, 2))))
    assert network.seen == [10]


def test_images_are_read_a_few_at_a_time(monkeypatch):
    network = Network()
    monkeypatch.setattr(kept, "CHUNK_PIXELS", 3 * 8**2 + 1)
    np.testing.assert_array_equal(found(data_in(None), network), expected(10))
    assert network.seen == [3, 3, 3, 1]
    monkeypatch.setattr(kept, "CHUNK_PIXELS", 1)
    found(data_in(None), network, 2)
    assert network.seen[4:] == [1, 1]


def test_images_that_were_changed_are_not_looked_at(store):
    def changed():
        raise UserError("changed while it was in use")

    with pytest.raises(UserError, match="changed while"):
        found(data_in(store, check=changed), Network())


def test_a_store_with_features_is_a_store_as_before(celeba, tmp_path, capsys, monkeypatch):
    """It is checked, shown, and prepared again; where its manifest is damaged, this is what is said."""
    monkeypatch.chdir(tmp_path)
    prepare = ["data", "prepare", str(celeba.folder), "store", "--size", "16"]
    assert main(prepare) == 0
    (tmp_path / "store/features-random-256-held-out.npz").write_bytes(b"anything")
    for argv in (["data", "check", "store"], ["data", "show", "store"], prepare):
        assert main(argv) == 0
    assert "is there already" in capsys.readouterr().out
    (tmp_path / "store/manifest.json").write_text("{}")
    assert "store is no whole store, manifest.json makes no sense" in refusal(capsys, *prepare)
