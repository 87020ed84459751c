"""The tables beside CelebA's pictures, as they were published and as spreadsheets write them again: byte order marks,
tabs, commas or semicolons, quotes, 1.0 and TRUE, rows filled up with empty cells."""

import codecs
import csv
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from minihit.data.prepare.decode import reason
from minihit.data.store.manifest import SPLITS
from minihit.errors import UserError

LARGEST = 2**28  # bytes
SPLIT_NAMES = {"train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid",
               "test": "test"}
CODES = {**SPLIT_NAMES, **{str(code): name for code, name in enumerate(SPLITS)}}
SIGNS = {"1": 1, "-1": -1, "0": -1}
WORDS = {"true": 1, "false": 0}
HEADS = ("", "image_id", "partition", "split", "filename", "file", "image", "name")  # of a column
DELIMITERS = "\t;,"


@dataclass(frozen=True)
class Table:
    """rows: name of a picture, without its suffix -> what the table says about it; names: of the columns, where there
    are several; label: where it was found."""

    rows: dict
    names: list = field(default_factory=list)
    label: str = ""


def find(source, name, parse):
    """The Table of that name, .txt or .csv: in the source, beside it, or in Anno and Eval there.

    parse: makes a Table of lines. None where there is no such table. Raises UserError where it cannot be read.
    """
    wanted = f"{name}.txt", f"{name}.csv"
    folders = [folder / place for folder in list(source.path.absolute().parents)[:2] for place in ("", "Anno", "Eval")]
    paths = [folder / file for folder in folders for file in wanted]
    found = [(entry.name, partial(source.open, entry)) for entry in source.others
             if PurePosixPath(entry.name).name in wanted]
    found += [(path, partial(open, path, "rb")) for path in paths if path.is_file()]
    if not found:
        return None
    label, opened = found[0]
    try:
        with opened() as file:
            return replace(parse(_lines(file)), label=str(label))
    except Exception as error:  # anything may be in a table, and a damaged zip makes zipfile raise nearly anything
        raise UserError(f"cannot read the table {label} ({reason(error)}): replace it, or move it away to go on "
                        "without it") from error


def partition(lines):
    """The split of every picture, of lines such as "000001.jpg 0" or "000001.jpg,0", perhaps below a title."""
    if lines[0][1][-1].lower() in HEADS:
        lines = lines[1:]
    rows = {}
    for number, words in lines:
        split = (CODES.get(words[1].lower()) or CODES.get(str(_number(words[1])))) if len(words) == 2 else None
        if not split:
            raise ValueError(f"line {number} is {_quoted(words)}: a name and 0, 1 or 2 are expected, for train, valid "
                             "and test")
        rows[_stem(words[0])] = split
    return Table(rows)


def mapping(lines):
    """The stem in CelebA of every stem in CelebA-HQ, of lines "idx orig_idx orig_file" below a title."""
    for number, words in lines:
        if len(words) != 3:
            raise ValueError(f"line {number} is {_quoted(words)}: idx, orig_idx and orig_file are expected")
    return Table({new: _stem(old) for _, (new, _, old) in lines[1:]})


def attributes(lines):
    """int8 (names,) of every picture, of a line with the names, perhaps below the number of pictures, and one each."""
    counted = len(lines[0][1]) == 1 and _number(lines[0][1][0]) is not None
    lines = lines[1:] if counted else lines
    if not lines:
        raise ValueError("there is no line with names")
    (_, names), *lines = lines
    if names[0].lower() in HEADS or (lines and not counted and len(lines[0][1]) == len(names)):
        names = names[1:]
    return Table({_stem(words[0]): _signs(number, words, len(names)) for number, words in lines}, names)


def _signs(number, words, count):
    if len(words) != count + 1:
        raise ValueError(f"line {number} has {len(words) - 1} values and the title {count} names")
    signs = [SIGNS[word] if word in SIGNS else SIGNS.get(str(_number(word))) for word in words[1:]]
    if None in signs:
        raise ValueError(f"line {number} has {words[1 + signs.index(None)]!r:.40} where 1, -1 or 0 is expected")
    return np.array(signs, np.int8)


def _number(word):
    """The whole number that a word stands for, or None: 1, 1.0, 1,0 and TRUE are one."""
    word = word.lower()
    if word in WORDS:
        return WORDS[word]
    try:
        number = float(word.replace(",", "."))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _lines(file):
    """(number from 1, words) of every line that has words."""
    lines = _text(file.read(LARGEST)).splitlines()
    first = 1 if lines and lines[0].lower().startswith("sep=") else 0
    delimiter = next((mark for mark in DELIMITERS if any(mark in line for line in lines[first : first + 3])), None)
    found = [(number, _words(line, delimiter)) for number, line in enumerate(lines[first:], start=first + 1)]
    found = [(number, words) for number, words in found if words]
    if not found:
        raise ValueError("it is empty")
    return found


def _words(line, delimiter):
    if not delimiter:
        return [word.strip('"') for word in line.split()]
    words = [word.strip() for word in next(csv.reader([line], delimiter=delimiter), [])]
    while words and not words[-1]:
        words.pop()
    return words


def _text(content):
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text: save it as CSV UTF-8") from error


def _stem(name):
    return PurePosixPath(name).stem


def _quoted(words):
    return repr(" ".join(words))[:60]
