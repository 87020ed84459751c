import io
import json
import sys

import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded

from minihit.data.prepare.layouts import recognise
from minihit.data.prepare.sources import open_source
from minihit.errors import UserError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def pictures(count, first=0):
    return [encoded(Image.new("RGB", (16, 16), (first + number, 0, 0))) for number in range(count)]


def write(path, images, rows_in_group=3, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.table({"image": images, **columns}), path, row_group_size=rows_in_group)
    return path


def reds(source):
    """The red of every picture, in order."""
    found = []
    for entry in source.pictures:
        with source.open(entry) as file, Image.open(file) as picture:
            found.append(picture.getpixel((0, 0))[0])
    return found


@pytest.mark.parametrize("as_records", [True, False])
def test_every_row_is_a_picture(tmp_path, as_records):
    images = pictures(8)
    column = [{"bytes": image, "path": None} for image in images] if as_records else images
    with open_source(write(tmp_path / "a.parquet", column)) as source:
        assert reds(source) == list(range(8))
        assert [entry.name for entry in source.pictures[:2]] == ["a.parquet/0", "a.parquet/1"]
        with source.open(source.pictures[5]) as file:
            assert file.read() == images[5]


def test_a_folder_of_files_has_splits_attributes_and_labels(tmp_path):
    for name, first, count in (("train-00000-of-00001", 0, 4), ("validation-00000-of-00001", 4, 2)):
        numbers = np.arange(first, first + count)
        write(tmp_path / "data" / f"{name}.parquet", pictures(count, first), Smiling=numbers % 2 == 0,
              Young=np.where(numbers < 3, 1, -1), celeb_id=numbers + 100, label=numbers % 3)
    (tmp_path / "README.md").write_text("x")
    with open_source(tmp_path) as source:
        layout = recognise(source)
        assert reds(source) == list(range(6))
    assert layout.name == "Parquet"
    assert layout.splits == ("train",) * 4 + ("valid",) * 2
    assert layout.attribute_names == ["Smiling", "Young"]
    np.testing.assert_array_equal(layout.attributes, [[1, 1], [-1, 1], [1, 1], [-1, -1], [1, -1], [-1, -1]])
    assert layout.classes == ["0", "1", "2"]
    np.testing.assert_array_equal(layout.labels, [0, 1, 2, 0, 1, 2])


def test_zeros_and_ones_are_signs(tmp_path):
    with open_source(write(tmp_path / "a.parquet", pictures(3), Male=[0, 1, 0])) as source:
        np.testing.assert_array_equal(recognise(source).attributes, [[-1], [1], [-1]])


def test_columns_with_gaps_or_of_other_kinds_are_passed_over(tmp_path):
    path = write(tmp_path / "a.parquet", pictures(2), Male=[True, None], text=["a", "b"], share=[0.5, 1.0])
    with open_source(path) as source:
        layout = recognise(source)
    assert (layout.attribute_names, layout.attributes, layout.classes) == ([], None, [])


@pytest.mark.parametrize("labels", [[0, 10**12], [-5, 0], [True, False]])
def test_numbers_that_are_no_classes_are_passed_over(tmp_path, labels):
    with open_source(write(tmp_path / "a.parquet", pictures(2), label=labels)) as source:
        assert recognise(source).classes == []


def test_an_empty_row_has_a_reason(tmp_path):
    path = write(tmp_path / "a.parquet", [*pictures(1), None])
    with open_source(path) as source, pytest.raises(ValueError, match="the row is empty"):
        source.open(source.pictures[1])


def test_row_groups_of_any_size_and_more_files_than_are_kept(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.parquet", pictures(7, first=7 * number), rows_in_group=number + 1)
    with open_source(tmp_path) as source:
        assert reds(source) == list(range(28))


def test_a_file_without_pictures_is_a_user_error(tmp_path):
    parquet.write_table(arrow.table({"text": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="no column of pictures, only text"), open_source(tmp_path):
        pass


@pytest.mark.parametrize("cut", [0, 3, 100, -10])
def test_a_damaged_file_is_a_user_error(tmp_path, cut):
    path = write(tmp_path / "a.parquet", pictures(3))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"a\.parquet is not a whole Parquet file"), open_source(path):
        pass


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet", pictures(1))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UserError, match=r'PyArrow: pip install "minihit\[parquet\]"'), open_source(path):
        pass


def test_what_the_hubs_write_beside_the_columns_does_no_harm(tmp_path):
    table = arrow.table({"image": pictures(1)}).replace_schema_metadata({"huggingface": json.dumps({"info": {}})})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    (tmp_path / "a.parquet").write_bytes(buffer.getvalue())
    with open_source(tmp_path / "a.parquet") as source:
        assert reds(source) == [0]
