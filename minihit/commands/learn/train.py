"""minihit learn train: minihit train --with the exercises."""

from pathlib import Path

from minihit.commands import train
from minihit.errors import UserError
from minihit.learn.grade import FOLDERS, file_of
from minihit.learn.syllabus import CHAPTERS

HELP = """\
usage: minihit learn train [FOLDER] [OPTIONS OF MINIHIT TRAIN]

Train on faces with your own layers: minihit train --with FOLDER. They are graded first; what you have not written yet
is the library's. Without FOLDER it is the first of this one, exercises/ and tutorials/exercises/ that has an exercise.

Examples:
  minihit learn train
  minihit learn train my_layers --run runs/mine --steps 300
"""


def main(argv):
    if argv[:1] in (["-h"], ["--help"]):
        print(HELP, end="")
        return 0
    named = bool(argv) and not argv[0].startswith("-")
    folder = Path(argv[0]) if named else _first()
    return train.main(["--with", str(folder), *argv[named:]])


def _first():
    for folder in FOLDERS:
        if any(file_of(chapter, [folder]) for chapter in CHAPTERS if chapter.exercise):
            return folder
    raise UserError("no exercise is here: give the folder that holds yours")
