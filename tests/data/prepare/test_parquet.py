import io
import json
import sys

import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded, photo

from minihit.data.prepare.layouts import recognise
from minihit.data.prepare.sources import open_folder, open_source
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


# the column of pictures


def tables(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.table(columns), path)
    return path


def records(images):
    return [{"bytes": image, "path": None} for image in images]


HASHES = [bytes([number] * 16) for number in range(3)]
THUMBNAILS = [encoded(Image.new("RGB", (4, 4), (200 + number, 0, 0))) for number in range(3)]


@pytest.mark.parametrize("columns", [
    {"md5": HASHES, "img": records(pictures(3))}, {"md5": HASHES, "img": pictures(3)},
    {"thumbnail": THUMBNAILS, "img": records(pictures(3))}, {"thumbnail": THUMBNAILS, "image": pictures(3)},
    {"mask": records(THUMBNAILS), "image": records(pictures(3))}, {"image": HASHES, "photo": pictures(3)},
    {"embedding": [None, *HASHES[1:]], "jpg": [None, *pictures(3)[1:]]},
], ids=["hash, records", "hash, bytes", "thumbnail, records", "thumbnail, image", "records", "image is none", "gaps"])
def test_the_column_of_pictures_is_found(tmp_path, columns):
    with open_source(tables(tmp_path / "a.parquet", **columns)) as source:
        last = source.pictures[-1]
        with source.open(last) as file, Image.open(file) as picture:
            assert picture.getpixel((0, 0))[0] == 2


@pytest.mark.parametrize("columns", [
    {"before": records(pictures(3)), "after": records(pictures(3))}, {"left": pictures(3), "right": pictures(3)},
])
def test_where_several_could_be_meant_it_is_asked_for(tmp_path, columns):
    path, (first, second) = tables(tmp_path / "a.parquet", **columns), columns
    with (pytest.raises(UserError, match=f"several columns of pictures, {first}, {second}: name one with --column"),
          open_source(path)):
        pass
    with open_source(path, column=second) as source:
        assert reds(source) == [0, 1, 2]
    with (pytest.raises(UserError, match=f"no column of pictures called x, only {first}, {second}: name one of these"),
          open_source(path, column="x")):
        pass


def test_a_column_is_named_in_parquet_files_alone(tmp_path):
    (tmp_path / "a.png").write_bytes(pictures(1)[0])
    with (pytest.raises(UserError, match=r"--column names a column of Parquet files and .* lie in none"),
          open_source(tmp_path, column="image")):
        pass


def test_a_row_that_names_a_file_elsewhere_has_a_reason(tmp_path):
    path = tables(tmp_path / "a.parquet", image=[*records(pictures(1)), {"bytes": None, "path": "images/1.png"}])
    with open_source(path) as source, pytest.raises(ValueError, match="the row names a file and does not hold it"):
        source.open(source.pictures[1])


# classes


def with_class_names(path, names, column="label", **columns):
    feature = {"_type": "ClassLabel", "names": names}
    facts = {"info": {"features": {"image": {"_type": "Image"}, column: feature}}}
    table = arrow.table(columns).replace_schema_metadata({"huggingface": json.dumps(facts)})
    parquet.write_table(table, path)
    return path


@pytest.mark.parametrize("column", ["label", "labels", "fine_label", "animal"])
def test_the_names_of_classes_are_kept(tmp_path, column):
    path = with_class_names(tmp_path / "a.parquet", ["cat", "dog", "hen"], column, image=pictures(4),
                            **{column: [0, 1, 1, -1]})
    with open_source(path) as source:
        layout = recognise(source)
    assert (layout.classes, layout.attribute_names) == (["cat", "dog", "hen"], [])
    np.testing.assert_array_equal(layout.labels, [0, 1, 1, -1])


def test_too_few_names_are_not_used(tmp_path):
    path = with_class_names(tmp_path / "a.parquet", ["cat"], image=pictures(3), label=[0, 1, 2])
    with open_source(path) as source:
        assert recognise(source).classes == ["0", "1", "2"]


@pytest.mark.parametrize("facts", [b"{", b"[]", b'{"info": 3}', b'{"info": {"features": {"label": 3}}}', b"\xff"])
def test_metadata_that_make_no_sense_do_no_harm(tmp_path, facts):
    table = arrow.table({"image": pictures(2), "label": [0, 1]}).replace_schema_metadata({"huggingface": facts})
    parquet.write_table(table, tmp_path / "a.parquet")
    with open_source(tmp_path / "a.parquet") as source:
        assert recognise(source).classes == ["0", "1"]


@pytest.mark.parametrize("encoded_as", [list, lambda words: arrow.array(words).dictionary_encode()])
def test_words_are_classes(tmp_path, encoded_as):
    path = tables(tmp_path / "a.parquet", image=pictures(4), label=encoded_as(["hen", "cat", "hen", None]))
    with open_source(path) as source:
        layout = recognise(source)
    assert layout.classes == ["cat", "hen"]
    np.testing.assert_array_equal(layout.labels, [1, 0, 1, -1])


def test_captions_are_no_classes(tmp_path):
    words = [f"a face, number {number}" for number in range(101)]
    with open_source(tables(tmp_path / "a.parquet", image=pictures(101), label=words)) as source:
        assert recognise(source).classes == []


def test_files_in_folders_of_classes_have_labels(tmp_path):
    for name in ("dogs", "cats"):
        write(tmp_path / "data" / name / "0.parquet", pictures(3))
    with open_source(tmp_path) as source:
        layout = recognise(source)
    assert layout.classes == ["cats", "dogs"]
    np.testing.assert_array_equal(layout.labels, [0, 0, 0, 1, 1, 1])


# beside other files


def test_a_thumbnail_beside_them_is_passed_over_and_said(tmp_path):
    write(tmp_path / "data" / "train-00000.parquet", pictures(5))
    (tmp_path / "thumbnail.png").write_bytes(encoded(Image.new("RGB", (16, 16))))
    (tmp_path / "README.md").write_text("x")
    with open_source(tmp_path) as source:
        assert len(source.pictures) == 5
        assert source.passed == {"beside the Parquet files": 1, ".md": 1}
    with pytest.raises(UserError, match=r"lie in Parquet files: minihit data prepare .* STORE, and then train with"):
        open_folder(tmp_path)


def test_a_few_rows_beside_many_pictures_are_said(tmp_path):
    write(tmp_path / "few.parquet", pictures(2))
    for number, content in enumerate(pictures(3)):
        (tmp_path / f"{number}.png").write_bytes(content)
    with open_source(tmp_path) as source:
        assert [entry.name for entry in source.pictures] == ["0.png", "1.png", "2.png"]
        assert source.closed == [f"2 pictures in Parquet files such as {tmp_path / 'few.parquet'}, which minihit data "
                                 "prepare takes alone"]


def test_tables_without_pictures_are_passed_over(tmp_path):
    tables(tmp_path / "metadata.parquet", caption=["a"])
    (tmp_path / "0.png").write_bytes(encoded(photo()))
    with open_source(tmp_path) as source:
        assert len(source.pictures) == 1
        assert [kind.split(" has ")[1] for kind in source.passed] == ["no column of pictures, only caption: give files "
                                                                      "with image bytes)"]
    write(tmp_path / "train.parquet", pictures(2))
    with open_source(tmp_path) as source:
        assert len(source.pictures) == 2
        assert source.passed == {".parquet without such pictures": 1, "beside the Parquet files": 1}


def test_without_the_extra_it_is_named_where_most_is_in_parquet_files(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(10_000))
    (tmp_path / "thumbnail.png").write_bytes(pictures(1)[0])
    with pytest.raises(UserError, match="reading Parquet needs PyArrow"), open_source(tmp_path):
        pass
    (tmp_path / "large.png").write_bytes(encoded(photo()))
    with open_source(tmp_path) as source:
        assert len(source.pictures) == 2
        assert any("needs PyArrow: pip install" in kind for kind in source.passed)
