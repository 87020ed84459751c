"""minihit learn check: an exercise graded, with words about what is wrong."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minihit.commands.options import parse
from minihit.errors import UserError
from minihit.learn import grade


@dataclass(frozen=True)
class Check:
    """Grade an exercise: forward and backward beside the library's, and beside finite differences.

    Of what is wrong you are told where, what it looks like, and which mistake gives it, where that is known. The file
    is run, with all that its code may do. The exit code is 1 where something is wrong or not written yet.

    Examples:
      minihit learn check 4
      minihit learn check 4 my_layer_norm.py
    """

    number: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NUMBER", help="of the chapter")]
    file: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(
        metavar="[FILE]", help="a Python file or a notebook; the exercise of that chapter where it is left out",
        help_behavior_hint="")] = None


def main(argv):
    options = parse(Check, argv, "learn check")
    chapter = grade.chapter_of(options.number)
    path = options.file or grade.file_of(chapter)
    if path is None:
        raise UserError(f"{chapter.file} is not here: go to the folder that holds tutorials/, or give the file")
    print(f"exercise {chapter.number}, {chapter.title}, in {path}")
    verdicts = grade.grade(chapter, path)
    print("\n".join(line for verdict in verdicts for line in lines(chapter, verdict)))
    right = all(verdict.right for verdict in verdicts)
    print("all right" if right else f"what it is about: tutorials/{chapter.file}")
    return 0 if right else 1


def lines(chapter, verdict):
    """What is said of one part."""
    state = "right" if verdict.right else "not written yet" if verdict.unwritten else "wrong"
    yield f"{verdict.part}: {state}"
    if verdict.refusal:
        yield f"    {verdict.refusal}"
        yield f"    write {grade.described(chapter, verdict.part)}"
    for row in verdict.rows:
        yield f"    {row.path} {row.shape}: {grade.said(row, verdict.rows)}"
