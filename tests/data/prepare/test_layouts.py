import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded, halves, photo

from minihit.data.faces.attributes import draw_attributes
from minihit.data.faces.celeba import celeba_attributes
from minihit.data.prepare import scene
from minihit.data.prepare.layouts import recognise
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Square
from minihit.errors import UserError

PNG = encoded(Image.new("RGB", (8, 8)))


def recognised(path):
    with open_source(path) as source:
        return recognise(source)


def fill(path, *names):
    """Empty pictures of these names, with their folders; returns the path."""
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(PNG)
    return path


def names(layout):
    return [entry.name for entry in layout.pictures]


# CelebA


@pytest.mark.parametrize("place", ["zip", "folder", "root"])
def test_celeba_is_recognised_with_its_splits_attributes_and_crop(celeba, tmp_path, place):
    layout = recognised(getattr(celeba, place))
    assert (layout.name, layout.crop, layout.margin) == ("CelebA", 178, 1.0)
    assert layout.splits == ("train",) * 24 + ("valid",) * 3 + ("test",) * 3
    assert len(layout.attribute_names) == 40
    np.testing.assert_array_equal(layout.attributes, celeba_attributes(draw_attributes(0, 0, 30)))


def test_tables_are_found_where_celeba_has_them_and_as_csv(tmp_path):
    fill(tmp_path / "Img" / "img_align_celeba", "000001.jpg", "000002.jpg", "000003.jpg")
    for place, name in (("Eval", "list_eval_partition.csv"), ("Anno", "list_attr_celeba.csv")):
        (tmp_path / place).mkdir()
        (tmp_path / place / name).write_text({
            "Eval": "image_id,partition\n000001.jpg,2\n000002.jpg,0\n000003.jpg,1\n",
            "Anno": "image_id,Bald,Young\n000001.jpg,-1,1\n000002.jpg,1,1\n",
        }[place])
    layout = recognised(tmp_path / "Img" / "img_align_celeba")
    assert names(layout) == ["000002.jpg", "000003.jpg", "000001.jpg"]  # in the order of their splits
    assert layout.splits == ("train", "valid", "test")
    assert layout.attribute_names == ["Bald", "Young"]
    np.testing.assert_array_equal(layout.attributes, [[1, 1], [0, 0], [-1, 1]])  # nobody knows about 000003
    assert layout.crop is None  # the pictures are not 178 x 218


def test_tables_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 0\n")
    (tmp_path / "list_attr_celeba.txt").write_text("1\nBald\n000001.jpg 1\n")
    layout = recognised(fill(tmp_path / "photos", "beach.png", "sea.png"))
    assert (layout.name, layout.splits, layout.attribute_names) == ("folder", (), [])


@pytest.mark.parametrize("table", ["000001.jpg", "000001.jpg 3", "000001.jpg zero", "000001.jpg -9", "\xff\xfe"])
def test_a_partition_that_makes_no_sense_is_a_user_error(tmp_path, table):
    fill(tmp_path, "000001.jpg")
    (tmp_path / "list_eval_partition.txt").write_bytes(table.encode("latin-1"))
    with pytest.raises(UserError, match=r"cannot read the table list_eval_partition\.txt .*: replace it, or move it"):
        recognised(tmp_path)


@pytest.mark.parametrize("table", ["", "2\nBald Young\n000001.jpg 1", "1\nBald\n000001.jpg x", "1"])
def test_attributes_that_make_no_sense_are_a_user_error(tmp_path, table):
    fill(tmp_path, "000001.jpg")
    (tmp_path / "list_attr_celeba.txt").write_text(table)
    with pytest.raises(UserError, match=r"cannot read the table list_attr_celeba\.txt"):
        recognised(tmp_path)


# the others


def test_celeba_hq_has_attributes_of_its_own_and_the_splits_of_celeba(tmp_path):
    root = fill(tmp_path / "CelebAMask-HQ", "CelebA-HQ-img/0.jpg", "CelebA-HQ-img/1.jpg", "CelebA-HQ-img/10.jpg",
                "CelebAMask-HQ-mask-anno/0/00000_hair.png")
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text("3\nBald Young\n0.jpg  -1 1\n1.jpg  1 1\n10.jpg  1 -1\n")
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text(
        "idx orig_idx orig_file\n0 119612 119613.jpg\n1 99094 099095.jpg\n10 1 000002.jpg\n")
    (tmp_path / "list_eval_partition.txt").write_text("119613.jpg 1\n099095.jpg 0\n000002.jpg 2\n")
    layout = recognised(root)
    assert layout.name == "CelebA-HQ"
    assert names(layout) == ["CelebA-HQ-img/1.jpg", "CelebA-HQ-img/0.jpg", "CelebA-HQ-img/10.jpg"]
    assert layout.splits == ("train", "valid", "test")
    np.testing.assert_array_equal(layout.attributes, [[1, 1], [-1, 1], [1, -1]])


def test_celeba_hq_is_known_by_its_name(tmp_path):
    layout = recognised(fill(tmp_path / "celeba_hq_256", "00000.jpg", "00001.jpg"))
    assert (layout.name, layout.splits, layout.crop) == ("CelebA-HQ", (), None)


@pytest.mark.parametrize("name", ["ffhq", "thumbnails128x128"])
def test_ffhq_holds_its_last_ten_thousand_for_validation(tmp_path, name):
    layout = recognised(fill(tmp_path / name, "00000/00000.png", "59000/59999.png", "60000/60000.png"))
    assert (layout.name, layout.splits) == ("FFHQ", ("train", "train", "valid"))


def test_two_versions_of_ffhq_in_one_folder_are_refused(tmp_path):
    fill(tmp_path, "images1024x1024/00000/00000.png", "thumbnails128x128/00000/00000.png")
    with pytest.raises(UserError, match="the same pictures as images1024x1024 and thumbnails128x128: give one"):
        recognised(tmp_path)


def test_imagenet_has_classes_and_a_margin(tmp_path):
    layout = recognised(fill(tmp_path, "train/n02000000/n02000000_1.JPEG", "train/n01440764/n01440764_18.JPEG",
                             "val/n02000000/ILSVRC2012_val_00000001.JPEG"))
    assert (layout.name, layout.margin) == ("ImageNet", 0.875)
    assert layout.splits == ("train", "train", "valid")
    assert layout.classes == ["n01440764", "n02000000"]
    np.testing.assert_array_equal(layout.labels, [0, 1, 1])


def test_any_folder_has_splits_where_all_pictures_lie_in_such_folders(tmp_path):
    root = fill(tmp_path, "test/a.png", "Val/b.png", "train/deep/c.png")
    layout = recognised(root)
    assert (layout.name, names(layout)) == ("folder", ["train/deep/c.png", "Val/b.png", "test/a.png"])
    assert layout.splits == ("train", "valid", "test")
    odd = recognised(fill(root, "other/d.png"))
    assert odd.splits == ()
    assert odd.said[0] == "no splits, as only 3 pictures lie in a folder test or train or valid"


def test_numbers_alone_are_not_ffhq(tmp_path):
    assert recognised(fill(tmp_path, "00000.png", "00001.png")).name == "folder"
    assert recognised(fill(tmp_path, "holiday/00002.png")).name == "folder"


# what belongs to them, and what does not


def sized(path, *names, size=(178, 218)):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(encoded(halves("red", size=size), "JPEG"))
    return path


def celeba_tables(path, count=30):
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    path.mkdir(parents=True, exist_ok=True)
    (path / "list_eval_partition.txt").write_text("".join(f"{name} 2\n" for name in names))
    (path / "list_attr_celeba.csv").write_text("image_id,Smiling\n" + "".join(f"{name},1\n" for name in names))


NUMBERS = [f"{number:06d}.jpg" for number in range(1, 11)]


def test_one_picture_of_the_size_of_celeba_is_no_rule_for_the_others(tmp_path):
    sized(tmp_path / "a", *NUMBERS)
    assert recognised(tmp_path).crop == 178
    fill(tmp_path, "b/portrait.png")
    assert recognised(tmp_path).crop is None


def test_pictures_of_other_sizes_that_were_not_looked_at_are_cut_to_their_largest_square(tmp_path, monkeypatch):
    monkeypatch.setattr(scene, "LOOKED_AT", 2)
    photo(size=(178, 218)).save(tmp_path / "0.png")
    photo(size=(300, 240)).save(tmp_path / "1.png")
    photo(size=(178, 218)).save(tmp_path / "2.png")
    photo(size=(178, 218)).save(tmp_path / "3.png")
    store = prepare(tmp_path, tmp_path / "store", Settings(32), report=str)
    assert store.manifest.crop == "178"
    np.testing.assert_array_equal(store.images[1], Square(32)(photo(size=(300, 240))))


@pytest.mark.parametrize("place", ["", "2024/"])
@pytest.mark.parametrize("name", ["own", "celeba"])
def test_numbered_pictures_beside_celeba_s_tables_do_not_take_their_labels(tmp_path, name, place):
    celeba_tables(tmp_path)
    layout = recognised(fill(tmp_path / name, *(place + number for number in NUMBERS)))
    assert (layout.name, layout.splits, layout.attribute_names) == ("folder", (), [])
    assert [words.split(" is not used")[0].split("/")[-1] for words in layout.said] == ["list_eval_partition.txt",
                                                                                        "list_attr_celeba.csv"]
    assert "takes pictures of 178 x 218 pixels, or a folder img_align_celeba" in layout.said[0]


@pytest.mark.parametrize("names", [("a.jpg", "b.jpg"), ("900001.jpg",)])
def test_nothing_is_said_about_tables_of_other_pictures(tmp_path, names):
    celeba_tables(tmp_path)
    assert recognised(fill(tmp_path / "own", *names)).said == []


def test_celeba_is_known_by_its_sizes_where_its_folder_has_another_name(tmp_path):
    celeba_tables(tmp_path)
    layout = recognised(sized(tmp_path / "faces", *NUMBERS))
    assert (layout.name, layout.attribute_names, set(layout.splits)) == ("CelebA", ["Smiling"], {"test"})
    assert layout.said == [f"splits by {tmp_path / 'list_eval_partition.txt'}",
                           f"attributes by {tmp_path / 'list_attr_celeba.csv'}"]


def test_own_pictures_among_celeba_s_train_without_labels_and_are_named(tmp_path):
    celeba_tables(tmp_path)
    sized(tmp_path / "img_align_celeba", *NUMBERS)
    layout = recognised(fill(tmp_path, "own/000001.jpg", "own/000002.jpg"))
    assert layout.name == "CelebA"
    assert layout.splits == ("train",) * 2 + ("test",) * 10
    np.testing.assert_array_equal(layout.attributes[:, 0], [0] * 2 + [1] * 10)
    own = "own/000001.jpg, own/000002.jpg"
    assert layout.said == [f"splits by list_eval_partition.txt (2 others count as train: {own})",
                           f"attributes by list_attr_celeba.csv (2 others have none: {own})"]


def test_celeba_hq_s_table_is_for_its_folder_alone(tmp_path):
    (tmp_path / "CelebAMask-HQ-attribute-anno.txt").write_text("1\nBald\n0.jpg 1\n1.jpg 1\n")
    layout = recognised(fill(tmp_path / "own", "0.jpg", "1.jpg"))
    assert (layout.name, layout.attribute_names) == ("folder", [])
    assert "CelebAMask-HQ-attribute-anno.txt is not used, which takes a folder CelebA-HQ-img" in layout.said[0]
    assert recognised(fill(tmp_path / "CelebA-HQ-img", "0.jpg", "1.jpg")).attribute_names == ["Bald"]


def test_one_odd_picture_does_not_cancel_ffhq(tmp_path):
    numbers = range(57_000, 63_000, 600)
    layout = recognised(fill(tmp_path / "ffhq", *(f"{n // 1000:02d}000/{n:05d}.png" for n in numbers), "cover.png"))
    assert layout.name == "FFHQ"
    assert layout.splits == ("train",) * 6 + ("valid",) * 5
    assert "1 others count as train: cover.png" in layout.said[0]


def test_thousands_of_pictures_of_another_size_are_not_ffhq(tmp_path):
    assert recognised(fill(tmp_path, "00000/00000.png", "01000/01000.png")).name == "folder"
    assert recognised(sized(tmp_path / "b", "00000/00000.png", "01000/01000.png", size=(128, 128))).name == "FFHQ"


def test_one_folder_of_imagenet_is_no_rule_for_the_others(tmp_path):
    root = fill(tmp_path, "n01440764/a.png", *(f"photos/{n}.png" for n in range(9)))
    assert (recognised(root).name, recognised(root).margin) == ("folder", 1.0)


def test_one_odd_picture_does_not_cancel_imagenet(tmp_path):
    layout = recognised(fill(tmp_path, *(f"n0144076{n}/{n}.png" for n in range(9)), "cover.png"))
    assert (layout.name, len(layout.classes)) == ("ImageNet", 9)
    assert layout.labels.tolist().count(-1) == 1
    assert layout.said == ["9 classes by their folders (1 others have none: cover.png)"]


def test_one_odd_picture_does_not_cancel_the_splits_of_folders(tmp_path):
    names = [f"{name}/{n}.png" for name in ("train", "val") for n in range(5)]
    layout = recognised(fill(tmp_path, *names, "cover.png"))
    assert layout.splits == ("train",) * 6 + ("valid",) * 5
    assert layout.said == ["splits by their folders (1 others count as train: cover.png)"]


@pytest.mark.parametrize("prefix", ["", "pets/", "pets/images/"])
def test_folders_of_classes_are_labels(tmp_path, prefix):
    layout = recognised(fill(tmp_path, *(f"{prefix}{name}/{n}.png" for name in ("dogs", "cats") for n in range(3))))
    assert (layout.name, layout.classes) == ("folder", ["cats", "dogs"])
    np.testing.assert_array_equal(layout.labels, [0, 0, 0, 1, 1, 1])
    assert layout.said == ["2 classes by their folders"]


def test_folders_of_classes_lie_in_those_of_splits(tmp_path):
    layout = recognised(fill(tmp_path, "a/train/cats/deep/0.png", "a/train/dogs/1.png", "a/test/dogs/2.png"))
    assert layout.splits == ("train", "train", "test")
    assert layout.classes == ["cats", "dogs"]
    np.testing.assert_array_equal(layout.labels, [0, 1, 1])


@pytest.mark.parametrize("names", [("a.png", "b.png"), ("x/a.png", "x/b.png"), ("a/1.png", "b/2.png", "c/3.png"),
                                   ("a/1.png", "b/2.png", "3.png", "4.png")])
def test_folders_that_are_no_classes(tmp_path, names):
    assert recognised(fill(tmp_path, *names)).classes == []
