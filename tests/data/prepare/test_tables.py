"""CelebA's tables as they were published, and as spreadsheets write them again."""

import codecs
import io

import numpy as np
import pytest

from minihit.data.prepare import tables

PARTITION = {"000001": "test", "000002": "train", "000003": "valid"}


def lines(text, encoding="utf-8"):
    return tables._lines(io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding)))


@pytest.mark.parametrize("text", [
    "000001.jpg 2\n000002.jpg 0\n000003.jpg 1\n",
    "000001.jpg 2\r\n000002.jpg 0\r\n000003.jpg 1\r\n",
    "image_id,partition\n000001.jpg,2\n000002.jpg,0\n000003.jpg,1\n",
    "\ufeff000001.jpg 2\n000002.jpg 0\n000003.jpg 1\n",
    "\ufeffimage_id;partition\r\n000001.jpg;2\r\n000002.jpg;0\r\n000003.jpg;1\r\n",
    'image_id,partition\n"000001.jpg","2"\n"000002.jpg","0"\n"000003.jpg","1"\n',
    "image_id\tpartition\n000001.jpg\t2\n000002.jpg\t0\n000003.jpg\t1",
    "sep=;\nimage_id;partition\n000001.jpg;2,0\n000002.jpg;0,0\n000003.jpg;1,0\n",
    "image_id,partition,,\n000001.jpg,2.0,,\n000002.jpg,0.0,,\n000003.jpg,1.0,,\n,,,\n",
    "file;split\n000001.jpg;test\n000002.jpg;Train\n000003.jpg;val\n",
    '"000001.jpg" "2"\n"000002.jpg" "0"\n\n"000003.jpg" "1"\n',
    "folder/000001.jpg 2\nfolder/000002.jpg 0\nfolder/000003.jpg 1\n",
])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_partition_as_spreadsheets_write_it(text, encoding):
    if encoding == "utf-16":
        text = text.lstrip("\ufeff")
    assert tables.partition(lines(text, encoding)).rows == PARTITION


@pytest.mark.parametrize("text", [
    "2\nBald Young \n000001.jpg -1  1\n000002.jpg  1 1\n",
    "image_id,Bald,Young\n000001.jpg,-1,1\n000002.jpg,1,1\n",
    "\ufeffimage_id,Bald,Young\r\n000001.jpg,0,1\r\n000002.jpg,1,1\r\n",
    "image_id;Bald;Young\n000001.jpg;-1,0;1,0\n000002.jpg;1,0;1,0\n",
    "image_id,Bald,Young\n000001.jpg,False,True\n000002.jpg,TRUE,TRUE\n",
    "image_id,Bald,Young\n000001.jpg,-1.0,1.0\n000002.jpg,1.00,1\n",
    '"picture","Bald","Young"\n"000001.jpg","-1","1"\n"000002.jpg","1","1"\n',
    "2;;\nBald;Young;\n000001.jpg;-1;1\n000002.jpg;1;1\n",
    ",Bald,Young\n000001.jpg,-1,1\n000002.jpg,1,1\n",
])
def test_attributes_as_spreadsheets_write_them(text):
    table = tables.attributes(lines(text))
    assert table.names == ["Bald", "Young"]
    np.testing.assert_array_equal([table.rows["000001"], table.rows["000002"]], [[-1, 1], [1, 1]])


def test_a_single_attribute_is_one(tmp_path):
    assert tables.attributes(lines("image_id,Smiling\n000001.jpg,1\n")).names == ["Smiling"]


@pytest.mark.parametrize(("parse", "text", "words"), [
    (tables.partition, "a.jpg 0\nb.jpg 7\n", r"line 2 is 'b\.jpg 7': a name and 0, 1 or 2 are expected, for train"),
    (tables.partition, "a.jpg 0\n\n\nb.jpg\n", r"line 4 is 'b\.jpg'"),
    (tables.partition, "a.jpg,0\nb.jpg,0.5\n", "line 2"), (tables.partition, "a.jpg,0\nb.jpg,maybe\n", "line 2"),
    (tables.partition, "a.jpg,nan\n", "line 1"), (tables.partition, "a.jpg 1 2\n", "line 1"),
    (tables.attributes, "image_id,Bald\na.jpg,1\nb.jpg,2\n", "line 3 has '2' where 1, -1 or 0 is expected"),
    (tables.attributes, "image_id,Bald,Young\na.jpg,1,1\nb.jpg,1\n", "line 3 has 1 values and the title 2 names"),
    (tables.attributes, "1\n", "there is no line with names"),
    (tables.attributes, "image_id,Bald\na.jpg,x\n", "line 2"),
    (tables.mapping, "idx orig_idx orig_file\n0 1\n", "line 2 is '0 1': idx, orig_idx and orig_file are expected"),
])
def test_a_refusal_names_the_line_and_what_is_expected(parse, text, words):
    with pytest.raises(ValueError, match=words):
        parse(lines(text))


@pytest.mark.parametrize("text", ["", "\n \n", ",,\n", b"\xff\xfe", codecs.BOM_UTF8])
def test_an_empty_table_is_said_to_be_empty(text):
    with pytest.raises(ValueError, match="it is empty"):
        lines(text)


def test_text_of_another_encoding_names_its_line():
    with pytest.raises(ValueError, match="line 2 is not UTF-8 text: save it as CSV UTF-8"):
        lines("image_id,Lächelnd\n000001.jpg,ü".encode("cp1252").replace(b"L\xe4c", b"Lac"))
