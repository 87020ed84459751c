from types import SimpleNamespace

import numpy as np
import pytest
from support.pictures import encoded, halves

from minihit.data.prepare.prepare import Settings, prepare
from minihit.show import overview


@pytest.fixture(scope="module")
def store(celeba, tmp_path_factory):
    return prepare(celeba.zip, tmp_path_factory.mktemp("overview") / "store", Settings(16), report=str)


def test_the_text_says_what_is_there(celeba, store):
    text = overview.describe(store)
    lines = text.splitlines()
    assert lines[0] == f"{store.path}: 30 images of 16 x 16"
    assert f"source    {celeba.zip} (CelebA)" in lines
    assert "splits    train 24, valid 3, test 3" in lines
    assert "made by   fit square, crop 178, filter lanczos, greys full" in lines
    mean = store.images.mean(axis=(0, 1, 2))
    assert f"mean      red {mean[0]:.1f}, green {mean[1]:.1f}, blue {mean[2]:.1f}" in lines
    share = (store.attributes[:, store.manifest.attributes.index("Smiling")] == 1).mean()
    assert f"  Smiling              {share:6.1%}" in lines


def test_images_that_are_there_twice_are_counted(celeba, store, tmp_path):
    assert "twins" not in overview.describe(store)
    for name, colours in {"train": "rrg", "test": "rb"}.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        for number, colour in enumerate(colours):
            picture = halves({"r": "red", "g": "green", "b": "blue"}[colour])
            (tmp_path / "in" / name / f"{number}.png").write_bytes(encoded(picture))
    lines = overview.describe(prepare(tmp_path / "in", tmp_path / "store", Settings(8), report=str)).splitlines()
    assert [line for line in lines if line.startswith("twins")] == [
        "twins     2 of 5 repeat an earlier one, pixel for pixel",
        "twins     1 stand in more than one split, so that not all that is held out is new"]


def test_classes_are_counted_and_a_margin_is_named(tmp_path):
    for name, count in (("n01440764", 1), ("n02000000", 2)):
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "in" / name / f"{number}.png").write_bytes(encoded(halves("red")))
    lines = overview.describe(prepare(tmp_path / "in", tmp_path / "store", Settings(14), report=str)).splitlines()
    assert lines[0].endswith("3 images of 16 x 16 for training at 14 x 14")
    assert "splits    none" in lines
    assert lines[-2:] == ["  n01440764            1", "  n02000000            2"]


def test_many_classes_are_not_all_listed():
    store = SimpleNamespace(labels=np.zeros(30, np.int32),
                            manifest=SimpleNamespace(classes=[f"n{number:08d}" for number in range(50)]))
    lines = list(overview.classes(store))
    assert len(lines) == 41
    assert lines[0] == "  n00000000            30"
    assert lines[-1] == "  and 10 more"


def test_the_picture_shows_images_of_the_store(store):
    sheet = overview.sheet(store, 4)
    assert sheet.shape == (2 + 2 * 18, 2 + 2 * 18, 3)
    shown = {sheet[2 + 18 * row : 18 + 18 * row, 2 + 18 * column : 18 + 18 * column].tobytes()
             for row in range(2) for column in range(2)}
    assert len(shown) == 4
    assert shown <= {image.tobytes() for image in store.images}
    assert (overview.sheet(store, 4, seed=1) != sheet).any()
    assert overview.sheet(store, 1000).shape == overview.sheet(store, 30).shape
