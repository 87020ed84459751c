"""Files that are not what they should be: a picture, a reason or one sentence; never a crash, a pickle or a way out."""

import contextlib
import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageCms
from reliability.audit import harmless
from reliability.mutate import damaged, json_texts
from support.pictures import encoded, photo, usable

from minihit.data.open import open_data
from minihit.data.prepare import prepare as module
from minihit.data.prepare import reading
from minihit.data.prepare.journal import Journal
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Square
from minihit.data.store import manifest as manifests
from minihit.data.store import reader as stores
from minihit.errors import UserError

EXAMPLES = [25, pytest.param(400, marks=pytest.mark.slow)]
KINDS = ("JPEG", "PNG", "TIFF", "GIF", "TGA", "ICO", "PPM", "JPEG2000", "AVIF", "WEBP", "PCX", "SGI", "DDS", "ICNS",
         "DIB", "XBM")
PICTURES = [*usable().values(), *(encoded(photo(size=(40, 30)).convert("1" if kind == "XBM" else "RGB"), kind)
                                  for kind in KINDS),
            encoded(photo(size=(40, 30)), "JPEG", icc_profile=ImageCms.ImageCmsProfile(
                ImageCms.createProfile("LAB")).tobytes())]
pytestmark = [pytest.mark.parametrize("examples", EXAMPLES), pytest.mark.filterwarnings("ignore:Duplicate name")]


@contextlib.contextmanager
def refused_at_worst(folder):
    """Inside, only a UserError may be raised, and nothing happens that is not harmless."""
    with harmless(folder), contextlib.suppress(UserError):
        yield


def fuzz(examples, test, **drawn):
    """Run test(**drawn values) so many times."""
    suppressed = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings(max_examples=examples, deadline=None, suppress_health_check=suppressed)(given(**drawn)(test))()


def outcomes(path):
    """What becomes of the pictures of a source, at size 16, after they were scanned."""
    with open_source(path) as source:
        assert all(problem is None or problem for problem in reading.scan(source, source.pictures, Square(16)))
        for found in reading.read(source, source.pictures, Square(16)):
            assert found if isinstance(found, str) else (found.shape, found.dtype) == ((16, 16, 3), np.uint8)


def test_pictures(examples, tmp_path):
    def test(content, suffix):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(content)
        with refused_at_worst(tmp_path):
            outcomes(tmp_path)
        path.unlink()

    fuzz(examples * 3, test, content=st.sampled_from(PICTURES).flatmap(damaged),
         suffix=st.sampled_from(["jpg", "png", "gif", "tif", "tga", "none"]))


def test_zips(examples, tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("img_align_celeba/000001.jpg", "../000002.png"):
            file.writestr(name, encoded(photo(size=(20, 20))))
        file.writestr("list_eval_partition.txt", "000001.jpg 0\n000002.jpg 1\n")

    def test(content):
        (tmp_path / "a.zip").write_bytes(content)
        with refused_at_worst(tmp_path):
            prepare(tmp_path / "a.zip", tmp_path / "store", Settings(16), report=str)
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]

    fuzz(examples, test, content=damaged(whole.getvalue()))


@pytest.mark.parametrize("name", ["list_eval_partition.txt", "list_attr_celeba.txt"])
def test_tables(celeba, examples, tmp_path, name):
    root = shutil.copytree(celeba.root, tmp_path / "celeba")
    for path in (root / "img_align_celeba").iterdir():
        path.write_bytes(encoded(photo(size=(16, 16))))

    def test(content):
        (root / name).write_bytes(content)
        with refused_at_worst(tmp_path):
            prepare(root / "img_align_celeba", tmp_path / "store", Settings(16), report=str)
        shutil.rmtree(tmp_path / "store", ignore_errors=True)

    fuzz(examples, test, content=damaged((celeba.root / name).read_bytes()))


def test_manifests(celeba, examples, tmp_path):
    store = prepare(celeba.zip, tmp_path / "store", Settings(16), report=str)
    whole = (store.path / manifests.MANIFEST).read_text()

    def test(content, sealed):
        (store.path / manifests.MANIFEST).write_bytes(resealed(content) if sealed else content)
        with refused_at_worst(tmp_path):
            opened = stores.verify(store.path)
            assert opened.images.shape == store.images.shape
            np.testing.assert_array_equal(open_data(store.path, 16, 0).take(0, 3).shape, (3, 16, 16, 3))

    fuzz(examples, test, content=json_texts(whole), sealed=st.booleans())


def resealed(content):
    """A manifest with the hash that it should have, so that what stands in it is looked at; anything else as it is."""
    with contextlib.suppress(ValueError, RecursionError):
        facts = json.loads(content)
        if isinstance(facts, dict) and facts.pop("format", None) == manifests.FORMAT:
            return manifests.manifest_bytes({name: value for name, value in facts.items() if name != "sha256"})
    return content


@pytest.mark.parametrize("name", [manifests.IMAGES, manifests.NAMES, manifests.ATTRIBUTES, manifests.SKIPPED])
def test_files_of_a_store(celeba, examples, tmp_path, name):
    store = prepare(celeba.zip, tmp_path / "store", Settings(16), report=str)
    whole = (store.path / name).read_bytes()

    def test(content):
        (store.path / name).write_bytes(content)
        with refused_at_worst(tmp_path):
            stores.verify(store.path)
            assert content == whole
        with refused_at_worst(tmp_path):
            opened = stores.open_store(store.path)
            assert len(opened.names) == len(opened.attributes) == len(opened.images)

    fuzz(examples // 2, test, content=damaged(whole))


def test_journals(celeba, examples, tmp_path, monkeypatch):
    """Whatever was done to the journal: a sentence, or the images of an untouched preparation."""
    monkeypatch.setattr(module, "PART_FILES", 8)
    whole = prepare(celeba.zip, tmp_path / "whole", Settings(16), report=str)
    append, folder = Journal.append, tmp_path / "unfinished"

    def stopping(self, images, files, skipped):
        if self.files == 24:
            raise KeyboardInterrupt
        append(self, images, files, skipped)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Journal, "append", stopping)
        prepare(celeba.zip, folder, Settings(16), report=str)
    journal = (folder / manifests.JOURNAL).read_bytes()

    def test(content):
        shutil.copytree(folder, tmp_path / "store")
        (tmp_path / "store" / manifests.JOURNAL).write_bytes(content)
        with refused_at_worst(tmp_path):
            store = prepare(celeba.zip, tmp_path / "store", Settings(16), report=str)
            if not store.manifest.skipped:  # a journal can name a file as unusable, in words of its own
                assert store.manifest.fingerprint == whole.manifest.fingerprint
        shutil.rmtree(tmp_path / "store")

    fuzz(examples, test, content=damaged(journal))


def test_parquet_files(examples, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    images = [encoded(photo(size=(20, 20)))] * 4
    parquet.write_table(arrow.table({"image": images, "Young": [True, False] * 2}), tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()

    def test(content):
        (tmp_path / "a.parquet").write_bytes(content)
        with refused_at_worst(tmp_path):
            prepare(tmp_path / "a.parquet", tmp_path / "store", Settings(16), report=str)
        shutil.rmtree(tmp_path / "store", ignore_errors=True)

    fuzz(examples, test, content=damaged(whole))
