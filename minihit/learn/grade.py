"""An exercise, examined: every part of it as gradcheck examines a layer, on the definitions of the ops, whose caches
are those that the chapters show."""

import inspect
import math
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from minihit.errors import UserError
from minihit.gradcheck import checks, homework, signature, user_file
from minihit.gradcheck.hints import is_off
from minihit.gradcheck.results import OUTPUT
from minihit.learn import adapters, parts
from minihit.learn.plants import plants_of
from minihit.learn.syllabus import CHAPTERS
from minihit.ops.switch import plain

FOLDERS = (Path("."), Path("exercises"), Path("tutorials/exercises"))     # where an exercise is looked for


class Verdict(NamedTuple):
    """Of one part: its Comparisons, or else a sentence, which is why there are none; unwritten: it is not begun."""

    part: str
    rows: list
    refusal: str = ""
    unwritten: bool = False

    @property
    def right(self):
        return not self.refusal and all(row.share <= 1 for row in self.rows)


def chapter_of(number):
    """The Chapter of a number, as a word. Raises UserError where none has it, or it has no exercise."""
    found = [chapter for chapter in CHAPTERS if number.isdecimal() and chapter.number == int(number)]
    if not found or found[0].exercise is None:
        exercises = [str(chapter.number) for chapter in CHAPTERS if chapter.exercise]
        raise UserError(f"{number!r:.20} is no exercise: choose one of {', '.join(exercises)}")
    return found[0]


def file_of(chapter, folders=FOLDERS):
    """Where the exercise of a chapter is, None where it is in none of the folders."""
    return next((folder / chapter.file for folder in folders if (folder / chapter.file).is_file()), None)


def grade(chapter, path, seed=0):
    """A Verdict for each part of the exercise in a file. Raises UserError where the file cannot be read or run."""
    wanted = {name: wanted_of(chapter, name) for name in chapter.exercise}
    names = {name for functions in wanted.values() for name in functions.values()}
    found = user_file.load(path, sorted(names), sorted(name for name in names if name.isupper()))
    with plain():
        return [_verdict(name, wanted[name], found, seed) for name in chapter.exercise]


def wanted_of(chapter, name):
    """{function: its name in the file}: what a part reads of the file of its exercise.

    Where an exercise has several layers, the names of their functions begin with the layer's.
    """
    part, several = parts.of(name), len(set(map(parts.layer_of, chapter.exercise))) > 1
    read = dict.fromkeys((*part.written, *part.given, *(part.library if part.leaves is None else ())))
    return {each: f"{parts.layer_of(name)}_{each}" if several and each in parts.OF_A_LAYER else each for each in read}


def described(chapter, name):
    """What there is to write of a part, with the shapes of a layer."""
    part, wanted = parts.of(name), wanted_of(chapter, name)
    if part.layer is not adapters.layer:
        return " and ".join(f"{wanted[each]}{inspect.signature(part.library[each])}" if each in part.library else each
                            for each in part.written)
    if part.leaves:
        return f"{wanted['tangent']}(t_x, cache) -> t_y"
    told = signature.described(part.check, checks.draw(part.check, np.random.default_rng(0)))
    return told.replace("forward(", f"{wanted['forward']}(", 1).replace("backward(", f"{wanted['backward']}(", 1)


def said(row, rows):
    """A Comparison in words; rows: all of its part."""
    of_another = row.path != OUTPUT and any(other.path == OUTPUT and is_off(other) for other in rows)
    if row.share <= 1:
        return "right for what forward is now" if of_another else "right"
    if of_another and not row.hint and not math.isnan(row.expected):
        return "wrong: it is not the gradient of what forward is now, either: let that be right first"
    return f"wrong: {told(row)}"


def told(row):
    """What is wrong with a Comparison that fails."""
    if math.isnan(row.expected):
        return row.along
    numbers = f"{row.actual:.6g} in place of {row.expected:.6g}, {row.along}"
    return row.hint or f"{numbers}; it looks like no mistake that is known"


def _verdict(name, wanted, found, seed):
    part = parts.of(name)
    own = {each: getattr(found, theirs) for each, theirs in wanted.items() if getattr(found, theirs, None) is not None}
    needed = [each for each in part.written if each != "forward"] or part.written
    if missing := [wanted[each] for each in needed if each not in own]:
        return Verdict(name, [], f"{found.path} defines no {', no '.join(missing)}", unwritten=True)
    try:
        return Verdict(name, _rows(part, own, found.path, seed))
    except UserError as refusal:
        return Verdict(name, [], getattr(refusal, "what", str(refusal)), getattr(refusal, "unwritten", False))


def _rows(part, own, path, seed):
    layer = SimpleNamespace(**vars(part.layer({**part.library, **own})), path=path)
    rows = homework.compare_file(layer, part.check, np.random.default_rng(seed), plants=plants_of(part), large=True)
    return rows if part.leaves is None else [row for row in rows if row.path in part.leaves]
